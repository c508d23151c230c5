//! The box from outside: a worker in a sandboxed frame, a port to talk to it, and a watchdog that ends it.
//!
//! The frame has an origin of its own that can reach nothing: no network, no storage, no page. The engine's bytes
//! are handed in, frames come out on credit, and a box that does not answer is replaced by a new one.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use gloo_timers::callback::{Interval, Timeout};
use js_sys::{Array, ArrayBuffer, Object, Reflect};
use wasm_bindgen::prelude::{Closure, JsValue};
use wasm_bindgen::{JsCast, UnwrapThrowExt};
use wasm_bindgen_futures::spawn_local;
use web_sys::{
    Document, HtmlElement, HtmlIFrameElement, MessageChannel, MessageEvent, MessagePort, VisibilityState, Window,
};

use super::message::{BoxEvent, Message, text};
use super::pulse::Pulse;
use super::tools::{Tools, code_object, fetch_bytes, object};
use crate::scenario::Code;

/// The worker is asked for a sign of life so often, in milliseconds.
const PING_MS: u32 = 1_000;

/// So many pings without an answer end a box.
const MISSES_MAX: u32 = 2;

/// A ping that comes later than this, in milliseconds, says that this page was asleep and nothing about the box.
const PING_LATE_MS: f64 = 1_500.0;

/// A box that is told to end its worker has so long to say that it did, in milliseconds; then its frame goes.
const KILL_MS: u32 = 250;

/// Seconds that a new box may take until its engine is ready; on a slow machine the engine compiles for a while.
const START_SECONDS_MAX: u32 = 20;

/// So many boxes in a row may fail to become ready before no other is tried.
const STARTS_MAX: u32 = 3;

type Listener = Closure<dyn FnMut(MessageEvent)>;

/// The engine's place in the page. Drop it and the engine is gone.
pub struct GlassBox {
    inner: Rc<Inner>,
    _watch: Interval,
}

struct Inner {
    me: Weak<Inner>,
    window: Window,
    document: Document,
    on_event: RefCell<Box<dyn FnMut(BoxEvent)>>,
    /// The engine's module, kept so that a new box starts without the network.
    engine: RefCell<Option<ArrayBuffer>>,
    tools: RefCell<Tools>,
    /// What waits until the box has the tools for it: kind and fields of a message.
    pending: RefCell<Option<(&'static str, Object)>>,
    live: RefCell<Option<Live>>,
    from_relay: RefCell<Option<Listener>>,
    from_worker: RefCell<Option<Listener>>,
    on_load: RefCell<Option<Closure<dyn FnMut()>>>,
    pulse: Pulse,
    /// The run that is open; reports of others are late and dropped.
    run: Cell<Option<u32>>,
    /// Blocks of frames that the worker may still send.
    credit: Cell<u32>,
    /// Credit that was granted to a box before it was replaced by one with tools.
    granted: Cell<u32>,
    /// Boxes in a row that did not become ready.
    starts_failed: Cell<u32>,
    /// Waits for the word of a box that was told to end its worker.
    kill: RefCell<Option<Timeout>>,
}

/// A box that exists.
struct Live {
    frame: HtmlIFrameElement,
    port: MessagePort,
    /// The worker's end, until it is handed over.
    inner_port: Option<MessagePort>,
    loaded: bool,
    ready: bool,
    /// Something was opened in it.
    used: bool,
    /// What it was given.
    tools: Tools,
}

impl GlassBox {
    /// Starts a box and reports everything it has to say to `on_event`, which may call the box.
    pub fn start(on_event: impl FnMut(BoxEvent) + 'static) -> Self {
        let window = web_sys::window().expect_throw("a page has a window");
        let document = window.document().expect_throw("a window has a document");
        let inner = Rc::new_cyclic(|me| Inner {
            me: Weak::clone(me),
            window,
            document,
            on_event: RefCell::new(Box::new(on_event)),
            engine: RefCell::new(None),
            tools: RefCell::default(),
            pending: RefCell::default(),
            live: RefCell::new(None),
            from_relay: RefCell::new(None),
            from_worker: RefCell::new(None),
            on_load: RefCell::new(None),
            pulse: Pulse::default(),
            run: Cell::new(None),
            credit: Cell::new(0),
            granted: Cell::new(0),
            starts_failed: Cell::new(0),
            kill: RefCell::new(None),
        });
        inner.listen();
        inner.fetch_engine();
        inner.new_box();
        let weak = Rc::downgrade(&inner);
        let watch = Interval::new(PING_MS, move || with(&weak, |inner| inner.watch()));
        Self { inner, _watch: watch }
    }

