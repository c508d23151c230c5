//! Hosts of the producer that die, with what they hold.

use super::super::fact::{Fact, LossCause, Observer};
use super::super::host::Host;
use super::super::put::{Bench, lose, stored_of};
use super::super::waiting::Group;
use super::Producer;
use crate::units::Span;

impl Producer {
    /// Lets some of its hosts die, with everything in their memory; the others take their share until they are back.
    pub fn kill(&mut self, hosts: u32, down: Span, bench: &mut Bench<'_, impl Observer>) {
        let now = bench.now;
        let alive = (0..self.hosts.len()).filter(|host| self.hosts[*host].down_until <= now);
        let dying: Vec<usize> = alive.take(hosts as usize).collect();
        bench.say(Fact::HostsDied { hosts: dying.len() as u32 });
        let is_one = |host: u8| dying.contains(&usize::from(host));
        let mut gone = Vec::new();
        for host in &dying {
            let of = &mut self.hosts[*host];
            self.gathered -= of.pending.len() as u64;
            gone.append(&mut of.pending);
            for group in std::mem::take(&mut of.held_back) {
                self.held_stored -= self.waiting.release(group, &mut gone);
            }
            *of = Host { down_until: now.saturating_add(down.micros()), ..Host::new() };
        }
        self.plain = false;
        let before = gone.len();
        let Self { waiting, queues, line, .. } = self;
        let of_dying = |group: &Group| is_one(waiting.host(*group));
        let groups: Vec<Group> = bench.agenda.iter().filter(|group| of_dying(group)).copied().collect();
        // A group keeps its place until its records are taken, so the agenda lets go of all of them first.
        bench.agenda.retain(|group| !of_dying(group));
        for group in groups {
            waiting.release(group, &mut gone);
        }
        queues.take_of(is_one, &mut gone);
        self.held_stored -= stored_of(&gone[before..]);
        line.take_of(is_one, &mut gone);
        if let Some(kpl) = &mut self.kpl {
            kpl.take_of(is_one, &mut gone);
        }
        self.hosts_due = self.next_of_hosts();
        gone.sort_unstable_by_key(|record| record.number);
        for record in gone {
            lose(record, LossCause::HostDied, bench);
        }
    }
}
