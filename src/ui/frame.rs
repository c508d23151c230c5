//! The one owner of the animation frame: everything that is drawn outside the virtual DOM is drawn from here.

use std::cell::Cell;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;

/// Calls back at the next animation frame, as often as it is asked.
pub struct AnimationFrame {
    asked: Rc<Cell<bool>>,
    closure: Closure<dyn FnMut(f64)>,
}

impl AnimationFrame {
    /// `on_frame` gets the time of the frame in milliseconds.
    pub fn new(on_frame: impl Fn(f64) + 'static) -> Self {
        let asked = Rc::new(Cell::new(false));
        let inner = Rc::clone(&asked);
        let closure = Closure::new(move |now| {
            inner.set(false);
            on_frame(now);
        });
        Self { asked, closure }
    }

    /// Asks for one call; asking twice before it comes is asking once.
    pub fn ask(&self) {
        if self.asked.replace(true) {
            return;
        }
        if let Some(window) = web_sys::window() {
            // It fails only in a document that is going away.
            let _ = window.request_animation_frame(self.closure.as_ref().unchecked_ref());
        }
    }
}
