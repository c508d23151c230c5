//! The presets, run to their ends.

use streamgauge::scenario::presets;
use streamgauge::session::{Pump, Session};

fn finished(id: &str) -> Session {
    let preset = presets::by_id(id).expect("the preset exists");
    let mut session = Session::new(preset.scenario());
    assert_eq!(session.run(), Pump::Finished);
    session
}

#[test]
fn the_world_cup_day_offers_every_request_and_its_ledger_balances() {
    let ledger = finished("world-cup-1998").ledger();
    assert_eq!(ledger.offered, 36_780_275);
    assert!(ledger.balances(), "{ledger:?}");
}

/// Each preset teaches something: the run shows it.
#[test]
fn every_preset_shows_what_it_is_for() {
    let found = |id| finished(id).findings().into_iter().map(|finding| finding.id).collect::<Vec<_>>();
    let sudden = found("sudden-popularity");
    assert!(sudden.contains(&"failed-entries-ignored"), "{sudden:?}");
    assert!(sudden.contains(&"too-few-shards"), "{sudden:?}");
    assert!(sudden.contains(&"falling-behind"), "{sudden:?}");
    assert!(!found("with-retries").contains(&"failed-entries-ignored"));
    assert_eq!(found("with-enough-shards"), ["nothing-broke", "cheaper-mode"]);
    assert!(found("hot-key").contains(&"hot-key"));
    assert_eq!(found("slow-consumer"), ["falling-behind", "catching-up", "cheaper-mode"]);
}
