//! The rows of the field table; `fields` says how to read them.

mod analytics;
mod direct;
mod files;
mod firehose;
mod operations;
mod reading;
mod video;

use super::fields::{Choice, Default, Field, Kind, Number, Rows};
use super::function::{ARCHITECTURES, LAWS};
use super::payload;
use super::prices::HOME;
use crate::limits as l;
use crate::text::{for_form, for_people};
use crate::units::{MICROS_PER_SECOND, Ratio, Span};
pub(super) use files::FIELDS;

/// Largest seed: every whole number up to here survives any JSON reader.
const SEED_MAX: u64 = (1 << 53) - 1;
/// Largest data blob beside our partition keys, on a stream that takes the largest records.
const DATA_MAX: u64 = l::RECORD_BYTES_SETTABLE_MAX.get() - l::PARTITION_KEY_BYTES.get();
const DAY: u64 = Span::from_hours(24).micros();

const SECONDS: Number = Number { min: 0, max: l::RUN_LENGTH_MAX.micros(), step: MICROS_PER_SECOND, decimals: 6 };
const RATE: Number = Number { min: 0, max: l::OFFERED_RATE_MAX.milli(), step: 10_000, decimals: 3 };
const SHARE: Number = Number { min: 0, max: Ratio::ONE.millionths() as u64, step: 10_000, decimals: 6 };
const DATA: Number = Number { min: 1, max: DATA_MAX, step: 64, decimals: 0 };
/// Milliseconds to the microsecond.
const fn millis(min: u64, max: Span, step: u64) -> Number {
    Number { min, max: max.micros(), step, decimals: 3 }
}
const fn whole(min: u64, max: u64, step: u64) -> Number {
    Number { min, max, step, decimals: 0 }
}

/// Dollars to the millionth of a millionth.
const PRICE: Number = Number { min: 0, max: 1_000 * 1_000_000_000_000, step: 1_000_000_000, decimals: 12 };

const STEP_ROWS: Rows =
    Rows { columns: &[("at_s", SECONDS), ("per_s", RATE)], required: 2, max_rows: l::CURVE_STEPS_MAX as usize };
const INTERVAL_ROWS: Rows = Rows {
    columns: &[("at_s", SECONDS), ("interval_us", whole(0, 86_400_000_000, 1))],
    required: 2,
    max_rows: l::CURVE_STEPS_MAX as usize,
};
const SERIES_ROWS: Rows = Rows {
    columns: &[
        ("at_s", SECONDS),
        ("length_s", Number { min: 1, ..SECONDS }),
        ("count", whole(0, l::OFFERED_MAX, 1)),
        ("bytes", whole(0, l::OFFERED_MAX * l::RECORD_BYTES_MAX.get(), 1)),
    ],
    required: 3,
    max_rows: l::SERIES_ROWS_MAX as usize,
};

impl Field {
    const fn new(path: &'static str, label: &'static str, kind: Kind, default: Default, about: &'static str) -> Self {
        Self {
            path,
            label: for_form(label),
            unit: "",
            kind,
            default,
            about: for_people(about),
            limit_name: None,
            only: &[],
            selects: false,
        }
    }

    const fn group(path: &'static str, label: &'static str, about: &'static str) -> Self {
        Self::new(path, label, Kind::Group, Default::Empty, about)
    }

    const fn num(
        path: &'static str,
        label: &'static str,
        unit: &'static str,
        number: Number,
        default: u64,
        about: &'static str,
    ) -> Self {
        let field = Self::new(path, label, Kind::Number(number), Default::Number(default), about);
        Self { unit, ..field }
    }

    const fn choice(
        path: &'static str,
        label: &'static str,
        choices: &'static [Choice],
        default: Default,
        about: &'static str,
    ) -> Self {
        Self::new(path, label, Kind::Choice(choices), default, about)
    }

    const fn limit_is(self, name: &'static str) -> Self {
        Self { limit_name: Some(name), ..self }
    }

    const fn only(self, values: &'static [&'static str]) -> Self {
        Self { only: values, ..self }
    }

    const fn selects(self) -> Self {
        Self { selects: true, ..self }
    }

    const fn required(self) -> Self {
        Self { default: Default::Required, ..self }
    }

    const fn optional(self) -> Self {
        Self { default: Default::Nothing, ..self }
    }
}

pub(super) const fn word(value: &'static str, label: &'static str, about: &'static str) -> Choice {
    Choice { value, label: for_form(label), about: for_people(about) }
}

