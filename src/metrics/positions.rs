//! Where consumers stood at the end of each frame: the lanes that matter most, few enough to be kept for every frame.
//!
//! A frame is a short run of bytes. Numbers are written seven bits a byte, places as distances from each other and
//! instants as distances from the frame's end, so that an ordinary lane takes some twenty bytes.

use crate::engine::{Condition, Doing, Engine, FailureCause, LanePosition, LeasePosition, PartPosition};
use crate::engine::{TRIES_MAX, Tried, TryEnd, WorkerState};
use crate::units::{SimTime, Span};

/// Lanes of one consumer that are kept of a frame.
pub const LANES_MAX: usize = 16;

/// Workers of one consumer that are kept of a frame.
pub const WORKERS_MAX: usize = 16;

/// Parts of lanes that are kept of a frame, of all consumers together.
const PARTS_MAX: usize = 160;

/// Pieces that a batch can be in: one is left behind at each halving.
const PIECES_MAX: u64 = 64;

/// Where one consumer stood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConsumerPosition {
    /// The lanes, with the index of the shard: those that block or are furthest behind, in order of the shards.
    pub lanes: Vec<(u32, LanePosition)>,
    /// The first workers of a KCL application.
    pub workers: Vec<WorkerState>,
}

/// The positions of all frames.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Positions {
    bytes: Vec<u8>,
    /// Where each frame ends.
    ends: Vec<usize>,
}

impl ConsumerPosition {
    /// Where a consumer stands now: at most so many lanes, of the shards that it has not read to their end.
    pub fn of(engine: &Engine, consumer: u32, most: usize) -> Self {
        let lanes = shards_of(engine, consumer, most).into_iter();
        let lanes = lanes.map(|shard| (shard, engine.position(consumer, shard))).collect();
        Self { lanes, workers: workers_of(engine, consumer) }
    }
}

/// The shards that matter most to a consumer, at most so many, of those that it has not read to their end.
fn shards_of(engine: &Engine, consumer: u32, most: usize) -> Vec<u32> {
    let mut shards: Vec<u32> = Vec::with_capacity(LANES_MAX);
    shards.extend((0..engine.shards()).filter(|shard| !engine.lane_flags(consumer, *shard).1));
    // Which are the worst has to be asked only where not all of them find room.
    if shards.len() > most { worst_of(engine, consumer, &shards, most) } else { shards }
}

/// Those of some shards that block or are furthest behind, in their order.
fn worst_of(engine: &Engine, consumer: u32, shards: &[u32], most: usize) -> Vec<u32> {
    let now = engine.now();
    // The worst first. A sort of the library would take more of the engine's module than all of this.
    let mut worst: Vec<(bool, Span, u64, u32)> = Vec::new();
    for shard in shards {
        let state = engine.lane(consumer, *shard);
        let age = state.oldest_arrival.map_or(Span::ZERO, |at| now.since(at));
        let blocked = engine.lane_flags(consumer, *shard).0;
        let rank = (blocked, age, state.waiting + state.in_flight, u32::MAX - shard);
        let place = worst.iter().rposition(|other| *other > rank).map_or(0, |place| place + 1);
        if place < most {
            worst.insert(place, rank);
            worst.truncate(most);
        }
    }
    shards.iter().copied().filter(|shard| worst.iter().any(|rank| rank.3 == u32::MAX - shard)).collect()
}

fn workers_of(engine: &Engine, consumer: u32) -> Vec<WorkerState> {
    let mut workers = engine.workers(consumer);
    workers.truncate(WORKERS_MAX);
    workers
}

/// Lanes of each consumer that are kept of a frame, where the lanes of all consumers together have so many parts a
/// shard.
pub(super) fn lanes_of_each(parts: usize) -> usize {
    (PARTS_MAX / parts.max(1)).clamp(1, LANES_MAX)
}

impl Positions {
    /// Appends a frame that ends at the instant at which the engine stands: of each consumer at most so many lanes.
    pub fn push(&mut self, engine: &Engine, consumers: u32, most: usize) {
        let mut out = Writer { bytes: &mut self.bytes, end: engine.now() };
        // Written as they are found: the frames of a day are many.
        for consumer in 0..consumers {
            let shards = shards_of(engine, consumer, most);
            out.put(shards.len() as u64);
            for shard in shards {
                out.put(u64::from(shard));
                out.lane(&engine.position(consumer, shard));
            }
            out.workers(&workers_of(engine, consumer));
        }
        self.ends.push(self.bytes.len());
    }

    /// The bytes of a frame; none where it has no positions.
    pub fn bytes_of(&self, frame: usize) -> &[u8] {
        let Some(end) = self.ends.get(frame) else { return &[] };
        let start = frame.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.bytes[start..*end]
    }

