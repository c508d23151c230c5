//! Pictures of a run: what they show, that they stay inside, and that they are small.

use crate::picture_model::{duration, events, retries, run, sudden_popularity};
use streamgauge::app::picture::{
    Moment, Motion, Size, curve, curve_from_pointer, lanes, lanes_text, ledger_bar, legend, time_strip,
};
use streamgauge::hash_key::{HashKey, even_shard};
use streamgauge::metrics::{Ledger, Timeline};
use streamgauge::scenario::{Keys, Part, Scenario, Sizes};
use streamgauge::units::{Rate, Ratio, Span};

const DESK: Size = Size { width: 840.0, height: 330.0, rem: 1.0, room: false };
const ROOM: Size = Size { width: 1_380.0, height: 400.0, rem: 20.0 / 14.0, room: true };
const PHONE: Size = Size { width: 360.0, height: 368.0, rem: 16.0 / 14.0, room: false };

/// A run with everything a picture needs.
struct Run {
    scenario: Scenario,
    timeline: Timeline,
    events: Vec<streamgauge::app::event::Event>,
}

impl Run {
    fn new(scenario: Scenario, shares: &[f64]) -> Self {
        let timeline = run(&scenario, shares);
        let events = events(&timeline);
        Self { scenario, timeline, events }
    }

    fn spike() -> Self {
        Self::new(sudden_popularity(), &[0.495, 0.505])
    }

    fn at(&self, at: f64) -> Moment<'_> {
        Moment { scenario: &self.scenario, timeline: self.timeline.seen_by(0), at, frontier: at, events: &self.events }
    }
}

/// Every kind of run that a picture has a form for.
fn runs() -> Vec<(&'static str, Run)> {
    let mut hot = sudden_popularity();
    hot.stream.shards = 6;
    hot.consumers[0].duration = duration(600);
    hot.traffic.keys = Keys::Hot { count: 10_000, share: Ratio::from_millionths(600_000).unwrap() };
    let mut hot_shares = vec![0.4 / 6.0; 6];
    hot_shares[even_shard(HashKey::of("device-000000000"), 6) as usize] += 0.6;

    let mut many = sudden_popularity();
    many.stream.shards = 40;
    many.consumers[0].duration = duration(9_000);
    many.traffic.parts = vec![spike(50, 600_000)];
    let mut many_shares = vec![1.0 / 43.0; 40];
    many_shares[17] *= 4.0;

    let mut again = sudden_popularity();
    again.producer.retry = retries();

    let mut torrent = sudden_popularity();
    torrent.stream.shards = 1;
    torrent.traffic.parts = vec![spike(2, 50_000_000)];

    let mut trickle = sudden_popularity();
    trickle.traffic.parts = vec![Part::Constant { rate: Rate::from_milli(200) }];

    let mut silence = sudden_popularity();
    silence.traffic.parts = vec![Part::Constant { rate: Rate::per_second(0) }];

    let mut large = sudden_popularity();
    large.stream.shards = 3;
    large.traffic.sizes = Sizes::Fixed { bytes: 200_000 };
    large.traffic.parts = vec![Part::Constant { rate: Rate::per_second(20) }];

    let mut short = sudden_popularity();
    short.length = Span::from_secs(60);

    let mut month = sudden_popularity();
    month.length = Span::from_hours(31 * 24);
    month.traffic.parts = vec![Part::DayWave {
        low: Rate::per_second(100),
        high: Rate::per_second(1_800),
        peak_at: Span::from_hours(20),
    }];

    let mut twelve = sudden_popularity();
    twelve.stream.shards = 12;

    vec![
        ("spike", Run::spike()),
        ("hot key", Run::new(hot, &hot_shares)),
        ("forty shards", Run::new(many, &many_shares)),
        ("retries", Run::new(again, &[0.5, 0.5])),
        ("torrent", Run::new(torrent, &[1.0])),
        ("trickle", Run::new(trickle, &[0.5, 0.5])),
        ("silence", Run::new(silence, &[0.5, 0.5])),
        ("large records", Run::new(large, &[0.3, 0.3, 0.4])),
        ("one minute", Run::new(short, &[0.5, 0.5])),
        ("a month", Run::new(month, &[0.5, 0.5])),
        ("twelve shards", Run::new(twelve, &[1.0 / 12.0; 12])),
    ]
}

