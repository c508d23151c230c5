//! Arrivals, keys and sizes against the distributions that they are drawn from.

use crate::common::scenario;
use serde_json::{Value, json};
use std::sync::Arc;
use streamgauge::engine::{Engine, Fact, Observer, Step};
use streamgauge::scenario::{Arrivals, Part, Scenario, Series, SeriesRow};
use streamgauge::units::{SimTime, Span};

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

fn offered_by(scenario: &Scenario) -> Vec<(u64, u32, u32)> {
    let mut offers = Offers::default();
    let mut engine = Engine::new(scenario);
    assert_eq!(engine.advance(engine.end(), u32::MAX, &mut offers), Step::Reached);
    assert!(offers.0.is_sorted_by_key(|offer| offer.0));
    offers.0
}

fn offers(length_s: f64, traffic: Value) -> Vec<(u64, u32, u32)> {
    offered_by(&scenario(&json!({
        "length_s": length_s,
        "traffic": traffic,
        "producer": {"call": "PutRecord", "retry": {"kind": "ignore"}},
        "stream": {"shards": 1},
        "consumers": [{"batch_size": 1_000, "fixed_ms": 0, "per_record_ms": 0}],
    })))
}

#[test]
fn poisson_counts_have_their_mean_and_variance() {
    let seconds = 2_000usize;
    let curve = json!([{"kind": "constant", "per_s": 200}]);
    let offers = offers(seconds as f64, json!({"curve": curve, "arrivals": "poisson"}));
    let mut counts = vec![0.0f64; seconds];
    offers.iter().for_each(|(at, ..)| counts[(at / 1_000_000) as usize] += 1.0);
    let mean = counts.iter().sum::<f64>() / seconds as f64;
    let variance = counts.iter().map(|count| (count - mean) * (count - mean)).sum::<f64>() / (seconds - 1) as f64;
    // Four standard deviations: √(200 ÷ 2,000) for the mean, about 200 √(2 ÷ 2,000) for the variance.
    assert!((mean - 200.0).abs() < 4.0 * 0.317, "mean {mean}");
    assert!((variance - 200.0).abs() < 4.0 * 6.4, "variance {variance}");
    // Counts of neighbouring seconds do not depend on each other.
    let together = counts.windows(2).map(|pair| (pair[0] - mean) * (pair[1] - mean)).sum::<f64>();
    let correlation = together / variance / (seconds - 1) as f64;
    assert!(correlation.abs() < 4.0 / (seconds as f64).sqrt(), "correlation {correlation}");
}

#[test]
fn poisson_gaps_are_exponential() {
    let offers = offers(2_000.0, json!({"curve": [{"kind": "constant", "per_s": 100}], "arrivals": "poisson"}));
    let gaps: Vec<f64> = offers.windows(2).map(|pair| (pair[1].0 - pair[0].0) as f64 / 10_000.0).collect();
    let n = gaps.len() as f64;
    for (above, share) in [(0.1, 0.904_837), (0.5, 0.606_531), (1.0, 0.367_879), (2.0, 0.135_335), (5.0, 0.006_738)] {
        let found = gaps.iter().filter(|gap| **gap > above).count() as f64 / n;
        let deviation = (share * (1.0f64 - share) / n).sqrt();
        assert!((found - share).abs() < 4.0 * deviation + 1e-4, "above {above}: {found}, expected {share}");
    }
    let mean = gaps.iter().sum::<f64>() / n;
    assert!((mean - 1.0).abs() < 4.0 / n.sqrt(), "mean {mean}");
}

/// Where the rate changes, the counts follow it: a ramp has the quadratic integral.
#[test]
fn poisson_arrivals_follow_a_ramp() {
    let curve = json!([{"kind": "ramp", "from_per_s": 0, "to_per_s": 1_000, "start_s": 0, "over_s": 400}]);
    let offers = offers(400.0, json!({"curve": curve, "arrivals": "poisson"}));
    for quarter in 1..=4u64 {
        let until = quarter * 100_000_000;
        let seconds = quarter as f64 * 100.0;
        let expected = 1_000.0 / 400.0 * seconds * seconds / 2.0;
        let found = offers.iter().filter(|(at, ..)| *at < until).count() as f64;
        assert!((found - expected).abs() < 4.0 * expected.sqrt(), "until {quarter}: {found}, expected {expected}");
    }
}

