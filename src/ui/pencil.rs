//! Draws what moves with the cursor, outside the virtual DOM: the picture, the plots, the bars, the slider.
//!
//! A frame first asks for sizes and only then writes: asking after writing would make the browser lay the page out
//! again in between.

use super::charts::Charts;
use super::compare::Matrix;
use super::later::Drawing;
use super::stage::Places;
use super::surroundings::Surroundings;
use streamgauge::app::picture::{self, ChartKind, Moment, Motion, Size};
use streamgauge::app::words::clock;
use streamgauge::app::{Model, RunState};
use web_sys::{Element, HtmlElement, HtmlInputElement};
use yew::NodeRef;

/// Time between pictures for people who want things to hold still, in milliseconds.
const CALM_EVERY_MS: f64 = 250.0;

/// The drawer.
pub struct Pencil {
    places: Places,
    charts: Vec<Charts>,
    /// The frames that each chart shows, and those that all are to show.
    charted: [Option<RunState>; ChartKind::ALL.len()],
    wanted: Option<RunState>,
    /// Whose turn it is to be drawn.
    turn: usize,
    calm: bool,
    /// Something may have another size or place, and what is drawn a few times a second is due.
    due: bool,
    /// The charts have to look up their colours and widths again.
    recolour: bool,
    sizes: Sizes,
    matrix: Matrix,
    drawn_at_ms: f64,
    rem: f64,
    room: bool,
}

/// Sizes of the places, as they were at the start of the frame.
#[derive(Default)]
struct Sizes {
    lanes: Option<Size>,
    video: Option<Size>,
    strip: Option<Size>,
    curve: Option<Size>,
    bars: [Option<Size>; 2],
}

impl Pencil {
    /// A drawer for these places.
    pub fn new(places: Places, surroundings: &Surroundings) -> Self {
        Self {
            places,
            charts: Vec::new(),
            charted: Default::default(),
            wanted: None,
            turn: 0,
            calm: surroundings.wants_calm(),
            due: true,
            recolour: false,
            sizes: Sizes::default(),
            matrix: Matrix::default(),
            drawn_at_ms: f64::NEG_INFINITY,
            rem: 1.0,
            room: false,
        }
    }

    /// The columns were rendered, or the window has another size.
    pub fn measure_again(&mut self) {
        self.due = true;
    }

    /// Colours have changed.
    pub fn retheme(&mut self) {
        self.due = true;
        self.recolour = true;
    }

    /// Size of an element for a picture.
    pub fn size_of(&self, element: &Element) -> Size {
        let place = element.get_bounding_client_rect();
        Size { width: place.width(), height: place.height(), rem: self.rem, room: self.room }
    }

    /// Draws what is due. Says whether there is more to draw in the next frame.
    pub fn draw(&mut self, model: &Model, later: Option<&Drawing>, surroundings: &Surroundings, now: f64) -> bool {
        // For who wants things to hold still the picture steps, cursor and all.
        if self.calm && model.is_playing() && now - self.drawn_at_ms < CALM_EVERY_MS {
            return false;
        }
        self.drawn_at_ms = now;
        let due = std::mem::take(&mut self.due);
        if due {
            self.measure(model, surroundings);
            if !model.compares() {
                self.prepare_charts();
            }
            self.wanted = Some(model.run_state());
        }
        let motion = (model.is_playing() && !self.calm).then_some(Motion { seconds: model.motion_seconds() });
        if model.compares() {
            self.draw_designs(model, later, motion, due);
            return false;
        }
        // A chart takes some milliseconds, and so do the columns: each has a frame of its own.
        let charts = if self.calm { self.charts.len() } else { usize::from(!due) };
        let lag = self.draw_charts(model, charts);
        let moment = Moment {
            scenario: model.shown(),
            timeline: model.timeline(),
            at: model.cursor().seconds_f64(),
            frontier: model.frontier().seconds_f64(),
            events: model.events(),
        };
        // The logs hold still between two frames of the run, and are drawn when the columns are.
        match later.filter(|_| model.shows_log()) {
            None => fill(&self.places.lanes, self.sizes.lanes, |size| picture::lanes(&moment, size, motion)),
            Some(later) if due => fill(&self.places.lanes, self.sizes.lanes, |size| (later.log)(&moment, size)),
            Some(_) => {}
        }
        if let Some(later) = later {
            fill(&self.places.video, self.sizes.video, |size| (later.video_picture)(model, size, motion));
        }
        self.draw_time(model);
        if due {
            self.draw_columns(model, later, &moment);
        }
        for chart in &self.charts {
            chart.cursor(moment.at, moment.frontier);
        }
        lag
    }

