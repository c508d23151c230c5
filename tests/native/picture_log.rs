//! The logs at the cursor: rows that balance with the ledger, words that fit what happened, a picture inside its frame.

use crate::common::session;
use serde_json::json;
use std::fs;
use std::path::Path;
use streamgauge::app::log::LogView;
use streamgauge::app::picture::{ChartKind, Moment, Size, log, log_text, plot};
use streamgauge::metrics::{Ledger, Metric, ShardMetric};
use streamgauge::scenario::{Draft, presets};
use streamgauge::session::Session;

const DESK: Size = Size { width: 820.0, height: 320.0, rem: 1.0, room: false };
const ROOM: Size = Size { width: 1_840.0, height: 500.0, rem: 20.0 / 14.0, room: true };
const PHONE: Size = Size { width: 358.0, height: 368.0, rem: 16.0 / 14.0, room: false };

fn golden(name: &str) -> Session {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name).join("scenario.json");
    let text = fs::read_to_string(file).expect("the golden scenario is there");
    let scenario = Draft::parse(&text).expect("it is JSON").check().expect("it has no problems");
    let mut session = Session::new(scenario);
    let _ = session.run();
    session
}

fn preset(id: &str) -> Session {
    let mut session = Session::new(presets::by_id(id).expect("it is shipped").scenario());
    let _ = session.run();
    session
}

fn view(session: &Session, consumer: usize, frames: usize, most: usize) -> LogView {
    LogView::of(session.scenario(), session.seen_by(consumer), frames, most).expect("it is known")
}

fn moment(session: &Session, consumer: usize, at: f64) -> Moment<'_> {
    let timeline = session.seen_by(consumer);
    Moment { scenario: session.scenario(), timeline, at, frontier: at, events: &[] }
}

#[test]
fn rows_and_the_rest_balance_with_the_ledger_at_every_instant() {
    for session in
        [preset("many-consumers"), golden("double-and-halve"), golden("lambda-concurrency"), golden("expiry")]
    {
        let frames = session.timeline().frames();
        for consumer in 0..session.scenario().consumers.len() {
            for at in (1..=frames).step_by((frames / 90).max(1)) {
                let ledger = Ledger::after(session.seen_by(consumer), at);
                for most in [3, 16] {
                    let view = view(&session, consumer, at, most);
                    assert!(view.rows.len() <= most);
                    let rows: f64 = view.rows.iter().map(|row| row.waiting + row.in_flight).sum();
                    let rest = view.more.map_or(0.0, |more| more.backlog);
                    assert_eq!((rows + rest) as u64, ledger.waiting + ledger.in_flight, "{consumer} at {at}");
                    let shown = view.rows.len() + view.more.map_or(0, |more| more.shards);
                    assert!(shown >= session.timeline().open_at(view.at).len(), "{consumer} at {at}");
                    for row in &view.rows {
                        let (lane, shard) = (&row.lane, row.shard as usize);
                        let stored = session.timeline().shard_total(ShardMetric::Stored, shard, at);
                        assert_eq!(lane.tip, stored as u64, "the tip is what was stored");
                        assert!(lane.checkpoint <= lane.reached && lane.reached <= lane.read && lane.read <= lane.tip);
                        assert!(row.tail <= lane.reached || row.in_flight > 0.0, "{row:?}");
                    }
                }
            }
        }
    }
}

/// What is older than the retention is behind the beginning of the log: by a count of what arrived before.
#[test]
fn the_log_begins_where_the_retention_ends() {
    let session = golden("expiry");
    let timeline = session.timeline();
    let (frames, width) = (timeline.frames(), timeline.width());
    let retention = session.scenario().stream.retention;
    let kept = (retention.micros() / width.micros()) as usize;
    assert!(frames > kept, "something expires");
    for at in [kept / 2, kept, kept + 1, frames] {
        for row in view(&session, 0, at, 16).rows {
            let stored = timeline.shard_column(ShardMetric::Stored, row.shard as usize);
            let gone: f64 = stored[..at.saturating_sub(kept)].iter().sum();
            assert_eq!(row.tail, gone as u64);
        }
    }
}

