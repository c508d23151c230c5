//! The video of a scenario: what its cameras send, what is taken, how late it is seen, and what it costs.

use crate::cost::{Bill, video_bill};
use crate::engine::video::Fragments;
use crate::limits;
use crate::metrics::Histogram;
use crate::scenario::{Scenario, Video};
use crate::units::Span;
use serde_json::{Value, json};

/// What came of the video, all cameras together.
#[derive(Clone, Debug)]
pub struct VideoRun {
    /// What was asked for.
    pub video: Video,
    /// Fragments that were sent to their end.
    pub fragments: u64,
    /// Those of them that went over the rate of their stream, and are lost.
    pub throttled: u64,
    /// Bytes that were taken.
    pub taken_bytes: u64,
    /// Bytes that `GetMedia` handed on until the end of the run.
    pub got_bytes: u64,
    /// Bytes that HLS sessions took.
    pub hls_bytes: u64,
    /// Connections of `GetMedia`, and those that were refused.
    pub get_media: (u64, u64),
    /// HLS sessions, and those that were refused.
    pub hls_sessions: (u64, u64),
    /// From the first picture of a fragment until `GetMedia` had all of it.
    pub delays: Histogram,
    /// From the first picture of a fragment until a player of HLS shows it.
    pub hls_delay: Option<Span>,
    /// The bill.
    pub bill: Bill,
}

impl VideoRun {
    /// The video of a scenario, if it has any.
    pub fn of(scenario: &Scenario) -> Option<Self> {
        let (video, length) = (scenario.video?, scenario.length.micros());
        let (mut fragments, mut throttled, mut taken, mut got) = (0, 0, 0, 0);
        let mut delays = Histogram::new();
        let asked = |asked: u32, most: u64| (u64::from(asked).min(most), u64::from(asked).saturating_sub(most));
        let get_media = asked(video.get_media, limits::VIDEO_GET_CONNECTIONS);
        let hls_sessions = asked(video.hls_sessions, limits::VIDEO_HLS_SESSIONS);
        for fragment in Fragments::new(video, length) {
            fragments += 1;
            throttled += u64::from(!fragment.taken);
            taken += if fragment.taken { fragment.bytes } else { 0 };
            if let Some(at) = fragment.got_at.filter(|at| *at <= length) {
                got += fragment.bytes * get_media.0;
                delays.add(at - fragment.start);
            }
        }
        let cameras = u64::from(video.cameras);
        let (taken_bytes, got_bytes, hls_bytes) = (taken * cameras, got * cameras, taken * hls_sessions.0 * cameras);
        let held = video.fragment_length().micros() * limits::VIDEO_HLS_HELD + limits::VIDEO_PERSIST.micros();
        Some(Self {
            video,
            fragments: fragments * cameras,
            throttled: throttled * cameras,
            taken_bytes,
            got_bytes,
            hls_bytes,
            get_media,
            hls_sessions,
            delays,
            hls_delay: (hls_sessions.0 > 0).then(|| Span::from_micros(held)),
            bill: video_bill(scenario, &video, [taken_bytes, got_bytes, hls_bytes]),
        })
    }

    /// As one JSON object.
    pub fn summary(&self) -> Value {
        let millis = |permille| self.delays.quantile(permille).map(Span::millis_f64);
        json!({
            "cameras": self.video.cameras,
            "fragments": {"sent": self.fragments, "taken": self.fragments - self.throttled, "throttled": self.throttled},
            "bytes": {"taken": self.taken_bytes, "get_media": self.got_bytes, "hls": self.hls_bytes},
            "get_media": {"connections": self.get_media.0, "refused": self.get_media.1},
            "hls_sessions": {"sessions": self.hls_sessions.0, "refused": self.hls_sessions.1},
            "get_media_delay": {"unit": "ms", "p50": millis(500), "p99": millis(990), "max": millis(1_000)},
            "hls_delay_ms": self.hls_delay.map(Span::millis_f64),
            "bill": super::summary::bill(&self.bill),
        })
    }
}
