//! Plain pollers. The consumer's reads, works on what it read, and reads again; it sleeps after an answer that brought
//! nothing. Those of other applications do no work and sleep after each answer.

use super::fact::Observer;
use super::lane::{Desk, Lane};
use crate::scenario::{ConsumerKind, Poller};

/// Works, polls or sleeps, whatever the lane's state asks for next.
pub(super) fn gather(lane: &mut Lane, desk: &mut Desk<'_, impl Observer>) {
    let ConsumerKind::Poller(poller) = desk.settings.kind else { return };
    let idle = poller.idle.micros();
    loop {
        if lane.fetched > lane.position {
            let log = &desk.stream.shards[lane.shard as usize].log;
            let end = log.after_entries(lane.position, u64::from(poller.limit)).min(lane.fetched);
            return lane.invoke_next(end, desk);
        }
        if lane.end_of_shard(desk.now) {
            return;
        }
        if lane.poll_base > desk.now {
            lane.next_at = lane.poll_base;
            return;
        }
        // Sleeping between all reads is what the KCL does; a plain loop sleeps only where there was nothing.
        let answered = lane.read(u64::from(poller.limit), desk);
        let empty = !answered || lane.fetched == lane.position;
        if empty || poller.always_sleeps {
            lane.poll_base = desk.now + lane.pause(idle, desk.stream);
        }
        if empty && idle == 0 {
            // A loop without sleep would stand still in time: the next look is a microsecond later.
            lane.poll_base = desk.now + 1;
        }
    }
}

/// Reads what there is for another application, which is done with it at once, and sleeps.
pub(super) fn pass(lane: &mut Lane, poller: Poller, desk: &mut Desk<'_, impl Observer>) {
    if lane.read(u64::from(poller.limit), desk) {
        lane.go_on_from(lane.fetched, desk.now);
    }
    if !lane.end_of_shard(desk.now) {
        lane.next_at = desk.now + lane.pause(poller.idle.micros(), desk.stream);
    }
}
