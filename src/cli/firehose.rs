//! What `run` prints of delivery streams.

use super::report::{bill, findings, plain, row, table};
use std::fmt::Write as _;
use streamgauge::engine::firehose::{PutLoss, SetAside};
use streamgauge::limits::grouped;
use streamgauge::metrics::Histogram;
use streamgauge::session::FirehoseRun;
use streamgauge::{text, words};

/// What is said of a delivery stream.
pub fn firehose(title: &str, run: &FirehoseRun) -> String {
    let ledger = run.ledger();
    let share = |part: u64| match ledger.offered {
        0 => String::new(),
        offered => plain(&words::percent(part as f64 / offered as f64)),
    };
    let mut out = format!("\n── {title}: digest {:016x}\n\n", run.digest().get());
    let mut rows = vec![
        row(["Records", "", "of all"]),
        row(["offered", &grouped(ledger.offered), ""]),
        row(["  accepted", &grouped(ledger.accepted), &share(ledger.accepted)]),
    ];
    let mut parts = vec![
        ("    delivered".to_owned(), ledger.delivered),
        ("    in the buffer".to_owned(), ledger.buffered),
        ("    in deliveries".to_owned(), ledger.in_delivery),
        ("    with the function".to_owned(), ledger.in_transform),
        ("    dropped by the function".to_owned(), ledger.dropped),
    ];
    let aside = SetAside::ALL.iter().zip(ledger.set_aside);
    parts.extend(aside.map(|(why, count)| (format!("    under the error prefix: {}", why.text()), count)));
    parts.push(("    lost: not delivered in time".to_owned(), ledger.lost));
    parts.push(("  waiting at the producer".to_owned(), ledger.at_producer));
    let lost = PutLoss::ALL.iter().zip(ledger.lost_put);
    parts.extend(lost.map(|(cause, count)| (format!("  lost: {}", cause.text()), count)));
    rows.extend(
        parts
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .map(|(name, count)| row([&name, &grouped(count), &share(count)])),
    );
    let balance = if ledger.balances() { "The account balances." } else { "The account does not balance." };
    let _ = writeln!(out, "{}{balance}\n", table(&rows, &[false, true, true]));
    let (objects, mean_bytes, backups) = run.objects();
    if objects + backups > 0 {
        let mut said =
            format!("{} objects of {} KiB on the average", grouped(objects), words::short(mean_bytes / 1024.0));
        if backups > 0 {
            let _ = write!(said, ", and {} under the error prefix", grouped(backups));
        }
        let _ = writeln!(out, "{}.\n", plain(&said));
    }
    let latency = |name: &str, histogram: &Histogram| {
        let at = |permille| {
            let span = histogram.quantile(permille);
            span.map_or("–".to_owned(), |span| plain(&text::span_text(span.seconds_f64())))
        };
        vec![name.to_owned(), at(500), at(990), at(1_000)]
    };
    let rows = [
        row(["Latency", "half", "99 %", "all"]),
        latency("from offered to accepted", run.recorder().waits()),
        latency("from offered to delivered", run.recorder().late()),
    ];
    let _ = writeln!(out, "{}", table(&rows, &[false, true, true, true]));
    out.push_str(&bill(&run.bill()));
    out.push_str(&findings(&run.findings()));
    out
}
