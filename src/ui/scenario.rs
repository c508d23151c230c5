//! The scenario column: one flow from top to bottom, a knob a line.

use super::changes::{changes, line};
use super::select::Select;
use super::top::file_button;
use std::rc::Rc;
use streamgauge::app::Action;
use streamgauge::app::form::{Control, Group, Knob};
use streamgauge::app::hints::{Hint, HintTone};
use streamgauge::scenario::Owner;
use streamgauge::units::SimTime;
use wasm_bindgen::JsCast;
use web_sys::{Event, HtmlInputElement, PointerEvent};
use yew::{AttrValue, Callback, Html, NodeRef, Properties, TargetCast, classes, component, html};

/// What the column shows. It is rendered again only when this changes, so that nobody's typing is disturbed while
/// a run plays.
#[derive(Clone, PartialEq, Properties)]
pub struct Props {
    /// The parts of the architecture.
    pub groups: Rc<Vec<Group>>,
    /// Changes during the run.
    pub operations: Rc<Vec<(usize, SimTime, String)>>,
    /// How many summands the traffic has.
    pub parts: usize,
    /// Changes that can be added, by their kinds, with their words.
    pub offered: Vec<(&'static str, &'static str)>,
    /// Where the curve is drawn.
    pub curve: NodeRef,
    /// What people do.
    pub act: Callback<Action>,
    /// Pointers on the curve.
    pub on_curve: Callback<PointerEvent>,
}

/// The column.
#[component]
pub fn ScenarioColumn(props: &Props) -> Html {
    let act = &props.act;
    // What the fields say is fetched when a hand or the keyboard comes near them.
    html! {
        <aside class="side l" aria-label="Scenario" id="scenario"
            onpointerenter={act.reform(|_| Action::AskHandbook)} onfocusin={act.reform(|_| Action::AskHandbook)}>
            <div class="sheet-head" key="head">
                <strong>{ "Scenario" }</strong>
                <button class="btn" onclick={act.reform(|_| Action::FindSize)}>{ "Size" }</button>
                <button class="btn" onclick={act.reform(|_| Action::OpenSheet(false))}>{ "Done" }</button>
            </div>
            { for props.groups.iter().enumerate().map(|(place, group)| step(place, group, props)) }
            <div class="step changes" key="changes">
                <h2>{ "Changes during the run" }</h2>
                { for props.operations.iter().map(|(index, at, words)| line(&format!("{at} {words}"), format!("operations.{index}"), act)) }
                <details class="more">
                    <summary>{ "Add one at the instant in view" }</summary>
                    <div class="tools">
                        { for props.offered.iter().copied().map(|(kind, words)| html! {
                            <button class="btn" onclick={act.reform(move |_| Action::AddOperation(kind))}>{ words }</button>
                        }) }
                    </div>
                </details>
            </div>
        </aside>
    }
}

fn step(place: usize, group: &Group, props: &Props) -> Html {
    let act = &props.act;
    // What is folded out stays with its group when another one comes or goes: stores and prices stand last.
    let key = match group {
        Group { consumer: Some((index, _)), .. } => format!("consumer {index}"),
        Group { stream: Some(index), .. } => format!("stream {index}"),
        Group { delivery: Some(index), .. } => format!("delivery {index}"),
        _ if place < 4 => format!("first {place}"),
        _ => format!("last {}", props.groups.len() - place),
    };
    let removed = match (group.stream, group.delivery) {
        (Some(place), _) => Some(("Remove this stream", Action::RemoveStream(place))),
        (_, Some(place)) => Some(("Remove this delivery stream", Action::RemoveDelivery(place))),
        (None, None) => None,
    };
    html! {
        <div class="step" {key}>
            <h2>{ &group.title } <small>{ &group.small }</small></h2>
            if place == 0 {
                <svg class="curve" ref={props.curve.clone()} role="img" onpointerdown={props.on_curve.clone()}
                    onpointermove={props.on_curve.clone()} onpointerup={props.on_curve.clone()}
                    onpointercancel={props.on_curve.clone()}
                    aria-label="Traffic curve; its handles can be dragged, the fields below do the same"></svg>
            }
            { for group.knobs.iter().map(|one| knob(one, act)) }
            { for group.hints.iter().map(hint) }
            if let Some(of) = &group.changes { { changes(of, act) } }
            if !group.more.is_empty() {
                <details class="more">
                    <summary>{ &group.more_label }</summary>
                    { for group.more.iter().map(|one| knob(one, act)) }
                    if place == 0 { { parts(props) } }
                    if let Some((words, action)) = removed {
                        <div class="tools">
                            { for group.handler.map(|owner| write(owner, act)) }
                            <button class="btn" aria-label={format!("Remove {}", group.title)}
                                onclick={act.reform(move |_| action.clone())}>{ words }</button>
                        </div>
                    }
                    if let Some((index, several)) = group.consumer { { consumer(index, several, group.handler, &group.title, act) } }
                </details>
            }
        </div>
    }
}

