//! What a direct design can do in the long run, and which of its parts sets the bound.

use crate::scenario::Direct;
use crate::units::Ratio;

/// A part of a direct design that can be used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The vCPUs of the application's instances.
    Computing,
    /// The primary of the database, with what is left of its reads and with its writes.
    Primary,
    /// The primary, which has only writes left.
    Writes,
    /// The read replicas.
    Replicas,
    /// The store that has a part of the work.
    Store,
}

impl Part {
    /// A short name, for a label.
    pub const fn short(self) -> &'static str {
        match self {
            Self::Computing => "vCPUs",
            Self::Primary => "primary",
            Self::Writes => "writes",
            Self::Replicas => "replicas",
            Self::Store => "other store",
        }
    }
}

/// How many seconds of its servers a request takes of each part. Times are means, and the cache is warm.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Work {
    computing: f64,
    /// Reads and writes on the primary.
    primary: (f64, f64),
    replicas: f64,
    store: f64,
}

impl Work {
    fn of(direct: &Direct) -> Self {
        let Direct { request, database, replicas, cache, store, .. } = direct;
        let part = |ratio: Ratio| f64::from(ratio.millionths()) / 1e6;
        let (reads, writes) = (f64::from(request.reads), f64::from(request.writes));
        let missed = reads * (1.0 - part(cache.hit_ratio));
        let own_reads = missed * (1.0 - part(store.read_share)) * database.read.seconds_f64();
        let own_writes = writes * (1.0 - part(store.write_share)) * database.write.seconds_f64();
        let copied = replicas.count > 0;
        Self {
            computing: request.cpu.seconds_f64(),
            primary: (if copied { 0.0 } else { own_reads }, own_writes),
            replicas: if copied { own_reads } else { 0.0 },
            store: missed * part(store.read_share) * store.read.seconds_f64()
                + writes * part(store.write_share) * store.write.seconds_f64(),
        }
    }
}

/// Requests a second that each part of a design allows with so many instances up; no bound is more than 10⁹.
pub fn direct_bounds(direct: &Direct, instances: u64) -> [(f64, Part); 4] {
    let Direct { application, database, replicas, store, .. } = direct;
    let work = Work::of(direct);
    let of = |servers: f64, seconds: f64| if seconds > 0.0 { (servers / seconds).min(1e9) } else { 1e9 };
    let vcpus = f64::from(database.vcpus);
    let (reads, writes) = work.primary;
    [
        (of(instances as f64 * f64::from(application.vcpus), work.computing), Part::Computing),
        (of(vcpus, reads + writes), if reads > 0.0 { Part::Primary } else { Part::Writes }),
        (of(f64::from(replicas.count) * vcpus, work.replicas), Part::Replicas),
        (of(store.parallel.map_or(f64::INFINITY, f64::from), work.store), Part::Store),
    ]
}

/// Requests a second that a design can answer with so many instances up, and what binds.
pub fn direct_room(direct: &Direct, instances: u64) -> (f64, Part) {
    let [first, others @ ..] = direct_bounds(direct, instances);
    others.into_iter().fold(first, |least, bound| if bound.0 < least.0 { bound } else { least })
}

/// Requests a second that the writes alone leave to the primary.
pub fn direct_writes_alone(direct: &Direct) -> f64 {
    let writes = Work::of(direct).primary.1;
    if writes > 0.0 { (f64::from(direct.database.vcpus) / writes).min(1e9) } else { 1e9 }
}
