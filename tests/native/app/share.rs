//! Links in the page without a browser: what is asked, what opens, and that somebody's own work never goes.

use super::fixture;
use serde_json::{Value, json};
use streamgauge::app::{Action, Effect, LinkAction, Model, Start};
use streamgauge::link;
use streamgauge::scenario::{Code, Draft, presets};

fn start() -> Start {
    Start { work_at: "Nov 26 2026 21:40".to_owned(), ..fixture::start("") }
}

fn act(model: &mut Model, action: LinkAction) -> Vec<Effect> {
    model.update(Action::Link(action))
}

fn edit(model: &mut Model, path: &str, text: &str) -> Vec<Effect> {
    model.update(Action::Edit { path: path.to_owned(), text: text.to_owned() })
}

fn shards(model: &Model) -> &Value {
    model.draft().get("stream.shards").expect("presets say how many")
}

fn preset(id: &str) -> Draft {
    presets::draft(id).expect("it exists")
}

/// Opens a link as the page's module reads it.
fn open(model: &mut Model, link: &str) -> Vec<Effect> {
    assert_eq!(act(model, LinkAction::Open(link.to_owned())), [Effect::ReadLink(link.to_owned())]);
    act(model, LinkAction::Opened(Some(link::opened(link).to_string())))
}

fn link_of(draft: &Draft) -> String {
    link::encode(draft).expect("it fits")
}

fn saved(effects: &[Effect]) -> Option<(Draft, Option<Draft>)> {
    let of = |text: &String| {
        let value: Value = serde_json::from_str(text).expect("JSON");
        Draft::from_value(value["document"].clone())
    };
    effects.iter().rev().find_map(|effect| match effect {
        Effect::SaveWork { work, earlier } => Some((of(work), (!earlier.is_empty()).then(|| of(earlier)))),
        _ => None,
    })
}

fn runs(effects: &[Effect]) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::OpenRun { .. } | Effect::StartClock))
}

