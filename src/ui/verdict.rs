//! The verdict, the only large type of the page, and what stands in its place when something is wrong.

use streamgauge::app::verdict::{Piece, Tone};
use streamgauge::app::{Action, Model};
use yew::{Callback, Html, html};

/// The sentence and the line below it.
pub fn view(model: &Model, act: &Callback<Action>) -> Html {
    let Some(message) = model.message() else {
        let verdict = model.verdict();
        return html! {
            <div class="verdict">
                { super::link::notice(model, act) }
                <h1>{ for verdict.head.iter().map(piece) }</h1>
                <p>{ for verdict.sub.iter().map(piece) }</p>
            </div>
        };
    };
    let dismiss = act.reform(|_| Action::DismissMessage);
    html! {
        <div class="verdict told" role="alert">
            { super::link::notice(model, act) }
            <h1>{ &message.head }</h1>
            <p>{ &message.sub }</p>
            if !message.points.is_empty() {
                <ul>{ for message.points.iter().map(|point| html! { <li>{ point }</li> }) }</ul>
            }
            <button class="btn" onclick={dismiss}>{ "Understood" }</button>
        </div>
    }
}

fn piece(piece: &Piece) -> Html {
    let class = match piece.tone {
        Tone::Plain => return html! { <>{ &piece.text }</> },
        Tone::Strong => "",
        Tone::Flow => "flow",
        Tone::Lost => "lost",
        Tone::Done => "done",
        Tone::Wait => "wait",
    };
    html! { <b class={class}>{ &piece.text }</b> }
}
