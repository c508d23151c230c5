//! Draws what moves with the cursor, outside the virtual DOM: the picture, the plots, the bars, the slider.

use super::charts::Charts;
use super::stage::Places;
use super::surroundings::Surroundings;
use streamgauge::app::Model;
use streamgauge::app::picture::{self, ChartKind, Moment, Motion, Size};
use streamgauge::app::words::clock;
use web_sys::{Element, HtmlElement, HtmlInputElement};

/// Pictures a second for people who want things to hold still, in milliseconds between them.
const CALM_EVERY_MS: f64 = 250.0;

/// The drawer.
pub struct Pencil {
    places: Places,
    charts: Vec<Charts>,
    /// The frames that the charts show: change of the document, number of the run, how many.
    charted: Option<(u32, u32, usize)>,
    calm: bool,
    /// Everything that is drawn a few times a second has to be drawn again.
    columns: bool,
    /// Sizes have to be asked for again.
    measure: bool,
    /// The charts have to look up their colours and widths again.
    recolour: bool,
    lanes_size: Option<Size>,
    lanes_at_ms: f64,
    rem: f64,
    room: bool,
}

impl Pencil {
    /// A drawer for these places.
    pub fn new(places: Places, surroundings: &Surroundings) -> Self {
        Self {
            places,
            charts: Vec::new(),
            charted: None,
            calm: surroundings.wants_calm(),
            columns: true,
            measure: true,
            recolour: false,
            lanes_size: None,
            lanes_at_ms: f64::NEG_INFINITY,
            rem: 1.0,
            room: false,
        }
    }

    /// Something may have another size or place.
    pub fn measure_again(&mut self) {
        self.measure = true;
        self.columns = true;
    }

    /// Colours have changed.
    pub fn retheme(&mut self) {
        self.columns = true;
        self.recolour = true;
    }

    /// Size of an element for a picture.
    pub fn size_of(&self, element: &Element) -> Size {
        let place = element.get_bounding_client_rect();
        Size { width: place.width(), height: place.height(), rem: self.rem, room: self.room }
    }

    /// Draws what is due.
    pub fn draw(&mut self, model: &Model, surroundings: &Surroundings, now: f64) {
        let moment = Moment {
            scenario: model.scenario(),
            timeline: model.timeline(),
            at: model.cursor().seconds_f64(),
            frontier: model.frontier().seconds_f64(),
            events: model.events(),
        };
        if self.measure {
            self.measure = false;
            self.calm = surroundings.wants_calm();
            self.rem = surroundings.rem();
            let room = model.is_presenting();
            self.recolour |= room != self.room;
            self.room = room;
            self.charts.iter().for_each(Charts::resize);
            self.lanes_size = self.places.lanes.cast::<Element>().map(|lanes| self.size_of(&lanes));
        }
        let hold = self.calm && model.is_playing() && now - self.lanes_at_ms < CALM_EVERY_MS && !self.columns;
        if !hold {
            self.lanes_at_ms = now;
            let motion = (model.is_playing() && !self.calm).then_some(Motion { seconds: model.motion_seconds() });
            if let (Some(lanes), Some(size)) = (self.places.lanes.cast::<Element>(), self.lanes_size) {
                lanes.set_inner_html(&picture::lanes(&moment, size, motion));
            }
        }
        self.draw_time(model);
        if self.columns {
            self.columns = false;
            self.draw_columns(model, &moment);
            self.draw_charts(model);
        }
        for chart in &self.charts {
            chart.cursor(moment.at, moment.frontier);
        }
    }

    /// Gives the charts what has arrived since they were drawn last.
    fn draw_charts(&mut self, model: &Model) {
        if self.charts.is_empty() {
            let places: Vec<Element> = self.places.plots.iter().filter_map(yew::NodeRef::cast).collect();
            if places.len() < ChartKind::ALL.len() {
                return;
            }
            self.charts = places.iter().zip(ChartKind::ALL).map(|(place, kind)| Charts::new(place, kind)).collect();
        }
        if std::mem::take(&mut self.recolour) {
            self.charts.iter().for_each(Charts::retheme);
        }
        let state = model.run_state();
        if self.charted != Some(state) {
            self.charted = Some(state);
            for chart in &self.charts {
                chart.set(model.scenario(), model.timeline());
            }
        }
    }

    /// The cursor, the slider and the clock.
    fn draw_time(&self, model: &Model) {
        let (at, length) = (model.cursor().seconds_f64(), model.length().seconds_f64());
        let share = if length > 0.0 { at / length } else { 0.0 };
        let left = format!("calc(var(--gutter) + (100% - var(--gutter)) * {share:.5})");
        for cursor in &self.places.cursors {
            if let Some(cursor) = cursor.cast::<HtmlElement>() {
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

    fn draw_columns(&self, model: &Model, moment: &Moment) {
        self.fill(&self.places.strip, |size| picture::time_strip(moment, size));
        self.fill(&self.places.curve, |size| picture::curve(model.scenario(), size));
        let ledger = model.reading().ledger();
        for (bar, labelled) in self.places.bars.iter().zip([false, true]) {
            self.fill(bar, |size| picture::ledger_bar(&ledger, size, labelled));
        }
        if let Some(lanes) = self.places.lanes.cast::<Element>() {
            let _ = lanes.set_attribute("aria-label", &picture::lanes_text(moment));
        }
        if let Some(scrub) = self.places.scrub.cast::<Element>() {
            let _ = scrub.set_attribute("aria-valuetext", &clock(model.cursor().seconds_f64()));
        }
    }

    /// Draws into a place if it is there and has a size.
    fn fill(&self, place: &yew::NodeRef, draw: impl FnOnce(Size) -> String) {
        if let Some(element) = place.cast::<Element>() {
            let size = self.size_of(&element);
            if size.width >= 1.0 && size.height >= 1.0 {
                element.set_inner_html(&draw(size));
            }
        }
    }
}
