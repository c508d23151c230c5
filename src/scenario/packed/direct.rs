//! Direct designs on their way into the box.

use super::{Packed, Source};
use crate::scenario::{
    Application, Autoscaling, Background, Balancer, Cache, Client, Database, Direct, DirectFault, DirectFaultKind,
    Replicas, Request, Store,
};

fields! {
    Application {
        instances vcpus memory_mb reserved_mb workers worker_mb heavy_share heavy_mb backlog restart
    }
    Autoscaling { max_instances target_percent period start in_after }
    Background { workers enqueue queue }
    Balancer { idle_timeout }
    Cache { hit_ratio hit entries restart_at }
    Client { timeout attempts backoff backoff_max jitter }
    Database { vcpus read write max_connections pool pool_wait }
    Direct { client balancer application autoscaling request database replicas cache store background faults }
    DirectFault { at span kind }
    Replicas { count lag }
    Request { cpu reads writes slow law spread }
    Store { read_share write_share read write parallel }
}

kinds! {
    DirectFaultKind { 0 DatabaseOutage, 1 DatabaseSlow { factor_milli }, 2 LoseInstances { share }, 3 EmptyCache, }
}
