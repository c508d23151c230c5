//! What a delivery stream did, frame by frame: facts counted, states read at the end of each frame.

mod block;

pub use block::FirehoseFrames;

use super::histogram::Histogram;
use super::timeline::{MetricKind, Timeline};
use crate::engine::firehose::{FirehoseFact, FirehoseObserver, FirehoseState, PutLoss, PutQuota, SetAside, Trigger};
use crate::limits;
use crate::scenario::Scenario;
use crate::units::{SimTime, Span};

/// One frame of a delivery stream.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FirehoseFrame {
    /// Records offered, to the producer or by the reader of the source.
    pub offered: u64,
    /// Calls of `PutRecordBatch`.
    pub calls: u64,
    /// Entries that were put again.
    pub retried: u64,
    /// Records accepted: `IncomingRecords`.
    pub accepted: u64,
    /// Their bytes.
    pub accepted_bytes: u64,
    /// Units of 5 KiB that are billed for them.
    pub billed: u64,
    /// Entries refused, by quota.
    pub throttled: [u64; PutQuota::COUNT],
    /// Records lost before they were accepted, by cause.
    pub lost_put: [u64; PutLoss::COUNT],
    /// Invocations of the function that began.
    pub invocations: u64,
    /// Of them those that fail.
    pub errors: u64,
    /// Their time, µs.
    pub invoked_us: u64,
    /// Records that the function dropped.
    pub dropped: u64,
    /// Records under the error prefix, by cause.
    pub set_aside: [u64; SetAside::COUNT],
    /// Buffers that were closed by their size, and by their interval.
    pub closed: (u64, u64),
    /// Records delivered.
    pub delivered: u64,
    /// Their bytes before compression.
    pub delivered_bytes: u64,
    /// Deliveries done, and attempts that failed.
    pub deliveries: (u64, u64),
    /// Objects in the bucket, and their bytes.
    pub objects: (u64, u64),
    /// Objects under its error prefix.
    pub backups: u64,
    /// Records lost because the bucket did not take them.
    pub lost: u64,
    /// Median and 99th percentile from offered to delivered, ms; NaN where nothing was delivered.
    pub late_ms: (f64, f64),
    /// How it stands at the end of the frame.
    pub state: FirehoseState,
}

impl FirehoseFrame {
    /// Entries refused.
    pub fn refused(&self) -> u64 {
        self.throttled.iter().sum()
    }

    /// Records under the error prefix.
    pub fn aside(&self) -> u64 {
        self.set_aside.iter().sum()
    }
}

/// A column of the frames: its name, its unit, how it relates to the frame, its value.
pub type FirehoseColumn = (&'static str, &'static str, MetricKind, fn(&FirehoseFrame) -> f64);

/// The columns that results show.
pub const FIREHOSE_COLUMNS: &[FirehoseColumn] = &[
    ("Offered", "records", MetricKind::Count, |frame| frame.offered as f64),
    ("IncomingPutRequests", "calls", MetricKind::Count, |frame| frame.calls as f64),
    ("IncomingRecords", "records", MetricKind::Count, |frame| frame.accepted as f64),
    ("IncomingBytes", "bytes", MetricKind::Count, |frame| frame.accepted_bytes as f64),
    ("BilledUnits", "units of 5 KiB", MetricKind::Count, |frame| frame.billed as f64),
    ("ThrottledRecords", "records", MetricKind::Count, |frame| frame.refused() as f64),
    ("Retried", "records", MetricKind::Count, |frame| frame.retried as f64),
    ("LostAtProducer", "records", MetricKind::Count, |frame| frame.lost_put.iter().sum::<u64>() as f64),
    ("Invocations", "invocations", MetricKind::Count, |frame| frame.invocations as f64),
    ("Errors", "invocations", MetricKind::Count, |frame| frame.errors as f64),
    ("Delivered", "records", MetricKind::Count, |frame| frame.delivered as f64),
    ("DeliveredBytes", "bytes", MetricKind::Count, |frame| frame.delivered_bytes as f64),
    ("Deliveries", "deliveries", MetricKind::Count, |frame| frame.deliveries.0 as f64),
    ("FailedDeliveries", "deliveries", MetricKind::Count, |frame| frame.deliveries.1 as f64),
    ("Objects", "objects", MetricKind::Count, |frame| frame.objects.0 as f64),
    ("BackupObjects", "objects", MetricKind::Count, |frame| frame.backups as f64),
    ("SetAside", "records", MetricKind::Count, |frame| frame.aside() as f64),
    ("Lost", "records", MetricKind::Count, |frame| frame.lost as f64),
    ("LateP50", "ms", MetricKind::Statistic, |frame| frame.late_ms.0),
    ("LateP99", "ms", MetricKind::Statistic, |frame| frame.late_ms.1),
    ("DataFreshness", "s", MetricKind::Gauge, |frame| frame.state.freshness.map_or(0.0, Span::seconds_f64)),
    ("AtProducer", "records", MetricKind::Gauge, |frame| frame.state.at_producer as f64),
    ("InTransform", "records", MetricKind::Gauge, |frame| frame.state.in_transform as f64),
    ("Buffered", "records", MetricKind::Gauge, |frame| frame.state.buffered as f64),
    ("InDelivery", "records", MetricKind::Gauge, |frame| frame.state.in_delivery as f64),
    ("DeliveriesWaiting", "deliveries", MetricKind::Gauge, |frame| frame.state.deliveries_waiting as f64),
    ("ActivePartitions", "partitions", MetricKind::Gauge, |frame| frame.state.partitions.into()),
    ("Quota", "bytes/s", MetricKind::Gauge, |frame| frame.state.quota as f64),
];

