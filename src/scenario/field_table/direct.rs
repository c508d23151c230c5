//! Rows of the field table: other designs, and the direct one.

use super::{
    Choice, DAY, Default, Field, JITTERS, Kind, LAWS, MICROS_PER_SECOND, Number, SECONDS, SHARE, Span, l, millis,
    whole, word,
};

const PLANS: &[Choice] = &[
    word("stream", "Data Streams", "Another producer, stream and consumers."),
    word("direct", "Direct", "The application does everything in the request."),
    word("firehose", "Firehose", "A delivery stream gathers the records and delivers them."),
];

/// Seconds to the microsecond, up to a day.
const fn day(min: u64, step: u64) -> Number {
    Number { min, max: DAY, step, decimals: 6 }
}

/// A step of a request.
const STEP: Number = millis(0, Span::from_secs(3_600), 1_000);

#[rustfmt::skip]
pub(super) const FIELDS: &[Field] = &[
    Field::new("designs", "Designs", Kind::List(0, l::DESIGNS_MAX as usize), Default::Empty, "Other designs for the same arrivals, to compare.").limit_is("DESIGNS_MAX"),
    Field::group("designs.*", "Design", "Another design for the same arrivals."),
    Field::choice("designs.*.kind", "Design", PLANS, Default::Required, "What the design is.").selects(),
    Field::new("designs.*.name", "Name", Kind::Text(60), Default::Text(""), "A title for people; it does not change the run."),

    Field::group("designs.*.direct", "Direct", "An application that does everything in the request.").only(&["direct"]),
    Field::group("designs.*.direct.client", "Client", "Who sends the requests."),
    Field::num("designs.*.direct.client.timeout_s", "Timeout", "s", day(0, MICROS_PER_SECOND), l::CLIENT_TIMEOUT.micros(), "An attempt without an answer is given up after this, and the work on it goes on for nobody; 0 for never.").limit_is("CLIENT_TIMEOUT"),
    Field::num("designs.*.direct.client.attempts", "Attempts", "attempts", whole(1, l::CLIENT_ATTEMPTS_MAX, 1), 1, "At one request, the first included.").limit_is("CLIENT_ATTEMPTS_MAX"),
    Field::num("designs.*.direct.client.backoff_ms", "First wait", "ms", millis(0, l::PRODUCER_BACKOFF_MAX, 100_000), l::CLIENT_BACKOFF.micros(), "Wait before the second attempt; it doubles.").limit_is("CLIENT_BACKOFF"),
    Field::num("designs.*.direct.client.backoff_max_s", "Longest wait", "s", Number { min: 0, max: l::PRODUCER_BACKOFF_MAX.micros(), step: MICROS_PER_SECOND, decimals: 6 }, l::CLIENT_BACKOFF_CAP.micros(), "The wait never grows beyond this.").limit_is("CLIENT_BACKOFF_CAP"),
    Field::choice("designs.*.direct.client.jitter", "Jitter", JITTERS, Default::Text("full"), "Which part of the wait is waited."),

    Field::group("designs.*.direct.balancer", "Load balancer", "An Application Load Balancer."),
    Field::num("designs.*.direct.balancer.idle_timeout_s", "Idle timeout", "s", day(0, MICROS_PER_SECOND), l::ALB_IDLE_TIMEOUT.micros(), "A target that has sent nothing for so long: 504; 0 for never.").limit_is("ALB_IDLE_TIMEOUT"),

    Field::group("designs.*.direct.application", "Application", "Instances with worker processes."),
    Field::num("designs.*.direct.application.instances", "Instances", "instances", whole(1, l::INSTANCES_MAX, 1), 2, "At the start, and fewest."),
    Field::num("designs.*.direct.application.vcpus", "vCPUs", "vCPUs", whole(1, l::VCPUS_MAX, 1), 2, "Of each instance: requests that compute at the same time."),
    Field::num("designs.*.direct.application.memory_mb", "Memory", "MB", whole(256, l::INSTANCE_MEMORY_MAX_MB, 1_024), 8_192, "Of each instance."),
    Field::num("designs.*.direct.application.reserved_mb", "System takes", "MB", whole(0, l::INSTANCE_MEMORY_MAX_MB, 128), l::SYSTEM_MEMORY_MB, "Memory that no worker has.").limit_is("SYSTEM_MEMORY_MB"),
    Field::num("designs.*.direct.application.workers", "Workers", "workers", whole(1, l::WORKERS_MAX, 10), 0, "Processes of an instance, each for one request at a time; null for as many as fit its memory.").optional(),
    Field::num("designs.*.direct.application.worker_mb", "Memory a worker", "MB", whole(1, l::INSTANCE_MEMORY_MAX_MB, 10), l::WORKER_MEMORY_MB, "While it works on a request.").limit_is("WORKER_MEMORY_MB"),
    Field::num("designs.*.direct.application.heavy_share", "Heavy requests", "of all", SHARE, 0, "Share of the requests that need more memory."),
    Field::num("designs.*.direct.application.heavy_mb", "Memory of those", "MB", whole(1, l::INSTANCE_MEMORY_MAX_MB, 10), l::HEAVY_MEMORY_MB, "Where an instance has too little left, it kills its workers and is away.").limit_is("HEAVY_MEMORY_MB"),
    Field::num("designs.*.direct.application.backlog", "Backlog", "requests", whole(0, l::BACKLOG_MAX, 100), l::LISTEN_BACKLOG, "Requests that may wait at an instance for a worker; others are refused: 502.").limit_is("LISTEN_BACKLOG"),
    Field::num("designs.*.direct.application.restart_s", "Restart", "s", day(0, MICROS_PER_SECOND), l::WORKERS_RESTART.micros(), "How long an instance is away that ran out of memory.").limit_is("WORKERS_RESTART"),

    Field::group("designs.*.direct.autoscaling", "Autoscaling", "A policy that starts instances and takes them away."),
    Field::num("designs.*.direct.autoscaling.max_instances", "Most instances", "instances", whole(1, l::INSTANCES_MAX, 1), 0, "Null for no policy.").optional(),
    Field::num("designs.*.direct.autoscaling.target_percent", "Target", "%", whole(1, 100, 5), l::SCALING_TARGET_PERCENT, "CPU utilisation at which it aims.").limit_is("SCALING_TARGET_PERCENT"),
    Field::num("designs.*.direct.autoscaling.period_s", "Looks every", "s", day(MICROS_PER_SECOND, 15 * MICROS_PER_SECOND), l::SCALING_PERIOD.micros(), "And over how long a time.").limit_is("SCALING_PERIOD"),
    Field::num("designs.*.direct.autoscaling.start_s", "Starting takes", "s", day(0, 30 * MICROS_PER_SECOND), l::INSTANCE_START.micros(), "From the call until a new instance takes requests.").limit_is("INSTANCE_START"),
    Field::num("designs.*.direct.autoscaling.in_after", "Looks before fewer", "looks", whole(1, 1_000, 1), l::SCALING_IN_LOOKS, "An instance is taken away after so many looks in a row that ask for fewer.").limit_is("SCALING_IN_LOOKS"),

    Field::group("designs.*.direct.request", "Request", "Its steps: it computes, reads, writes, and does the slow step."),
    Field::num("designs.*.direct.request.cpu_ms", "Computing", "ms", STEP, 20_000, "On one vCPU."),
    Field::num("designs.*.direct.request.reads", "Reads", "reads", whole(0, l::STATEMENTS_MAX, 1), 3, "Statements that read, one after the other."),
    Field::num("designs.*.direct.request.writes", "Writes", "writes", whole(0, l::STATEMENTS_MAX, 1), 1, "Statements that write, one after the other."),
    Field::num("designs.*.direct.request.slow_ms", "Slow step", "ms", STEP, 0, "A step that only waits, such as a call to somebody else’s service."),
    Field::choice("designs.*.direct.request.law", "Law of the times", LAWS, Default::Text("uniform"), "How the times of all steps vary."),
    Field::num("designs.*.direct.request.spread", "Spread", "", SHARE, 500_000, "Half width of the uniform law, from 0 to 1."),

    Field::group("designs.*.direct.database", "Database", "The primary, and the pools of connections to it."),
    Field::num("designs.*.direct.database.vcpus", "vCPUs", "vCPUs", whole(1, l::VCPUS_MAX, 1), 2, "Of the primary and of each replica: statements that are worked on at the same time."),
    Field::num("designs.*.direct.database.read_ms", "A read", "ms", STEP, 5_000, "An optimised query is a smaller number here."),
    Field::num("designs.*.direct.database.write_ms", "A write", "ms", STEP, 8_000, "On the primary."),
    Field::num("designs.*.direct.database.max_connections", "Connections", "connections", whole(1, l::CONNECTIONS_MAX, 50), l::DATABASE_CONNECTIONS, "All instances together; a request beyond them fails at once: 500.").limit_is("DATABASE_CONNECTIONS"),
    Field::num("designs.*.direct.database.pool", "Pool", "connections", whole(1, l::CONNECTIONS_MAX, 10), l::POOL_CONNECTIONS, "Connections of each instance; a request holds one for its statements.").limit_is("POOL_CONNECTIONS"),
    Field::num("designs.*.direct.database.pool_wait_s", "Waits for one", "s", day(0, MICROS_PER_SECOND), l::POOL_WAIT.micros(), "Then the request fails: 500. 0 waits for ever.").limit_is("POOL_WAIT"),

    Field::group("designs.*.direct.replicas", "Read replicas", "Copies that answer reads."),
    Field::num("designs.*.direct.replicas.count", "Replicas", "replicas", whole(0, l::REPLICAS_MAX, 1), 0, "0 for none.").limit_is("REPLICAS_MAX"),
    Field::num("designs.*.direct.replicas.lag_ms", "Lag", "ms", STEP, l::REPLICA_LAG.micros(), "How long until a write is seen there.").limit_is("REPLICA_LAG"),

    Field::group("designs.*.direct.cache", "Cache", "In front of the reads."),
    Field::num("designs.*.direct.cache.hit_ratio", "Hit ratio", "of all", SHARE, 0, "Share of the reads that a warm cache answers; 0 for no cache."),
    Field::num("designs.*.direct.cache.hit_ms", "A hit", "ms", STEP, l::CACHE_HIT.micros(), "Time of its answer.").limit_is("CACHE_HIT"),
    Field::num("designs.*.direct.cache.entries", "Warm after", "misses", whole(0, l::OFFERED_MAX, 1_000), 0, "Misses that fill it; the hit ratio grows with them from 0. 0 for warm from the start."),
    Field::num("designs.*.direct.cache.restart_at_s", "Emptied at", "s", SECONDS, 0, "When it loses all that it holds; 0 for never."),

    Field::group("designs.*.direct.store", "Another store", "One made for a part of the work: search, analytics, key-value."),
    Field::num("designs.*.direct.store.read_share", "Of the reads", "of all", SHARE, 0, "Share of the reads that go there."),
    Field::num("designs.*.direct.store.write_share", "Of the writes", "of all", SHARE, 0, "Share of the writes that go there."),
    Field::num("designs.*.direct.store.read_ms", "A read", "ms", STEP, l::STORE_CALL.micros(), "Time of a read there.").limit_is("STORE_CALL"),
    Field::num("designs.*.direct.store.write_ms", "A write", "ms", STEP, l::STORE_CALL.micros(), "Time of a write there.").limit_is("STORE_CALL"),
    Field::num("designs.*.direct.store.parallel", "At a time", "calls", whole(1, l::BACKLOG_MAX, 10), 0, "Calls that it works on at the same time; null for any number.").optional(),

    Field::group("designs.*.direct.background", "Background", "Workers that do the slow step after the answer."),
    Field::num("designs.*.direct.background.workers", "Workers", "workers", whole(0, l::WORKERS_MAX, 1), 0, "0 leaves the step in the request."),
    Field::num("designs.*.direct.background.enqueue_ms", "Handing over", "ms", STEP, l::ENQUEUE.micros(), "What putting it into the queue takes.").limit_is("ENQUEUE"),
    Field::num("designs.*.direct.background.queue", "Queue", "steps", whole(0, l::BACKLOG_MAX, 1_000), 0, "Steps that may wait; others are lost. Null for any number.").optional(),
];
