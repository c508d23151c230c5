//! Results of queries on the page without a browser: what is asked, what the slider shows, what is said where there is none.

use super::compare::{dropped, run};
use serde_json::json;
use streamgauge::app::results::ResultsView;
use streamgauge::app::{Action, Effect, Model};
use streamgauge::scenario::sql;
use streamgauge::session::{Run, Session};
use streamgauge::sizing::Desk;

/// Two applications on one stream, of which the second is too slow in the spike; the first two names of each window by its
/// key, and a sum of all.
fn document() -> String {
    json!({
        "name": "Counted", "seed": 9, "length_s": 150,
        "traffic": {
            "curve": [{ "kind": "spike", "base_per_s": 40, "factor": 10, "start_s": 40, "rise_s": 2, "hold_s": 30, "fall_s": 3 }],
            "payloads": [{ "data": { "ticker": "{AMZN|AAPL|MSFT|GOOG}", "price": "{1..500}" } }],
        },
        "stream": { "shards": 2 },
        "consumers": [
            { "kind": "analytics", "name": "Top two", "window_s": 10, "group_by": "ticker", "top": 2 },
            {},
            { "kind": "analytics", "name": "Late", "kpu_per_s": 150, "window_s": 10, "slide_s": 5, "measures": [["count"], ["avg", "price"]],
              "query": "" },
        ],
    })
    .to_string()
}

fn question(effects: &[Effect]) -> Option<String> {
    effects.iter().find_map(|effect| match effect {
        Effect::AskResults(text) => Some(text.clone()),
        _ => None,
    })
}

/// The answer as the page's module gives it.
fn answer(question: &str) -> String {
    let mut desk = Desk::open(question).expect("a question");
    while !desk.pump(5_000) {}
    desk.answer().to_string()
}

/// The page after the run and with its results, and the run itself.
fn ran(text: &str) -> (Model, Box<Session>) {
    let mut model = dropped(text);
    assert!(model.problems().is_empty() && model.computes(), "{:?}", model.problems());
    let effects = model.update(Action::RunOrPause);
    let question = question(&effects).expect("the results are asked for");
    let runs = run(&mut model, &effects, 20_000);
    assert!(model.results().iter().all(|of| of.window.is_none() && of.instead.contains("Computing")));
    model.update(Action::Results(Some(answer(&question))));
    let Run::Stream(session) = &runs.runs()[0] else { panic!("a stream") };
    (model, session.clone())
}

fn number(text: &str) -> f64 {
    text.replace(',', "").parse().unwrap_or_else(|_| panic!("{text} is no number"))
}

/// What is shown of an application at an instant is the last of its windows whose result had come.
fn shows(view: &ResultsView, session: &Session, seconds: f64) {
    let of = session.analytics().iter().find(|of| of.consumer() as usize == view.consumer).expect("it computes");
    let windows = &of.results().newest;
    let come: Vec<_> = windows.iter().filter(|window| window.at.seconds_f64() <= seconds).collect();
    assert_eq!(view.window.is_some(), !come.is_empty(), "at {seconds}: {}", view.instead);
    let (Some(shown), Some(window)) = (&view.window, come.last()) else { return };
    assert!(shown.span.ends_with(&streamgauge::text::clock(window.end.seconds_f64())), "{}", shown.span);
    assert_eq!(shown.at, streamgauge::text::clock(window.at.seconds_f64()));
    assert_eq!(shown.rows.len(), window.kept.len().min(10));
    for (row, kept) in shown.rows.iter().zip(&window.kept) {
        for (text, value) in row.values.iter().zip(&kept.values) {
            let told: f64 = sql::number_text(value.expect("a number")).parse().expect("a number");
            assert!((number(text) - told).abs() < 1e-6, "{text} for {told}");
        }
        assert!(row.line.contains("<path"), "its measure has a line over the run");
    }
    assert_eq!(view.earlier.len(), come.len() - 1, "the windows before it are listed");
    assert_eq!(view.query, sql::text(of.query()));
}

