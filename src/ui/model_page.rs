//! How everything is modelled, in a dialogue of its own: rule, constants, sources, departures.

use super::later::Later;
use streamgauge::app::Model;
use streamgauge::app::handbook::Section;
use yew::{Callback, Event, Html, MouseEvent, NodeRef, html};

/// The dialogue; its text is made only while it is open.
pub fn view(
    model: &Model,
    later: Later,
    dialog: &NodeRef,
    open: bool,
    limits: &Callback<MouseEvent>,
    close: &Callback<MouseEvent>,
    closed: &Callback<Event>,
) -> Html {
    html! {
        <dialog ref={dialog.clone()} class="numbers rules" aria-label="How it is modelled" onclose={closed.clone()}>
            <div class="numbers-head">
                <strong>{ "How it is modelled" }</strong>
                <button class="btn" onclick={limits.clone()}>{ "What a handler can do" }</button>
                <button class="btn" onclick={close.clone()}>{ "Close" }</button>
            </div>
            <div class="numbers-body" tabindex="0">
                if open { { later.show(|drawing| (drawing.rules)(model)) } }
            </div>
        </dialog>
    }
}

/// What a handler can and cannot do, in a dialogue of its own.
pub fn limits_view(
    model: &Model,
    later: Later,
    dialog: &NodeRef,
    open: bool,
    close: &Callback<MouseEvent>,
    closed: &Callback<Event>,
) -> Html {
    html! {
        <dialog ref={dialog.clone()} class="numbers rules" aria-label="What a handler can and cannot do" onclose={closed.clone()}>
            <div class="numbers-head">
                <strong>{ "What a handler can and cannot do" }</strong>
                <button class="btn" onclick={close.clone()}>{ "Close" }</button>
            </div>
            <div class="numbers-body" tabindex="0">
                if open { { later.show(|drawing| (drawing.limits)(model)) } }
            </div>
        </dialog>
    }
}

/// Every mechanism, once its text is here.
pub fn rules(model: &Model) -> Html {
    let waits = if model.awaits_handbook() { "Loading…" } else { "The rules could not be loaded. Open this again." };
    let waits = || html! { <p class="hint">{ waits }</p> };
    model.handbook().map_or_else(waits, |handbook| handbook.sections().map(section).collect())
}

/// What a handler can and cannot do, once its text is here.
pub fn limits(model: &Model) -> Html {
    let section = |(title, points): (&str, Vec<&str>)| {
        html! {
            <section><h2>{ title.to_owned() }</h2><ul>{ for points.iter().map(|point| html! { <li>{ (*point).to_owned() }</li> }) }</ul></section>
        }
    };
    let waits = || html! { <p class="hint">{ "Loading…" }</p> };
    model.handbook().map_or_else(waits, |handbook| handbook.handlers().map(section).collect())
}

fn section(section: Section<'_>) -> Html {
    let cell = |text: &str| text.to_owned();
    html! {
        <section>
            <h2>{ cell(section.title) }if section.estimated { <small>{ "estimated in part" }</small> }</h2>
            <p>{ cell(section.rule) }</p>
            if !section.departure.is_empty() { <p class="hint">{ cell(section.departure) }</p> }
            <table><tbody>
                { for section.rows.iter().map(|[about, value, source]| html! {
                    <tr><td>{ cell(about) }</td><td class="n">{ cell(value) }</td><td>{ cell(source) }</td></tr>
                }) }
            </tbody></table>
        </section>
    }
}
