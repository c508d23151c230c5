//! Rows of the field table: how records come to a consumer, the code that decides, and the workers of a KCL application.

use super::{Choice, DAY, Default, Field, Kind, MICROS_PER_SECOND, Number, RATE, Span, l, millis, whole, word};

const SOURCES: &[Choice] = &[
    word(
        "GetRecords",
        "GetRecords",
        "It asks for records; all that ask share five calls and 2 MiB a second of a shard.",
    ),
    word(
        "SubscribeToShard",
        "Enhanced fan-out",
        "Records are pushed to it: 2 MiB a second of each shard of its own, whatever others read.",
    ),
];

pub(super) const HANDLERS: &[Choice] = &[
    word("model", "Modelled", "Every invocation succeeds, except for the errors that are injected."),
    word("host", "Your program", "The program that runs the scenario decides each outcome."),
    word("javascript", "JavaScript", "The code below decides each outcome, as a function on Lambda would."),
    word("module", "WebAssembly", "The module that was uploaded decides each outcome."),
];
pub(super) const DURATIONS: &[Choice] = &[
    word("model", "Modelled", "An invocation takes what the fields below say, whatever the code does."),
    word("code", "The code's own", "What the code computes and waits for, in virtual time."),
];

const TABLES: &[Choice] = &[
    word("on_demand", "On demand", "It takes every call."),
    word("provisioned", "Provisioned", "So many units a second; beyond them calls are refused."),
];

#[rustfmt::skip]
pub(super) const FIELDS: &[Field] = &[
    Field::choice("consumers.*.source", "Reads by", SOURCES, Default::Text("GetRecords"), "How records come to the consumer.").limit_is("FAN_OUT_CONSUMERS"),
    Field::num("consumers.*.fan_out_ms", "Pushed after", "ms", millis(1_000, Span::from_secs(60), 10_000), l::FAN_OUT_DELAY.micros(), "SubscribeToShard: from the arrival of a record until the consumer sees it.").limit_is("FAN_OUT_DELAY"),
    Field::choice("consumers.*.handler", "Outcome", HANDLERS, Default::Text("model"), "Who decides whether an invocation succeeds."),
    Field::new("consumers.*.code", "Code", Kind::Text(l::HANDLER_SOURCE_MAX.get() as usize), Default::Text(""), "The source of a handler, as Lambda takes it: it exports handler.").limit_is("HANDLER_SOURCE_MAX"),
    Field::new("consumers.*.module", "Module", Kind::Text(l::HANDLER_MODULE_MAX.get() as usize / 3 * 4 + 4), Default::Text(""), "A compiled handler: WebAssembly in base64.").limit_is("HANDLER_MODULE_MAX"),
    Field::choice("consumers.*.duration_from", "Time of an invocation", DURATIONS, Default::Text("model"), "Where the length of an invocation comes from, where code decides its outcome."),
    Field::num("consumers.*.tumbling_window_s", "Tumbling window", "s", whole(0, l::MAPPING_TUMBLING_MAX.micros() / MICROS_PER_SECOND, 10), 0, "TumblingWindowInSeconds: invocations of a shard hand a state on until the window of their records is over; 0 for none.").limit_is("MAPPING_TUMBLING_MAX").only(&["lambda"]),
    Field::num("consumers.*.window_wait_s", "Window waits", "s", Number { min: 0, max: l::MAPPING_TUMBLING_MAX.micros(), step: 10 * MICROS_PER_SECOND, decimals: 6 }, l::TUMBLING_WAIT.micros(), "A window whose end is past is over when nothing was added to it for so long.").limit_is("TUMBLING_WAIT").only(&["lambda"]),
    Field::num("consumers.*.state_bytes_per_record", "State a record", "bytes", whole(0, l::TUMBLING_STATE_MAX.get(), 8), 0, "What each record adds to the state of its window; above the limit the window ends early.").limit_is("TUMBLING_STATE_MAX").only(&["lambda"]),
    Field::num("consumers.*.workers", "Workers", "workers", whole(1, l::KCL_WORKERS_MAX, 1), 2, "Workers of the application; more than there are shards gain nothing.").limit_is("KCL_WORKERS_MAX").only(&["kcl"]),
    Field::num("consumers.*.worker_per_s", "Speed of a worker", "records/s", Number { min: 1_000, ..RATE }, 0, "Records per second of one worker, divided evenly among its shards; null takes the duration of a batch.").optional().only(&["kcl"]),
    Field::num("consumers.*.kcl_idle_ms", "Idle between reads", "ms", millis(l::KCL_IDLE_MIN.micros(), Span::from_secs(300), 100_000), l::KCL_IDLE.micros(), "idleTimeBetweenReads of each shard.").limit_is("KCL_IDLE").only(&["kcl"]),
    Field::num("consumers.*.failover_s", "Failover time", "s", Number { min: MICROS_PER_SECOND, ..DAYLONG }, l::KCL_FAILOVER.micros(), "failoverTimeMillis: how long the shards of a dead worker stand idle.").limit_is("KCL_FAILOVER").only(&["kcl"]),
    Field::num("consumers.*.checkpoint_s", "Checkpoint every", "s", DAYLONG, l::KCL_CHECKPOINT.micros(), "Records since the last checkpoint are processed again when a worker dies; 0 for one after each batch.").limit_is("KCL_CHECKPOINT").only(&["kcl"]),
    Field::num("consumers.*.shard_sync_s", "Shard sync", "s", DAYLONG, l::KCL_SHARD_SYNC.micros(), "How often the application looks for new shards.").limit_is("KCL_SHARD_SYNC").only(&["kcl"]),
    Field::num("consumers.*.parent_poll_s", "Parent poll", "s", DAYLONG, l::KCL_PARENT_POLL.micros(), "How often it looks whether the parents of a shard are done.").limit_is("KCL_PARENT_POLL").only(&["kcl"]),
    Field::choice("consumers.*.lease_table", "Lease table", TABLES, Default::Text("on_demand"), "How the DynamoDB table of the leases is paid for.").only(&["kcl"]),
    Field::num("consumers.*.lease_read_units", "Read units", "units/s", whole(1, l::DYNAMODB_UNITS_MAX, 5), l::KCL_TABLE_UNITS, "Provisioned read capacity of the lease table.").limit_is("KCL_TABLE_UNITS").only(&["kcl"]),
    Field::num("consumers.*.lease_write_units", "Write units", "units/s", whole(1, l::DYNAMODB_UNITS_MAX, 5), l::KCL_TABLE_UNITS, "Provisioned write capacity of the lease table: each renewal and each checkpoint of a shard takes one.").limit_is("KCL_TABLE_UNITS").only(&["kcl"]),
];

/// A time of up to a day.
const DAYLONG: Number = Number { min: 0, max: DAY, step: 10 * MICROS_PER_SECOND, decimals: 6 };
