//! Listeners outside the component tree that go away with their owner.

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Event, EventTarget};

/// One listener; dropping it takes it off.
pub struct Listener {
    target: EventTarget,
    name: &'static str,
    closure: Closure<dyn FnMut(Event)>,
}

impl Listener {
    /// Listens on `target` for events called `name`.
    pub fn new(target: &EventTarget, name: &'static str, hear: impl FnMut(Event) + 'static) -> Self {
        let closure = Closure::new(hear);
        // The name is a constant, so adding cannot fail.
        let _ = target.add_event_listener_with_callback(name, closure.as_ref().unchecked_ref());
        Self { target: target.clone(), name, closure }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _ = self.target.remove_event_listener_with_callback(self.name, self.closure.as_ref().unchecked_ref());
    }
}
