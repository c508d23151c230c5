//! Findings about what fills one shard before the others, and about room that rounding takes.

use super::{Finding, Seen, Tone, Try, capacity_bytes};
use crate::hash_key::HashKey;
use crate::limits;
use crate::metrics::timeline::Metric;
use crate::scenario::{Keys, capacity};
use crate::text::int;
use crate::words::{percent, rate_text};
use serde_json::json;

/// A shard that gets this many times an even share is hot.
pub(super) const HOT: f64 = 1.5;
/// A key with this share of its shard's records decides what a split does; below, it is one among many.
const TELLING: f64 = 0.25;
/// Rounding is worth a sentence from this share of the byte limit on: less disappears in the spread of sizes.
const ROUNDING: f64 = 0.1;

impl Seen<'_> {
    /// One key, or one shard, gets more than a shard takes. Which of the two decides what helps.
    pub(super) fn uneven(&self) -> Option<Finding> {
        if self.throttled == 0.0 { None } else { self.hot_key().or_else(|| self.hot_shard()) }
    }

    fn hot_key(&self) -> Option<Finding> {
        let keys = self.scenario.traffic.keys;
        let share = capacity::hottest_share(keys);
        let rate = self.peak * share;
        if rate <= self.room {
            return None;
        }
        let others = match self.hottest() {
            Some((shard, of_shard)) if of_shard > share * 1.02 && self.holds_hottest_key(shard) => format!(
                " Shard {shard} has {} with it; a split frees these {} records/s and leaves the key over its limit.",
                percent(of_shard - share),
                rate_text(self.peak * (of_shard - share))
            ),
            _ => String::new(),
        };
        Some(Finding {
            id: "hot-key",
            tone: Tone::Lost,
            cause: "One key is hot".to_owned(),
            evidence: format!(
                "{} of the records carry one partition key, so they can use one shard only: {} of {} records/s.{others}",
                percent(share),
                int(self.room),
                rate_text(rate)
            ),
            remedy: "Spread the key, for instance with a suffix; more shards do not help.".to_owned(),
            remedy_try: Some(Try {
                label: "Spread the key".to_owned(),
                edits: Try::edit("traffic.keys", json!({"kind": "uniform", "count": keys.count().max(10_000)})),
            }),
        })
    }

    fn hot_shard(&self) -> Option<Finding> {
        let (shard, share) = self.is_hot()?;
        let keys = self.scenario.traffic.keys;
        let (rate, key) = (self.peak * share, capacity::hottest_share(keys));
        let of_shard = if self.holds_hottest_key(shard) { key / share } else { 0.0 };
        // The half with the busiest key, if all others divide evenly.
        let fuller = rate * (of_shard + (1.0 - of_shard) / 2.0);
        let fits = fuller <= self.room;
        let busiest = if of_shard >= TELLING {
            format!(" {} of them are one key’s, which a split does not divide.", percent(of_shard))
        } else {
            String::new()
        };
        let halves = format!("A split in the middle leaves {} records/s in the fuller half", rate_text(fuller));
        let remedy = if fits {
            format!("{halves}, which takes {}. Or use more and evenly used partition keys.", int(self.room))
        } else {
            format!("{halves}, above the {} that it takes: use more and evenly used partition keys.", int(self.room))
        };
        let by_hand = !self.scenario.stream.scales() && shard < self.scenario.stream.open_at_start() as usize;
        let remedy_try = if fits && by_hand {
            let split = json!([{"at_s": 0, "kind": "split_shard", "shard": shard}]);
            Try { label: format!("Try splitting shard {shard}"), edits: Try::edit("operations", split) }
        } else {
            let count = if keys == Keys::One { 10_000 } else { keys.count().max(100_000) };
            let even = json!({"kind": "uniform", "count": count});
            Try { label: "Try evenly used keys".to_owned(), edits: Try::edit("traffic.keys", even) }
        };
        Some(Finding {
            id: "hot-shard",
            tone: Tone::Lost,
            cause: format!("Shard {shard} is hot"),
            evidence: format!(
                "It gets {} of the records, an even share is {}. The keys in its hash range fill it while others have \
                 room.{busiest}",
                percent(share),
                percent(1.0 / self.shard_count())
            ),
            remedy,
            remedy_try: Some(remedy_try),
        })
    }

    /// Whether the key that is drawn most lies in the range of a shard.
    fn holds_hottest_key(&self, shard: usize) -> bool {
        let at = HashKey::of(&crate::scenario::traffic::partition_key(0)).get() as f64 / u128::MAX as f64;
        let [start, end] = self.timeline.shard(shard).range;
        (start..end).contains(&at)
    }

    /// `PutRecord` rounds every record up before it is charged, which can take much of the byte limit.
    pub(super) fn rounding_loss(&self) -> Option<Finding> {
        let alone = capacity::rounds_each(self.scenario);
        let lost = 1.0 - self.total(Metric::StoredBytes) / (self.total(Metric::StoredKib) * 1_024.0).max(1.0);
        if !alone || self.throttled == 0.0 || !self.bytes_bind || lost < ROUNDING {
            return None;
        }
        let bytes = capacity_bytes(self);
        let by_bytes = (limits::SHARD_WRITE_BYTES_PER_SECOND.get() as f64 / bytes).floor();
        let unrounded = capacity::by_count(self.scenario).min(by_bytes);
        Some(Finding {
            id: "rounding-loss",
            tone: Tone::Lost,
            cause: "Rounding eats the byte limit".to_owned(),
            evidence: format!(
                "PutRecord charges each record as whole KiB: {} of the bytes that a shard is charged are no data. It \
                 takes {} records/s of {} bytes instead of {}.",
                percent(lost),
                int(self.room),
                int(bytes),
                int(unrounded)
            ),
            remedy: "PutRecords rounds the sum of a call, not each record: put several at once.".to_owned(),
            remedy_try: Some(Try {
                label: "Try PutRecords".to_owned(),
                edits: Try::edit("producer.call", json!("PutRecords")),
            }),
        })
    }

    /// Whether the load is so uneven that more shards alone would not help.
    pub(super) fn is_hot(&self) -> Option<(usize, f64)> {
        let uneven =
            |(_, share): &(usize, f64)| self.scenario.stream.open_at_start() > 1 && share * self.shard_count() >= HOT;
        (self.throttled > 0.0).then(|| self.hottest().filter(uneven)).flatten()
    }
}
