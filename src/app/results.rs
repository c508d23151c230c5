//! What the queries of analytics applications found, at the cursor: the window that was answered last, those before it,
//! how late results came, and what the application costs.
//!
//! Another module than the engine's computes the results of a run, all at once; the slider only looks for its place.

use super::action::Effect;
use super::capacity;
use super::model::Model;
use super::picture::{self, Point};
use super::reading::Reader;
use super::words::{clock, dollars_cents, dollars_e4, field_number, int, short, span_text};
use crate::cost::{self, prices};
use crate::scenario::{ConsumerKind, Scenario};
use crate::text::quoted;
use serde_json::Value;

/// Windows before the one in view that are listed.
const EARLIER: usize = 100;
/// Rows of the window in view that are shown.
const ROWS: usize = 10;
/// Points of a line through the windows of a run at most.
const POINTS: usize = 200;

/// What is known of the results of the run that is shown.
#[derive(Default)]
pub(super) struct Results {
    /// The run for which they were asked; zero for none.
    run: u32,
    /// What came and was not read so far: no text where it could not be had.
    came: Option<Option<String>>,
    got: Got,
}

/// What has come.
#[derive(Default)]
enum Got {
    #[default]
    Nothing,
    Missing,
    Here {
        run: u32,
        full: bool,
        all: Vec<Application>,
    },
}

/// What an application found.
struct Application {
    stream: usize,
    consumer: usize,
    query: String,
    /// What groups are made by, then the measures.
    heads: Vec<String>,
    names: Vec<String>,
    windows: Vec<Window>,
    /// The whole run in sentences.
    said: Vec<String>,
    /// Windows that are not kept.
    forgotten: u64,
}

struct Window {
    start: f64,
    end: f64,
    at: f64,
    rows: u64,
    /// The first of them: place of the name, measures.
    first: Vec<(usize, Vec<Option<f64>>)>,
}

/// The results of one application at the cursor.
pub struct ResultsView {
    /// Place of its consumer in the stream that is shown.
    pub consumer: usize,
    /// What it is called.
    pub title: String,
    /// Its query as SQL; empty before the results are here.
    pub query: String,
    /// What there is to say where no window is in view.
    pub instead: String,
    /// The window that was answered last.
    pub window: Option<WindowView>,
    /// Those before it, the newest first: until when, when the result came, how late, its first row.
    pub earlier: Vec<[String; 4]>,
    /// How late results came up to the cursor, as markup inside an `<svg>`, and at most.
    pub delays: (String, String),
    /// What waits for it, and whether that is late.
    pub lag: (String, bool),
    /// Its lines of the bill: name, quantity, so far, 30 days.
    pub price: Vec<[String; 4]>,
    /// The whole run in sentences.
    pub said: Vec<String>,
}

/// A window that was answered.
pub struct WindowView {
    /// From when until when.
    pub span: String,
    /// When the result came.
    pub at: String,
    /// How long after the end of the window.
    pub after: String,
    /// Whether that is late.
    pub late: bool,
    /// Heads of the columns: the group, then the measures, each with its unit, which may be empty.
    pub heads: Vec<(String, &'static str)>,
    /// Its first rows.
    pub rows: Vec<RowView>,
    /// How many more there are; empty for none.
    pub more: String,
}

/// A row of a window.
pub struct RowView {
    /// What the group is called.
    pub name: String,
    /// Its measures.
    pub values: Vec<String>,
    /// Its first measure over the run up to the cursor, as markup inside an `<svg>`.
    pub line: String,
}

impl Results {
    /// Asks for the results of a run that begins, where its scenario has a query.
    pub fn ask(&mut self, run: u32, packed: &str, scenario: &Scenario) -> Option<Effect> {
        self.run = run;
        let asked = computes(scenario) && !runs_code(scenario);
        asked.then(|| {
            let mut text = String::from("{\"ask\":\"results\",\"run\":");
            text.push_str(&run.to_string());
            text.push_str(",\"packed\":");
            text.push_str(&quoted(packed));
            text.push('}');
            Effect::AskResults(text)
        })
    }
}

/// Whether a scenario has a query in any of its streams.
fn computes(scenario: &Scenario) -> bool {
    scenario.streams().iter().any(|stream| stream.consumers.iter().any(|consumer| consumer.plan.is_some()))
}

fn runs_code(scenario: &Scenario) -> bool {
    scenario.streams().iter().any(|stream| stream.consumers.iter().any(|consumer| consumer.handler.is_code()))
}

impl Model {
    /// Takes what came, and reads it once what reads it is here. An empty text stands for a question that was withdrawn.
    pub(super) fn take_results(&mut self, text: Option<String>) -> Vec<Effect> {
        if text.as_deref() != Some("") {
            self.results.came = Some(text);
        }
        if let Some(parts) = self.parts {
            (parts.read_results)(self);
        }
        Vec::new()
    }

