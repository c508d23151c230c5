//! Video streams beside the records: fragments, bytes and readers against the limits, delays, and the bill.

use super::delivery;
use streamgauge::app::Model;
use yew::{Html, classes, html};

/// The section in the right column.
pub fn content(model: &Model) -> Html {
    let Some(of) = model.video() else { return Html::default() };
    html! {
        <section class="video" aria-label="Video streams">
            <h2>{ "Video streams " }<small>{ &of.cameras }</small></h2>
            <table>
                <tbody>
                    { for of.rows.iter().map(|([name, quantity, share], lost)| html! {
                        <tr class={classes!((!lost).then_some("in1"))}>
                            <td>if *lost { <i class="k lost"></i> }{ name }</td>
                            <td class="n">{ quantity }</td><td class="p">{ share }</td></tr>
                    }) }
                </tbody>
            </table>
            <table>
                <thead><tr><th>{ "One stream against its limits" }</th><th class="n">{ "now" }</th></tr></thead>
                <tbody>
                    { for of.limits.iter().map(|([name, quantity], over)| html! {
                        <tr class={classes!((!over).then_some("in1"))}>
                            <td>if *over { <i class="k lost"></i> }{ name }</td><td class="n">{ quantity }</td></tr>
                    }) }
                </tbody>
            </table>
            { for of.said.iter().map(|sentence| html! { <p class="ok">{ sentence }</p> }) }
            { delivery::bill(&of.bill) }
        </section>
    }
}
