//! What a direct design did, frame by frame: facts counted, states read at the end of each frame.

mod block;

pub use block::DirectFrames;

use super::histogram::Histogram;
use super::timeline::{MetricKind, Timeline};
use crate::engine::direct::{Cause, Counts, DirectFact, DirectObserver, DirectState};
use crate::scenario::Scenario;
use crate::units::{SimTime, Span};

/// One frame of a direct design.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct DirectFrame {
    /// Requests offered.
    pub offered: u64,
    /// Attempts made, first ones and later ones.
    pub sent: u64,
    /// Of them those that are not the first.
    pub retried: u64,
    /// Requests answered.
    pub answered: u64,
    /// Attempts that failed, by cause, whether another followed or not.
    pub attempts_failed: [u64; Cause::COUNT],
    /// Requests that failed, by the cause of their last attempt.
    pub failed: [u64; Cause::COUNT],
    /// Attempts whose work came to its end for nobody.
    pub wasted: u64,
    /// Reads that did not show the last write.
    pub stale: u64,
    /// Instances that ran out of memory.
    pub out_of_memory: u64,
    /// Slow steps handed over.
    pub handed_over: u64,
    /// Of them those that the queue had no room for: lost.
    pub dropped: u64,
    /// Slow steps done in the background.
    pub done: u64,
    /// Median and 99th percentile of what clients waited whose requests were answered, ms; NaN where none was.
    pub waited_ms: (f64, f64),
    /// Utilisation of the application's vCPUs, of the primary and of the replicas, from 0 to 1; NaN where there are
    /// none.
    pub used: (f64, f64, f64),
    /// How it stands at the end of the frame; what is counted in it, since the beginning of the run.
    pub state: DirectState,
    /// Where statements went in this frame.
    pub counts: Counts,
    /// Instance-seconds that are paid for.
    pub instance_s: f64,
}

impl DirectFrame {
    /// Requests that failed.
    pub fn failures(&self) -> u64 {
        self.failed.iter().sum()
    }
}

/// A column of the frames: its name, its unit, how it relates to the frame, its value.
pub type Column = (&'static str, &'static str, MetricKind, fn(&DirectFrame) -> f64);

/// The columns that results show.
pub const COLUMNS: &[Column] = &[
    ("Offered", "requests", MetricKind::Count, |frame| frame.offered as f64),
    ("Attempts", "attempts", MetricKind::Count, |frame| frame.sent as f64),
    ("Retried", "attempts", MetricKind::Count, |frame| frame.retried as f64),
    ("Answered", "requests", MetricKind::Count, |frame| frame.answered as f64),
    ("Failed", "requests", MetricKind::Count, |frame| frame.failures() as f64),
    ("Wasted", "attempts", MetricKind::Count, |frame| frame.wasted as f64),
    ("StaleReads", "reads", MetricKind::Count, |frame| frame.stale as f64),
    ("OutOfMemory", "instances", MetricKind::Count, |frame| frame.out_of_memory as f64),
    ("WaitedP50", "ms", MetricKind::Statistic, |frame| frame.waited_ms.0),
    ("WaitedP99", "ms", MetricKind::Statistic, |frame| frame.waited_ms.1),
    ("InFlight", "requests", MetricKind::Gauge, |frame| frame.state.in_flight as f64),
    ("Working", "attempts", MetricKind::Gauge, |frame| frame.state.working as f64),
    ("Backlog", "attempts", MetricKind::Gauge, |frame| frame.state.backlog as f64),
    ("WaitingForCpu", "attempts", MetricKind::Gauge, |frame| frame.state.cpu_line as f64),
    ("WaitingForConnection", "attempts", MetricKind::Gauge, |frame| frame.state.pool_line as f64),
    ("WaitingInDatabase", "statements", MetricKind::Gauge, |frame| frame.state.database_line as f64),
    ("DatabaseConnections", "connections", MetricKind::Gauge, |frame| frame.state.connections as f64),
    ("Instances", "instances", MetricKind::Gauge, |frame| frame.state.up as f64),
    ("CPUUtilization", "", MetricKind::Statistic, |frame| frame.used.0),
    ("PrimaryUtilization", "", MetricKind::Statistic, |frame| frame.used.1),
    ("ReplicaUtilization", "", MetricKind::Statistic, |frame| frame.used.2),
    ("BackgroundWaiting", "steps", MetricKind::Gauge, |frame| frame.state.background_line as f64),
];

/// Where the requests of a direct design are after some frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DirectLedger {
    /// Offered.
    pub offered: u64,
    /// Answered.
    pub answered: u64,
    /// Failed for good, by the cause of the last attempt.
    pub failed: [u64; Cause::COUNT],
    /// Neither.
    pub in_flight: u64,
    /// Attempts.
    pub attempts: u64,
    /// Of them later ones.
    pub retries: u64,
    /// Slow steps handed over to the background.
    pub handed_over: u64,
    /// Of them done.
    pub done: u64,
    /// Of them lost.
    pub dropped: u64,
    /// Of them waiting or running.
    pub pending: u64,
}

impl DirectLedger {
    /// The account after some frames.
    pub fn after(frames: &[DirectFrame]) -> Self {
        let mut ledger = Self::default();
        for frame in frames {
            ledger.offered += frame.offered;
            ledger.answered += frame.answered;
            ledger.attempts += frame.sent;
            ledger.retries += frame.retried;
            ledger.handed_over += frame.handed_over;
            ledger.done += frame.done;
            ledger.dropped += frame.dropped;
            ledger.failed.iter_mut().zip(frame.failed).for_each(|(all, more)| *all += more);
        }
        if let Some(DirectFrame { state, .. }) = frames.last() {
            ledger.in_flight = state.in_flight;
            ledger.pending = state.background_line + state.background_running;
        }
        ledger
    }