    /// The designs side by side.
    fn draw_designs(&mut self, model: &Model, later: Option<&Drawing>, motion: Option<Motion>, due: bool) {
        // The charts of the workbench have left the page with it.
        self.charts.clear();
        self.charted = Default::default();
        let (rem, room) = (self.rem, self.room);
        let size_of = |element: &Element| {
            let place = element.get_bounding_client_rect();
            Size { width: place.width(), height: place.height(), rem, room }
        };
        if let Some(later) = later {
            (later.matrix)(&mut self.matrix, &self.places.matrix, model, motion, due, &size_of);
        }
        self.draw_time(model);
        if due {
            let at = model.cursor().seconds_f64();
            let frontier = model.frontier().seconds_f64();
            let moment = Moment { scenario: model.scenario(), timeline: model.timeline(), at, frontier, events: &[] };
            fill(&self.places.strip, self.sizes.strip, |size| picture::time_strip(&moment, size));
            if let Some(scrub) = self.places.scrub.cast::<Element>() {
                // Setting a well-formed attribute cannot fail.
                let _ = scrub.set_attribute("aria-valuetext", &clock(at));
            }
        }
    }

    fn measure(&mut self, model: &Model, surroundings: &Surroundings) {
        self.calm = surroundings.wants_calm();
        self.rem = surroundings.rem();
        let room = model.is_presenting();
        self.recolour |= room != self.room;
        self.room = room;
        let size = |place: &NodeRef| {
            let size = place.cast::<Element>().map(|element| self.size_of(&element));
            size.filter(|size| size.width >= 1.0 && size.height >= 1.0)
        };
        self.sizes = Sizes {
            lanes: size(&self.places.lanes),
            video: size(&self.places.video),
            strip: size(&self.places.strip),
            curve: size(&self.places.curve),
            bars: [size(&self.places.bars[0]), size(&self.places.bars[1])],
        };
        self.charts.iter().for_each(Charts::resize);
    }

    /// Makes the charts where they are missing, and gives them their colours where those have changed.
    fn prepare_charts(&mut self) {
        if self.charts.is_empty() {
            let places: Vec<Element> = self.places.plots.iter().filter_map(NodeRef::cast).collect();
            if places.len() < ChartKind::ALL.len() {
                return;
            }
            self.charts = places.iter().zip(ChartKind::ALL).map(|(place, kind)| Charts::new(place, kind)).collect();
        }
        if std::mem::take(&mut self.recolour) {
            self.charts.iter().for_each(Charts::retheme);
        }
    }

    /// Whether a chart is still to be given what has arrived. One that is not shown is drawn when it is.
    fn lags(&self, chart: usize) -> bool {
        self.charted[chart] != self.wanted && self.charts[chart].is_shown()
    }

    /// Gives so many charts, in turn, what has arrived since they were drawn last. Says whether others lag.
    fn draw_charts(&mut self, model: &Model, most: usize) -> bool {
        let all = self.charts.len();
        let in_turn = (self.turn..self.turn + all).map(|chart| chart % all);
        let lagging: Vec<usize> = in_turn.filter(|chart| self.lags(*chart)).collect();
        for chart in lagging.iter().take(most) {
            self.charts[*chart].set(model.shown(), model.timeline());
            (self.charted[*chart], self.turn) = (self.wanted, chart + 1);
        }
        lagging.len() > most
    }

    /// The cursor, the slider and the clock.
    fn draw_time(&self, model: &Model) {
        let (at, length) = (model.cursor().seconds_f64(), model.length().seconds_f64());
        let share = if length > 0.0 { at / length } else { 0.0 };
        let left = format!("calc(var(--gutter) + (100% - var(--gutter)) * {share:.5})");
        for cursor in &self.places.cursors {
            if let Some(cursor) = cursor.cast::<HtmlElement>() {
                // The value is well formed, so it is taken.
                let _ = cursor.style().set_property("left", &left);
            }
        }
        if let Some(clock_place) = self.places.clock.cast::<Element>() {
            clock_place.set_text_content(Some(&clock(at)));
        }
        if let Some(scrub) = self.places.scrub.cast::<HtmlInputElement>() {
            scrub.set_value_as_number(at);
        }
    }

    fn draw_columns(&self, model: &Model, later: Option<&Drawing>, moment: &Moment) {
        fill(&self.places.strip, self.sizes.strip, |size| match later.filter(|_| model.shows_handler()) {
            Some(later) => (later.invocations)(model, size),
            None => picture::time_strip(moment, size),
        });
        fill(&self.places.curve, self.sizes.curve, |size| picture::curve(model.scenario(), size));
        let ledger = model.reading().ledger();
        for ((bar, size), labelled) in self.places.bars.iter().zip(self.sizes.bars).zip([false, true]) {
            fill(bar, size, |size| picture::ledger_bar(&ledger, size, labelled));
        }
        if let Some(lanes) = self.places.lanes.cast::<Element>() {
            // Setting a well-formed attribute cannot fail.
            let text = match later.filter(|_| model.shows_log()) {
                Some(later) => (later.log_text)(moment),
                None => picture::lanes_text(moment),
            };
            let _ = lanes.set_attribute("aria-label", &text);
        }
        if let Some(scrub) = self.places.scrub.cast::<Element>() {
            let _ = scrub.set_attribute("aria-valuetext", &clock(moment.at));
        }
    }
}

/// Draws into a place if it is there and has a size.
fn fill(place: &NodeRef, size: Option<Size>, draw: impl FnOnce(Size) -> String) {
    if let (Some(element), Some(size)) = (place.cast::<Element>(), size) {
        element.set_inner_html(&draw(size));
    }
}
