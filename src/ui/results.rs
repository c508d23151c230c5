//! Results of queries: the window that was answered last, those before it, how late, at what price; and in a room the
//! first rows in large letters.

use streamgauge::app::Model;
use streamgauge::app::picture::{DELAYS, SPARK};
use streamgauge::app::results::{ResultsView, WindowView};
use yew::{AttrValue, Html, classes, html};

/// Rows that a room can read.
const ROOM_ROWS: usize = 5;

/// The results of each application of the stream that is shown.
pub fn content(model: &Model) -> Html {
    html! { <>{ for model.results().iter().map(one) }</> }
}

fn one(of: &ResultsView) -> Html {
    let (lag, late) = &of.lag;
    html! {
        <section class="results" aria-label={format!("Results of {}", of.title)}>
            <h2>{ "Results " }<small>{ &of.title }</small></h2>
            if !of.query.is_empty() { <code class="sql">{ &of.query }</code> }
            if !of.instead.is_empty() { <p class="hint" role="status">{ &of.instead }</p> }
            if let Some(window) = &of.window {
                { answered(window) }
                { rows(window) }
                <figure>
                    { drawing("delays", DELAYS, &of.delays.0) }
                    <figcaption>{ "How late results came: at most " }<b>{ &of.delays.1 }</b></figcaption>
                </figure>
                if !of.earlier.is_empty() { { earlier(&of.earlier) } }
            }
            <table class="price">
                <tbody>
                    <tr><td colspan="3">{ "Lag: " }<b class={classes!(late.then_some("late"))}>{ lag }</b></td></tr>
                    { for of.price.iter().map(|[name, quantity, run, month]| html! {
                        <tr><td>{ name }<small>{ quantity }</small></td><td class="n">{ run }</td>
                            <td class="n">{ month }<small>{ "30 days" }</small></td></tr>
                    }) }
                </tbody>
            </table>
            { for of.said.iter().map(|sentence| html! { <p class="ok">{ sentence }</p> }) }
        </section>
    }
}

/// Which window, when its result came, and how late that is.
fn answered(window: &WindowView) -> Html {
    html! {
        <p class="answered">
            { "Window " }<b>{ &window.span }</b>{ ", result at " }<b>{ &window.at }</b>{ ": " }
            <b class={classes!("after", window.late.then_some("late"))}>{ &window.after }</b>{ " after its end" }
        </p>
    }
}

fn rows(window: &WindowView) -> Html {
    let head = |(place, (head, unit)): (usize, &(String, &'static str))| {
        html! {
            <>
                <th class={classes!((place > 0).then_some("n"))} scope="col">{ head }
                    if !unit.is_empty() { <small>{ *unit }</small> }</th>
                if place == 0 { <th class="line" scope="col" aria-label="Over the run"></th> }
            </>
        }
    };
    html! {
        <table class="rows">
            <thead><tr>{ for window.heads.iter().enumerate().map(head) }</tr></thead>
            <tbody>
                { for window.rows.iter().map(|row| html! {
                    <tr><td>{ &row.name }</td><td class="line">{ drawing("spark", SPARK, &row.line) }</td>
                        { for row.values.iter().map(|value| html! { <td class="n">{ value }</td> }) }</tr>
                }) }
            </tbody>
            if !window.more.is_empty() { <tfoot><tr><td colspan="3">{ &window.more }</td></tr></tfoot> }
        </table>
    }
}

fn earlier(windows: &[[String; 4]]) -> Html {
    html! {
        <details class="more">
            <summary>{ "Earlier windows" }</summary>
            <div class="earlier" tabindex="0">
                <table>
                    <thead><tr><th scope="col">{ "until" }</th><th class="n" scope="col">{ "result at" }</th>
                        <th class="n" scope="col">{ "after" }</th><th class="n" scope="col">{ "first row" }</th></tr></thead>
                    <tbody>
                        { for windows.iter().map(|[until, at, after, first]| html! {
                            <tr><td>{ until }</td><td class="n">{ at }</td><td class="n">{ after }</td><td class="n">{ first }</td></tr>
                        }) }
                    </tbody>
                </table>
            </div>
        </details>
    }
}

/// What the last row of a room can read: the window, how late, its first rows.
pub fn in_room(model: &Model) -> Html {
    let Some(of) = model.results_in_view() else { return Html::default() };
    html! {
        <section class="room-results" aria-label={format!("Results of {}", of.title)}>
            if let Some(window) = &of.window {
                <div class="which"><strong>{ &of.title }</strong>{ answered(window) }</div>
                <div class="cells">
                    { for window.rows.iter().take(ROOM_ROWS).map(|row| html! {
                        <div><span>{ &row.name }</span><b>{ row.values.first() }</b>{ drawing("spark", SPARK, &row.line) }</div>
                    }) }
                </div>
                <div class="what">{ window.heads.get(1).map(|(head, unit)| format!("{head} {unit}")) }</div>
            } else {
                <div class="which"><strong>{ &of.title }</strong><p class="answered">{ &of.instead }</p></div>
            }
        </section>
    }
}

fn drawing(class: &'static str, (width, height): (f64, f64), markup: &str) -> Html {
    let svg = format!(
        "<svg class=\"{class}\" viewBox=\"0 0 {width} {height}\" preserveAspectRatio=\"none\" aria-hidden=\"true\">{markup}</svg>"
    );
    Html::from_html_unchecked(AttrValue::from(svg))
}
