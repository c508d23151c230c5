//! What has arrived of a design, whatever its kind, and the columns that all kinds have.

use crate::app::picture::Moment;
use crate::app::picture::decimate::smooth;
use crate::app::picture::flow::{Channel, Flow};
use crate::app::reading::LOSSES;
use crate::cost::{bill, direct_bill, firehose_bill};
use crate::metrics::direct::{DirectFrame, DirectFrames, DirectLedger};
use crate::metrics::firehose::{FirehoseFrame, FirehoseFrames, FirehoseLedger};
use crate::metrics::timeline::BlockError;
use crate::metrics::{Ledger, Metric, Timeline, View};
use crate::scenario::{Direct, Firehose, Plan, Scenario, capacity};
use crate::session::behind::{self, PATIENCE_S, firehose_patience};
use crate::session::{Behind, Binding};
use crate::units::{SimTime, Span};

/// Frames of one design.
pub enum Track {
    /// A timeline for each of its streams, and the frames of the delivery streams behind them.
    Stream(Vec<Timeline>, Vec<FirehoseFrames>),
    /// Those of a direct design.
    Direct(DirectFrames),
    /// Those of a delivery stream.
    Firehose(FirehoseFrames),
}

impl Track {
    /// Nothing yet, of a design beside a scenario's own.
    pub fn of(own: &Scenario, plan: &Plan) -> Self {
        match plan {
            Plan::Stream(scenario) => Self::Stream(timelines(scenario), deliveries(scenario)),
            Plan::Direct(_) => Self::Direct(DirectFrames::new(own)),
            Plan::Firehose(_) => Self::Firehose(FirehoseFrames::new(own)),
        }
    }

    /// Parts whose frames arrive one by one.
    pub fn parts(&self) -> usize {
        match self {
            Self::Stream(timelines, deliveries) => timelines.len() + deliveries.len(),
            Self::Direct(_) | Self::Firehose(_) => 1,
        }
    }

    /// Takes a block of frames of a part.
    ///
    /// # Errors
    /// When it does not continue them.
    pub fn append(&mut self, part: usize, block: &[f64]) -> Result<(), BlockError> {
        match self {
            Self::Stream(timelines, deliveries) => match timelines.get_mut(part) {
                Some(timeline) => timeline.append(block),
                None => deliveries.get_mut(part - timelines.len()).ok_or(BlockError)?.append(block),
            },
            Self::Direct(frames) => frames.append(block),
            Self::Firehose(frames) => frames.append(block),
        }
    }

    /// The instant up to which everything has arrived.
    pub fn received(&self) -> SimTime {
        let end =
            |frames: usize, end_of: &dyn Fn(usize) -> SimTime| frames.checked_sub(1).map_or(SimTime::ZERO, end_of);
        match self {
            Self::Stream(timelines, deliveries) => received(timelines, deliveries),
            Self::Direct(frames) => end(frames.frames().len(), &|frame| frames.end_of(frame)),
            Self::Firehose(frames) => delivered(frames),
        }
    }

    /// Whether these can be frames of a design.
    pub fn fits(&self, plan: &Plan) -> bool {
        match (self, plan) {
            (Self::Stream(timelines, deliveries), Plan::Stream(scenario)) => {
                timelines_fit(timelines, deliveries, scenario)
            }
            (Self::Direct(_), Plan::Direct(_)) | (Self::Firehose(_), Plan::Firehose(_)) => true,
            _ => false,
        }
    }
}

/// A timeline without frames for each stream of a scenario.
pub fn timelines(scenario: &Scenario) -> Vec<Timeline> {
    let timeline = |scenario: &Scenario| {
        let shards = scenario.stream.open_at_start() as usize;
        Timeline::new(scenario.length, Timeline::width_of(scenario), shards, scenario.consumers.len())
    };
    scenario.streams().into_iter().map(timeline).collect()
}

