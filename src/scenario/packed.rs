//! A checked scenario on its way into the box: its numbers one after the other, as text.
//!
//! The page has read and checked the document before it opens a run, so the engine's module carries neither the
//! table of fields nor the sentences about them. What the box is given all the same is read with suspicion: a number
//! that its type cannot hold, a kind that does not exist, too little or too much is refused as a whole. Whatever else
//! is wrong can only make the run wrong or end it, inside the box.
//!
//! Texts and prices stay on the page: no run depends on them.

use super::filter::{Literal, Pattern, Test};
use super::payload::{Data, Made, Making, Node, Payload, Piece};
use super::query::{Comparison, Function as QueryFunction, Having, Is, Measure, Operand, Top, With};
use super::{
    Analytics, Application, Architecture, Arrivals, Autoscaler, Autoscaling, Background, Balancer, Cache, Client,
    Consumer, ConsumerKind, Database, Design, Direct, Draws, DurationFrom, DurationLaw, DurationModel, EventTime,
    Failures, Function, HandlerKind, HashKeys, Hop, Jitter, Kcl, Keys, Kpl, LeaseTable, OnFailure, Operation,
    OtherPollers, Part, Plan, PlannedOperation, Poison, PolicyMetric, Poller, Producer, PutCall, Query, ReadSource,
    Replicas, Request, Responses, RetryPolicy, Scenario, SdkMode, Series, SeriesRow, Sizes, StartingPosition, Store,
    Stream, StreamMode, Timeouts, Traffic, Tumbling, prices,
};
use crate::hash_key::HashKey;
use crate::units::{Bytes, Rate, Ratio, SimTime, Span};
use std::fmt::Write as _;
use std::sync::Arc;

/// The scenario as text for [`unpack`], without its title and description and without its prices.
pub fn pack(scenario: &Scenario) -> String {
    let mut out = String::new();
    scenario.put(&mut out);
    out
}

/// What [`pack`] wrote; `None` for any other text.
pub fn unpack(text: &str) -> Option<Scenario> {
    let mut from = Source { rest: text, broken: false };
    let scenario = Scenario::take(&mut from);
    (!from.broken && from.rest.is_empty()).then_some(scenario)
}

/// The rest of the text. After the first fault everything reads as zero.
struct Source<'a> {
    rest: &'a str,
    broken: bool,
}

impl Source<'_> {
    /// Digits up to a space.
    #[inline(never)]
    fn number(&mut self) -> u64 {
        let mut value: u64 = 0;
        for (at, byte) in self.rest.bytes().enumerate() {
            match byte {
                b' ' if at > 0 => {
                    self.rest = &self.rest[at + 1..];
                    return value;
                }
                b'0'..=b'9' => {
                    let next = value.checked_mul(10).and_then(|value| value.checked_add(u64::from(byte - b'0')));
                    let Some(next) = next else { break };
                    value = next;
                }
                _ => break,
            }
        }
        self.fault()
    }

    /// A number that is at most `most`.
    #[inline(never)]
    fn up_to(&mut self, most: u32) -> u32 {
        let value = self.number();
        if value > u64::from(most) { self.fault() as u32 } else { value as u32 }
    }

    fn fault(&mut self) -> u64 {
        (self.rest, self.broken) = ("", true);
        0
    }
}