    /// Failed, all causes together.
    pub fn failures(&self) -> u64 {
        self.failed.iter().sum()
    }

    /// Whether the accounts agree: offered = answered + failed + in flight; attempts = offered + retries; slow steps
    /// handed over = done + lost + pending.
    pub fn balances(&self) -> bool {
        self.offered == self.answered + self.failures() + self.in_flight
            && self.attempts == self.offered + self.retries
            && self.handed_over == self.done + self.dropped + self.pending
    }
}

/// Counts what a direct design tells.
#[derive(Clone, Debug)]
pub struct DirectRecorder {
    width: Span,
    end: SimTime,
    frames: Vec<DirectFrame>,
    open: DirectFrame,
    open_since: SimTime,
    /// Of the open frame.
    waited: Histogram,
    /// Of all closed frames: requests that were answered.
    answered: Histogram,
    /// Requests that failed for good.
    failed: Histogram,
    late: Histogram,
    /// When a request failed for good first, and why.
    first_failed: Option<(SimTime, Cause)>,
}

impl DirectRecorder {
    /// A recorder at the start of a run, with frames as wide as those of the scenario's own design.
    pub fn new(scenario: &Scenario) -> Self {
        Self {
            width: Timeline::width_of(scenario),
            end: SimTime::ZERO + scenario.length,
            frames: Vec::new(),
            open: DirectFrame::default(),
            open_since: SimTime::ZERO,
            waited: Histogram::new(),
            answered: Histogram::new(),
            failed: Histogram::new(),
            late: Histogram::new(),
            first_failed: None,
        }
    }

    /// Width of a frame; the last one may be shorter.
    pub const fn width(&self) -> Span {
        self.width
    }

    /// The closed frames.
    pub fn frames(&self) -> &[DirectFrame] {
        &self.frames
    }

    /// End of the open frame; `None` after the last.
    pub fn frame_end(&self) -> Option<SimTime> {
        (self.open_since < self.end).then(|| (self.open_since + self.width).min(self.end))
    }

    /// The account after the closed frames.
    pub fn ledger(&self) -> DirectLedger {
        DirectLedger::after(&self.frames)
    }

    /// What clients waited for their answers, from the first attempt.
    pub const fn answered(&self) -> &Histogram {
        &self.answered
    }

    /// What clients waited whose requests failed for good.
    pub const fn failed(&self) -> &Histogram {
        &self.failed
    }

    /// From handing a slow step over until it was done.
    pub const fn late(&self) -> &Histogram {
        &self.late
    }

    /// When a request failed for good first, and why.
    pub const fn first_failed(&self) -> Option<(SimTime, Cause)> {
        self.first_failed
    }

    /// Closes the open frame with the state at its end.
    pub fn close_frame(&mut self, state: DirectState) {
        let before = self.frames.last().map_or_else(DirectState::default, |frame| frame.state);
        let end = self.frame_end().unwrap_or(self.end);
        let span = end.since(self.open_since).micros();
        let ms = |span: Option<Span>| span.map_or(f64::NAN, Span::millis_f64);
        let [p50, p99] = self.waited.quantiles([500, 990]);
        let share = |work: u64, room: u64| if room == 0 { f64::NAN } else { work as f64 / room as f64 };
        self.open.waited_ms = (ms(p50), ms(p99));
        self.open.used = (
            share(state.cpu.0 - before.cpu.0, state.cpu.1 - before.cpu.1),
            share(state.database.0 - before.database.0, span * u64::from(state.database_vcpus)),
            share(
                state.database.1 - before.database.1,
                span * u64::from(state.database_vcpus) * u64::from(state.replicas),
            ),
        );
        self.open.counts = state.counts.since(before.counts);
        self.open.instance_s = (state.paid_for - before.paid_for) as f64 / 1e6;
        self.open.state = state;
        self.waited.drain_into(&mut self.answered);
        self.frames.push(std::mem::take(&mut self.open));
        self.open_since = end;
    }
}

impl DirectObserver for DirectRecorder {
    #[inline]
    fn observe(&mut self, at: SimTime, fact: DirectFact<'_>) {
        let open = &mut self.open;
        match fact {
            DirectFact::Offered { .. } => open.offered += 1,
            DirectFact::Sent { attempt, .. } => {
                open.sent += 1;
                open.retried += u64::from(attempt > 1);
            }
            DirectFact::Answered { waited, .. } => {
                open.answered += 1;
                self.waited.add(waited.micros());
            }
            DirectFact::Failed { cause, again, waited, .. } => {
                open.attempts_failed[cause as usize] += 1;
                if !again {
                    open.failed[cause as usize] += 1;
                    self.failed.add(waited.micros());
                    self.first_failed.get_or_insert((at, cause));
                }
            }
            DirectFact::Wasted { .. } => open.wasted += 1,
            DirectFact::Stale { .. } => open.stale += 1,
            DirectFact::OutOfMemory { .. } => open.out_of_memory += 1,
            DirectFact::HandedOver { kept } => {
                open.handed_over += 1;
                open.dropped += u64::from(!kept);
            }
            DirectFact::Done { late } => {
                open.done += 1;
                self.late.add(late.micros());
            }
            DirectFact::Up { .. }
            | DirectFact::Down { .. }
            | DirectFact::Scaled { .. }
            | DirectFact::CacheEmptied
            | DirectFact::InstanceLost { .. }
            | DirectFact::Operation { .. } => {}
        }
    }
}
