//! The search over a border of texts, as the page's workers see it: the same answers as the library's.

use super::{five, plan, small};
use serde_json::{Value, json};
use streamgauge::sizing::{Attempt, Desk, Effort, Goal, Ranges, Search, document, tally};

/// The answer to a question, pumped in pieces.
fn ask(question: &Value) -> Value {
    let mut desk = Desk::open(&question.to_string()).expect("a question");
    while !desk.pump(20_000) {}
    desk.answer().clone()
}

/// A goal as the fields of a form have it.
fn goal(lag: &str, cost: &str) -> Value {
    json!({"lag": lag, "lost": "0", "wait": "", "cost": cost})
}

/// The search as the page makes it, until `enough` trials are there: the last step, and the trials.
fn searched(document: &Value, planned: &Value, goal: &Value, enough: usize) -> (Value, Vec<Value>) {
    let mut trials: Vec<Value> = Vec::new();
    loop {
        let step = ask(&json!({"ask": "step", "floors": planned["floors"], "goal": goal, "trials": trials}));
        if step["finished"] == true || trials.len() >= enough {
            return (step, trials);
        }
        for job in step["jobs"].as_array().expect("a list").iter().rev() {
            let edits = &planned["edits"][job["candidate"].as_u64().expect("a place") as usize];
            let run =
                json!({"ask": "run", "document": document, "edits": edits, "job": job, "offered": planned["offered"]});
            trials.push(ask(&run));
        }
    }
}

/// The letters of a sentence in pieces.
fn letters(pieces: &Value) -> String {
    let pieces = pieces.as_array().expect("pieces").iter();
    pieces.map(|piece| piece[1].as_str().expect("a text")).collect::<String>().replace('\u{a0}', " ")
}

