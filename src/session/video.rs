//! The video of a scenario: what its cameras send, what is taken, how late it is seen, and what it costs; of the whole run
//! and at each of its frames.

use crate::cost::{Bill, video_bill};
use crate::engine::video::{Fragment, Fragments};
use crate::limits;
use crate::metrics::Histogram;
use crate::scenario::{Scenario, Video};
use crate::units::{SimTime, Span};
use serde_json::{Value, json};
use std::collections::VecDeque;

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

/// The video of one camera up to an instant; all are alike.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VideoSums {
    /// Fragments that were sent to their end.
    pub fragments: u64,
    /// Those of them that went over the rate of the stream, and are lost.
    pub throttled: u64,
    /// Bytes of all of them.
    pub sent_bytes: u64,
    /// Bytes that were taken.
    pub taken_bytes: u64,
    /// Bytes that every connection of `GetMedia` has.
    pub seen_bytes: u64,
    /// When the oldest taken fragment begins that `GetMedia` has not handed on, µs.
    pub oldest: Option<u64>,
    /// How long the fragment that was handed on last took from its first picture, and the slowest.
    pub delay: Option<(Span, Span)>,
}

/// The video of a run at the end of each of its frames.
#[derive(Clone, Debug)]
pub struct VideoTrack {
    width: Span,
    /// At the start, and after each frame.
    sums: Vec<VideoSums>,
    /// The whole run.
    pub run: VideoRun,
}

impl VideoTrack {
    /// The video of a scenario, if it has any, in frames of this width.
    pub fn of(scenario: &Scenario, width: Span) -> Option<Self> {
        let (video, length) = (scenario.video?, scenario.length.micros());
        let width = width.max(Span::from_micros(1));
        let mut fragments = Fragments::new(video, length).peekable();
        let mut waiting: VecDeque<Fragment> = VecDeque::new();
        let (mut now, mut delays) = (VideoSums::default(), Histogram::new());
        let mut sums = vec![now];
        for frame in 1..=length.div_ceil(width.micros()) {
            let until = (frame * width.micros()).min(length);
            while let Some(fragment) = fragments.next_if(|fragment| fragment.end <= until) {
                now.fragments += 1;
                now.throttled += u64::from(!fragment.taken);
                now.sent_bytes += fragment.bytes;
                now.taken_bytes += if fragment.taken { fragment.bytes } else { 0 };
                if fragment.got_at.is_some() {
                    waiting.push_back(fragment);
                }
            }
            let is_seen = |fragment: &Fragment| fragment.got_at.is_some_and(|at| at <= until);
            while let Some(fragment) = waiting.front().copied().filter(is_seen) {
                waiting.pop_front();
                let delay = fragment.got_at.unwrap_or(until) - fragment.start;
                delays.add(delay);
                let delay = Span::from_micros(delay);
                now.seen_bytes += fragment.bytes;
                now.delay = Some((delay, now.delay.map_or(delay, |(_, most)| most.max(delay))));
            }
            now.oldest = waiting.front().map(|fragment| fragment.start);
            sums.push(now);
        }
        let run = VideoRun::after(scenario, &video, &now, delays);
        Some(Self { width, sums, run })
    }

    /// One camera after so many frames.
    pub fn sums(&self, frames: usize) -> &VideoSums {
        &self.sums[frames.min(self.sums.len() - 1)]
    }

    /// Width of a frame.
    pub const fn width(&self) -> Span {
        self.width
    }

    /// Bytes that were taken, handed on by `GetMedia` and by HLS, of all cameras after so many frames.
    pub fn bytes(&self, frames: usize) -> [u64; 3] {
        let (of, run) = (self.sums(frames), &self.run);
        run.bytes(of)
    }

    /// The bill after so many frames.
    pub fn bill(&self, scenario: &Scenario, frames: usize) -> Bill {
        let at = SimTime::from_micros(self.width.micros() * frames as u64).min(SimTime::ZERO + scenario.length);
        let whole = [self.run.taken_bytes, self.run.got_bytes, self.run.hls_bytes];
        video_bill(scenario, &self.run.video, self.bytes(frames), at, whole)
    }
}

impl VideoRun {
    /// The video of a scenario, if it has any.
    pub fn of(scenario: &Scenario) -> Option<Self> {
        VideoTrack::of(scenario, scenario.length).map(|track| track.run)
    }

    fn after(scenario: &Scenario, video: &Video, one: &VideoSums, delays: Histogram) -> Self {
        let asked = |asked: u32, most: u64| (u64::from(asked).min(most), u64::from(asked).saturating_sub(most));
        let held = video.fragment_length().micros() * limits::VIDEO_HLS_HELD + limits::VIDEO_PERSIST.micros();
        let cameras = u64::from(video.cameras);
        let mut run = Self {
            video: *video,
            fragments: one.fragments * cameras,
            throttled: one.throttled * cameras,
            taken_bytes: 0,
            got_bytes: 0,
            hls_bytes: 0,
            get_media: asked(video.get_media, limits::VIDEO_GET_CONNECTIONS),
            hls_sessions: asked(video.hls_sessions, limits::VIDEO_HLS_SESSIONS),
            delays,
            hls_delay: (video.hls_sessions > 0).then(|| Span::from_micros(held)),
            bill: Bill::default(),
        };
        let bytes = run.bytes(one);
        [run.taken_bytes, run.got_bytes, run.hls_bytes] = bytes;
        run.bill = video_bill(scenario, video, bytes, SimTime::ZERO + scenario.length, bytes);
        run
    }

    /// Bytes that were taken, handed on by `GetMedia` and by HLS, where one camera has these sums.
    fn bytes(&self, one: &VideoSums) -> [u64; 3] {
        let cameras = u64::from(self.video.cameras);
        let (seen, taken) = (one.seen_bytes * cameras, one.taken_bytes * cameras);
        [taken, seen * self.get_media.0, taken * self.hls_sessions.0]
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
