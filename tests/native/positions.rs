//! Where consumers stand: positions, batches and tries against a slow recount from facts, and on their way to the page.

use crate::common::scenario;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use streamgauge::engine::{Doing, Engine, Fact, LanePosition, Observer, Step, TryEnd};
use streamgauge::metrics::positions::LANES_MAX;
use streamgauge::metrics::{ConsumerPosition, Ledger, Timeline};
use streamgauge::scenario::{Draft, Scenario};
use streamgauge::session::{Pump, Session};
use streamgauge::units::{SimTime, Span};

/// What facts say about one shard and one consumer.
#[derive(Clone, Debug, Default)]
struct Counted {
    stored: u64,
    read: u64,
    done: u64,
    /// Records, number of the try, and end of the invocation that runs.
    running: Option<(u32, u32, SimTime)>,
    /// Tries of the batch that failed last.
    failed: u32,
}

/// Counts facts of one consumer.
struct Watch {
    consumer: u32,
    shards: Vec<Counted>,
}

impl Watch {
    fn of(&mut self, reader: u32, shard: u32) -> Option<&mut Counted> {
        if self.shards.len() <= shard as usize {
            self.shards.resize(shard as usize + 1, Counted::default());
        }
        (reader == self.consumer).then(|| &mut self.shards[shard as usize])
    }
}

impl Observer for Watch {
    fn observe(&mut self, _: SimTime, fact: Fact<'_>) {
        match fact {
            Fact::Stored { shard, .. } => self.of(self.consumer, shard).expect("its own").stored += 1,
            Fact::Read { reader, shard, records, .. } | Fact::Pushed { reader, shard, records, .. } => {
                if let Some(counted) = self.of(reader, shard) {
                    counted.read += u64::from(records);
                }
            }
            Fact::InvocationStarted { reader, shard, records, attempt, ends, .. } => {
                if let Some(counted) = self.of(reader, shard) {
                    counted.running = Some((records, attempt, ends));
                }
            }
            Fact::Processed { reader, shard, batch, .. } => {
                if let Some(counted) = self.of(reader, shard) {
                    counted.done += batch.len() as u64;
                    (counted.running, counted.failed) = (None, 0);
                }
            }
            Fact::InvocationFailed { reader, shard, done, .. } => {
                if let Some(counted) = self.of(reader, shard) {
                    counted.done += done.len() as u64;
                    counted.failed = counted.running.take().map_or(0, |(_, attempt, _)| attempt);
                }
            }
            Fact::Discarded { given_up, .. } => {
                if let Some(counted) = self.of(given_up.reader, given_up.shard) {
                    counted.done += given_up.records;
                }
            }
            _ => {}
        }
    }
}

/// Moves an engine by uneven steps and calls `look` at each stop.
fn stops(scenario: &Scenario, consumer: u32, mut look: impl FnMut(&Engine, &Watch)) {
    let (mut engine, mut watch) = (Engine::new(scenario), Watch { consumer, shards: Vec::new() });
    while engine.now() < engine.end() {
        let next = engine.now() + Span::from_micros(371_293);
        while engine.advance(next, u32::MAX, &mut watch) != Step::Reached {}
        look(&engine, &watch);
    }
}

fn golden(name: &str) -> Scenario {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name).join("scenario.json");
    let text = fs::read_to_string(file).expect("the golden scenario is there");
    Draft::parse(&text).expect("it is JSON").check().expect("it has no problems")
}

/// One poison key of forty, halved down to single records, tried twice and given up.
fn halving(more: &Value) -> Scenario {
    let mut consumer = json!({
        "batch_size": 40, "batching_window_s": 2, "bisect": "on", "max_retries": 1, "poison_key": 5, "fixed_ms": 5,
        "per_record_ms": 1, "retry_base_ms": 300, "retry_cap_s": 2, "on_failure": "sqs",
    });
    consumer.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    scenario(&json!({
        "length_s": 200,
        "traffic": {"curve": [{"kind": "constant", "per_s": 30}], "keys": {"kind": "uniform", "count": 40}},
        "producer": {"call": "PutRecord"},
        "stream": {"shards": 2},
        "consumers": [consumer],
    }))
}

