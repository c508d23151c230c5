//! A table with a time and a count column becomes the traffic: counts per step, kept to the record.

use super::problem::Problem;
use super::traffic::{Series, SeriesRow};
use super::{canonical, sizes, timestamp, walk};
use crate::limits;
use crate::text;
use crate::units::{SimTime, Span};
use serde_json::{Value, json};

/// Names of columns, as exports and people write them. A column whose name contains one of them is taken.
const TIME_NAMES: &[&str] = &["timestamp", "datetime", "time", "date", "epoch", "at_s", "second", "minute", "start"];
const COUNT_NAMES: &[&str] =
    &["count", "request", "record", "value", "sum", "event", "message", "hits", "samples", "number"];
const BYTES_NAMES: &[&str] = &["bytes", "size", "volume"];

/// A table that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Imported {
    /// The series, its first row at the start of the run.
    pub series: Series,
    /// From the start of the first row to the end of the last.
    pub length: Span,
    /// Records in all rows.
    pub records: u64,
    /// Bytes in all rows, where there is a column of bytes.
    pub bytes: Option<u64>,
    /// The most common distance between rows.
    pub step: Span,
    /// Places where the distance is longer; nothing is offered in them.
    pub gaps: usize,
    /// Time of the first row as the table writes it.
    pub begins: String,
    /// Headers of the columns that were taken: time, count, and bytes.
    pub columns: (String, String, Option<String>),
}

impl Imported {
    /// The series as a part of a document's curve.
    pub fn part(&self) -> Value {
        json!({ "kind": "series", "source": self.series.source, "rows": canonical::series_rows(&self.series.rows) })
    }
}

/// The cells of a line.
type Cells = Vec<String>;

/// The cells of the first line, and those of the others with their line numbers.
type Table = (Cells, Vec<(u64, Cells)>);

/// A row of the table while it is being read.
struct Row {
    line: u64,
    at: i64,
    written: String,
    count: u64,
    bytes: Option<u64>,
}

/// Reads a table: a header, a column of time, a column of counts, perhaps one of bytes. `source` says in words
/// where the table comes from. Rows may stand in any order; a gap between rows stays a gap.
pub fn import(text: &str, source: &str) -> Result<Imported, Vec<Problem>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (header, records) = read(text)?;
    let (time, count, bytes) = columns(&header, &records)?;
    let (mut rows, mut problems) = (Vec::new(), Vec::new());
    for (line, cells) in &records {
        let cell = |column: usize| cells.get(column).map_or("", String::as_str);
        let mut wrong = |message: String| problems.push(at_line(*line, message));
        let at = timestamp::micros(cell(time));
        if at.is_none() {
            let example = "write it like 2014-04-10T00:04:00Z, or in seconds";
            wrong(format!("\"{}\" in column \"{}\" is not a time; {example}", cell(time), header[time]));
        }
        let records = whole(cell(count));
        if records.is_none() {
            let name = &header[count];
            wrong(format!("\"{}\" in column \"{name}\" is not a whole number; write a count of records", cell(count)));
        }
        let size = bytes.map(cell).filter(|cell| !cell.is_empty());
        let size = match size.map(|cell| (cell, whole(cell))) {
            None => None,
            Some((_, Some(bytes))) => Some(bytes),
            Some((cell, None)) => {
                wrong(format!("\"{cell}\" is not a whole number of bytes; correct it or leave it empty"));
                None
            }
        };
        if let (Some(at), Some(count)) = (at, records) {
            // Bytes without a record are a rounding of the export's, and there is nothing to give them to.
            let bytes = size.map(|bytes| if count == 0 { 0 } else { bytes });
            check_size(*line, count, bytes, &mut problems);
            rows.push(Row { line: *line, at, written: cell(time).to_owned(), count, bytes });
        }
    }
    // Exports of CloudWatch come in no order.
    rows.sort_by_key(|row| (row.at, row.line));
    for pair in rows.windows(2).filter(|pair| pair[0].at == pair[1].at) {
        problems.push(at_line(pair[1].line, format!("has the same time as line {}; keep one of them", pair[0].line)));
    }
    if records.len() < 2 {
        problems.push(Problem::new("", "the table has fewer than two rows; the distance between rows is their length"));
    }
    if records.len() > limits::SERIES_ROWS_MAX as usize {
        let most = limits::grouped(limits::SERIES_ROWS_MAX);
        problems.push(Problem::new("", format!("the table has {} rows; at most {most} are read", records.len())));
    }
    if !problems.is_empty() {
        problems.sort_by_key(|problem| problem.path.strip_prefix("line ").and_then(|line| line.parse::<u64>().ok()));
        return Err(walk::shortened(problems, ""));
    }
    let names = (header[time].clone(), header[count].clone(), bytes.map(|column| header[column].clone()));
    assemble(&rows, source, names)
}