    /// Whether any consumer computes something.
    pub fn computes(&self) -> bool {
        computes(&self.scenario)
    }

    /// Reads what has come.
    pub(super) fn read_results(&mut self) {
        let Some(came) = self.results.came.take() else { return };
        let asked = self.results.run;
        let read = came.and_then(|text| serde_json::from_str::<Value>(&text).ok());
        let run = read.as_ref().map(|value| value["run"].as_u64());
        match (read, run) {
            // Of a run that was given up.
            (Some(_), Some(run)) if run != Some(asked.into()) => {}
            (Some(value), _) => {
                let all = value["applications"].as_array().into_iter().flatten().map(Application::read).collect();
                let full = value["full"].as_bool().unwrap_or_default();
                self.results.got = Got::Here { run: asked, full, all };
            }
            (None, _) => self.results.got = Got::Missing,
        }
    }

    /// The results of each application of the stream that is shown, at the cursor.
    pub fn results(&self) -> Vec<ResultsView> {
        let consumers = self.shown().consumers.iter().enumerate();
        let all = consumers.filter(|(_, consumer)| consumer.plan.is_some());
        all.map(|(place, _)| self.results_of(place)).collect()
    }

    /// The results of an application of the stream that is shown, as a room sees them: of the consumer that is shown, or
    /// else of the first that has some.
    pub fn results_in_view(&self) -> Option<ResultsView> {
        let consumers = &self.shown().consumers;
        let plan = |place: &usize| consumers[*place].plan.is_some();
        let place = Some(self.consumer()).filter(plan).or_else(|| (0..consumers.len()).find(plan))?;
        Some(self.results_of(place))
    }

    fn results_of(&self, consumer: usize) -> ResultsView {
        let (scenario, stream) = (self.shown(), self.stream());
        let reader = Reader::new(scenario, self.timeline().seen_by(consumer), self.frames());
        let mut view = ResultsView {
            consumer,
            title: reader.title,
            query: String::new(),
            instead: String::new(),
            window: None,
            earlier: Vec::new(),
            delays: Default::default(),
            lag: (reader.state, reader.late),
            price: self.price_of(consumer),
            said: Vec::new(),
        };
        let (full, all) = match &self.results.got {
            _ if runs_code(&self.scenario) => {
                view.instead =
                    "A consumer runs code of its own; with it the results are computed on the command line, \
                                by streamgauge run."
                        .to_owned();
                return view;
            }
            Got::Missing => {
                view.instead = "The results could not be computed. Check the connection and run it again.".to_owned();
                return view;
            }
            Got::Here { run, full, all } if *run == self.run.id => (*full, all),
            Got::Here { .. } | Got::Nothing => {
                view.instead = "Computing the results: the run once more, with the query…".to_owned();
                return view;
            }
        };
        let Some(of) = all.iter().find(|of| (of.stream, of.consumer) == (stream, consumer)) else { return view };
        of.show(&mut view, self, full);
        view
    }

