//! Ranges, goals and plans: what they read, what they refuse, which designs there are.

use super::{plan, small};
use serde_json::{Value, json};
use streamgauge::scenario::{Draft, Problem, presets};
use streamgauge::sizing::{Goal, Plan, Range, Ranges};
use streamgauge::units::Span;

fn values(text: &str) -> Vec<Value> {
    Range::read(text).unwrap_or_else(|problem| panic!("{problem}")).values
}

fn refused(texts: &[&str]) -> Vec<Problem> {
    let draft = presets::draft("sudden-popularity").expect("a preset");
    let ranges = Ranges::read(texts.iter().copied());
    ranges.and_then(|ranges| Plan::new(&draft, ranges).map(|_| ())).expect_err("it is wrong")
}

#[test]
fn ranges_double_step_and_list() {
    let numbers = |list: &[u64]| list.iter().map(|number| json!(number)).collect::<Vec<_>>();
    assert_eq!(values("stream.shards=1..64"), numbers(&[1, 2, 4, 8, 16, 32, 64]));
    assert_eq!(values("stream.shards=10..1000"), numbers(&[10, 20, 40, 80, 160, 320, 640, 1_000]));
    assert_eq!(values("stream.shards=3..5+1"), numbers(&[3, 4, 5]));
    assert_eq!(values("stream.shards=0..10+4"), numbers(&[0, 4, 8]));
    assert_eq!(values("x = 128, 256,128, 7..7"), numbers(&[128, 256, 7]));
    assert_eq!(values("x=provisioned,null,1.5"), vec![json!("provisioned"), Value::Null, json!(1.5)]);
}

#[test]
fn every_problem_is_told_at_its_path() {
    let told = |texts: &[&str]| refused(texts).iter().map(ToString::to_string).collect::<Vec<_>>();
    let all =
        told(&["stream.shards=8..1", "stream.shards", "consumers.0.batch_size=0..10", "x=a..b", "y=1..9+0", "z="]);
    assert_eq!(all.len(), 6, "{all:?}");
    assert!(all[0].contains("stream.shards: 8..1 goes down; write 1..8"), "{all:?}");
    let all = told(&[
        "consumers.0.memory_mib=128",
        "consumers.1.batch_size=10",
        "consumers.0.batch_size=10,20000",
        "traffic.keys.count=1..8",
        "stream.mode=provisoned",
        "stream=1",
    ]);
    for (place, part) in [
        (0, "consumers.0.memory_mib: there is no field of this name; did you mean \"memory_mb\"?"),
        (1, "consumers.1.batch_size: there is no consumers.1; it has 1"),
        (2, "consumers.0.batch_size: 20000 is too many"),
        (3, "traffic.keys.count: \"traffic\" is the same for all designs"),
        (4, "did you mean \"provisioned\"?"),
        (5, "stream: "),
    ] {
        assert!(all[place].contains(part), "{part} in {}", all[place]);
    }
    assert_eq!(all.len(), 6);
    // A field that no design has, and more designs than anybody waits for.
    assert!(told(&["producer.retry.max_attempts=1..4"])[0].contains("no design has this field"));
    let many = told(&["stream.shards=1..900+1", "consumers.0.batch_size=1..900+1"]);
    assert!(many[0].contains("900 × 900 designs are more than 20,000"), "{many:?}");
    assert!(told(&["stream.shards=1,2", "stream.shards=3"])[0].contains("is varied twice"));
    // What is wrong with the document itself comes first.
    let wrong = Draft::parse(r#"{"traffic": {"curve": []}}"#).expect("JSON");
    assert!(Plan::new(&wrong, Ranges::default()).is_err());
}

#[test]
fn goals_are_read_and_said() {
    let goal = Goal::read(["lag=90s", "lost=5,wait=500ms,cost=12.50"]).expect("sound");
    let wait = Some(Span::from_millis(500));
    assert_eq!(goal, Goal { lost: 5, lag: Span::from_secs(90), wait, budget_cents: Some(1_250) });
    assert_eq!(Goal::read(["lag=2min"]).expect("sound").lag, Span::from_secs(120));
    let text = goal.text().replace('\u{a0}', " ");
    assert_eq!(
        text,
        "at most 5 lost, 99 % of all records done within 1 min 30 s, 99 % of all records stored within 500 ms, at most \
         $12.50 in 30 days"
    );
    let problems = Goal::read(["lag=soon,speed=9", "lost=-1,wait=5", "lag=9e9h"]).expect_err("all wrong");
    let paths: Vec<&str> = problems.iter().map(|problem| problem.path.as_str()).collect();
    assert_eq!(paths, ["goal.lag", "goal", "goal.lost", "goal.wait", "goal.lag"]);
}

#[test]
fn designs_that_are_the_same_stand_there_once() {
    let draft = small("sudden-popularity", &[]);
    // On demand there are no shards to choose: 3 designs with shards and one without.
    let plan = plan(&draft, &["stream.shards=2,4,8", "stream.mode=provisioned,on_demand"]);
    assert_eq!(plan.len(), 4);
    let on_demand = (0..4).find(|each| plan.values(*each)[1] == Some(&json!("on_demand"))).expect("one of them");
    assert_eq!(plan.values(on_demand)[0], None);
    assert_eq!(plan.draft(on_demand).get("stream.shards"), Some(&json!(4)), "a new on-demand stream has four");
    // Written into the document in this order, the edits give the design.
    for candidate in 0..plan.len() {
        let mut edited = draft.clone();
        for (path, value) in plan.edits(candidate) {
            edited.set(&path, value);
        }
        assert_eq!(edited, plan.draft(candidate));
    }
}

#[test]
fn a_policy_gives_way_to_on_demand_and_its_shards_are_not_varied_by_themselves() {
    let draft = small("naive-scaling", &[]);
    let scenario = draft.check().expect("sound");
    assert!(Ranges::proposed(&scenario).0.iter().all(|range| !range.path.starts_with("stream.")));
    let plan = plan(&draft, &["stream.mode=on_demand,provisioned"]);
    assert_eq!((plan.len(), plan.refused().0), (2, 0));
}

#[test]
fn designs_that_contradict_themselves_are_counted_and_left_out() {
    let draft = small("naive-scaling", &[]);
    let of = |path: &str, word: &str| format!("stream.autoscaler.{path}={word}");
    let ranges = [of("min_shards", "1,50"), of("max_shards", "20,100")];
    let plan = plan(&draft, &ranges.each_ref().map(String::as_str));
    let (refused, why) = plan.refused();
    assert_eq!((plan.len(), refused), (3, 1));
    assert!(why.is_some_and(|why| why.message.contains("fewer than the fewest")), "{why:?}");
}

#[test]
fn what_is_proposed_fits_every_preset() {
    for preset in presets::ALL {
        let draft = preset.draft();
        let scenario = draft.check().expect("presets are sound");
        let ranges = Ranges::proposed(&scenario);
        assert!(!ranges.0.is_empty(), "{}", preset.id);
        let designs: usize = ranges.0.iter().map(|range| range.values.len()).product();
        assert!((2..=1_500).contains(&designs), "{}: {designs}", preset.id);
        // What the scenario has itself is one of the designs.
        for range in &ranges.0 {
            let now = draft.get_or_default(&range.path).expect("a field");
            assert!(range.values.contains(&now), "{}: {} is not among {range:?}", preset.id, now);
        }
    }
}