    /// Appends the bytes of a frame as another side has written them.
    pub fn push_bytes(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        self.ends.push(self.bytes.len());
    }

    /// About how many bytes a frame has.
    pub fn bytes_each(&self) -> usize {
        self.bytes.len() / self.ends.len().max(1)
    }

    /// Where a consumer stood at the end of a frame; `None` where that is not known.
    pub fn of(&self, frame: usize, end: SimTime, consumer: usize) -> Option<ConsumerPosition> {
        let mut reader = Reader { bytes: self.bytes_of(frame), end };
        for _ in 0..consumer {
            reader.consumer()?;
        }
        reader.consumer()
    }
}

/// Causes by their numbers.
const CAUSES: [FailureCause; FailureCause::ALL.len()] = FailureCause::ALL;
/// Conditions by their numbers.
const CONDITIONS: [Condition; 2] = [Condition::RetryAttemptsExhausted, Condition::RecordAgeExceeded];
/// What parts do, by their numbers.
const DOINGS: [Doing; 5] = [Doing::Gathers, Doing::Runs, Doing::WaitsToRetry, Doing::AwaitsParents, Doing::Ended];

struct Writer<'a> {
    bytes: &'a mut Vec<u8>,
    end: SimTime,
}

impl Writer<'_> {
    /// A number; what is beyond all bounds is written as the largest that can be read.
    fn put(&mut self, value: u64) {
        let mut value = value.min(i64::MAX as u64);
        while value >= 0x80 {
            self.bytes.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.bytes.push(value as u8);
    }

    /// Numbers that do not decrease, the first counted from `from`.
    fn places<const N: usize>(&mut self, mut from: u64, places: [u64; N]) {
        for place in places {
            self.put(place.saturating_sub(from));
            from = place.max(from);
        }
    }

    fn option(&mut self, value: Option<u64>) {
        self.put(value.map_or(0, |value| value + 1));
    }

    /// An instant before the end of the frame.
    fn before(&mut self, at: SimTime) {
        self.put(self.end.micros().saturating_sub(at.micros()));
    }

    /// An instant behind it.
    fn after(&mut self, at: SimTime) {
        self.put(at.micros().saturating_sub(self.end.micros()));
    }

    fn workers(&mut self, workers: &[WorkerState]) {
        self.put(workers.len() as u64);
        for worker in workers {
            self.put(u64::from(worker.leases) * 2 + u64::from(worker.up));
        }
    }

    fn lane(&mut self, lane: &LanePosition) {
        self.places(0, [lane.checkpoint, lane.reached, lane.read, lane.tip]);
        let end = self.end.micros();
        // Seldom there, so that one byte mostly says all.
        let flags = [lane.on_way.is_some(), lane.frozen_until.is_some(), lane.lease.is_some()];
        self.put(flags.iter().rev().fold(0, |bits, flag| bits * 2 + u64::from(*flag)));
        if let Some(records) = lane.on_way {
            self.put(records);
        }
        if let Some(until) = lane.frozen_until {
            self.put(until.micros().saturating_sub(end));
        }
        if let Some(lease) = lane.lease {
            self.option(lease.owner.map(u64::from));
            self.after(lease.free_at);
            self.put(lease.again);
        }
        self.put(lane.parts.len() as u64);
        lane.parts.iter().for_each(|part| self.part(part, lane.checkpoint));
    }

    fn part(&mut self, part: &PartPosition, checkpoint: u64) {
        let doing = DOINGS.iter().position(|doing| *doing == part.doing).unwrap_or(0) as u64;
        self.put(doing * 2 + u64::from(!part.tried.is_empty()));
        self.places(checkpoint, [part.from]);
        if matches!(part.doing, Doing::Runs | Doing::WaitsToRetry) {
            self.places(part.from, [part.end]);
            self.put(part.records);
            self.put(u64::from(part.attempt));
            self.put(u64::from(part.refusals));
            self.before(part.since);
            self.after(part.starts_until);
            self.after(part.until);
            self.put(part.pieces.len() as u64);
            let mut from = part.end;
            for piece in &part.pieces {
                self.places(from, [*piece]);
                from = *piece;
            }
        }
        if let Some(first) = part.tried.first() {
            self.put(first.from);
            self.put(part.tried.len() as u64);
            part.tried.iter().for_each(|tried| self.tried(tried, first.from));
        }
    }

    fn tried(&mut self, tried: &Tried, first: u64) {
        let how = match tried.how {
            TryEnd::Succeeded => 0,
            TryEnd::GivenUp(condition) => 1 + condition as u64,
            TryEnd::Retried(cause) => 3 + cause as u64,
            TryEnd::Split(cause) => 3 + (CAUSES.len() + cause as usize) as u64,
        };
        self.put(how);
        self.places(first, [tried.from, tried.done, tried.end]);
        self.put(u64::from(tried.attempt));
        self.put(u64::from(tried.times));
        self.before(tried.at);
    }
}

