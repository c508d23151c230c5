//! What is done on purpose during the run to one part of the scenario, as a list with fields.

use super::scenario::knob;
use streamgauge::app::Action;
use streamgauge::app::form::{Change, Changes};
use yew::{Callback, Html, html};

/// The list, and what can be added to it.
pub fn changes(of: &Changes, act: &Callback<Action>) -> Html {
    let offer = |(kind, words): &(&'static str, &'static str)| {
        let (list, kind) = (of.list.clone(), *kind);
        html! {
            <button class="btn" onclick={act.reform(move |_| Action::AddChange(list.clone(), kind))}>{ *words }</button>
        }
    };
    html! {
        <>
            { for of.planned.iter().map(|one| change(one, act)) }
            if !of.offered.is_empty() {
                <details class="more">
                    <summary>{ "Add a change at the instant in view" }</summary>
                    <div class="tools">{ for of.offered.iter().map(offer) }</div>
                </details>
            }
        </>
    }
}

fn change(one: &Change, act: &Callback<Action>) -> Html {
    html! {
        <>
            { line(&one.words, one.path.clone(), act) }
            { for one.knobs.iter().map(|one| knob(one, act)) }
        </>
    }
}

/// A change in words, with the button that takes it back.
pub fn line(words: &str, path: String, act: &Callback<Action>) -> Html {
    let (at, what) = words.split_once(' ').unwrap_or_default();
    html! {
        <p class="change">
            <b>{ at }</b><span>{ what }</span>
            <button class="btn icon" aria-label={format!("Take back: {what}")}
                onclick={act.reform(move |_| Action::RemoveOperation(path.clone()))}>{ "×" }</button>
        </p>
    }
}
