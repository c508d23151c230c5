//! Reads the parts of a traffic curve from a document, and checks rows and times against each other.

use super::document::Reader;
use super::fields::{self, Kind};
use super::traffic::{Part, Series, SeriesRow};
use super::{Problem, sizes, walk};
use crate::limits;
use crate::units::{Bytes, Rate, SimTime, Span};
use std::sync::Arc;

/// The part at a path; `None` where its kind is unknown, which is a problem already.
pub(super) fn part(read: &mut Reader<'_>, path: &str, length: Span) -> Option<Part> {
    let of = |name: &str| format!("{path}.{name}");
    let rate = |read: &Reader<'_>, name: &str| Rate::from_milli(read.number(&of(name)));
    Some(match read.text(&of("kind")) {
        "constant" => Part::Constant { rate: rate(read, "per_s") },
        "ramp" => {
            starts_in_time(read, &of("start_s"), length);
            Part::Ramp {
                from: rate(read, "from_per_s"),
                to: rate(read, "to_per_s"),
                start: read.at(&of("start_s")),
                over: read.span(&of("over_s")),
            }
        }
        "spike" => {
            starts_in_time(read, &of("start_s"), length);
            let (base, factor_milli) = (rate(read, "base_per_s"), read.number(&of("factor")));
            let peak = u128::from(base.milli()) * u128::from(factor_milli) / 1_000;
            if peak > u128::from(limits::OFFERED_RATE_MAX.milli()) {
                let message = format!(
                    "makes a peak above {} records/s; choose a smaller factor or a lower base rate",
                    limits::grouped(limits::OFFERED_RATE_MAX.milli() / 1_000)
                );
                read.wrong(&of("factor"), message);
            }
            Part::Spike {
                base,
                factor_milli,
                start: read.at(&of("start_s")),
                rise: read.span(&of("rise_s")),
                hold: read.span(&of("hold_s")),
                fall: read.span(&of("fall_s")),
            }
        }
        "day_wave" => {
            let (low, high) = (rate(read, "low_per_s"), rate(read, "high_per_s"));
            if low > high {
                let message = format!("is below the lowest rate; choose {} records/s or more", low.per_second_f64());
                read.wrong(&of("high_per_s"), message);
            }
            Part::DayWave { low, high, peak_at: read.span(&of("peak_at_s")) }
        }
        "steps" => Part::Steps { steps: steps(read, &of("steps"), length) },
        "intervals" => Part::Intervals { rows: Arc::new(intervals(read, &of("intervals"), length)) },
        "bursts" => {
            starts_in_time(read, &of("start_s"), length);
            let (every, over) = (read.span(&of("every_s")), read.span(&of("within_ms")));
            if over > every {
                let message = format!("is longer than from burst to burst; choose at most {} ms", every.millis_f64());
                read.wrong(&of("within_ms"), message);
            }
            Part::Bursts { every, start: read.at(&of("start_s")), records: read.number(&of("records")), over }
        }
        "series" => {
            let source = read.text(&of("source")).to_owned();
            Part::Series(Arc::new(Series { source, rows: series(read, &of("rows"), length) }))
        }
        _ => return None,
    })
}

/// A change of the rate that the run never reaches would be without effect.
fn starts_in_time(read: &mut Reader<'_>, path: &str, length: Span) {
    if read.at(path).micros() >= length.micros() && read.ok("length_s") {
        let message = format!("is after the end of the run; choose less than {} s", length.seconds_f64());
        read.wrong(path, message);
    }
}

/// The rows of numbers at a path, each with its index; rows with a problem of their own are left out.
fn sound_rows(read: &Reader<'_>, path: &str) -> Vec<(usize, Vec<u64>)> {
    let Some(Kind::Rows(shape)) = fields::field(path).map(|field| field.kind) else { return Vec::new() };
    let list = read.sound(path).and_then(|value| value.as_array()).map_or(&[][..], Vec::as_slice);
    let numbers = |row: &serde_json::Value| -> Option<Vec<u64>> {
        let cells = row.as_array().filter(|cells| (shape.required..=shape.columns.len()).contains(&cells.len()))?;
        cells.iter().zip(shape.columns).map(|(cell, (_, number))| walk::scaled(cell, *number, "").ok()).collect()
    };
    list.iter().enumerate().filter_map(|(i, row)| Some((i, numbers(row)?))).collect()
}

fn steps(read: &mut Reader<'_>, path: &str, length: Span) -> Vec<(SimTime, Rate)> {
    let rate = |(at, milli)| (at, Rate::from_milli(milli));
    timed_rows(read, path, length).into_iter().map(rate).collect()
}

fn intervals(read: &mut Reader<'_>, path: &str, length: Span) -> Vec<(SimTime, Span)> {
    let gap = |(at, micros)| (at, Span::from_micros(micros));
    timed_rows(read, path, length).into_iter().map(gap).collect()
}

/// Rows of an instant and a number, in order of time.
fn timed_rows(read: &mut Reader<'_>, path: &str, length: Span) -> Vec<(SimTime, u64)> {
    let (mut steps, mut found) = (Vec::new(), Vec::new());
    let mut earliest = None;
    for (i, row) in sound_rows(read, path) {
        let mut wrong = |message: String| found.push(Problem::new(format!("{path}.{i}"), message));
        if earliest.is_some_and(|earliest| row[0] <= earliest) {
            wrong("is not later than the row before it; put the rows in order of time, each time once".to_owned());
        } else if row[0] >= length.micros() && read.ok("length_s") {
            wrong(format!(
                "begins after the end of the run at {} s; remove it or lengthen the run",
                length.seconds_f64()
            ));
        }
        earliest = earliest.max(Some(row[0]));
        steps.push((SimTime::from_micros(row[0]), row[1]));
    }
    read.wrong_rows(path, found);
    steps
}

fn series(read: &mut Reader<'_>, path: &str, length: Span) -> Vec<SeriesRow> {
    let largest = sizes::room(Bytes::new(read.number("stream.max_record_kib") << 10));
    let (mut rows, mut found, mut free_from) = (Vec::new(), Vec::new(), 0);
    for (i, cells) in sound_rows(read, path) {
        let mut wrong = |message: String| found.push(Problem::new(format!("{path}.{i}"), message));
        let (at, row_length, count, bytes) = (cells[0], cells[1], cells[2], cells.get(3).copied());
        let end = at + row_length;
        if at < free_from {
            wrong("begins before the row before it has ended; put the rows in order, without overlap".to_owned());
        } else if end > length.micros() && read.ok("length_s") {
            let until = Span::from_micros(end).seconds_f64();
            wrong(format!("ends at {until} s, after the run; set length_s to {until} or more"));
        }
        match bytes {
            Some(bytes) if count == 0 && bytes > 0 => {
                wrong(format!("has {bytes} bytes but no record; set the bytes to 0 or count the records"));
            }
            Some(bytes) if count > 0 && bytes.div_ceil(count) > largest => wrong(format!(
                "has records of {} bytes; a record holds at most {} bytes of data",
                limits::grouped(bytes.div_ceil(count)),
                limits::grouped(largest)
            )),
            _ => {}
        }
        free_from = free_from.max(end);
        rows.push(SeriesRow { at: SimTime::from_micros(at), length: Span::from_micros(row_length), count, bytes });
    }
    read.wrong_rows(path, found);
    rows
}
