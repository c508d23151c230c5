//! Random delivery streams.

use proptest::prelude::*;
use streamgauge::scenario::{
    Buffering, DeliveryStream, Destination, DestinationKind, DurationFrom, Fault, FaultKind, Firehose,
    FirehoseProducer, Format, HandlerKind, Handling, Jitter, Partitioning, Quota, Transform,
};
use streamgauge::units::{Ratio, SimTime, Span};

fn ratio(most: u32) -> impl Strategy<Value = Ratio> {
    let some = (0..=most).prop_map(|millionths| Ratio::from_millionths(millionths).expect("at most one"));
    prop_oneof![1 => Just(Ratio::ZERO), 2 => some]
}

/// Any valid delivery stream, small enough that every bound of it is met now and then.
pub fn firehose() -> impl Strategy<Value = Firehose> {
    let producer = (1..60u32, 0..400_000u64, 1..3_000u32, 1..5u32, (1_000..2_000_000u64, 0..5_000_000u64), 0..3u8);
    let producer = producer.prop_map(|(batch, linger, buffer, attempts, (backoff, more), jitter)| FirehoseProducer {
        batch,
        linger: Span::from_micros(linger),
        buffer,
        attempts,
        backoff: Span::from_micros(backoff),
        backoff_max: Span::from_micros(backoff + more),
        jitter: [Jitter::Full, Jitter::Equal, Jitter::None][usize::from(jitter)],
    });
    let quota = (proptest::option::of(1..4u32), proptest::option::of(1..20u64))
        .prop_map(|(mib, after)| Quota { mib, scale_after: after.map(Span::from_secs) });
    let shape = (0..5u8, proptest::option::of(1..6u32), proptest::option::of(0..31u32), any::<bool>(), 0..3u8);
    let times = (0..2_000_000u64, 0..20_000u64, 1..4u64, 1..30u64);
    let transform = (
        (proptest::option::of(128..1_024u32), proptest::option::of(205..400u32), times),
        (1..6u32, 0..4u32, ratio(500_000)),
        (ratio(500_000), ratio(500_000), 1..3_000u32, ratio(1_000_000)),
    );
    let transform = transform.prop_map(
        |(
            (memory_mb, buffer_kib, (fixed, per_record, timeout, interval)),
            (parallel, retries, error_rate),
            (dropped, failed, size_milli, spread),
        )| Transform {
            memory_mb,
            buffer_kib,
            interval: Span::from_secs(interval),
            fixed: Span::from_micros(fixed),
            per_record: Span::from_micros(per_record),
            spread,
            timeout: Span::from_secs(timeout),
            parallel,
            retries,
            error_rate,
            dropped,
            failed,
            size_milli,
        },
    );
    let destination = (
        proptest::option::of(0..5_000u32),
        proptest::option::of(1..4u32),
        proptest::option::of(1..4u32),
        proptest::option::of(0..30u32),
        proptest::option::of(1..10u32),
    );
    let fault = (0..20_000_000u64, 1_000_000..40_000_000u64, proptest::option::of(1_000..20_000u32)).prop_map(
        |(at, span, factor)| Fault {
            at: SimTime::from_micros(at),
            span: Span::from_micros(span),
            kind: factor.map_or(FaultKind::Outage, |factor_milli| FaultKind::Slow { factor_milli }),
        },
    );
    let faults = proptest::collection::vec(fault, 0..3);
    let handling = any::<(bool, bool)>();
    (producer, quota, shape, transform, (0..9u32, 1..6u32, 1..2_000u32), destination, (faults, handling)).prop_map(
        |(
            producer,
            quota,
            shape,
            transform,
            (count, active_max, stored_milli),
            destination,
            (mut faults, handling),
        )| {
            let (asks, own_time) = handling;
            let (kind, mib, interval_s, converts, partitioned) = shape;
            let kind = [
                DestinationKind::S3,
                DestinationKind::Redshift,
                DestinationKind::OpenSearch,
                DestinationKind::Splunk,
                DestinationKind::Http,
            ][usize::from(kind)];
            let s3 = kind == DestinationKind::S3;
            let (converts, count) = (s3 && converts, if s3 && partitioned == 0 { count } else { 0 });
            let (latency_ms, mib_per_s, parallel, retry_s, retry_every_s) = destination;
            faults.sort_by_key(|fault| fault.at);
            let stream = DeliveryStream {
                producer,
                quota,
                buffering: Buffering {
                    mib: mib.map(|mib| if converts || count > 0 { 64 + mib } else { mib.min(5) }),
                    interval_s,
                },
                transform,
                partitioning: Partitioning { count, active_max },
                format: Format { converts, stored_milli },
                destination: Destination {
                    kind,
                    latency_ms,
                    mib_per_s,
                    parallel: parallel.map(|parallel| if kind == DestinationKind::Redshift { 1 } else { parallel }),
                    retry_s: retry_s.filter(|_| !s3),
                    retry_every_s,
                },
            };
            let asks = asks && stream.transform.memory_mb.is_some();
            let handling = Handling {
                kind: if asks { HandlerKind::Host } else { HandlerKind::Model },
                code: "".into(),
                module: "".into(),
                duration_from: if own_time { DurationFrom::Code } else { DurationFrom::Model },
            };
            Firehose { stream, handling, faults }
        },
    )
}
