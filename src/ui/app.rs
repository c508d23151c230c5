//! The one component with a state: it holds the model, carries out its effects, and draws what moves.

use super::frame::AnimationFrame;
use super::handler::Drawer;
use super::later::Later;
use super::listen::Listener;
use super::pencil::Pencil;
use super::scenario::ScenarioColumn;
use super::stage::{self, Places};
use super::surroundings::Surroundings;
use super::{compare, link, model_page, result, table, top};
use gloo_timers::callback::Timeout;
use serde_json::{Value, json};
use std::rc::Rc;
use streamgauge::app::form::{Group, operations_to_add};
use streamgauge::app::{Action, BoxEvent, Effect, LinkAction, Model, picture};
use streamgauge::scenario::Problem;
use streamgauge::units::SimTime;
use streamgauge::web::{self, GlassBox};
use wasm_bindgen::JsCast;
use web_sys::{DragEvent, Element, Event, HtmlElement, KeyboardEvent, PointerEvent};
use yew::{AttrValue, Callback, Component, Context, Html, MouseEvent, classes, html};

/// The columns are rendered again at most so often while a run plays, in milliseconds.
const COLUMNS_EVERY_MS: f64 = 125.0;

/// What was changed is saved so long after the first change, in milliseconds: storage is slow, and some browsers count.
const SAVE_AFTER_MS: u32 = 600;

/// What the component hears.
pub enum Msg {
    /// Somebody or something did something.
    Act(Action),
    /// The box reported.
    Box(web::BoxEvent),
    /// A frame of the screen begins at this time, in milliseconds.
    Frame(f64),
    /// A pointer did something to the curve.
    Curve(PointerEvent),
    /// The window has another size.
    Resized,
    /// The system went from light to dark or back.
    Rethemed,
    /// What is drawn later was fetched, or could not be.
    Later(Later),
    /// A dialogue was asked for, or closed.
    Show(Option<Dialog>),
}

/// What opens over the page.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Dialog {
    /// The run as a table.
    Table,
    /// How everything is modelled.
    Model,
    /// What a handler can and cannot do.
    Limits,
}

/// The page.
pub struct App {
    model: Model,
    glass: GlassBox,
    surroundings: Surroundings,
    places: Places,
    pencil: Pencil,
    frame: AnimationFrame,
    ticking: bool,
    last_frame_ms: Option<f64>,
    columns_at_ms: f64,
    columns_due: bool,
    /// The scenario column as it was made last, and the state that it was made for.
    form: Rc<Vec<Group>>,
    operations: Rc<Vec<(usize, SimTime, String)>>,
    form_state: Option<(u32, usize)>,
    /// The fields of the design that is being changed among several.
    design: compare::Form,
    dragged: Option<String>,
    dialog: Option<Dialog>,
    /// The handler view.
    drawer: Drawer,
    /// What is drawn only when somebody asks for it.
    later: Later,
    /// Where actions go that come later.
    report: Callback<Action>,
    _listeners: Vec<Listener>,
}

impl Component for App {
    type Message = Msg;
    type Properties = ();

    fn create(ctx: &Context<Self>) -> Self {
        let surroundings = Surroundings::new();
        let (model, effects) = Model::new(&surroundings.start());
        let link = ctx.link().clone();
        let glass = GlassBox::start(move |event| link.send_message(Msg::Box(event)));
        let link = ctx.link().clone();
        let frame = AnimationFrame::new(move |now| link.send_message(Msg::Frame(now)));
        let places = Places::default();
        let mut app = Self {
            model,
            glass,
            pencil: Pencil::new(places.clone(), &surroundings),
            _listeners: listeners(ctx, &surroundings),
            surroundings,
            places,
            frame,
            ticking: false,
            last_frame_ms: None,
            columns_at_ms: 0.0,
            columns_due: false,
            form: Rc::default(),
            operations: Rc::default(),
            form_state: None,
            design: Rc::default(),
            dragged: None,
            dialog: None,
            drawer: Drawer::new(
                ctx.link().callback(Msg::Act),
                ctx.link().callback(|()| Msg::Show(Some(Dialog::Limits))),
            ),
            later: Later::Unasked,
            report: ctx.link().callback(Msg::Act),
        };
        app.carry_out(effects);
        app.renew_form();
        app.fetch_later(ctx, true);
        app
    }

