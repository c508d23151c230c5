//! Finds the moments that the time axis marks, in the frames that have arrived.

use super::capacity;
use super::event::{Event, EventKind};
use super::faults;
use super::reading::{LOSSES, Reading};
use super::words;
use crate::metrics::{Metric, NoteKind, View};
use crate::scenario::{Consumer, Operation, Responses, RetryPolicy, Scenario, StoreFault, WriteStore};
use crate::units::{SimTime, Span};

/// The marked moments of a run in order of time, as far as its frames have arrived. Operations are always there,
/// because they are planned.
pub fn events(scenario: &Scenario, timeline: View<'_>) -> Vec<Event> {
    let all = Reading::new(timeline, timeline.frames());
    let mut events = Vec::new();

    let throttle = all.first(|frame| all.value(Metric::Throttled, frame) > 0.0);
    let loss = all.first(|frame| LOSSES.iter().any(|metric| all.value(*metric, frame) > 0.0));
    match (throttle, loss) {
        (Some(throttle), Some(loss)) if throttle == loss => {
            events.push(Event { at: loss, kind: EventKind::FirstLoss, text: "first throttle, first loss".to_owned() });
        }
        _ => {
            let mark = |at, kind, text: &str| Event { at, kind, text: text.to_owned() };
            events.extend(throttle.map(|at| mark(at, EventKind::FirstThrottle, "first throttle")));
            events.extend(loss.map(|at| mark(at, EventKind::FirstLoss, "first loss")));
        }
    }

    let usual = scenario
        .operations
        .iter()
        .map(|planned| capacity::late_after(scenario, &capacity::in_force(scenario, timeline.consumer, planned.at).1))
        .fold(capacity::late_after(scenario, &scenario.consumers[timeline.consumer]), Ord::max);
    let (worst, worst_at) = all.peak(Metric::IteratorAgeMs);
    if worst > usual.millis_f64() {
        // While frames still arrive the age may go on growing; the mark waits until it has turned.
        let turned = all.gauge(Metric::IteratorAgeMs) < worst * 0.9 || timeline.frames() == timeline.frames_total();
        if turned {
            events.push(Event { at: worst_at, kind: EventKind::LatestWork, text: "latest work".to_owned() });
        }
        if let Some(at) = all.caught_up(usual).filter(|at| *at > worst_at) {
            events.push(Event { at, kind: EventKind::CaughtUp, text: "caught up".to_owned() });
        }
    }

    events.extend(control_events(timeline));
    let given_up = timeline.notes().find_map(|note| match &note.what {
        NoteKind::GivenUp(of, _) => Some((note.at, of.reader as usize)),
        _ => None,
    });
    events.extend(given_up.map(|(at, consumer)| Event {
        at,
        kind: EventKind::FirstLoss,
        text: scenario.with_title(consumer, "first batch given up".to_owned()),
    }));

    let mut before = scenario.consumers.clone();
    for planned in &scenario.operations {
        let of = planned.operation.consumer().map(|index| index as usize);
        let mut text = operation_text(planned.operation, &before[of.unwrap_or(0)], &scenario.stores);
        if let Some(of) = of {
            text = scenario.with_title(of, text);
            before[of] = capacity::in_force(scenario, of, planned.at).1;
        }
        events.push(Event { at: planned.at, kind: EventKind::Operation, text });
    }
    let injected = faults::of_deliveries(scenario).into_iter();
    events.extend(injected.map(|of| Event { at: of.at, kind: EventKind::Injected, text: of.words() }));
    events.sort_by_key(|event| event.at);
    events
}

/// What the control plane did: shards that came and went, and calls that were refused. Waves of one change are one
/// event, and so are refusals that repeat each other while the stream is changed.
fn control_events(timeline: View<'_>) -> Vec<Event> {
    /// Waves no further apart belong to one change.
    const WAVES: Span = Span::from_secs(61);
    let first = |shard: usize| timeline.shard(shard).created_at == SimTime::ZERO;
    let mut open = (0..timeline.shards()).filter(|shard| first(*shard)).count() as i64;
    let mut events: Vec<Event> = Vec::new();
    // Of the change that is going on: where its event stands, the shards before it, and when it last moved.
    let mut change: Option<(usize, i64, SimTime)> = None;
    let mut refused: Option<(usize, String, u32)> = None;
    for note in timeline.notes() {
        let step = match &note.what {
            NoteKind::Opened { .. } => 1,
            NoteKind::Closed { .. } => -1,
            NoteKind::Refused { name, .. } => {
                match &mut refused {
                    Some((place, known, times)) if known == name => {
                        *times += 1;
                        events[*place].text = format!("{name} × {times}");
                    }
                    _ => {
                        refused = Some((events.len(), name.clone(), 1));
                        events.push(Event { at: note.at, kind: EventKind::Refused, text: name.clone() });
                    }
                }
                continue;
            }
            NoteKind::Active => {
                (change, refused) = (None, None);
                continue;
            }
            _ => continue,
        };
        let before = open;
        open += step;
        match &mut change {
            Some((place, from, last)) if note.at <= *last + WAVES => {
                *last = note.at;
                events[*place].at = note.at;
                events[*place].text = format!("{from} → {open} shards");
            }
            _ => {
                change = Some((events.len(), before, note.at));
                let text = format!("{before} → {open} shards");
                events.push(Event { at: note.at, kind: EventKind::Shards, text });
            }
        }
    }
    events
}

