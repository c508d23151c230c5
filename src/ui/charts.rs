//! The time plots: bindings to the shim around uPlot, and the wrapper that components hold.

use js_sys::{Array, Float64Array};
use streamgauge::app::picture::{ChartKind, Plot, plot};
use streamgauge::metrics::View;
use streamgauge::scenario::Scenario;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen(module = "/www/charts.js")]
extern "C" {
    type TimePlot;

    #[wasm_bindgen(constructor)]
    fn new(element: &web_sys::Element, kind: &str) -> TimePlot;

    #[wasm_bindgen(method)]
    fn width(this: &TimePlot) -> f64;

    #[wasm_bindgen(method)]
    fn set(
        this: &TimePlot,
        xs: &Float64Array,
        columns: &Array,
        bounds: &[f64],
        lines: &[f64],
        labels: &Array,
        limit: f64,
        limit_label: &str,
        promise: &[f64],
    );

    #[wasm_bindgen(method)]
    fn cursor(this: &TimePlot, at: f64, frontier: f64);

    #[wasm_bindgen(method)]
    fn resize(this: &TimePlot);

    #[wasm_bindgen(method)]
    fn retheme(this: &TimePlot);

    #[wasm_bindgen(method)]
    fn destroy(this: &TimePlot);
}

/// One time plot in the page. It leaves its element when it is dropped.
pub struct Charts {
    plot: TimePlot,
    kind: ChartKind,
}

impl Charts {
    /// A plot that fills an element, which has to be positioned. It stays empty until [`set`](Self::set).
    pub fn new(element: &web_sys::Element, kind: ChartKind) -> Self {
        Self { plot: TimePlot::new(element, kind.name()), kind }
    }

    /// Shows what is known of a run. To be called when frames have arrived or the scenario has changed.
    pub fn set(&self, scenario: &Scenario, timeline: View<'_>) {
        let width = self.plot.width();
        let Plot { length, xs, columns, scale, limit, promise } = plot(self.kind, scenario, timeline, width);
        let columns: Array = columns.iter().map(|column| Float64Array::from(column.as_slice())).collect();
        let values: Vec<f64> = scale.lines.iter().map(|line| line.value).collect();
        let labels: Array = scale.lines.iter().map(|line| js_sys::JsString::from(line.label.as_str())).collect();
        let bounds = [length, scale.min, scale.max, f64::from(u8::from(scale.log))];
        let (limit, limit_label) = limit.map_or((f64::NAN, String::new()), |line| (line.value, line.label));
        let xs = Float64Array::from(xs.as_slice());
        self.plot.set(&xs, &columns, &bounds, &values, &labels, limit, &limit_label, &promise);
    }

    /// Whether its element has a place in the page.
    pub fn is_shown(&self) -> bool {
        self.plot.width() > 0.0
    }

    /// Moves the cursor: `at` and the furthest second shown so far, in seconds of the run. Cheap: no drawing.
    pub fn cursor(&self, at: f64, frontier: f64) {
        self.plot.cursor(at, frontier);
    }

    /// Follows the size of the element.
    pub fn resize(&self) {
        self.plot.resize();
    }

    /// Follows the theme and the kind of room.
    pub fn retheme(&self) {
        self.plot.retheme();
    }
}

impl Drop for Charts {
    fn drop(&mut self) {
        self.plot.destroy();
    }
}