    /// Opens a run of a packed scenario and gives up the one before. Its frames come on credit, which starts at
    /// zero. `id` is any number that tells this run from the others; `code` is what its consumers run.
    pub fn open(&self, id: u32, scenario: &str, code: &[(u32, Code)]) {
        self.inner.run.set(Some(id));
        self.inner.credit.set(0);
        let list: Array = code.iter().map(|(consumer, code)| code_object(*consumer, code)).collect();
        let id = JsValue::from_f64(f64::from(id));
        let fields = [("id", id), ("scenario", JsValue::from_str(scenario)), ("code", list.into())];
        self.inner.post_with_tools("open", &fields, code);
    }

    /// Runs one event through a consumer's code, outside of any run: the given one as JSON, or the first batch that the
    /// packed scenario has for this consumer.
    pub fn try_out(&self, id: u32, scenario: &str, consumer: u32, code: &Code, event: Option<&str>) {
        let mut fields = vec![
            ("id", JsValue::from_f64(f64::from(id))),
            ("scenario", JsValue::from_str(scenario)),
            ("consumer", JsValue::from_f64(f64::from(consumer))),
            ("code", code_object(consumer, code).into()),
        ];
        fields.extend(event.map(|event| ("event", JsValue::from_str(event))));
        self.inner.post_with_tools("try", &fields, &[(consumer, code.clone())]);
    }

    /// Gives up the run.
    pub fn close(&self) {
        self.inner.run.set(None);
        self.inner.pending.replace(None);
        self.inner.post("close", &[]);
    }

    /// Lets the box send `n` more blocks of frames. Without credit the engine rests.
    pub fn credit(&self, n: u32) {
        self.inner.credit.set(self.inner.credit.get().saturating_add(n));
        // What waits for tools begins with all the credit that it was granted.
        if self.inner.pending.borrow().is_none() {
            self.inner.post("credit", &[("n", JsValue::from_f64(f64::from(n)))]);
        }
    }

    /// Ends the box and starts a new one, without a word about it. A box that has just been started stays.
    pub fn restart(&self) {
        self.inner.run.set(None);
        self.inner.pending.replace(None);
        if self.inner.engine.borrow().is_none() {
            self.inner.fetch_engine();
        }
        let used = self.inner.live.borrow().as_ref().is_none_or(|live| live.used);
        if used {
            self.inner.starts_failed.set(0);
            self.inner.remove();
            self.inner.new_box();
        }
    }
}

impl Drop for GlassBox {
    fn drop(&mut self) {
        if let Some(listener) = self.inner.from_relay.borrow_mut().take() {
            // Fails only for a listener that is not there.
            let _ = self.inner.window.remove_event_listener_with_callback("message", listener.as_ref().unchecked_ref());
        }
        self.inner.remove();
    }
}

impl Inner {
    /// Makes the three listeners, which serve every box in turn.
    fn listen(&self) {
        let weak = Weak::clone(&self.me);
        let from_relay: Listener =
            Closure::new(move |event: MessageEvent| with(&weak, |inner| inner.hear_relay(&event)));
        self.window
            .add_event_listener_with_callback("message", from_relay.as_ref().unchecked_ref())
            .expect_throw("a window takes listeners");
        self.from_relay.replace(Some(from_relay));

        let weak = Weak::clone(&self.me);
        let from_worker: Listener =
            Closure::new(move |event: MessageEvent| with(&weak, |inner| inner.hear_worker(&event)));
        self.from_worker.replace(Some(from_worker));

        let weak = Weak::clone(&self.me);
        let on_load: Closure<dyn FnMut()> = Closure::new(move || {
            with(&weak, |inner| {
                if let Some(live) = &mut *inner.live.borrow_mut() {
                    live.loaded = true;
                }
                inner.hand_over();
            });
        });
        self.on_load.replace(Some(on_load));
    }

