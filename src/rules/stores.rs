//! The rules of the stores that consumers write to.

use super::Rule;

pub(super) const RULES: &[Rule] = &[Rule {
    title: "Stores",
    rule: "When the own work of an invocation is done it writes its records, in pieces of so many: one write after the \
           other, or several at a time. Each write takes a connection of the store; others wait in the order in which \
           they came, up to a bound beyond which they are refused. A write takes a time of its own and a time for each \
           record, fixed or exponential, so that latency grows with use by waiting only. The invocation is over when its last \
           write is. A write that is refused fails it as a thrown error would, and its timeout cuts a wait; what the store \
           works on by then is written all the same. A handler that fails on a record has written those before it. What is \
           written once more counts as a duplicate. A provisioned key-value table throttles what goes over its write units, \
           a unit for each KiB of an item, after a burst. An outage refuses every write and fails those that are worked on; \
           a store can be slow for a while, or have fewer connections.",
    departure: "Times, connections and the length of the line are settings, and so is the size of a database that is billed \
                where no price is given. Connections are not opened and closed, and a lost connection goes when its write is done. Nothing \
                tries a refused write again but the consumer that reads its batch once more. Networks, locks and indexes \
                that slow each other down are left out.",
    names: &[
        "STORE_CONNECTIONS",
        "STORE_WAITING",
        "STORE_RELATIONAL_TIME",
        "STORE_KEY_VALUE_TIME",
        "STORE_SEARCH_TIME",
        "STORE_OBJECT_TIME",
        "STORE_HTTP_TIME",
        "STORE_VCPUS",
        "DYNAMODB_WRITE_UNIT",
    ],
    prices: &[],
}];