    /// Its lines of the bill up to the cursor.
    fn price_of(&self, consumer: usize) -> Vec<[String; 4]> {
        let scenario = self.shown();
        let name = |id| prices::in_region(scenario.prices.region, id).map(|price| price.name);
        let bill = cost::bill(scenario, self.timeline(), self.frames());
        let line = |id| {
            let name = name(id)?;
            let titled = scenario.with_title(consumer, name.to_owned());
            let line = bill.lines.iter().find(|line| line.name == titled)?;
            let unit = line.unit.trim_start_matches("USD/");
            let quantity =
                format!("{}\u{a0}{unit}{}", short(line.quantity), if line.quantity == 1.0 { "" } else { "s" });
            let quantity = format!("{quantity}: {}", line.cause);
            Some([name.to_owned(), quantity, dollars_e4(line.run_e4), dollars_cents(line.month_cents)])
        };
        ["kpu_hour", "kpu_storage_gb_month"].into_iter().filter_map(line).collect()
    }
}

impl Application {
    fn read(value: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let list = |name: &str| value[name].as_array().into_iter().flatten();
        let mut names: Vec<String> = Vec::new();
        let mut known = std::collections::BTreeMap::new();
        let mut name = |of: &Value| {
            let name = match of {
                Value::Null => "–".to_owned(),
                Value::String(text) => text.clone(),
                number => number.as_f64().map_or_else(String::new, field_number),
            };
            *known.entry(name).or_insert_with_key(|name| {
                names.push(name.clone());
                names.len() - 1
            })
        };
        let mut window = |of: &Value| {
            let seconds = |name: &str| of[name].as_f64().unwrap_or_default();
            let row = |row: &Value| {
                let cells = row.as_array().map_or(&[][..], Vec::as_slice);
                let (first, values) = cells.split_first()?;
                Some((name(first), values.iter().map(Value::as_f64).collect()))
            };
            Window {
                start: seconds("start_s"),
                end: seconds("end_s"),
                at: seconds("at_s"),
                rows: of["rows"].as_u64().unwrap_or_default(),
                first: of["first"].as_array().into_iter().flatten().filter_map(row).collect(),
            }
        };
        let windows: Vec<Window> = list("newest").map(&mut window).collect();
        let group = text(&value["group"]);
        let group = if group.is_empty() { "all records".to_owned() } else { group };
        Self {
            stream: value["stream"].as_u64().unwrap_or_default() as usize,
            consumer: value["consumer"].as_u64().unwrap_or_default() as usize,
            query: text(&value["query"]),
            heads: std::iter::once(group).chain(list("columns").map(text)).collect(),
            forgotten: value["windows"].as_u64().unwrap_or_default().saturating_sub(windows.len() as u64),
            said: said(value),
            names,
            windows,
        }
    }

    fn show(&self, view: &mut ResultsView, model: &Model, full: bool) {
        let at = model.cursor().seconds_f64();
        let answered = self.windows.partition_point(|window| window.at <= at);
        let (scenario, consumer) = (model.shown(), &model.shown().consumers[view.consumer]);
        let lateness = match consumer.kind {
            ConsumerKind::Analytics(of) => of.lateness.seconds_f64(),
            _ => 0.0,
        };
        let patience = capacity::late_after(scenario, consumer).seconds_f64() + lateness;
        view.query = self.query.clone();
        view.said = self.said.clone();
        if full {
            let more = "More records wait than a browser keeps, so the run and its results end before their time.";
            view.said.push(more.to_owned());
        }
        let Some(last) = answered.checked_sub(1) else {
            view.instead = match self.windows.first() {
                Some(first) if self.forgotten > 0 => {
                    format!("Windows before {} are counted, and not kept: there are too many rows.", moment(first.end))
                }
                Some(first) => format!("No window is answered so far: the first result comes at {}.", clock(first.at)),
                None => "No window of this run has a result.".to_owned(),
            };
            return;
        };
        view.window = Some(self.window(last, model.length().seconds_f64(), patience));
        let earlier = self.windows[..last].iter().rev().take(EARLIER);
        view.earlier = earlier
            .map(|window| {
                let first = window.first.first().map_or_else(String::new, |(name, values)| {
                    let value = values.first().copied().flatten().map_or_else(|| "–".to_owned(), field_number);
                    format!("{} {value}", self.names[*name])
                });
                [moment(window.end), clock(window.at), span_text(window.at - window.end), first]
            })
            .collect();
        let most = |windows: &[Window]| windows.iter().map(|window| window.at - window.end).fold(0.0, f64::max);
        let points = every(&self.windows[..answered]);
        let points = points.map(|window| Point { at: window.end, value: window.at - window.end });
        let run = (model.length().seconds_f64(), most(&self.windows));
        view.delays =
            (picture::delays(&points.collect::<Vec<_>>(), at, run), span_text(most(&self.windows[..answered])));
    }

