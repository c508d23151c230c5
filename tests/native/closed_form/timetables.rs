//! Traffic that is known to the microsecond and to the byte: timetables, bursts, given generators, two sizes.

use crate::common::scenario;
use serde_json::{Value, json};
use streamgauge::engine::{Engine, Fact, Observer, Step};
use streamgauge::scenario::Draft;
use streamgauge::session::{Pump, Session};
use streamgauge::units::SimTime;

/// Instant, key and size of every offered record.
#[derive(Default)]
struct Offers(Vec<(u64, u32, u32)>);

impl Observer for Offers {
    fn observe(&mut self, at: SimTime, fact: Fact<'_>) {
        if let Fact::Offered { record } = fact {
            self.0.push((at.micros(), record.key, record.size));
        }
    }
}

fn offers(length_s: f64, traffic: &Value) -> Vec<(u64, u32, u32)> {
    let scenario = scenario(&json!({
        "length_s": length_s,
        "traffic": traffic,
        "producer": {"call": "PutRecord", "retry": {"kind": "ignore"}},
    }));
    let (mut engine, mut offers) = (Engine::new(&scenario), Offers::default());
    assert_eq!(engine.advance(engine.end(), u32::MAX, &mut offers), Step::Reached);
    let expected = scenario.traffic.expected_records(scenario.length);
    let is_timetable = traffic["curve"].as_array().expect("a list").iter().all(|part| part["kind"] == "intervals");
    let room = if is_timetable { 0.0 } else { 3.0 };
    assert!((offers.0.len() as f64 - expected).abs() <= room, "{} of {expected}", offers.0.len());
    offers.0
}

fn instants(length_s: f64, curve: &Value, arrivals: &str) -> Vec<u64> {
    let found = offers(length_s, &json!({"curve": curve, "arrivals": arrivals}));
    found.into_iter().map(|offer| offer.0).collect()
}

const ARRIVALS: [&str; 2] = ["even", "poisson"];

#[test]
fn a_timetable_carries_its_interval_over_the_rows() {
    let rows = json!([[0.5, 300_000], [1, 0], [2, 400_000], [2.5, 100_000], [3, 700_000], [3.1, 1]]);
    // After 0.8 s the next would be in a row without records, so it is at the next row. 2.8 s and 3.0 s follow from
    // the interval of the record before them; 3.7 s lies beyond the last row's beginning.
    let expected = [500, 800, 2_000, 2_400, 2_800, 2_900, 3_000].map(|millis| millis * 1_000);
    for arrivals in ARRIVALS {
        let curve = json!([{"kind": "intervals", "intervals": rows}]);
        assert_eq!(instants(3.7, &curve, arrivals), expected, "{arrivals}");
        let longer = instants(3.700_003, &curve, arrivals);
        assert_eq!(longer[7..], [3_700_000, 3_700_001, 3_700_002], "{arrivals}");
    }
    // Many blocks long, and beside other traffic the same.
    let curve = json!([{"kind": "intervals", "intervals": [[0, 7], [0.01, 1_000], [1, 13]]}]);
    let alone = instants(2.0, &curve, "even");
    let slow = (1..).map(|i| 10_003 + 1_000 * (i - 1)).take_while(|at| *at < 1_000_000 + 1_000);
    let fast: Vec<u64> = (0..).map(|i| 7 * i).take_while(|at| *at < 10_000).collect();
    assert_eq!(alone[..fast.len()], fast);
    let slow: Vec<u64> = slow.collect();
    assert_eq!(alone[fast.len()..fast.len() + slow.len()], slow);
    assert!(alone[fast.len() + slow.len() - 1..].windows(2).all(|pair| pair[1] == pair[0] + 13));
    assert!(alone.last().is_some_and(|last| (1_999_987..2_000_000).contains(last)));
    let mut beside = curve;
    beside.as_array_mut().expect("a list").push(json!({"kind": "series", "rows": [[0, 2, 5_000]]}));
    let both = instants(2.0, &beside, "poisson");
    assert_eq!(both.len(), alone.len() + 5_000);
    let mut both = both.into_iter();
    assert!(alone.iter().all(|at| both.any(|other| other == *at)));
}

