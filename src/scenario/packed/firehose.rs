//! Delivery streams on their way into the box.

use super::{Packed, Source};
use crate::scenario::{
    Buffering, Deliver, DeliveryStream, Destination, DestinationKind, Fault, FaultKind, Firehose, FirehoseProducer,
    Format, Handling, Partitioning, Quota, Transform,
};

fields! {
    Buffering { mib interval_s }
    Deliver { name consumer firehose }
    DeliveryStream { producer quota buffering transform partitioning format destination }
    Destination { kind latency_ms mib_per_s parallel retry_s retry_every_s }
    Fault { at span kind }
    Firehose { stream handling faults }
    FirehoseProducer { batch linger buffer attempts backoff backoff_max jitter }
    Format { converts stored_milli }
    Handling { kind code module duration_from }
    Partitioning { count active_max }
    Quota { mib scale_after }
    Transform {
        memory_mb buffer_kib interval fixed per_record spread timeout parallel retries error_rate dropped failed size_milli
    }
}

kinds! {
    DestinationKind { 0 S3, 1 Redshift, 2 OpenSearch, 3 Splunk, 4 Http, }
    FaultKind { 0 Outage, 1 Slow { factor_milli }, }
}