#[test]
fn the_slider_shows_the_window_that_was_answered_last() {
    let (mut model, session) = ran(&document());
    let mut late = Vec::new();
    for seconds in [0.0, 9.0, 10.0, 31.0, 75.0, 100.0, 150.0] {
        model.update(Action::Seek { seconds });
        let views = model.results();
        assert_eq!(views.iter().map(|view| view.consumer).collect::<Vec<_>>(), [0, 2]);
        views.iter().for_each(|view| shows(view, &session, seconds));
        late.push(views.iter().map(|view| view.window.as_ref().is_some_and(|window| window.late)).collect::<Vec<_>>());
    }
    assert!(late[3] == [false, false] && late[5] == [false, true], "only the slow one is late: {late:?}");
    // What it costs is what the bill says, and all of it is there.
    let bill = session.bill();
    for view in model.results() {
        let [units, storage] = &view.price[..] else { panic!("{:?}", view.price) };
        for (row, name) in [(units, "Analytics processing units"), (storage, "Analytics running storage")] {
            let line = bill
                .lines
                .iter()
                .find(|line| line.name == session.scenario().with_title(view.consumer, name.to_owned()))
                .expect("it is billed");
            assert_eq!(row[2], streamgauge::words::dollars_e4(line.run_e4));
            assert_eq!(row[3], streamgauge::words::dollars_cents(line.month_cents));
        }
    }
    // A room sees the consumer that is shown, or else the first that computes.
    assert_eq!(model.results_in_view().map(|view| view.consumer), Some(0));
    model.update(Action::ShowConsumer(2));
    assert_eq!(model.results_in_view().map(|view| view.consumer), Some(2));
    model.update(Action::ShowConsumer(1));
    assert_eq!(model.results_in_view().map(|view| view.consumer), Some(0));
}

/// Of many groups the first are shown, and the others counted.
#[test]
fn many_groups_are_cut_and_counted() {
    let text = json!({
        "length_s": 60, "traffic": { "curve": [{ "kind": "constant", "per_s": 100 }], "keys": { "kind": "uniform", "count": 500 } },
        "stream": { "shards": 1 }, "consumers": [{ "kind": "analytics", "window_s": 10, "group_by": "partition_key" }],
    });
    let (mut model, session) = ran(&text.to_string());
    model.update(Action::Seek { seconds: 60.0 });
    let view = model.results().remove(0);
    shows(&view, &session, 60.0);
    let rows = session.analytics()[0].results().newest.back().expect("a window").rows;
    assert!(rows > 300, "{rows} groups in ten seconds");
    assert_eq!(view.window.expect("a window").more, format!("and {} more", rows - 10));
}

#[test]
fn only_the_results_of_the_run_in_view_are_shown() {
    let (mut model, _) = ran(&document());
    model.update(Action::Seek { seconds: 150.0 });
    assert!(model.results()[0].window.is_some());
    // Another document: the old results are not its own, and an answer to the old question changes nothing.
    let old = answer(&format!("{{\"ask\":\"results\",\"run\":1,\"packed\":{}}}", packed(&model)));
    model.update(Action::Edit { path: "stream.shards".to_owned(), text: "3".to_owned() });
    let effects = model.update(Action::RunOrPause);
    let asked = question(&effects).expect("the new results are asked for");
    model.update(Action::Results(Some(old)));
    model.update(Action::Results(Some(String::new())));
    run(&mut model, &effects, 20_000);
    model.update(Action::Seek { seconds: 150.0 });
    assert!(model.results().iter().all(|of| of.window.is_none() && of.instead.contains("Computing")));
    model.update(Action::Results(Some(answer(&asked))));
    assert!(model.results().iter().all(|of| of.window.is_some() && of.instead.is_empty()));
    // What could not be had is told.
    model.update(Action::Results(None));
    assert!(model.results().iter().all(|of| of.instead.contains("could not be computed")));
}

fn packed(model: &Model) -> String {
    streamgauge::text::quoted(&streamgauge::scenario::packed::pack(model.scenario()))
}

#[test]
fn where_code_decides_or_nothing_is_computed_nobody_asks() {
    let mut with_code: serde_json::Value = serde_json::from_str(&document()).expect("a document");
    with_code["consumers"][1] = json!({ "handler": "javascript", "code": "exports.handler = async () => {}" });
    let mut model = dropped(&with_code.to_string());
    assert!(model.problems().is_empty(), "{:?}", model.problems());
    let effects = model.update(Action::RunOrPause);
    assert_eq!(question(&effects), None);
    assert!(model.results().iter().all(|of| of.instead.contains("command line")));
    let mut model = Model::new(&super::fixture::start("sudden-popularity")).0;
    let effects = model.update(Action::RunOrPause);
    assert!(question(&effects).is_none() && !model.computes() && model.results().is_empty());
    assert!(model.results_in_view().is_none());
}
