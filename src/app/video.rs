//! The video beside the stream at the cursor: what cameras send, what `PutMedia` takes of it, who watches, what is lost,
//! against the limits of a stream, and what it costs.

use super::model::Model;
use super::picture::Motion;
use super::picture::Size;
use super::picture::flow::{Channel, Flow, Scale, flow, rate_scale};
use super::words::{int, percents, short, span_text};
use crate::cost::Bill;
use crate::limits;
use crate::scenario::Video;
use crate::session::VideoTrack;
use crate::units::{MICROS_PER_SECOND, Span};
use std::cell::RefCell;
use std::rc::Rc;

/// Bytes of a megabyte, in which the limits are said.
const MB: f64 = 1e6;
/// Bytes of a gigabyte, as the bill counts them.
const GB: f64 = (1u64 << 30) as f64;

/// The video of the scenario that is shown, made once for each change of it.
pub(super) type Kept = RefCell<Option<(u32, Rc<VideoTrack>)>>;

/// The video at the cursor.
pub struct VideoView {
    /// How many cameras, at which rate.
    pub cameras: String,
    /// Fragments and bytes: a name, a quantity, a share; whether it is a loss.
    pub rows: Vec<([String; 3], bool)>,
    /// What one stream does against its limits: a name, a quantity of a limit; whether it is over.
    pub limits: Vec<([String; 2], bool)>,
    /// How late it is seen.
    pub said: Vec<String>,
    /// The bill up to the cursor.
    pub bill: Bill,
}

impl Model {
    /// Whether there are cameras.
    pub const fn films(&self) -> bool {
        self.scenario.video.is_some()
    }

    /// The video over the whole run.
    fn video_track(&self) -> Option<Rc<VideoTrack>> {
        let mut kept = self.video.borrow_mut();
        if kept.as_ref().is_none_or(|(revision, _)| *revision != self.revision) {
            let track = VideoTrack::of(&self.scenario, self.run.timeline().width())?;
            *kept = Some((self.revision, Rc::new(track)));
        }
        kept.as_ref().map(|(_, track)| Rc::clone(track))
    }

    /// The video at the cursor, if there are cameras.
    pub fn video(&self) -> Option<VideoView> {
        let track = self.video_track()?;
        let (frames, video) = (self.frames(), &track.run.video);
        let now = Now::of(&track, frames);
        Some(VideoView {
            cameras: format!(
                "{} camera{}, {} each",
                int(video.cameras.into()),
                if video.cameras == 1 { "" } else { "s" },
                megabits(video.bit_rate as f64)
            ),
            rows: rows(&track, frames),
            limits: against_limits(&track, &now),
            said: said(&track, frames, self.cursor().seconds_f64()),
            bill: track.bill(&self.scenario, frames),
        })
    }

    /// The video as a flow beside the stream's picture: the markup inside an `<svg>` of this size.
    pub fn video_picture(&self, size: Size, motion: Option<Motion>) -> String {
        let Some(track) = self.video_track() else { return String::new() };
        let flow_now = flow_of(&track, self.frames(), self.cursor().seconds_f64());
        let scale = Scale {
            rate: rate_scale(std::slice::from_ref(&flow_now), size),
            age: (3.0 * track.run.video.fragment_length().seconds_f64()).max(10.0),
        };
        flow(&flow_now, scale, size, motion)
    }
}

/// Bytes a second of one camera over the last fragment or the last second, whichever is longer.
struct Now {
    sent: f64,
    taken: f64,
    seen: f64,
}

impl Now {
    fn of(track: &VideoTrack, frames: usize) -> Self {
        let video = &track.run.video;
        let window = video.fragment_length().max(Span::from_secs(1)).micros().div_ceil(track.width().micros()) as usize;
        let before = frames.saturating_sub(window);
        let (from, to) = (track.sums(before), track.sums(frames));
        let seconds = (frames - before) as f64 * track.width().seconds_f64();
        let rate = |from: u64, to: u64| if seconds > 0.0 { (to - from) as f64 / seconds } else { 0.0 };
        Self {
            // Before the first fragment is complete its camera sends already.
            sent: if to.fragments == 0 { per_second(video, 0) } else { rate(from.sent_bytes, to.sent_bytes) },
            taken: rate(from.taken_bytes, to.taken_bytes),
            seen: rate(from.seen_bytes, to.seen_bytes),
        }
    }
}

/// What a camera sends in the second from an instant on, in bytes.
fn per_second(video: &Video, at: u64) -> f64 {
    (video.sent(at + MICROS_PER_SECOND) - video.sent(at)) as f64
}

fn megabits(bits: f64) -> String {
    format!("{}\u{a0}Mbit/s", short(bits / 1e6))
}

fn megabytes(bytes: f64) -> String {
    format!("{}\u{a0}MB/s", short(bytes / MB))
}

