//! A Lambda event source mapping that polls a stream: one lane per shard, one invocation of a lane at a time.
//!
//! A lane polls its shard once a second; while an answer did not reach the tip it polls again as fast as five
//! calls a second allow. It keeps what it read until a batch is full, or its window has elapsed, or the payload
//! reaches the limit of a synchronous invocation; with a window of zero it invokes as soon as it has records.
//! A batch that failed is tried again in place and blocks its shard.

use super::Event;
use super::fact::{Fact, Observer};
use super::invocation::{Invocation, InvocationId, Outcome};
use super::producer::Bench;
use super::record::{Log, bytes_of};
use super::rng::{Actor, Rng};
use crate::limits;
use crate::scenario::{Consumer as Settings, DurationModel, HandlerKind, Scenario};
use crate::units::{Ratio, SimTime, Span};

/// Distance of two polls that follow each other as fast as the shard answers: five calls a second.
const POLL_DISTANCE: u64 = 1_000_000_000 / limits::SHARD_READ_CALLS_PER_SECOND.milli();

/// The mapping with its lanes and the function behind it.
#[derive(Clone, Debug)]
pub struct Mapping {
    settings: Settings,
    lanes: Vec<Lane>,
    next_id: u64,
    /// Largest share of a payload that one record of this scenario can take, or more.
    payload_per_record: u64,
    /// Invocations handed to the host and not yet taken.
    asked: Vec<Invocation>,
}

/// One shard as the mapping sees it. Positions are sequence indices of the shard's log.
#[derive(Clone, Debug)]
struct Lane {
    /// Everything before it is done: the checkpoint.
    position: u64,
    /// Everything before it has been read.
    fetched: u64,
    /// End of the batch that runs or waits for another try; the position when there is none.
    batch_end: u64,
    /// Records beyond a running batch that expired meanwhile lie before this.
    expired_to: u64,
    phase: Phase,
    /// When the batching window began, µs.
    window_from: u64,
    /// When the base interval allows the next poll, and when the limits do, µs.
    poll_base: u64,
    poll_soon: u64,
    /// Whether the last answer did not reach the tip.
    behind: bool,
    /// Number of the wake-up that counts; older ones are void.
    wake: u32,
    rng: Rng,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Polling and gathering.
    Gathering,
    /// An invocation runs.
    Running { id: u64, started: u64, attempt: u32, verdict: Verdict },
    /// The batch failed and waits for another try.
    Backoff { attempts: u32 },
}

/// What is known of a running invocation's outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Succeeds,
    FailsByInjection,
    Fails,
    /// The host has not answered yet.
    Open,
}

/// The state of a lane for gauges.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LaneState {
    /// Stored records that wait for an invocation.
    pub waiting: u64,
    /// Records in the running invocation.
    pub in_flight: u64,
    /// When the oldest record that is not processed arrived.
    pub oldest_arrival: Option<SimTime>,
}

impl Mapping {
    /// The mapping of a scenario. The first polls of the lanes are spread over one base interval.
    pub fn new(scenario: &Scenario) -> Self {
        let shards = scenario.stream.shards;
        let interval = limits::MAPPING_POLL_INTERVAL.micros();
        let lane = |shard: u32| Lane {
            position: 0,
            fetched: 0,
            batch_end: 0,
            expired_to: 0,
            phase: Phase::Gathering,
            window_from: 0,
            poll_base: interval * u64::from(shard) / u64::from(shards),
            poll_soon: 0,
            behind: false,
            wake: 0,
            rng: Rng::of(scenario.seed, Actor::Function(shard)),
        };
        Self {
            settings: scenario.consumer,
            lanes: (0..shards).map(lane).collect(),
            next_id: 0,
            payload_per_record: base64_bytes(limits::RECORD_BYTES_MAX.get() as u32),
            asked: Vec::new(),
        }
    }

    /// Tells the mapping that no record's data is larger than this, so that most batches need no summing up.
    pub fn expect_sizes_up_to(&mut self, bytes: u32) {
        self.payload_per_record = base64_bytes(bytes);
    }

