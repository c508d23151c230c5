//! Everything that determines a run, checked and inert: traffic, producer, stream, consumer, operations, seed.
//!
//! A [`Scenario`] exists only in a valid state. It is made by `document::check`, which turns a draft (the
//! JSON as somebody typed it) into either a scenario or every problem at once, each at its field. Inner types
//! carry no serde derives: the file form is a promise of its own and is converted by hand at the edge.

mod analytics;
mod canonical;
pub mod capacity;
mod consumer;
pub mod csv_series;
mod curve;
mod deliver;
mod design;
mod direct;
pub mod document;
pub mod draft;
mod field_table;
pub mod fields;
pub mod filter;
mod firehose;
mod function;
mod groups;
mod handler;
mod hop;
mod kcl;
pub mod packed;
pub mod payload;
pub mod presets;
pub mod prices;
pub mod printer;
pub mod problem;
mod producer;
pub mod query;
mod reading;
mod request;
pub mod schema;
mod sizes;
#[cfg(any(not(target_arch = "wasm32"), feature = "size-module"))]
pub mod sql;
mod stores;
mod stream;
pub mod timestamp;
pub mod traffic;
mod tumbling;
mod video;
mod walk;

pub use analytics::{Analytics, EventTime};
pub use consumer::{
    Consumer, ConsumerKind, DurationLaw, DurationModel, Failures, OnFailure, Poison, Poller, Responses,
};
pub use deliver::Deliver;
pub use design::{Design, Plan};
pub use direct::{
    Application, Autoscaling, Background, Balancer, Cache, Client, Database, Direct, DirectFault, DirectFaultKind,
    Replicas, Request, Store,
};
pub use draft::Draft;
pub use firehose::{
    Buffering, DeliveryStream, Destination, DestinationKind, Fault, FaultKind, Firehose, FirehoseProducer, Format,
    Partitioning, Quota, Transform,
};
pub use function::{Architecture, Function};
pub use handler::{Code, DurationFrom, HandlerKind, Handling, Owner};
pub use hop::Hop;
pub use kcl::{Kcl, LeaseTable};
pub use payload::Payload;
pub use problem::Problem;
pub use producer::{Jitter, Kpl, Producer, PutCall, RetryPolicy, SdkMode, Timeouts};
pub use query::Query;
pub use reading::{ReadSource, StartingPosition};
pub use stores::{Store as WriteStore, StoreFault, StoreKind, Writing};
pub use stream::{Autoscaler, OtherPollers, PolicyMetric, Stream, StreamMode};
pub use traffic::{Arrivals, Draws, HashKeys, Keys, Part, Series, SeriesRow, Sizes, Traffic};
pub use tumbling::Tumbling;
pub use video::Video;

use crate::hash_key::HashKey;
use crate::units::{Ratio, SimTime, Span};

/// Everything that determines a run. Two equal scenarios give the same digest on every machine.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// A title for people; it does not influence the run.
    pub name: String,
    /// One or two sentences that say what this scenario shows; may be empty.
    pub about: String,
    /// The one source of randomness.
    pub seed: u64,
    /// How long the run lasts.
    pub length: Span,
    /// The curve of records offered, with their keys and sizes.
    pub traffic: Traffic,
    /// What puts the records.
    pub producer: Producer,
    /// The data stream they are put into.
    pub stream: Stream,
    /// What reads it: at least one, each with its own position.
    pub consumers: Vec<Consumer>,
    /// Executions at the same time that the account allows all its functions together.
    pub account_concurrency: u32,
    /// Patterns that the account allows one mapping; it does not influence the run.
    pub filters_max: u32,
    /// Changes during the run, in order of time.
    pub operations: Vec<PlannedOperation>,
    /// What its consumers write to.
    pub stores: Vec<WriteStore>,
    /// Prices in the place of the table's, by their ids.
    pub prices: prices::Prices,
    /// Streams into which its consumers put.
    pub then: Vec<Hop>,
    /// Delivery streams that take what its pollers read.
    pub deliver: Vec<Deliver>,
    /// Other designs for the same traffic.
    pub designs: Vec<Design>,
    /// Cameras beside the records; they do not influence them.
    pub video: Option<Video>,
}

