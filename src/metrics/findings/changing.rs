//! Findings about streams that change: backlogs that stay in closed shards, policies, refused calls, on-demand lag;
//! and bursts that minute averages hide.

use super::super::note::NoteKind;
use super::{Finding, Seen, Tone, Try};
use crate::engine::By;
use crate::metrics::timeline::{Metric, ShardMetric};
use crate::scenario::{StreamMode, capacity};
use crate::text::{clock, int, span_text};
use crate::units::SimTime;
use crate::words::{percent, rate_text, shards};
use serde_json::json;

/// A backlog in a closed shard is worth a sentence from so many seconds of its function's work on.
const BACKLOG_S: f64 = 20.0;
/// A minute that uses less than this of its room looks harmless on a chart of minutes.
const HARMLESS: f64 = 0.8;
/// A policy that asks for this many times what the peak needs overshoots.
const OVERSHOOT: f64 = 2.0;

impl Seen<'_> {
    /// The notes up to the frame that is looked at.
    pub(super) fn notes(&self) -> impl Iterator<Item = (SimTime, &NoteKind)> {
        let end = self.timeline.end_of(self.frames - 1);
        self.timeline.notes().map(|note| (note.at, &note.what)).filter(move |(at, _)| *at < end)
    }

    /// Shards that were closed while a backlog stood in them: new shards take new records only.
    pub(super) fn backlog_in_parents(&self) -> Option<Finding> {
        let speed = capacity::function_per_shard(self.scenario, self.consumer());
        let width = self.timeline.width().micros();
        let (mut stood, mut closed, mut done_by, mut left) = (0.0, Vec::new(), 0.0f64, 0.0);
        for shard in 0..self.timeline.shards() {
            let Some(at) = self.timeline.shard(shard).closed_at else { continue };
            let frame = (at.micros() / width) as usize;
            if frame >= self.frames {
                continue;
            }
            let column = |metric| self.timeline.shard_column(metric, shard);
            let backlog = |frame: usize| column(ShardMetric::Waiting)[frame] + column(ShardMetric::InFlight)[frame];
            if backlog(frame) < speed * BACKLOG_S {
                continue;
            }
            stood += backlog(frame);
            closed.push((shard, at));
            left += backlog(self.frames - 1);
            let done = (frame..self.frames).find(|frame| backlog(*frame) == 0.0).unwrap_or(self.frames - 1);
            done_by = done_by.max(self.timeline.end_of(done).seconds_f64());
        }
        let (shard, at) = *closed.first()?;
        let rest = if left > 0.0 {
            format!("{} of them still wait", int(left))
        } else {
            format!("the last was done at {}", clock(done_by))
        };
        let which = if closed.len() == 1 { format!("Shard {shard}") } else { format!("{} shards", closed.len()) };
        let batch = self.consumer().batch_size;
        let larger = (u64::from(batch) * 10).min(crate::limits::MAPPING_BATCH_MAX);
        Some(Finding {
            id: "backlog-in-parents",
            tone: Tone::Late,
            cause: "The old backlog drains no faster".to_owned(),
            evidence: format!(
                "{which} held {} records when closed at {}. They stay there and are read by one invocation at a time, \
                 {} records/s a shard as before; {rest}. Children take new records only, and wait for their parents.",
                int(stood),
                clock(at.seconds_f64()),
                rate_text(speed)
            ),
            remedy: "For a backlog that stands already: a faster function or larger batches. Shards help with what is \
                     still to come."
                .to_owned(),
            remedy_try: Some(Try {
                label: format!("Try batches of {}", int(larger as f64)),
                edits: Try::edit(&self.path("batch_size"), json!(larger)),
            }),
        })
    }

    /// A scaling policy that asked for far more than the peak needs, or for what it could not have.
    pub(super) fn policy_overshoots(&self) -> Option<Finding> {
        let policy = self.scenario.stream.autoscaler?;
        let needed = (self.peak / self.room).ceil().max(1.0);
        // What it asked for and got; shards that exist for a moment on the way are the service's.
        let (mut calls, mut asked, mut refused) = (0u32, Vec::new(), Vec::<(&str, u32)>::new());
        for (_, note) in self.notes() {
            match note {
                NoteKind::Policy { target, .. } => {
                    calls += 1;
                    asked.push(f64::from(*target));
                }
                NoteKind::Refused { by: By::Policy, name, .. } => {
                    asked.pop();
                    match refused.iter_mut().find(|(known, _)| known == name) {
                        Some((_, times)) => *times += 1,
                        None => refused.push((name, 1)),
                    }
                }
                _ => {}
            }
        }
        let most = asked.into_iter().fold(0.0, f64::max);
        if most < needed * OVERSHOOT && refused.is_empty() {
            return None;
        }
        refused.sort_unstable();
        let refusals: Vec<String> = refused.iter().map(|(name, times)| format!("{name} × {times}")).collect();
        let refusals = if refusals.is_empty() { String::new() } else { format!(" Refused: {}.", refusals.join(", ")) };
        let see = policy.period.seconds_f64() + policy.delay.seconds_f64() + self.scenario.stream.reshard.seconds_f64();
        Some(Finding {
            id: "policy-overshoots",
            tone: Tone::Cost,
            cause: "The scaling policy overshoots".to_owned(),
            evidence: format!(
                "The peak needs {}; the policy called {} times, for up to {}.{refusals} It looks every {} at numbers \
                 that are {} old, and a call takes at least {}.",
                shards(needed as u64),
                int(f64::from(calls)),
                shards(most as u64),
                span_text(policy.period.seconds_f64()),
                span_text(policy.delay.seconds_f64()),
                span_text(self.scenario.stream.reshard.seconds_f64())
            ),
            remedy: format!(
                "After each call wait until its effect can be seen, {} or more, and set an upper bound.",
                span_text(see)
            ),
            remedy_try: Some(Try {
                label: "Try waiting".to_owned(),
                edits: vec![
                    ("stream.autoscaler.cooldown_s".to_owned(), json!(see.ceil())),
                    ("stream.autoscaler.max_shards".to_owned(), json!(((needed * 1.5).ceil() as u64).max(2))),
                ],
            }),
        })
    }

    /// Operations that the service refused.
    pub(super) fn refused(&self) -> Option<Finding> {
        let mut all = self.notes().filter_map(|(at, note)| match note {
            NoteKind::Refused { by: By::Operation(_), name, message } => Some((at, name, message)),
            _ => None,
        });
        let (at, name, message) = all.next()?;
        let more = all.count();
        let others = if more > 0 { format!(" So were {more} other calls.") } else { String::new() };
        Some(Finding {
            id: "calls-refused",
            tone: Tone::Cost,
            cause: format!("The service refused a call: {name}"),
            evidence: format!("At {}: {message}{others}", clock(at.seconds_f64())),
            remedy: "Nothing was changed by it. Correct the call, or make it when the stream is ACTIVE.".to_owned(),
            remedy_try: None,
        })
    }

    /// On-demand mode was throttled while its shards were still to come.
    pub(super) fn on_demand_lag(&self) -> Option<Finding> {
        if !self.scenario.stream.mode.is_on_demand() || self.throttled == 0.0 {
            return None;
        }
        let throttled = &self.timeline.column(Metric::Throttled)[..self.frames];
        let seconds = throttled.iter().filter(|records| **records > 0.0).count() as f64 * self.width;
        let first = throttled.iter().position(|records| *records > 0.0)?;
        let warm = (self.peak / self.room).ceil();
        Some(Finding {
            id: "on-demand-lag",
            tone: Tone::Lost,
            cause: "On-demand scales with a lag".to_owned(),
            evidence: format!(
                "Throttled for {} in all, for the first time at {}. A shard above half of its capacity is split, {} after \
                 the load is seen; until then it takes what a shard takes.",
                span_text(seconds),
                clock(self.timeline.end_of(first).seconds_f64()),
                span_text(self.scenario.stream.scale_after.seconds_f64())
            ),
            remedy: format!(
                "Warm throughput of {} MiB/s is there at once; or let the producer outlast the lag.",
                int(warm)
            ),
            remedy_try: Some(Try {
                label: "Try a warm stream".to_owned(),
                edits: vec![
                    ("stream.mode".to_owned(), json!(StreamMode::Advantage.word())),
                    ("stream.warm_mib".to_owned(), json!((warm as u64).clamp(1, crate::limits::SHARDS_MAX))),
                ],
            }),
        })
    }

    /// Throttling in a minute whose average has room: what a chart of minutes hides.
    pub(super) fn micro_bursts(&self) -> Option<Finding> {
        let minute = (60.0 / self.width).round() as usize;
        if minute < 6 || self.throttled == 0.0 || self.frames < minute {
            return None;
        }
        let column = |metric| &self.timeline.column(metric)[..self.frames];
        let (throttled, offered) = (column(Metric::Throttled), column(Metric::Offered));
        let minutes = || (0..self.frames / minute).map(|index| index * minute..(index + 1) * minute);
        let sum = |column: &[f64], range: std::ops::Range<usize>| column[range].iter().sum::<f64>();
        let worst = minutes().max_by(|a, b| sum(throttled, a.clone()).total_cmp(&sum(throttled, b.clone())))?;
        let open = self.timeline.column(Metric::OpenShards)[worst.end - 1];
        let room = self.room * open * 60.0;
        let mean = sum(offered, worst.clone()) / room;
        let most = offered[worst.clone()].iter().copied().fold(0.0, f64::max) / self.width;
        if sum(throttled, worst.clone()) == 0.0 || mean > HARMLESS || most < self.room * open * 1.5 {
            return None;
        }
        Some(Finding {
            id: "micro-bursts",
            tone: Tone::Lost,
            cause: "Minute averages hide the bursts".to_owned(),
            evidence: format!(
                "In the minute before {} the offered records are {} of the room, and still {} attempts are rejected: at \
                 its worst {} records/s meet room for {}.",
                clock(self.timeline.end_of(worst.end - 1).seconds_f64()),
                percent(mean),
                int(sum(throttled, worst)),
                rate_text(most),
                rate_text(self.room * open)
            ),
            remedy:
                "Spread the bursts: let each host put at a second of its own. More shards would idle the rest of the \
                     minute."
                    .to_owned(),
            remedy_try: None,
        })
    }
}