#[test]
fn places_on_the_log_are_what_facts_say() {
    let mut blocked = 0;
    for (scenario, consumer) in
        [(golden("two-consumers"), 0), (golden("two-consumers"), 1), (golden("fan-out"), 0), (halving(&json!({})), 0)]
    {
        let mut running = 0;
        stops(&scenario, consumer, |engine, watch| {
            for (shard, counted) in (0..).zip(&watch.shards) {
                let position = engine.position(consumer, shard);
                let state = engine.lane(consumer, shard);
                let what = format!("shard {shard} at {}: {position:?}, counted {counted:?}", engine.now());
                assert_eq!(position.tip, counted.stored, "{what}");
                assert_eq!(position.read, counted.read + state.skipped, "{what}");
                assert_eq!(position.reached, counted.done + state.skipped, "{what}");
                assert_eq!(position.checkpoint, position.reached, "{what}");
                assert_eq!(position.tip - position.reached, state.waiting + state.in_flight, "{what}");
                let [part] = &position.parts[..] else { panic!("{what}") };
                match counted.running {
                    Some((records, attempt, ends)) => {
                        assert_eq!(part.doing, Doing::Runs, "{what}");
                        assert_eq!((part.records, part.attempt, part.until), (records.into(), attempt, ends), "{what}");
                        assert_eq!(part.end - part.from, part.records, "{what}");
                        running += 1;
                    }
                    None => assert_ne!(part.doing, Doing::Runs, "{what}"),
                }
                if part.doing == Doing::WaitsToRetry {
                    assert!(part.attempt == counted.failed && part.until >= engine.now(), "{what}");
                    blocked += 1;
                }
                assert_eq!(position.is_blocked(), engine.lane_flags(consumer, shard).0, "{what}");
            }
        });
        assert!(running > 20, "{running}");
    }
    assert!(blocked > 20, "{blocked}");
}

/// When a batch is done with, the ways in which its pieces ended cover it without a gap.
#[test]
fn pieces_of_a_split_batch_cover_it() {
    let parallel = json!({"parallelization_factor": 4, "batch_size": 8});
    let (mut whole, mut deepest, mut given_up) = (0, 0, 0);
    for more in [json!({}), json!({"responses": "items"}), parallel] {
        let factor = more["parallelization_factor"].as_u64().unwrap_or(1);
        stops(&halving(&more), 0, |engine, _| {
            for shard in 0..2 {
                for part in engine.position(0, shard).parts {
                    let Some(first) = part.tried.first() else { continue };
                    let mut ended: Vec<(u64, u64)> = Vec::new();
                    for tried in &part.tried {
                        let to = match tried.how {
                            TryEnd::Succeeded | TryEnd::GivenUp(_) => tried.end,
                            TryEnd::Retried(_) | TryEnd::Split(_) => tried.done,
                        };
                        if to > tried.from {
                            ended.push((tried.from, to));
                        }
                        assert!(tried.end <= first.end && tried.from >= first.from && tried.at <= engine.now());
                        given_up += u32::from(matches!(tried.how, TryEnd::GivenUp(_)));
                    }
                    deepest =
                        deepest.max(part.tried.iter().filter(|tried| matches!(tried.how, TryEnd::Split(_))).count());
                    let is_done = !part.is_failing() && part.pieces.is_empty();
                    // Records of other parts lie between those of a part.
                    if is_done && factor == 1 {
                        let mut at = first.from;
                        for (from, to) in ended {
                            assert_eq!(from, at, "{:?}", part.tried);
                            at = to;
                        }
                        assert_eq!(at, first.end, "{:?}", part.tried);
                        whole += 1;
                    }
                }
            }
        });
    }
    assert!(whole > 100 && deepest >= 4 && given_up > 20, "{whole} {deepest} {given_up}");
}

/// Leases: every shard that is to be read has a worker or is free, and what is processed again is counted.
#[test]
fn leases_and_workers_agree() {
    let (mut free, mut again) = (0, 0);
    stops(&golden("kcl-worker-death"), 0, |engine, _| {
        let workers = engine.workers(0);
        let mut held = vec![0; workers.len()];
        for shard in 0..engine.shards() {
            let position = engine.position(0, shard);
            let (lease, state) = (position.lease.expect("a KCL application has leases"), engine.lane(0, shard));
            assert!(position.checkpoint <= position.reached && position.read <= position.tip);
            let done = position.reached + lease.again;
            assert_eq!(position.tip - done, state.waiting + state.in_flight, "{position:?}");
            again += u32::from(lease.again > 0);
            match lease.owner {
                _ if engine.lane_flags(0, shard).1 => {}
                Some(owner) => held[owner as usize] += 1,
                None => free += 1,
            }
        }
        assert_eq!(workers.iter().map(|worker| worker.leases).collect::<Vec<_>>(), held);
    });
    assert!(free > 20 && again > 20, "{free} {again}");
}

