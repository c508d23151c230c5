//! The dialogue of the link: the link to copy, how long it is and what it carries, and its QR code.

use super::later::Later;
use std::rc::Rc;
use streamgauge::app::share::Share;
use streamgauge::app::{Action, LinkAction, Model};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::spawn_local;
use web_sys::{FocusEvent, HtmlInputElement};
use yew::{AttrValue, Callback, Event, Html, NodeRef, TargetCast, html};

#[wasm_bindgen(module = "/www/ask.js")]
extern "C" {
    #[wasm_bindgen(catch)]
    async fn ask(what: &str, text: &str) -> Result<JsValue, JsValue>;
}

/// Asks what is fetched for links or sizes only, and reports its answer: a text, or none where it could not be had.
pub fn question(what: &'static str, text: String, report: &Callback<Action>, answer: fn(Option<String>) -> Action) {
    let report = report.clone();
    spawn_local(async move {
        let text = ask(what, &text).await.ok().and_then(|text| text.as_string());
        report.emit(answer(text));
    });
}

/// The dialogue.
pub fn view(model: &Model, later: Later, dialog: &NodeRef, act: &Callback<Action>) -> Html {
    let close = act.reform(|_| Action::Link(LinkAction::Close));
    let closed = act.reform(|_: Event| Action::Link(LinkAction::Close));
    html! {
        <dialog ref={dialog.clone()} class="numbers link" aria-label="Share this scenario" onclose={closed}>
            <div class="numbers-head">
                <strong>{ "Share this scenario" }</strong>
                <button class="btn" onclick={close}>{ "Close" }</button>
            </div>
            if let Some(share) = model.share() { { later.show(|drawing| (drawing.link)(share, act)) } }
        </dialog>
    }
}

/// The link, what it carries, and its QR code.
pub fn content(share: &Share, act: &Callback<Action>) -> Html {
    let on_copy = act.reform(|_| Action::Link(LinkAction::Copy));
    let on_save = act.reform(|_| Action::SaveScenario);
    let select = Callback::from(|event: FocusEvent| event.target_unchecked_into::<HtmlInputElement>().select());
    let copied = match share.copied {
        None => "",
        Some(true) => "Copied.",
        Some(false) => "This browser does not let the page copy: select the link in its field and copy it.",
    };
    html! {
        <div class="numbers-body">
            if !share.link.is_empty() {
                <div class="copy">
                    <input class="in" readonly=true aria-label="Link" value={share.link.clone()} onfocus={select} />
                    <button class="btn run" onclick={on_copy}>{ "Copy" }</button>
                    <span role="status">{ copied }</span>
                </div>
            }
            { for share.lines.iter().map(|line| html! { <p>{ line }</p> }) }
            if share.lines.is_empty() { <p class="hint">{ "Making the link…" }</p> }
            if share.long { <button class="btn" onclick={on_save}>{ "Save as a file" }</button> }
            if share.qr.1 > 0 { { code(&share.qr) } }
        </div>
    }
}

/// The code, dark on light in every theme, because readers expect it so.
fn code((path, side): &(String, u64)) -> Html {
    let svg = format!(
        "<svg class=\"qr\" role=\"img\" aria-label=\"QR code of the link\" viewBox=\"0 0 {side} {side}\" \
         shape-rendering=\"crispEdges\"><path class=\"paper\" d=\"M0 0h{side}v{side}H0z\"/><path d=\"{path}\"/></svg>"
    );
    Html::from_html_unchecked(AttrValue::Rc(Rc::from(svg)))
}

/// The line above the verdict: where the scenario came from, and the way back to what gave way to it.
pub fn notice(model: &Model, act: &Callback<Action>) -> Html {
    let Some((text, button)) = model.notice() else { return Html::default() };
    let back = act.reform(|_| Action::Link(LinkAction::BackToMine));
    let dismiss = act.reform(|_| Action::Link(LinkAction::DismissNotice));
    html! {
        <div class="notice" role="status">
            <span>{ text }</span>
            if let Some(button) = button { <button class="btn" onclick={back}>{ button }</button> }
            <button class="btn quiet" aria-label="Put this line away" onclick={dismiss}>{ "×" }</button>
        </div>
    }
}