    /// When the first poll of each lane is due, by shard.
    pub fn first_polls(&self) -> impl Iterator<Item = (u32, u64)> + '_ {
        (0..).zip(self.lanes.iter().map(|lane| lane.poll_base))
    }

    /// Invocations that the host has to answer, each handed out once.
    pub fn take_asked(&mut self) -> Vec<Invocation> {
        std::mem::take(&mut self.asked)
    }

    /// Changes the batch size and the batching window.
    pub fn update(&mut self, batch_size: u32, batching_window: Span) {
        (self.settings.batch_size, self.settings.batching_window) = (batch_size, batching_window);
    }

    /// Deploys the function with another duration and error rate.
    pub fn deploy(&mut self, duration: DurationModel, injected_error_rate: Ratio) {
        (self.settings.duration, self.settings.injected_error_rate) = (duration, injected_error_rate);
    }

    /// Invocations that run.
    pub fn running(&self) -> u64 {
        self.lanes.iter().filter(|lane| matches!(lane.phase, Phase::Running { .. })).count() as u64
    }

    /// The state of one lane.
    pub fn lane_state(&self, shard: u32, log: &Log) -> LaneState {
        let lane = &self.lanes[shard as usize];
        let running = matches!(lane.phase, Phase::Running { .. });
        let in_flight = if running { lane.batch_end - lane.position } else { 0 };
        let next = if running { lane.batch_end.max(lane.expired_to) } else { lane.position };
        let oldest = if running { lane.position } else { next };
        let oldest_arrival = (oldest < log.tail()).then(|| SimTime::from_micros(log.get(oldest).arrived));
        LaneState { waiting: log.tail() - next, in_flight, oldest_arrival }
    }

    /// Whether the invocation that ends next on this lane still lacks its outcome.
    pub fn lacks_outcome(&self, shard: u32) -> Option<InvocationId> {
        match self.lanes[shard as usize].phase {
            Phase::Running { id, verdict: Verdict::Open, .. } => Some(InvocationId::new(id, shard)),
            _ => None,
        }
    }

    /// Takes an outcome; false if no running invocation with this id lacks one.
    pub fn accept(&mut self, asked: InvocationId, outcome: Outcome) -> bool {
        let Some(lane) = self.lanes.get_mut(asked.shard() as usize) else { return false };
        match &mut lane.phase {
            Phase::Running { id, verdict: verdict @ Verdict::Open, .. } if *id == asked.number() => {
                *verdict = match outcome {
                    Outcome::Succeeded => Verdict::Succeeds,
                    Outcome::Failed => Verdict::Fails,
                };
                true
            }
            _ => false,
        }
    }

    /// A wake-up of a gathering lane; void if a later one has been set.
    pub fn wake(&mut self, shard: u32, wake: u32, bench: &mut Bench<'_, impl Observer>) {
        let lane = &self.lanes[shard as usize];
        if lane.wake == wake && lane.phase == Phase::Gathering {
            self.gather(shard, bench);
        }
    }

    /// The running invocation of a lane ends.
    pub fn end(&mut self, shard: u32, bench: &mut Bench<'_, impl Observer>) {
        let lane = &mut self.lanes[shard as usize];
        let Phase::Running { id, started, attempt, verdict } = lane.phase else { return };
        let started = SimTime::from_micros(started);
        if verdict == Verdict::Succeeds {
            let batch = bench.stream.shards[shard as usize].log.run(lane.position, lane.batch_end);
            bench.observer.observe(SimTime::from_micros(bench.now), Fact::Processed { shard, id, started, batch });
            lane.go_on_from(lane.batch_end.max(lane.expired_to), bench.now);
            bench.stream.trim(shard, lane.position);
            return self.gather(shard, bench);
        }
        let injected = verdict == Verdict::FailsByInjection;
        bench.say(Fact::InvocationFailed { shard, id, started, injected });
        lane.phase = Phase::Backoff { attempts: attempt };
        let (base, cap) = (limits::MAPPING_RETRY_BASE.micros(), limits::MAPPING_RETRY_CAP.micros());
        let wait = base.saturating_mul(1 << (attempt - 1).min(31)).min(cap);
        bench.agenda.push(bench.now + wait, Event::InvokeAgain(shard));
        self.expire(shard, bench);
    }

    /// A failed batch is tried again, unless it expired meanwhile.
    pub fn invoke_again(&mut self, shard: u32, bench: &mut Bench<'_, impl Observer>) {
        let lane = &self.lanes[shard as usize];
        if let Phase::Backoff { attempts } = lane.phase {
            if lane.batch_end > lane.position {
                self.invoke(shard, attempts + 1, bench);
            } else {
                let position = lane.position;
                self.lanes[shard as usize].go_on_from(position, bench.now);
                self.gather(shard, bench);
            }
        }
    }

    /// Drops what is older than the retention, except what is in a running invocation, and notes when the next
    /// record will be.
    pub fn expire(&mut self, shard: u32, bench: &mut Bench<'_, impl Observer>) {
        let lane = &mut self.lanes[shard as usize];
        let log = &bench.stream.shards[shard as usize].log;
        let retention = bench.stream.retention();
        let expires = |index: u64| log.get(index).arrived + retention;
        let running = matches!(lane.phase, Phase::Running { .. });
        let from = if running { lane.batch_end.max(lane.expired_to) } else { lane.position };
        let mut next = from;
        while next < log.tail() && expires(next) <= bench.now {
            next += 1;
        }
        // Records beyond a batch that ran then and failed since have been counted already.
        let counted = if running { 0 } else { lane.expired_to.saturating_sub(lane.batch_end) };
        let expired = (next - from).saturating_sub(counted);
        let oldest_running = (running && expires(lane.position) > bench.now).then(|| expires(lane.position));
        let due = oldest_running.or_else(|| (next < log.tail()).then(|| expires(next)));
        if next > from {
            lane.expired_to = next;
            lane.fetched = lane.fetched.max(next);
            if !running {
                lane.position = next;
                lane.batch_end = lane.batch_end.max(next);
                bench.stream.trim(shard, next);
            }
        }
        if expired > 0 {
            bench.say(Fact::Expired { shard, records: expired });
        }
        let state = &mut bench.stream.shards[shard as usize];
        // The rest of a batch that failed may be due before what was noted while it ran.
        if let Some(due) = due.filter(|due| *due < state.expiry_at) {
            state.expiry_at = due;
            bench.agenda.push(due, Event::Expire(shard));
        }
    }

    /// Invokes, polls or waits, whatever the lane's state asks for next.
    fn gather(&mut self, shard: u32, bench: &mut Bench<'_, impl Observer>) {
        let window = self.settings.batching_window.micros();
        loop {
            let lane = &mut self.lanes[shard as usize];
            let available = lane.fetched - lane.position;
            let poll_at = if lane.behind { lane.poll_soon } else { lane.poll_base }.max(bench.now);
            let polls_now = poll_at == bench.now;
            let full = available >= u64::from(self.settings.batch_size) || self.payload_full(shard, bench);
            let lane = &mut self.lanes[shard as usize];
            let window_over = bench.now >= lane.window_from + window;
            // With no window a lane that is behind still fills its batch when a poll is free to do so.
            let waits_for_poll = window == 0 && lane.behind && polls_now;
            if full || (available > 0 && window_over && !waits_for_poll) {
                return self.invoke_next(shard, bench);
            }
            if polls_now {
                lane.poll(shard, bench);
                continue;
            }
            let wake_at = if available > 0 { poll_at.min(lane.window_from + window) } else { poll_at };
            lane.wake = lane.wake.wrapping_add(1);
            bench.agenda.push(wake_at, Event::Wake(shard, lane.wake));
            return;
        }
    }

    /// Whether what was read already fills the payload of an invocation.
    fn payload_full(&self, shard: u32, bench: &Bench<'_, impl Observer>) -> bool {
        let lane = &self.lanes[shard as usize];
        let max = limits::LAMBDA_PAYLOAD_MAX.get();
        let available = lane.fetched - lane.position;
        if available * self.payload_per_record < max {
            return false;
        }
        let records = bench.stream.shards[shard as usize].log.run(lane.position, lane.fetched);
        records.iter().map(|record| base64_bytes(record.size)).sum::<u64>() >= max
    }

    /// Builds the next batch and invokes the function with it.
    fn invoke_next(&mut self, shard: u32, bench: &mut Bench<'_, impl Observer>) {
        let lane = &mut self.lanes[shard as usize];
        let mut records = (lane.fetched - lane.position).min(u64::from(self.settings.batch_size));
        let max = limits::LAMBDA_PAYLOAD_MAX.get();
        if records * self.payload_per_record > max {
            let batch = bench.stream.shards[shard as usize].log.run(lane.position, lane.position + records);
            let mut payload = 0;
            let fits = batch.iter().take_while(|record| {
                payload += base64_bytes(record.size);
                payload <= max
            });
            records = (fits.count() as u64).max(1);
        }
        lane.batch_end = lane.position + records;
        self.invoke(shard, 1, bench);
    }

    /// Invokes the function with the lane's batch.
    fn invoke(&mut self, shard: u32, attempt: u32, bench: &mut Bench<'_, impl Observer>) {
        let settings = self.settings;
        let lane = &mut self.lanes[shard as usize];
        let records = lane.batch_end - lane.position;
        let took = duration(settings.duration, records, &mut lane.rng);
        let fails =
            lane.rng.below(u64::from(Ratio::ONE.millionths())) < u64::from(settings.injected_error_rate.millionths());
        let verdict = match (fails, settings.handler) {
            (true, _) => Verdict::FailsByInjection,
            (false, HandlerKind::Model) => Verdict::Succeeds,
            (false, HandlerKind::Host) => Verdict::Open,
        };
        let id = self.next_id;
        self.next_id += 1;
        let ends = bench.now + took;
        lane.phase = Phase::Running { id, started: bench.now, attempt, verdict };
        let ends_at = SimTime::from_micros(ends);
        bench.agenda.push(ends, Event::InvocationEnd(shard));
        bench.say(Fact::InvocationStarted { shard, id, records: records as u32, attempt, ends: ends_at });
        if verdict == Verdict::Open {
            let batch = bench.stream.shards[shard as usize].log.run(lane.position, lane.batch_end);
            let started = SimTime::from_micros(bench.now);
            self.asked.push(Invocation::new(id, shard, attempt, started, ends_at, lane.position, batch));
        }
    }
}

