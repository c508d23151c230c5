//! Finding a size on the page without a browser: what goes out, and what a design changes.

use super::fixture::start;
use serde_json::json;
use streamgauge::app::{Action, Effect, Model};
use streamgauge::scenario::Draft;

fn model() -> Model {
    Model::new(&start("sudden-popularity")).0
}

#[test]
fn the_document_goes_out_as_it_is_typed_and_the_design_comes_back_from_the_start() {
    let mut model = model();
    model.update(Action::Edit { path: "stream.shards".to_owned(), text: "3".to_owned() });
    assert_eq!(Action::for_key("z"), Some(Action::FindSize));
    let effects = model.update(Action::FindSize);
    let Some(Effect::FindSize(text)) = effects.last() else { panic!("{effects:?}") };
    assert_eq!(&Draft::parse(text).expect("a document"), model.draft());
    let edits = json!([["stream.shards", 6], ["consumers.0.parallelization_factor", 2]]);
    let effects = model.update(Action::TakeSize(Some(edits.to_string())));
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::FindSize(_))), "{effects:?}");
    assert_eq!(model.draft().get("stream.shards"), Some(&json!(6)));
    assert_eq!(model.scenario().consumers[0].parallelization, 2);
    assert!(model.is_edited() && model.problems().is_empty() && model.preset().is_none());
}

#[test]
fn nothing_changes_where_nobody_takes_one_and_what_cannot_be_had_is_told() {
    let mut model = model();
    let before = model.draft().clone();
    model.update(Action::TakeSize(Some(String::new())));
    assert!(model.draft() == &before && model.message().is_none() && !model.is_edited());
    model.update(Action::TakeSize(None));
    assert!(model.message().is_some_and(|message| message.head.contains("could not be loaded")));
    model.update(Action::DismissMessage);
    model.update(Action::Edit { path: "stream.shards".to_owned(), text: "many".to_owned() });
    let effects = model.update(Action::FindSize);
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::FindSize(_))), "{effects:?}");
    assert!(model.message().is_some_and(|message| message.sub.contains("Correct")));
}

#[test]
fn a_design_is_not_written_into_another_scenario() {
    let mut model = model();
    model.update(Action::FindSize);
    model.update(Action::ChoosePreset("hot-key".to_owned()));
    model.update(Action::TakeSize(Some(json!([["stream.shards", 6]]).to_string())));
    assert!(model.message().is_some_and(|message| message.head.contains("another one")));
    assert_eq!(model.preset(), Some("hot-key"));
}
