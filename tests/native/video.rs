//! Video streams: quantities, limits and the bill in closed form.

use crate::common::scenario;
use serde_json::{Value, json};
use streamgauge::engine::video::Fragments;
use streamgauge::limits;
use streamgauge::scenario::{Draft, document};
use streamgauge::session::VideoRun;

/// The video of a run of so many seconds with these settings.
fn run(length_s: u32, video: &Value) -> VideoRun {
    let document = json!({
        "length_s": length_s, "traffic": {"curve": [{"kind": "constant", "per_s": 1}]}, "video": video,
    });
    VideoRun::of(&scenario(&document)).expect("it has cameras")
}

/// A steady camera below the rate: every fragment is taken, read a fragment, the persisting and the transfer after its
/// first picture, and paid for.
#[test]
fn a_steady_camera_is_what_its_rate_says() {
    // 4 Mbit/s are 500,000 bytes a second; fragments of three keyframes.
    let video = json!({"cameras": 100, "bit_rate_kbps": 4_000, "keyframe_s": 2, "fragment_s": 5, "retention_h": 240, "get_media": 2, "hls_sessions": 4});
    let run = run(3_600, &video);
    assert_eq!((run.fragments, run.throttled), (600 * 100, 0));
    assert_eq!(run.taken_bytes, 500_000 * 3_600 * 100);
    assert_eq!(run.hls_bytes, 4 * run.taken_bytes);
    // What was sent last is still on its way at the end.
    assert_eq!(run.got_bytes, 2 * 500_000 * 3_594 * 100);
    // Six seconds, the persisting, and twice three million bytes at 25 MB/s.
    let seen = 6_000_000 + limits::VIDEO_PERSIST.micros() + 2 * 3_000_000 * 1_000_000 / limits::VIDEO_GET_BYTES.get();
    let delay = run.delays.mean().expect("fragments were seen");
    assert_eq!(delay.micros(), seen);
    assert_eq!(run.hls_delay.expect("somebody watches").micros(), 18_000_000 + limits::VIDEO_PERSIST.micros());
    // 30 days: 500,000 × 100 × 2,592,000 bytes come in; of them ten days are kept.
    let gb = |bytes: f64| bytes / f64::from(1u32 << 30);
    let month = gb(500_000.0 * 100.0 * 2_592_000.0);
    let cents =
        |name: &str| run.bill.lines.iter().find(|line| line.name == name).expect("it is billed").month_cents as f64;
    assert!((cents("Video data in") - month * 0.85).abs() < 1.0);
    assert!((cents("Video data out by HLS") - 4.0 * month * 1.19).abs() < 1.0);
    assert!((cents("Video kept") - month / 3.0 * 2.3).abs() < 1.0);
}

/// A tenth above the rate of PutMedia a second's worth of room lasts for five fragments of two seconds; the sixth is lost,
/// and its time fills the bucket again.
#[test]
fn what_goes_over_the_rate_is_lost_in_proportion() {
    let run = run(1_200, &json!({"cameras": 3, "bit_rate_kbps": 110_000, "get_media": 1}));
    assert_eq!((run.fragments, run.throttled), (3 * 600, 3 * 100));
    // A burst of a second at twice the rate fits a bucket that is full: at the rate itself it is filled only by what is
    // lost, so that it is every other burst.
    let burst = json!({"cameras": 1, "bit_rate_kbps": 100_000, "busy_factor": 2, "busy_for_s": 1, "busy_every_s": 10, "keyframe_s": 1, "fragment_s": 1});
    let first = Fragments::new(scenario_of(&burst), 10_000_000).next().expect("a fragment");
    assert!(first.taken && first.bytes == 25_000_000, "{first:?}");
    assert_eq!(self::run(1_000, &burst).throttled, 50);
    // What is far above it never fits.
    let far = self::run(100, &json!({"cameras": 1, "bit_rate_kbps": 200_000}));
    assert_eq!((far.fragments, far.throttled, far.taken_bytes), (50, 50, 0));
}

fn scenario_of(video: &Value) -> streamgauge::scenario::Video {
    scenario(&json!({"traffic": {"curve": [{"kind": "constant", "per_s": 1}]}, "video": video})).video.expect("some")
}

/// Three connections share 25 MB/s; what they cannot take in time is seen later and later.
#[test]
fn connections_share_the_rate_of_a_stream() {
    let few = run(600, &json!({"cameras": 1, "bit_rate_kbps": 64_000, "get_media": 3}));
    assert_eq!(few.get_media, (3, 0));
    // 8 MB/s × 3 are 24 of 25 MB/s.
    assert!(few.delays.quantile(1_000).expect("some").seconds_f64() < 4.6);
    let more = run(600, &json!({"cameras": 1, "bit_rate_kbps": 80_000, "get_media": 5, "hls_sessions": 12}));
    assert_eq!((more.get_media, more.hls_sessions), ((3, 2), (10, 2)));
    // 30 MB/s for 25: after ten minutes the reader is a sixth behind.
    let last = more.delays.quantile(1_000).expect("some").seconds_f64();
    assert!((95.0..=105.0).contains(&last), "{last}");
}

/// Records know nothing of it: the same digest with video and without.
#[test]
fn video_changes_nothing_of_the_records() {
    let document = json!({"length_s": 60, "traffic": {"curve": [{"kind": "constant", "per_s": 50}]}});
    let mut with = document.clone();
    with["video"] = json!({"cameras": 3});
    let digest = |document: &Value| crate::common::session(document).digest();
    assert_eq!(digest(&document), digest(&with));
}

#[test]
fn a_document_says_it_and_says_it_again() {
    let video = json!({"cameras": 7, "bit_rate_kbps": 1_500.5, "busy_factor": 2.5, "busy_for_s": 3, "retention_h": 0});
    let parts = json!({"traffic": {"curve": [{"kind": "constant", "per_s": 1}]}, "video": video});
    let scenario = scenario(&parts);
    assert_eq!(document::of(&scenario).check(), Ok(scenario));
    let mut draft = Draft::from_value(parts);
    draft.set("video.busy_for_s", 61.into());
    assert_eq!(draft.check().expect_err("too long")[0].path, "video.busy_for_s");
    draft.set("video.cameras", 0.into());
    draft.set("video.busy_for_s", 0.into());
    assert_eq!(draft.check().expect("no cameras").video, None);
}
