//! How everything is modelled, in a dialogue behind a button: rule, constants, sources, departures.

use super::table;
use streamgauge::limits::Limit;
use streamgauge::rules::{self, Rule};
use yew::{Html, component, html, use_node_ref, use_state};

/// The button and its dialogue; the text is made only while it is open.
#[component]
pub fn ModelPage() -> Html {
    let dialog = use_node_ref();
    let open = use_state(|| false);
    let show = |wanted: bool| {
        let (dialog, open) = (dialog.clone(), open.clone());
        move || {
            table::show(&dialog, wanted);
            open.set(wanted);
        }
    };
    let (opened, closed, left) = (show(true), show(false), show(false));
    html! {
        <>
            <button class="btn quiet hide-phone hide-room" title="Rules, constants and sources of the simulation"
                onclick={move |_| opened()}>{ "Model" }</button>
            <dialog ref={dialog.clone()} class="numbers rules" aria-label="How it is modelled" onclose={move |_| left()}>
                <div class="numbers-head">
                    <strong>{ "How it is modelled" }</strong>
                    <button class="btn" onclick={move |_| closed()}>{ "Close" }</button>
                </div>
                <div class="numbers-body" tabindex="0">
                    if *open { { for rules::ALL.iter().map(section) } }
                </div>
            </dialog>
        </>
    }
}

fn section(rule: &Rule) -> Html {
    html! {
        <section>
            <h2>{ rule.title }if rule.is_estimated() { <small>{ "estimated in part" }</small> }</h2>
            <p>{ rule.rule }</p>
            if !rule.departure.is_empty() { <p class="hint">{ rule.departure }</p> }
            <table><tbody>
                { for rule.limits().map(constant) }
                { for rule.prices().iter().map(|price| html! {
                    <tr>
                        <td>{ price.name }</td>
                        <td class="n">{ format!("{} a {}", price.text(), price.unit) }</td>
                        <td>{ format!("{}, {}", price.source, price.dated) }</td>
                    </tr>
                }) }
            </tbody></table>
        </section>
    }
}

fn constant(limit: &Limit) -> Html {
    let mark = if limit.estimated { ", estimated" } else { "" };
    // The texts mark the names of calls for the documentation; here they stand for themselves.
    let about = limit.about.trim().replace('`', "");
    html! {
        <tr>
            <td>{ about }</td>
            <td class="n">{ limit.value_text() }</td>
            <td>{ format!("{}, {}{mark}", limit.source.text, limit.source.date) }</td>
        </tr>
    }
}