    fn window(&self, place: usize, length: f64, patience: f64) -> WindowView {
        let window = &self.windows[place];
        let shown = &window.first[..window.first.len().min(ROWS)];
        let value = |value: &Option<f64>| value.map_or_else(|| "–".to_owned(), field_number);
        // One scale for all rows in view, over the whole run, so that nothing jumps when the slider moves.
        let measure = |window: &Window, name: usize| {
            window.first.iter().find(|(of, _)| *of == name).and_then(|(_, values)| values.first().copied().flatten())
        };
        let series = |name: usize| {
            every(&self.windows).filter_map(move |window| {
                let value = measure(window, name)?;
                Some(Point { at: window.end, value })
            })
        };
        let most = shown.iter().flat_map(|(name, _)| series(*name)).map(|point| point.value).fold(0.0, f64::max);
        let row = |(name, values): &(usize, Vec<Option<f64>>)| {
            let points: Vec<Point> = series(*name).filter(|point| point.at <= window.end).collect();
            RowView {
                name: self.names[*name].clone(),
                values: values.iter().map(value).collect(),
                line: picture::spark(&points, (length, most)),
            }
        };
        let after = window.at - window.end;
        let more = window.rows - shown.len() as u64;
        WindowView {
            span: format!("{} – {}", moment(window.start), moment(window.end)),
            at: clock(window.at),
            after: span_text(after),
            late: after > patience,
            heads: self.heads.iter().map(|head| (head.clone(), unit(head))).collect(),
            rows: shown.iter().map(row).collect(),
            more: if more > 0 { format!("and {} more", int(more as f64)) } else { String::new() },
        }
    }
}

/// Windows at even distances, the last among them, as many as a line can show.
fn every(windows: &[Window]) -> impl Iterator<Item = &Window> {
    let step = windows.len().div_ceil(POINTS).max(1);
    windows.iter().rev().step_by(step).collect::<Vec<_>>().into_iter().rev()
}

/// The unit of a measure; that of a field is the field's own.
fn unit(head: &str) -> &'static str {
    if head.starts_with("COUNT(") { "records" } else { "" }
}

/// An instant of event time, with a decimal where it is not whole.
fn moment(seconds: f64) -> String {
    let tenths = (seconds * 10.0).round() as u64;
    match tenths % 10 {
        0 => clock((tenths / 10) as f64),
        tenth => format!("{}.{tenth}", clock((tenths / 10) as f64)),
    }
}

/// The whole run in sentences: windows, rows, delays, and records that do not count.
fn said(value: &Value) -> Vec<String> {
    let count = |value: &Value| value.as_u64().unwrap_or_default();
    let plural = |count: u64, word: &str| format!("{} {word}{}", int(count as f64), if count == 1 { "" } else { "s" });
    let delay =
        |name: &str| value["delay"][name].as_f64().map_or_else(|| "–".to_owned(), |millis| span_text(millis / 1_000.0));
    let mut said = vec![format!(
        "Whole run: {} with {}. Results come {} after the end of a window by half, {} by 99\u{a0}%, {} at most.",
        plural(count(&value["windows"]), "window"),
        plural(count(&value["rows"]), "row"),
        delay("p50"),
        delay("p99"),
        delay("max")
    )];
    let records = &value["records"];
    said.push(format!("{} count in a window.", plural(count(&records["counted"]), "record")));
    for (name, what) in [
        ("passed_over", "did not fulfil the conditions"),
        ("late", "came after their windows were over, and were dropped"),
        ("no_room", "were not counted: too many groups"),
    ] {
        let of = count(&records[name]);
        if of > 0 {
            said.push(format!("{} {what}.", plural(of, "record")));
        }
    }
    let groups = &value["groups"];
    let [open, most] = ["open", "most"].map(|name| int(count(&groups[name]) as f64));
    said.push(format!("{open} groups in open windows at the end, {most} at most."));
    said
}