#[test]
fn bursts_come_on_the_clock() {
    for arrivals in ARRIVALS {
        let curve = json!([{"kind": "bursts", "start_s": 1, "every_s": 2, "records": 4, "within_ms": 500}]);
        let expected = [1_000, 1_125, 1_250, 1_375, 3_000, 3_125, 3_250, 3_375, 5_000, 5_125];
        assert_eq!(instants(5.2, &curve, arrivals), expected.map(|millis| millis * 1_000), "{arrivals}");
        let at_once = json!([{"kind": "bursts", "start_s": 0, "every_s": 60, "records": 1_000, "within_ms": 0}]);
        let found = instants(121.0, &at_once, arrivals);
        for minute in 0..3 {
            assert!(found[minute * 1_000..][..1_000].iter().all(|at| *at == minute as u64 * 60_000_000));
        }
        assert_eq!(found.len(), 3_000);
    }
}

/// Two generators that other engines can run: a step each a record, used after the step.
#[test]
fn given_generators_are_the_published_ones() {
    let found = offers(
        10.0,
        &json!({
            "curve": [{"kind": "constant", "per_s": 1_000}],
            "arrivals": "even",
            "draws": "lcg",
            "keys": {"kind": "uniform", "count": 1_000},
            "sizes": {"kind": "uniform", "min_bytes": 184, "max_bytes": 1_984},
        }),
    );
    let (mut key, mut size) = (12_345u64, 67_890u64);
    for (_, found_key, found_size) in found {
        [key, size] = [key, size].map(|state| (state * 1_664_525 + 1_013_904_223) % (1 << 32));
        assert_eq!(u64::from(found_key), (key * 1_000) >> 32);
        assert_eq!(u64::from(found_size) + 16, 200 + ((size * 1_801) >> 32));
    }
}

#[test]
fn a_share_of_the_records_is_large() {
    for share in [0.0, 0.05, 1.0] {
        let sizes = json!({"kind": "mixed", "bytes": 100, "large_bytes": 5_000, "large_share": share});
        let curve = json!([{"kind": "constant", "per_s": 2_000}]);
        let found = offers(50.0, &json!({"curve": curve, "arrivals": "even", "sizes": sizes}));
        let large = found.iter().filter(|offer| offer.2 == 5_000).count() as f64;
        let n = found.len() as f64;
        assert!(found.iter().all(|offer| [100, 5_000].contains(&offer.2)));
        assert!((large / n - share).abs() <= 4.0 * (share * (1.0 - share) / n).sqrt(), "{share}: {large}");
    }
}

/// What independent engines agree on for a tenth of the first workload.
#[test]
fn the_shared_workloads_have_their_published_counters() {
    let text = include_str!("../../golden/overload-tenth/scenario.json");
    let mut session = Session::new(Draft::parse(text).expect("JSON").check().expect("whole"));
    assert_eq!(session.run(), Pump::Finished);
    let (ledger, essence) = (session.ledger(), session.essence());
    assert_eq!(ledger.offered, 200_000);
    assert_eq!(ledger.lost_exhausted, 91_926);
    assert_eq!(ledger.processed, 72_576);
    assert_eq!(ledger.waiting, 31_838);
    assert_eq!(essence["work"]["throttled"], json!(406_976.0));
    assert_eq!(ledger.stored + 406_976, 512_990, "attempts");
    assert_eq!(essence["work"]["invocations_ended"], json!(750.0));
    assert_eq!(essence["latency"]["offered_to_processed"]["checksum"], json!(37_383_710));
    // The golden scenario is the workload, shortened.
    let parse = |text: &str| serde_json::from_str::<Value>(text).expect("JSON");
    let (tenth, whole) = (parse(text), parse(include_str!("../../bench/overload.json")));
    for path in ["/producer", "/stream", "/consumer", "/traffic/keys", "/traffic/sizes", "/traffic/draws"] {
        assert_eq!(tenth.pointer(path), whole.pointer(path), "{path}");
    }
}
