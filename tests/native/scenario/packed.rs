//! The form in which a scenario goes into the box.

use super::any_chain;
use proptest::prelude::*;
use std::sync::Arc;
use streamgauge::scenario::packed::{pack, unpack};
use streamgauge::scenario::{HandlerKind, Part, Plan, Scenario, Series, presets};

/// What arrives: without the texts and prices, which the engine does not know.
fn bare(mut scenario: Scenario) -> Scenario {
    scenario.name.clear();
    scenario.about.clear();
    scenario.consumers.iter_mut().for_each(|consumer| consumer.name.clear());
    scenario.prices = Default::default();
    scenario.stores.iter_mut().for_each(|store| store.name.clear());
    scenario.deliver.iter_mut().for_each(|deliver| deliver.name.clear());
    for part in &mut scenario.traffic.parts {
        if let Part::Series(series) = part {
            *series = Arc::new(Series { source: String::new(), rows: series.rows.clone() });
        }
    }
    for hop in &mut scenario.then {
        hop.scenario = bare(hop.scenario.clone());
    }
    for design in &mut scenario.designs {
        design.name.clear();
        if let Plan::Stream(stream) = &mut design.plan {
            **stream = bare((**stream).clone());
        }
    }
    scenario
}

fn some() -> Scenario {
    presets::ALL[0].draft().check().expect("presets are valid")
}

proptest! {
    #[test]
    fn a_scenario_arrives_as_it_was(scenario in any_chain::chained(), host: bool) {
        let mut scenario = scenario;
        scenario.consumers[0].handler = if host { HandlerKind::Host } else { HandlerKind::Model };
        let text = pack(&scenario);
        prop_assert_eq!(unpack(&text), Some(bare(scenario)));
    }

    /// Whatever somebody sends is refused or is some scenario; nothing of it can do more.
    #[test]
    fn another_text_is_read_to_its_end_or_refused(cut in 0..400usize, number: u64, tail: String) {
        let text = pack(&some());
        let mut numbers: Vec<String> = text.split(' ').map(str::to_owned).collect();
        let place = cut % numbers.len();
        numbers[place] = number.to_string();
        let _ = unpack(&numbers.join(" "));
        let _ = unpack(&tail);
        numbers.truncate(place);
        prop_assert_eq!(unpack(&numbers.join(" ")), None);
    }
}

#[test]
fn every_preset_arrives() {
    for preset in presets::ALL {
        let scenario = preset.draft().check().expect("presets are valid");
        assert_eq!(unpack(&pack(&scenario)), Some(bare(scenario)), "{}", preset.id);
    }
}

#[test]
fn a_document_or_a_number_too_large_is_refused() {
    let text = pack(&some());
    let (_, rest) = text.split_once(' ').expect("there are numbers");
    assert_eq!(unpack(&presets::ALL[0].draft().to_json()), None);
    assert_eq!(unpack(""), None);
    assert_eq!(unpack(&format!(" {rest}")), None, "no number");
    assert_eq!(unpack(&format!("-1 {rest}")), None, "below zero");
    assert!(unpack(&format!("{} {rest}", u64::MAX)).is_some());
    assert_eq!(unpack(&format!("{}0 {rest}", u64::MAX)), None, "more than 64 bits");
}
