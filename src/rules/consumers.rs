//! The rules of what reads the stream: mappings, pollers, workers and functions.

use super::Rule;

pub(super) const RULES: &[Rule] = &[
    Rule {
        title: "Event source mapping",
        rule: "One lane for each shard. It polls at the base interval and, while an answer did not reach the tip, as \
               fast as the call rate allows. It invokes when a batch is full, when the window is over, or when the \
               payload is full; one invocation at a time.",
        departure: "The window begins with the first record read, or when the invocation before ends. A call takes no \
                    time. Parallelization, bisecting and partial responses are rules of their own.",
        names: &["MAPPING_BATCH_MAX", "MAPPING_BATCH_DEFAULT", "MAPPING_WINDOW_MAX", "MAPPING_POLL_INTERVAL"],
        prices: &[],
    },
    Rule {
        title: "Code of a handler",
        rule: "The code decides the outcome of each batch. How long it takes is counted, never measured: units of fuel, one \
               for each function that begins and each turn of a loop, also inside the engine that interprets JavaScript, \
               become time by the memory of the function; waits for timers are added. A timeout, a reply that is too \
               large, or memory that is used up end an invocation with Lambda's words.",
        departure: "How much work a real processor does in that time depends on the code: the figure lies between what \
                    compiled and what interpreted code takes on Lambda. Memory is that of the engine, which is smaller than Node.",
        names: &["HANDLER_FUEL_PER_MICROSECOND"],
        prices: &[],
    },
    Rule {
        title: "Filter criteria",
        rule: "A record that matches none of the mapping’s patterns is passed over: the iterator moves on, no batch has it, \
               and the ledger counts it by a name of its own. A pattern names fields of the data, each with a list of what \
               may stand there: values, null, prefix, suffix, equals-ignore-case, anything-but, numeric, exists, and $or. \
               Data that is no JSON matches no pattern that looks at it, and is dropped without an error. Numbers are \
               equal where they are written alike. A batch, its window and its size know only records that match.",
        departure: "The guide of 2026 says that patterns for Kinesis match data only, and an older one partitionKey too: here \
                    both do. What the KPL aggregates is filtered by user record where it is pushed, and its batches then count user \
                    records; where it is polled the service does not filter it, and a draft that asks for it is refused. Patterns cannot be changed during the run. Letters outside ASCII \
                    keep their case in equals-ignore-case.",
        names: &["FILTERS_MAX", "FILTERS_RAISED_MAX", "FILTER_PATTERN_MAX", "FILTER_NUMBER_MAX"],
        prices: &[],
    },
    Rule {
        title: "Tumbling windows",
        rule: "A batch has records of one window only, by their arrival; windows begin at whole multiples of their length on the \
               clock. Each answer brings a state for the next invocation of the shard; an answer without one has failed. When a \
               record of a later window is read, when the shard has ended, or when the end of the window is past and \
               nothing was added for the wait, the function is invoked once more with isFinalInvokeForWindow, and nothing \
               else of the shard is done until that succeeds. A state above the limit ends the window early; the same \
               window then goes on with a fresh one. A new shard begins its own windows. Retries and age hold for batches \
               as elsewhere.",
        departure: "AWS documents the wait as up to two minutes. The last invocation has no records: whether the service hands \
                    the last ones over with it is not documented. The state’s size is a setting for each record, also \
                    where your code runs. A parallelization factor above 1 is refused, as users report it of the service.",
        names: &["MAPPING_TUMBLING_MAX", "TUMBLING_WAIT", "TUMBLING_STATE_MAX"],
        prices: &[],
    },
    Rule {
        title: "Iterators",
        rule: "Each answer of GetRecords brings the iterator for the next. A poller that lets its own grow too old, because \
               its work takes longer, is answered with ExpiredIteratorException, takes a new one after the last record \
               that it read, and goes on. A mapping's are the service's affair.",
        departure: "A call with an expired iterator is not counted as one of the shard's five. The first iterators of a \
                    run are there.",
        names: &["ITERATOR_LIFE", "SHARD_ITERATOR_CALLS_PER_SECOND"],
        prices: &[],
    },
    Rule {
        title: "Starting position",
        rule: "The consumer begins at an instant of its own, at TRIM_HORIZON, LATEST or AT_TIMESTAMP. What arrived before \
               its position is not read, by choice, and the ledger names it so; there is no iterator age for it. \
               Shards that are opened later are read from their beginning.",
        departure: "All shards' iterators are taken at the instant at which the consumer begins; the first polls follow, \
                    spread over one pause.",
        names: &[],
        prices: &[],
    },
    Rule {
        title: "Poller",
        rule: "In place of a mapping, a loop for each shard: it reads up to its limit, works on what it read, and reads \
               again. It sleeps after an answer without records, or after each. The loops begin spread over one sleep.",
        departure: "The read limits of the shard can be lifted, to see what the loop would take.",
        names: &[],
        prices: &[],
    },
    Rule {
        title: "KCL application",
        rule: "Workers hold leases, one for each shard, spread evenly. Each shard is read up to a limit, processed a batch at \
               a time, and read again after an idle time. A worker’s speed, where one is set, is divided evenly among its \
               shards. The shards of a worker that dies stand idle for the failover time; then others take them, the ones \
               with fewest first, and go on from the last checkpoint: what was processed since is processed again, and \
               named duplicates beside the ledger. A worker that comes back takes one lease at a time from whoever has \
               most. New shards are noticed at the next shard sync, and begun when their parents are found done.",
        departure: "The failover time is counted from the death, as if the lease had been renewed then. Workers look at the \
                    leases at the same instants, as often as the failover time is long. A lease that is taken from a living \
                    worker is handed over with a checkpoint, without a pause. How the speed is divided changes when \
                    leases are looked at. The workers’ own cost is left out.",
        names: &[
            "KCL_IDLE",
            "KCL_IDLE_MIN",
            "KCL_FAILOVER",
            "KCL_CHECKPOINT",
            "KCL_SHARD_SYNC",
            "KCL_PARENT_POLL",
            "KCL_WORKERS_MAX",
        ],
        prices: &[],
    },
    Rule {
        title: "Lease table",
        rule: "A DynamoDB table with an item for each lease. Each checkpoint, each renewal, of which there are three in a \
               failover time, and each takeover is one write unit; a worker that looks at the leases, and the shard sync, \
               scan all of them. An on-demand table takes every call. A provisioned one has units that come back evenly, and \
               saves five minutes of them; beyond, it refuses. A refused checkpoint is tried again a little later, a \
               worker whose scan is refused takes no lease this time, and a lease that was not renewed for the failover time \
               is lost by its living worker: what was processed since its checkpoint is processed again.",
        departure: "How large a lease is in the table is not published, and what an application does after a refused checkpoint is \
                    its own affair. The renewals of an application happen at the same instants, beginning where the last one \
                    was refused. A refused shard sync finds its shards all the same. Workers look at the leases once in a failover \
                    time; the library does it about half as often.",
        names: &[
            "KCL_RENEWALS",
            "KCL_TABLE_UNITS",
            "KCL_LEASE_BYTES",
            "KCL_CHECKPOINT_RETRY",
            "DYNAMODB_BURST",
            "DYNAMODB_READ_UNIT",
        ],
        prices: &[],
    },
    Rule {
        title: "Faults of Lambda",
        rule: "By injection, and called so in events, facts and findings: all functions together have less concurrency for a \
               while, and an invocation beyond it is refused as at any other cap; a share of the execution environments of \
               every function is lost at once, to the environment, with what runs in them, and their batches are tried \
               again in new ones; a function takes a multiple of its time for a while.",
        departure: "Which environments are lost follows their order: those that work first, by shard, evenly spread. What \
                    ran in them fails at once, and counts as an error of the function.",
        names: &[],
        prices: &[],
    },
    Rule {
        title: "A consumer that stands still",
        rule: "An operation stops a consumer of any kind for a while, by injection: it reads nothing and begins nothing, what \
               runs ends. Then it goes on from where it was.",
        departure: "Its workers keep their leases, and its subscriptions are renewed.",
        names: &[],
        prices: &[],
    },
    Rule {
        title: "Failed batches",
        rule: "A batch that failed is tried again in place until it succeeds or expires, and blocks its shard, or its \
               part of it. The wait doubles with each failure. With BisectBatchOnFunctionError a failed batch is split in \
               two, which uses up no retry. With ReportBatchItemFailures the mapping goes on from the first record that \
               failed; without, what the function returns is ignored. What is out of retries, or too old, is given up \
               and reported to the on-failure destination; a bucket gets the event with its records, too.",
        departure: "AWS publishes no figure for the wait; it is inferred from one measurement. The pieces of a split batch \
                    keep the retries that it has used. Records that are too old are given up when they are about to be \
                    sent, and a failed batch as soon as its first record is. Whether a response that names a record \
                    uses up a retry is not documented: here it does. Reports of one run carry the payloads of its first \
                    records only.",
        names: &[
            "MAPPING_RETRY_BASE",
            "MAPPING_RETRY_CAP",
            "MAPPING_RETRIES_MAX",
            "MAPPING_RECORD_AGE_MIN",
            "MAPPING_RECORD_AGE_MAX",
        ],
        prices: &[],
    },
    Rule {
        title: "Parallelization factor",
        rule: "A shard has as many invocations at a time as the factor says. Each partition key belongs to one of its \
               parts, for all time, so that its records stay in order; a part gathers its own batches.",
        departure: "How Lambda divides the keys is not documented: here by a fixed mix of the key's number. An aggregated \
                    record of the KPL goes where the key of its first user record belongs.",
        names: &["MAPPING_PARALLELIZATION_MAX"],
        prices: &[],
    },
    Rule {
        title: "The function",
        rule: "An invocation takes a fixed time and a time for each record, times a random factor: within a spread, or \
               exponential. The share of it that computes takes longer in proportion where its memory comes with less \
               than a vCPU; one thread gains nothing beyond. What would take longer than the timeout is cut off there and \
               has failed. The payload holds the data in base64.",
        departure: "The times are those with one vCPU, and which share computes is a setting, nought unless set. The \
                    timeout is the longest one unless set, and not the service's own default. The JSON around the data is \
                    not counted in the payload, and a record that is larger than the payload by itself is handed over all \
                    the same.",
        names: &[
            "LAMBDA_PAYLOAD_MAX",
            "BASE64_FROM",
            "BASE64_TO",
            "LAMBDA_MEMORY_MIN_MB",
            "LAMBDA_MEMORY_MAX_MB",
            "LAMBDA_VCPU_MB",
            "LAMBDA_TIMEOUT_MAX",
            "LAMBDA_TIMEOUT_DEFAULT",
        ],
        prices: &[],
    },
    Rule {
        title: "Execution environments",
        rule: "An invocation takes the environment that was used last, or a new one: a cold start, which comes before the \
               work and is billed with it. An environment without work lives for a while; a deploy ends all of them. \
               Reserved concurrency is a cap, and comes out of the account's. A function gains a step of environments at \
               once; what it has used of the step comes back evenly, and is not saved up beyond it. Over a cap the answer \
               is 429, TooManyRequestsException: the mapping waits, longer each time, and asks again. That uses up no retry \
               and is no error.",
        departure: "How long environments take to start and live, and how long a mapping waits, are settings: no figures are \
                    published. Under a cap a shard that goes on at once finds the environment that it has just left, so \
                    that shards with much to do can keep the others waiting. Without provisioned concurrency, and without \
                    the limit on requests a second.",
        names: &[
            "LAMBDA_CONCURRENCY",
            "LAMBDA_UNRESERVED_MIN",
            "LAMBDA_SCALE_STEP",
            "LAMBDA_SCALE_SPAN",
            "LAMBDA_INIT_MAX",
            "LAMBDA_IDLE_LIFE",
            "THROTTLE_RETRY_BASE",
            "THROTTLE_RETRY_CAP",
        ],
        prices: &[],
    },
];