    fn update(&mut self, ctx: &Context<Self>, message: Msg) -> bool {
        match message {
            Msg::Act(action) => self.act(action),
            // The first frame of a run makes the account that is drawn later.
            Msg::Box(event) => {
                let due = self.hear(event);
                self.fetch_later(ctx, false);
                return due;
            }
            Msg::Frame(now) => {
                let due = self.draw(now);
                self.fetch_later(ctx, false);
                return due;
            }
            Msg::Curve(event) => {
                let Some(action) = self.drag(&event) else { return false };
                self.act(action);
            }
            Msg::Later(later) => {
                self.later = later;
                if let Some(drawing) = later.drawing() {
                    let effects = self.model.complete(drawing.parts);
                    self.carry_out(effects);
                } else {
                    self.model.go_without();
                }
                self.form_state = None;
                self.renew_form();
                self.pencil.measure_again();
                return true;
            }
            Msg::Resized => self.pencil.measure_again(),
            Msg::Rethemed => self.pencil.retheme(),
            Msg::Show(dialog) => {
                self.dialog = dialog;
                if matches!(dialog, Some(Dialog::Model | Dialog::Limits)) {
                    self.act(Action::AskHandbook);
                }
            }
        }
        self.fetch_later(ctx, true);
        true
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let act = ctx.link().callback(Msg::Act);
        let on_curve = ctx.link().callback(Msg::Curve);
        let open = |dialog| ctx.link().callback(move |_: MouseEvent| Msg::Show(Some(dialog)));
        let close = ctx.link().callback(|_: MouseEvent| Msg::Show(None));
        let closed = ctx.link().callback(|_: Event| Msg::Show(None));
        let dark = self.surroundings.is_dark(self.model.theme());
        let parts = self.model.draft().get("traffic.curve").and_then(Value::as_array).map_or(0, Vec::len);
        let offered = operations_to_add(Some(self.model.scenario()));
        html! {
            <>
                { Html::from_html_unchecked(AttrValue::from(picture::defs())) }
                { top::view(&self.model, dark, &act, &open(Dialog::Model)) }
                if self.model.compares() {
                    { self.later.compare(&self.model, &self.places, &self.design, &act) }
                } else {
                <main class={classes!("bench", self.model.sheet_is_open().then_some("sheet"), self.model.shows_handler().then_some("code"))}>
                    <ScenarioColumn groups={Rc::clone(&self.form)} operations={Rc::clone(&self.operations)} {parts} {offered}
                        curve={self.places.curve.clone()} act={act.clone()} {on_curve} />
                    { stage::view(&self.model, self.later, &self.places, &act, &open(Dialog::Table)) }
                    { result::view(&self.model, self.later, &self.places, &act) }
                </main>
                }
                { table::view(&self.model, self.later, &self.places.table, self.dialog == Some(Dialog::Table), &close, &closed) }
                { model_page::view(&self.model, self.later, &self.places.rules, self.dialog == Some(Dialog::Model), &open(Dialog::Limits), &close, &closed) }
                { model_page::limits_view(&self.model, self.later, &self.places.limits, self.dialog == Some(Dialog::Limits), &close, &closed) }
                { link::view(&self.model, self.later, &self.places.link, &act) }
                <div class="vh" aria-live="polite" ref={self.places.live.clone()}></div>
            </>
        }
    }

    fn rendered(&mut self, _ctx: &Context<Self>, _first: bool) {
        table::show(&self.places.table, self.dialog == Some(Dialog::Table));
        table::show(&self.places.rules, self.dialog == Some(Dialog::Model));
        table::show(&self.places.limits, self.dialog == Some(Dialog::Limits));
        self.drawer.show(&self.model, self.later, &self.places.handler);
        table::show(&self.places.link, self.model.share().is_some());
        self.pencil.measure_again();
        self.frame.ask();
    }
}

impl App {
    fn act(&mut self, action: Action) {
        let effects = self.model.update(action);
        self.carry_out(effects);
        self.renew_form();
        self.frame.ask();
    }

    /// Fetches what is drawn later, if something of it is to be shown; where it did not come once, only when somebody
    /// does something.
    fn fetch_later(&mut self, ctx: &Context<Self>, again: bool) {
        if !self.later.is_due(again) {
            return;
        }
        let model = &self.model;
        let view = model.waits()
            || !model.is_first_visit()
            || model.compares()
            || model.shows_handler()
            || model.shows_log()
            || model.delivers()
            || model.computes()
            || model.films();
        if view || self.dialog.is_some() || model.share().is_some() {
            self.later = Later::Coming;
            ctx.link().send_future(async { Msg::Later(Later::come().await) });
        }
    }

