//! What a direct design shows: what binds, what it does to clients, what would help.

use super::direct::DirectFrame;
use super::{Finding, Tone};
use crate::engine::direct::Cause;
use crate::scenario::{Direct, DirectFault, DirectFaultKind};
use crate::units::{MICROS_PER_SECOND, Span};
use crate::{text, words};

/// Something is bound where it is used for more than this.
const BOUND: f64 = 0.98;

/// What the frames of a design show, what matters most first.
pub fn direct_findings(direct: &Direct, width: Span, frames: &[DirectFrame]) -> Vec<Finding> {
    let found = Found { direct, width, frames };
    let all = [found.primary(), found.replicas(), found.computing(), found.memory(), found.storm(), found.waste()];
    let mut all: Vec<Finding> = all.into_iter().flatten().chain(found.failures()).collect();
    if all.is_empty() && frames.iter().any(|frame| frame.answered > 0) {
        all.push(Finding {
            id: "nothing-broke",
            tone: Tone::Good,
            cause: "Every client is answered".to_owned(),
            evidence: "Nothing is used up, nothing fails.".to_owned(),
            remedy: String::new(),
            remedy_try: None,
        });
    }
    all.extend(found.injected());
    all
}

/// What was done to a design, in words.
fn done(fault: &DirectFault) -> String {
    let what = match fault.kind {
        DirectFaultKind::DatabaseOutage => "the primary was away".to_owned(),
        DirectFaultKind::DatabaseSlow { factor_milli } => {
            format!("statements took {} times as long", words::short(f64::from(factor_milli) / 1e3))
        }
        DirectFaultKind::LoseInstances { share } => {
            format!("{} of the instances were lost", words::percent(f64::from(share.millionths()) / 1e6))
        }
        DirectFaultKind::EmptyCache => {
            return format!("the cache was emptied at {}", text::clock(fault.at.seconds_f64()));
        }
    };
    let (from, span) = (text::clock(fault.at.seconds_f64()), text::span_text(fault.span.seconds_f64()));
    format!("{what} from {from} on for {span}")
}

struct Found<'a> {
    direct: &'a Direct,
    width: Span,
    frames: &'a [DirectFrame],
}