fn spike(base: u64, factor_milli: u64) -> Part {
    let Part::Spike { start, rise, hold, fall, .. } = sudden_popularity().traffic.parts.remove(0) else {
        unreachable!("the scenario is one spike")
    };
    Part::Spike { base: Rate::per_second(base), factor_milli, start, rise, hold, fall }
}

/// The words of a picture, one text element a line.
fn words(markup: &str) -> Vec<String> {
    let texts = markup.split("<text ").skip(1).map(|text| text.split("</text>").next().unwrap_or_default());
    texts
        .map(|text| {
            let mut words = String::new();
            let mut inside = false;
            for letter in text[text.find('>').unwrap_or(0)..].chars() {
                match letter {
                    '<' => inside = true,
                    '>' => inside = false,
                    letter if !inside => words.push(letter),
                    _ => {}
                }
            }
            words.replace('\u{a0}', " ")
        })
        .collect()
}

fn elements(markup: &str) -> usize {
    markup.matches('<').count() - markup.matches("</").count()
}

/// Every number in the `x`, `y`, `width`, `height` attributes and the path data.
fn coordinates(markup: &str) -> Vec<f64> {
    let mut numbers = Vec::new();
    for part in markup.split('"').skip(1).step_by(2) {
        if part.starts_with('M') || part.parse::<f64>().is_ok() {
            let path = part.replace(|letter: char| letter.is_ascii_alphabetic(), " ");
            numbers.extend(path.split_whitespace().filter_map(|number| number.parse::<f64>().ok()));
        }
    }
    numbers
}

#[test]
fn every_run_is_drawn_at_every_size_and_moment() {
    for (name, run) in runs() {
        let length = run.scenario.length.seconds_f64();
        for size in [DESK, ROOM, PHONE] {
            for share in [0.0, 0.1, 0.35, 0.6, 0.61, 1.0] {
                for motion in [None, Some(Motion { seconds: 7.3 })] {
                    let markup = lanes(&run.at(share * length), size, motion);
                    assert!(!markup.contains("NaN") && !markup.contains("inf"), "{name} at {share}");
                    assert!(elements(&markup) <= 350, "{name} at {share}: {} elements", elements(&markup));
                    assert!(markup.len() < 48_000, "{name} at {share}: {} bytes", markup.len());
                    assert_eq!(markup.matches('"').count() % 2, 0, "{name} at {share}");
                    let reach = size.width.max(size.height) + 40.0;
                    let outside = coordinates(&markup).into_iter().find(|number| number.abs() > reach);
                    assert_eq!(outside, None, "{name} at {share} in {size:?}");
                }
            }
        }
    }
}

/// Above the handler view there is little room: what stands below the picture is not drawn over.
#[test]
fn words_stay_above_the_foot_of_the_picture_however_low_it_is() {
    for (name, run) in runs() {
        for height in [112.0, 121.0, 150.0, 200.0, 250.0, 330.0] {
            for share in [0.0, 0.35, 0.6, 1.0] {
                let size = Size { width: 1_400.0, height, ..DESK };
                let markup = lanes(&run.at(share * run.scenario.length.seconds_f64()), size, None);
                let heights = markup.split("<text").skip(1).filter_map(|text| {
                    let (_, rest) = text.split_once(" y=\"")?;
                    rest.split_once('"')?.0.parse::<f64>().ok()
                });
                let lowest = heights.fold(0.0, f64::max);
                assert!(lowest <= height, "{name} at {share}: words at {lowest} of {height}");
            }
        }
    }
}

