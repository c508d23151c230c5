//! What a design is, in one line.

use super::Side;
use crate::scenario::{ConsumerKind, Direct, Firehose, HandlerKind, Handling, PutCall, RetryPolicy, Scenario};
use crate::text;
use crate::units::{Ratio, Span};
use crate::words::{self, count_word};

/// What a design is made of, in a sentence or two.
pub fn about(side: &Side<'_>) -> String {
    match side {
        Side::Stream(scenario, ..) => stream(scenario),
        Side::Direct(_, direct, _) => application(direct),
        Side::Firehose(_, firehose, _) => delivery(firehose),
    }
}

fn stream(scenario: &Scenario) -> String {
    let shards = words::capital(&words::shards(u64::from(scenario.stream.open_at_start())));
    let producer = match (&scenario.producer.call, &scenario.producer.retry) {
        (PutCall::Kpl(_), _) => "a producer with the KPL",
        (_, RetryPolicy::Ignore) => "a producer that does not look at failures",
        (_, RetryPolicy::SdkOnly { .. }) => "a producer that retries as its SDK does",
        (_, RetryPolicy::Again { .. }) => "a producer that sends failed entries again",
    };
    let first = &scenario.consumers[0];
    let reader = match first.kind {
        ConsumerKind::Lambda => {
            format!("a function{} that takes batches of {}", coded(&first.handling()), first.batch_size)
        }
        ConsumerKind::Analytics(of) => format!("an analytics application of {} subtasks", of.parallelism),
        ConsumerKind::Kcl(kcl) => format!("a KCL application of {} workers", kcl.workers),
        ConsumerKind::Poller(_) => "a poller".to_owned(),
    };
    let more = match scenario.consumers.len() {
        1 => String::new(),
        all => format!(" and {} more", count_word(all as u64 - 1)),
    };
    format!("{shards}; {producer}; {reader}{more}.")
}

fn delivery(firehose: &Firehose) -> String {
    let stream = &firehose.stream;
    let interval = text::span_text(stream.interval().seconds_f64());
    let mut parts = vec![format!("buffer of {} MiB or {interval}", stream.buffer_bytes().get() >> 20)];
    parts.extend(stream.transform.memory_mb.map(|_| format!("a function{}", coded(&firehose.handling))));
    if stream.is_partitioned() {
        parts.push(some(stream.partitioning.count, "partition"));
    }
    if stream.format.converts {
        parts.push("conversion".to_owned());
    }
    format!("Firehose into {}: {}.", stream.destination.kind.name(), parts.join("; "))
}

/// What decides for a function, where that is code: designs may differ in nothing else.
fn coded(handling: &Handling) -> String {
    let kilobytes = handling.code_bytes() as f64 / 1e3;
    match handling.kind {
        HandlerKind::JavaScript => format!(" with {kilobytes:.1} KB of JavaScript"),
        HandlerKind::Module => format!(" with a module of {kilobytes:.1} KB"),
        HandlerKind::Model | HandlerKind::Host => String::new(),
    }
}

/// `1 read`, `3 reads`.
fn some(count: u32, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn application(direct: &Direct) -> String {
    let Direct { application, request, database, autoscaling, replicas, cache, store, background, .. } = direct;
    let mut parts = vec![
        format!("{} × {} vCPUs", application.instances, application.vcpus),
        format!("{}, {} a request", some(request.reads, "read"), some(request.writes, "write")),
        format!("database of {} vCPUs", database.vcpus),
    ];
    let percent = |ratio: Ratio| words::percent(f64::from(ratio.millionths()) / 1e6);
    if request.slow > Span::ZERO {
        let place = if background.workers > 0 { " in the background" } else { "" };
        parts.push(format!("a slow step{place}"));
    }
    parts.extend(autoscaling.max_instances.map(|most| format!("autoscaling to {most}")));
    if replicas.count > 0 {
        parts.push(some(replicas.count, "replica"));
    }
    if cache.hit_ratio > Ratio::ZERO {
        parts.push(format!("cache {}", percent(cache.hit_ratio)));
    }
    if store.read_share > Ratio::ZERO || store.write_share > Ratio::ZERO {
        parts.push("another store for a part".to_owned());
    }
    if !direct.faults.is_empty() {
        parts.push("faults on purpose".to_owned());
    }
    format!("{}.", parts.join("; "))
}
