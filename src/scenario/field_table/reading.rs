//! Rows of the field table: how records come to a consumer.

use super::{Choice, Default, Field, Span, l, millis, word};

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

#[rustfmt::skip]
pub(super) const FIELDS: &[Field] = &[
    Field::choice("consumers.*.source", "Reads by", SOURCES, Default::Text("GetRecords"), "How records come to the consumer.").limit_is("FAN_OUT_CONSUMERS"),
    Field::num("consumers.*.fan_out_ms", "Pushed after", "ms", millis(1_000, Span::from_secs(60), 10_000), l::FAN_OUT_DELAY.micros(), "SubscribeToShard: from the arrival of a record until the consumer sees it.").limit_is("FAN_OUT_DELAY"),
];