#[test]
fn parents_stand_before_their_children() {
    let session = session(&json!({
        "length_s": 240,
        "traffic": {"curve": [{"kind": "constant", "per_s": 400}], "keys": {"kind": "uniform", "count": 900}},
        "stream": {"shards": 4, "reshard_s": 5},
        "consumers": [{"fixed_ms": 200, "per_record_ms": 11}],
        "operations": [
            {"at_s": 40, "kind": "split_shard", "shard": 1},
            {"at_s": 60, "kind": "merge_shards", "shard": 2, "adjacent_shard": 3},
        ],
    }));
    let (mut children, mut waits) = (0, 0);
    for at in 1..=session.timeline().frames() {
        let view = view(&session, 0, at, 16);
        for (place, row) in view.rows.iter().enumerate() {
            let parents = session.timeline().shard(row.shard as usize).parents;
            for parent in parents.into_iter().flatten() {
                if let Some(before) = view.rows.iter().position(|row| row.shard == parent) {
                    assert!(before < place, "at {at}: {:?}", view.rows.iter().map(|row| row.shard).collect::<Vec<_>>());
                    assert!(view.rows[before].closed && view.rows[before].note().contains("closed"));
                    children += 1;
                }
            }
            waits += u32::from(row.doing().contains("waits for shard"));
        }
    }
    assert!(children > 0 && waits > 0, "{children} {waits}");
}

#[test]
fn the_words_say_what_goes_on() {
    let session = preset("many-consumers");
    let text = |consumer, at: usize| view(&session, consumer, at, 16).text("It").replace('\u{a0}', " ");
    let blocked = text(0, 500);
    assert!(blocked.starts_with("Where It stands at 8:20. Shard 1: "), "the blocked shard comes first: {blocked}");
    assert!(blocked.contains("failed, try ") || blocked.contains("try "), "{blocked}");
    let dead = text(1, 304);
    for expected in ["no worker until 5:10", "records once more", "1 of 2 workers up; shards of each: down, 2."] {
        assert!(dead.contains(expected), "{expected}: {dead}");
    }
    assert!(text(2, 480).contains("on their way") || text(2, 480).contains("in work"), "{}", text(2, 480));
    assert!(text(4, 480).contains("in work") || text(4, 480).contains("between two polls"), "{}", text(4, 480));
    let one = session.timeline();
    assert!(LogView::of(session.scenario(), one, 0, 16).is_none());
    // A batch that was given up is told for a while.
    let given_up = (1..900).map(|at| text(0, at)).filter(|text| text.contains("given up by")).count();
    assert!(given_up > 20, "{given_up}");
}

#[test]
fn a_frozen_consumer_and_a_refused_one_say_so() {
    let frozen = golden("kcl-worker-death");
    let words = view(&frozen, 0, 310, 16).text("It").replace('\u{a0}', " ");
    assert!(words.contains("stands still, goes on at 5:20 (in 10 s)"), "{words}");
    let refused = golden("lambda-concurrency");
    let all: String = (120..260).map(|at| view(&refused, 0, at, 16).text("It")).collect();
    assert!(all.contains("refused") && all.contains("asks again at"), "no shard waits for an environment");
}

/// Where in a text its place is.
enum Anchor {
    Start,
    Middle,
    End,
}

