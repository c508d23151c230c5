//! Bounds and estimates of the stores that consumers write to.

use super::sources::{DDB, OURS, TYPICAL};
use super::{Count, Limit, Value};
use crate::text::for_people;
use crate::units::{Bytes, Span};

limits! { STORES:
    /// Stores of one scenario, or of one stream in it.
    STORES_MAX: Count = 20, "stores", OURS, documented;
    /// Connections of a store, where nothing is said.
    STORE_CONNECTIONS: Count = 20, "connections", TYPICAL, estimated;
    /// Connections that a store may be given.
    STORE_CONNECTIONS_MAX: Count = 20_000, "connections", OURS, documented;
    /// Writes that may wait for a connection of a store, where nothing is said.
    STORE_WAITING: Count = 1_000, "writes", TYPICAL, estimated;
    /// Writes that a store may be told to let wait.
    STORE_WAITING_MAX: Count = 1_000_000, "writes", OURS, documented;
    /// Records in one write.
    STORE_RECORDS_MAX: Count = 10_000, "records", OURS, documented;
    /// Writes of one invocation at the same time.
    STORE_PARALLEL_MAX: Count = 1_000, "writes", OURS, documented;
    /// Virtual processors of a relational database that is billed without a price of its own.
    STORE_VCPUS: Count = 2, "vCPUs", TYPICAL, estimated;
    /// Time of a statement in a relational database.
    STORE_RELATIONAL_TIME: Span = Span::from_millis(5), "ms", TYPICAL, estimated;
    /// Time of a put into a key-value table.
    STORE_KEY_VALUE_TIME: Span = Span::from_millis(5), "ms", TYPICAL, estimated;
    /// Time of a request to a search index.
    STORE_SEARCH_TIME: Span = Span::from_millis(20), "ms", TYPICAL, estimated;
    /// Time of a put into an object store.
    STORE_OBJECT_TIME: Span = Span::from_millis(50), "ms", TYPICAL, estimated;
    /// Time of a request to an HTTP endpoint.
    STORE_HTTP_TIME: Span = Span::from_millis(100), "ms", TYPICAL, estimated;
    /// Bytes that a read unit covers; a read that need not be consistent takes half of one.
    DYNAMODB_READ_UNIT: Bytes = Bytes::new(4_096), "bytes", DDB, documented;
    /// Bytes of an item that a write unit covers.
    DYNAMODB_WRITE_UNIT: Bytes = Bytes::KIB, "bytes", DDB, documented;
}