/// No frames yet for each delivery stream behind the streams of a scenario.
pub fn deliveries(scenario: &Scenario) -> Vec<FirehoseFrames> {
    scenario.deliveries().into_iter().map(|(stream, _)| FirehoseFrames::new(stream)).collect()
}

/// The instant up to which frames of every one of some streams and delivery streams have arrived.
pub fn received(timelines: &[Timeline], deliveries: &[FirehoseFrames]) -> SimTime {
    let end = |timeline: &Timeline| timeline.frames().checked_sub(1).map(|last| timeline.end_of(last));
    let streams = timelines.iter().map(|timeline| end(timeline).unwrap_or(SimTime::ZERO));
    streams.chain(deliveries.iter().map(delivered)).min().unwrap_or(SimTime::ZERO)
}

/// The instant up to which frames of a delivery stream have arrived.
fn delivered(frames: &FirehoseFrames) -> SimTime {
    frames.frames().len().checked_sub(1).map_or(SimTime::ZERO, |last| frames.end_of(last))
}

/// Whether some timelines and frames can be those of a scenario.
pub fn timelines_fit(timelines: &[Timeline], deliveries: &[FirehoseFrames], scenario: &Scenario) -> bool {
    let streams = scenario.streams();
    timelines.len() == streams.len()
        && deliveries.len() == scenario.deliveries().len()
        && timelines.iter().zip(streams).all(|(timeline, of)| timeline.consumers() == of.consumers.len())
}

/// A design with what has arrived of it.
#[derive(Clone, Copy)]
pub enum Side<'a> {
    /// A stream, those that follow it, and the delivery streams behind them.
    Stream(&'a Scenario, &'a [Timeline], &'a [FirehoseFrames]),
    /// An application that does everything in the request.
    Direct(&'a Scenario, &'a Direct, &'a DirectFrames),
    /// A delivery stream.
    Firehose(&'a Scenario, &'a Firehose, &'a FirehoseFrames),
}

/// Columns that every design has, a number a frame.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Columns {
    /// Offered, accepted, failed in the client's face, done: per second, smoothed.
    pub rates: [Vec<f64>; 4],
    /// Age of the oldest work that is not done, or what the slowest of a hundred waited, in seconds.
    pub late: Vec<f64>,
    /// Neither done nor failed.
    pub waiting: Vec<f64>,
}

/// Where everything that was offered is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Offered.
    pub offered: u64,
    /// Done.
    pub done: u64,
    /// Neither done nor lost.
    pub waiting: u64,
    /// Failed in the client's face.
    pub failed: u64,
    /// Accepted and then lost.
    pub lost_later: u64,
    /// Not read by choice.
    pub passed_over: u64,
}

/// Seconds over which rates are averaged that come in, and those of what is done, which comes in lumps.
const SMOOTH_S: [f64; 2] = [5.0, 8.0];

impl<'a> Side<'a> {
    /// Width of a frame, and how many the whole run has.
    pub fn grid(&self) -> (Span, usize) {
        match self {
            Self::Stream(_, timelines, _) => (timelines[0].width(), timelines[0].frames_total()),
            Self::Direct(_, _, frames) => (frames.width(), frames.frames_total()),
            Self::Firehose(_, _, frames) => (frames.width(), frames.frames_total()),
        }
    }

    /// Frames that are complete at an instant, of those that have arrived.
    pub fn frames(&self, at: SimTime) -> usize {
        let (width, total) = self.grid();
        let (length, arrived) = match self {
            Self::Stream(scenario, timelines, _) => (scenario.length, timelines[0].frames()),
            Self::Direct(scenario, _, frames) => (scenario.length, frames.frames().len()),
            Self::Firehose(scenario, _, frames) => (scenario.length, frames.frames().len()),
        };
        let complete =
            if at.micros() >= length.micros() { total } else { (at.micros() / width.micros().max(1)) as usize };
        complete.min(arrived)
    }

