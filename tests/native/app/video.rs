//! Video streams on the page without a browser: at every instant what a recount of the fragments says.

use super::compare::{dropped, run};
use serde_json::json;
use streamgauge::app::picture::Size;
use streamgauge::app::{Action, Model};
use streamgauge::engine::video::Fragments;
use streamgauge::session::VideoRun;

const SIZE: Size = Size { width: 900.0, height: 130.0, rem: 1.0, room: false };

/// Cameras that go over the rate of PutMedia while much moves, and more readers than are served.
fn ran() -> Model {
    let text = json!({
        "name": "Filmed", "length_s": 121, "traffic": { "curve": [{ "kind": "constant", "per_s": 20 }] },
        "stream": { "shards": 1 }, "consumers": [{}],
        "video": { "cameras": 4, "bit_rate_kbps": 20_000, "busy_factor": 7, "busy_for_s": 20, "fragment_s": 4, "get_media": 5, "hls_sessions": 2 },
    });
    let mut model = dropped(&text.to_string());
    assert!(model.problems().is_empty() && model.films(), "{:?}", model.problems());
    let effects = model.update(Action::RunOrPause);
    run(&mut model, &effects, 20_000);
    model
}

#[test]
fn what_the_page_says_of_video_is_what_a_recount_says() {
    let mut model = ran();
    let video = model.scenario().video.expect("cameras");
    for seconds in [0.0, 3.0, 4.0, 16.0, 60.0, 75.0, 121.0] {
        model.update(Action::Seek { seconds });
        let at = (seconds * 1e6) as u64;
        let sent: Vec<_> = Fragments::new(video, 121_000_000).filter(|fragment| fragment.end <= at).collect();
        let taken: u64 = sent.iter().filter(|fragment| fragment.taken).map(|fragment| fragment.bytes).sum();
        let got = sent.iter().filter(|fragment| fragment.got_at.is_some_and(|got| got <= at));
        let got: u64 = got.map(|fragment| fragment.bytes).sum();
        let view = model.video().expect("cameras");
        let row = |name: &str| {
            let row = view.rows.iter().find(|([of, ..], _)| of == name).unwrap_or_else(|| panic!("{name}"));
            row.0[1]
                .replace(',', "")
                .split('\u{a0}')
                .next()
                .and_then(|text| text.parse::<f64>().ok())
                .expect("a number")
        };
        let lost = sent.iter().filter(|fragment| !fragment.taken).count();
        assert_eq!(row("Fragments sent"), 4.0 * sent.len() as f64, "at {seconds}");
        assert_eq!(row("Lost: over the rate of PutMedia"), 4.0 * lost as f64, "at {seconds}");
        let gigabytes = |bytes: u64| 4.0 * bytes as f64 / f64::from(1u32 << 30);
        for (name, told) in [
            ("Ingested", gigabytes(taken)),
            ("Read by GetMedia", 3.0 * gigabytes(got)),
            ("Read by HLS", 2.0 * gigabytes(taken)),
        ] {
            assert!((row(name) - told).abs() <= 0.0051_f64.max(told / 100.0), "{name} at {seconds}: {told}");
        }
    }
    // At the end it is the run, bill and all.
    let whole = VideoRun::of(model.scenario()).expect("cameras");
    let view = model.video().expect("cameras");
    assert_eq!(view.bill, whole.bill);
    assert!(whole.throttled > 0 && view.rows.iter().any(|(_, lost)| *lost));
}

#[test]
fn the_limits_and_the_picture_say_what_does_not_fit() {
    let mut model = ran();
    let over =
        |model: &Model| model.video().expect("cameras").limits.into_iter().map(|(_, over)| over).collect::<Vec<_>>();
    // Nothing moves much at 0:59, and much at 1:08; of five connections three are served at any time.
    model.update(Action::Seek { seconds: 59.0 });
    assert_eq!(over(&model), [false, false, true, false]);
    assert!(!model.video_picture(SIZE, None).contains("p-lost"));
    model.update(Action::Seek { seconds: 76.0 });
    assert_eq!(over(&model), [true, false, true, false]);
    let picture = model.video_picture(SIZE, None);
    assert!(picture.contains("p-lost") && picture.contains("fragments lost") && picture.contains("MB/s"), "{picture}");
    // Another document has other cameras.
    model.update(Action::Edit { path: "video.cameras".to_owned(), text: "9".to_owned() });
    assert!(model.video().expect("cameras").cameras.starts_with("9 cameras"));
}