#[test]
fn a_run_that_has_not_begun_is_drawn_from_its_scenario() {
    let scenario = sudden_popularity();
    let timeline = Timeline::new(scenario.length, Span::from_secs(1), 2, 1);
    let moment = Moment { scenario: &scenario, timeline: timeline.seen_by(0), at: 0.0, frontier: 0.0, events: &[] };
    let words = words(&lanes(&moment, DESK, None));
    for expected in ["50", "peak 5,000/s", "Stream, 2 × 1,000 records/s", "25 records/s", "ignores failures", "–"] {
        assert!(words.iter().any(|word| word == expected), "{expected} is not among {words:?}");
    }
}

#[test]
fn the_numbers_of_the_picture_are_those_of_the_timeline() {
    let run = Run::spike();
    let moment = run.at(520.0);
    let ledger = Ledger::after(run.timeline.seen_by(0), 520);
    let words = words(&lanes(&moment, DESK, None));
    for expected in [
        streamgauge::text::int(ledger.processed as f64),
        streamgauge::text::int(ledger.lost() as f64),
        "5,000".to_owned(),
        "1,000 records/s".to_owned(),
        "1.5 ms each".to_owned(),
        "100 %".to_owned(),
    ] {
        assert!(words.contains(&expected), "{expected} is not among {words:?}");
    }
    assert!(words.iter().any(|word| word.ends_with("min 58 s behind")), "{words:?}");
}

#[test]
fn records_that_wait_at_the_producer_are_counted_beside_it() {
    let (_, run) = runs().remove(3);
    for size in [DESK, ROOM] {
        let words = words(&lanes(&run.at(200.0), size, None));
        assert!(words.iter().any(|word| word == "212,900 wait" || word.starts_with("21") && word.ends_with(" wait")));
        assert!(words.iter().any(|word| word.ends_with("rejected, sent again")), "{words:?}");
    }
    let words = words(&lanes(&run.at(200.0), PHONE, None));
    assert!(words.iter().any(|word| word == "at the producer"), "{words:?}");
}

#[test]
fn among_many_shards_the_fullest_is_named() {
    let (_, run) = runs().remove(2);
    let words = words(&lanes(&run.at(400.0), DESK, None));
    assert!(words.iter().any(|word| word.starts_with("Shard 17 is fullest: 1,000 of 1,000/s")), "{words:?}");
    assert!(lanes_text(&run.at(400.0)).contains("Shard 17 accepts 1,000 of 1,000 records/s"));
}

#[test]
fn the_text_alternative_says_what_the_picture_shows() {
    let run = Run::spike();
    let text = lanes_text(&run.at(520.0)).replace('\u{a0}', " ");
    for expected in ["At 8:40, 5,000 records/s are offered.", "Shard 1 accepts 1,000 of 1,000 records/s", "are lost"] {
        assert!(text.contains(expected), "{text}");
    }
}

#[test]
fn the_layout_keeps_still_while_the_run_goes_on() {
    let run = Run::spike();
    let limits = |at: f64| -> Vec<String> {
        let markup = lanes(&run.at(at), DESK, None);
        markup.split("class=\"lim\" d=\"").skip(1).map(|path| path.split('"').next().unwrap().to_owned()).collect()
    };
    let first = limits(0.0);
    assert_eq!(first.len(), 2);
    for at in [60.0, 150.0, 520.0, 900.0, 1_500.0] {
        assert_eq!(limits(at), first, "at {at}");
    }
}

#[test]
fn streaks_are_drawn_only_where_there_is_motion() {
    let run = Run::spike();
    let still = lanes(&run.at(520.0), DESK, None);
    assert!(!still.contains("class=\"dots\""));
    let moving = |seconds| lanes(&run.at(520.0), DESK, Some(Motion { seconds }));
    assert!(moving(1.0).contains("class=\"dots\""));
    assert_ne!(moving(1.0), moving(1.1));
}

#[test]
fn events_show_once_they_have_been_reached() {
    let run = Run::spike();
    let strip = Size { width: 712.0, height: 57.0, ..DESK };
    let at = |at: f64, frontier: f64| words(&time_strip(&Moment { frontier, ..run.at(at) }, strip)).join("|");
    assert_eq!(at(60.0, 60.0), "");
    assert!(at(520.0, 520.0).contains("2:08 first throttle, first loss"));
    assert!(!at(520.0, 520.0).contains("caught up"));
    assert!(at(520.0, 1_500.0).contains("caught up"));
}

