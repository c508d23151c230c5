//! The account of every record: where it is or how it ended. It balances at every instant.

use super::timeline::Metric;
use super::view::View;

/// Where the offered records are after some frames of a run, and how one consumer stands to those that are stored. All counts are records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// Offered to the producer.
    pub offered: u64,
    /// Stored by the stream.
    pub stored: u64,
    /// Stored once more, since the answer to the first put did not come; part of what is stored.
    pub duplicates: u64,
    /// In the producer's memory, and not stored.
    pub at_producer: u64,
    /// Lost because nobody looked at a failed entry.
    pub lost_ignored: u64,
    /// Lost after the last attempt.
    pub lost_exhausted: u64,
    /// Lost for their age at the producer.
    pub lost_too_old: u64,
    /// Lost because the producer's buffer was full.
    pub lost_buffer_full: u64,
    /// Lost with the host that held them.
    pub lost_host_died: u64,
    /// Processed by the function, each record once.
    pub processed: u64,
    /// Processed once more after a worker's death: duplicates, beside the account.
    pub reprocessed: u64,
    /// Stored and waiting for an invocation.
    pub waiting: u64,
    /// In a running invocation.
    pub in_flight: u64,
    /// Aged out of retention before they were processed.
    pub expired: u64,
    /// Before the consumer's starting position: not read, by choice.
    pub skipped: u64,
    /// Given up by the mapping.
    pub discarded: u64,
    /// Passed over by the mapping's filter criteria, by choice.
    pub filtered: u64,
}

impl Ledger {
    /// The account after the first `frames` frames.
    pub fn after(timeline: View<'_>, frames: usize) -> Self {
        let count = |metric| timeline.total(metric, frames) as u64;
        let gauge = |metric| timeline.gauge(metric, frames) as u64;
        Self {
            offered: count(Metric::Offered),
            stored: count(Metric::Stored),
            duplicates: count(Metric::Duplicates),
            at_producer: gauge(Metric::AtProducer),
            lost_ignored: count(Metric::LostIgnored),
            lost_exhausted: count(Metric::LostExhausted),
            lost_too_old: count(Metric::LostTooOld),
            lost_buffer_full: count(Metric::LostBufferFull),
            lost_host_died: count(Metric::LostHostDied),
            processed: count(Metric::Processed),
            reprocessed: count(Metric::Reprocessed),
            waiting: gauge(Metric::Waiting),
            in_flight: gauge(Metric::InFlight),
            expired: count(Metric::Expired),
            skipped: gauge(Metric::Skipped),
            discarded: count(Metric::Discarded),
            filtered: count(Metric::FilteredOut),
        }
    }

    /// Lost at the producer, all causes together.
    pub const fn lost(&self) -> u64 {
        self.lost_ignored + self.lost_exhausted + self.lost_too_old + self.lost_buffer_full + self.lost_host_died
    }

    /// Whether both sides of the account agree: offered + duplicates = stored + at the producer + lost, and
    /// stored = processed + in flight + waiting + expired + discarded + skipped +
    /// filtered out.
    pub const fn balances(&self) -> bool {
        self.offered + self.duplicates == self.stored + self.at_producer + self.lost()
            && self.stored
                == self.processed
                    + self.in_flight
                    + self.waiting
                    + self.expired
                    + self.discarded
                    + self.skipped
                    + self.filtered
    }
}
