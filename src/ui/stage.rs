//! The middle: verdict, picture, transport, and the plots that share the slider's time axis.

use super::later::Later;
use super::verdict;
use streamgauge::app::reading::Reader;
use streamgauge::app::words::{clock, int, rate, span_text};
use streamgauge::app::{Action, Model, Speed, picture};
use streamgauge::metrics::Metric;
use streamgauge::scenario::ConsumerKind;
use web_sys::{HtmlInputElement, InputEvent};
use yew::{Callback, Html, MouseEvent, NodeRef, TargetCast, classes, html};

/// Where things are drawn outside the virtual DOM.
#[derive(Clone, Default, PartialEq)]
pub struct Places {
    /// The picture of the stream.
    pub lanes: NodeRef,
    /// The picture of the video streams.
    pub video: NodeRef,
    /// The traffic with its marks, under the slider.
    pub strip: NodeRef,
    /// The time at the cursor.
    pub clock: NodeRef,
    /// The slider.
    pub scrub: NodeRef,
    /// The cursor in the dock, and the one over the charts.
    pub cursors: [NodeRef; 2],
    /// The ledger as a bar, beside its table and in a room.
    pub bars: [NodeRef; 2],
    /// The curve in the scenario column.
    pub curve: NodeRef,
    /// Records per second, iterator age, backlog, concurrency, latency.
    pub plots: [NodeRef; 5],
    /// What a screen reader is told.
    pub live: NodeRef,
    /// The dialogue with the table.
    pub table: NodeRef,
    /// The dialogue with the rules.
    pub rules: NodeRef,
    /// The dialogue with what a handler can do.
    pub limits: NodeRef,
    /// The drawer of the handler view.
    pub handler: NodeRef,
    /// The matrix of designs.
    pub matrix: NodeRef,
    /// The dialogue with the link.
    pub link: NodeRef,
}

/// The middle.
pub fn view(
    model: &Model,
    later: Later,
    places: &Places,
    act: &Callback<Action>,
    open_table: &Callback<MouseEvent>,
) -> Html {
    html! {
        <section class="stage" aria-label="The run">
            { verdict::view(model, act) }
            { streams(model, act) }
            { consumers(model, act) }
            <figure class="canvas"><svg class="lanes" ref={places.lanes.clone()} role="img"></svg></figure>
            if model.films() {
                <figure class="canvas" style="flex:0 0 9rem;height:9rem;min-height:0">
                    <svg ref={places.video.clone()} role="img" aria-label="Video streams"></svg>
                </figure>
            }
            <div class="dock">
                { transport(model, places, act) }
                { slider(model, places, act) }
            </div>
            { charts(model, places, open_table) }
            if model.is_presenting() && model.computes() {
                { later.drawing().map(|drawing| (drawing.results_in_room)(model)) }
            }
            if model.shows_handler() { <section class="drawer" aria-label="Handler" ref={places.handler.clone()}></section> }
            <div class="roombar">
                <strong>{ "Where records are" }</strong>
                <svg class="bar" ref={places.bars[1].clone()} aria-hidden="true"></svg>
            </div>
        </section>
    }
}

/// The streams, where there are several: the pressed one is shown.
fn streams(model: &Model, act: &Callback<Action>) -> Html {
    let streams = model.streams();
    let one = |(place, title): (usize, &String)| {
        html! {
            <button aria-pressed={(place == model.stream()).to_string()}
                onclick={act.reform(move |_| Action::ShowStream(place))}>{ title }</button>
        }
    };
    html! {
        if !streams.is_empty() {
            <div class="seg readers" role="group" aria-label="Stream that is shown">{ for streams.iter().enumerate().map(one) }</div>
        }
    }
}

/// The consumers with how they stand, where there are several: the pressed one is shown.
fn consumers(model: &Model, act: &Callback<Action>) -> Html {
    let readers = model.readers();
    let one = |(index, reader): (usize, &Reader)| {
        let late = reader.late.then_some("late");
        html! {
            <button aria-pressed={(index == model.consumer()).to_string()}
                onclick={act.reform(move |_| Action::ShowConsumer(index))}>
                { &reader.title }{ " " }<small class={classes!(late)}>{ &reader.state }</small>
            </button>
        }
    };
    html! {
        if !readers.is_empty() {
            <div class="seg readers" role="group" aria-label="Consumer that is shown">{ for readers.iter().enumerate().map(one) }</div>
        }
    }
}