#[test]
fn texts_lead_to_the_same_frontier_and_the_same_result() {
    let (_, draft, ranges, _) = five()[1].clone();
    let (document_value, goal) = (draft.value(), goal("20 s", ""));
    let planned = ask(&json!({"ask": "plan", "document": document_value, "vary": ranges, "goal": goal}));
    let (last, trials) = searched(document_value, &planned, &goal, usize::MAX);
    let plan = plan(&draft, ranges);
    let mut search = Search::new(&plan, Goal::read(["lag=20s"]).expect("sound"), Effort::Frontier { times: 2 });
    while let Some(job) = search.next_job() {
        search.accept(Attempt::run(&plan, &job));
    }
    let best = search.best().expect("some design is enough");
    assert_eq!(last["best"], json!(best.candidate));
    let frontier: Vec<usize> = search.frontier().into_iter().map(|trial| trial.candidate).collect();
    assert_eq!(last["frontier"], json!(frontier));
    let report =
        ask(&json!({"ask": "report", "document": document_value, "vary": ranges, "goal": goal, "trials": trials}));
    assert_eq!(report["tally"], json!(tally(&plan, &search)));
    let mut result = document(&plan, &search, |_| None);
    result["scenario"] = plan.scenario().name.clone().into();
    result["seed"] = plan.scenario().seed.into();
    assert_eq!(report["result"], result);
    // One outcome for each trial, in their order, and one that says so for the cheapest.
    let place = trials.iter().position(|trial| trial["candidate"] == last["best"]).expect("it was run");
    assert_eq!(report["outcomes"].as_array().map(Vec::len), Some(trials.len()));
    assert_eq!(report["outcomes"][place], "meets the goal");
    let shards = plan.draft(best.candidate).get("stream.shards").and_then(Value::as_u64).expect("provisioned");
    let head = letters(&report["head"]);
    let cost = streamgauge::words::dollars_cents(best.month_cents);
    assert!(head.contains(&format!("for {cost} in 30 days")), "{head}");
    assert!(head.to_lowercase().contains(&streamgauge::words::shards(shards)), "{head}");
    assert_eq!(trials[place]["told"]["month"], cost);
    // The ranges come back as they can be asked again, and the design as it stands is one of them.
    let vary: Vec<&str> = planned["vary"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
    assert_eq!(vary, ["stream.shards=1..6+1", "consumers.0.parallelization_factor=1,2,10"]);
    assert_eq!(Ranges::read(vary), Ranges::read(ranges.iter().copied()));
    let current = planned["current"].as_u64().expect("two shards, one invocation") as usize;
    assert_eq!(planned["names"][current], "2\u{a0}shards, ParallelizationFactor 1\u{a0}invocations");
}

#[test]
fn a_search_that_was_cancelled_says_what_it_has() {
    let (_, draft, ranges, _) = five()[1].clone();
    let goal = goal("20 s", "");
    let planned = ask(&json!({"ask": "plan", "document": draft.value(), "vary": ranges, "goal": goal}));
    let (_, trials) = searched(draft.value(), &planned, &goal, 1);
    let all = planned["floors"].as_array().expect("a list").len();
    assert!(trials.len() < all);
    let of = |trials: &[Value]| {
        ask(&json!({"ask": "report", "document": draft.value(), "vary": ranges, "goal": goal, "trials": trials}))
    };
    assert_eq!(letters(&of(&[])["head"]), "No design was run.");
    let head = letters(&of(&trials)["head"]);
    assert!(
        head.starts_with("So far: ") || head.starts_with(&format!("None of the {} designs", trials.len())),
        "{head}"
    );
}

#[test]
fn where_no_design_meets_the_goal_there_is_something_to_do() {
    let draft = five()[1].1.clone();
    let ask_for = |ranges: &[&str], goal: Value| {
        let planned = ask(&json!({"ask": "plan", "document": draft.value(), "vary": ranges, "goal": goal}));
        let (_, trials) = searched(draft.value(), &planned, &goal, usize::MAX);
        ask(&json!({"ask": "report", "document": draft.value(), "vary": ranges, "goal": goal, "trials": trials}))
    };
    // Ten milliseconds are less than the function takes; a dollar is less than two shards cost.
    let late = ask_for(&["stream.shards=6,8"], goal("10 ms", ""));
    assert_eq!(letters(&late["head"]), "None of 2 designs meets the goal.");
    let sub = late["sub"].as_str().expect("a text");
    assert!(sub.starts_with("The quickest is ") && sub.contains("Allow more time"), "{sub}");
    let dear = ask_for(&["stream.shards=2,3"], goal("20 s", "1"));
    assert_eq!(dear["sub"], "Allow a higher cost, or vary towards cheaper values.");
    assert!(
        dear["tally"].as_str().is_some_and(|tally| tally.starts_with("No design was run: 30 days of the cheapest"))
    );
}

#[test]
fn what_is_wrong_is_told_at_once_and_at_its_field() {
    let (_, draft, ..) = five()[0].clone();
    let of = |vary: Value, goal: Value| {
        let answer = ask(&json!({"ask": "plan", "document": draft.value(), "vary": vary, "goal": goal}));
        let problems = answer["problems"].as_array().cloned().unwrap_or_default();
        problems.iter().map(|problem| problem["path"].as_str().expect("a path").to_owned()).collect::<Vec<_>>()
    };
    let wrong = json!({"lag": "", "lost": "few", "wait": "5", "cost": "-1"});
    let ranges = json!(["stream.shards=8..1", "consumers.0.batch_size=1,x"]);
    assert_eq!(of(json!(["stream.shard=1"]), goal("5 s", "")), ["stream.shard"]);
    assert_eq!(of(ranges, wrong), ["goal.lag", "goal.lost", "goal.wait", "goal.cost", "stream.shards"]);
    assert_eq!(of(json!(["consumers.0.batch_size=1,x"]), goal("soon", "")), ["goal.lag", "consumers.0.batch_size"]);
    assert_eq!(of(json!([]), goal("5 s", "")), [""], "nothing is varied");
    assert!(of(Value::Null, json!({"lag": "2 min", "lost": "1,000", "wait": "500ms", "cost": "$1,200"})).is_empty());
    let mut coded = draft.clone();
    coded.set("consumers.0.code", "exports.handler = async () => {}".into());
    coded.set("consumers.0.handler", "javascript".into());
    let refused = ask(&json!({"ask": "plan", "document": coded.value(), "vary": null, "goal": goal("5 s", "")}));
    assert_eq!(refused["problems"][0]["path"], "consumers.0.handler");
    assert!(
        refused["problems"][0]["message"].as_str().is_some_and(|text| text.contains("streamgauge size")),
        "{refused}"
    );
    for text in ["", "{}", r#"{"ask": "step"}"#, r#"{"ask": "run", "edits": [[1, 2]]}"#, r#"{"ask": "report"}"#] {
        assert!(Desk::open(text).is_err(), "{text}");
    }
}

#[test]
fn every_field_that_is_offered_can_be_varied() {
    for id in ["sudden-popularity", "many-consumers", "with-the-kpl"] {
        let draft = small(id, &[]);
        let planned = ask(&json!({"ask": "plan", "document": draft.value(), "vary": null, "goal": goal("5 s", "")}));
        let fields = planned["fields"].as_array().expect("a list");
        assert!(fields.len() > 20, "{id}: {}", fields.len());
        for field in fields {
            let (path, values) = (&field["path"], field["values"].as_str().expect("a text"));
            assert!(field["label"].as_str().is_some_and(|label| !label.is_empty()), "{path}");
            // Where a mechanism is off there is no value to begin with.
            if values.is_empty() {
                continue;
            }
            let range = Ranges::read([format!("{}={values}", path.as_str().expect("a path")).as_str()]);
            let plan = streamgauge::sizing::Plan::new(&draft, range.expect("it can be read"));
            assert!(plan.is_ok(), "{path}={values}: {:?}", plan.err());
        }
    }
    // Designs side by side: what is sized is said.
    let notes = ask(&json!({
        "ask": "plan", "document": small("three-designs", &[]).value(), "vary": null, "goal": goal("5 s", "")
    }));
    assert!(notes["notes"][0].as_str().is_some_and(|note| note.contains("the first is sized")), "{}", notes["notes"]);
}