#[test]
fn what_people_wrote_is_escaped() {
    let mut run = Run::spike();
    run.events[0].text = "<script>alert(1)</script>".to_owned();
    let markup = time_strip(&run.at(1_500.0), Size { width: 1_400.0, height: 57.0, ..DESK });
    assert!(markup.contains("&lt;script&gt;") && !markup.contains("<script>"));
}

#[test]
fn the_bar_is_as_long_as_the_ledger_says() {
    let run = Run::spike();
    let ledger = Ledger::after(run.timeline.seen_by(0), 520);
    let size = Size { width: 1_000.0, height: 24.0, ..DESK };
    let markup = ledger_bar(&ledger, size, true);
    let labels = words(&markup);
    assert_eq!(labels, ["23 % processed", "18 % waiting", "59 % lost"]);
    assert!(words(&ledger_bar(&ledger, size, false)).is_empty());
    assert!(ledger_bar(&Ledger::default(), size, true).contains("stroke-dasharray"));
}

#[test]
fn a_handle_that_is_dragged_to_where_it_is_changes_nothing() {
    let scenario = sudden_popularity();
    let size = Size { width: 211.0, height: 57.0, ..DESK };
    let markup = curve(&scenario, size);
    let number = |text: &str, name: &str| -> f64 {
        let rest = text.split(&format!("{name}=\"")).nth(1).unwrap();
        rest.split('"').next().unwrap().parse().unwrap()
    };
    let after = |handle: &str| markup.split(&format!("data-handle=\"{handle}\"")).nth(1).unwrap().to_owned();
    let (peak, end) = (after("peak"), after("end"));
    let factor = curve_from_pointer(&scenario, size, "peak", number(&peak, "cx"), number(&peak, "cy"));
    let (path, value) = factor.unwrap();
    assert_eq!(path, "traffic.curve.0.factor");
    assert!((value - 100.0).abs() <= 1.0, "{value}");
    let hold = curve_from_pointer(&scenario, size, "end", number(&end, "cx"), number(&end, "cy"));
    assert_eq!(hold, Some(("traffic.curve.0.hold_s", 600.0)));
    assert_eq!(curve_from_pointer(&scenario, size, "other", 0.0, 0.0), None);
}

#[test]
fn a_curve_of_several_parts_has_no_handles() {
    let mut scenario = sudden_popularity();
    scenario.traffic.parts.push(Part::Constant { rate: Rate::per_second(5) });
    let size = Size { width: 211.0, height: 57.0, ..DESK };
    assert!(!curve(&scenario, size).contains("data-handle"));
    assert_eq!(curve_from_pointer(&scenario, size, "peak", 10.0, 10.0), None);
}

#[test]
fn the_legend_explains_the_four_marks() {
    for (drawing, words, _) in legend() {
        assert!(drawing.starts_with("<svg ") && drawing.ends_with("</svg>"));
        assert!(words.ends_with('.'));
    }
}

#[test]
fn twelve_shards_have_a_lane_each_with_its_number_and_one_word() {
    let (_, run) = runs().remove(10);
    for size in [DESK, ROOM, PHONE] {
        let words = words(&lanes(&run.at(520.0), size, None));
        for shard in 0..12 {
            assert!(words.contains(&shard.to_string()), "{shard} in {size:?}: {words:?}");
        }
        assert_eq!(words.iter().filter(|word| *word == "420/s").count(), 12, "{words:?}");
    }
    assert!(lanes_text(&run.at(520.0)).contains("Of 12 shards, 0 are full and 0 are behind."));
}

#[test]
fn a_band_that_would_be_wider_to_scale_is_marked() {
    let torrent = runs().remove(4).1;
    let cut = "stroke=\"var(--paper)\" stroke-width=\"2.5\"";
    assert!(lanes(&torrent.at(520.0), DESK, None).contains(cut));
    assert!(!lanes(&Run::spike().at(520.0), DESK, None).contains(cut));
}
