//! Delivery streams behind the stream: ledger, delays, bill and findings of each, below those of the stream.

use streamgauge::app::Model;
use streamgauge::app::delivery::Delivery;
use streamgauge::app::words::{dollars_cents, dollars_e4};
use streamgauge::cost::Bill;
use yew::{Html, html};

/// All of them.
pub fn content(model: &Model) -> Html {
    html! { <>{ for model.deliveries().iter().map(one) }</> }
}

fn one(delivery: &Delivery) -> Html {
    let Delivery { title, destination, rows, given, said, bill, findings } = delivery;
    html! {
        <section aria-label={title.clone()}>
            <h2>{ title }{ " " }<small>{ format!("into {destination}") }</small></h2>
            <table>
                <tbody>
                    { for rows.iter().map(|[name, count, share]| html! {
                        <tr><td>{ name }</td><td class="n">{ count }</td><td class="p">{ share }</td></tr>
                    }) }
                    <tr class="sum"><td>{ "Given by its reader" }</td><td class="n">{ given }</td><td class="p"></td></tr>
                </tbody>
            </table>
            { for said.iter().map(|sentence| html! { <p class="ok">{ sentence }</p> }) }
            { self::bill(bill) }
            { for findings.iter().map(|finding| html! {
                <p class="ok"><b>{ &finding.cause }</b>{ ". " }{ &finding.evidence }{ " " }{ &finding.remedy }</p>
            }) }
        </section>
    }
}

/// The lines of a bill with their sum.
pub fn bill(bill: &Bill) -> Html {
    html! {
        <table>
            <thead><tr><th>{ "Bill" }</th><th class="n">{ "this run" }</th><th class="n">{ "30 days" }</th></tr></thead>
            <tbody>
                { for bill.lines.iter().map(|line| html! {
                    <tr title={line.cause.clone()}><td>{ &line.name }</td><td class="n">{ dollars_e4(line.run_e4) }</td>
                        <td class="n">{ dollars_cents(line.month_cents) }</td></tr>
                }) }
                <tr class="sum"><td>{ "Total" }</td><td class="n">{ dollars_e4(bill.run_total_e4) }</td>
                    <td class="n">{ dollars_cents(bill.month_total_cents) }</td></tr>
            </tbody>
        </table>
    }
}
