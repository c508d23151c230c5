//! The article's three designs under the same spike.

use serde_json::json;
use streamgauge::scenario::capacity::DirectPart;
use streamgauge::scenario::presets;
use streamgauge::session::Comparison;

/// Six shards take 6,000 records a second, of 5,000. The function does a batch of 100 in 180 ms, so 3,333 a second: in a
/// minute of the spike, its rise and its fall 116,000 records more come than go. They are 35 s of work, and at 3,283 a
/// second more than come in they are gone 257 s after the start. The shard with most keys has a tenth more.
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
    let tallies = comparison.tallies();
    let behind = tallies[stream].behind.expect("the stream falls behind");
    assert!((33.0..42.0).contains(&behind.most), "{behind:?}");
    let until = behind.until.expect("and catches up").seconds_f64();
    assert!((252.0..275.0).contains(&until), "{behind:?}");
    assert_eq!((tallies[direct].behind, tallies[firehose].behind), (None, None));
    // Three reads of 2 ms and a write of 3 ms on four vCPUs.
    let binding = tallies[direct].binding.expect("something is used up");
    assert_eq!(binding.part, DirectPart::Primary);
    assert!(
        (binding.room - 4.0 / 0.009).abs() < 0.01 && (binding.writes_alone - 4.0 / 0.003).abs() < 0.01,
        "{binding:?}"
    );
    let said = comparison.sentences().join(" ");
    for part in ["the primary of the database binds: 444 requests a second, and 1,333 if", "Data Streams is behind by "]
    {
        assert!(said.contains(part), "{said}");
    }
    // A design that fails nearly all is nowhere the quickest.
    let done = measures.iter().find(|measure| measure.id == "done_p99").expect("a row");
    assert!(!done.best().contains(&direct), "{done:?}");
    // 60 s of buffer, and what a delivery takes.
    assert!(of("done_p99", firehose) < 61_000.0, "{}", of("done_p99", firehose));
    let digests: Vec<u64> = comparison.runs().iter().map(|run| run.digest().traffic()).collect();
    assert!(digests.iter().all(|digest| *digest == digests[0]), "{digests:?}");
}