    /// The stream as the consumer sees it that is furthest behind after some frames.
    fn last(timeline: &'a Timeline, frames: usize) -> View<'a> {
        let behind = |view: &View| {
            let open = view.gauge(Metric::Waiting, frames) + view.gauge(Metric::InFlight, frames);
            (open * 1e3) as u64 + view.gauge(Metric::IteratorAgeMs, frames) as u64
        };
        let views = (0..timeline.consumers()).rev().map(|consumer| timeline.seen_by(consumer));
        views.max_by_key(behind).unwrap_or_else(|| timeline.seen_by(0))
    }

    /// Where everything is after some frames.
    pub fn account(&self, frames: usize) -> Account {
        match self {
            Self::Stream(_, timelines, _) => {
                let ledger = Ledger::after(Self::last(&timelines[0], frames), frames);
                Account {
                    offered: ledger.offered,
                    done: ledger.processed,
                    waiting: ledger.waiting + ledger.in_flight + ledger.at_producer,
                    failed: ledger.lost(),
                    lost_later: ledger.expired + ledger.discarded,
                    passed_over: ledger.skipped + ledger.filtered,
                }
            }
            Self::Direct(_, _, of) => {
                let ledger = DirectLedger::after(&of.frames()[..frames]);
                Account {
                    offered: ledger.offered,
                    done: ledger.answered,
                    waiting: ledger.in_flight,
                    failed: ledger.failures(),
                    lost_later: ledger.dropped,
                    passed_over: 0,
                }
            }
            Self::Firehose(_, _, of) => {
                let ledger = FirehoseLedger::after(&of.frames()[..frames]);
                Account {
                    offered: ledger.offered,
                    done: ledger.delivered,
                    waiting: ledger.at_producer + ledger.open(),
                    failed: ledger.lost_at_producer(),
                    lost_later: ledger.lost + ledger.aside(),
                    passed_over: ledger.dropped,
                }
            }
        }
    }

    /// What the closed frames cost so far in ten-thousandths of a dollar, and 30 days of it in cents.
    pub fn cost(&self, frames: usize) -> (u64, u64) {
        match self {
            Self::Stream(scenario, timelines, deliveries) => {
                let delivered = scenario.deliveries().into_iter().zip(*deliveries);
                let delivered = delivered.map(|((of, deliver), got)| {
                    firehose_bill(of, &deliver.firehose, got.width(), &got.frames()[..frames.min(got.frames().len())])
                });
                let bills = scenario.streams().into_iter().zip(*timelines);
                let bills = bills.map(|(of, timeline)| bill(of, timeline.seen_by(0), frames.min(timeline.frames())));
                bills
                    .chain(delivered)
                    .fold((0, 0), |(run, month), bill| (run + bill.run_total_e4, month + bill.month_total_cents))
            }
            Self::Direct(scenario, direct, of) => {
                let bill = direct_bill(scenario, direct, of.width(), &of.frames()[..frames]);
                (bill.run_total_e4, bill.month_total_cents)
            }
            Self::Firehose(scenario, firehose, of) => {
                let bill = firehose_bill(scenario, firehose, of.width(), &of.frames()[..frames]);
                (bill.run_total_e4, bill.month_total_cents)
            }
        }
    }

    /// From so many seconds on, work is late.
    pub fn patience(&self, at: SimTime) -> f64 {
        match self {
            Self::Stream(scenario, ..) => behind::stream_patience(scenario, at),
            Self::Direct(..) => PATIENCE_S,
            Self::Firehose(_, firehose, _) => firehose_patience(firehose),
        }
    }

    /// How far it was behind in its first frames.
    pub fn behind(&self, frames: usize, at: SimTime) -> Option<Behind> {
        let mut late = match self {
            Self::Stream(_, timelines, _) => behind::stream_late(&timelines[0]),
            Self::Direct(..) => return None,
            Self::Firehose(_, _, of) => behind::firehose_late(of.frames()),
        };
        late.truncate(frames);
        Behind::of(&late, self.patience(at), self.grid().0)
    }

    /// The part that bound, of a direct design.
    pub fn binding(&self) -> Option<Binding> {
        match self {
            Self::Direct(_, direct, of) => Binding::of(direct, of.frames()),
            Self::Stream(..) | Self::Firehose(..) => None,
        }
    }

    /// The columns of all frames that have arrived.
    pub fn columns(&self) -> Columns {
        let width = self.grid().0.seconds_f64().max(1e-6);
        let smoothed = |column: &[f64], seconds: f64| -> Vec<f64> {
            smooth(column, (seconds / width) as usize).into_iter().map(|count| count / width).collect()
        };
        match self {
            Self::Stream(_, timelines, _) => {
                let timeline = &timelines[0];
                let first = timeline.seen_by(0);
                let frames = timeline.frames();
                let sum = |metrics: &[Metric]| -> Vec<f64> {
                    let columns: Vec<&[f64]> = metrics.iter().map(|metric| first.column(*metric)).collect();
                    (0..frames).map(|frame| columns.iter().map(|column| column[frame]).sum()).collect()
                };
                // Of several consumers the one that is furthest behind.
                let worst = |of: &dyn Fn(View<'_>, usize) -> f64| -> Vec<f64> {
                    let views = || (0..timeline.consumers()).map(|consumer| timeline.seen_by(consumer));
                    (0..frames).map(|frame| views().map(|view| of(view, frame)).fold(0.0, f64::max)).collect()
                };
                let held = first.column(Metric::AtProducer);
                let column = |view: View<'_>, metric, frame: usize| view.column(metric)[frame];
                Columns {
                    rates: [
                        smoothed(first.column(Metric::Offered), SMOOTH_S[0]),
                        smoothed(first.column(Metric::Stored), SMOOTH_S[0]),
                        smoothed(&sum(&LOSSES), SMOOTH_S[0]),
                        smoothed(Self::last(timeline, frames).column(Metric::Processed), SMOOTH_S[1]),
                    ],
                    late: behind::stream_late(timeline),
                    waiting: worst(&|view, frame| {
                        column(view, Metric::Waiting, frame) + column(view, Metric::InFlight, frame) + held[frame]
                    }),
                }
            }
            Self::Direct(_, _, of) => {
                let column =
                    |of_frame: fn(&DirectFrame) -> f64| -> Vec<f64> { of.frames().iter().map(of_frame).collect() };
                let rate = |of_frame, seconds| smoothed(&column(of_frame), seconds);
                let done = rate(|frame| frame.answered as f64, SMOOTH_S[0]);
                Columns {
                    rates: [
                        rate(|frame| frame.offered as f64, SMOOTH_S[0]),
                        done.clone(),
                        rate(|frame| frame.failures() as f64, SMOOTH_S[0]),
                        done,
                    ],
                    late: column(|frame| frame.waited_ms.1 / 1e3),
                    waiting: column(|frame| frame.state.in_flight as f64),
                }
            }
            Self::Firehose(_, _, of) => {
                let column =
                    |of_frame: fn(&FirehoseFrame) -> f64| -> Vec<f64> { of.frames().iter().map(of_frame).collect() };
                let rate = |of_frame, seconds| smoothed(&column(of_frame), seconds);
                Columns {
                    rates: [
                        rate(|frame| frame.offered as f64, SMOOTH_S[0]),
                        rate(|frame| frame.accepted as f64, SMOOTH_S[0]),
                        rate(|frame| frame.lost_put.iter().sum::<u64>() as f64, SMOOTH_S[0]),
                        rate(|frame| frame.delivered as f64, SMOOTH_S[1]),
                    ],
                    late: behind::firehose_late(of.frames()),
                    waiting: column(|frame| {
                        let state = &frame.state;
                        (state.at_producer + state.in_transform + state.buffered + state.in_delivery) as f64
                    }),
                }
            }
        }
    }

    /// The design as one flow at an instant.
    pub fn flow(&self, at: SimTime, peak: f64) -> Flow {
        match self {
            Self::Stream(scenario, timelines, _) => {
                let timeline = Self::last(&timelines[0], self.frames(at));
                let at = at.seconds_f64();
                Flow::of_stream(&Moment { scenario, timeline, at, frontier: at, events: &[] })
            }
            Self::Direct(scenario, direct, of) => {
                let frames = self.frames(at);
                let window = ((5.0 / of.width().seconds_f64().max(1e-6)) as usize).max(1);
                let some = &of.frames()[frames.saturating_sub(window)..frames];
                let covered = (some.len() as f64 * of.width().seconds_f64()).max(1e-6);
                let rate = |count: fn(&DirectFrame) -> u64| some.iter().map(count).sum::<u64>() as f64 / covered;
                let last = SimTime::from_micros(scenario.length.micros().saturating_sub(1));
                let offered = scenario.traffic.rate_at(at.min(last));
                let (now, account) = (of.frames()[..frames].last(), self.account(frames));
                let up = now.map_or(u64::from(direct.application.instances), |frame| frame.state.up);
                let (room, binds) = capacity::direct_room(direct, up);
                let lost = rate(DirectFrame::failures);
                let late = some.iter().rev().map(|frame| frame.waited_ms.1 / 1e3).find(|late| !late.is_nan());
                let age = late.unwrap_or(0.0);
                let done = if frames == 0 { offered.min(room) } else { rate(|frame| frame.answered) };
                let channel = Channel {
                    label: format!("{} {}/s", binds.short(), crate::text::int(room)),
                    taken: done,
                    lost,
                    done,
                    room: Some(room),
                    peak,
                    age,
                    late: age > PATIENCE_S,
                };
                Flow {
                    unit: "",
                    offered,
                    peak,
                    channels: vec![channel],
                    done: (account.done as f64, "answered"),
                    lost: (account.failed as f64, "failed"),
                    losing: lost > 0.002 * offered,
                }
            }
            Self::Firehose(scenario, firehose, of) => {
                let frames = self.frames(at);
                let window = ((SMOOTH_S[1] / of.width().seconds_f64().max(1e-6)) as usize).max(1);
                let some = &of.frames()[frames.saturating_sub(window)..frames];
                let covered = (some.len() as f64 * of.width().seconds_f64()).max(1e-6);
                let rate = |count: fn(&FirehoseFrame) -> u64| some.iter().map(count).sum::<u64>() as f64 / covered;
                let last = SimTime::from_micros(scenario.length.micros().saturating_sub(1));
                let offered = scenario.traffic.rate_at(at.min(last));
                let account = self.account(frames);
                let lost = rate(|frame| frame.lost_put.iter().sum());
                let (records, bytes) = (rate(|frame| frame.accepted), rate(|frame| frame.accepted_bytes));
                let state = some.last().map(|frame| frame.state).unwrap_or_default();
                let quota = state.quota as f64;
                let age = state.freshness.map_or(0.0, Span::seconds_f64);
                let channel = Channel {
                    label: format!("quota {} MiB/s", crate::words::short(quota / f64::from(1 << 20))),
                    taken: if frames == 0 { offered } else { records },
                    lost,
                    done: if frames == 0 { offered } else { rate(|frame| frame.delivered) },
                    room: (bytes > 0.0).then(|| quota * records / bytes),
                    peak,
                    age,
                    late: age > firehose_patience(firehose),
                };
                Flow {
                    unit: "",
                    offered,
                    peak,
                    channels: vec![channel],
                    done: (account.done as f64, "delivered"),
                    lost: ((account.failed + account.lost_later) as f64, "lost"),
                    losing: lost > 0.002 * offered,
                }
            }
        }
    }
}
