//! Rows of the field table: what an operation can be.

use super::{Choice, word};

pub(super) const KINDS: &[Choice] = &[
    word("update_mapping", "UpdateEventSourceMapping", "The next batch is built with new settings."),
    word(
        "deploy_function",
        "Deploy the function",
        "The next invocation takes another time or fails with another share.",
    ),
    word("kill_hosts", "Hosts die", "Hosts of the producer die with what they hold."),
    word("kill_workers", "Workers die", "Workers of a KCL application die; others take their shards over."),
    word("freeze_consumer", "A consumer stands still", "It reads and begins nothing for a while, by injection."),
    word(
        "throttle_account",
        "Throttle the account",
        "All functions together have less concurrency for a while, by injection.",
    ),
    word(
        "lose_environments",
        "Lose environments",
        "A share of all execution environments is gone, as with an Availability Zone, by injection.",
    ),
    word("slow_function", "Slow a function down", "Its invocations take longer for a while, by injection."),
    word("store_outage", "Outage of a store", "It refuses every write for a while, by injection."),
    word("slow_store", "Slow a store down", "Writes take longer for a while, by injection."),
    word("lose_connections", "Lose connections of a store", "It has fewer of them for a while, by injection."),
    word("deploy_producer", "Deploy the producer", "Rejected records are treated in another way from now on."),
    word("split_shard", "SplitShard", "One shard becomes two; what it holds stays in it and is read first."),
    word("merge_shards", "MergeShards", "Two neighbouring shards become one."),
    word("update_shard_count", "UpdateShardCount", "The hash space is divided evenly among another number of shards."),
    word("update_retention", "Change the retention", "Records stay readable for another time."),
    word("update_stream_mode", "UpdateStreamMode", "Between provisioned and on-demand."),
    word("update_warm_throughput", "UpdateStreamWarmThroughput", "On-demand Advantage: another throughput at once."),
];