/// What can be written as numbers and read back.
trait Packed {
    fn put(&self, out: &mut String);
    fn take(from: &mut Source<'_>) -> Self;
}

impl Packed for u64 {
    fn put(&self, out: &mut String) {
        // Writing into a string cannot fail.
        let _ = write!(out, "{self} ");
    }
    fn take(from: &mut Source<'_>) -> Self {
        from.number()
    }
}

/// Types that are one number, of another type.
macro_rules! as_number {
    ($($kind:ty: $number:ty, $to:expr, $of:expr;)*) => { $(
        impl Packed for $kind {
            fn put(&self, out: &mut String) {
                let to: fn(&$kind) -> $number = $to;
                to(self).put(out);
            }
            fn take(from: &mut Source<'_>) -> Self {
                let of: fn($number) -> $kind = $of;
                of(<$number>::take(from))
            }
        }
    )* };
}

as_number! {
    SimTime: u64, |time| time.micros(), SimTime::from_micros;
    Span: u64, |span| span.micros(), Span::from_micros;
    Bytes: u64, |bytes| bytes.get(), Bytes::new;
    Rate: u64, |rate| rate.milli(), Rate::from_milli;
    HashKey: u128, |key| key.get(), HashKey::new;
}

impl Packed for u32 {
    fn put(&self, out: &mut String) {
        u64::from(*self).put(out);
    }
    fn take(from: &mut Source<'_>) -> Self {
        from.up_to(Self::MAX)
    }
}

impl Packed for bool {
    fn put(&self, out: &mut String) {
        u32::from(*self).put(out);
    }
    fn take(from: &mut Source<'_>) -> Self {
        from.up_to(1) == 1
    }
}

impl Packed for Ratio {
    fn put(&self, out: &mut String) {
        self.millionths().put(out);
    }
    fn take(from: &mut Source<'_>) -> Self {
        Self::from_millionths(from.up_to(Self::ONE.millionths())).unwrap_or(Self::ZERO)
    }
}

impl Packed for u128 {
    fn put(&self, out: &mut String) {
        (*self as u64).put(out);
        ((*self >> 64) as u64).put(out);
    }
    fn take(from: &mut Source<'_>) -> Self {
        let low = from.number();
        Self::from(low) | (Self::from(from.number()) << 64)
    }
}

/// Two's complement.
impl Packed for i64 {
    fn put(&self, out: &mut String) {
        (*self as u64).put(out);
    }
    fn take(from: &mut Source<'_>) -> Self {
        from.number() as Self
    }
}

/// A text that a run depends on: its bytes.
impl Packed for Box<str> {
    fn put(&self, out: &mut String) {
        self.bytes().map(u32::from).collect::<Vec<_>>().put(out);
    }
    fn take(from: &mut Source<'_>) -> Self {
        let bytes = Vec::<u32>::take(from).into_iter().map(|byte| byte as u8).collect();
        String::from_utf8(bytes).unwrap_or_default().into()
    }
}

/// Other texts stay where they are read.
impl Packed for String {
    fn put(&self, _: &mut String) {}
    fn take(_: &mut Source<'_>) -> Self {
        Self::new()
    }
}

/// Code stays with whoever runs it.
impl Packed for Arc<str> {
    fn put(&self, _: &mut String) {}
    fn take(_: &mut Source<'_>) -> Self {
        Self::from("")
    }
}

impl<T: Packed> Packed for Option<T> {
    fn put(&self, out: &mut String) {
        self.is_some().put(out);
        if let Some(value) = self {
            value.put(out);
        }
    }
    fn take(from: &mut Source<'_>) -> Self {
        bool::take(from).then(|| T::take(from))
    }
}

impl<T: Packed> Packed for Vec<T> {
    fn put(&self, out: &mut String) {
        (self.len() as u64).put(out);
        self.iter().for_each(|item| item.put(out));
    }
    fn take(from: &mut Source<'_>) -> Self {
        let count = from.number();
        let mut list = Self::new();
        // A count that lies ends with the text and not with the memory.
        while (list.len() as u64) < count && !from.broken {
            list.push(T::take(from));
        }
        list
    }
}

impl<T: Packed> Packed for Arc<T> {
    fn put(&self, out: &mut String) {
        T::put(self, out);
    }
    fn take(from: &mut Source<'_>) -> Self {
        Self::new(T::take(from))
    }
}

impl<T: Packed> Packed for Box<T> {
    fn put(&self, out: &mut String) {
        T::put(self, out);
    }
    fn take(from: &mut Source<'_>) -> Self {
        Self::new(T::take(from))
    }
}

impl<A: Packed, B: Packed> Packed for (A, B) {
    fn put(&self, out: &mut String) {
        self.0.put(out);
        self.1.put(out);
    }
    fn take(from: &mut Source<'_>) -> Self {
        (A::take(from), B::take(from))
    }
}

/// Types whose fields follow each other.
macro_rules! fields {
    ($($kind:ident { $($field:ident)* })*) => { $(
        impl Packed for $kind {
            fn put(&self, out: &mut String) {
                let Self { $($field),* } = self;
                $($field.put(out);)*
            }
            fn take(from: &mut Source<'_>) -> Self {
                $(let $field = Packed::take(from);)*
                Self { $($field),* }
            }
        }
    )* };
}

/// Types that are one of several kinds: its number, then its fields.
macro_rules! kinds {
    ($($kind:ident { $($number:literal $variant:ident $(($inner:ident))? $({ $($field:ident)* })?,)* })*) => { $(
        impl Packed for $kind {
            fn put(&self, out: &mut String) {
                match self {
                    $(Self::$variant $(($inner))? $({ $($field),* })? => {
                        u64::put(&$number, out);
                        $($inner.put(out);)?
                        $($($field.put(out);)*)?
                    })*
                }
            }
            fn take(from: &mut Source<'_>) -> Self {
                let mut number = from.number();
                loop {
                    match number {
                        $($number => {
                            $(let $inner = Packed::take(from);)?
                            $($(let $field = Packed::take(from);)*)?
                            return Self::$variant $(($inner))? $({ $($field),* })?;
                        })*
                        _ => number = from.fault(),
                    }
                }
            }
        }
    )* };
}

mod firehose;

fields! {
    Application {
        instances vcpus memory_mb reserved_mb workers worker_mb heavy_share heavy_mb backlog restart
    }
    Autoscaling { max_instances target_percent period start in_after }
    Background { workers enqueue queue }
    Balancer { idle_timeout }
    Cache { hit_ratio hit entries restart_at }
    Client { timeout attempts backoff backoff_max jitter }
    Database { vcpus read write max_connections pool pool_wait }
    Design { name plan }
    Direct { client balancer application autoscaling request database replicas cache store background }
    Replicas { count lag }
    Request { cpu reads writes slow law spread }
    Store { read_share write_share read write parallel }
    Autoscaler { metric period delay out_above out_percent in_below in_percent periods cooldown min_shards max_shards }
    Consumer {
        name kind source start position read_limits batch_size batching_window parallelization filters tumbling failures retry_base retry_cap
        poison memory_mb function handler code module duration_from duration injected_error_rate query plan
    }
    Analytics {
        parallelism per_kpu kpu_milli limit interval discovery checkpoint event_time lateness shard_idle
    }
    Comparison { of is with }
    Having { measure is with }
    Measure { function of }
    Query { size slide group measures filter having top }
    Top { measure descending rows }
    DurationModel { fixed per_record spread law }
    Failures { bisect max_retries max_record_age responses on_failure }
    Function { architecture cpu_share timeout reserved init idle_life throttle_wait throttle_wait_max }
    Hop { consumer per_record_milli bytes scenario }
    Kcl { workers worker_milli limit idle failover checkpoint shard_sync parent_poll table }
    Kpl {
        aggregates buffered aggregate_bytes aggregate_count collect_count collect_bytes rate_percent ttl
        fail_if_throttled
    }
    Made { what place }
    OtherPollers { count idle limit }
    Payload { share data }
    PlannedOperation { at operation }
    Poison { rate key }
    Poller { limit idle always_sleeps }
    Producer { hosts call buffer retry timeouts ordered }
    SeriesRow { at length count bytes }
    Stream {
        mode shards retention byte_burst max_record rounds_up reshard scale_after warm_mib autoscaler other_pollers
        empty_answers
    }
    Timeouts { rate after }
    Tumbling { window wait state_per_record }
    Traffic { parts arrivals keys hash_keys sizes payloads draws put_millionths }
}

kinds! {
    Architecture { 0 X86, 1 Arm, }
    Arrivals { 0 Even, 1 Poisson, }
    QueryFunction { 0 Count, 1 Sum, 2 Avg, 3 Min, 4 Max, }
    ConsumerKind { 0 Lambda, 1 Poller(poller), 2 Kcl(kcl), 3 Analytics(analytics), }
    EventTime { 0 Arrival, 1 Offered, }
    Is { 0 Equal, 1 Unequal, 2 Less, 3 AtMost, 4 More, 5 AtLeast, }
    Operand { 0 Key, 1 Field(path), }
    With { 0 Number(number), 1 Text(text), }
    Data { 0 Json(node), 1 Plain(pieces), }
    DurationFrom { 0 Model, 1 Code, }
    DurationLaw { 0 Uniform, 1 Exponential, }
    Draws { 0 Xoshiro, 1 Lcg, }
    HandlerKind { 0 Model, 1 Host, 2 JavaScript, 3 Module, }
    HashKeys { 0 OfPartitionKey, 1 Even, 2 Explicit(hash_key), }
    Jitter { 0 Full, 1 Equal, 2 None, }
    Keys { 0 One, 1 Uniform { count }, 2 Zipf { count exponent_milli }, 3 Hot { count share }, }
    LeaseTable { 0 OnDemand, 1 Provisioned { reads writes }, }
    Literal { 0 Null, 1 Bool(value), 2 Number(text), 3 Text(text), }
    Making { 0 Number, 1 Key, 2 Time, 3 Between { low high }, 4 OneOf { texts }, }
    Node { 0 Null, 1 Bool(value), 2 Number(text), 3 Text(pieces), 4 Made(made), 5 List(list), 6 Fields(fields), }
    Operation {
        0 UpdateMapping { consumer batch_size batching_window failures },
        1 DeployFunction { consumer duration injected_error_rate poison },
        2 DeployProducer { retry },
        3 KillHosts { hosts down },
        4 SplitShard { shard new_starting_hash_key },
        5 MergeShards { shard adjacent },
        6 UpdateShardCount { target },
        7 UpdateRetention { retention },
        8 UpdateStreamMode { mode },
        9 UpdateWarmThroughput { mib },
        10 KillWorkers { consumer workers down },
        11 FreezeConsumer { consumer span },
        12 ThrottleAccount { concurrency span },
        13 LoseEnvironments { share },
        14 SlowFunction { consumer factor_milli span },
    }
    OnFailure { 0 None, 1 Sqs, 2 Sns, 3 S3, }
    Part {
        0 Constant { rate },
        1 Ramp { from to start over },
        2 Spike { base factor_milli start rise hold fall },
        3 DayWave { low high peak_at },
        4 Steps { steps },
        5 Series(series),
        6 Intervals { rows },
        7 Bursts { every start records over },
    }
    Pattern { 0 Fields(fields), 1 Tests(tests), 2 Or(patterns), }
    Piece { 0 Plain(text), 1 Made(made), }
    Plan { 0 Stream(scenario), 1 Direct(direct), 2 Firehose(firehose), }
    PolicyMetric { 0 Utilization, 1 Throttled, 2 IteratorAge, }
    PutCall { 0 PutRecord, 1 PutRecords { batch linger }, 2 Kpl(kpl), }
    ReadSource { 0 GetRecords, 1 SubscribeToShard { delay }, }
    Responses { 0 Whole, 1 ItemFailures, }
    RetryPolicy {
        0 Ignore,
        1 SdkOnly { mode },
        2 Again { max_attempts base cap max_age multiplier_milli jitter },
    }
    SdkMode { 0 Standard, 1 Standard2026, 2 PythonStandard, 3 Legacy, 4 Adaptive, }
    Sizes {
        0 Fixed { bytes },
        1 Uniform { min max },
        2 LogNormal { median sigma_milli cap },
        3 Mixed { bytes large_bytes large_share },
    }
    StartingPosition { 0 TrimHorizon, 1 Latest, 2 AtTimestamp(at), }
    Test {
        0 Is(literal),
        1 IsNot(literals),
        2 Begins(text),
        3 Ends(text),
        4 IgnoringCase(text),
        5 Numeric { low high },
        6 Exists(there),
    }
    StreamMode { 0 Provisioned, 1 OnDemand, 2 Advantage, }
}

impl Packed for Series {
    fn put(&self, out: &mut String) {
        self.rows.put(out);
    }
    fn take(from: &mut Source<'_>) -> Self {
        Self { source: String::new(), rows: Packed::take(from) }
    }
}

impl Packed for Scenario {
    fn put(&self, out: &mut String) {
        let Self {
            name: _,
            about: _,
            seed,
            length,
            traffic,
            producer,
            stream,
            consumers,
            operations,
            account_concurrency,
            filters_max,
            prices,
            then,
            deliver,
            designs,
            video: _,
        } = self;
        seed.put(out);
        length.put(out);
        traffic.put(out);
        producer.put(out);
        stream.put(out);
        consumers.put(out);
        account_concurrency.put(out);
        filters_max.put(out);
        operations.put(out);
        then.put(out);
        deliver.put(out);
        designs.put(out);
        Box::<str>::from(prices.region).put(out);
    }
    fn take(from: &mut Source<'_>) -> Self {
        Self {
            seed: Packed::take(from),
            length: Packed::take(from),
            traffic: Packed::take(from),
            producer: Packed::take(from),
            stream: Packed::take(from),
            consumers: Packed::take(from),
            account_concurrency: Packed::take(from),
            filters_max: Packed::take(from),
            operations: Packed::take(from),
            then: Packed::take(from),
            deliver: Packed::take(from),
            designs: Packed::take(from),
            // Cameras are no part of the engine that the page runs.
            video: None,
            name: String::new(),
            about: String::new(),
            // The region stands in events. A module that opens one scenario keeps one such text.
            prices: prices::Prices { region: Box::leak(Packed::take(from)), ..Default::default() },
        }
    }
}