    /// Fetches the engine's module once. The page's root element names it.
    fn fetch_engine(&self) {
        let weak = Weak::clone(&self.me);
        spawn_local(async move {
            let Some(inner) = weak.upgrade() else { return };
            match fetch_bytes(&inner.window, &inner.named("engine")).await {
                Ok(bytes) => {
                    inner.engine.replace(Some(bytes));
                    inner.hand_over();
                }
                Err(_) => {
                    let message = "The engine could not be loaded. Check the connection and reload the page.";
                    inner.tell(BoxEvent::Failed { id: 0, message: message.to_owned() });
                }
            }
        });
    }

    /// Posts a message at once, or as soon as the box has what the code in it needs.
    fn post_with_tools(&self, kind: &'static str, fields: &[(&str, JsValue)], code: &[(u32, Code)]) {
        self.pending.replace(None);
        if let Some(live) = &mut *self.live.borrow_mut() {
            live.used = true;
        }
        if self.live.borrow().as_ref().is_some_and(|live| live.tools.suffice(code)) {
            return self.post(kind, fields);
        }
        self.pending.replace(Some((kind, object(kind, fields))));
        let (weak, code) = (Weak::clone(&self.me), code.to_vec());
        spawn_local(async move {
            let Some(inner) = weak.upgrade() else { return };
            let named = |what: &str| inner.named(what);
            if Tools::fetch(&inner.tools, &inner.window, &code, named).await.is_err() {
                inner.pending.replace(None);
                let message = "What runs code could not be loaded. Check the connection and run again.";
                return inner.tell(BoxEvent::Failed { id: 1, message: message.to_owned() });
            }
            let Some((kind, message)) = inner.pending.take() else { return };
            inner.remove();
            inner.new_box();
            if let Some(live) = &mut *inner.live.borrow_mut() {
                live.used = true;
                // Before the worker listens, the port keeps what is posted.
                live.port.post_message(&message).expect_throw("plain values can be posted");
            }
            if kind == "open" {
                let credit = inner.granted.get();
                inner.credit.set(credit);
                inner.post("credit", &[("n", JsValue::from_f64(f64::from(credit)))]);
            }
        });
    }

    /// A name of a file of the site, as the page's root element gives it.
    fn named(&self, what: &str) -> String {
        let root = self.document.document_element();
        root.and_then(|root| root.get_attribute(&format!("data-{what}"))).unwrap_or_default()
    }

    /// Puts a new frame into the page, with a port to talk to what will run in it.
    fn new_box(&self) {
        let frame = self.document.create_element("iframe").expect_throw("a page can make a frame");
        let attributes = [
            // Scripts and nothing else; never `allow-same-origin`, which would let it out.
            ("sandbox", "allow-scripts"),
            ("allow", ""),
            ("referrerpolicy", "no-referrer"),
            ("aria-hidden", "true"),
            ("tabindex", "-1"),
            ("hidden", ""),
            ("title", "The box in which the engine runs"),
            ("src", &self.named("sandbox")),
        ];
        for (name, value) in attributes {
            frame.set_attribute(name, value).expect_throw("the names of attributes are well formed");
        }
        let frame: HtmlIFrameElement = frame.unchecked_into();
        if let Some(on_load) = &*self.on_load.borrow() {
            frame.set_onload(Some(on_load.as_ref().unchecked_ref()));
        }
        let channel = MessageChannel::new().expect_throw("a page can make a channel");
        let port = channel.port1();
        if let Some(from_worker) = &*self.from_worker.borrow() {
            port.set_onmessage(Some(from_worker.as_ref().unchecked_ref()));
        }
        let inner_port = Some(channel.port2());
        let tools = self.tools.borrow().clone();
        self.granted.set(self.credit.replace(0));
        self.pulse.reset();
        let live = Live { frame: frame.clone(), port, inner_port, loaded: false, ready: false, used: false, tools };
        self.live.replace(Some(live));
        // Beside the page's root and not in it, where drawing would wipe it away.
        let place: Option<HtmlElement> = self.document.document_element().and_then(|root| root.dyn_into().ok());
        place.expect_throw("a page has a root element").append_child(&frame).expect_throw("a page takes a frame");
    }