/// Run, clock, steps, speed, and what else can be shown.
pub fn transport(model: &Model, places: &Places, act: &Callback<Action>) -> Html {
    let icon = if model.is_playing() { "M1 0h3.6v13H1zM7.4 0H11v13H7.4z" } else { "M0 0l12 6.5L0 13z" };
    let step = |seconds| act.reform(move |_: MouseEvent| Action::Step(seconds));
    let several = model.compares() || !model.scenario().designs.is_empty();
    let (other, to) = if model.compares() {
        ("Workbench", "The first design alone, with all its fields (c)")
    } else {
        ("Compare", "Other designs for the same arrivals, side by side (c)")
    };
    let speed = |speed: Speed| {
        html! {
            <button aria-pressed={(model.speed() == speed).to_string()} title={speed.about()}
                onclick={act.reform(move |_| Action::SetSpeed(speed))}>{ speed.label() }</button>
        }
    };
    html! {
        <div class="transport">
            <button class="run" title="Space or Page Down; Page Up goes back to 0:00" onclick={act.reform(|_| Action::RunOrPause)}>
                <svg viewBox="0 0 12 13" aria-hidden="true"><path d={icon} /></svg><span>{ model.button() }</span>
            </button>
            <span class="clock" ref={places.clock.clone()}></span>
            <span class="of">{ format!("/ {}", clock(model.length().seconds_f64())) }</span>
            <span class="seg hide-phone" role="group" aria-label="Step">
                <button title="Back 1 s (,)" aria-label="Step back" onclick={step(-1)}>{ "‹" }</button>
                <button title="On 1 s (.)" aria-label="Step on" onclick={step(1)}>{ "›" }</button>
            </span>
            <span class="seg speed hide-phone" role="group" aria-label="Speed">{ for Speed::ALL.into_iter().map(speed) }</span>
            <span class="grow"></span>
            if !model.compares() {
            <button class={classes!("btn", (model.shows_handler() || several).then_some("hide-phone"))} aria-pressed={model.shows_log().to_string()} title="Where the consumer stands on each shard, and its batches (l)"
                onclick={act.reform(|_| Action::ToggleLog)}>{ "Log" }</button>
            <button class={classes!("btn", (!model.shows_handler()).then_some("hide-phone"))} aria-pressed={model.shows_handler().to_string()} title="The code of the consumer, and its invocations (h)"
                onclick={act.reform(|_| Action::ToggleHandler)}>{ "Handler" }</button>
            }
            <button class={classes!("btn", (!several).then_some("hide-phone"))} title={to}
                onclick={act.reform(|_| Action::ToggleCompare)}>{ other }</button>
            if model.is_waiting() { <span class="busy" role="status">{ "computing…" }</span> }
            if !model.compares() {
            <button class="btn quiet hide-phone" title="To the next mark on the time axis (n)"
                onclick={act.reform(|_| Action::JumpToNextEvent)}>{ "Next event ›" }</button>
            <button class="btn only-phone" onclick={act.reform(|_| Action::OpenSheet(true))}>{ "Scenario" }</button>
            }
        </div>
    }
}

/// The traffic over the whole run, with the slider on it.
pub fn slider(model: &Model, places: &Places, act: &Callback<Action>) -> Html {
    let seek = act.reform(|event: InputEvent| Action::Seek {
        seconds: event.target_unchecked_into::<HtmlInputElement>().value_as_number(),
    });
    let length = model.length().seconds_f64();
    let name = if model.shows_handler() && !model.compares() {
        html! { <><strong>{ "Invocations" }</strong><span class="now">{ "a stroke each" }</span></> }
    } else {
        let now = int(rate(model.shown().traffic.rate_at(model.cursor())));
        let name = if model.compares() { "Same arrivals" } else { "Traffic" };
        html! { <><strong>{ name }</strong><span class="now">{ "records/s " }<b>{ now }</b></span></> }
    };
    html! {
        <div class="stack">
            <input class="scrub" type="range" ref={places.scrub.clone()} min="0" max={length.to_string()}
                step={model.timeline().width().seconds_f64().to_string()} aria-label="Time in the run" oninput={seek} />
            <div class="cursor whole" ref={places.cursors[0].clone()}><i></i></div>
            <div class="row time">
                <div class="name">{ name }</div>
                <div class="plot"><svg ref={places.strip.clone()} aria-hidden="true"></svg></div>
            </div>
        </div>
    }
}

