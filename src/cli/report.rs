//! What `run` prints for people: the verdict, the ledger, the latencies, the bill and the findings.

use std::fmt::Write as _;
use streamgauge::app::log::{self, LogView};
use streamgauge::app::verdict::verdict;
use streamgauge::cost::Bill;
use streamgauge::limits::grouped;
use streamgauge::metrics::positions::LANES_MAX;
use streamgauge::metrics::{Finding, Histogram, Ledger, Outlook};
use streamgauge::rules;
use streamgauge::session::Session;
use streamgauge::{text, words};

/// Width of the lines of sentences.
const WIDTH: usize = 100;

/// Width of the causes on the bill.
const CAUSE_WIDTH: usize = 48;

/// The whole report, with a line break at its end.
pub fn report(session: &Session) -> String {
    let (scenario, timeline) = (session.scenario(), session.timeline());
    let mut out = String::new();
    let _ = writeln!(
        out,
        "{}: {}, seed {}, digest {:016x}\n",
        super::title(scenario),
        plain(&text::span_text(timeline.length().seconds_f64())),
        scenario.seed,
        session.digest().get()
    );
    out.push_str(&stream(session));
    if session.then().len() + session.deliver().len() > 0 {
        let total = session.month_total_cents();
        let _ = writeln!(out, "\n30 days of all streams together: {}.", words::dollars_cents(total));
    }
    out
}

/// What is said of one stream and its consumers.
fn stream(session: &Session) -> String {
    let (scenario, timeline) = (session.scenario(), session.timeline());
    let mut out = String::new();
    for consumer in 0..scenario.consumers.len() {
        let verdict = verdict(scenario, session.seen_by(consumer), timeline.frames());
        let _ = writeln!(out, "{}", wrapped(&verdict.head_text(), 0));
        let _ = writeln!(out, "{}\n", wrapped(&verdict.sub_text(), 0));
    }
    let consumers = &scenario.consumers;
    let several = consumers.len() > 1;
    if several {
        out.push_str(&account("Records", &session.ledger(), |part| part != Part::Consumer));
    }
    for index in 0..consumers.len() {
        let ledger = Ledger::after(session.seen_by(index), timeline.frames());
        out.push_str(&if several {
            account(&scenario.title_of(index), &ledger, |part| part == Part::Consumer)
        } else {
            account("Records", &ledger, |_| true)
        });
        out.push_str(&positions(session, index));
        out.push_str(&latency(session, index));
        out.push_str(&super::analytics::report(session, index));
        out.push_str(&outlook(session.outlook(index)));
    }
    out.push_str(&bill(&session.bill()));
    out.push_str(&findings(&session.findings()));
    for (place, behind) in session.then().iter().enumerate() {
        let _ = writeln!(out, "\n{}\n", wrapped(&format!("── {}", scenario.hop_text(place)), 0));
        out.push_str(&stream(behind));
    }
    for (deliver, run) in scenario.deliver.iter().zip(session.deliver()) {
        let title = format!("{}, read by {}", deliver.title(), scenario.title_of(deliver.consumer as usize));
        out.push_str(&super::firehose::firehose(&title, run));
    }
    out
}

/// How everything is modelled, with a line break at its end.
pub fn model() -> String {
    let mut out = String::new();
    for rule in rules::ALL {
        let _ = writeln!(out, "{}\n{}", rule.title, wrapped(rule.rule, 2));
        if !rule.departure.is_empty() {
            let _ = writeln!(out, "{}", wrapped(&format!("But: {}", rule.departure), 2));
        }
        for limit in rule.limits() {
            let mark = if limit.estimated { ", estimated" } else { "" };
            let (about, source) = (limit.about.trim(), limit.source);
            let line = format!("- {}: {about} ({}, {}{mark})", plain(&limit.value_text()), source.text, source.date);
            let _ = writeln!(out, "{}", wrapped(&line, 4));
        }
        for price in rule.prices() {
            let line = format!(
                "- {} a {}: {}, {} ({}, {})",
                price.text(),
                price.unit,
                price.name,
                price.region,
                price.source,
                price.dated
            );
            let _ = writeln!(out, "{}", wrapped(&line, 4));
        }
        out.push('\n');
    }
    out
}

