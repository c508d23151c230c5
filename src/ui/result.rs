//! The right column: how to read the picture at first, then ledger, bill and findings at the cursor.

use super::later::Later;
use super::stage::Places;
use streamgauge::app::words::{clock, int, percents};
use streamgauge::app::{Action, Model, picture};
use streamgauge::scenario::{RetryPolicy, presets};
use yew::{AttrValue, Callback, Html, classes, html};

/// The column.
pub fn view(model: &Model, later: Later, places: &Places, act: &Callback<Action>) -> Html {
    html! {
        <aside class="side r" aria-label="Result">
            if model.is_first_visit() {
                { welcome(model, act) }
            } else {
                { ledger(model, places) }
                if model.computes() { { later.show(|drawing| (drawing.results)(model)) } }
                { later.show(|drawing| (drawing.bill)(model)) }
                if model.films() { { later.show(|drawing| (drawing.video)(model)) } }
                if model.delivers() { { later.show(|drawing| (drawing.deliveries)(model)) } }
                { later.show(|drawing| (drawing.findings)(model, act)) }
            }
        </aside>
    }
}

fn welcome(model: &Model, act: &Callback<Action>) -> Html {
    let key = |(drawing, bold, rest): (String, &'static str, &'static str)| {
        html! {
            <li>{ Html::from_html_unchecked(AttrValue::from(drawing)) }<span><b>{ bold }</b>{ " " }{ rest }</span></li>
        }
    };
    let others = presets::ALL.iter().filter(|preset| model.preset() != Some(preset.id)).take(4);
    let other = |preset: &presets::Preset| {
        let id = preset.id;
        let title = streamgauge::app::words::capital(preset.title.trim_start_matches("… "));
        html! {
            <button class="btn" title={preset.about} onclick={act.reform(move |_| Action::ChoosePreset(id.to_owned()))}>
                { title }
            </button>
        }
    };
    html! {
        <>
            <section>
                <h2>{ "How to read it" }</h2>
                <ul class="keys">{ for picture::legend().into_iter().map(key) }</ul>
            </section>
            if !model.scenario().about.is_empty() && !model.is_edited() {
                <section><h2>{ "This scenario" }</h2><p class="about">{ &model.scenario().about }</p></section>
            }
            <section><h2>{ "Then try" }</h2><p class="tries">{ for others.map(other) }</p></section>
        </>
    }
}

fn ledger(model: &Model, places: &Places) -> Html {
    let ledger = model.reading().ledger();
    let over = ledger.expired + ledger.discarded;
    let (waiting, flying) = (ledger.waiting, ledger.in_flight);
    let not_read = [ledger.skipped, ledger.filtered];
    let counts = [ledger.processed, waiting, flying, ledger.at_producer, ledger.lost(), over, not_read[0], not_read[1]];
    let shares = percents(counts);
    let holds = ledger.at_producer > 0 || model.shown().producer.retry != RetryPolicy::Ignore;
    let names = [
        "Processed",
        "Waiting in stream",
        "In the function",
        "At the producer",
        "Lost at producer",
        "Expired, discarded",
        "Before the start, not read",
        "Filtered out",
    ];
    let signs = ["done", "wait", "wait", "wait", "lost", "", "", ""];
    let row = |i: usize| {
        let sign = signs[i];
        html! {
            <tr class={classes!((counts[i] == 0).then_some("z"), sign.is_empty().then_some("in1"))}>
                <td>if !sign.is_empty() { <i class={classes!("k", sign)}></i> }{ names[i] }</td>
                <td class="n">{ int(counts[i] as f64) }</td><td class="p">{ &shares[i] }</td>
            </tr>
        }
    };
    let at = format!("records, at {}", clock(model.cursor().seconds_f64()));
    html! {
        <section>
            <h2>{ "Ledger " }<small>{ model.shown().with_title(model.consumer(), at) }</small></h2>
            <svg class="bar" ref={places.bars[0].clone()} aria-hidden="true"></svg>
            <table>
                <tbody>
                    { for (0..counts.len()).filter(|i| (*i != 3 || holds) && (*i < 6 || counts[*i] > 0)).map(row) }
                    <tr class="sum"><td>{ "Offered" }</td><td class="n">{ int(ledger.offered as f64) }</td>
                        <td class="p">{ "100\u{a0}%" }</td></tr>
                </tbody>
            </table>
        </section>
    }
}
