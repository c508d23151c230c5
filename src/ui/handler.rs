//! The drawer of the handler view: a place in the page that a script fills, which is fetched when it is opened.

use super::later::Later;
use streamgauge::app::{Action, Model};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::{Closure, wasm_bindgen};
use web_sys::{Element, File};
use yew::{Callback, NodeRef};

#[wasm_bindgen(module = "/www/handler_view.js")]
extern "C" {
    type HandlerPlace;

    #[wasm_bindgen(constructor)]
    fn new(element: &Element, act: &JsValue) -> HandlerPlace;

    #[wasm_bindgen(method)]
    fn set(this: &HandlerPlace, state: &str, code: &str);

    #[wasm_bindgen(method)]
    fn destroy(this: &HandlerPlace);

    #[wasm_bindgen(js_name = takeHandler)]
    fn take_handler(file: &File, act: &JsValue) -> bool;
}

/// What hears a word and a text from the view.
type Heard = Closure<dyn Fn(String, String)>;

/// The view while it is open.
pub struct Drawer {
    act: Heard,
    open: Option<(Element, HandlerPlace)>,
    /// What it shows.
    shown: String,
}

impl Drawer {
    /// A drawer that is closed. `act` hears what people do in it, `limits` who wants to know what a handler can do.
    pub fn new(act: Callback<Action>, limits: Callback<()>) -> Self {
        let heard = Closure::new(move |what: String, text: String| match what.as_str() {
            "limits" => limits.emit(()),
            _ => act.emit(Action::Handler { what, text }),
        });
        Self { act: heard, open: None, shown: String::new() }
    }

    /// Shows what there is to show, or puts the view away. To be called when the page was rendered.
    pub fn show(&mut self, model: &Model, later: Later, place: &NodeRef) {
        let Some(element) = place.cast::<Element>().filter(|_| model.shows_handler()) else {
            if let Some((_, view)) = self.open.take() {
                view.destroy();
            }
            return;
        };
        if self.open.as_ref().is_none_or(|(before, _)| *before != element) {
            let view = HandlerPlace::new(&element, self.act.as_ref());
            self.open = Some((element, view));
            self.shown.clear();
        }
        let Some(drawing) = later.drawing() else { return };
        let (state, code) = ((drawing.handler)(model), model.handler_code());
        let both = format!("{state}{code}");
        if let Some((_, view)) = self.open.as_ref().filter(|_| both != self.shown) {
            self.shown = both;
            view.set(&state, &code);
        }
    }
}

/// Takes a file if it is a handler's, and says whether it is.
pub fn take(file: &File, report: &Callback<Action>) -> bool {
    let report = report.clone();
    let heard: Heard = Closure::new(move |what, text| report.emit(Action::Handler { what, text }));
    take_handler(file, &heard.into_js_value())
}
