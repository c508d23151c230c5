//! What a function may return to a mapping with `ReportBatchItemFailures`, case by case.

use crate::common::scenario;
use serde_json::{Value, json};
use streamgauge::engine::{Invocation, Outcome, SequenceNumber};
use streamgauge::metrics::Metric;
use streamgauge::session::{Pump, Session, response};

/// Ten records in one batch. The function returns `first` the first time and nothing afterwards; this is what was
/// processed by the first invocation, and how many records the second one had.
fn after(first: impl Fn(&Invocation) -> Outcome, responses: &str) -> (f64, Option<usize>) {
    let document =
        super::burst(10, 60, &json!({"handler": "host", "fixed_ms": 10, "per_record_ms": 0, "responses": responses}));
    let mut session = Session::new(scenario(&document));
    let mut second = None;
    let mut times = 0;
    let end = session.run_with(&mut |invocation: &Invocation| {
        times += 1;
        match times {
            1 => {
                assert_eq!(invocation.records.len(), 10);
                first(invocation)
            }
            _ => {
                second = Some(invocation.records.len());
                Outcome::Succeeded
            }
        }
    });
    assert_eq!(end, Pump::Finished);
    assert_eq!(session.timeline().total(Metric::Processed, usize::MAX), 10.0);
    let frame = session.timeline().column(Metric::Processed);
    (frame[..2].iter().sum(), second)
}

/// What comes of a JSON value that the function returned.
fn returned(value: &Value) -> (f64, Option<usize>) {
    after(|invocation| response::outcome(value, invocation), "items")
}

const SUCCESS: (f64, Option<usize>) = (10.0, None);

#[test]
fn an_empty_list_is_complete_success() {
    assert_eq!(returned(&json!({"batchItemFailures": []})), SUCCESS);
}

#[test]
fn a_null_list_is_complete_success() {
    assert_eq!(returned(&json!({"batchItemFailures": null})), SUCCESS);
}

#[test]
fn an_empty_answer_is_complete_success() {
    assert_eq!(returned(&json!({})), SUCCESS);
}

#[test]
fn no_answer_is_complete_success() {
    assert_eq!(returned(&Value::Null), SUCCESS);
}

#[test]
fn an_empty_text_is_complete_success() {
    assert_eq!(returned(&json!("")), SUCCESS);
}

#[test]
fn a_named_record_is_the_checkpoint_and_it_and_all_after_it_run_again() {
    let third = |invocation: &Invocation| {
        let name = invocation.records[3].sequence_number.to_string();
        response::outcome(&json!({"batchItemFailures": [{"itemIdentifier": name}]}), invocation)
    };
    assert_eq!(after(third, "items"), (10.0, Some(7)));
}

#[test]
fn of_several_named_records_the_lowest_is_the_checkpoint() {
    let some = |invocation: &Invocation| {
        let item = |place: usize| json!({"itemIdentifier": invocation.records[place].sequence_number.to_string()});
        response::outcome(&json!({"batchItemFailures": [item(8), item(2), item(5)]}), invocation)
    };
    assert_eq!(after(some, "items").1, Some(8));
}

#[test]
fn an_empty_identifier_fails_the_whole_batch() {
    assert_eq!(returned(&json!({"batchItemFailures": [{"itemIdentifier": ""}]})).1, Some(10));
}

#[test]
fn a_null_identifier_fails_the_whole_batch() {
    assert_eq!(returned(&json!({"batchItemFailures": [{"itemIdentifier": null}]})).1, Some(10));
}

#[test]
fn a_wrong_key_name_fails_the_whole_batch() {
    let wrong = |invocation: &Invocation| {
        let name = invocation.records[3].sequence_number.to_string();
        response::outcome(&json!({"batchItemFailures": [{"itemidentifier": name}]}), invocation)
    };
    assert_eq!(after(wrong, "items").1, Some(10));
}

#[test]
fn an_identifier_that_is_not_in_the_batch_fails_the_whole_batch() {
    let other = |invocation: &Invocation| {
        let known = invocation.records[3].sequence_number.to_string();
        let unknown = SequenceNumber::new(9, 1, invocation.started).to_string();
        let items = json!([{"itemIdentifier": known}, {"itemIdentifier": unknown}]);
        response::outcome(&json!({ "batchItemFailures": items }), invocation)
    };
    assert_eq!(after(other, "items").1, Some(10));
}

#[test]
fn an_error_or_a_timeout_fails_the_whole_batch() {
    assert_eq!(after(|_| Outcome::Failed, "items").1, Some(10));
}

#[test]
fn without_report_batch_item_failures_what_is_returned_is_ignored() {
    assert_eq!(after(|_| Outcome::FailedFrom(3), "whole"), SUCCESS);
    assert_eq!(after(|_| Outcome::Failed, "whole").1, Some(10));
}
