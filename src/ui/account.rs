//! The account of a run up to the cursor that is drawn after its first frame: the bill, and the findings.

use streamgauge::app::words::{dollars_cents, dollars_e4, dollars_exact};
use streamgauge::app::{Action, Model};
use streamgauge::cost::{self, BillLine};
use streamgauge::metrics::{Finding, Tone};
use yew::{Callback, Html, classes, html};

/// What the run has cost so far, and what a month of it does.
pub fn bill(model: &Model) -> Html {
    let bill = cost::bill(model.shown(), model.timeline(), model.frames());
    let line = |line: &BillLine| {
        html! {
            <>
                <tr title={format!("{} a {}, {}", dollars_exact(line.unit_price), line.unit, line.dated)}>
                    <td>{ &line.name }</td>
                    <td class="n">{ dollars_e4(line.run_e4) }</td><td class="n">{ dollars_cents(line.month_cents) }</td>
                </tr>
                <tr class="why"><td colspan="3"><small>{ &line.cause }</small></td></tr>
            </>
        }
    };
    html! {
        <section>
            <h2>{ "Bill " }<small>{ &bill.price_book }</small></h2>
            <table>
                <thead><tr><th>{ "Line, cause" }</th><th class="n">{ "this run" }</th><th class="n">{ "30 days" }</th></tr></thead>
                <tbody>
                    { for bill.lines.iter().map(line) }
                    <tr class="sum"><td>{ "Total" }</td><td class="n">{ dollars_e4(bill.run_total_e4) }</td>
                        <td class="n">{ dollars_cents(bill.month_total_cents) }</td></tr>
                </tbody>
            </table>
            if !bill.extrapolation.is_empty() { <p class="ok">{ &bill.extrapolation }</p> }
            if !bill.compared.is_empty() { <p class="ok">{ "The same arrivals: " }{ bill.compared_text() }{ "." }</p> }
        </section>
    }
}

/// What explains the run, with remedies to try.
pub fn findings(model: &Model, act: &Callback<Action>) -> Html {
    let findings = model.findings();
    let one = |(index, finding): (usize, &Finding)| {
        let tone = match finding.tone {
            Tone::Lost => "lost",
            Tone::Late => "wait",
            Tone::Cost => "cost",
            Tone::Good => "done",
        };
        html! {
            <div class={classes!("fi", tone)}>
                <h3>{ &finding.cause }</h3>
                <p>{ &finding.evidence }{ " " }{ &finding.remedy }</p>
                if let Some(remedy) = &finding.remedy_try {
                    <button class="btn" onclick={act.reform(move |_| Action::TryFinding(index))}>{ &remedy.label }</button>
                }
            </div>
        }
    };
    html! {
        <section>
            <h2>{ "Findings" }</h2>
            { for findings.iter().enumerate().map(one) }
            if findings.is_empty() { <p class="hint">{ "None so far." }</p> }
        </section>
    }
}