    /// Gives the engine and the port to the frame, as soon as both sides are there.
    fn hand_over(&self) {
        let mut live = self.live.borrow_mut();
        let Some(live) = live.as_mut().filter(|live| live.loaded) else { return };
        let engine = self.engine.borrow();
        let (Some(engine), Some(window)) = (&*engine, live.frame.content_window()) else { return };
        let Some(port) = live.inner_port.take() else { return };
        let tools = Object::new();
        for (name, module) in [("quickjs", &live.tools.quickjs), ("meter", &live.tools.meter)] {
            if let Some(module) = module {
                Reflect::set(&tools, &JsValue::from_str(name), module).expect_throw("a new object takes fields");
            }
        }
        let handlers = live.tools.handlers.as_deref().map_or(JsValue::UNDEFINED, JsValue::from_str);
        let message = object("start", &[("engine", engine.into()), ("tools", tools.into()), ("handlers", handlers)]);
        // The engine is copied, because the next box will want it as well. The frame's origin has no name, so
        // "*" is the only one to give; the frame is ours and holds nothing else.
        window
            .post_message_with_transfer(&message, "*", &Array::of1(&port))
            .expect_throw("a port can be handed to a frame");
    }

    fn post(&self, kind: &str, fields: &[(&str, JsValue)]) {
        if let Some(live) = &*self.live.borrow() {
            // Before the worker listens, the port keeps what is posted.
            live.port.post_message(&object(kind, fields)).expect_throw("plain values can be posted");
        }
    }

    fn tell(&self, event: BoxEvent) {
        (self.on_event.borrow_mut())(event);
    }

    fn hear_relay(&self, event: &MessageEvent) {
        let source = event.source();
        let ours = {
            let live = self.live.borrow();
            let window = live.as_ref().and_then(|live| live.frame.content_window());
            source.is_some_and(|source| window.is_some_and(|window| Object::is(source.as_ref(), window.as_ref())))
        };
        if !ours {
            return;
        }
        match text(&event.data(), "type").as_deref() {
            Some("killed") if self.kill.borrow_mut().take().is_some() => self.replace_box(),
            Some("broken") => self.stop("The engine's worker does not run in this browser."),
            _ => {}
        }
    }

    fn hear_worker(&self, event: &MessageEvent) {
        if self.kill.borrow().is_some() {
            return;
        }
        match Message::read(&event.data()) {
            Some(Message::Pong { n }) if n <= self.pulse.asked.get() => self.pulse.answered.set(n),
            Some(Message::Event(event)) => self.pass_on(event),
            Some(Message::Pong { .. }) | None => self.stop("The engine sent something that it never sends."),
        }
    }