const CURVES: &[Choice] = &[
    word("constant", "Constant", "The same rate throughout."),
    word("ramp", "Ramp", "From one rate to another in a straight line."),
    word("spike", "Spike", "A base rate, and for a while a multiple of it."),
    word("day_wave", "Day wave", "A sine with a period of 24 hours between two rates."),
    word("steps", "Steps", "A rate from each instant on; zero before the first."),
    word(
        "intervals",
        "Timetable",
        "A record every so many microseconds from each instant on, whatever the arrivals are.",
    ),
    word(
        "bursts",
        "Bursts on the clock",
        "Every so often many records at once, as from hosts that all put on the minute.",
    ),
    word("series", "Recorded series", "Counts recorded somewhere real, kept to the record."),
];
const ARRIVALS: &[Choice] = &[
    word("poisson", "Poisson", "Random and independent of each other, as independent users are."),
    word("even", "Even", "Evenly spaced along the curve."),
];
const KEYS: &[Choice] = &[
    word("one", "One key", "Every record has the same key, so one shard gets them all."),
    word("uniform", "Uniform", "Each key is as likely as the other."),
    word("zipf", "Zipf", "Key k has a weight of 1 / k to the power of the exponent."),
    word("hot", "One hot key", "One key has a share of all records; the others divide the rest evenly."),
];
const SIZES: &[Choice] = &[
    word("fixed", "Fixed", "Every record has the same size."),
    word("uniform", "Uniform", "Every size in a range is as likely as the other."),
    word("mixed", "Two sizes", "Most records have one size, and a share of them is large."),
    word("log_normal", "Log-normal", "Many small records and a few large ones, cut off at the largest."),
];
const CALLS: &[Choice] = &[
    word("PutRecords", "PutRecords", "Several records a call, sent when it is full or its oldest record has lingered."),
    word("PutRecord", "PutRecord", "One record a call."),
    word("KPL", "KPL", "The Kinesis Producer Library: aggregates, collects, limits its rate, puts again."),
];
const ORDERS: &[Choice] = &[
    word("none", "Not kept", "A record that is put again is overtaken by later ones of its key."),
    word(
        "by_key",
        "Kept by key",
        "SequenceNumberForOrdering: a record waits while an earlier one of its key and host does.",
    ),
];
const ON_OFF: &[Choice] = &[
    word("on", "On", "Many user records share one Kinesis record."),
    word("off", "Off", "Each user record is a Kinesis record."),
];
const ON_OFF_PLAIN: &[Choice] = &[word("off", "Off", "It is not done."), word("on", "On", "It is done.")];
const IF_THROTTLED: &[Choice] = &[
    word("again", "Put again", "Until it is too old."),
    word("fail", "Given up", "FailIfThrottled: the application is told at once."),
];
const SDK_MODES: &[Choice] = &[
    word("standard", "Standard", "JavaScript v3: three attempts, half a second doubled, a budget of 500 tokens."),
    word(
        "standard_2026",
        "Standard 2026",
        "The new defaults of 2026: three attempts, a second doubled, the same budget.",
    ),
    word("python_standard", "Standard, Python", "Three attempts, a second doubled, the same budget."),
    word("legacy", "Legacy", "The old default of Python: five attempts, no budget."),
    word("adaptive", "Adaptive", "Standard, and a limiter that lowers the rate of calls after throttling."),
];
const RETRIES: &[Choice] = &[
    word("ignore", "Ignored", "The producer does not look at the answer: what was rejected is lost."),
    word(
        "sdk",
        "The SDK's only",
        "Calls that fail as a whole are repeated; entries that fail inside a 200 answer are lost.",
    ),
    word("again", "Sent again", "Rejected entries are sent again, after a backoff that grows with each attempt."),
];
const DRAWS: &[Choice] = &[
    word("xoshiro", "xoshiro256++", "One generator from the seed."),
    word(
        "lcg",
        "Two LCGs",
        "Two 32-bit linear congruential generators with fixed seeds, to compare with other simulators.",
    ),
];
const ROUNDINGS: &[Choice] = &[
    word(
        "documented",
        "To the next KiB",
        "Each record of PutRecord, the sum of a call of PutRecords, as older guides say.",
    ),
    word("none", "None", "Bytes count as they are."),
];
const JITTERS: &[Choice] = &[
    word("full", "Full jitter", "A random share of the backoff is waited."),
    word("equal", "Equal jitter", "Half of the backoff is waited, and a random share of the other half."),
    word("none", "None", "The whole backoff is waited."),
];
const CONSUMERS: &[Choice] = &[
    word("lambda", "Lambda", "An event source mapping with its function."),
    word("kcl", "KCL", "A KCL application: workers that share the shards by leases."),
    word("poller", "Poller", "A loop around GetRecords: reads, works, reads again."),
    word("analytics", "Analytics", "A query over windows, as Managed Service for Apache Flink runs it."),
];
const SLEEPS: &[Choice] = &[
    word("when_empty", "After nothing", "It sleeps after an answer without records, or a refused call."),
    word("always", "After each answer", "It sleeps after each answer, as the KCL does."),
];
const POSITIONS: &[Choice] = &[
    word("TRIM_HORIZON", "TRIM_HORIZON", "At the oldest record that is kept."),
    word("LATEST", "LATEST", "Behind the newest record at the instant at which it begins."),
    word("AT_TIMESTAMP", "AT_TIMESTAMP", "At the first record that arrived at an instant, or later."),
];
const READ_LIMITS: &[Choice] = &[
    word("kept", "Kept", "Five calls and 2 MiB a second for each shard, as the service has them."),
    word("lifted", "Lifted", "The run says what the readers would take; the service would not let them."),
];
const MODES: &[Choice] = &[
    word("provisioned", "Provisioned", "Shards that are paid for by the hour and changed by hand or by a policy."),
    word("on_demand", "On-demand Standard", "The service splits shards under load, with a lag."),
    word("on_demand_advantage", "On-demand Advantage", "The same with a commitment, lower prices and warm throughput."),
];
const POLICIES: &[Choice] = &[
    word("none", "None", "Nobody scales the stream."),
    word("policy", "A policy", "A function looks at a metric now and then and calls UpdateShardCount."),
];
const POLICY_METRICS: &[Choice] = &[
    word(
        "utilization",
        "Utilization",
        "Stored records or bytes as a share of what the open shards accept, in percent.",
    ),
    word("throttled", "Throttled records", "WriteProvisionedThroughputExceeded, in a period."),
    word("iterator_age", "Iterator age", "GetRecords.IteratorAgeMilliseconds of the consumer, in seconds."),
];
const BISECTS: &[Choice] = &[
    word("off", "Off", "A failed batch is tried again as a whole."),
    word("on", "On", "A failed batch is split in two, again and again, until the record is alone on which it fails."),
];
const RESPONSES: &[Choice] = &[
    word("whole", "None", "A batch succeeds or fails as a whole; what the function returns is ignored."),
    word("items", "ReportBatchItemFailures", "The mapping goes on from the first record that failed."),
];
const DESTINATIONS: &[Choice] = &[
    word("none", "None", "What is given up is gone without a trace."),
    word("sqs", "SQS queue", "It gets the metadata of the batch."),
    word("sns", "SNS topic", "It gets the metadata of the batch."),
    word("s3", "S3 bucket", "It gets the metadata and the event itself."),
];
const REGIONS: &[Choice] = &[
    word("us-east-1", "N. Virginia", "Every price is known."),
    word("us-east-2", "Ohio", "The price of a shard-hour is known."),
    word(
        "ap-northeast-1",
        "Tokyo",
        "The prices of shards, payload units, and on-demand's stream-hours and data are known.",
    ),
];