/// Texts with the place where they stand.
fn texts(markup: &str) -> Vec<(f64, f64, Anchor, String)> {
    markup
        .split("<text x=\"")
        .skip(1)
        .map(|part| {
            let mut quoted = part.split('"');
            let x = quoted.next().unwrap().parse().unwrap();
            let y = quoted.nth(1).unwrap().parse().unwrap();
            let (head, rest) = part.split_once('>').unwrap();
            let class = head.split("class=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
            let anchor = match class {
                class if class.split(' ').any(|name| name == "e") => Anchor::End,
                class if class.split(' ').any(|name| name == "m") => Anchor::Middle,
                _ => Anchor::Start,
            };
            let words = rest.split("</text>").next().unwrap();
            let plain: String =
                words.split('<').map(|piece| piece.split_once('>').map_or(piece, |(_, text)| text)).collect();
            (x, y, anchor, plain)
        })
        .collect()
}

#[test]
fn the_picture_stays_inside_at_every_size_and_moment() {
    let mut sessions = vec![preset("many-consumers"), golden("parallel-poison"), golden("double-and-halve")];
    sessions.push(session(&json!({
        "length_s": 90,
        "traffic": {"curve": [{"kind": "constant", "per_s": 900}], "keys": {"kind": "uniform", "count": 900}},
        "stream": {"shards": 60},
        "consumers": [{"poison_key": 17, "fixed_ms": 100, "per_record_ms": 2, "parallelization_factor": 10}],
    })));
    for session in &sessions {
        let length = session.timeline().length().seconds_f64();
        for consumer in 0..session.scenario().consumers.len() {
            for size in [DESK, ROOM, PHONE] {
                for share in [0.0, 0.01, 0.3, 0.35, 0.55, 0.8, 1.0] {
                    let markup = log(&moment(session, consumer, share * length), size);
                    let what = format!("{} {consumer} at {share} in {size:?}", session.scenario().name);
                    assert!(!markup.contains("NaN") && !markup.contains("inf"), "{what}");
                    assert!(markup.len() < 64_000, "{what}: {} bytes", markup.len());
                    let letter = size.rem * if size.room { 6.6 } else { 6.0 };
                    for (x, y, anchor, words) in texts(&markup) {
                        assert!(y <= size.height && y > 0.0, "{what}: {words} at {y}");
                        let width = words.chars().count() as f64 * letter;
                        let from = match anchor {
                            Anchor::Start => x,
                            Anchor::Middle => x - width / 2.0,
                            Anchor::End => x - width,
                        };
                        let inside = from >= -1.0 && from + width <= size.width + 2.0 * letter;
                        assert!(inside, "{what}: {words} from {from} for {width}");
                    }
                    assert!(!log_text(&moment(session, consumer, share * length)).is_empty());
                }
            }
        }
    }
    // Beyond the rows that fit, a line says how many there are.
    let many = log(&moment(&sessions[3], 0, 90.0), DESK);
    assert!(texts(&many).iter().any(|(.., words)| words.contains("more shards: ")), "{many}");
}

/// Going back in time shows that time: the picture is a function of the frames up to the cursor.
#[test]
fn going_back_shows_what_was() {
    let session = preset("many-consumers");
    let then = log(&moment(&session, 0, 300.0), DESK);
    let mut half = Session::new(session.scenario().clone());
    let _ = half.pump(streamgauge::units::SimTime::from_micros(300_000_000), u32::MAX);
    assert_eq!(log(&moment(&half, 0, 300.0), DESK), then);
    assert_ne!(log(&moment(&session, 0, 900.0), DESK), then);
}

#[test]
fn concurrency_stays_below_its_caps() {
    let session = golden("lambda-concurrency");
    let timeline = session.timeline();
    let of = plot(ChartKind::Concurrency, session.scenario(), timeline, 10_000.0);
    let [environments, busy, ready, most, _] = &of.columns[..] else { panic!("{:?}", of.columns.len()) };
    assert_eq!(of.limit.as_ref().map(|line| (line.value, line.label.as_str())), Some((10.0, "10 reserved")));
    assert!(of.scale.max >= 10.0);
    for frame in 0..busy.len() {
        assert!(ready[frame] <= busy[frame] && busy[frame] <= environments[frame] && environments[frame] <= 10.0);
        assert!(most[frame].is_nan(), "the rate allows a thousand");
    }
    assert!(busy.contains(&10.0), "the cap is met");

    // Two functions without reserved concurrency share twelve: what the other one uses is missing.
    let shared = crate::common::session(&json!({
        "length_s": 120,
        "traffic": {"curve": [{"kind": "constant", "per_s": 600}]},
        "stream": {"shards": 10},
        "account": {"concurrency": 12},
        "consumers": [
            {"name": "a", "fixed_ms": 900, "init_ms": 3_000},
            {"name": "b", "fixed_ms": 700},
        ],
    }));
    let of = plot(ChartKind::Concurrency, shared.scenario(), shared.timeline(), 10_000.0);
    let (busy, ready, most) = (&of.columns[1], &of.columns[2], &of.columns[3]);
    let other = shared.seen_by(1).column(Metric::Concurrency);
    for frame in 0..busy.len() {
        assert!(busy[frame] + other[frame] <= 12.0);
        assert_eq!(most[frame], 12.0 - other[frame]);
    }
    assert_eq!(of.limit.map(|line| line.label), Some("12 in the account".to_owned()));
    assert!(ready.iter().zip(busy).any(|(ready, busy)| ready < busy), "some were starting");

    let kcl = golden("kcl-worker-death");
    let of = plot(ChartKind::Concurrency, kcl.scenario(), kcl.timeline(), 10_000.0);
    assert_eq!((of.columns[1][50], of.columns[1][120], of.columns[1][200]), (2.0, 1.0, 2.0));
    assert_eq!((of.columns[4][50], of.columns[4][105], of.columns[4][120]), (0.0, 2.0, 0.0));
}
