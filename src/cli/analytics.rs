//! Analytics applications on the command line: the last results of a query, and SQL written out into fields.

use super::report::{plain, row, table, wrapped};
use std::fmt::Write as _;
use streamgauge::limits::grouped;
use streamgauge::metrics::analytics::{Analytics, Name, Window};
use streamgauge::scenario::traffic::partition_key;
use streamgauge::scenario::{Draft, Problem, sql};
use streamgauge::session::Session;
use streamgauge::text;

/// Windows whose rows are printed, and rows of each.
const WINDOWS: usize = 3;
const ROWS: usize = 5;

/// What came of the query of a consumer; nothing where it has none.
pub fn report(session: &Session, consumer: usize) -> String {
    let Some(of) = session.analytics().iter().find(|of| of.consumer() as usize == consumer) else {
        return String::new();
    };
    let results = of.results();
    let mut out = format!("{}\n", wrapped(&sql::text(of.query()), 0));
    let at = |permille| {
        let span = results.delays.quantile(permille);
        span.map_or_else(|| "–".to_owned(), |span| plain(&text::span_text(span.seconds_f64())))
    };
    let kpus = of.settings().kpus();
    let said = format!(
        "{} {} with {} {} on {kpus} KPU{}. Results come {} after the end of a window by half, {} by 99 %, {} at most.",
        grouped(results.windows),
        plural("window", results.windows),
        grouped(results.rows),
        plural("row", results.rows),
        if kpus == 1 { "" } else { "s" },
        at(500),
        at(990),
        at(1_000)
    );
    let _ = writeln!(out, "{}", wrapped(&said, 0));
    for (count, what) in [
        (results.passed, "did not fulfil the conditions"),
        (results.late, "came after their windows were over, and were dropped"),
        (results.no_room, "were not counted: too many groups"),
    ] {
        if count > 0 {
            let _ = writeln!(out, "{} {} {what}.", grouped(count), plural("record", count));
        }
    }
    let open = format!(
        "{} groups in open windows at the end, {} at most.",
        grouped(results.groups),
        grouped(results.groups_peak)
    );
    let _ = writeln!(out, "{open}\n");
    out + &newest(of)
}

/// The rows of the newest windows.
fn newest(of: &Analytics) -> String {
    let (query, results) = (of.query(), of.results());
    if results.newest.is_empty() {
        return String::new();
    }
    let group = query.group.as_ref().map_or_else(String::new, sql::operand_text);
    let heads = ["Window until", "result at", &group].map(str::to_owned);
    let mut rows = vec![heads.into_iter().chain(query.measures.iter().map(sql::measure_text)).collect::<Vec<_>>()];
    let skipped = results.newest.len().saturating_sub(WINDOWS);
    for window in results.newest.iter().skip(skipped) {
        rows.extend(rows_of(window, query.measures.len()));
    }
    let right: Vec<bool> = (0..rows[0].len()).map(|column| column != 2).collect();
    format!("{}\n", table(&rows, &right))
}

fn rows_of(window: &Window, measures: usize) -> Vec<Vec<String>> {
    let clock = |at: streamgauge::units::SimTime| plain(&text::clock(at.seconds_f64()));
    let mut rows = Vec::new();
    for (place, of) in window.kept.iter().take(ROWS).enumerate() {
        let times = if place == 0 { [clock(window.end), clock(window.at)] } else { [String::new(), String::new()] };
        let value = |value: &Option<i128>| value.map_or_else(|| "–".to_owned(), sql::number_text);
        rows.push(times.into_iter().chain([name(&of.name)]).chain(of.values.iter().map(value)).collect());
    }
    let more = window.rows - rows.len() as u64;
    if more > 0 {
        let mut last = row(["", "", &format!("and {} more", grouped(more))]);
        last.extend(std::iter::repeat_n(String::new(), measures));
        rows.push(last);
    }
    rows
}

fn name(name: &Name) -> String {
    match name {
        Name::All => "all".to_owned(),
        Name::Null => "–".to_owned(),
        Name::Number(number) => sql::number_text((*number).into()),
        Name::Text(text) => text.to_string(),
        Name::Key(key) => partition_key(*key),
    }
}

fn plural(word: &str, count: u64) -> String {
    format!("{word}{}", if count == 1 { "" } else { "s" })
}

/// A draft with what its queries say in the fields beside them, as the page needs it, which reads no SQL.
pub fn planned(draft: &Draft) -> Result<Draft, Vec<Problem>> {
    let (mut value, mut problems) = (draft.value().clone(), Vec::new());
    sql::write_plans(&mut value, "", &mut problems);
    if problems.is_empty() { Ok(Draft::from_value(value)) } else { Err(problems) }
}
