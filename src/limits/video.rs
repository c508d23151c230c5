//! Bounds and estimates of video streams.

use super::sources::{KVS, OURS, TYPICAL};
use super::{Count, Limit, Value};
use crate::text::for_people;
use crate::units::{Bytes, Span};

limits! { VIDEO:
    /// Bytes a second that `PutMedia` takes of a stream.
    VIDEO_PUT_BYTES: Bytes = Bytes::new(12_500_000), "bytes/s", KVS, documented;
    /// Bytes that `PutMedia` takes at once of a stream that sent less before: a second's worth.
    VIDEO_PUT_BURST: Bytes = Bytes::new(12_500_000), "bytes", TYPICAL, estimated;
    /// Bytes a second that `GetMedia` gives of a stream, all its connections together.
    VIDEO_GET_BYTES: Bytes = Bytes::new(25_000_000), "bytes/s", KVS, documented;
    /// Connections of `GetMedia` to a stream.
    VIDEO_GET_CONNECTIONS: Count = 3, "connections", KVS, documented;
    /// HLS sessions of a stream.
    VIDEO_HLS_SESSIONS: Count = 10, "sessions", KVS, documented;
    /// From the end of a fragment until it can be read.
    VIDEO_PERSIST: Span = Span::from_millis(500), "ms", TYPICAL, estimated;
    /// Fragments that a player of HLS holds before it plays the first.
    VIDEO_HLS_HELD: Count = 3, "fragments", TYPICAL, estimated;
    /// Cameras of a scenario.
    VIDEO_CAMERAS_MAX: Count = 1_000_000, "cameras", OURS, documented;
    /// Longest retention of video: ten years.
    VIDEO_RETENTION_MAX: Span = Span::from_hours(87_600), "h", OURS, documented;
}
