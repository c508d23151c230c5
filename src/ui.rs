//! The page: Yew draws what the headless application decides, and hands back what people do.
//!
//! One struct component holds the model. What moves with the cursor is drawn outside the virtual DOM, by the one
//! owner of the animation frame; the columns are rendered again a few times a second.

mod account;
mod app;
mod changes;
mod charts;
mod compare;
mod delivery;
mod frame;
mod handler;
mod later;
mod link;
mod listen;
mod model_page;
mod pencil;
mod result;
mod results;
mod scenario;
mod select;
mod stage;
mod surroundings;
mod table;
mod top;
mod verdict;
mod video;

use wasm_bindgen::JsCast;

/// Puts the page into its place in the document.
pub fn mount() {
    let Some(document) = web_sys::window().and_then(|window| window.document()) else { return };
    let root: Option<web_sys::Element> =
        document.get_element_by_id("app").or_else(|| document.body().map(JsCast::unchecked_into));
    if let Some(root) = root {
        root.set_text_content(None);
        yew::Renderer::<app::App>::with_root(root).render();
    }
}