impl Lane {
    /// Leaves a batch behind: gathering goes on from `position`.
    fn go_on_from(&mut self, position: u64, now: u64) {
        self.position = position;
        self.batch_end = position;
        self.expired_to = position;
        self.fetched = self.fetched.max(position);
        self.phase = Phase::Gathering;
        self.window_from = now;
    }

    /// One `GetRecords` call: up to 10,000 records or 10 MiB from where the last one ended.
    fn poll(&mut self, shard: u32, bench: &mut Bench<'_, impl Observer>) {
        self.poll_base = bench.now + limits::MAPPING_POLL_INTERVAL.micros();
        self.poll_soon = bench.now + POLL_DISTANCE;
        let state = &mut bench.stream.shards[shard as usize];
        if !state.may_read(bench.now) {
            // A refused call returns nothing, so the lane still knows nothing of the tip.
            self.behind = true;
            return bench.say(Fact::ReadThrottled { shard });
        }
        let end = state.log.tail().min(self.fetched + limits::GET_RECORDS_RECORDS_MAX);
        let (mut bytes, mut records) = (0, 0);
        for record in state.log.run(self.fetched, end).iter() {
            let size = u64::from(bytes_of(record.size));
            if bytes + size > limits::GET_RECORDS_BYTES_MAX.get() && records > 0 {
                break;
            }
            bytes += size;
            records += 1;
        }
        state.charge_read(bench.now, bytes);
        if self.fetched == self.position && records > 0 {
            self.window_from = bench.now;
        }
        self.fetched += u64::from(records);
        self.behind = self.fetched < state.log.tail();
        bench.say(Fact::Read { shard, records, bytes });
    }
}

/// Time of an invocation with so many records, µs.
fn duration(model: DurationModel, records: u64, rng: &mut Rng) -> u64 {
    let mean = model.fixed.micros() + model.per_record.micros() * records;
    let spread = u64::from(model.spread.millionths());
    if spread == 0 {
        return mean;
    }
    let one = u64::from(Ratio::ONE.millionths());
    let factor = one - spread + rng.below(2 * spread + 1);
    (u128::from(mean) * u128::from(factor) / u128::from(one)) as u64
}

/// Bytes of so many bytes of data in base64.
const fn base64_bytes(size: u32) -> u64 {
    (size as u64).div_ceil(limits::BASE64_FROM) * limits::BASE64_TO
}