fn series_of(rows: &[(u64, u64, u64)], arrivals: Arrivals) -> Scenario {
    let mut scenario = scenario(&json!({
        "length_s": 1,
        "traffic": {"curve": [{"kind": "constant", "per_s": 1}]},
        "producer": {"call": "PutRecord", "retry": {"kind": "ignore"}},
        "stream": {"shards": 1},
        "consumers": [{"batch_size": 1_000, "fixed_ms": 0, "per_record_ms": 0}],
    }));
    let row = |&(at, length, count): &(u64, u64, u64)| SeriesRow {
        at: SimTime::from_micros(at),
        length: Span::from_micros(length),
        count,
        bytes: None,
    };
    let rows: Vec<SeriesRow> = rows.iter().map(row).collect();
    let end = rows.last().map_or(0, |row| (row.at + row.length).micros());
    scenario.length = Span::from_micros(end.max(1_000_000));
    scenario.traffic.arrivals = arrivals;
    scenario.traffic.parts = vec![Part::Series(Arc::new(Series { source: String::new(), rows }))];
    scenario
}

/// Each row of a series keeps its count, whatever its length, and its records lie inside of it.
#[test]
fn every_row_of_a_series_keeps_its_count() {
    let second = 1_000_000;
    let rows = [
        (0, second, 1),
        (second, second, 0),
        (2 * second, 1, 1),
        (2 * second + 1, 1, 20_000),
        (2 * second + 2, 7, 13),
        (3 * second, 3 * second, 100_003),
        (6 * second, 1_234_567, 99_999),
        (10 * second, 3_600 * second, 400_000),
        (4_000 * second, 86_400 * second, 17),
    ];
    for arrivals in [Arrivals::Even, Arrivals::Poisson] {
        let offers = offered_by(&series_of(&rows, arrivals));
        assert_eq!(offers.len() as u64, rows.iter().map(|row| row.2).sum::<u64>(), "{arrivals:?}");
        for (at, length, count) in rows {
            let inside = offers.iter().filter(|(time, ..)| (at..at + length).contains(time)).count() as u64;
            assert_eq!(inside, count, "{arrivals:?}: row at {at} µs");
        }
        // Inside a row the records are spread over all of it.
        let hour = rows[7];
        let mean = offers.iter().filter(|(time, ..)| (hour.0..hour.0 + hour.1).contains(time));
        let mean = mean.map(|(time, ..)| (time - hour.0) as f64).sum::<f64>() / hour.2 as f64 / hour.1 as f64;
        assert!((mean - 0.5).abs() < 4.0 * 0.289 / 632.0, "{arrivals:?}: mean position {mean}");
    }
}

/// More records in a microsecond than it has steps: all arrive, at that microsecond.
#[test]
fn a_crowded_microsecond_keeps_its_count() {
    for arrivals in [Arrivals::Even, Arrivals::Poisson] {
        let offers = offered_by(&series_of(&[(500, 1, 3_000_000), (501, 1, 5)], arrivals));
        assert_eq!(offers.len(), 3_000_005, "{arrivals:?}");
        assert_eq!(offers.iter().filter(|(at, ..)| *at == 500).count(), 3_000_000, "{arrivals:?}");
    }
}

/// A row as long as a run may be: positions do not overflow.
#[test]
fn a_month_in_one_row_is_spread_over_the_month() {
    let month = 31 * 86_400_000_000;
    for arrivals in [Arrivals::Even, Arrivals::Poisson] {
        let offers = offered_by(&series_of(&[(0, month, 31_000)], arrivals));
        assert_eq!(offers.len(), 31_000);
        for day in 0..31u64 {
            let inside = (day * 86_400_000_000)..((day + 1) * 86_400_000_000);
            let count = offers.iter().filter(|(at, ..)| inside.contains(at)).count();
            let room = if arrivals == Arrivals::Even { 1 } else { 130 };
            assert!(count.abs_diff(1_000) <= room, "{arrivals:?}: day {day} has {count}");
        }
    }
}

#[test]
fn a_quiet_month_offers_what_its_rate_says() {
    let month_s = 31.0 * 86_400.0;
    let curve = json!([{"kind": "constant", "per_s": 0.01}]);
    let even = offers(month_s, json!({"curve": curve, "arrivals": "even"}));
    assert_eq!(even.len(), 26_784);
    // Evenly spaced to the microsecond: 100 s.
    assert!(even.windows(2).all(|pair| (pair[1].0 - pair[0].0).abs_diff(100_000_000) <= 1));
    let poisson = offers(month_s, json!({"curve": curve, "arrivals": "poisson"}));
    assert!(poisson.len().abs_diff(26_784) < 4 * 164, "{}", poisson.len());
}