/// A name and a value beside a plot.
type Now = (&'static str, String);

fn charts(model: &Model, places: &Places, open_table: &Callback<MouseEvent>) -> Html {
    let reading = model.reading();
    let nothing = || "–".to_owned();
    let has = reading.frames() > 0;
    let or_nothing = |text: String| if has { text } else { nothing() };
    let latency = |metric| reading.statistic(metric, 30.0).map_or_else(nothing, |millis| span_text(millis / 1_000.0));
    let per_second = |metric| or_nothing(int(reading.rate(metric, 1.0)));
    // The logs say what waits, so beside them stands what works.
    let (workers, concurrency) = works(model);
    let logs = model.shows_log() && !concurrency.is_empty();
    let class = |shown: bool, in_room: bool| match (shown, in_room) {
        (true, true) => "row",
        (true, false) => "row opt",
        (false, _) => "row gone",
    };
    let rows: [(&str, &str, Vec<Now>); 5] = [
        (
            "Records per second",
            class(true, !logs),
            vec![("accepted", per_second(Metric::Stored)), ("throttled", per_second(Metric::Throttled))],
        ),
        (
            "Iterator age",
            "row opt",
            vec![("oldest", or_nothing(span_text(reading.age()))), ("unread", or_nothing(span_text(reading.behind())))],
        ),
        ("Backlog", class(!logs, false), vec![("records", or_nothing(int(reading.backlog())))]),
        (workers, class(logs, true), concurrency),
        (
            "Put to processed",
            "row opt",
            vec![("p50", latency(Metric::PutLatencyP50Ms)), ("p99", latency(Metric::PutLatencyP99Ms))],
        ),
    ];
    html! {
        <div class="stack charts">
            <div class="cursor" ref={places.cursors[1].clone()}></div>
            { for rows.into_iter().enumerate().map(|(place, (name, class, now))| {
                let spoken = now.iter().map(|(name, value)| format!("{name} {value}")).collect::<Vec<_>>().join(", ");
                html! {
                    <div class={class}>
                        <div class="name">
                            <strong>{ name }</strong>
                            { for now.iter().map(|(name, value)| html! {
                                <span class="now">{ *name }{ " " }<b>{ value }</b></span>
                            }) }
                        </div>
                        <div class="plot" ref={places.plots[place].clone()} role="img"
                            aria-label={format!("{name} over the run; at the cursor: {spoken}")}></div>
                    </div>
                }
            }) }
            <div class="foot-axis">
                <button class="as-table" onclick={open_table.clone()}>{ "as a table" }</button>
                <svg class="axis" aria-hidden="true">{ axis(model) }</svg>
            </div>
        </div>
    }
}

/// What works for the consumer that is shown, against what may: the name of its chart and the values beside it. Nothing
/// for a plain poller.
fn works(model: &Model) -> (&'static str, Vec<Now>) {
    let (timeline, frames) = (model.timeline(), model.frames());
    let gauge = |metric| int(timeline.gauge(metric, frames));
    match model.shown().consumers[model.consumer()].kind {
        ConsumerKind::Poller(_) | ConsumerKind::Analytics(_) => ("Concurrency", Vec::new()),
        ConsumerKind::Kcl(kcl) => {
            let up = format!("{} of {}", gauge(Metric::WorkersUp), kcl.workers);
            ("Workers", vec![("up", up), ("idle shards", gauge(Metric::LeasesFree))])
        }
        ConsumerKind::Lambda => {
            let (cap, _) = picture::cap(model.shown(), model.consumer());
            let busy = format!("{} of {}", gauge(Metric::Concurrency), int(f64::from(cap)));
            ("Concurrency", vec![("busy", busy), ("environments", gauge(Metric::Environments))])
        }
    }
}

/// Labels of the time axis, at round times.
fn axis(model: &Model) -> Html {
    const STEPS: [f64; 16] = [
        1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1_800.0, 3_600.0, 7_200.0, 14_400.0,
        86_400.0,
    ];
    let length = model.length().seconds_f64();
    let step = STEPS.into_iter().find(|step| length / step <= 7.0).unwrap_or(length / 7.0);
    let count = (length / step + 1e-9) as usize;
    let label = |n: usize| {
        let at = n as f64 * step;
        let share = at / length;
        // The first label begins and the last one ends at its time, so that nothing leaves the plot.
        let anchor = if n == 0 {
            None
        } else if share > 0.97 {
            Some("e")
        } else {
            Some("m")
        };
        html! { <text class={classes!(anchor)} x={format!("{:.3}%", share * 100.0)} y="1.05em">{ clock(at) }</text> }
    };
    html! { <>{ for (0..=count).map(label) }</> }
}
