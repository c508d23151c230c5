//! A Lambda event source mapping that polls a stream: one lane per shard, one invocation of each of its parts at a time.
//!
//! A lane polls its shard once a second; while an answer did not reach the tip it polls again as fast as five
//! calls a second allow. It keeps what it read until a batch is full, or its window has elapsed, or the payload
//! reaches the limit of a synchronous invocation; with a window of zero it invokes as soon as it has records.
//! With tumbling windows no batch reaches over the end of one. With a parallelization factor each part of a lane gathers its own batches from what any of them reads.

use super::fact::Observer;
use super::lane::{Desk, Lane};
use crate::limits;

/// Distance of two polls that follow each other as fast as the shard answers: five calls a second.
const POLL_DISTANCE: u64 = 1_000_000_000 / limits::SHARD_READ_CALLS_PER_SECOND.milli();

/// Invokes, polls or waits, whatever the state of one of the lane's parts asks for next.
pub(super) fn gather(lane: &mut Lane, part: usize, desk: &mut Desk<'_, impl Observer>) {
    let window = desk.settings.batching_window.micros();
    loop {
        let Some(tumbles_at) = lane.close_window(desk) else { return };
        let position = lane.parts[part].position;
        let available = lane.source.fetched > position;
        let poll_at = lane.source.next_read(desk);
        // Nothing more comes from a closed shard, so a batch there has nothing to wait for.
        let polls_now = poll_at == desk.now && !lane.source.at_end;
        let next = if available { next_batch(lane, part, desk) } else { NextBatch { end: position, full: false } };
        let window_ends = lane.parts[part].window_from + window;
        let window_over = desk.now >= window_ends || lane.source.at_end;
        // With no window a lane that is behind still fills its batch when a poll is free to do so.
        let waits_for_poll = window == 0 && lane.source.behind && polls_now;
        if next.full || (available && window_over && !waits_for_poll) {
            if lane.invoke_next(part, next.end, desk) {
                return;
            }
            continue;
        }
        if lane.end_of_shard(part, desk.now) {
            return;
        }
        if polls_now {
            if lane.source.push.is_none() {
                let interval = limits::MAPPING_POLL_INTERVAL.micros();
                lane.source.poll_base = desk.now + lane.source.pause(interval, desk.stream);
                lane.source.poll_soon = desk.now + lane.source.pause(POLL_DISTANCE, desk.stream);
            }
            lane.read(limits::GET_RECORDS_RECORDS_MAX, desk);
            continue;
        }
        lane.parts[part].next_at = if available { poll_at.min(window_ends) } else { poll_at }.min(tumbles_at);
        return;
    }
}

/// The batch that a part would send now.
struct NextBatch {
    /// Where it ends: it has as many records as its size and the payload allow.
    end: u64,
    /// Whether nothing more would fit.
    full: bool,
}

fn next_batch(lane: &Lane, part: usize, desk: &Desk<'_, impl Observer>) -> NextBatch {
    let (size, max) = (u64::from(desk.settings.batch_size), limits::LAMBDA_PAYLOAD_MAX.get());
    let (log, position) = (desk.log(lane.shard), lane.parts[part].position);
    // Nothing more comes to a batch behind which another window begins.
    let fetched = lane.window_end(position, log, desk.settings.tumbling);
    let cut = fetched < lane.source.fetched;
    if !lane.sparse {
        let available = log.entries_between(position, fetched);
        if available.min(size) * desk.payload_per_record < max {
            return NextBatch { end: log.after_entries(position, size).min(fetched), full: cut || available >= size };
        }
    }
    let (mut at, mut end, mut records, mut payload) = (position, position, 0, 0);
    while at < fetched {
        let (data, after) = lane.data_of(at, log);
        payload += base64_bytes(data);
        // One record is always sent, whatever its size.
        if payload > max && records > 0 {
            return NextBatch { end, full: true };
        }
        (end, records) = (after, records + 1);
        if records == size || payload >= max {
            return NextBatch { end, full: true };
        }
        at = lane.seek(part, after, log);
    }
    NextBatch { end, full: cut }
}

/// Bytes of so many bytes of data in base64.
pub(super) const fn base64_bytes(size: u64) -> u64 {
    size.div_ceil(limits::BASE64_FROM) * limits::BASE64_TO
}
