//! The model page: each mechanism with the rule as it is built, the constants that it runs on, and where it departs
//! from the service.
//!
//! The figures are not written here. A rule names constants of [`limits`] or of the price book, and a test demands
//! that every sourced constant belongs to a rule, so that text and engine cannot part unnoticed.

mod analytics;
mod consumers;
mod direct;
mod firehose;
#[cfg(not(target_arch = "wasm32"))]
pub mod handlers;
mod stores;
mod video;

use crate::cost::prices::{self, Price};
use crate::limits::{self, Limit};

/// One mechanism.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// What it is, in the service's words.
    pub title: &'static str,
    /// The rule as built.
    pub rule: &'static str,
    /// Where it departs from the service, or what is not known of it; empty where nothing is.
    pub departure: &'static str,
    /// Names of the constants that it runs on.
    names: &'static [&'static str],
    /// Prices that it runs on.
    prices: &'static [Price],
}

impl Rule {
    /// The constants that it runs on.
    pub fn limits(&self) -> impl Iterator<Item = &'static Limit> {
        self.names.iter().filter_map(|name| limits::by_name(name))
    }

    /// Names of the constants that it runs on, as written here.
    pub const fn names(&self) -> &'static [&'static str] {
        self.names
    }

    /// The prices that it runs on.
    pub const fn prices(&self) -> &'static [Price] {
        self.prices
    }

    /// Whether one of its constants is modelled rather than documented.
    pub fn is_estimated(&self) -> bool {
        self.limits().any(|limit| limit.estimated)
    }
}

/// Every mechanism, in the order in which a record meets them.
pub static ALL: &[Rule] = &joined::<{ length(PARTS) }>(PARTS);

/// Those of the producer and the stream, those of what reads it and of video, the bill, and those of other designs.
const PARTS: &[&[Rule]] =
    &[STREAM, consumers::RULES, analytics::RULES, stores::RULES, video::RULES, BILL, direct::RULES, firehose::RULES];

const fn length(parts: &[&[Rule]]) -> usize {
    let (mut part, mut sum) = (0, 0);
    while part < parts.len() {
        sum += parts[part].len();
        part += 1;
    }
    sum
}

const fn joined<const N: usize>(parts: &[&[Rule]]) -> [Rule; N] {
    let (mut rules, mut at) = ([STREAM[0]; N], 0);
    let mut part = 0;
    while part < parts.len() {
        let mut place = 0;
        while place < parts[part].len() {
            rules[at] = parts[part][place];
            (at, place) = (at + 1, place + 1);
        }
        part += 1;
    }
    rules
}