/// Where in the account a row stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// Up to what the stream stores.
    Stream,
    /// What a consumer does with what is stored.
    Consumer,
}

/// The account, or the part of it that is kept, under a title.
fn account(title: &str, ledger: &Ledger, kept: impl Fn(Part) -> bool) -> String {
    let share = |part: u64| match ledger.offered {
        0 => String::new(),
        offered => plain(&words::percent(part as f64 / offered as f64)),
    };
    let mut rows = vec![row([title, "", "of all"])];
    if kept(Part::Stream) {
        rows.push(row(["offered", &grouped(ledger.offered), ""]));
        rows.push(row(["  stored by the stream", &grouped(ledger.stored), &share(ledger.stored)]));
    }
    // What never happened is not worth a line.
    let parts = [
        (Part::Stream, "    stored once more: duplicates", ledger.duplicates),
        (Part::Consumer, "    processed by the function", ledger.processed),
        (Part::Consumer, "    in a running invocation", ledger.in_flight),
        (Part::Consumer, "    waiting in the stream", ledger.waiting),
        (Part::Consumer, "    expired in the stream", ledger.expired),
        (Part::Consumer, "    given up by the mapping", ledger.discarded),
        (Part::Consumer, "    filtered out by the mapping", ledger.filtered),
        (Part::Consumer, "    before the starting position", ledger.skipped),
        (Part::Stream, "  waiting at the producer", ledger.at_producer),
        (Part::Stream, "  lost: failed entries ignored", ledger.lost_ignored),
        (Part::Stream, "  lost: last attempt failed", ledger.lost_exhausted),
        (Part::Stream, "  lost: too old at the producer", ledger.lost_too_old),
        (Part::Stream, "  lost: producer's buffer full", ledger.lost_buffer_full),
        (Part::Stream, "  lost: with the host that held them", ledger.lost_host_died),
    ];
    for (_, name, count) in parts.into_iter().filter(|(part, _, count)| kept(*part) && *count > 0) {
        rows.push(row([name, &grouped(count), &share(count)]));
    }
    let balance = match ledger.balances() {
        _ if !kept(Part::Consumer) => "",
        true => "The account balances.\n",
        false => "The account does not balance.\n",
    };
    format!("{}{balance}\n", table(&rows, &[false, true, true]))
}

/// Where a consumer stands on each shard at the end.
fn positions(session: &Session, consumer: usize) -> String {
    let (scenario, timeline) = (session.scenario(), session.seen_by(consumer));
    let Some(view) = LogView::of(scenario, timeline, timeline.frames(), LANES_MAX) else { return String::new() };
    let mut rows = vec![row(log::HEADS)];
    rows.extend(view.rows.iter().map(|row| row.cells().map(|cell| plain(&cell)).to_vec()));
    let mut out = table(&rows, &[false, true, true, true, true, true, true, true, false]);
    let more = view.more.map(|more| more.text());
    for words in more.into_iter().chain([view.workers]).filter(|words| !words.is_empty()) {
        let _ = writeln!(out, "{}", wrapped(&format!("{words}."), 0));
    }
    out + "\n"
}

/// What would come if the run went on; nothing where no backlog is left.
fn outlook(outlook: Outlook) -> String {
    let span = |time: f64| plain(&text::span_text(time));
    let loss = outlook.time_to_loss.map(|time| match time {
        0.0 => "Time to loss: none left, records expire.\n".to_owned(),
        _ => format!("Time to loss: {}, if it goes on so.\n", span(time)),
    });
    let caught_up = outlook.caught_up_in.map(|time| format!("Caught up: in {}, if it goes on so.\n", span(time)));
    match loss.into_iter().chain(caught_up).collect::<String>() {
        none if none.is_empty() => none,
        lines => format!("{lines}\n"),
    }
}

