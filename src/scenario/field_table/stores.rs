//! Rows of the field table: stores, and what consumers write to them.

use super::{Choice, Default, Field, Kind, Number, ON_OFF_PLAIN, PRICE, Span, l, millis, whole, word};

const KINDS: &[Choice] = &[
    word("relational", "Relational database", "Statements on a number of connections."),
    word("key_value", "Key-value table", "Puts, bounded by write units a second where it is provisioned."),
    word("search", "Search index", "Requests on a number of connections, and a queue with a bound."),
    word("object", "Object store", "Any number of puts."),
    word("http", "HTTP endpoint", "Requests on a number of connections."),
];

const LAWS: &[Choice] = &[
    word("exponential", "Exponential", "Mostly short, now and then very long."),
    word("fixed", "Fixed", "Each write takes the same time."),
];

/// Time of a write.
const TIME: Number = millis(0, Span::from_secs(900), 1_000);
const HAVE_CONNECTIONS: &[&str] = &["relational", "search", "http"];
const WRITE: &[&str] = &["lambda", "kcl", "poller"];

#[rustfmt::skip]
pub(super) const FIELDS: &[Field] = &[
    Field::new("consumers.*.writes_to", "Writes to", Kind::Text(60), Default::Text(""), "Name of a store; an invocation is not over before its writes are. Empty for none.").only(WRITE),
    Field::num("consumers.*.writes_at_a_time", "Writes at a time", "writes", whole(1, l::STORE_PARALLEL_MAX, 1), 1, "Of one invocation; with 1 each waits for the one before it.").only(WRITE).limit_is("STORE_PARALLEL_MAX"),

    Field::new("stores", "Stores", Kind::List(0, l::STORES_MAX as usize), Default::Empty, "What consumers write to; several may share one.").limit_is("STORES_MAX"),
    Field::group("stores.*", "Store", "A store that consumers write to."),
    Field::new("stores.*.name", "Name", Kind::Text(60), Default::Required, "What consumers call it."),
    Field::choice("stores.*.kind", "Store", KINDS, Default::Text("relational"), "What it is.").selects(),
    Field::num("stores.*.connections", "Connections", "connections", whole(1, l::STORE_CONNECTIONS_MAX, 5), l::STORE_CONNECTIONS, "Writes at the same time; others wait.").only(HAVE_CONNECTIONS).limit_is("STORE_CONNECTIONS"),
    Field::num("stores.*.waiting_max", "May wait", "writes", whole(0, l::STORE_WAITING_MAX, 100), l::STORE_WAITING, "Writes that may wait for a connection; further ones are refused.").only(HAVE_CONNECTIONS).limit_is("STORE_WAITING"),
    Field::num("stores.*.write_ms", "A write takes", "ms", TIME, 0, "Before its first record; null for what is usual.").optional().limit_is("STORE_RELATIONAL_TIME"),
    Field::num("stores.*.per_record_ms", "Per record", "ms", TIME, 0, "Time for each record of a write."),
    Field::choice("stores.*.law", "Its law", LAWS, Default::Text("exponential"), "How the time of a write varies."),
    Field::num("stores.*.records_per_write", "Records a write", "records", whole(1, l::STORE_RECORDS_MAX, 5), 1, "A batch is written in pieces of so many.").limit_is("STORE_RECORDS_MAX"),
    Field::num("stores.*.write_units", "Write units", "units/s", whole(1, l::DYNAMODB_UNITS_MAX, 50), 0, "Provisioned capacity, beyond which writes are throttled; null for on demand.").optional().only(&["key_value"]).limit_is("DYNAMODB_WRITE_UNIT"),
    Field::choice("stores.*.idempotent", "Idempotent", ON_OFF_PLAIN, Default::Text("off"), "Whether a record that is written once more changes nothing."),
    Field::num("stores.*.usd_per_hour", "Price of an hour", "USD", PRICE, 0, "Null takes what is usual.").optional(),
    Field::num("stores.*.usd_per_million", "Price of a million writes", "USD", PRICE, 0, "Null takes what is usual.").optional(),
];