impl Scenario {
    /// What one of the consumers is called: its name, or what it is, with its number where there are several.
    pub fn title_of(&self, consumer: usize) -> String {
        let of = &self.consumers[consumer];
        let numbered = of.name.is_empty() && self.consumers.len() > 1;
        if numbered { format!("{} {}", of.title(), consumer + 1) } else { of.title().to_owned() }
    }

    /// A text about one of the consumers, with its title before it where there are several.
    pub fn with_title(&self, consumer: usize, text: String) -> String {
        if self.consumers.len() > 1 { format!("{}: {text}", self.title_of(consumer)) } else { text }
    }

    /// This stream and all that follow, each before those that follow it.
    pub fn streams(&self) -> Vec<&Self> {
        let behind = self.then.iter().flat_map(|hop| hop.scenario.streams());
        std::iter::once(self).chain(behind).collect()
    }

    /// The delivery streams behind those streams, in the same order, each with the stream that is its source.
    pub fn deliveries(&self) -> Vec<(&Self, &Deliver)> {
        self.streams()
            .into_iter()
            .flat_map(|stream| stream.deliver.iter().map(move |deliver| (stream, deliver)))
            .collect()
    }

    /// What the streams are called, in the same order.
    pub fn stream_titles(&self) -> Vec<String> {
        let mut titles = vec!["First stream".to_owned()];
        self.each_behind("", &mut |before, place, _| titles.push(before.hop_title(place)));
        titles
    }

    /// What the designs are called: this one, then the others, each by its name or else by what it is, with its place
    /// where that is said already.
    pub fn design_titles(&self) -> Vec<String> {
        let mut titles = vec!["Data Streams".to_owned()];
        for (place, design) in (2..).zip(&self.designs) {
            let title = if design.name.is_empty() { design.plan.title() } else { &design.name };
            let said = titles.iter().any(|known| known == title);
            titles.push(if said { format!("{title} {place}") } else { title.to_owned() });
        }
        titles
    }

    /// The beginning of the paths of a stream's fields in the document: nothing for the first, `then.0.` for the one
    /// that follows it.
    pub fn stream_path(&self, stream: usize) -> String {
        let mut paths = vec![String::new()];
        self.each_behind("", &mut |_, _, path| paths.push(path.to_owned()));
        paths.get(stream).cloned().unwrap_or_default()
    }

    /// Calls `each` for all streams that follow, with the one before it, its place there and its path.
    fn each_behind(&self, path: &str, each: &mut dyn FnMut(&Self, usize, &str)) {
        for (place, hop) in self.then.iter().enumerate() {
            let path = format!("{path}then.{place}.");
            each(self, place, &path);
            hop.scenario.each_behind(&path, each);
        }
    }

    /// What a stream that follows is called: its name, or what it is, with its number where there are several.
    pub fn hop_title(&self, place: usize) -> String {
        let name = &self.then[place].scenario.name;
        match (name.is_empty(), self.then.len()) {
            (false, _) => name.clone(),
            (true, 1) => "Second stream".to_owned(),
            (true, _) => format!("Stream {}", place + 2),
        }
    }

    /// A stream that follows, with who puts into it and how much.
    pub fn hop_text(&self, place: usize) -> String {
        let hop = &self.then[place];
        let each = match hop.per_record_milli {
            1_000 => "a record for each that it has processed".to_owned(),
            milli => format!("{} records for each that it has processed", f64::from(milli) / 1_000.0),
        };
        format!("{}: {} puts {each}", self.hop_title(place), self.title_of(hop.consumer as usize))
    }

    /// How many readers share the read limits of a shard: consumers that poll, unless theirs are lifted, and other pollers.
    pub fn limited_readers(&self) -> u32 {
        let sharing = self.consumers.iter().filter(|consumer| consumer.shares_reads()).count() as u32;
        let limited = self.consumers.iter().any(|consumer| consumer.read_limits);
        sharing + if limited { self.stream.other_pollers.count } else { 0 }
    }
}

