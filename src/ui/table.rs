//! The charts as a table, in a dialogue of its own.

use super::later::Later;
use streamgauge::app::Model;
use streamgauge::app::log::{HEADS as HEADS_OF_LOG, LogView};
use streamgauge::app::reading::frames_at;
use streamgauge::app::table::{HEADS, rows};
use web_sys::HtmlDialogElement;
use yew::{Callback, Html, MouseEvent, NodeRef, html};

/// Rows that are enough to follow a run and few enough to read.
const ROWS: usize = 60;

/// The dialogue; its rows are made only while it is open.
pub fn view(
    model: &Model,
    later: Later,
    dialog: &NodeRef,
    open: bool,
    close: &Callback<MouseEvent>,
    closed: &Callback<yew::Event>,
) -> Html {
    html! {
        <dialog ref={dialog.clone()} class="numbers" aria-label="The run as a table" onclose={closed.clone()}>
            <div class="numbers-head">
                <strong>{ "The run as a table" }</strong>
                <button class="btn" onclick={close.clone()}>{ "Close" }</button>
            </div>
            <div class="numbers-body" tabindex="0">
                if open { { later.show(|drawing| (drawing.table)(model)) } }
            </div>
        </dialog>
    }
}

/// Its rows.
pub fn content(model: &Model) -> Html {
    let frames = frames_at(&model.timeline(), model.frontier());
    let lines = rows(model.timeline(), frames, ROWS);
    html! {
        <>
            <table>
                <thead><tr>{ for HEADS.iter().map(|head| html! { <th class="n" scope="col">{ *head }</th> }) }</tr></thead>
                <tbody>
                    { for lines.iter().map(|line| html! {
                        <tr>{ for line.iter().map(|cell| html! { <td class="n">{ cell }</td> }) }</tr>
                    }) }
                </tbody>
            </table>
            if let Some(log) = model.log_view() { { positions(&log) } }
            if lines.is_empty() { <p class="hint">{ "Nothing has run yet." }</p> }
        </>
    }
}

/// Where the consumer that is shown stands on each shard at the cursor.
fn positions(log: &LogView) -> Html {
    html! {
        <>
            <h2>{ format!("Where it stands on each shard at {}", log.at) }</h2>
            <table>
                <thead><tr>{ for HEADS_OF_LOG.iter().map(|head| html! { <th scope="col">{ *head }</th> }) }</tr></thead>
                <tbody>
                    { for log.rows.iter().map(|row| html! {
                        <tr>{ for row.cells().into_iter().map(|cell| html! { <td>{ cell }</td> }) }</tr>
                    }) }
                </tbody>
            </table>
            if let Some(more) = log.more { <p class="hint">{ more.text() }</p> }
            if !log.workers.is_empty() { <p class="hint">{ &log.workers }</p> }
        </>
    }
}

/// Opens the dialogue over the page, or closes it.
pub fn show(dialog: &NodeRef, open: bool) {
    let Some(dialog) = dialog.cast::<HtmlDialogElement>() else { return };
    if open && !dialog.open() {
        // It fails only for a dialogue that is not in the page.
        let _ = dialog.show_modal();
    } else if !open && dialog.open() {
        dialog.close();
    }
}
