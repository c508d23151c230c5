//! Rules of the direct architecture.

use super::Rule;

pub(super) const RULES: &[Rule] = &[
    Rule {
        title: "Designs side by side",
        rule: "Up to three other designs get the same arrivals as the document’s own, with the same keys and sizes: traffic, \
               seed, length, account and prices are shared, and the digests of the traffic are equal.",
        departure: "",
        names: &["DESIGNS_MAX"],
        prices: &[],
    },
    Rule {
        title: "Sizing",
        rule: "Designs that differ in some fields are run on the same arrivals, in order of what they cost at least: shards, \
               stream hours, commitments, and the shortest time that their functions can take. The search ends when that \
               exceeds the cost of the best, or of the frontier. The lag is that of 99 of 100 records from offered to done, \
               of the slowest consumer. What waits in the stream when the run ends counts with the age of the oldest of it; \
               what is lost or still at the producer was done by none. A run is stopped once it has lost more than it may, \
               or so many records are late that its lag is certain. One that ends with more than a tenth of its records \
               undone has no lag: its bill lacks the work that is left.",
        departure: "One seed: a design that meets the goal narrowly may miss it with another.",
        names: &[],
        prices: &[],
    },
    Rule {
        title: "Direct: clients",
        rule: "Each record of the traffic is a request. An attempt without an answer is given up after the client’s timeout; \
               after a failure another one follows, as long as there are attempts, after a wait that doubles up to its \
               bound and of which all, half or none is left to chance. What a client waited counts from its first attempt. \
               An answer at the instant of the timeout is an answer.",
        departure: "What a client left behind is done to its end, for nobody. The network takes no time.",
        names: &["CLIENT_TIMEOUT", "CLIENT_BACKOFF", "CLIENT_BACKOFF_CAP"],
        prices: &[],
    },
    Rule {
        title: "Direct: load balancer and instances",
        rule: "Each instance that is up gets the next request in turn. Where none is, the answer is 503. A worker process has \
               one request at a time; when all of an instance are busy requests wait in its backlog, and beyond that are \
               refused: 502. Where the target sends nothing for the idle timeout, the answer is 504. Busy workers take \
               memory; where it is not enough, everything on the instance is lost, its clients get 502, and it is away for \
               its restart.",
        departure: "The balancer knows at once which instance is up. An idle worker takes no memory.",
        names: &[
            "ALB_IDLE_TIMEOUT",
            "LISTEN_BACKLOG",
            "SYSTEM_MEMORY_MB",
            "WORKER_MEMORY_MB",
            "HEAVY_MEMORY_MB",
            "WORKERS_RESTART",
        ],
        prices: &[],
    },
    Rule {
        title: "Direct: autoscaling",
        rule: "Target tracking on CPU utilisation: at every look the policy asks for as many instances as would have been at \
               the target. New ones take requests after their start; one is taken away, once its requests are done, after \
               some looks in a row that ask for fewer. Instances are paid for from the call.",
        departure: "Above 100 % nothing is seen, so a spike is met in steps. Bounds and times are settings.",
        names: &["SCALING_TARGET_PERCENT", "SCALING_PERIOD", "INSTANCE_START", "SCALING_IN_LOOKS"],
        prices: &[],
    },
    Rule {
        title: "Direct: steps of a request",
        rule: "It computes on a vCPU of its instance, reads, writes, and does the slow step, which only waits. vCPUs and the \
               database serve in order of arrival, so many at a time: a queue of c servers, which for exponential times is \
               Erlang’s. A request holds one connection of its instance’s pool for its statements; it waits for one up to a \
               bound, and fails at once where the database takes no more: 500.",
        departure: "Processors share their time among all that is there; the utilisation is the same, and with exponential \
                    times so is the mean stay. Idle connections of a pool do not count.",
        names: &["DATABASE_CONNECTIONS", "POOL_CONNECTIONS", "POOL_WAIT"],
        prices: &[],
    },
    Rule {
        title: "Direct: remedies",
        rule: "Replicas answer all reads in turn, and what was written within their lag is not seen there. A cache answers a \
               share of the reads; while it fills, that share grows with its misses. Another store takes a share of reads \
               and writes. With workers in the background the slow step waits in a queue, and is late instead of long; what \
               the queue has no room for is lost.",
        departure: "Replicas do not work on the writes that they copy, and the cache is never wrong.",
        names: &["REPLICAS_MAX", "REPLICA_LAG", "CACHE_HIT", "STORE_CALL", "ENQUEUE"],
        prices: &[],
    },
    Rule {
        title: "Direct: operations",
        rule: "On purpose the primary fails over: it ends what it works on, begins nothing, and what needs it waits in its \
               line, with worker and connection. A slow database takes a factor longer for each statement that is sent \
               meanwhile, on the primary and on the replicas. Of the instances that are up a share is lost, rounded up, the \
               first ones first: clients get 502, and the instances are away. A cache that is emptied fills as at the start. \
               Of slow times that overlap the longest counts.",
        departure: "A failover breaks no connection, and no replica takes the primary’s place.",
        names: &["FAILOVER", "DIRECT_FAULTS_MAX"],
        prices: &[],
    },
    Rule {
        title: "Direct: the bill",
        rule: "The balancer by the hour and by capacity units, the larger of its new and its active connections; machines by \
               vCPU-hours, a cache by the hour, another store and the queue by use. Workers in the background take as many \
               vCPUs each as those of the application.",
        departure: "Each attempt is a new connection. Without storage, transfer and reserved prices. A vCPU-hour is half the \
                    price of an m5.large, of the database half of a db.t3.large.",
        names: &["ALB_LCU_CONNECTIONS", "ALB_LCU_ACTIVE"],
        prices: &[],
    },
];