/// An operation and the instant at which it is applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlannedOperation {
    /// When.
    pub at: SimTime,
    /// What.
    pub operation: Operation,
}

/// A change during the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// `UpdateEventSourceMapping`: the next batch is built with these settings.
    UpdateMapping {
        /// Index of the consumer.
        consumer: u32,
        /// New `BatchSize`.
        batch_size: u32,
        /// New batching window.
        batching_window: Span,
        /// What becomes of batches that fail from then on.
        failures: Failures,
    },
    /// A deploy of the function: the next invocation takes this long and fails this often.
    DeployFunction {
        /// Index of the consumer.
        consumer: u32,
        /// New duration model.
        duration: DurationModel,
        /// New injected error rate.
        injected_error_rate: Ratio,
        /// Records on which it always fails from then on.
        poison: Option<Poison>,
    },
    /// A deploy of the producer: rejected records are treated like this from now on.
    DeployProducer {
        /// New policy.
        retry: RetryPolicy,
    },
    /// Hosts of the producer die with what they hold.
    KillHosts {
        /// How many.
        hosts: u32,
        /// How long until they are back.
        down: Span,
    },
    /// Workers of a KCL application die.
    KillWorkers {
        /// Index of the consumer.
        consumer: u32,
        /// How many.
        workers: u32,
        /// How long until they are back.
        down: Span,
    },
    /// A consumer stands still, by injection: it reads and begins nothing; what runs ends.
    FreezeConsumer {
        /// Index of the consumer.
        consumer: u32,
        /// For how long.
        span: Span,
    },
    /// The account has less concurrency for a while, by injection.
    ThrottleAccount {
        /// Executions at the same time, all functions together.
        concurrency: u32,
        /// For how long.
        span: Span,
    },
    /// A share of the execution environments of every function is gone, by injection, with what runs in them.
    LoseEnvironments {
        /// Which share.
        share: Ratio,
    },
    /// A consumer's function takes longer for a while, by injection.
    SlowFunction {
        /// Index of the consumer.
        consumer: u32,
        /// How many times as long, in thousandths.
        factor_milli: u32,
        /// For how long.
        span: Span,
    },
    /// A store is broken for a while, by injection.
    BreakStore {
        /// Index of the store.
        store: u32,
        /// What is done to it.
        what: StoreFault,
        /// For how long.
        span: Span,
    },
    /// `SplitShard`.
    SplitShard {
        /// Index of the shard.
        shard: u32,
        /// Where the upper child begins; `None` for the middle.
        new_starting_hash_key: Option<HashKey>,
    },
    /// `MergeShards`.
    MergeShards {
        /// Index of the one shard.
        shard: u32,
        /// Index of the other, whose range touches.
        adjacent: u32,
    },
    /// `UpdateShardCount` with uniform scaling.
    UpdateShardCount {
        /// Open shards afterwards.
        target: u32,
    },
    /// `IncreaseStreamRetentionPeriod` or `DecreaseStreamRetentionPeriod`.
    UpdateRetention {
        /// How long a record stays readable from then on.
        retention: Span,
    },
    /// `UpdateStreamMode`.
    UpdateStreamMode {
        /// The new mode.
        mode: StreamMode,
    },
    /// `UpdateStreamWarmThroughput`.
    UpdateWarmThroughput {
        /// MiB/s.
        mib: u32,
    },
}

impl Operation {
    /// Index of the consumer that it is about, if it is about one.
    pub const fn consumer(&self) -> Option<u32> {
        match self {
            Self::UpdateMapping { consumer, .. }
            | Self::DeployFunction { consumer, .. }
            | Self::KillWorkers { consumer, .. }
            | Self::FreezeConsumer { consumer, .. }
            | Self::SlowFunction { consumer, .. } => Some(*consumer),
            _ => None,
        }
    }

    /// Whether it can change which shards there are.
    pub const fn reshards(&self) -> bool {
        matches!(
            self,
            Self::SplitShard { .. }
                | Self::MergeShards { .. }
                | Self::UpdateShardCount { .. }
                | Self::UpdateStreamMode { .. }
                | Self::UpdateWarmThroughput { .. }
        )
    }
}