/// Puts the sorted rows on the run's clock.
fn assemble(rows: &[Row], source: &str, columns: (String, String, Option<String>)) -> Result<Imported, Vec<Problem>> {
    let distances: Vec<u64> = rows.windows(2).map(|pair| pair[0].at.abs_diff(pair[1].at)).collect();
    let mut sorted = distances.clone();
    sorted.sort_unstable();
    // Of distances that are equally common the shortest is the step.
    let most_common = sorted.chunk_by(|a, b| a == b).rev().max_by_key(|same| same.len());
    let step = most_common.and_then(|same| same.first().copied()).unwrap_or(0);
    let first = rows.first().map_or(0, |row| row.at);
    let lengths = distances.iter().map(|distance| step.min(*distance)).chain([step]);
    let series: Vec<SeriesRow> = rows
        .iter()
        .zip(lengths)
        .map(|(row, length)| SeriesRow {
            at: SimTime::from_micros(row.at.abs_diff(first)),
            length: Span::from_micros(length),
            count: row.count,
            bytes: row.bytes,
        })
        .collect();
    let length = series.last().map_or(Span::ZERO, |row| row.at.since(SimTime::ZERO) + row.length);
    let records = rows.iter().fold(0u64, |sum, row| sum.saturating_add(row.count));
    let mut problems = Vec::new();
    if length > limits::RUN_LENGTH_MAX {
        let days = length.seconds_f64() / 86_400.0;
        let message = format!("the table covers {days:.1} days and a run has at most 31; cut it or take longer steps");
        problems.push(Problem::new("", message));
    }
    if records > limits::OFFERED_MAX {
        let (records, most) = (limits::grouped(records), limits::grouped(limits::OFFERED_MAX));
        problems.push(Problem::new("", format!("the table counts {records} records; at most {most} fit in a run")));
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let has_bytes = series.iter().any(|row| row.bytes.is_some());
    Ok(Imported {
        length,
        records,
        bytes: has_bytes.then(|| series.iter().filter_map(|row| row.bytes).sum()),
        step: Span::from_micros(step),
        gaps: distances.iter().filter(|distance| **distance > step).count(),
        begins: rows.first().map_or(String::new(), |row| row.written.clone()),
        series: Series { source: source.to_owned(), rows: series },
        columns,
    })
}

/// Reads the header and the rows; empty lines are left out.
fn read(text: &str) -> Result<Table, Vec<Problem>> {
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or("");
    // Spreadsheets in half of Europe separate by semicolons.
    let delimiter = [',', ';', '\t'].into_iter().rev().max_by_key(|d| first.chars().filter(|c| c == d).count());
    let mut rows = split(text, delimiter.unwrap_or(','));
    let header = if rows.is_empty() { Cells::new() } else { rows.remove(0).1 };
    let headed = header.iter().any(|name| text::number(name).is_none() && timestamp::micros(name).is_none());
    if header.len() < 2 || !headed {
        let message = "the first line has to be a header with a time and a count column, like timestamp,requests";
        return Err(vec![Problem::new("line 1", message)]);
    }
    Ok((header, rows))
}

/// The cells of every line that is not empty, with its number. A cell in quotation marks may hold the delimiter, line
/// breaks and doubled marks.
fn split(text: &str, delimiter: char) -> Vec<(u64, Cells)> {
    let (mut rows, mut cells, mut cell) = (Vec::new(), Cells::new(), String::new());
    let (mut line, mut begun, mut quoted) = (1, 1, false);
    let mut letters = text.chars().chain(['\n']).peekable();
    while let Some(letter) = letters.next() {
        line += u64::from(letter == '\n');
        let at_end = letters.peek().is_none();
        match letter {
            '"' if quoted && letters.next_if_eq(&'"').is_some() => cell.push('"'),
            '"' if quoted => quoted = false,
            '"' if cell.trim().is_empty() => quoted = true,
            _ if quoted && !at_end => cell.push(letter),
            '\n' | '\r' => {
                if !cells.is_empty() || !cell.trim().is_empty() {
                    cells.push(cell.trim().to_owned());
                    rows.push((begun, std::mem::take(&mut cells)));
                }
                cell.clear();
                begun = line;
            }
            _ if letter == delimiter => cells.push(std::mem::take(&mut cell).trim().to_owned()),
            _ => cell.push(letter),
        }
    }
    rows
}

/// Which columns hold time, count and bytes: by name, else the first, the second, and the third if it may be bytes.
fn columns(header: &[String], rows: &[(u64, Cells)]) -> Result<(usize, usize, Option<usize>), Vec<Problem>> {
    let find = |names: &[&str], taken: &[usize]| {
        let free = |column: &usize| !taken.contains(column);
        let matches = |column: &usize, name: &str| header[*column].to_ascii_lowercase().contains(name);
        names.iter().find_map(|name| (0..header.len()).filter(free).find(|column| matches(column, name)))
    };
    let time = find(TIME_NAMES, &[]).unwrap_or(0);
    let named_bytes = find(BYTES_NAMES, &[time]);
    let mut taken = vec![time];
    taken.extend(named_bytes);
    let other = |taken: &[usize]| (0..header.len()).find(|column| !taken.contains(column));
    let Some(count) = find(COUNT_NAMES, &taken).or_else(|| other(&taken)) else {
        let message = "there is no column of counts; add one and name it count";
        return Err(vec![Problem::new("line 1", message)]);
    };
    // An unnamed third column is taken for bytes only where every row could be: at least a byte a record.
    let third = other(&[time, count]).filter(|column| {
        let fits = |cells: &Cells| {
            let number = |column: usize| cells.get(column).and_then(|cell| whole(cell));
            number(*column).zip(number(count)).is_some_and(|(bytes, count)| bytes >= count)
        };
        header.len() == 3 && !rows.is_empty() && rows.iter().all(|(_, cells)| fits(cells))
    });
    Ok((time, count, named_bytes.or(third)))
}

/// A whole number that is not negative, with or without decimals that are zero.
fn whole(text: &str) -> Option<u64> {
    let digits = match text.split_once('.') {
        Some((digits, zeros)) if zeros.bytes().all(|byte| byte == b'0') => digits,
        Some(_) => return None,
        None => text,
    };
    digits.parse().ok().filter(|number| *number <= limits::OFFERED_MAX * limits::RECORD_BYTES_MAX.get())
}

/// Reports a row whose records would be larger than a stream takes.
fn check_size(line: u64, count: u64, bytes: Option<u64>, problems: &mut Vec<Problem>) {
    let most = sizes::room(limits::RECORD_BYTES_SETTABLE_MAX);
    if let Some(bytes) = bytes.filter(|bytes| count > 0 && bytes.div_ceil(count) > most) {
        let (mean, most) = (limits::grouped(bytes / count), limits::grouped(most));
        problems.push(at_line(line, format!("has records of {mean} bytes on average; a record holds at most {most}")));
    }
}

fn at_line(line: u64, message: String) -> Problem {
    Problem::new(format!("line {line}"), message)
}
