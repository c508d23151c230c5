//! Where consumers stand, as JSON: every shard that is not read to its end.

use super::Session;
use crate::engine::{Condition, Doing, FailureCause, LanePosition, PartPosition, Tried, TryEnd};
use crate::metrics::outlook::gone_frames;
use crate::metrics::{ConsumerPosition, ShardMetric};
use crate::units::SimTime;
use serde_json::{Value, json};

impl Session {
    /// Where a consumer stands: `shards`, each with its places on the log as counts of records, what each part of it
    /// does, and the tries of the batch that failed last; for a KCL application the `workers`, too.
    pub fn positions(&self, consumer: u32) -> Value {
        let engine = self.engine();
        let ConsumerPosition { lanes, .. } = ConsumerPosition::of(engine, consumer, usize::MAX);
        let gone = gone_frames(self.scenario(), self.timeline(), self.timeline().frames());
        let shard = |(shard, lane): &(u32, LanePosition)| {
            let state = engine.lane(consumer, *shard);
            let mut of = lane_value(lane, engine.now());
            let kept_from = self.timeline().shard_total(ShardMetric::Stored, *shard as usize, gone) as u64;
            of["oldest_kept"] = kept_from.into();
            of["shard"] = (*shard).into();
            of["waiting"] = state.waiting.into();
            of["in_flight"] = state.in_flight.into();
            let age = state.oldest_arrival.map(|at| engine.now().since(at).seconds_f64());
            of["oldest_s"] = age.into();
            of
        };
        let mut positions = json!({"shards": lanes.iter().map(shard).collect::<Vec<_>>()});
        let workers = engine.workers(consumer);
        if !workers.is_empty() {
            let worker = |of: &crate::engine::WorkerState| json!({"up": of.up, "leases": of.leases});
            positions["workers"] = workers.iter().map(worker).collect();
        }
        positions
    }
}

fn lane_value(lane: &LanePosition, now: SimTime) -> Value {
    let mut of = json!({
        "checkpoint": lane.checkpoint,
        "reached": lane.reached,
        "read": lane.read,
        "tip": lane.tip,
        "blocked": lane.is_blocked(),
        "parts": lane.parts.iter().map(part).collect::<Vec<_>>(),
    });
    if let Some(records) = lane.on_way {
        of["on_way"] = records.into();
    }
    if let Some(until) = lane.frozen_until {
        of["frozen_until_s"] = until.seconds_f64().into();
    }
    if let Some(lease) = lane.lease {
        let free_at = (lease.owner.is_none() && lease.free_at > now).then(|| lease.free_at.seconds_f64());
        of["lease"] = json!({"worker": lease.owner, "free_at_s": free_at, "once_more": lease.again});
    }
    of
}

fn part(part: &PartPosition) -> Value {
    let mut of = json!({"doing": doing(part.doing)});
    if matches!(part.doing, Doing::Runs | Doing::WaitsToRetry) {
        of["batch"] = json!({
            "from": part.from,
            "end": part.end,
            "records": part.records,
            "try": part.attempt,
            "refusals": part.refusals,
            "until_s": part.until.seconds_f64(),
            "pieces_end": part.pieces,
        });
    }
    if !part.tried.is_empty() {
        of["tried"] = part.tried.iter().map(tried).collect();
    }
    of
}

fn tried(tried: &Tried) -> Value {
    let (how, why) = match tried.how {
        TryEnd::Succeeded => ("succeeded", None),
        TryEnd::Retried(cause) => ("retried", Some(cause_word(cause))),
        TryEnd::Split(cause) => ("split", Some(cause_word(cause))),
        TryEnd::GivenUp(condition) => ("given_up", Some(Condition::word(condition))),
    };
    json!({
        "from": tried.from,
        "end": tried.end,
        "done": tried.done,
        "try": tried.attempt,
        "times": tried.times,
        "at_s": tried.at.seconds_f64(),
        "how": how,
        "why": why,
    })
}

const fn doing(doing: Doing) -> &'static str {
    match doing {
        Doing::AwaitsParents => "awaits_parents",
        Doing::Gathers => "gathers",
        Doing::Runs => "runs",
        Doing::WaitsToRetry => "waits_to_retry",
        Doing::Ended => "ended",
    }
}

const fn cause_word(cause: FailureCause) -> &'static str {
    match cause {
        FailureCause::Handler => "handler",
        FailureCause::Injected => "injected",
        FailureCause::Poison => "poison",
        FailureCause::Items => "items",
        FailureCause::TimedOut => "timed_out",
        FailureCause::EnvironmentLost => "environment_lost",
        FailureCause::Store => "store",
    }
}
