//! The picture of the stream in words, for those who do not see it.

use super::forecast::Forecast;
use super::moment::{Moment, Reading, ShardReading};
use crate::text::{clock, int, rate, span_text};

/// Up to so many shards are described one by one.
const DESCRIBED_MAX: usize = 6;

/// One paragraph that says what the picture of the stream shows.
pub fn lanes_text(moment: &Moment) -> String {
    let (forecast, shown) = Forecast::at(moment);
    let reading = Reading::of(moment, &forecast, &shown);
    let mut sentences = vec![format!("At {}, {} records/s are offered.", clock(moment.at), rate(reading.offered))];
    let count = reading.shards.len();
    if reading.idle {
        let peak = format!("The peak of {} records/s comes at {}.", rate(forecast.peak), clock(forecast.peak_at));
        let room = format!("The stream has {} with room for {} records/s each.", shards(count), rate(reading.room));
        sentences.extend([peak, room]);
        return sentences.join(" ");
    }
    if count <= DESCRIBED_MAX {
        sentences.extend(reading.shards.iter().map(|shard| of_shard(shard, &reading)));
    } else {
        let full = reading.shards.iter().filter(|shard| shard.full).count();
        let late = reading.shards.iter().filter(|shard| shard.age > reading.patience).count();
        sentences.push(format!("Of {}, {} are full and {} are behind.", shards(count), full, late));
        let hardest = reading.hardest();
        sentences.push(of_shard(&reading.shards[hardest], &reading));
    }
    let busy = reading.sum(|shard| shard.busy) / count.max(1) as f64;
    let processed = rate(reading.sum(|shard| shard.processed));
    let name = reading.consumer.title();
    sentences
        .push(format!("{name} is busy {:.0}\u{a0}% of the time and processes {processed} records/s.", busy * 100.0));
    let mut counted = vec![format!("{} records are processed", int(reading.processed_total))];
    let others = [
        (reading.at_producer, "wait at the producer"),
        (reading.lost_total, "are lost at the producer"),
        (reading.expired_total, "expired in the stream"),
        (reading.discarded_total, "were discarded by the mapping"),
        (reading.filtered, "were filtered out"),
        (reading.skipped, "lie before the starting position and are not read"),
    ];
    counted.extend(others.iter().filter(|(n, _)| *n >= 1.0).map(|(n, what)| format!("{} {what}", int(*n))));
    sentences.push(format!("{}.", counted.join(", ")));
    sentences.join(" ")
}

fn shards(count: usize) -> String {
    format!("{} shard{}", int(count as f64), if count == 1 { "" } else { "s" })
}

fn of_shard(shard: &ShardReading, reading: &Reading) -> String {
    let index = shard.id;
    let mut words = if shard.closed {
        format!("Shard {index} is closed and is read to its end")
    } else {
        format!("Shard {index} accepts {} of {} records/s", rate(shard.accepted), rate(reading.room))
    };
    if shard.rejected >= 0.05 {
        words.push_str(&format!(", rejects {}", rate(shard.rejected)));
    }
    if shard.waiting >= 1.0 {
        words.push_str(&format!(", {} wait", int(shard.waiting)));
    }
    if shard.age > reading.patience {
        words.push_str(&format!(", the oldest for {}", span_text(shard.age)));
    }
    words + "."
}