/// Reads what a stranger may have written: anything else than positions is none.
struct Reader<'a> {
    bytes: &'a [u8],
    end: SimTime,
}

impl Reader<'_> {
    fn take(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..63).step_by(7) {
            let (byte, rest) = self.bytes.split_first()?;
            self.bytes = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn take_u32(&mut self) -> Option<u32> {
        u32::try_from(self.take()?).ok()
    }

    /// A count of things that follow.
    fn count(&mut self, most: u64) -> Option<u64> {
        self.take().filter(|count| *count <= most)
    }

    fn place(&mut self, from: u64) -> Option<u64> {
        from.checked_add(self.take()?)
    }

    fn option(&mut self) -> Option<Option<u64>> {
        Some(self.take()?.checked_sub(1))
    }

    fn before(&mut self) -> Option<SimTime> {
        Some(SimTime::from_micros(self.end.micros().saturating_sub(self.take()?)))
    }

    fn after(&mut self) -> Option<SimTime> {
        Some(SimTime::from_micros(self.end.micros().saturating_add(self.take()?)))
    }

    fn consumer(&mut self) -> Option<ConsumerPosition> {
        let lanes = (0..self.count(LANES_MAX as u64)?).map(|_| Some((self.take_u32()?, self.lane()?)));
        let lanes = lanes.collect::<Option<_>>()?;
        let worker = |bits: u64| WorkerState { up: bits % 2 == 1, leases: (bits / 2) as u32 };
        let workers = (0..self.count(WORKERS_MAX as u64)?).map(|_| self.take().map(worker)).collect::<Option<_>>()?;
        Some(ConsumerPosition { lanes, workers })
    }

    fn lane(&mut self) -> Option<LanePosition> {
        let checkpoint = self.take()?;
        let reached = self.place(checkpoint)?;
        let read = self.place(reached)?;
        let tip = self.place(read)?;
        let flags = self.take()?;
        let on_way = if flags & 1 > 0 { Some(self.take()?) } else { None };
        let frozen_until = if flags & 2 > 0 { Some(self.after()?) } else { None };
        let lease = if flags & 4 > 0 {
            let owner = self.option()?.map(|owner| owner as u32);
            Some(LeasePosition { owner, free_at: self.after()?, again: self.take()? })
        } else {
            None
        };
        let parts = crate::limits::MAPPING_PARALLELIZATION_MAX;
        let parts = (0..self.count(parts)?).map(|_| self.part(checkpoint)).collect::<Option<_>>()?;
        Some(LanePosition { checkpoint, reached, read, tip, on_way, frozen_until, lease, parts })
    }

    fn part(&mut self, checkpoint: u64) -> Option<PartPosition> {
        let kind = self.take()?;
        let doing = *DOINGS.get((kind / 2) as usize)?;
        let from = self.place(checkpoint)?;
        let mut part = PartPosition { doing, from, end: from, ..PartPosition::default() };
        if matches!(doing, Doing::Runs | Doing::WaitsToRetry) {
            part.end = self.place(from)?;
            part.records = self.take()?;
            (part.attempt, part.refusals) = (self.take_u32()?, self.take_u32()?);
            (part.since, part.starts_until, part.until) = (self.before()?, self.after()?, self.after()?);
            let mut from = part.end;
            for _ in 0..self.count(PIECES_MAX)? {
                from = self.place(from)?;
                part.pieces.push(from);
            }
        }
        if kind % 2 == 1 {
            let first = self.take()?;
            part.tried = (0..self.count(TRIES_MAX as u64)?).map(|_| self.tried(first)).collect::<Option<_>>()?;
        }
        Some(part)
    }

    fn tried(&mut self, first: u64) -> Option<Tried> {
        let how = match self.take()? as usize {
            0 => TryEnd::Succeeded,
            number @ 1..=2 => TryEnd::GivenUp(CONDITIONS[number - 1]),
            number => match number - 3 {
                cause if cause < CAUSES.len() => TryEnd::Retried(CAUSES[cause]),
                cause => TryEnd::Split(*CAUSES.get(cause - CAUSES.len())?),
            },
        };
        let from = self.place(first)?;
        let done = self.place(from)?;
        let end = self.place(done)?;
        Some(Tried { from, end, done, attempt: self.take_u32()?, times: self.take_u32()?, at: self.before()?, how })
    }
}