#[test]
fn a_hot_key_has_its_share_of_a_run() {
    let keys = json!({"kind": "hot", "count": 101, "share": 0.6});
    let curve = json!([{"kind": "constant", "per_s": 2_000}]);
    let offers = offers(60.0, json!({"curve": curve, "arrivals": "even", "keys": keys}));
    let n = offers.len() as f64;
    assert_eq!(n, 120_000.0);
    let hot = offers.iter().filter(|offer| offer.1 == 0).count() as f64;
    assert!((hot / n - 0.6).abs() < 4.0 * (0.24 / n).sqrt(), "{hot}");
    for key in 1..=100 {
        let count = offers.iter().filter(|offer| offer.1 == key).count() as f64;
        assert!((count - 480.0).abs() < 4.5 * 480.0f64.sqrt(), "key {key}: {count}");
    }
}

#[test]
fn zipf_keys_fall_off_as_they_should() {
    for exponent in [0.0, 0.8, 1.2] {
        let keys = json!({"kind": "zipf", "count": 1_000, "exponent": exponent});
        let curve = json!([{"kind": "constant", "per_s": 2_000}]);
        let offers = offers(60.0, json!({"curve": curve, "arrivals": "even", "keys": keys}));
        let n = offers.len() as f64;
        let total: f64 = (1..=1_000).map(|k| libm::pow(f64::from(k), -exponent)).sum();
        for key in [0u32, 1, 2, 9, 99] {
            let share = libm::pow(f64::from(key + 1), -exponent) / total;
            let found = offers.iter().filter(|offer| offer.1 == key).count() as f64 / n;
            let deviation = (share * (1.0 - share) / n).sqrt();
            assert!((found - share).abs() < 4.0 * deviation, "{exponent}: key {key} has {found}, expected {share}");
        }
    }
}

#[test]
fn sizes_have_their_distribution() {
    let curve = json!([{"kind": "constant", "per_s": 2_000}]);
    let sizes = |sizes: Value| -> Vec<f64> {
        let offers = offers(60.0, json!({"curve": curve, "arrivals": "even", "sizes": sizes}));
        offers.into_iter().map(|offer| f64::from(offer.2)).collect()
    };
    let uniform = sizes(json!({"kind": "uniform", "min_bytes": 100, "max_bytes": 199}));
    let mean = uniform.iter().sum::<f64>() / uniform.len() as f64;
    // The standard deviation of a hundred equal choices is 28.9.
    assert!((mean - 149.5).abs() < 4.0 * 28.9 / (uniform.len() as f64).sqrt(), "{mean}");
    assert!(uniform.iter().all(|size| (100.0..=199.0).contains(size)));
    let mut normal = sizes(json!({"kind": "log_normal", "median_bytes": 2_000, "sigma": 0.5, "cap_bytes": 100_000}));
    normal.sort_by(f64::total_cmp);
    let at = |share: f64| normal[(share * normal.len() as f64) as usize];
    // Quantiles of e^(0.5 z): z = −1.2816, 0, 1.2816.
    for (share, expected) in [(0.1, 1_053.8), (0.5, 2_000.0), (0.9, 3_796.0)] {
        assert!((at(share) / expected - 1.0).abs() < 0.02, "{share}: {}, expected {expected}", at(share));
    }
}

/// Sizes and counts of a row are exact to the byte.
#[test]
fn a_row_with_bytes_offers_exactly_these() {
    let rows = json!([[0, 10, 7, 1_000], [10, 10, 1_000, 123_457], [20, 10, 3, 3]]);
    let offers = offers(30.0, json!({"curve": [{"kind": "series", "rows": rows}], "arrivals": "poisson"}));
    let bytes = |from: u64, to: u64| {
        let inside = offers.iter().filter(|(at, ..)| (from * 1_000_000..to * 1_000_000).contains(at));
        inside.map(|offer| u64::from(offer.2)).sum::<u64>()
    };
    assert_eq!([bytes(0, 10), bytes(10, 20), bytes(20, 30)], [1_000, 123_457, 3]);
}

/// Two designs on one seed see the same records, and a part that is added disturbs no series.
#[test]
fn each_series_has_its_own_randomness() {
    let series = |count: u64| json!({"kind": "series", "rows": [[0, 30, count]]});
    let alone = offers(30.0, json!({"curve": [series(500)], "arrivals": "poisson"}));
    let with_curve = json!({"curve": [{"kind": "constant", "per_s": 3}, series(500)], "arrivals": "poisson"});
    let both = offers(30.0, with_curve);
    let times: std::collections::BTreeSet<u64> = both.iter().map(|offer| offer.0).collect();
    assert!(alone.iter().all(|offer| times.contains(&offer.0)), "the series' instants are unchanged");
}