impl Found<'_> {
    /// How long something was bound; nothing where it never was.
    fn bound(&self, of: impl Fn(&DirectFrame) -> f64) -> Option<String> {
        let frames = self.frames.iter().filter(|frame| of(frame) >= BOUND).count();
        (frames > 0).then(|| text::span_text(frames as f64 * self.width.seconds_f64()))
    }

    fn sum(&self, of: impl Fn(&DirectFrame) -> u64) -> u64 {
        self.frames.iter().map(of).sum()
    }

    fn primary(&self) -> Option<Finding> {
        let bound = self.bound(|frame| frame.used.1)?;
        let (reads, writes) = (self.sum(|frame| frame.counts.primary_reads), self.sum(|frame| frame.counts.writes));
        let database = &self.direct.database;
        let write_us = database.write.micros() * u64::from(self.direct.request.writes);
        let most = (u64::from(database.vcpus) * MICROS_PER_SECOND) as f64 / write_us.max(1) as f64;
        let (id, cause, remedy) = if reads > 0 {
            let limit = if write_us > 0 {
                format!(" Its writes alone allow {} requests a second.", text::int(most))
            } else {
                String::new()
            };
            (
                "primary-bound",
                "The primary of the database is used up",
                format!("A faster query, replicas, or a cache take its reads away.{limit}"),
            )
        } else {
            (
                "writes-bound",
                "The writes of the primary bind",
                format!(
                    "Replicas and caches help no further: {} requests a second is all. A faster write, a larger primary, \
                     another store for a part of them, or a stream that takes them in first.",
                    text::int(most)
                ),
            )
        };
        Some(Finding {
            id,
            tone: Tone::Lost,
            cause: cause.to_owned(),
            evidence: format!(
                "All its {} vCPUs worked for {bound}, on {} reads and {} writes.",
                database.vcpus,
                text::int(reads as f64),
                text::int(writes as f64)
            ),
            remedy,
            remedy_try: None,
        })
    }

    fn replicas(&self) -> Option<Finding> {
        let bound = self.bound(|frame| frame.used.2)?;
        Some(Finding {
            id: "replicas-bound",
            tone: Tone::Late,
            cause: "The replicas are used up".to_owned(),
            evidence: format!("All vCPUs of {} worked for {bound}.", self.direct.replicas.count),
            remedy: "More of them, a cache in front of them, or a faster query.".to_owned(),
            remedy_try: None,
        })
    }

    fn computing(&self) -> Option<Finding> {
        let bound = self.bound(|frame| frame.used.0)?;
        let remedy = match self.direct.autoscaling.max_instances {
            None => "More or larger instances, or a policy that starts them.",
            Some(_) => "The policy comes later than the spike: start with more instances, or let it have more.",
        };
        Some(Finding {
            id: "computing-bound",
            tone: Tone::Lost,
            cause: "The application has too few vCPUs".to_owned(),
            evidence: format!("All of them worked for {bound}."),
            remedy: remedy.to_owned(),
            remedy_try: None,
        })
    }

    fn memory(&self) -> Option<Finding> {
        let died = self.sum(|frame| frame.out_of_memory);
        (died > 0).then(|| Finding {
            id: "out-of-memory",
            tone: Tone::Lost,
            cause: "Instances run out of memory".to_owned(),
            evidence: format!("{} times, each with every request that was there.", text::int(died as f64)),
            remedy: format!(
                "Fewer workers than {} an instance, or more memory: what is beyond them waits instead of dying.",
                self.direct.workers()
            ),
            remedy_try: None,
        })
    }

    fn storm(&self) -> Option<Finding> {
        let (offered, retried) = (self.sum(|frame| frame.offered), self.sum(|frame| frame.retried));
        let worst = self.frames.iter().max_by_key(|frame| frame.retried)?;
        (worst.retried > worst.offered && worst.failures() > 0).then(|| Finding {
            id: "retry-storm",
            tone: Tone::Lost,
            cause: "Clients that try again make the overload larger".to_owned(),
            evidence: format!(
                "{} attempts at {} requests; at the worst {} came again beside {} new ones in {}.",
                text::int((offered + retried) as f64),
                text::int(offered as f64),
                text::int(worst.retried as f64),
                text::int(worst.offered as f64),
                text::span_text(self.width.seconds_f64())
            ),
            remedy: "Fewer attempts with longer waits; refuse early instead of answering late.".to_owned(),
            remedy_try: None,
        })
    }

    fn waste(&self) -> Option<Finding> {
        let (wasted, answered) = (self.sum(|frame| frame.wasted), self.sum(|frame| frame.answered));
        let share = wasted as f64 / (wasted + answered).max(1) as f64;
        (share > 0.05).then(|| Finding {
            id: "work-for-nobody",
            tone: Tone::Late,
            cause: "Work is done for clients that have gone".to_owned(),
            evidence: format!(
                "{} of what was worked on: {} attempts.",
                words::percent(share),
                text::int(wasted as f64)
            ),
            remedy: "A shorter backlog: whoever cannot be answered in time is refused at once.".to_owned(),
            remedy_try: None,
        })
    }

    /// What was done on purpose so far.
    fn injected(&self) -> Option<Finding> {
        let seen = self.width.micros() * self.frames.len() as u64;
        let all: Vec<String> = self.direct.faults.iter().filter(|fault| fault.at.micros() < seen).map(done).collect();
        (!all.is_empty()).then(|| Finding {
            id: "operations",
            tone: Tone::Late,
            cause: "Parts were broken, by injection".to_owned(),
            evidence: format!("{}.", words::capital(&all.join("; "))),
            remedy: "Whoever waits for an answer bears what lasts less than the timeout, and comes again after it; workers and \
                     connections are held all that time. A stream takes requests in while what is behind it is away."
                .to_owned(),
            remedy_try: None,
        })
    }

    /// Failures that none of the others explains.
    fn failures(&self) -> Option<Finding> {
        let of = |cause: Cause| self.sum(|frame| frame.attempts_failed[cause as usize]);
        let (pool, connections) = (of(Cause::PoolWait), of(Cause::Connections));
        (pool + connections > 0).then(|| Finding {
            id: "connections",
            tone: Tone::Lost,
            cause: "Connections to the database run out".to_owned(),
            evidence: format!(
                "{} attempts found none in their pool in time, {} were refused by the database.",
                text::int(pool as f64),
                text::int(connections as f64)
            ),
            remedy: "Shorter statements free them sooner; more instances with pools of their own want more of them."
                .to_owned(),
            remedy_try: None,
        })
    }
}
