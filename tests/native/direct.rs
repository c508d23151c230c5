//! The direct architecture, against formulas, and over random designs.

mod causes;
mod operations;
mod properties;
mod queueing;
mod remedies;

use crate::common::scenario;
use serde_json::{Value, json};
use streamgauge::scenario::{Direct, Plan, Scenario};
use streamgauge::session::{DirectRun, Pump};

/// A checked scenario with one direct design of these parts.
pub fn designed(length_s: u64, curve: &Value, direct: &Value) -> (Scenario, Direct) {
    let checked = scenario(&json!({
        "length_s": length_s,
        "traffic": { "curve": curve, "keys": { "kind": "uniform", "count": 1_000 } },
        "designs": [{ "kind": "direct", "direct": direct }],
    }));
    let Plan::Direct(direct) = &checked.designs[0].plan else { panic!("a direct design") };
    let direct = Direct::clone(direct);
    (checked, direct)
}

/// The finished run of such a design.
pub fn run(length_s: u64, curve: &Value, direct: &Value) -> DirectRun {
    let (scenario, direct) = designed(length_s, curve, direct);
    let mut run = DirectRun::new(&scenario, &direct);
    assert_eq!(run.run(), Pump::Finished);
    assert!(run.ledger().balances(), "{:?}", run.ledger());
    run
}

/// So many requests a second throughout.
pub fn constant(per_s: f64) -> Value {
    json!([{ "kind": "constant", "per_s": per_s }])
}

/// One value of every frame from one second on, on the average.
pub fn mean(run: &DirectRun, from: usize, of: impl Fn(&streamgauge::metrics::direct::DirectFrame) -> f64) -> f64 {
    let frames = &run.frames()[from..];
    frames.iter().map(of).sum::<f64>() / frames.len() as f64
}
