//! The lease table of a KCL application: units against their sums, and what it costs to have too few.

use super::kcl;
use serde_json::{Value, json};
use streamgauge::metrics::Metric;
use streamgauge::session::Session;

/// An application on even shards, with these settings.
fn application(shards: u32, settings: &Value) -> Session {
    let mut kcl =
        json!({"kind": "kcl", "workers": 2, "failover_s": 9, "checkpoint_s": 20, "fixed_ms": 1, "per_record_ms": 0});
    kcl.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
    kcl::application(shards * 10, shards, 600, &kcl, &json!([]))
}

fn total(session: &Session, metric: Metric) -> f64 {
    session.timeline().total(metric, usize::MAX)
}

/// Renewals every three seconds of each lease, one write for each lease that is taken at the beginning, and the
/// checkpoints; a scan by each worker every nine seconds, and one a minute for new shards.
#[test]
fn units_are_the_sum_of_what_uses_them() {
    for (shards, blocks) in [(4.0, 1.0), (20.0, 3.0)] {
        let session = application(shards as u32, &json!({}));
        let checkpoints = total(&session, Metric::Checkpoints);
        assert!(checkpoints >= 26.0 * shards, "{checkpoints}");
        // At 3, 6, … 597 s; at 0, 9, … 594 s; at 60, … 540 s. A block is half of a read unit.
        assert_eq!(total(&session, Metric::LeaseWrites), 199.0 * shards + shards + checkpoints);
        assert_eq!(total(&session, Metric::LeaseReads), (67.0 * 2.0 + 9.0) * blocks / 2.0);
        assert_eq!(total(&session, Metric::LeaseRefused), 0.0);
        let bill = session.bill();
        let line = |name: &str| bill.lines.iter().find(|line| line.name == name).expect("it is billed");
        assert_eq!(line("DynamoDB writes of leases").quantity, total(&session, Metric::LeaseWrites));
        assert_eq!(line("DynamoDB reads of leases").quantity, total(&session, Metric::LeaseReads));
    }
}

/// A provisioned table with enough units does the same, and costs its units by the hour.
#[test]
fn a_large_enough_table_is_as_good_and_costs_by_the_hour() {
    let provisioned = json!({"lease_table": "provisioned", "lease_write_units": 10, "lease_read_units": 5});
    let (open, session) = (application(4, &json!({})), application(4, &provisioned));
    assert_eq!(session.digest(), open.digest());
    let bill = session.bill();
    let line = |name: &str| bill.lines.iter().find(|line| line.name == name).expect("it is billed");
    // Ten and five units for a sixth of an hour.
    assert!((line("DynamoDB write capacity").quantity - 10.0 / 6.0).abs() < 1e-9);
    assert!((line("DynamoDB read capacity").quantity - 5.0 / 6.0).abs() < 1e-9);
    assert!(bill.lines.iter().all(|line| line.name != "DynamoDB writes of leases"));
}

/// Thirty shards need ten renewals a second. With one unit a second the five minutes that were saved last half a minute;
/// then leases are lost, records are processed twice, and the finding names the table, not a death.
#[test]
fn a_table_too_small_loses_leases_of_living_workers() {
    let session =
        application(30, &json!({"lease_table": "provisioned", "lease_write_units": 1, "lease_read_units": 10}));
    let expired = session.timeline().column(Metric::LeasesExpired);
    let first = expired.iter().position(|count| *count > 0.0).expect("leases expire");
    // Takeovers and renewals use 30 + 10 a second of 300 + 1 a second: nothing is left after 30 s; 9 s later they expire.
    assert!((30..=48).contains(&first), "{first}");
    assert!(total(&session, Metric::LeaseRefused) > 1_000.0 && total(&session, Metric::Reprocessed) > 0.0);
    // No more is written than there is.
    assert!(total(&session, Metric::LeaseWrites) <= 300.0 + 600.0);
    let ids: Vec<&str> = session.findings().iter().map(|finding| finding.id).collect();
    assert!(ids.contains(&"lease-table-throttled") && !ids.contains(&"workers-died"), "{ids:?}");
    assert!(session.balances());
    let enough =
        application(30, &json!({"lease_table": "provisioned", "lease_write_units": 15, "lease_read_units": 10}));
    assert_eq!(
        [Metric::LeasesExpired, Metric::LeaseRefused, Metric::Reprocessed].map(|of| total(&enough, of)),
        [0.0; 3]
    );
}

/// Frequent checkpoints alone can use a table up: they come late, and leases suffer with them.
#[test]
fn checkpoints_that_are_refused_come_later() {
    let often = |units: u32| {
        application(
            4,
            &json!({
                "checkpoint_s": 0, "kcl_idle_ms": 200, "lease_table": "provisioned", "lease_write_units": units, "lease_read_units": 10,
            }),
        )
    };
    // Four shards, a batch every 0.2 s or so each: about twenty checkpoints a second.
    let (few, many) = (often(2), often(40));
    assert_eq!(total(&many, Metric::LeaseRefused), 0.0);
    assert!(total(&many, Metric::Checkpoints) > 8_000.0);
    assert!(total(&few, Metric::Checkpoints) < 600.0 + 2.0 * 600.0);
    assert!(few.balances());
}