/// An operation in a few words, naming only what it changes.
fn operation_text(operation: Operation, before: &Consumer, stores: &[WriteStore]) -> String {
    let span = |span: Span| words::span_text(span.seconds_f64());
    match operation {
        Operation::UpdateMapping { batch_size, batching_window, failures, .. } => {
            let mut parts = Vec::new();
            if batch_size != before.batch_size {
                parts.push(format!("batch size {}", words::int(f64::from(batch_size))));
            }
            if batching_window != before.batching_window {
                parts.push(format!("batching window {}", span(batching_window)));
            }
            let (now, then) = (failures, before.failures);
            if now.bisect != then.bisect {
                parts.push(format!("bisecting {}", if now.bisect { "on" } else { "off" }));
            }
            if now.responses != then.responses {
                let on = now.responses == Responses::ItemFailures;
                parts.push(format!("partial responses {}", if on { "on" } else { "off" }));
            }
            if now.max_retries != then.max_retries {
                parts.push(match now.max_retries {
                    Some(retries) => format!("{} retries", words::int(f64::from(retries))),
                    None => "retries without end".to_owned(),
                });
            }
            if now.max_record_age != then.max_record_age {
                parts.push(match now.max_record_age {
                    Some(age) => format!("records up to {}", span(age)),
                    None => "records of any age".to_owned(),
                });
            }
            if parts.is_empty() { "mapping updated".to_owned() } else { parts.join(", ") }
        }
        Operation::DeployFunction { duration, injected_error_rate, poison, .. } => {
            let mut parts = Vec::new();
            if duration.per_record != before.duration.per_record {
                parts.push(format!("{} a record", span(duration.per_record)));
            }
            if duration.fixed != before.duration.fixed {
                parts.push(format!("{} an invocation", span(duration.fixed)));
            }
            if duration.spread != before.duration.spread {
                parts.push(format!("spread {}", words::percent(duration.spread.as_f64())));
            }
            if injected_error_rate != before.injected_error_rate {
                parts.push(format!("{} errors injected", words::percent(injected_error_rate.as_f64())));
            }
            if poison != before.poison {
                parts.push(if poison.is_some() { "poison records injected" } else { "no poison records" }.to_owned());
            }
            if parts.is_empty() { "function deployed".to_owned() } else { parts.join(", ") }
        }
        Operation::DeployProducer { retry } => match retry {
            RetryPolicy::Ignore => "failed entries ignored".to_owned(),
            RetryPolicy::SdkOnly { .. } => "only the SDK retries".to_owned(),
            RetryPolicy::Again { max_attempts, .. } => {
                format!("sent again, {} attempts", words::int(f64::from(max_attempts)))
            }
        },
        Operation::KillHosts { hosts, down } => {
            let plural = if hosts == 1 { "host dies" } else { "hosts die" };
            format!("{} {plural}, back after {}", words::int(f64::from(hosts)), span(down))
        }
        Operation::KillWorkers { workers, down, .. } => {
            let plural = if workers == 1 { "worker dies" } else { "workers die" };
            format!("{} {plural}, back after {}", words::int(f64::from(workers)), span(down))
        }
        Operation::FreezeConsumer { span: time, .. } => format!("stands still for {}, injected", span(time)),
        Operation::ThrottleAccount { concurrency, span: time } => {
            format!("account throttled to {} for {}, injected", words::int(f64::from(concurrency)), span(time))
        }
        Operation::LoseEnvironments { share } => {
            format!("{} of the environments lost, injected", words::percent(share.as_f64()))
        }
        Operation::SlowFunction { factor_milli, span: time, .. } => {
            let times = words::field_number(f64::from(factor_milli) / 1e3);
            format!("{times} × as slow for {}, injected", span(time))
        }
        Operation::BreakStore { store, what, span: time } => {
            format!("{} for {}, injected", store_fault(&stores[store as usize].name, what), span(time))
        }
        Operation::SplitShard { shard, .. } => format!("SplitShard {shard}"),
        Operation::MergeShards { shard, adjacent } => format!("MergeShards {shard} and {adjacent}"),
        Operation::UpdateShardCount { target } => format!("UpdateShardCount to {}", words::int(f64::from(target))),
        Operation::UpdateRetention { retention } => format!("retention {}", span(retention)),
        Operation::UpdateStreamMode { mode } => mode.name().to_owned(),
        Operation::UpdateWarmThroughput { mib } => format!("warm throughput {mib} MiB/s"),
    }
}

/// What is done to a store on purpose.
pub(super) fn store_fault(name: &str, what: StoreFault) -> String {
    match what {
        StoreFault::Outage => format!("{name} is out"),
        StoreFault::Slow { factor_milli } => {
            format!("{name} {} × as slow", words::field_number(f64::from(factor_milli) / 1e3))
        }
        StoreFault::Connections { lost } => format!("{} connections of {name} lost", words::int(f64::from(lost))),
    }
}
