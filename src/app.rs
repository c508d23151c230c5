//! The headless application: every decision the page makes, without Yew, without a browser.

pub mod action;
pub use crate::scenario::capacity;
pub mod compare;
pub mod delivery;
mod editing;
pub mod event;
pub mod events;
pub mod faults;
pub mod form;
pub mod handbook;
mod handler;
pub mod hints;
pub mod invocations;
pub mod live;
pub mod log;
pub mod model;
pub mod parts;
pub mod picture;
mod playback;
pub mod reading;
pub mod results;
pub mod share;
mod sizing;
mod start;
pub mod table;
pub mod verdict;
pub mod video;
pub use crate::words;

pub use action::{Action, BoxEvent, Effect, LinkAction, Speed, Theme};
pub use invocations::{Invocations, Row, Sample, Tried};
pub use model::{Message, Model, RunState};
pub use start::Start;