    /// Passes an event on, unless it belongs to a run that was given up.
    fn pass_on(&self, event: BoxEvent) {
        let id = match &event {
            BoxEvent::Ready => {
                if let Some(live) = &mut *self.live.borrow_mut() {
                    live.ready = true;
                }
                self.starts_failed.set(0);
                self.pulse.reset();
                return self.tell(event);
            }
            BoxEvent::Opened { id }
            | BoxEvent::Refused { id, .. }
            | BoxEvent::Frames { id, .. }
            | BoxEvent::Done { id, .. }
            | BoxEvent::Failed { id, .. } => *id,
            BoxEvent::Tried { .. } => return self.tell(event),
            BoxEvent::Stopped { .. } => return,
        };
        if matches!(event, BoxEvent::Failed { id: 0, .. }) {
            // An engine that cannot start here will not start in another box either.
            self.remove();
            return self.tell(event);
        }
        if self.run.get() != Some(id) {
            return;
        }
        if matches!(event, BoxEvent::Frames { .. }) {
            match self.credit.get().checked_sub(1) {
                Some(left) => self.credit.set(left),
                None => return self.stop("The engine sent more than it was asked for."),
            }
        }
        self.tell(event);
    }

    /// Asks for a sign of life and counts the questions without an answer.
    fn watch(&self) {
        let now = self.window.performance().map_or(0.0, |performance| performance.now());
        let since_last = now - self.pulse.last_ms.replace(now);
        let asleep = since_last > PING_LATE_MS || self.document.visibility_state() == VisibilityState::Hidden;
        let ready = self.live.borrow().as_ref().is_some_and(|live| live.ready);
        if asleep || self.kill.borrow().is_some() || self.live.borrow().is_none() {
            self.pulse.forgive();
            return;
        }
        if !ready {
            let waited = self.pulse.seconds_waited.get() + 1;
            self.pulse.seconds_waited.set(waited);
            // Bytes that are still on their way are no fault of the box.
            if waited >= START_SECONDS_MAX && self.engine.borrow().is_some() {
                self.stop("The engine did not start.");
            }
            return;
        }
        if self.pulse.answered.get() < self.pulse.asked.get() {
            self.pulse.misses.set(self.pulse.misses.get() + 1);
            if self.pulse.misses.get() >= MISSES_MAX {
                return self.stop("The engine did not answer for two seconds and was ended.");
            }
        } else {
            self.pulse.misses.set(0);
        }
        let n = self.pulse.asked.get().wrapping_add(1);
        self.pulse.asked.set(n);
        self.post("ping", &[("n", JsValue::from_f64(f64::from(n)))]);
    }

    /// Ends the worker, by word first and by force soon after; a new box follows. The page hears why.
    fn stop(&self, reason: &str) {
        if self.kill.borrow().is_some() {
            return;
        }
        self.run.set(None);
        if !self.live.borrow().as_ref().is_some_and(|live| live.ready) {
            self.starts_failed.set(self.starts_failed.get() + 1);
        }
        let window = self.live.borrow().as_ref().and_then(|live| live.frame.content_window());
        if let Some(window) = window {
            // A frame that takes no messages any more goes by force.
            let _ = window.post_message(&object("kill", &[]), "*");
        }
        let weak = Weak::clone(&self.me);
        let timeout = Timeout::new(KILL_MS, move || {
            with(&weak, |inner| {
                let waiting = inner.kill.borrow_mut().take();
                if let Some(timeout) = waiting {
                    // It has just gone off: there is nothing to call back.
                    timeout.forget();
                    inner.replace_box();
                }
            });
        });
        self.kill.replace(Some(timeout));
        self.tell(BoxEvent::Stopped { reason: reason.to_owned() });
    }

    fn replace_box(&self) {
        self.remove();
        if self.starts_failed.get() < STARTS_MAX {
            self.new_box();
        } else {
            let message = "The engine does not start in this browser. A current browser may help.";
            self.tell(BoxEvent::Failed { id: 0, message: message.to_owned() });
        }
    }

    /// Takes the frame away, and with it the worker.
    fn remove(&self) {
        self.kill.replace(None);
        if let Some(live) = self.live.replace(None) {
            live.port.set_onmessage(None);
            live.port.close();
            live.frame.set_onload(None);
            live.frame.remove();
        }
    }
}

fn with(weak: &Weak<Inner>, act: impl FnOnce(&Inner)) {
    if let Some(inner) = weak.upgrade() {
        act(&inner);
    }
}
