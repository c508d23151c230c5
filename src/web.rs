//! The page's side of the browser: the box in which the engine runs, and its messages.

mod glass_box;
mod message;
mod pulse;
mod tools;

pub use glass_box::GlassBox;
pub use message::BoxEvent;
