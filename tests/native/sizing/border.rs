//! The search over a border of texts, as the page's workers see it: the same answers as the library's.

use super::{five, plan};
use serde_json::{Value, json};
use streamgauge::sizing::{Attempt, Desk, Effort, Goal, Search, reasons, tally};

/// The answer to a question, pumped in pieces.
fn ask(question: &Value) -> Value {
    let mut desk = Desk::open(&question.to_string()).expect("a question");
    while !desk.pump(20_000) {}
    desk.answer().clone()
}

#[test]
fn texts_lead_to_the_same_frontier() {
    let (_, draft, ranges, goal) = five()[1].clone();
    let document = draft.value();
    let planned = ask(&json!({"ask": "plan", "document": document, "vary": ranges, "goal": goal}));
    let floors = &planned["floors"];
    let mut trials: Vec<Value> = Vec::new();
    let last = loop {
        let step = ask(&json!({"ask": "step", "floors": floors, "goal": goal, "trials": trials}));
        if step["finished"] == true {
            break step;
        }
        for job in step["jobs"].as_array().expect("a list").iter().rev() {
            let edits = &planned["edits"][job["candidate"].as_u64().expect("a place") as usize];
            let run =
                json!({"ask": "run", "document": document, "edits": edits, "job": job, "offered": planned["offered"]});
            trials.push(ask(&run));
        }
    };
    let plan = plan(&draft, ranges);
    let mut search = Search::new(&plan, Goal::read([goal]).expect("sound"), Effort::Frontier { times: 2 });
    while let Some(job) = search.next_job() {
        search.accept(Attempt::run(&plan, &job));
    }
    let best = search.best().expect("some design is enough");
    assert_eq!(last["best"], json!(best.candidate));
    let frontier: Vec<usize> = search.frontier().into_iter().map(|trial| trial.candidate).collect();
    assert_eq!(last["frontier"], json!(frontier));
    assert_eq!(trials.len(), search.trials().count());
    let told = trials.iter().find(|trial| trial["candidate"] == json!(best.candidate)).expect("it was run");
    assert_eq!(told["digest"], json!(format!("{:016x}", best.digest)));
    let report = ask(&json!({"ask": "report", "document": document, "vary": ranges, "goal": goal, "trials": trials}));
    assert_eq!(report, json!({"tally": tally(&plan, &search), "reasons": reasons(&plan, &search)}));
}

#[test]
fn what_is_wrong_is_told_in_words() {
    let (_, draft, ..) = five()[0].clone();
    let of =
        |vary: Value, goal: &str| ask(&json!({"ask": "plan", "document": draft.value(), "vary": vary, "goal": goal}));
    assert!(
        of(json!(["stream.shard=1"]), "lag=5s")["problems"][0]
            .as_str()
            .is_some_and(|text| text.contains("\"shards\"?"))
    );
    assert!(of(Value::Null, "lag=5")["problems"][0].as_str().is_some_and(|text| text.starts_with("goal.lag: ")));
    assert!(
        of(Value::Null, "lag=5s")["vary"][0].as_str().is_some_and(|text| text == "stream.mode=provisioned,on_demand")
    );
    let mut coded = draft.clone();
    coded.set("consumers.0.code", "exports.handler = async () => {}".into());
    coded.set("consumers.0.handler", "javascript".into());
    let refused = ask(&json!({"ask": "plan", "document": coded.value(), "vary": null, "goal": "lag=5s"}));
    assert!(
        refused["problems"][0].as_str().is_some_and(|text| text.starts_with("consumers.0.handler: runs code")),
        "{refused}"
    );
    for text in ["", "{}", r#"{"ask": "step"}"#, r#"{"ask": "run", "edits": [[1, 2]]}"#, r#"{"ask": "report"}"#] {
        assert!(Desk::open(text).is_err(), "{text}");
    }
}
