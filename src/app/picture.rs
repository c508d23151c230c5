//! Pictures of a run as SVG markup: data in, strings out. No browser, no Yew, no state.
//!
//! The architecture is a pipe drawn to scale. One scale holds for every width of a picture, so that the eye sees
//! what does not fit before it reads a number; along a lane, length is age. Four colours carry meaning and nothing
//! else does, and each has a second sign: hatch, stripes, a tick, a drop.

mod bar;
mod calls;
mod curve;
pub mod decimate;
mod describe;
pub mod flow;
mod forecast;
mod heat;
mod lane;
mod lane_words;
mod layout;
mod log;
mod marks;
mod moment;
mod noise;
mod plot;
mod results;
mod scale;
mod scene;
mod small;
mod strip;
mod svg;

pub use bar::{ledger_bar, parts_bar};
pub use calls::calls;
pub use curve::{curve, curve_from_pointer};
pub use describe::lanes_text;
pub use log::{log, log_text};
pub use marks::{defs, glyph, legend};
pub use moment::Moment;
pub use plot::{ChartKind, Plot, cap, plot};
pub use results::{DELAYS, Point, SPARK, delays, spark};
pub use scale::{Line, YScale, nice};
pub use small::{Band, Small, Span as SmallSpan, small};
pub use strip::time_strip;

/// The place a picture has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Size {
    /// Width in CSS pixels.
    pub width: f64,
    /// Height in CSS pixels.
    pub height: f64,
    /// The root's font size in pixels, divided by 14: one at a desk.
    pub rem: f64,
    /// The picture is shown in a room, on a projector.
    pub room: bool,
}

/// The state of what moves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Motion {
    /// A clock that runs while the run runs, in seconds: it places streaks and drops.
    pub seconds: f64,
}

/// The picture of the stream, from producer to destination: the markup inside an `<svg>` of this size. Streaks are
/// drawn where there is motion; everything can be read without.
pub fn lanes(moment: &Moment, size: Size, motion: Option<Motion>) -> String {
    if size.width < 1.0 || size.height < 1.0 {
        return String::new();
    }
    scene::Scene::new(moment, size, motion).draw()
}