#[test]
fn the_dialogue_shows_what_the_module_answers() {
    let mut model = Model::new(&start()).0;
    let effects = act(&mut model, LinkAction::Share);
    assert_eq!(effects, [Effect::MakeLink("#s=sudden-popularity".to_owned())], "a preset by its name");
    let answer = link::made("https://example.org/", "#s=sudden-popularity").to_string();
    act(&mut model, LinkAction::Made(Some(answer)));
    let share = model.share().expect("it is open");
    assert_eq!(share.link, "https://example.org/#s=sudden-popularity");
    assert_eq!(share.lines.len(), 2);
    assert!(!share.long && share.qr.1 > 20);
    assert_eq!(
        act(&mut model, LinkAction::Copy),
        [Effect::Copy("https://example.org/#s=sudden-popularity".to_owned())]
    );
    act(&mut model, LinkAction::Copied(true));
    assert_eq!(model.share().expect("it is open").copied, Some(true));
    act(&mut model, LinkAction::Close);
    assert_eq!(model.share(), None);
    // An answer that comes after that opens nothing.
    act(&mut model, LinkAction::Made(None));
    assert_eq!(model.share(), None);

    edit(&mut model, "stream.shards", "3");
    let effects = act(&mut model, LinkAction::Share);
    let [Effect::MakeLink(document)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(Draft::parse(document).as_ref(), Ok(model.draft()));
    act(&mut model, LinkAction::Made(None));
    assert!(model.share().expect("it is open").lines[0].contains("could not be made"));

    edit(&mut model, "stream.shards", "none");
    assert_eq!(act(&mut model, LinkAction::Share), []);
    assert!(model.share().expect("it is open").lines[1].starts_with("Shards"));
}

#[test]
fn a_link_opens_paused_and_says_what_it_carries() {
    let mut draft = preset("slow-consumer");
    let link = link_of(&draft);
    let start = Start { link: Some(link.clone()), at_seconds: Some(300.0), ..start() };
    let (mut model, effects) = Model::new(&start);
    assert!(effects.contains(&Effect::ReadLink(link.clone())) && !runs(&effects));
    assert!(!runs(&open(&mut model, &link)));
    assert_eq!((model.draft(), model.preset(), model.is_edited()), (&draft, None, false));
    assert!(model.is_from_link() && !model.has_foreign_code());
    assert_eq!(model.notice(), Some(("This scenario came by link.", None)));
    // What came by link and was not changed is nobody's own work.
    assert_eq!(act(&mut model, LinkAction::KeepWork), []);
    // The same link again changes nothing, a preset does.
    assert_eq!(open(&mut model, &link), []);
    model.update(Action::ChoosePreset("hot-key".to_owned()));
    assert!(!model.is_from_link());

    // An answer of the module about a document with code.
    draft.set("seed", 8.into());
    let answer = json!({ "document": draft.value(), "code": "0.9 KB of code in 1 consumer, fingerprint a-b-c-d" });
    act(&mut model, LinkAction::Opened(Some(answer.to_string())));
    assert!(model.has_foreign_code());
    let told = model.notice().expect("it is told").0.to_owned();
    assert!(told.contains("with 0.9 KB of code in 1 consumer, fingerprint a-b-c-d. The code runs when you"), "{told}");
    // Changing something else does not make the code one's own, nor does leaving the page.
    edit(&mut model, "stream.shards", "5");
    assert!(model.has_foreign_code());
    let effects = act(&mut model, LinkAction::KeepWork);
    let [Effect::SaveWork { work, .. }] = &effects[..] else { panic!("{effects:?}") };
    let again = Start { work: work.clone(), at_seconds: Some(300.0), link: None, ..start };
    let (model, effects) = Model::new(&again);
    assert!(model.has_foreign_code() && !runs(&effects));
    assert_eq!(model.notice(), Some(("Your scenario of Nov 26 2026 21:40 is back.", None)));
}

/// Code of a function that transforms is somebody else's as a consumer's is: it runs when a person says so.
#[test]
fn code_that_transforms_runs_when_somebody_says_so() {
    for path in ["deliver.0.firehose.transform", "designs.0.firehose.transform"] {
        let mut model = Model::new(&start()).0;
        let mut draft = model.draft().clone();
        draft.set("consumers.0", json!({ "kind": "poller", "fixed_ms": 0, "per_record_ms": 0 }));
        if path.starts_with("designs") {
            draft.set("designs.0.kind", "firehose".into());
        } else {
            draft.set("deliver.0.consumer", 0.into());
        }
        let code = "exports.handler = async (event) => event;";
        draft.set(path, json!({ "memory_mb": 512, "handler": "javascript", "code": code }));
        let answer = json!({ "document": draft.value(), "code": "0.1 KB of code in 1 transform, fingerprint a-b-c-d" });
        act(&mut model, LinkAction::Opened(Some(answer.to_string())));
        assert!(model.has_foreign_code() && model.problems().is_empty(), "{:?}", model.problems());
        assert!(!runs(&model.update(Action::Seek { seconds: 60.0 })), "{path}");
        assert!(runs(&model.update(Action::RunOrPause)), "{path}");
    }
}

#[test]
fn a_short_link_changes_a_preset() {
    let mut model = Model::new(&start()).0;
    open(&mut model, "#s=hot-key");
    assert_eq!(model.preset(), Some("hot-key"));
    open(&mut model, "#s=slow-consumer&stream.shards=5&nonsense=2");
    assert_eq!((shards(&model), model.preset()), (&json!(5), None));
    assert_eq!(model.message().expect("it is told").points, ["nonsense: a scenario has no such field."]);
    // What cannot be leaves the preset as it is.
    open(&mut model, "#s=hot-key&stream.shards=none");
    assert_eq!(model.preset(), Some("hot-key"));
    assert!(model.message().expect("it is told").points[0].starts_with("Shards"));
    // One that waits for its table keeps its changes until that is there; choosing another preset drops them.
    let effects = open(&mut model, "#s=world-cup-1998&stream.shards=9");
    assert!(effects.iter().any(|effect| matches!(effect, Effect::FetchTable { .. })));
    let text = include_str!("../../../www/data/worldcup98-1998-07-08.csv").to_owned();
    model.update(Action::Table { preset: "world-cup-1998".to_owned(), text: Some(text) });
    assert_eq!(shards(&model), &json!(9));
    open(&mut model, "#s=world-cup-1998&stream.shards=9");
    model.update(Action::ChoosePreset("hot-key".to_owned()));
    assert_eq!((shards(&model), model.preset()), (&json!(12), Some("hot-key")));
}

#[test]
fn a_link_that_opens_nothing_leaves_everything_as_it_was() {
    let mut model = Model::new(&start()).0;
    edit(&mut model, "stream.shards", "9");
    let before = model.draft().clone();
    let mut broken = preset("hot-key");
    broken.set("stream.shards", "none".into());
    for link in ["#k2.AA.AAAAAA".to_owned(), "#k1.AA".to_owned(), "#s=nothing".to_owned(), link_of(&broken)] {
        open(&mut model, &link);
        let message = model.message().expect("it is told");
        assert!(message.head.ends_with('.') && message.sub.ends_with('.'), "{message:?}");
        assert_eq!((model.draft(), model.is_edited()), (&before, true), "{link}");
    }
    for answer in [None, Some("no JSON".to_owned())] {
        act(&mut model, LinkAction::Opened(answer));
        assert_eq!(model.message().expect("it is told").head, "The link could not be read.");
    }
}

#[test]
fn own_work_is_saved_when_it_changes_and_comes_back() {
    let mut model = Model::new(&start()).0;
    assert!(edit(&mut model, "stream.shards", "9").contains(&Effect::SaveSoon));
    assert!(!edit(&mut model, "stream.shards", "10").contains(&Effect::SaveSoon), "once for all changes");
    let (mine, earlier) = saved(&act(&mut model, LinkAction::KeepWork)).expect("it is saved");
    assert_eq!((&mine, earlier), (model.draft(), None));
    assert_eq!(act(&mut model, LinkAction::KeepWork), [], "nothing has changed since");
    // What cannot run is saved when it can again.
    edit(&mut model, "stream.shards", "none");
    assert_eq!(act(&mut model, LinkAction::KeepWork), []);
    edit(&mut model, "stream.shards", "11");
    let (mine, _) = saved(&act(&mut model, LinkAction::KeepWork)).expect("it is saved");

    let work = json!({ "document": mine.value(), "foreign_code": false }).to_string();
    let model = Model::new(&Start { work: work.clone(), ..start() }).0;
    assert_eq!((model.draft(), model.is_edited(), model.preset()), (&mine, true, None));
    // Whoever asks for a preset gets it, and has a way back.
    let preset = Start { work, preset: "hot-key".to_owned(), ..start() };
    assert_eq!(Model::new(&preset).0.preset(), Some("hot-key"));
    // What is no scenario is left alone.
    for work in ["", "{", "{\"document\": {}}", "{\"document\": {\"stream\": 1}}"] {
        assert_eq!(Model::new(&Start { work: work.to_owned(), ..start() }).0.preset(), Some("sudden-popularity"));
    }
}

#[test]
fn a_link_never_takes_the_place_of_own_work() {
    let mut model = Model::new(&start()).0;
    edit(&mut model, "stream.shards", "9");
    let mine = model.draft().clone();
    // It is saved before the link is shown, even if that was not due yet.
    let effects = open(&mut model, &link_of(&preset("slow-consumer")));
    assert_eq!(saved(&effects), Some((mine.clone(), None)));
    assert_eq!(model.notice().expect("it is told").1, Some("Back to my scenario"));
    // What came is changed and becomes own work as well: both are kept.
    edit(&mut model, "stream.shards", "7");
    let changed = model.draft().clone();
    assert_eq!(saved(&act(&mut model, LinkAction::KeepWork)), Some((changed.clone(), Some(mine.clone()))));
    // There and back.
    let effects = act(&mut model, LinkAction::BackToMine);
    assert_eq!((model.draft(), saved(&effects)), (&mine, Some((mine.clone(), Some(changed.clone())))));
    assert!(!model.is_from_link() && model.is_edited());
    act(&mut model, LinkAction::BackToMine);
    assert_eq!(model.draft(), &changed);
    // A preset leaves it kept just so.
    model.update(Action::ChoosePreset("hot-key".to_owned()));
    assert_eq!(model.notice(), Some(("Your scenario is kept.", Some("Back to my scenario"))));
    act(&mut model, LinkAction::DismissNotice);
    assert_eq!(model.notice(), None);
    act(&mut model, LinkAction::BackToMine);
    assert_eq!(model.draft(), &changed);
    assert_eq!(act(&mut model, LinkAction::BackToMine), [], "there is nothing else");

    act(&mut model, LinkAction::WorkUnsaved);
    assert!(model.notice().expect("it is told").0.contains("Save it as a file"));
    act(&mut model, LinkAction::DismissNotice);
    act(&mut model, LinkAction::WorkUnsaved);
    assert_eq!(model.notice(), None, "it is told once");
}

/// Code that came by link waits for somebody to press Run: neither the slider nor a try runs it.
#[test]
fn foreign_code_runs_when_somebody_asks_for_it() {
    let opens = |effects: &[Effect]| {
        effects.iter().any(|effect| matches!(effect, Effect::OpenRun { .. } | Effect::TryCode { .. }))
    };
    let (mut model, _) = Model::new(&start());
    let code = "exports.handler = async () => {};";
    let mut draft = Draft::from_value(json!({
        "traffic": { "curve": [{ "kind": "constant", "per_s": 5 }] },
        "consumers": [{ "handler": "javascript", "code": code }],
    }));
    let answer = |draft: &Draft| json!({ "document": draft.value(), "code": "code" }).to_string();
    let open = |model: &mut Model, draft: &Draft| {
        model.update(Action::Link(LinkAction::Opened(Some(answer(draft)))));
    };
    open(&mut model, &draft);
    for action in [
        Action::Seek { seconds: 9.0 },
        Action::Step(1),
        Action::JumpToNextEvent,
        Action::TryEvent { consumer: 0, event: None },
    ] {
        assert!(!opens(&model.update(action.clone())), "{action:?}");
        assert!(model.message().expect("it is told").head.contains("code that came by a link"));
    }
    let effects = model.update(Action::RunOrPause);
    let given = effects.iter().find_map(|effect| match effect {
        Effect::OpenRun { code, .. } => Some(code.clone()),
        _ => None,
    });
    assert_eq!(given, Some(vec![(0, Code::JavaScript(code.into()))]));
    assert!(opens(&model.update(Action::TryEvent { consumer: 0, event: None })));
    // The next link asks again.
    draft.set("seed", 12.into());
    open(&mut model, &draft);
    assert!(!opens(&model.update(Action::Seek { seconds: 5.0 })));
}