    fn carry_out(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::OpenRun { run, scenario, code } => self.glass.open(run, &scenario, &code),
                Effect::TryCode { id, scenario, consumer, code, event } => {
                    self.glass.try_out(id, &scenario, consumer, &code, event.as_deref());
                }
                Effect::GrantCredit(blocks) => self.glass.credit(blocks),
                Effect::CloseRun => self.glass.close(),
                Effect::RestartBox => self.glass.restart(),
                Effect::StartClock => {
                    self.ticking = true;
                    self.last_frame_ms = None;
                }
                Effect::StopClock => self.ticking = false,
                Effect::SetTheme(theme) => {
                    self.surroundings.set_theme(theme);
                    self.pencil.retheme();
                }
                Effect::SetPresent(present) => {
                    self.surroundings.set_present(present);
                    self.pencil.measure_again();
                }
                Effect::SetFullscreen(full) => self.surroundings.set_fullscreen(full),
                Effect::SavePreference { key, value } => self.surroundings.save_preference(key, &value),
                Effect::Announce(text) => {
                    if let Some(live) = self.places.live.cast::<Element>() {
                        live.set_text_content(Some(&text));
                    }
                }
                Effect::MakeLink(what) => {
                    link::question("make", what, &self.report, |text| Action::Link(LinkAction::Made(text)));
                }
                Effect::ReadLink(text) => {
                    link::question("open", text, &self.report, |text| Action::Link(LinkAction::Opened(text)));
                }
                Effect::FindSize(text) => link::question("size", text, &self.report, Action::TakeSize),
                Effect::AskResults(text) => link::question("results", text, &self.report, Action::Results),
                Effect::Copy(text) => {
                    link::question("copy", text, &self.report, |done| Action::Link(LinkAction::Copied(done.is_some())));
                }
                Effect::SaveSoon => {
                    let report = self.report.clone();
                    Timeout::new(SAVE_AFTER_MS, move || report.emit(Action::Link(LinkAction::KeepWork))).forget();
                }
                Effect::SaveWork { work, earlier } => {
                    if !self.surroundings.save_work(&work, &earlier) {
                        self.report.emit(Action::Link(LinkAction::WorkUnsaved));
                    }
                }
                Effect::FetchTable { preset, file } => Surroundings::fetch_table(preset, file, self.report.clone()),
                Effect::FetchHandbook => self.surroundings.fetch_handbook(self.report.clone()),
                Effect::Download { name, text } => self.surroundings.download(&name, &text),
            }
        }
    }

    /// Makes the scenario column again if anything in it may have changed.
    fn renew_form(&mut self) {
        let state = self.model.form_state();
        if self.form_state == Some(state) {
            return;
        }
        self.form_state = Some(state);
        let source = self.model.form();
        self.form = Rc::new(source.groups());
        self.operations = Rc::new(source.operations());
        self.design = Rc::new(self.later.drawing().and_then(|drawing| (drawing.design)(&self.model)));
    }

    /// Takes a report. Frames come often and are shown when the columns are due; the rest at once.
    fn hear(&mut self, event: web::BoxEvent) -> bool {
        let event = match event {
            web::BoxEvent::Ready => BoxEvent::Ready,
            web::BoxEvent::Opened { id } => BoxEvent::Opened { run: id },
            web::BoxEvent::Refused { id, message } => {
                BoxEvent::Refused { run: id, problems: vec![Problem::new("", message)] }
            }
            web::BoxEvent::Frames { id, block, rows } => BoxEvent::Frames { run: id, block, rows },
            web::BoxEvent::Tried { id, result } => BoxEvent::Tried { id, result },
            web::BoxEvent::Done { id, summary, rows } => BoxEvent::Done { run: id, summary, rows },
            web::BoxEvent::Failed { message, .. } => BoxEvent::Failed { message },
            web::BoxEvent::Stopped { reason } => BoxEvent::Stopped { reason },
        };
        let often = matches!(event, BoxEvent::Frames { .. });
        self.act(Action::Box(event));
        self.columns_due = true;
        !often
    }

    /// One frame of the screen: time passes, what moves is drawn, and now and then the columns are rendered.
    fn draw(&mut self, now: f64) -> bool {
        if self.ticking {
            let elapsed_ms = self.last_frame_ms.map_or(0.0, |last| now - last);
            self.last_frame_ms = Some(now);
            let effects = self.model.update(Action::Tick { elapsed_ms });
            self.carry_out(effects);
            self.renew_form();
            self.columns_due = true;
        }
        let columns = self.columns_due && (now - self.columns_at_ms >= COLUMNS_EVERY_MS || !self.ticking);
        if columns {
            self.columns_at_ms = now;
            // Rendering them measures them, and the frame after that draws into them.
            self.columns_due = false;
        }
        let more = self.pencil.draw(&self.model, self.later.drawing(), &self.surroundings, now);
        if self.ticking || self.columns_due || more {
            self.frame.ask();
        }
        columns
    }

    /// What a pointer on the curve means.
    fn drag(&mut self, event: &PointerEvent) -> Option<Action> {
        let svg: Element = self.places.curve.cast()?;
        match event.type_().as_str() {
            "pointerdown" => {
                let target: Element = event.target()?.dyn_into().ok()?;
                self.dragged = Some(target.closest("[data-handle]").ok()??.get_attribute("data-handle")?);
                event.prevent_default();
                // Without capture the drag ends at the edge of the curve, which is no harm.
                let _ = svg.set_pointer_capture(event.pointer_id());
                None
            }
            "pointermove" => {
                let handle = self.dragged.as_ref()?;
                let place = svg.get_bounding_client_rect();
                let (x, y) = (f64::from(event.client_x()) - place.left(), f64::from(event.client_y()) - place.top());
                let size = self.pencil.size_of(&svg);
                let (path, value) = picture::curve_from_pointer(self.model.scenario(), size, handle, x, y)?;
                let value = if value.fract() == 0.0 { json!(value as u64) } else { json!(value) };
                Some(Action::Set(vec![(path.to_owned(), value)]))
            }
            _ => {
                self.dragged = None;
                None
            }
        }
    }
}