fn rows(track: &VideoTrack, frames: usize) -> Vec<([String; 3], bool)> {
    let (of, run) = (track.sums(frames), &track.run);
    let cameras = u64::from(run.video.cameras);
    let [sent, lost] = [of.fragments, of.throttled].map(|one| one * cameras);
    let [taken_share, lost_share] = percents([sent - lost, lost]);
    let count = |count: u64| int(count as f64);
    let gigabytes = |bytes: u64| format!("{}\u{a0}GB", short(bytes as f64 / GB));
    let [taken, got, hls] = track.bytes(frames);
    let row = |name: &str, quantity: String, share: &str| ([name.to_owned(), quantity, share.to_owned()], false);
    let mut rows = vec![
        row("Fragments sent", count(sent), ""),
        row("Taken", count(sent - lost), &taken_share),
        row("Lost: over the rate of PutMedia", count(lost), &lost_share),
        row("Ingested", gigabytes(taken), ""),
        row("Read by GetMedia", gigabytes(got), ""),
        row("Read by HLS", gigabytes(hls), ""),
    ];
    rows[2].1 = lost > 0;
    rows
}

fn against_limits(track: &VideoTrack, now: &Now) -> Vec<([String; 2], bool)> {
    let run = &track.run;
    let rate = |name: &str, now: f64, limit: f64| {
        ([name.to_owned(), format!("{} of {}", short(now / MB), megabytes(limit))], now > limit)
    };
    let asked = |name: &str, (given, refused): (u64, u64), limit: u64| {
        let more = if refused > 0 { format!(", {} refused", int(refused as f64)) } else { String::new() };
        ([name.to_owned(), format!("{} of {limit}{more}", int(given as f64))], refused > 0)
    };
    vec![
        rate("PutMedia", now.sent, limits::VIDEO_PUT_BYTES.get() as f64),
        rate("GetMedia", now.seen * run.get_media.0 as f64, limits::VIDEO_GET_BYTES.get() as f64),
        asked("GetMedia connections", run.get_media, limits::VIDEO_GET_CONNECTIONS),
        asked("HLS sessions", run.hls_sessions, limits::VIDEO_HLS_SESSIONS),
    ]
}

fn said(track: &VideoTrack, frames: usize, at: f64) -> Vec<String> {
    let of = track.sums(frames);
    let mut said = Vec::new();
    if let Some((last, most)) = of.delay {
        said.push(format!(
            "From its first picture until GetMedia had all of a fragment: {} last, {} at most.",
            span_text(last.seconds_f64()),
            span_text(most.seconds_f64())
        ));
    }
    if let Some(oldest) = of.oldest {
        let age = at - oldest as f64 / MICROS_PER_SECOND as f64;
        said.push(format!("The oldest fragment that GetMedia has not handed on began {} ago.", span_text(age)));
    }
    if let Some(delay) = track.run.hls_delay {
        said.push(format!(
            "A player of HLS shows a fragment {} after its first picture.",
            span_text(delay.seconds_f64())
        ));
    }
    said
}

/// All streams as one channel, in megabytes a second.
fn flow_of(track: &VideoTrack, frames: usize, at: f64) -> Flow {
    let (of, now, run) = (track.sums(frames), Now::of(track, frames), &track.run);
    let video = &run.video;
    let all = f64::from(video.cameras) / MB;
    let busy = if video.busy_for > Span::ZERO { f64::from(video.busy_factor_milli) / 1e3 } else { 1.0 };
    let peak = video.bit_rate as f64 / 8.0 * busy.max(1.0) * all;
    let reads = run.get_media.0 > 0;
    let age = of.oldest.map_or(0.0, |oldest| at - oldest as f64 / MICROS_PER_SECOND as f64);
    // A fragment is read when it is complete, and another one has begun by then.
    let patience = 2.0 * video.fragment_length().seconds_f64() + limits::VIDEO_PERSIST.seconds_f64();
    let streams = if video.cameras == 1 { "stream" } else { "streams" };
    let room = limits::VIDEO_PUT_BYTES.get() as f64;
    let channel = Channel {
        label: format!("Video: {} {streams} × {}", int(video.cameras.into()), megabytes(room)),
        taken: now.taken * all,
        lost: (now.sent - now.taken).max(0.0) * all,
        done: if reads { now.seen } else { now.taken } * all,
        room: Some(room * all),
        // A fragment is lost as a whole, so all that comes may hang below.
        peak: peak + room * all,
        age,
        late: age > patience,
    };
    let (bytes, word) = if reads { (of.seen_bytes, "MB seen") } else { (of.taken_bytes, "MB kept") };
    Flow {
        unit: "\u{a0}MB",
        offered: now.sent * all,
        peak,
        losing: channel.lost > 0.0 && of.fragments > 0,
        channels: vec![channel],
        done: (bytes as f64 * all, word),
        lost: ((of.throttled * u64::from(video.cameras)) as f64, "fragments lost"),
    }
}
