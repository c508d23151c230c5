//! Time plots: decimation that loses no peak, scales that keep still.

use crate::picture_model::{run, sudden_popularity};
use streamgauge::app::picture::decimate::{Buckets, smooth};
use streamgauge::app::picture::{ChartKind, YScale, plot};
use streamgauge::metrics::Timeline;
use streamgauge::scenario::Part;
use streamgauge::units::{Rate, Span};

#[test]
fn a_column_shorter_than_its_plot_stays_as_it_is() {
    let column = [3.0, 1.0, 2.0];
    let buckets = Buckets::new(3, 10, 700);
    assert_eq!(buckets.values(&column), column);
    assert_eq!(buckets.positions(|frame| frame as f64), [0.0, 1.0, 2.0]);
}

#[test]
fn every_bucket_keeps_its_lowest_and_its_highest_in_order() {
    let mut column = vec![5.0; 8_640];
    column[4_321] = 900.0;
    column[17] = -4.0;
    let buckets = Buckets::new(8_640, 8_640, 700);
    let values = buckets.values(&column);
    assert!(values.len() <= 1_400);
    assert!(values.contains(&900.0) && values.contains(&-4.0));
    let positions = buckets.positions(|frame| frame as f64);
    assert_eq!(positions.len(), values.len());
    assert!(positions.windows(2).all(|pair| pair[0] <= pair[1]));
    assert_eq!(positions.last(), Some(&8_639.0));

    let rising: Vec<f64> = (0..4_000).map(f64::from).collect();
    let values = Buckets::new(4_000, 4_000, 100).values(&rising);
    assert!(values.windows(2).all(|pair| pair[0] <= pair[1]), "order is kept");
}

#[test]
fn a_run_that_is_half_known_fills_half_the_buckets() {
    let column = vec![1.0; 4_000];
    let buckets = Buckets::new(4_000, 8_000, 100);
    assert_eq!(buckets.values(&column).len(), 100);
    assert_eq!(Buckets::new(0, 8_000, 100).values(&[]).len(), 0);
}

#[test]
fn nothing_stays_nothing() {
    let mut column = vec![f64::NAN; 1_000];
    column[500] = 2.0;
    let values = Buckets::new(1_000, 1_000, 100).values(&column);
    assert_eq!(values.iter().filter(|value| !value.is_nan()).count(), 2);
}

#[test]
fn smoothing_keeps_the_mean() {
    let lumps: Vec<f64> = (0..100).map(|index| if index % 4 == 0 { 400.0 } else { 0.0 }).collect();
    let smoothed = smooth(&lumps, 4);
    assert!(smoothed[3..].iter().all(|value| (value - 100.0).abs() < 1e-6));
    assert_eq!(smooth(&[f64::NAN, 2.0], 2), [0.0, 1.0]);
}

#[test]
fn scales_keep_still_while_the_run_goes_on() {
    let scenario = sudden_popularity();
    let whole = run(&scenario, &[0.495, 0.505]);
    for kind in ChartKind::ALL {
        let before = plot(kind, &scenario, Timeline::new(scenario.length, whole.width(), 2, 1).seen_by(0), 700.0);
        let after = plot(kind, &scenario, whole.seen_by(0), 700.0);
        assert_eq!(before.scale, after.scale, "{kind:?}");
        assert_eq!(before.xs.len(), 0);
        assert_eq!(after.columns.iter().map(Vec::len).max(), Some(after.xs.len()));
    }
}

#[test]
fn the_plots_of_the_first_visit_have_round_lines() {
    let scenario = sudden_popularity();
    let whole = run(&scenario, &[0.495, 0.505]);
    let labels = |kind| -> Vec<String> {
        let plot = plot(kind, &scenario, whole.seen_by(0), 700.0);
        plot.scale.lines.iter().chain(&plot.limit).map(|line| line.label.replace('\u{a0}', " ")).collect()
    };
    assert_eq!(labels(ChartKind::Rates), ["5,000/s", "limit 2,000/s"]);
    assert_eq!(labels(ChartKind::Age), ["10 min", "5 min"]);
    assert_eq!(labels(ChartKind::Backlog), ["600,000", "300,000"]);
    assert_eq!(labels(ChartKind::Latency), ["10 min", "30 s", "1 s"]);
}

#[test]
fn values_stay_inside_their_scale() {
    let mut burst = sudden_popularity();
    burst.traffic.parts = vec![Part::Constant { rate: Rate::per_second(3) }];
    let mut month = sudden_popularity();
    month.length = Span::from_hours(31 * 24);
    for scenario in [sudden_popularity(), burst, month] {
        let whole = run(&scenario, &[0.5, 0.5]);
        for kind in ChartKind::ALL {
            let plot = plot(kind, &scenario, whole.seen_by(0), 700.0);
            let highest = plot.columns.iter().flatten().copied().fold(0.0, f64::max);
            assert!(highest <= plot.scale.max * 1.08, "{kind:?}: {highest} on {:?}", plot.scale);
            assert!(plot.xs.len() <= 1_400);
        }
    }
}

#[test]
fn an_empty_scale_has_a_height() {
    for scale in [YScale::rates(0.0), YScale::ages(0.0), YScale::counts(0.0), YScale::latencies(0.0)] {
        assert!(scale.max > scale.min && !scale.lines.is_empty());
    }
}
