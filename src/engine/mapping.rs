//! A Lambda event source mapping that polls a stream: one lane per shard, one invocation of a lane at a time.
//!
//! A lane polls its shard once a second; while an answer did not reach the tip it polls again as fast as five
//! calls a second allow. It keeps what it read until a batch is full, or its window has elapsed, or the payload
//! reaches the limit of a synchronous invocation; with a window of zero it invokes as soon as it has records.
//! A batch that failed is tried again in place and blocks its shard.

use super::fact::Observer;
use super::lane::{Desk, Lane};
use crate::limits;

/// Distance of two polls that follow each other as fast as the shard answers: five calls a second.
const POLL_DISTANCE: u64 = 1_000_000_000 / limits::SHARD_READ_CALLS_PER_SECOND.milli();

/// Invokes, polls or waits, whatever the lane's state asks for next.
pub(super) fn gather(lane: &mut Lane, desk: &mut Desk<'_, impl Observer>) {
    let window = desk.settings.batching_window.micros();
    loop {
        let log = &desk.stream.shards[lane.shard as usize].log;
        let available = log.entries_between(lane.position, lane.fetched);
        let poll_at = if lane.behind { lane.poll_soon } else { lane.poll_base }.max(desk.now);
        // Nothing more comes from a closed shard, so a batch there has nothing to wait for.
        let polls_now = poll_at == desk.now && !lane.at_end;
        let full = available >= u64::from(desk.settings.batch_size) || payload_full(lane, desk);
        let window_over = desk.now >= lane.window_from + window || lane.at_end;
        // With no window a lane that is behind still fills its batch when a poll is free to do so.
        let waits_for_poll = window == 0 && lane.behind && polls_now;
        if full || (available > 0 && window_over && !waits_for_poll) {
            let end = next_batch(lane, desk);
            return lane.invoke_next(end, desk);
        }
        if lane.end_of_shard(desk.now) {
            return;
        }
        if polls_now {
            lane.poll_base = desk.now + lane.pause(limits::MAPPING_POLL_INTERVAL.micros(), desk.stream);
            lane.poll_soon = desk.now + lane.pause(POLL_DISTANCE, desk.stream);
            lane.read(limits::GET_RECORDS_RECORDS_MAX, desk);
            continue;
        }
        lane.next_at = if available > 0 { poll_at.min(lane.window_from + window) } else { poll_at };
        return;
    }
}

/// Whether what was read already fills the payload of an invocation.
fn payload_full(lane: &Lane, desk: &Desk<'_, impl Observer>) -> bool {
    let max = limits::LAMBDA_PAYLOAD_MAX.get();
    let log = &desk.stream.shards[lane.shard as usize].log;
    if log.entries_between(lane.position, lane.fetched) * desk.payload_per_record < max {
        return false;
    }
    let (mut at, mut payload) = (lane.position, 0);
    while at < lane.fetched && payload < max {
        let (data, end) = log.data_of(at);
        payload += base64_bytes(data);
        at = end;
    }
    payload >= max
}

/// Where the next batch ends: it has as many records as its size and the payload allow.
fn next_batch(lane: &Lane, desk: &Desk<'_, impl Observer>) -> u64 {
    let max = limits::LAMBDA_PAYLOAD_MAX.get();
    let log = &desk.stream.shards[lane.shard as usize].log;
    let most = log.after_entries(lane.position, u64::from(desk.settings.batch_size)).min(lane.fetched);
    if log.entries_between(lane.position, most) * desk.payload_per_record <= max {
        return most;
    }
    let (first, mut at) = log.data_of(lane.position);
    let mut payload = base64_bytes(first);
    while at < most {
        let (data, end) = log.data_of(at);
        payload += base64_bytes(data);
        if payload > max {
            break;
        }
        at = end;
    }
    at
}

/// Bytes of so many bytes of data in base64.
pub(super) const fn base64_bytes(size: u64) -> u64 {
    size.div_ceil(limits::BASE64_FROM) * limits::BASE64_TO
}
