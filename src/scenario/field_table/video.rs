//! Rows of the field table: cameras and who watches.

use super::{DAY, Field, MICROS_PER_SECOND, Number, Span, l, whole};

/// Seconds to the microsecond, up to a day.
const fn seconds(min: u64, max: u64) -> Number {
    Number { min, max, step: MICROS_PER_SECOND, decimals: 6 }
}

/// A minute: fragments and keyframes are not further apart.
const MINUTE: u64 = Span::from_secs(60).micros();
const RETENTION: u64 = l::VIDEO_RETENTION_MAX.micros() / Span::from_hours(1).micros();

#[rustfmt::skip]
pub(super) const FIELDS: &[Field] = &[
    Field::group("video", "Video", "Cameras that put video into Kinesis Video Streams, one stream each, beside the records."),
    Field::num("video.cameras", "Cameras", "cameras", whole(0, l::VIDEO_CAMERAS_MAX, 1), 0, "All alike; 0 for no video.").limit_is("VIDEO_CAMERAS_MAX"),
    Field::num("video.bit_rate_kbps", "Bit rate", "kbit/s", Number { min: 1_000, max: 1_000_000_000, step: 500_000, decimals: 3 }, 2_000_000, "Of one camera, when little moves.").limit_is("VIDEO_PUT_BYTES"),
    Field::num("video.busy_factor", "Busy factor", "×", Number { min: 0, max: 1_000_000, step: 1_000, decimals: 3 }, 3_000, "How many times as much a camera sends while much moves."),
    Field::num("video.busy_every_s", "Busy every", "s", seconds(MICROS_PER_SECOND, DAY), 60 * MICROS_PER_SECOND, "Much moves at the beginning of every so long."),
    Field::num("video.busy_for_s", "Busy for", "s", seconds(0, DAY), 0, "For so long; 0 for never."),
    Field::num("video.keyframe_s", "Keyframe every", "s", seconds(10_000, MINUTE), 2 * MICROS_PER_SECOND, "A fragment begins with a keyframe and ends before one."),
    Field::num("video.fragment_s", "Fragment", "s", seconds(10_000, MINUTE), 2 * MICROS_PER_SECOND, "Shortest length of a fragment; it ends with the next keyframe."),
    Field::num("video.retention_h", "Retention", "h", whole(0, RETENTION, 24), 24, "How long fragments are kept; 0 for not at all.").limit_is("VIDEO_RETENTION_MAX"),
    Field::num("video.get_media", "GetMedia", "connections", whole(0, 1_000, 1), 1, "Connections to each stream that are asked for; beyond the limit they are refused.").limit_is("VIDEO_GET_CONNECTIONS"),
    Field::num("video.hls_sessions", "HLS sessions", "sessions", whole(0, 1_000, 1), 0, "Sessions of each stream that are asked for; beyond the limit they are refused.").limit_is("VIDEO_HLS_SESSIONS"),
];