fn latency(session: &Session, consumer: usize) -> String {
    let line = |name: &str, histogram: Histogram| {
        let at = |permille| {
            let span = histogram.quantile(permille);
            span.map_or("–".to_owned(), |span| plain(&text::span_text(span.seconds_f64())))
        };
        vec![name.to_owned(), at(500), at(990), at(1_000)]
    };
    let recorder = session.recorder();
    let rows = [
        row(["Latency", "half", "99 %", "all"]),
        line("from put to processed", recorder.put_latency(consumer)),
        line("from offered to processed", recorder.offer_latency(consumer)),
    ];
    format!("{}\n", table(&rows, &[false, true, true, true]))
}

pub fn bill(bill: &Bill) -> String {
    let mut rows = vec![row(["Bill", "", "this run", "30 days"])];
    for line in &bill.lines {
        let (run, month) = (words::dollars_e4(line.run_e4), words::dollars_cents(line.month_cents));
        let cause = wrapped_to(CAUSE_WIDTH, &plain(&line.cause), 0);
        let mut parts = cause.lines();
        rows.push(row([&line.name, parts.next().unwrap_or_default(), &run, &month]));
        rows.extend(parts.map(|part| row(["", part, "", ""])));
    }
    let (run, month) = (words::dollars_e4(bill.run_total_e4), words::dollars_cents(bill.month_total_cents));
    rows.push(row(["together", "", &run, &month]));
    let note = format!("{}. {}", bill.price_book, plain(&bill.extrapolation));
    let compared = match bill.compared_text() {
        text if text.is_empty() => text,
        text => format!("{}\n", wrapped(&plain(&format!("The same arrivals in 30 days: {text}.")), 0)),
    };
    format!("{}{}\n{compared}\n", table(&rows, &[false, false, true, true]), wrapped(&note, 0))
}

pub fn findings(findings: &[Finding]) -> String {
    let mut out = "Findings\n".to_owned();
    for (i, finding) in findings.iter().enumerate() {
        let _ = writeln!(out, "{}. {}", i + 1, wrapped(&finding.cause, 3));
        let _ = writeln!(out, "   {}", wrapped(&finding.evidence, 3));
        let _ = writeln!(out, "   {}", wrapped(&finding.remedy, 3));
    }
    if findings.is_empty() {
        out.push_str("none\n");
    }
    out
}

pub fn row<const N: usize>(cells: [&str; N]) -> Vec<String> {
    cells.map(str::to_owned).into()
}

/// Rows as lines, each column as wide as its widest cell; `right` says which columns end at the same place.
pub fn table(rows: &[Vec<String>], right: &[bool]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..right.len()).map(width).collect();
    let mut out = String::new();
    for row in rows {
        let mut line = String::new();
        for ((cell, width), right) in row.iter().zip(&widths).zip(right) {
            let _ = if *right { write!(line, "{cell:>width$}  ") } else { write!(line, "{cell:<width$}  ") };
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// Sentences broken into lines, those after the first indented.
pub fn wrapped(sentences: &str, indent: usize) -> String {
    wrapped_to(WIDTH, sentences, indent)
}

fn wrapped_to(width: usize, sentences: &str, indent: usize) -> String {
    let (mut out, mut used) = (String::new(), indent);
    for word in plain(sentences).split_whitespace() {
        let length = word.chars().count();
        if used > indent && used + 1 + length > width {
            out.push('\n');
            out.push_str(&" ".repeat(indent));
            used = indent;
        } else if used > indent {
            out.push(' ');
            used += 1;
        }
        out.push_str(word);
        used += length;
    }
    out
}

/// Text without the no-break spaces and places to break that only a page needs.
pub fn plain(text: &str) -> String {
    text.replace('\u{a0}', " ").replace('\u{200b}', "")
}