const STREAM: &[Rule] = &[
    Rule {
        title: "Partition key to shard",
        rule: "The MD5 of the partition key's UTF-8 bytes, read as a 128-bit big-endian number, falls into the range of \
               exactly one open shard. Shards divide the hash space evenly; the last one takes the remainder. An \
               ExplicitHashKey stands in the place of the MD5.",
        departure: "Keys are texts of one form, device- and nine digits.",
        names: &["PARTITION_KEY_CHARS_MAX", "PARTITION_KEY_BYTES"],
        prices: &[],
    },
    Rule {
        title: "Payloads",
        rule: "What a record carries is made when somebody looks, from the seed and the record’s number: a JSON template of \
               one of the scenario’s kinds, drawn by their shares, with its number, its key, its time, numbers and words \
               filled in. A field fill, or blanks, make it as long as the record’s size.",
        departure: "Where the template is longer than the size, the payload is whole and the size stays what it is.",
        names: &["PAYLOAD_KINDS_MAX", "PAYLOAD_DEPTH_MAX", "PAYLOAD_NUMBER_MAX"],
        prices: &[],
    },
    Rule {
        title: "Write limit, records",
        rule: "A token bucket for each shard, refilled continuously. A record that finds no token is rejected; nothing \
               is rejected by chance.",
        departure: "AWS documents the rate. That a second's worth may come at once is inferred.",
        names: &["SHARD_RECORDS_PER_SECOND", "SHARD_RECORDS_BURST"],
        prices: &[],
    },
    Rule {
        title: "Write limit, bytes",
        rule: "A second token bucket for each shard. Data and partition key count; the record needs both buckets and is \
               charged to both or to none. PutRecord rounds each record up, PutRecords the sum of the call.",
        departure: "The rounding can be left away. The depth of the bucket is a setting: strictly one second's worth, or up to the tank that AWS \
                    describes for large records. The rest of a call's rounding is charged to the shard of its last \
                    stored record.",
        names: &[
            "SHARD_WRITE_BYTES_PER_SECOND",
            "SHARD_BYTE_BURST_STRICT",
            "SHARD_BYTE_BURST_TANK",
            "THROTTLE_ROUNDING",
        ],
        prices: &[],
    },
    Rule {
        title: "PutRecord and PutRecords",
        rule: "Entries of a call are judged one by one, in order. A call with rejected entries is still answered with \
               200: the producer has to look.",
        departure: "A call takes no time.",
        names: &["PUT_RECORDS_COUNT_MAX", "PUT_RECORDS_BYTES_MAX", "RECORD_BYTES_MAX", "RECORD_BYTES_SETTABLE_MAX"],
        prices: &[],
    },
    Rule {
        title: "Retries of the SDK",
        rule: "A call that failed as a whole is made again after a random share of a backoff that doubles, as long as \
               the attempts and the client's budget of tokens last. A throttled PutRecord fails as a whole; failed \
               entries inside a 200 answer of PutRecords are not tried again in any mode. Each host has a client of \
               its own. The adaptive mode also limits the rate at which it sends: throttling leaves it a share of what \
               was sent, and it grows back along a cubic curve.",
        departure: "Calls that the adaptive limiter holds back stand in line for their tokens. Other failures than \
                    throttling and lost answers do not occur.",
        names: &[
            "SDK_ATTEMPTS",
            "SDK_BACKOFF_BASE",
            "SDK_BACKOFF_BASE_THROTTLED",
            "SDK_BACKOFF_CAP",
            "SDK_RETRY_TOKENS",
            "SDK_RETRY_COST",
            "SDK_RETRY_COST_TIMEOUT",
            "SDK_SUCCESS_REFUND",
            "SDK_2026_BACKOFF_BASE",
            "SDK_2026_BACKOFF_BASE_THROTTLED",
            "SDK_2026_RETRY_COST",
            "PYTHON_BACKOFF_BASE",
            "LEGACY_ATTEMPTS",
            "ADAPTIVE_BETA_PERCENT",
            "ADAPTIVE_SCALE_PERCENT",
            "ADAPTIVE_SMOOTH_PERCENT",
            "ADAPTIVE_RATE_MIN",
        ],
        prices: &[],
    },
    Rule {
        title: "Answers that do not come",
        rule: "A share of put calls, set in the scenario, is never answered, though the stream does its part. After the \
               request timeout the whole call is made again, so what was stored is stored once more: the ledger counts \
               duplicates, and a record that is given up although it is stored is not lost.",
        departure: "Which calls it strikes is drawn; the service's own rate is not published. Where the producer ignores \
                    failures, its SDK still repeats such calls in the standard mode.",
        names: &["KPL_REQUEST_TIMEOUT"],
        prices: &[],
    },
    Rule {
        title: "Order of a key",
        rule: "Records of a key are stored in the order in which they were offered until one is put again: later ones \
               overtake it. Every record that is stored after a later one of its key is counted. With \
               SequenceNumberForOrdering a record of PutRecord waits while an earlier one of its key and host does, and \
               none is overtaken.",
        departure: "Hosts know nothing of each other, so records of one key on two hosts can change places all the same.",
        names: &[],
        prices: &[],
    },
    Rule {
        title: "Producer hosts",
        rule: "Hosts take the records in turn, as behind a load balancer; each gathers its own calls and has its own \
               client. Hosts that die lose what they hold, and take no records until they are back. Where no host is \
               up, records are lost.",
        departure: "All hosts share one bound on memory.",
        names: &[],
        prices: &[],
    },
    Rule {
        title: "Kinesis Producer Library",
        rule: "User records of one shard are gathered into an aggregated Kinesis record, counted to the byte in the \
               library's own format, until it is full or its oldest record has been buffered long enough. A limiter \
               for each shard lets pass what its two token buckets hold and is looked at every 25 ms. What passed is \
               collected into PutRecords calls, which go when they are full, when they have much for one shard, or 50 ms \
               after the last addition. A rejected record is put again, with half of the buffering time to its next \
               deadline, until it is too old.",
        departure: "The library knows the shards at every instant; user records whose shard changed while they were \
                    aggregated are put again without taking room in the record that was stored. What reads the stream sees \
                    user records, as after de-aggregation; limits on batches, reads and payloads count Kinesis records.",
        names: &[
            "KPL_BUFFERED",
            "KPL_BUFFER_MIN",
            "KPL_AGGREGATION_BYTES",
            "KPL_AGGREGATE_BYTES",
            "KPL_AGGREGATE_KEY_BYTES",
            "KPL_COLLECTION_BYTES",
            "KPL_SHARD_BYTES",
            "KPL_RATE_PERCENT",
            "KPL_DRAIN",
            "KPL_TTL",
        ],
        prices: &[],
    },
    Rule {
        title: "Retries of the producer",
        rule: "Where the producer sends rejected entries again, the backoff is multiplied with each retry up to its \
               cap. All of it is waited, or a random share of it, or half of it and a random share of the rest.",
        departure: "Rejected entries of one call stay together in the next.",
        names: &["PRODUCER_ATTEMPTS_MAX", "PRODUCER_BACKOFF_MAX", "PRODUCER_MULTIPLIER_MAX"],
        prices: &[],
    },
    Rule {
        title: "Retention",
        rule: "A record stays readable for the retention. What no invocation has processed by then expires, and the \
               ledger says so. Lowering it takes what is older at once; raising it takes a minute and saves what has not \
               expired. The time to loss is what is left of the retention above the age of the oldest record, divided \
               by how fast that age grows; the time to catch up is the backlog divided by the spare capacity, both of the \
               shard where it is worst.",
        departure: "A batch that runs when its records expire is finished.",
        names: &["RETENTION_MIN", "RETENTION_DEFAULT", "RETENTION_MAX"],
        prices: &[],
    },
    Rule {
        title: "Resharding",
        rule: "SplitShard and MergeShards take a while, and the stream is UPDATING meanwhile: another call is refused \
               with ResourceInUseException. Then the parents are closed and their children open; what the parents hold \
               stays in them, readable until its retention ends, and children are read when all their parents are done. \
               UpdateShardCount reaches at most twice and at least half of the open shards, in waves: first splits where \
               the new division has a boundary, then merges of what lies between two of them.",
        departure: "How long it takes is a setting. How a shard count is reached on the way, and whether half of an odd \
                    count is rounded, is not documented: here the target may be half, rounded up. Children begin with \
                    full buckets.",
        names: &[
            "RESHARD_SPAN",
            "RESHARD_WAVE",
            "UPDATE_SHARD_COUNT_CALLS",
            "UPDATE_SHARD_COUNT_FACTOR",
            "MODE_SWITCHES_PER_DAY",
            "MODE_SWITCH_SPAN",
        ],
        prices: &[],
    },
    Rule {
        title: "On-demand",
        rule: "Once a minute each open shard is looked at. One that had more than half of its capacity coming in, rejected \
               records included, is halved until its pieces have less, a setting's time later, as long as there are fewer shards than cover twice the \
               load. Hot keys \
               are not isolated: each piece has half the range. With Advantage, warm throughput is there at once; lowering \
               it keeps what the last hour needed.",
        departure: "AWS documents that a shard above 500 KB/s is split within 15 minutes, and that capacity covers twice the \
                    former peak; the timing here is a setting at its upper end. A stream without load keeps its shards: no \
                    rule for scaling down is published.",
        names: &[
            "ON_DEMAND_SHARDS",
            "ON_DEMAND_SPLIT_ABOVE",
            "ON_DEMAND_SPLIT_ABOVE_RECORDS",
            "ON_DEMAND_SCALE_SPAN",
            "ON_DEMAND_WATCH",
            "ON_DEMAND_WRITE_MAX",
            "WARM_LOOKS_BACK",
        ],
        prices: &[],
    },
    Rule {
        title: "GetRecords",
        rule: "Two limits for each shard. A call above the call rate is refused. After an answer, further calls are \
               refused until its bytes have passed at the read rate, which gives five silent seconds after a full \
               answer. MillisBehindLatest is the age of the oldest record that lies ahead of the answer. A share of the \
               answers can be made empty although records lie ahead: an injected effect, drawn by itself.",
        departure: "That refusals follow the bytes without any burst is inferred from the documented silences. How often \
                    the service answers with nothing is not published.",
        names: &[
            "SHARD_READ_CALLS_PER_SECOND",
            "SHARD_READ_BYTES_PER_SECOND",
            "GET_RECORDS_RECORDS_MAX",
            "GET_RECORDS_BYTES_MAX",
            "GET_RECORDS_REST_AFTER_FULL",
        ],
        prices: &[],
    },
    Rule {
        title: "Enhanced fan-out",
        rule: "SubscribeToShard pushes what a shard stores to each registered consumer, at a rate of its own that no other \
               reader shares. An event comes when its oldest record has been on its way for the delay, and carries what has \
               come by then, as far as the rate allows. A subscription is over after five minutes and is called again, \
               without a gap. Registered consumers are limited in number; where the stream bills shard-hours they cost \
               shard-hours of their own, for as long as the run, and data by the GB in every mode.",
        departure: "AWS documents the delay as about 70 ms. While a consumer works it takes no event, and up to a second’s \
                    worth of bytes is there for it when it is done. The limits on an event’s own size are not published, \
                    so it has none beside the rate. A mapping that is subscribed otherwise does what one does that polls. \
                    A switch of the stream’s mode does not look at the registered consumers.",
        names: &[
            "FAN_OUT_BYTES_PER_SECOND",
            "FAN_OUT_DELAY",
            "FAN_OUT_CONSUMERS",
            "FAN_OUT_CONSUMERS_ADVANTAGE",
            "FAN_OUT_SUBSCRIPTION",
        ],
        prices: &[],
    },
    Rule {
        title: "Several readers",
        rule: "Each consumer reads every record, at its own position, and has a ledger, metrics and lines on the bill of \
               its own; a policy on iterator age looks at the first. All share the calls and the bytes of the shard, \
               unless their limits are lifted, and GetRecords counts them together as CloudWatch does. Other pollers are \
               applications beside them, a loop for each shard that is done with what it reads at once, and sleeps. \
               Records stay in the log until everybody has read them.",
        departure: "Where several poll, every pause between reads is longer at random by up to a tenth: in step, it would \
                    always be the same one that is refused. And a second's worth of bytes may be outstanding before a call \
                    is refused, so that small answers do not refuse each other; after an answer of more than that \
                    there is silence until it has passed.",
        names: &["OTHER_POLLERS_MAX", "OTHER_POLLERS_IDLE", "OTHER_POLLERS_IDLE_MIN", "POLLERS_SPREAD"],
        prices: &[],
    },
    Rule {
        title: "A stream that follows",
        rule: "A consumer puts records into another stream at the instant at which a batch is done, each under the key of \
               a record that it processed: for each shard one whenever enough parts of a record have come together. The \
               other stream has a producer with retries, shards, consumers and a bill of its own.",
        departure: "The function waits for no put call and does not fail with it. What a KCL application processes again \
                    after a worker's death is put once. The account's concurrency counts for each stream by itself. A \
                    record that is too large for the other stream is cut to what it takes. A handler’s code decides \
                    what becomes of its batches, not what is put: what follows has data of its own.",
        names: &["HOPS_MAX"],
        prices: &[],
    },
];

const BILL: &[Rule] = &[Rule {
    title: "The bill",
    rule: "Provisioned: shard-hours of open shards to the instant, payload units of each stored record rounded up, \
               more for retention above 24 hours. On-demand: the stream by the hour, data in with each record rounded up \
               to 1 KB, data out as read, retention by what is kept. Advantage: the same without the stream's hours, and \
               at least the commitment. Lambda: invocations, and their duration by the millisecond, cold starts included, \
               times memory, at the price of the architecture. Lines are rounded before they are summed. A scenario chooses the region and can set each price.",
    departure: "Retention is billed as in the steady state of the month, in proportion to the run's length; a retention \
                    that is changed during the run counts as it was at the start. List prices; where one of the chosen \
                    region is not known, that of us-east-1 stands in and is marked. Without free tier, discount or data \
                    transfer. Whether the partition key counts in a payload unit is not documented; here it does.",
    names: &["PUT_PAYLOAD_UNIT", "EXTENDED_RETENTION", "ADVANTAGE_COMMITMENT"],
    prices: prices::ALL,
}];