#[rustfmt::skip]
const OWN_FIELDS: &[Field] = &[
    Field::group("", "Scenario", "Everything that determines a run, the seed included."),
    Field::num("streamgauge", "Version", "", whole(1, 1, 1), 1, "The version of this file form."),
    Field::new("name", "Name", Kind::Text(120), Default::Text("Untitled"), "A title for people; it does not change the run."),
    Field::new("about", "About", Kind::Text(1_000), Default::Text(""), "One or two sentences that say what the scenario shows."),
    Field::num("seed", "Seed", "", whole(0, SEED_MAX, 1), 7, "The one source of randomness: the same seed gives the same run, everywhere."),
    Field::num("length_s", "Length of the run", "s", Number { min: l::RUN_LENGTH_MIN.micros(), step: 60_000_000, ..SECONDS }, 1_500_000_000, "How long the run lasts, in simulated time.").limit_is("RUN_LENGTH_MAX"),

    Field::group("traffic", "Traffic", "The records offered over time, with their keys and sizes."),
    Field { default: Default::Required, ..Field::new("traffic.curve", "Curve", Kind::List(1, l::CURVE_PARTS_MAX as usize), Default::Empty, "The rate at each instant is the sum of these parts.") },
    Field::group("traffic.curve.*", "Part", "One summand of the curve."),
    Field::choice("traffic.curve.*.kind", "Shape", CURVES, Default::Required, "The shape of this part of the curve.").selects(),
    Field::num("traffic.curve.*.per_s", "Rate", "records/s", RATE, 50_000, "Records offered per second.").only(&["constant"]).limit_is("SHARD_RECORDS_PER_SECOND"),
    Field::num("traffic.curve.*.base_per_s", "Base rate", "records/s", RATE, 50_000, "Records offered per second outside the spike.").only(&["spike"]).limit_is("SHARD_RECORDS_PER_SECOND"),
    Field::num("traffic.curve.*.factor", "Peak factor", "×", Number { min: 0, max: l::SPIKE_FACTOR_MAX * 1_000, step: 10_000, decimals: 3 }, 100_000, "The peak as a multiple of the base rate.").only(&["spike"]).limit_is("SPIKE_FACTOR_MAX"),
    Field::num("traffic.curve.*.from_per_s", "Rate before", "records/s", RATE, 50_000, "Records offered per second before the ramp.").only(&["ramp"]).limit_is("SHARD_RECORDS_PER_SECOND"),
    Field::num("traffic.curve.*.to_per_s", "Rate after", "records/s", RATE, 5_000_000, "Records offered per second after the ramp.").only(&["ramp"]).limit_is("SHARD_RECORDS_PER_SECOND"),
    Field::num("traffic.curve.*.start_s", "Start", "s", SECONDS, 120_000_000, "When the rate begins to change.").only(&["spike", "ramp", "bursts"]),
    Field::num("traffic.curve.*.over_s", "Duration", "s", SECONDS, 300_000_000, "How long the ramp takes.").only(&["ramp"]),
    Field::num("traffic.curve.*.rise_s", "Rise", "s", SECONDS, 12_000_000, "Time from the base rate to the peak.").only(&["spike"]),
    Field::num("traffic.curve.*.hold_s", "Hold", "s", SECONDS, 600_000_000, "Time at the peak.").only(&["spike"]),
    Field::num("traffic.curve.*.fall_s", "Fall", "s", SECONDS, 45_000_000, "Time from the peak back to the base rate.").only(&["spike"]),
    Field::num("traffic.curve.*.low_per_s", "Lowest rate", "records/s", RATE, 50_000, "Records offered per second at the quietest time of the day.").only(&["day_wave"]).limit_is("SHARD_RECORDS_PER_SECOND"),
    Field::num("traffic.curve.*.high_per_s", "Highest rate", "records/s", RATE, 500_000, "Records offered per second at the busiest time of the day.").only(&["day_wave"]).limit_is("SHARD_RECORDS_PER_SECOND"),
    Field::num("traffic.curve.*.peak_at_s", "Busiest at", "s", Number { max: DAY - 1, step: 3_600_000_000, ..SECONDS }, 43_200_000_000, "Time of the highest rate, from the start of the run.").only(&["day_wave"]),
    Field::new("traffic.curve.*.steps", "Steps", Kind::Rows(STEP_ROWS), Default::Required, "Rows of an instant in seconds and the rate from then on, in order.").only(&["steps"]).limit_is("CURVE_STEPS_MAX"),
    Field::new("traffic.curve.*.intervals", "Intervals", Kind::Rows(INTERVAL_ROWS), Default::Required, "Rows of an instant in seconds and the distance of records from then on in µs, in order; 0 for none.").only(&["intervals"]).limit_is("CURVE_STEPS_MAX"),
    Field::num("traffic.curve.*.every_s", "Every", "s", Number { min: 1_000, max: DAY, step: 60_000_000, decimals: 6 }, 60_000_000, "From the beginning of one burst to that of the next.").only(&["bursts"]),
    Field::num("traffic.curve.*.records", "Records a burst", "records", whole(1, 10_000_000, 100), 3_000, "Records in each burst, all hosts together.").only(&["bursts"]),
    Field::num("traffic.curve.*.within_ms", "Within", "ms", millis(0, Span::from_hours(24), 100_000), 500_000, "Time over which the records of a burst are spread; 0 is one instant.").only(&["bursts"]),
    Field::new("traffic.curve.*.source", "Source", Kind::Text(400), Default::Text(""), "Where the series comes from.").only(&["series"]),
    Field::new("traffic.curve.*.rows", "Rows", Kind::Rows(SERIES_ROWS), Default::Required, "Rows of start and length in seconds, records, and where known bytes; in order, without overlap.").only(&["series"]).limit_is("SERIES_ROWS_MAX"),
    Field::choice("traffic.draws", "Random numbers", DRAWS, Default::Text("xoshiro"), "Where the random numbers for keys and sizes come from."),
    Field::choice("traffic.arrivals", "Arrivals", ARRIVALS, Default::Text("poisson"), "How records fall inside the curve."),
    Field::group("traffic.keys", "Partition keys", "How partition keys are drawn; the key decides the shard."),
    Field::choice("traffic.keys.kind", "Distribution", KEYS, Default::Text("uniform"), "How partition keys are drawn.").selects(),
    Field::num("traffic.keys.count", "Keys", "keys", whole(1, l::KEYS_MAX, 100), 10_000, "Number of different partition keys.").only(&["uniform", "zipf", "hot"]).limit_is("KEYS_MAX"),
    Field::num("traffic.keys.exponent", "Exponent", "", Number { min: 0, max: l::ZIPF_EXPONENT_MAX * 1_000, step: 100, decimals: 3 }, 1_000, "How steeply popularity falls from key to key; 0 is uniform.").only(&["zipf"]).limit_is("ZIPF_EXPONENT_MAX"),
    Field::num("traffic.keys.share", "Share of the hot key", "of all", SHARE, 600_000, "Share of all records that have the one hot key, from 0 to 1.").only(&["hot"]).limit_is("SHARD_RECORDS_PER_SECOND"),
    Field::new("traffic.keys.explicit_hash_key", "ExplicitHashKey", Kind::Text(39), Default::Nothing, "Overrides the MD5 of the key: \"even\" spreads the keys evenly over the hash space, a decimal number puts all records there; null for the MD5."),
    Field::group("traffic.sizes", "Record sizes", "How many bytes of data a record has, without its key; a series with bytes overrides it."),
    Field::choice("traffic.sizes.kind", "Distribution", SIZES, Default::Text("fixed"), "How sizes are drawn.").selects(),
    Field::num("traffic.sizes.bytes", "Size", "bytes", DATA, 512, "Bytes of data in every record, or in those that are not large.").only(&["fixed", "mixed"]).limit_is("RECORD_BYTES_MAX"),
    Field::num("traffic.sizes.min_bytes", "Smallest", "bytes", DATA, 128, "Bytes of data in the smallest record.").only(&["uniform"]).limit_is("RECORD_BYTES_MAX"),
    Field::num("traffic.sizes.max_bytes", "Largest", "bytes", DATA, 1_024, "Bytes of data in the largest record.").only(&["uniform"]).limit_is("RECORD_BYTES_MAX"),
    Field::num("traffic.sizes.large_bytes", "Large records", "bytes", DATA, 262_144, "Bytes of data in a large record.").only(&["mixed"]).limit_is("RECORD_BYTES_MAX"),
    Field::num("traffic.sizes.large_share", "Share of large ones", "of all", SHARE, 10_000, "Share of all records that are large, from 0 to 1.").only(&["mixed"]),
    Field::num("traffic.sizes.median_bytes", "Median", "bytes", DATA, 512, "Half of the records are smaller than this, half are larger.").only(&["log_normal"]).limit_is("RECORD_BYTES_MAX"),
    Field::num("traffic.sizes.sigma", "Spread of the logarithm", "", Number { min: 0, max: l::SIZE_SIGMA_MAX * 1_000, step: 100, decimals: 3 }, 800, "Standard deviation of the natural logarithm of the size.").only(&["log_normal"]).limit_is("SIZE_SIGMA_MAX"),
    Field::num("traffic.sizes.cap_bytes", "Largest", "bytes", DATA, 65_536, "Sizes above this become this.").only(&["log_normal"]).limit_is("RECORD_BYTES_MAX"),
    Field::new("traffic.payloads", "Payloads", Kind::List(0, l::PAYLOAD_KINDS_MAX as usize), Default::Empty, "Kinds of payloads that records carry; without the list one small JSON object.").limit_is("PAYLOAD_KINDS_MAX"),
    Field::group("traffic.payloads.*", "Payload", "One kind of payload."),
    Field::num("traffic.payloads.*.share", "Share of the payload", "of all", SHARE, Ratio::ONE.millionths() as u64, "Its part of all records, against the shares of the others."),
    Field::new("traffic.payloads.*.data", "Payload", Kind::Json(&["object", "array", "string"]), Default::Text(payload::DEFAULT), "A JSON template, filled up to the record's size: {number}, {key}, {time}, {1..500} and {new|paid|sent} are made for each record; a text by itself is no JSON."),

    Field::group("producer", "Producer", "The application that puts the records, with its SDK."),
    Field::num("producer.hosts", "Hosts", "hosts", whole(1, l::PRODUCER_HOSTS_MAX, 1), 1, "Hosts that take the records in turn; each gathers its own calls.").limit_is("PRODUCER_HOSTS_MAX"),
    Field::choice("producer.call", "Call", CALLS, Default::Text("PutRecords"), "Which call the producer makes.").selects(),
    Field::num("producer.batch", "Records a call", "records", whole(1, l::PUT_RECORDS_COUNT_MAX, 10), 500, "Records in a full PutRecords call.").only(&["PutRecords"]).limit_is("PUT_RECORDS_COUNT_MAX"),
    Field::num("producer.linger_ms", "Linger", "ms", millis(0, l::LINGER_MAX, 10_000), 100_000, "How long the oldest record of a call waits for company.").only(&["PutRecords"]).limit_is("LINGER_MAX"),
    Field::choice("producer.order", "Order of a key", ORDERS, Default::Text("none"), "Whether records of one key are stored in the order in which they were offered.").only(&["PutRecord"]),
    Field::choice("producer.aggregation", "Aggregation", ON_OFF, Default::Text("on"), "AggregationEnabled: whether many user records share one Kinesis record.").only(&["KPL"]),
    Field::num("producer.buffered_ms", "Buffered", "ms", millis(1_000, l::LINGER_MAX, 50_000), l::KPL_BUFFERED.micros(), "RecordMaxBufferedTime: how long a user record waits for company.").only(&["KPL"]).limit_is("KPL_BUFFERED"),
    Field::num("producer.aggregation_bytes", "Aggregate", "bytes", whole(64, l::RECORD_BYTES_MAX.get() - l::KPL_AGGREGATE_KEY_BYTES.get(), 1_024), l::KPL_AGGREGATION_BYTES.get(), "AggregationMaxSize: bytes of an aggregated record at most.").only(&["KPL"]).limit_is("KPL_AGGREGATION_BYTES"),
    Field::num("producer.aggregation_count", "Aggregate", "records", whole(1, 1_000_000, 100), 1_000_000, "AggregationMaxCount: user records in one Kinesis record at most; the library itself knows no bound below 4,294,967,295.").only(&["KPL"]),
    Field::num("producer.collection_count", "Collection", "records", whole(1, l::PUT_RECORDS_COUNT_MAX, 10), l::PUT_RECORDS_COUNT_MAX, "CollectionMaxCount: Kinesis records in one call at most.").only(&["KPL"]).limit_is("PUT_RECORDS_COUNT_MAX"),
    Field::num("producer.collection_bytes", "Collection", "bytes", whole(52_224, l::PUT_RECORDS_BYTES_MAX.get(), 1_048_576), l::KPL_COLLECTION_BYTES.get(), "CollectionMaxSize: bytes in one call at most.").only(&["KPL"]).limit_is("KPL_COLLECTION_BYTES"),
    Field::num("producer.rate_percent", "RateLimit", "%", whole(1, 10_000, 10), l::KPL_RATE_PERCENT, "How much of a shard's limits one host sends to it; above 100 it runs into them.").only(&["KPL"]).limit_is("KPL_RATE_PERCENT"),
    Field::num("producer.ttl_s", "RecordTtl", "s", Number { min: 100_000, max: 3_600_000_000, step: 10_000_000, decimals: 6 }, l::KPL_TTL.micros(), "A user record older than this is given up.").only(&["KPL"]).limit_is("KPL_TTL"),
    Field::choice("producer.if_throttled", "Throttled records", IF_THROTTLED, Default::Text("again"), "FailIfThrottled: what the library does with them.").only(&["KPL"]),
    Field::num("producer.buffer", "Local buffer", "records", whole(1, l::PRODUCER_BUFFER_MAX, 10_000), 400_000, "Records that fit in the producer's memory; beyond it new ones are lost.").limit_is("PRODUCER_BUFFER_MAX"),
    Field::num("producer.timeout_rate", "Lost answers", "of all", SHARE, 0, "Share of put calls whose answer does not come, on purpose, though the stream did its part; they are put again, and stored twice."),
    Field::num("producer.timeout_ms", "Request timeout", "ms", millis(1_000, l::PRODUCER_BACKOFF_MAX, 1_000_000), l::KPL_REQUEST_TIMEOUT.micros(), "How long the producer waits for an answer.").limit_is("KPL_REQUEST_TIMEOUT"),
    Field::group("producer.retry", "Failed entries", "What the producer does with a record that was rejected.").only(&["PutRecord", "PutRecords"]),
    Field::choice("producer.retry.kind", "Failed entries", RETRIES, Default::Text("ignore"), "What the producer does with a record that was rejected.").selects(),
    Field::choice("producer.retry.mode", "Retry mode", SDK_MODES, Default::Text("standard"), "Retry mode of the SDK.").only(&["sdk"]).limit_is("SDK_ATTEMPTS"),
    Field::num("producer.retry.max_attempts", "Attempts", "attempts", whole(1, l::PRODUCER_ATTEMPTS_MAX, 1), 10, "Attempts for one record in all, the first included.").only(&["again"]).limit_is("PRODUCER_ATTEMPTS_MAX"),
    Field::num("producer.retry.base_ms", "First backoff", "ms", millis(1_000, l::PRODUCER_BACKOFF_MAX, 10_000), l::SDK_BACKOFF_BASE.micros(), "Longest wait before the first retry; it grows with each retry.").only(&["again"]).limit_is("PRODUCER_BACKOFF_MAX"),
    Field::num("producer.retry.cap_ms", "Longest backoff", "ms", millis(1_000, l::PRODUCER_BACKOFF_MAX, 1_000_000), l::SDK_BACKOFF_CAP.micros(), "The wait never grows beyond this.").only(&["again"]).limit_is("PRODUCER_BACKOFF_MAX"),
    Field::num("producer.retry.multiplier", "Grows by", "×", Number { min: 1_000, max: l::PRODUCER_MULTIPLIER_MAX * 1_000, step: 500, decimals: 3 }, 2_000, "What the backoff is multiplied by with each retry; 1 keeps it as it is.").only(&["again"]).limit_is("PRODUCER_MULTIPLIER_MAX"),
    Field::choice("producer.retry.jitter", "Jitter", JITTERS, Default::Text("full"), "Which part of the backoff is waited.").only(&["again"]),
    Field::num("producer.retry.max_age_s", "Given up after", "s", Number { min: 1_000, ..SECONDS }, 0, "A record older than this is given up; null means never.").optional().only(&["again"]),

    Field::group("stream", "Stream", "A Kinesis data stream."),
    Field::choice("stream.mode", "Capacity mode", MODES, Default::Text("provisioned"), "Who decides how many shards there are."),
    Field::num("stream.shards", "Shards", "shards", whole(1, l::SHARDS_MAX, 1), 2, "Open shards; each takes 1,000 records and 1 MiB a second.").limit_is("SHARD_RECORDS_PER_SECOND"),
    Field::num("stream.retention_h", "Retention", "h", whole(l::RETENTION_MIN.micros() / HOUR, l::RETENTION_MAX.micros() / HOUR, 24), l::RETENTION_DEFAULT.micros() / HOUR, "How long a record stays readable.").limit_is("RETENTION_MAX"),
    Field::num("stream.byte_burst_mib", "Byte burst", "MiB", whole(1, l::SHARD_BYTE_BURST_TANK.get() >> 20, 1), l::SHARD_BYTE_BURST_STRICT.get() >> 20, "Bytes that a rested shard takes at once: 1 is strict, 10 is the tank that AWS describes for large records.").limit_is("SHARD_BYTE_BURST_TANK"),

    Field::num("stream.max_record_kib", "MaxRecordSizeInKiB", "KiB", whole(l::RECORD_BYTES_MAX.get() >> 10, l::RECORD_BYTES_SETTABLE_MAX.get() >> 10, 1_024), l::RECORD_BYTES_MAX.get() >> 10, "Data and partition key of the largest record that the stream takes.").limit_is("RECORD_BYTES_SETTABLE_MAX"),
    Field::choice("stream.rounding", "Rounding", ROUNDINGS, Default::Text("documented"), "Whether bytes are rounded up before they are charged to a shard.").limit_is("THROTTLE_ROUNDING"),
    Field::num("stream.reshard_s", "Reshard time", "s", Number { min: 0, max: RESHARD_MAX, step: 5_000_000, decimals: 6 }, l::RESHARD_SPAN.micros(), "How long a split or a merge takes, and each wave of UpdateShardCount; no figure is published.").limit_is("RESHARD_SPAN"),
    Field::num("stream.scale_after_s", "On-demand lag", "s", Number { min: 0, max: RESHARD_MAX, step: 60_000_000, decimals: 6 }, l::ON_DEMAND_SCALE_SPAN.micros(), "On-demand: time from a load to the shards for it; documented as within 15 minutes.").limit_is("ON_DEMAND_SCALE_SPAN"),
    Field::num("stream.warm_mib", "Warm throughput", "MiB/s", whole(0, l::SHARDS_MAX, 10), 0, "On-demand Advantage: throughput that is there at once; 0 for none."),
    Field::group("stream.autoscaler", "Scaling policy", "A policy that calls UpdateShardCount, as people write it around a provisioned stream."),
    Field::choice("stream.autoscaler.kind", "Scaling policy", POLICIES, Default::Text("none"), "Whether a policy scales the stream.").selects(),
    Field::choice("stream.autoscaler.metric", "Metric", POLICY_METRICS, Default::Text("utilization"), "What the policy looks at.").only(&["policy"]),
    Field::num("stream.autoscaler.period_s", "Looks every", "s", Number { min: MICROS_PER_SECOND, max: 86_400 * MICROS_PER_SECOND, step: 15_000_000, decimals: 6 }, 60 * MICROS_PER_SECOND, "How often the policy looks, and over how long a time.").only(&["policy"]),
    Field::num("stream.autoscaler.delay_s", "Metric delay", "s", Number { min: 0, max: 86_400 * MICROS_PER_SECOND, step: 15_000_000, decimals: 6 }, 60 * MICROS_PER_SECOND, "How old the numbers are that the policy sees.").only(&["policy"]),
    Field::num("stream.autoscaler.out_above", "Scale out above", "", whole(1, 1_000_000_000, 5), 80, "In the unit of the metric: percent, records in a period, or seconds.").only(&["policy"]),
    Field::num("stream.autoscaler.out_percent", "Scale out by", "%", whole(1, 1_000, 10), 100, "In percent of the open shards; 100 doubles, and more than 100 is refused by the service.").only(&["policy"]),
    Field::num("stream.autoscaler.in_below", "Scale in below", "", whole(0, 1_000_000_000, 5), 25, "In the unit of the metric; 0 never scales in.").only(&["policy"]),
    Field::num("stream.autoscaler.in_percent", "Scale in by", "%", whole(1, 99, 10), 50, "In percent of the open shards; 50 halves.").only(&["policy"]),
    Field::num("stream.autoscaler.periods", "Looks that agree", "looks", whole(1, 60, 1), 1, "So many looks in a row have to say the same.").only(&["policy"]),
    Field::num("stream.autoscaler.cooldown_s", "Cool-down", "s", Number { min: 0, max: 86_400 * MICROS_PER_SECOND, step: 60_000_000, decimals: 6 }, 300 * MICROS_PER_SECOND, "After a call the policy does nothing for so long.").only(&["policy"]),
    Field::num("stream.autoscaler.min_shards", "Fewest shards", "shards", whole(1, l::SHARDS_MAX, 1), 1, "Fewest shards that the policy asks for.").only(&["policy"]),
    Field::num("stream.autoscaler.max_shards", "Most shards", "shards", whole(1, l::SHARDS_MAX, 1), 100, "Most shards that the policy asks for.").only(&["policy"]),

    Field::num("stream.empty_answers", "Injected empty answers", "of all", SHARE, 0, "Share of the GetRecords answers that bring nothing although records lie ahead, from 0 to 1: injected, since no figure is published."),
    Field::group("stream.other_pollers", "Other pollers", "Applications beside the consumer that read every shard with GetRecords and share its read limits."),
    Field::num("stream.other_pollers.count", "Other pollers", "pollers", whole(0, l::OTHER_POLLERS_MAX, 1), 0, "How many other applications poll each shard; their work takes no time.").limit_is("SHARD_READ_CALLS_PER_SECOND"),
    Field::num("stream.other_pollers.idle_ms", "Each sleeps", "ms", millis(l::OTHER_POLLERS_IDLE_MIN.micros(), Span::from_secs(60), 100_000), l::OTHER_POLLERS_IDLE.micros(), "How long each of them sleeps after an answer.").limit_is("OTHER_POLLERS_IDLE"),
    Field::num("stream.other_pollers.limit", "Each reads up to", "records", whole(1, l::GET_RECORDS_RECORDS_MAX, 100), l::GET_RECORDS_RECORDS_MAX, "Records in one of their answers at most.").limit_is("GET_RECORDS_RECORDS_MAX"),

    Field::new("consumers", "Consumers", Kind::List(1, l::CONSUMERS_MAX as usize), Default::Empty, "What reads the stream; without the list one Lambda function with all defaults."),
    Field::group("consumers.*", "Consumer", "What reads the stream: an event source mapping with its function, or a loop around GetRecords."),
    Field::new("consumers.*.name", "Name", Kind::Text(60), Default::Text(""), "A title for people; it does not change the run."),
    Field::choice("consumers.*.kind", "Consumer", CONSUMERS, Default::Text("lambda"), "What reads the stream.").selects(),
    Field::num("consumers.*.limit", "Limit", "records", whole(1, l::GET_RECORDS_RECORDS_MAX, 100), l::GET_RECORDS_RECORDS_MAX, "Records in one answer of GetRecords at most.").only(&["poller", "kcl", "analytics"]).limit_is("GET_RECORDS_RECORDS_MAX"),
    Field::num("consumers.*.idle_ms", "Sleep", "ms", millis(0, Span::from_secs(300), 100_000), 1_000_000, "How long the poller sleeps.").only(&["poller"]),
    Field::choice("consumers.*.sleeps", "Sleeps", SLEEPS, Default::Text("when_empty"), "When the poller sleeps.").only(&["poller"]),
    Field::num("consumers.*.start_s", "Starts at", "s", SECONDS, 0, "When the consumer begins; its shards follow, spread over one pause between polls."),
    Field::choice("consumers.*.starting_position", "Starting position", POSITIONS, Default::Text("TRIM_HORIZON"), "Where in the stream the consumer begins; what lies before is not read, by choice."),
    Field::num("consumers.*.starting_at_s", "Timestamp", "s", SECONDS, 0, "AT_TIMESTAMP: the instant of the run from which on records are read; not after the consumer begins."),
    Field::choice("consumers.*.read_limits", "Read limits", READ_LIMITS, Default::Text("kept"), "Whether reads meet the limits of a shard.").limit_is("SHARD_READ_CALLS_PER_SECOND"),
    Field::num("consumers.*.batch_size", "BatchSize", "records", whole(1, l::MAPPING_BATCH_MAX, 10), l::MAPPING_BATCH_DEFAULT, "Records in one invocation at most.").limit_is("MAPPING_BATCH_MAX").only(&["lambda"]),
    Field::num("consumers.*.batching_window_s", "Batching window", "s", whole(0, l::MAPPING_WINDOW_MAX.micros() / MICROS_PER_SECOND, 1), 0, "MaximumBatchingWindowInSeconds: how long a batch waits to fill up.").limit_is("MAPPING_WINDOW_MAX").only(&["lambda"]),
    Field::num("consumers.*.parallelization_factor", "ParallelizationFactor", "invocations", whole(1, l::MAPPING_PARALLELIZATION_MAX, 1), 1, "Invocations of one shard at a time; each partition key stays with one of them.").limit_is("MAPPING_PARALLELIZATION_MAX").only(&["lambda"]),
    Field::new("consumers.*.filter_criteria", "FilterCriteria", Kind::Json(&["array"]), Default::Text("[]"), "Patterns such as { \"data\": { \"type\": [\"order\"] } }; what matches none of them is passed over, and data that is no JSON matches none.").limit_is("FILTERS_MAX").only(&["lambda"]),
    Field::choice("consumers.*.bisect", "BisectBatchOnFunctionError", BISECTS, Default::Text("off"), "Whether a failed batch is split in two.").only(&["lambda"]),
    Field::num("consumers.*.max_retries", "MaximumRetryAttempts", "retries", whole(0, l::MAPPING_RETRIES_MAX, 1), 0, "How often a failed batch is tried again; null tries until its records expire.").optional().limit_is("MAPPING_RETRIES_MAX").only(&["lambda"]),
    Field::num("consumers.*.max_record_age_s", "MaximumRecordAgeInSeconds", "s", whole(l::MAPPING_RECORD_AGE_MIN.micros() / MICROS_PER_SECOND, l::MAPPING_RECORD_AGE_MAX.micros() / MICROS_PER_SECOND, 60), 0, "Records older than this are given up; null takes any age.").optional().limit_is("MAPPING_RECORD_AGE_MAX").only(&["lambda"]),
    Field::choice("consumers.*.responses", "FunctionResponseTypes", RESPONSES, Default::Text("whole"), "Whether the function names the records that failed.").only(&["lambda"]),
    Field::choice("consumers.*.on_failure", "On-failure destination", DESTINATIONS, Default::Text("none"), "Where batches are reported that were given up.").only(&["lambda"]),
    Field::num("consumers.*.retry_base_ms", "First wait", "ms", millis(1_000, l::PRODUCER_BACKOFF_MAX, 50_000), l::MAPPING_RETRY_BASE.micros(), "Wait before a failed batch is tried again; it doubles with each failure. No figure is published.").limit_is("MAPPING_RETRY_BASE"),
    Field::num("consumers.*.retry_cap_s", "Longest wait", "s", Number { min: 1_000, max: l::PRODUCER_BACKOFF_MAX.micros(), step: 1_000_000, decimals: 6 }, l::MAPPING_RETRY_CAP.micros(), "The wait between tries of a failed batch never grows beyond this.").limit_is("MAPPING_RETRY_CAP"),
    Field::num("consumers.*.memory_mb", "Memory", "MB", whole(l::LAMBDA_MEMORY_MIN_MB, l::LAMBDA_MEMORY_MAX_MB, 64), 512, "Memory of the function; it sets the price of a second, and the part of a vCPU.").limit_is("LAMBDA_MEMORY_MAX_MB").only(&["lambda"]),
    Field::choice("consumers.*.architecture", "Architecture", ARCHITECTURES, Default::Text("x86_64"), "Processors of the function; they set the price of a second.").only(&["lambda"]),
    Field::num("consumers.*.cpu_share", "CPU-bound", "of its time", SHARE, 0, "Share of the duration that is computing; with less memory than comes with a vCPU it takes longer in proportion.").limit_is("LAMBDA_VCPU_MB").only(&["lambda"]),
    Field::num("consumers.*.timeout_s", "Timeout", "s", whole(1, l::LAMBDA_TIMEOUT_MAX.micros() / MICROS_PER_SECOND, 1), l::LAMBDA_TIMEOUT_MAX.micros() / MICROS_PER_SECOND, "Lambda ends an invocation that takes longer, and it has failed. The service's own default is 3 s.").limit_is("LAMBDA_TIMEOUT_DEFAULT").only(&["lambda"]),
    Field::num("consumers.*.reserved_concurrency", "Reserved concurrency", "executions", whole(0, l::LAMBDA_CONCURRENCY_MAX, 10), 0, "The function's own part of the account's concurrency, which it cannot exceed; null takes what the account has left.").optional().limit_is("LAMBDA_UNRESERVED_MIN").only(&["lambda"]),
    Field::num("consumers.*.init_ms", "Cold start", "ms", millis(0, l::LAMBDA_INIT_MAX, 100_000), 0, "How long a new environment starts before its first invocation, within the spread; it is billed. Typical are 100 ms to a second and more.").limit_is("LAMBDA_INIT_MAX").only(&["lambda"]),
    Field::num("consumers.*.idle_life_s", "Idle environments live", "s", Number { min: MICROS_PER_SECOND, max: DAY, step: 60_000_000, decimals: 6 }, l::LAMBDA_IDLE_LIFE.micros(), "An environment that is idle for so long is gone.").limit_is("LAMBDA_IDLE_LIFE").only(&["lambda"]),
    Field::num("consumers.*.throttle_wait_ms", "Wait when refused", "ms", millis(1_000, l::PRODUCER_BACKOFF_MAX, 100_000), l::THROTTLE_RETRY_BASE.micros(), "How long the mapping waits after the first TooManyRequestsException; it doubles.").limit_is("THROTTLE_RETRY_BASE").only(&["lambda"]),
    Field::num("consumers.*.throttle_wait_max_ms", "Longest such wait", "ms", millis(1_000, l::PRODUCER_BACKOFF_MAX, 1_000_000), l::THROTTLE_RETRY_CAP.micros(), "That wait never grows beyond this.").limit_is("THROTTLE_RETRY_CAP").only(&["lambda"]),
    Field::num("consumers.*.fixed_ms", "Per invocation", "ms", millis(0, l::LAMBDA_TIMEOUT_MAX, 1_000), 30_000, "Time of an invocation before its first record.").limit_is("LAMBDA_TIMEOUT_MAX"),
    Field::num("consumers.*.per_record_ms", "Per record", "ms", millis(0, l::LAMBDA_TIMEOUT_MAX, 500), 1_500, "Time for each record of the batch.").limit_is("LAMBDA_TIMEOUT_MAX"),
    Field::num("consumers.*.spread", "Spread", "", SHARE, 0, "Half width of a random factor around the duration, from 0 to 1.").limit_is("LAMBDA_TIMEOUT_MAX"),
    Field::num("consumers.*.error_rate", "Injected errors", "of all", SHARE, 0, "Share of invocations that fail on purpose, from 0 to 1."),
    Field::choice("consumers.*.duration_law", "Duration's law", LAWS, Default::Text("uniform"), "How the duration varies from one invocation to the next."),
    Field::num("consumers.*.poison_rate", "Poison records", "of all", SHARE, 0, "Share of the records on which the function always fails, on purpose, from 0 to 1."),
    Field::num("consumers.*.poison_key", "Poison key", "", whole(0, l::KEYS_MAX - 1, 1), 0, "Number of a partition key on whose records the function always fails, on purpose; null for none.").optional(),

    Field::group("account", "Account", "What all functions of the account share."),
    Field::num("account.concurrency", "Account concurrency", "executions", whole(1, l::LAMBDA_CONCURRENCY_MAX, 100), l::LAMBDA_CONCURRENCY, "Executions at the same time, all functions together; the service raises it on request, and gives new accounts less.").limit_is("LAMBDA_CONCURRENCY"),

    Field::num("account.filters_per_mapping", "Filters a mapping", "patterns", whole(l::FILTERS_MAX, l::FILTERS_RAISED_MAX, 1), l::FILTERS_MAX, "Patterns that FilterCriteria may have; the service raises it on request.").limit_is("FILTERS_RAISED_MAX"),

    Field::group("prices", "Prices", "List prices of a region, or your own."),
    Field::choice("prices.region", "Region", REGIONS, Default::Text(HOME), "Whose list prices hold; where one is not known, that of us-east-1 does and says so."),
];

