//! What the native tests share: scenarios from JSON, with the rest at its defaults.

use proptest::test_runner::{Config as ProptestConfig, RngSeed};
use serde_json::{Value, json};
use std::sync::OnceLock;
use streamgauge::handlers::HandlerEngine;
use streamgauge::metrics::Timeline;
use streamgauge::scenario::{
    Draft, OtherPollers, Producer, PutCall, RetryPolicy, Scenario, Stream, StreamMode, Timeouts,
};
use streamgauge::session::{Pump, Session};
use streamgauge::units::{Bytes, Ratio, Span};

/// A checked scenario from the parts of a document that matter to a test.
pub fn scenario(parts: &Value) -> Scenario {
    let mut document = json!({"streamgauge": 1});
    let fields = parts.as_object().expect("a document is an object").clone();
    document.as_object_mut().expect("it was just made as one").extend(fields);
    Draft::from_value(document).check().unwrap_or_else(|problems| panic!("{parts}: {problems:?}"))
}

/// The finished run of such a scenario.
pub fn session(parts: &Value) -> Session {
    let mut session = Session::new(scenario(parts));
    assert_eq!(session.run(), Pump::Finished);
    session
}

/// A provisioned stream that nobody changes.
pub const fn stream(shards: u32, retention_h: u64, burst_mib: u64) -> Stream {
    Stream {
        mode: StreamMode::Provisioned,
        shards,
        retention: Span::from_hours(retention_h),
        byte_burst: Bytes::from_mib(burst_mib),
        max_record: Bytes::MIB,
        rounds_up: true,
        reshard: Span::from_secs(30),
        scale_after: Span::from_secs(900),
        warm_mib: 0,
        autoscaler: None,
        other_pollers: OtherPollers { count: 0, idle: Span::from_secs(1), limit: 10_000 },
        empty_answers: Ratio::ZERO,
    }
}

/// So many cases, the same ones on every machine.
pub fn repeatable(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        rng_seed: RngSeed::Fixed(20_261_123),
        failure_persistence: None,
        max_shrink_iters: 4_000,
        ..ProptestConfig::default()
    }
}

/// Everything in a timeline, so that equal ones are equal where a statistic has nothing to say, too.
pub fn bits(timeline: &Timeline) -> Vec<u64> {
    timeline.encode(0, timeline.frames()).into_iter().map(f64::to_bits).collect()
}

/// A producer of one host whose calls are all answered.
pub fn producer(call: PutCall, buffer: u64, retry: RetryPolicy) -> Producer {
    let timeouts = Timeouts { rate: Ratio::ZERO, after: Span::from_secs(6) };
    Producer { hosts: 1, call, buffer, retry, timeouts, ordered: false }
}

/// The JavaScript engine from where npm has put it, made once for all tests.
pub fn javascript_engine() -> &'static HandlerEngine {
    static ENGINE: OnceLock<HandlerEngine> = OnceLock::new();
    ENGINE.get_or_init(|| {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/node_modules/quickjs-wasi/inlined.wasm");
        let module = std::fs::read(file).unwrap_or_else(|error| panic!("{file}: {error}; see package.json"));
        HandlerEngine::new(&module).unwrap_or_else(|error| panic!("{error}"))
    })
}
