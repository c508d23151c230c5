//! The article's three designs under the same spike.

use serde_json::json;
use streamgauge::scenario::presets;
use streamgauge::session::Comparison;

#[test]
fn the_direct_design_fails_the_stream_answers_and_firehose_delivers_within_its_buffer() {
    let mut draft = presets::draft("three-designs").expect("a preset");
    draft.set("traffic.curve.0.hold_s", json!(60));
    draft.set("length_s", json!(400));
    let mut comparison = Comparison::new(&draft.check().expect("no problems"));
    assert_eq!(comparison.run(), Ok(()));
    assert_eq!(comparison.titles(), ["Data Streams", "Direct", "Firehose"]);
    let measures = comparison.measures();
    let of = |id: &str, design: usize| {
        let measure = measures.iter().find(|measure| measure.id == id).unwrap_or_else(|| panic!("{id}"));
        measure.values[design].unwrap_or_else(|| panic!("{id} of {design}"))
    };
    let [stream, direct, firehose] = [0, 1, 2];
    assert!(of("failed", direct) > 100_000.0, "{}", of("failed", direct));
    for design in [stream, firehose] {
        assert_eq!((of("failed", design), of("lost_later", design)), (0.0, 0.0));
        // The producer gathers for 100 ms.
        assert!(of("client_wait_p99", design) <= 101.0, "{}", of("client_wait_p99", design));
    }
    // 60 s of buffer, and what a delivery takes.
    assert!(of("done_p99", firehose) < 61_000.0, "{}", of("done_p99", firehose));
    let digests: Vec<u64> = comparison.runs().iter().map(|run| run.digest().traffic()).collect();
    assert!(digests.iter().all(|digest| *digest == digests[0]), "{digests:?}");
}
