//! How everything is modelled, in a dialogue of its own: rule, constants, sources, departures.

use streamgauge::app::Model;
use streamgauge::app::handbook::Section;
use yew::{Callback, Event, Html, MouseEvent, NodeRef, html};

/// The dialogue; its text is made only while it is open.
pub fn view(
    model: &Model,
    dialog: &NodeRef,
    open: bool,
    close: &Callback<MouseEvent>,
    closed: &Callback<Event>,
) -> Html {
    let sections = model.handbook().filter(|_| open).map(|handbook| handbook.sections().map(section).collect::<Html>());
    let waits = if model.awaits_handbook() { "Loading…" } else { "The rules could not be loaded. Open this again." };
    html! {
        <dialog ref={dialog.clone()} class="numbers rules" aria-label="How it is modelled" onclose={closed.clone()}>
            <div class="numbers-head">
                <strong>{ "How it is modelled" }</strong>
                <button class="btn" onclick={close.clone()}>{ "Close" }</button>
            </div>
            <div class="numbers-body" tabindex="0">
                { sections.unwrap_or_else(|| html! { <p class="hint">{ waits }</p> }) }
            </div>
        </dialog>
    }
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