/// Where the records of a delivery stream are after some frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FirehoseLedger {
    /// Offered.
    pub offered: u64,
    /// With the producer.
    pub at_producer: u64,
    /// Lost before they were accepted, by cause.
    pub lost_put: [u64; PutLoss::COUNT],
    /// Accepted.
    pub accepted: u64,
    /// With the function, or waiting for it.
    pub in_transform: u64,
    /// Dropped by the function, as it was meant.
    pub dropped: u64,
    /// In buffers.
    pub buffered: u64,
    /// In deliveries that are under way or wait.
    pub in_delivery: u64,
    /// Delivered.
    pub delivered: u64,
    /// Under the error prefix, by cause.
    pub set_aside: [u64; SetAside::COUNT],
    /// Lost: the bucket did not take them.
    pub lost: u64,
}

impl FirehoseLedger {
    /// The account after some frames.
    pub fn after(frames: &[FirehoseFrame]) -> Self {
        let mut ledger = Self::default();
        for frame in frames {
            ledger.offered += frame.offered;
            ledger.accepted += frame.accepted;
            ledger.dropped += frame.dropped;
            ledger.delivered += frame.delivered;
            ledger.lost += frame.lost;
            ledger.lost_put.iter_mut().zip(frame.lost_put).for_each(|(all, more)| *all += more);
            ledger.set_aside.iter_mut().zip(frame.set_aside).for_each(|(all, more)| *all += more);
        }
        if let Some(FirehoseFrame { state, .. }) = frames.last() {
            (ledger.at_producer, ledger.in_transform) = (state.at_producer, state.in_transform);
            (ledger.buffered, ledger.in_delivery) = (state.buffered, state.in_delivery);
        }
        ledger
    }

    /// Lost before they were accepted.
    pub fn lost_at_producer(&self) -> u64 {
        self.lost_put.iter().sum()
    }

    /// Under the error prefix.
    pub fn aside(&self) -> u64 {
        self.set_aside.iter().sum()
    }

    /// Accepted, and neither at an end nor lost.
    pub const fn open(&self) -> u64 {
        self.in_transform + self.buffered + self.in_delivery
    }

    /// Whether the accounts agree: offered = accepted + with the producer + lost there; accepted = delivered + dropped +
    /// under the error prefix + lost + with the function + in buffers + in deliveries.
    pub fn balances(&self) -> bool {
        self.offered == self.accepted + self.at_producer + self.lost_at_producer()
            && self.accepted == self.delivered + self.dropped + self.aside() + self.lost + self.open()
    }
}

/// Counts what a delivery stream tells.
#[derive(Clone, Debug)]
pub struct FirehoseRecorder {
    width: Span,
    end: SimTime,
    frames: Vec<FirehoseFrame>,
    open: FirehoseFrame,
    open_since: SimTime,
    /// From offered to delivered, of the open frame and of all closed ones.
    late_now: Histogram,
    late: Histogram,
    /// From offered to accepted.
    waits: Histogram,
    first_lost: Option<(SimTime, PutLoss)>,
}

