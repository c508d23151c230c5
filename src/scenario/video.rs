//! Cameras that put video into Kinesis Video Streams, one stream each, and who watches. It shares nothing with the
//! records of the traffic but the length of the run.

use super::canonical::Group;
use super::document::Reader;
use crate::units::{MICROS_PER_SECOND, Span};
use serde_json::Value;

/// The video of a scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Video {
    /// Cameras, all alike; each has a stream and its one connection of `PutMedia`.
    pub cameras: u32,
    /// Bits per second of one camera when little moves.
    pub bit_rate: u64,
    /// How many times as much it sends while much moves, in thousandths.
    pub busy_factor_milli: u32,
    /// Much moves at the beginning of every so long.
    pub busy_every: Span,
    /// And for so long; zero for never.
    pub busy_for: Span,
    /// From one keyframe to the next.
    pub keyframe: Span,
    /// Shortest fragment; it ends with the next keyframe.
    pub fragment: Span,
    /// How long fragments are kept; zero for not at all.
    pub retention: Span,
    /// Connections of `GetMedia` to each stream that are asked for.
    pub get_media: u32,
    /// HLS sessions of each stream that are asked for.
    pub hls_sessions: u32,
}

impl Video {
    /// Length of a fragment: it begins with a keyframe and ends before one.
    pub const fn fragment_length(&self) -> Span {
        let keyframes = self.fragment.micros().div_ceil(self.keyframe.micros());
        Span::from_micros(self.keyframe.micros() * if keyframes == 0 { 1 } else { keyframes })
    }

    /// Bytes that one camera has sent up to an instant of the run, in µs.
    pub const fn sent(&self, at: u64) -> u64 {
        let (every, busy) = (self.busy_every.micros(), self.busy_for.micros());
        let rest = at % every;
        let moved = (at / every) as u128 * busy as u128 + if rest < busy { rest } else { busy } as u128;
        // Thousandths of a microsecond at the plain rate.
        let plain = (at as u128 - moved) * 1_000 + moved * self.busy_factor_milli as u128;
        (plain * self.bit_rate as u128 / (8 * 1_000 * MICROS_PER_SECOND as u128)) as u64
    }
}

/// The video of a document, where it has cameras.
pub(super) fn read(read: &mut Reader<'_>) -> Option<Video> {
    let video = Video {
        cameras: read.small("video.cameras"),
        bit_rate: read.number("video.bit_rate_kbps"),
        busy_factor_milli: read.small("video.busy_factor"),
        busy_every: read.span("video.busy_every_s"),
        busy_for: read.span("video.busy_for_s"),
        keyframe: read.span("video.keyframe_s"),
        fragment: read.span("video.fragment_s"),
        retention: Span::from_hours(read.number("video.retention_h")),
        get_media: read.small("video.get_media"),
        hls_sessions: read.small("video.hls_sessions"),
    };
    if video.busy_for > video.busy_every {
        read.wrong("video.busy_for_s", "is longer than from one time to the next; choose less".to_owned());
    }
    (video.cameras > 0).then_some(video)
}

/// The group in a canonical document.
pub(super) fn write(of: &Video) -> Value {
    let mut group = Group::at("video");
    group.number("cameras", of.cameras.into());
    group.number("bit_rate_kbps", of.bit_rate);
    group.number("busy_factor", of.busy_factor_milli.into());
    group.span("busy_every_s", of.busy_every);
    group.span("busy_for_s", of.busy_for);
    group.span("keyframe_s", of.keyframe);
    group.span("fragment_s", of.fragment);
    group.number("retention_h", of.retention.micros() / Span::from_hours(1).micros());
    group.number("get_media", of.get_media.into());
    group.number("hls_sessions", of.hls_sessions.into());
    group.done()
}
