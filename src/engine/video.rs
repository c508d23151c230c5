//! The fragments of one camera: what `PutMedia` takes of them, and when `GetMedia` has handed them on.
//!
//! All cameras are alike and each has a stream of its own, so that one stands for all. The limits are rates of bytes: a
//! bucket for what comes, and a queue for what goes.

use crate::limits;
use crate::scenario::Video;
use crate::units::MICROS_PER_SECOND;

/// A fragment that a camera has sent to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fragment {
    /// When it begins, µs.
    pub start: u64,
    /// When it ends, µs.
    pub end: u64,
    /// Its size.
    pub bytes: u64,
    /// Whether `PutMedia` took it: it did not go over the rate. What is not taken is lost.
    pub taken: bool,
    /// When every connection of `GetMedia` has it, µs; none where it was not taken, or nobody asks.
    pub got_at: Option<u64>,
}

/// The fragments of a camera, one after the other.
#[derive(Clone, Debug)]
pub struct Fragments {
    video: Video,
    length: u64,
    at: u64,
    /// Bytes that may come, in parts of a microsecond's worth of a byte a second.
    tokens: u128,
    /// Until when `GetMedia` is busy with what came before, µs.
    busy_until: u64,
}

/// Parts of a byte in which the bucket counts.
const PARTS: u128 = MICROS_PER_SECOND as u128;
const BURST: u128 = limits::VIDEO_PUT_BURST.get() as u128 * PARTS;

impl Fragments {
    /// Those of a run of so many microseconds.
    pub const fn new(video: Video, length: u64) -> Self {
        Self { video, length, at: 0, tokens: BURST, busy_until: 0 }
    }
}

impl Iterator for Fragments {
    type Item = Fragment;

    fn next(&mut self) -> Option<Fragment> {
        let (start, span) = (self.at, self.video.fragment_length().micros());
        let end = start + span;
        if end > self.length {
            return None;
        }
        self.at = end;
        let bytes = self.video.sent(end) - self.video.sent(start);
        // What comes evenly during the fragment goes over the rate where the bucket would be empty before its end.
        let room = self.tokens + u128::from(limits::VIDEO_PUT_BYTES.get()) * u128::from(span);
        let after = room.checked_sub(u128::from(bytes) * PARTS);
        self.tokens = after.unwrap_or(room).min(BURST);
        let taken = after.is_some();
        let connections = u64::from(self.video.get_media).min(limits::VIDEO_GET_CONNECTIONS);
        let got_at = (taken && connections > 0).then(|| {
            let from = (end + limits::VIDEO_PERSIST.micros()).max(self.busy_until);
            let takes = u128::from(bytes * connections) * PARTS / u128::from(limits::VIDEO_GET_BYTES.get());
            self.busy_until = from + takes as u64;
            self.busy_until
        });
        Some(Fragment { start, end, bytes, taken, got_at })
    }
}