impl FirehoseRecorder {
    /// A recorder at the start of a run, with frames as wide as those of the scenario's own design.
    pub fn new(scenario: &Scenario) -> Self {
        Self {
            width: Timeline::width_of(scenario),
            end: SimTime::ZERO + scenario.length,
            frames: Vec::new(),
            open: FirehoseFrame::default(),
            open_since: SimTime::ZERO,
            late_now: Histogram::new(),
            late: Histogram::new(),
            waits: Histogram::new(),
            first_lost: None,
        }
    }

    /// Width of a frame; the last one may be shorter.
    pub const fn width(&self) -> Span {
        self.width
    }

    /// The closed frames.
    pub fn frames(&self) -> &[FirehoseFrame] {
        &self.frames
    }

    /// End of the open frame; `None` after the last.
    pub fn frame_end(&self) -> Option<SimTime> {
        (self.open_since < self.end).then(|| (self.open_since + self.width).min(self.end))
    }

    /// The account after the closed frames.
    pub fn ledger(&self) -> FirehoseLedger {
        FirehoseLedger::after(&self.frames)
    }

    /// From offered to accepted.
    pub const fn waits(&self) -> &Histogram {
        &self.waits
    }

    /// From offered to delivered. Records that were offered within a thousandth of the interval count with their mean.
    pub const fn late(&self) -> &Histogram {
        &self.late
    }

    /// When a record was lost first before it was accepted, and how.
    pub const fn first_lost(&self) -> Option<(SimTime, PutLoss)> {
        self.first_lost
    }

    /// Closes the open frame with the state at its end.
    pub fn close_frame(&mut self, state: FirehoseState) {
        let end = self.frame_end().unwrap_or(self.end);
        let ms = |span: Option<Span>| span.map_or(f64::NAN, Span::millis_f64);
        let [p50, p99] = self.late_now.quantiles([500, 990]);
        self.open.late_ms = (ms(p50), ms(p99));
        self.open.state = state;
        self.late_now.drain_into(&mut self.late);
        self.frames.push(std::mem::take(&mut self.open));
        self.open_since = end;
    }
}

impl FirehoseObserver for FirehoseRecorder {
    #[inline]
    fn observe(&mut self, at: SimTime, fact: FirehoseFact<'_>) {
        let open = &mut self.open;
        match fact {
            FirehoseFact::Offered { .. } => open.offered += 1,
            FirehoseFact::Called { entries, attempt } => {
                open.calls += 1;
                open.retried += if attempt > 1 { entries.into() } else { 0 };
            }
            FirehoseFact::Accepted { entries } => {
                open.accepted += entries.len() as u64;
                for entry in entries {
                    open.accepted_bytes += u64::from(entry.size);
                    open.billed += u64::from(entry.size).div_ceil(limits::FIREHOSE_BILLED.get());
                    self.waits.add(at.micros() - entry.offered);
                }
            }
            FirehoseFact::Throttled { records } => {
                open.throttled.iter_mut().zip(records).for_each(|(all, more)| *all += u64::from(more));
            }
            FirehoseFact::LostAtProducer { records, cause } => {
                open.lost_put[cause as usize] += u64::from(records);
                self.first_lost.get_or_insert((at, cause));
            }
            FirehoseFact::QuotasRaised { .. } => {}
            FirehoseFact::Invoked { time, fails, .. } => {
                open.invocations += 1;
                open.errors += u64::from(fails);
                open.invoked_us += time;
            }
            FirehoseFact::Transformed { dropped, .. } => open.dropped += u64::from(dropped),
            FirehoseFact::SetAside { records, why } => open.set_aside[why as usize] += records,
            FirehoseFact::Closed { by: Trigger::Size, .. } => open.closed.0 += 1,
            FirehoseFact::Closed { by: Trigger::Interval, .. } => open.closed.1 += 1,
            FirehoseFact::DeliveryFailed { .. } => open.deliveries.1 += 1,
            FirehoseFact::Written { backup: true, .. } => open.backups += 1,
            FirehoseFact::Written { bytes, .. } => {
                open.objects.0 += 1;
                open.objects.1 += bytes;
            }
            FirehoseFact::Delivered { records, bytes, cohorts, piece, .. } => {
                open.delivered += records;
                open.delivered_bytes += bytes;
                open.deliveries.0 += 1;
                for cohort in cohorts {
                    let offered = cohort.piece * piece + cohort.since / u64::from(cohort.records);
                    self.late_now.add_many(at.micros() - offered, cohort.records);
                }
            }
            FirehoseFact::Lost { records, .. } => open.lost += records,
        }
    }
}