/// What the page finds in the frames that it is sent is what the engine knew at the end of each.
#[test]
fn the_page_has_the_positions_of_every_frame() {
    for scenario in [golden("kcl-worker-death"), golden("fan-out"), golden("parallel-poison"), golden("two-consumers")]
    {
        let mut session = Session::new(scenario.clone());
        let of = |engine: &Engine| -> Vec<ConsumerPosition> {
            let consumer = |index| ConsumerPosition::of(engine, index, LANES_MAX);
            (0..scenario.consumers.len() as u32).map(consumer).collect()
        };
        let mut known = Vec::new();
        let mut page = Timeline::new(
            scenario.length,
            Timeline::width_of(&scenario),
            scenario.stream.open_at_start() as usize,
            scenario.consumers.len(),
        );
        loop {
            let next = session.engine().now() + page.width();
            let pumped = session.pump(next, u32::MAX);
            known.push(of(session.engine()));
            let frames = session.timeline().frames();
            if frames >= page.frames() + 7 || pumped == Pump::Finished {
                page.append(&session.timeline().encode(page.frames(), frames)).expect("it continues the page's");
            }
            if pumped == Pump::Finished {
                break;
            }
        }
        assert_eq!(page.frames(), known.len());
        assert_eq!(page.seen_by(0).positions(0), None);
        for (frame, known) in known.iter().enumerate() {
            for (consumer, expected) in known.iter().enumerate() {
                let found = page.seen_by(consumer).positions(frame + 1).expect("it was sent");
                assert_eq!(found, *expected, "frame {frame}, consumer {consumer}");
                let ledger = Ledger::after(page.seen_by(consumer), frame + 1);
                let unread = |(_, lane): &(u32, LanePosition)| {
                    lane.tip - lane.reached - lane.lease.map_or(0, |lease| lease.again)
                };
                let factor = scenario.consumers[consumer].parallelization;
                if factor == 1 {
                    let sum: u64 = found.lanes.iter().map(unread).sum();
                    assert_eq!(sum, ledger.waiting + ledger.in_flight, "frame {frame}, consumer {consumer}");
                }
            }
        }
        assert_eq!(page.seen_by(99).positions(1), None);
    }
}

/// Of many shards those are kept that block or are furthest behind; a frame stays small.
#[test]
fn of_many_shards_the_worst_are_kept() {
    let session = crate::common::session(&json!({
        "length_s": 120,
        "traffic": {
            "curve": [{"kind": "constant", "per_s": 2_000}],
            "keys": {"kind": "hot", "count": 4_000, "share": 0.3},
        },
        "stream": {"shards": 60},
        "consumers": [{"poison_key": 17, "fixed_ms": 100, "per_record_ms": 2}],
    }));
    let engine = session.engine();
    let worst = session.seen_by(0).positions(120).expect("the run is over");
    assert_eq!(worst.lanes.len(), LANES_MAX);
    let all = ConsumerPosition::of(engine, 0, usize::MAX);
    assert_eq!(all.lanes.len(), 60);
    let age = |shard: u32| {
        let state = engine.lane(0, shard);
        (engine.lane_flags(0, shard).0, state.oldest_arrival.map_or(Span::ZERO, |at| engine.now().since(at)))
    };
    let kept: Vec<u32> = worst.lanes.iter().map(|(shard, _)| *shard).collect();
    let least = kept.iter().map(|shard| age(*shard)).min().expect("there are some");
    assert!(all.lanes.iter().filter(|(shard, _)| !kept.contains(shard)).all(|(shard, _)| age(*shard) <= least));
    assert!(worst.lanes.iter().any(|(_, lane)| lane.is_blocked()));
    let block = session.timeline().encode(119, 120);
    let bytes = block[4 + block[3] as usize];
    assert!((16.0 * 8.0..16.0 * 60.0).contains(&bytes), "{bytes}");
}
