//! Plain pollers. The consumer's reads, works on what it read, and reads again; it sleeps after an answer that brought
//! nothing. Those of other applications do no work and sleep after each answer.

use super::fact::Observer;
use super::lane::{Desk, Lane};
use crate::scenario::Poller;

/// Works, polls or sleeps, whatever the lane's state asks for next.
pub(super) fn gather(lane: &mut Lane, poller: Poller, desk: &mut Desk<'_, impl Observer>) {
    let idle = poller.idle.micros();
    loop {
        let position = lane.parts[0].position;
        if lane.source.fetched > position {
            let end = desk.log(lane.shard).after_entries(position, u64::from(poller.limit)).min(lane.source.fetched);
            if lane.invoke_next(0, end, desk) {
                return;
            }
            continue;
        }
        if lane.end_of_shard(0, desk.now) {
            return;
        }
        if lane.source.push.is_some() {
            // It sleeps until something comes; the lane wakes it.
            if lane.source.next_read(desk) > desk.now {
                lane.parts[0].next_at = u64::MAX;
                return;
            }
            lane.read(u64::MAX, desk);
            continue;
        }
        if lane.source.poll_base > desk.now {
            lane.parts[0].next_at = lane.source.poll_base;
            return;
        }
        // Sleeping between all reads is what the KCL does; a plain loop sleeps only where there was nothing.
        let answered = lane.read(u64::from(poller.limit), desk);
        let empty = !answered || lane.source.fetched == position;
        if empty || poller.always_sleeps {
            lane.source.poll_base = desk.now + lane.source.pause(idle, desk.stream);
        }
        if empty && idle == 0 {
            // A loop without sleep would stand still in time: the next look is a microsecond later.
            lane.source.poll_base = desk.now + 1;
        }
    }
}

/// Reads what there is for another application, which is done with it at once, and sleeps.
pub(super) fn pass(lane: &mut Lane, poller: Poller, desk: &mut Desk<'_, impl Observer>) {
    if lane.read(u64::from(poller.limit), desk) {
        lane.done += lane.source.fetched - lane.parts[0].position;
        lane.go_on_from(0, lane.source.fetched, desk.now);
    }
    if !lane.end_of_shard(0, desk.now) {
        lane.parts[0].next_at = desk.now + lane.source.pause(poller.idle.micros(), desk.stream);
    }
}
