//! Random designs beside a scenario's own.

use super::any::scenario;
use proptest::prelude::*;
use streamgauge::scenario::{
    Application, Autoscaling, Background, Balancer, Cache, Client, Database, Design, Direct, DurationLaw, Firehose,
    Jitter, Plan, Replicas, Request, Scenario, Store,
};
use streamgauge::units::{Ratio, Span};

/// A scenario with up to three other designs.
pub fn designed() -> impl Strategy<Value = Scenario> {
    let other = (0..3u8, direct(), (scenario(), super::any_firehose::firehose()));
    (scenario(), proptest::collection::vec(other, 0..4)).prop_map(|(mut first, others)| {
        let design = |(place, (kind, direct, (stream, mut firehose))): (usize, (u8, Direct, (Scenario, Firehose)))| {
            let name = if place == 1 { String::new() } else { format!("design {place}") };
            if kind == 0 {
                return Design { name, plan: Plan::Direct(Box::new(direct)) };
            }
            if kind == 1 {
                firehose.faults.retain(|fault| fault.at.micros() < first.length.micros());
                return Design { name, plan: Plan::Firehose(Box::new(firehose)) };
            }
            let shared = first.clone();
            let stream = Scenario {
                name: name.clone(),
                about: String::new(),
                seed: shared.seed,
                length: shared.length,
                traffic: shared.traffic,
                operations: Vec::new(),
                ..stream
            };
            Design { name, plan: Plan::Stream(Box::new(stream)) }
        };
        let designs = others.into_iter().enumerate().map(design).collect();
        first.designs = designs;
        first
    })
}

fn ratio() -> impl Strategy<Value = Ratio> {
    let some = (0..=1_000_000u32).prop_map(|millionths| Ratio::from_millionths(millionths).expect("at most one"));
    prop_oneof![3 => Just(Ratio::ZERO), 3 => some, 1 => Just(Ratio::ONE)]
}

fn span(most_ms: u64) -> impl Strategy<Value = Span> {
    prop_oneof![1 => Just(Span::ZERO), 4 => (0..=most_ms * 1_000).prop_map(Span::from_micros)]
}

fn maybe_span(most_ms: u64) -> impl Strategy<Value = Option<Span>> {
    prop_oneof![1 => Just(None), 3 => (1..=most_ms * 1_000).prop_map(|micros| Some(Span::from_micros(micros)))]
}

/// Any valid direct design, small enough that every bound of it is met now and then.
pub fn direct() -> impl Strategy<Value = Direct> {
    let client = (maybe_span(3_000), 1..5u32, 0..2_000_000u64, 0..5_000_000u64, 0..3u8).prop_map(
        |(timeout, attempts, backoff, more, jitter)| Client {
            timeout,
            attempts,
            backoff: Span::from_micros(backoff),
            backoff_max: Span::from_micros(backoff + more),
            jitter: [Jitter::Full, Jitter::Equal, Jitter::None][usize::from(jitter)],
        },
    );
    let memory = (0..500u32, 1..200u32, 0..200u32, 0..4_000u32);
    let machine = (1..5u32, 1..5u32, proptest::option::of(1..40u32), 0..60u32);
    let application = (machine, memory, ratio(), span(20_000)).prop_map(
        |((instances, vcpus, workers, backlog), (reserved_mb, worker_mb, more, room), heavy_share, restart)| {
            Application {
                instances,
                vcpus,
                memory_mb: (reserved_mb + worker_mb + room).max(256),
                reserved_mb,
                workers,
                worker_mb,
                heavy_share,
                heavy_mb: worker_mb + more,
                backlog,
                restart,
            }
        },
    );
    let scaling = (proptest::option::of(5..9u32), 1..=100u32, 1_000_000..20_000_000u64, span(20_000), 1..5u32);
    let autoscaling = scaling.prop_map(|(max_instances, target_percent, period, start, in_after)| Autoscaling {
        max_instances,
        target_percent,
        period: Span::from_micros(period),
        start,
        in_after,
    });
    let request = (span(50), 0..4u32, 0..3u32, span(800), any::<bool>(), ratio()).prop_map(
        |(cpu, reads, writes, slow, exponential, spread)| Request {
            cpu,
            reads,
            writes,
            slow,
            law: if exponential { DurationLaw::Exponential } else { DurationLaw::Uniform },
            spread,
        },
    );
    let database = (1..5u32, span(40), span(40), 1..60u32, 1..30u32, maybe_span(2_000)).prop_map(
        |(vcpus, read, write, max_connections, pool, pool_wait)| Database {
            vcpus,
            read,
            write,
            max_connections,
            pool,
            pool_wait,
        },
    );
    let others = (
        (0..4u32, span(500)).prop_map(|(count, lag)| Replicas { count, lag }),
        (ratio(), span(20), 0..3_000u32, maybe_span(60_000)).prop_map(|(hit_ratio, hit, entries, restart_at)| Cache {
            hit_ratio,
            hit,
            entries,
            restart_at,
        }),
        (ratio(), ratio(), span(40), span(40), proptest::option::of(1..6u32)).prop_map(
            |(read_share, write_share, read, write, parallel)| Store { read_share, write_share, read, write, parallel },
        ),
        (0..20u32, span(20), proptest::option::of(0..40u32)).prop_map(|(workers, enqueue, queue)| Background {
            workers,
            enqueue,
            queue,
        }),
    );
    let balancer = maybe_span(5_000).prop_map(|idle_timeout| Balancer { idle_timeout });
    (client, balancer, application, autoscaling, request, database, others).prop_map(
        |(client, balancer, application, autoscaling, request, database, (replicas, cache, store, background))| {
            Direct { client, balancer, application, autoscaling, request, database, replicas, cache, store, background }
        },
    )
}