#[rustfmt::skip]
const OPERATION_FIELDS: &[Field] = &[
    Field::new("operations", "Operations", Kind::List(0, l::OPERATIONS_MAX as usize), Default::Empty, "Changes during the run.").limit_is("OPERATIONS_MAX"),
    Field::group("operations.*", "Operation", "A change during the run; what it does not name stays as it was."),
    Field::num("operations.*.at_s", "At", "s", SECONDS, 0, "When it is applied.").required(),
    Field::choice("operations.*.kind", "What", operations::KINDS, Default::Required, "What is changed.").selects(),
    Field::num("operations.*.consumer", "Which consumer", "", whole(0, l::CONSUMERS_MAX - 1, 1), 0, "Place of the consumer in the list, from zero.").only(&["update_mapping", "deploy_function", "kill_workers", "freeze_consumer", "slow_function"]),
    Field::num("operations.*.hosts", "Hosts", "hosts", whole(1, l::PRODUCER_HOSTS_MAX, 1), 1, "How many hosts die.").only(&["kill_hosts"]),
    Field::num("operations.*.down_s", "Down for", "s", Number { min: 0, step: 60_000_000, ..SECONDS }, 60_000_000, "How long until they are back.").only(&["kill_hosts", "kill_workers"]),
    Field::num("operations.*.workers", "Workers", "workers", whole(1, l::KCL_WORKERS_MAX, 1), 1, "How many workers die.").only(&["kill_workers"]),
    Field::num("operations.*.for_s", "For", "s", Number { min: 1_000_000, step: 60_000_000, ..SECONDS }, 600_000_000, "How long it lasts.").only(&["freeze_consumer", "throttle_account", "slow_function"]),
    Field::num("operations.*.concurrency", "Concurrency", "executions", whole(0, l::LAMBDA_CONCURRENCY_MAX, 10), 10, "Executions at the same time, all functions together, while the account is throttled.").only(&["throttle_account"]),
    Field::num("operations.*.share", "Share lost", "of all", SHARE, 333_333, "Share of the environments of every function that is lost: a third is one of three Availability Zones.").only(&["lose_environments"]),
    Field::num("operations.*.factor", "Slower by", "×", Number { min: 1_000, max: 1_000_000, step: 1_000, decimals: 3 }, 10_000, "How many times as long an invocation takes.").only(&["slow_function"]),
    Field::num("operations.*.shard", "Shard", "", whole(0, l::SHARDS_EVER_MAX - 1, 1), 0, "Number of the shard, as in the end of its id.").required().only(&["split_shard", "merge_shards"]),
    Field::new("operations.*.new_starting_hash_key", "NewStartingHashKey", Kind::Text(39), Default::Nothing, "Where the upper half begins, a decimal number; null for the middle.").only(&["split_shard"]),
    Field::num("operations.*.adjacent_shard", "Adjacent shard", "", whole(0, l::SHARDS_EVER_MAX - 1, 1), 0, "Number of the neighbour.").required().only(&["merge_shards"]),
    Field::new("then", "Streams that follow", Kind::List(0, l::HOPS_MAX as usize), Default::Empty, "Streams into which the consumers put.").limit_is("HOPS_MAX"),
    Field::group("then.*", "Stream that follows", "A stream into which a consumer puts, with what reads it."),
    Field::new("then.*.name", "Name", Kind::Text(60), Default::Text(""), "What the stream is called."),
    Field::num("then.*.consumer", "Put by", "", whole(0, l::CONSUMERS_MAX - 1, 1), 0, "Place of the consumer that puts, in the list before, from zero."),
    Field::num("then.*.per_record", "Records for each", "records", Number { min: 1, max: 100_000, step: 100, decimals: 3 }, 1_000, "Records that are put for each processed one, on the average."),
    Field::num("then.*.size_bytes", "Bytes of data", "bytes", DATA, 0, "Size of what is put; null for that of the processed record.").optional(),
];

/// An hour: longer than any resharding that was reported.
const RESHARD_MAX: u64 = 3_600 * MICROS_PER_SECOND;
const HOUR: u64 = Span::from_hours(1).micros();