/// Summands and tables: what belongs to the traffic and to no field.
fn parts(props: &Props) -> Html {
    let act = &props.act;
    let last = props.parts.saturating_sub(1);
    html! {
        <div class="tools">
            <button class="btn" title="The curve becomes the sum of its parts"
                onclick={act.reform(|_| Action::AddPart)}>{ "Add a part" }</button>
            if props.parts > 1 {
                <button class="btn" onclick={act.reform(move |_| Action::RemovePart(last))}>{ "Remove the last" }</button>
            }
            { file_button("From a CSV…", "A table with a time and a count column becomes the traffic. Dropping it on the page does the same.", "btn", act) }
        </div>
    }
}

/// Consumers beside this one.
fn consumer(index: usize, several: bool, handler: Option<Owner>, title: &str, act: &Callback<Action>) -> Html {
    html! {
        <div class="tools">
            <button class="btn" title="One more like the last, with a position of its own"
                onclick={act.reform(|_| Action::AddConsumer)}>{ "Add a consumer" }</button>
            <button class="btn" title="Another stream, with consumers of its own"
                onclick={act.reform(move |_| Action::AddStream(index))}>{ "Put into another stream" }</button>
            <button class="btn" title="Firehose takes what a poller reads, and delivers it into S3 or elsewhere"
                onclick={act.reform(|_| Action::AddDelivery)}>{ "Add a delivery stream" }</button>
            { for handler.map(|owner| write(owner, act)) }
            if several {
                <button class="btn" aria-label={format!("Remove {title}")}
                    onclick={act.reform(move |_| Action::RemoveConsumer(index))}>{ "Remove this one" }</button>
            }
        </div>
    }
}

/// Opens the handler view.
pub fn write(owner: Owner, act: &Callback<Action>) -> Html {
    html! {
        <button class="btn" title="JavaScript as Lambda takes it, or a compiled module"
            onclick={act.reform(move |_| Action::WriteHandler(owner))}>{ "Write the handler…" }</button>
    }
}

/// A knob: label, field, unit, and what is wrong with it.
pub fn knob(knob: &Knob, act: &Callback<Action>) -> Html {
    let problem_id = knob.problem.as_ref().map(|_| format!("{}-problem", knob.id));
    let invalid = knob.problem.as_ref().map(|_| "true");
    let title = knob.title.clone();
    let path = knob.path.clone();
    let control = match &knob.control {
        Control::Number { text, .. } | Control::Rows(text) => {
            let edit = act.reform(move |event: Event| {
                let text = event.target_unchecked_into::<HtmlInputElement>().value();
                Action::Edit { path: path.clone(), text }
            });
            let class = classes!("in", matches!(knob.control, Control::Rows(_)).then_some("wide"));
            let text = being_typed(&knob.id).unwrap_or_else(|| text.clone());
            let usual = match &knob.control {
                Control::Number { usual, .. } if !usual.is_empty() => Some(usual.clone()),
                _ => None,
            };
            let field = html! {
                <input {class} id={knob.id.clone()} inputmode="decimal" autocomplete="off" value={text} placeholder={usual}
                    title={title} aria-invalid={invalid} aria-describedby={problem_id.clone()} onchange={edit} />
            };
            let spin = matches!(knob.control, Control::Number { spin: true, .. });
            if spin { spin_around(field, knob, act) } else { field }
        }
        Control::Choice { options, chosen } => {
            let edit = act.reform(move |text| Action::Edit { path: path.clone(), text });
            let options: Vec<_> =
                options.iter().map(|(value, words)| (AttrValue::from(*value), AttrValue::from(*words))).collect();
            html! {
                <Select id={knob.id.clone()} class="in" {options} chosen={chosen.clone()} {title} problem={problem_id.clone()} choose={edit} />
            }
        }
        Control::Shown(text) => html! { <output class="shown" id={knob.id.clone()} title={title}>{ text }</output> },
    };
    html! {
        <>
            <div class={classes!("f", knob.problem.as_ref().map(|_| "wrong"))}>
                <label for={knob.id.clone()}>{ &knob.label }</label>
                { control }
                if matches!(knob.control, Control::Number { .. }) { <span class="u">{ &knob.unit }</span> }
            </div>
            if let Some(problem) = &knob.problem {
                <p class="hint wrong" id={problem_id}>{ problem }</p>
            }
        </>
    }
}

/// What stands in a field that somebody is typing into, so that drawing the column anew takes nothing away.
fn being_typed(id: &str) -> Option<String> {
    let focused = web_sys::window()?.document()?.active_element().filter(|element| element.id() == id)?;
    Some(focused.dyn_into::<HtmlInputElement>().ok()?.value())
}

/// Buttons for less and more around a field.
fn spin_around(field: Html, knob: &Knob, act: &Callback<Action>) -> Html {
    let button = |steps: i64, sign: &'static str, words: &'static str| {
        let path = knob.path.clone();
        let nudge = act.reform(move |_| Action::Nudge { path: path.clone(), steps });
        html! { <button type="button" aria-label={format!("{words} {}", knob.label.to_ascii_lowercase())} onclick={nudge}>{ sign }</button> }
    };
    html! { <span class="spin">{ button(-1, "−", "Fewer") }{ field }{ button(1, "+", "More") }</span> }
}

fn hint(hint: &Hint) -> Html {
    let tone = match hint.tone {
        HintTone::Plain => None,
        HintTone::Bad => Some("bad"),
        HintTone::Late => Some("late"),
    };
    html! { <p class={classes!("hint", tone)}>{ &hint.text }</p> }
}