/// Keys, files dropped anywhere, and changes of the window.
fn listeners(ctx: &Context<App>, surroundings: &Surroundings) -> Vec<Listener> {
    let window = &surroundings.window;
    let act = ctx.link().callback(Msg::Act);
    let (keys, linked, left) = (act.clone(), act.clone(), act.clone());
    let resized = ctx.link().callback(|_: Event| Msg::Resized);
    let rethemed = ctx.link().callback(|_: Event| Msg::Rethemed);
    let mut listeners = vec![
        Listener::new(window, "keydown", move |event| {
            let event: KeyboardEvent = event.unchecked_into();
            if let Some(action) = key_action(&event) {
                event.prevent_default();
                keys.emit(action);
            }
        }),
        Listener::new(window, "dragover", |event| event.prevent_default()),
        Listener::new(window, "drop", move |event| {
            event.prevent_default();
            let event: DragEvent = event.unchecked_into();
            Surroundings::open_files(event.data_transfer().and_then(|data| data.files()), act.clone());
        }),
        Listener::new(window, "hashchange", move |_| {
            if let Some(link) = Surroundings::new().link() {
                linked.emit(Action::Link(LinkAction::Open(link)));
            }
        }),
        // The last changes before the page is left.
        Listener::new(window, "pagehide", move |_| left.emit(Action::Link(LinkAction::KeepWork))),
        Listener::new(window, "resize", move |event| resized.emit(event)),
    ];
    if let Ok(Some(dark)) = window.match_media("(prefers-color-scheme: dark)") {
        listeners.push(Listener::new(&dark, "change", move |event| rethemed.emit(event)));
    }
    listeners
}

/// What a key does here: nothing where somebody types, and a focused button keeps its own space bar.
fn key_action(event: &KeyboardEvent) -> Option<Action> {
    if event.ctrl_key() || event.meta_key() || event.alt_key() {
        return None;
    }
    let action = Action::for_key(&event.key())?;
    let target: HtmlElement = event.target()?.dyn_into().ok()?;
    let typing = match target.tag_name().as_str() {
        "INPUT" => target.get_attribute("type").as_deref() != Some("range"),
        "SELECT" | "TEXTAREA" => true,
        _ => false,
    };
    let pressing = matches!(target.tag_name().as_str(), "BUTTON" | "SUMMARY" | "LABEL") && event.key() == " ";
    let in_dialog = target.closest("dialog").ok().flatten().is_some();
    (!typing && !pressing && !in_dialog).then_some(action)
}
