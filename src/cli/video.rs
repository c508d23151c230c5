//! The video of a scenario on the command line.

use super::report::{self, plain, row, table};
use streamgauge::limits::grouped;
use streamgauge::session::VideoRun;
use streamgauge::text;
use streamgauge::units::Span;

/// What came of the video.
pub fn report(run: &VideoRun) -> String {
    let gb = |bytes: u64| format!("{:.3} GB", bytes as f64 / f64::from(1u32 << 30));
    let refused = |(given, refused): (u64, u64)| match refused {
        0 => grouped(given),
        more => format!("{}, and {} refused", grouped(given), grouped(more)),
    };
    let span =
        |span: Option<Span>| span.map_or_else(|| "–".to_owned(), |span| plain(&text::span_text(span.seconds_f64())));
    let at = |permille| span(run.delays.quantile(permille));
    let rows = [
        row(["Video", &format!("{} cameras", grouped(run.video.cameras.into()))]),
        row(["fragments sent", &grouped(run.fragments)]),
        row(["  taken", &grouped(run.fragments - run.throttled)]),
        row(["  lost: over the rate of PutMedia", &grouped(run.throttled)]),
        row(["bytes taken", &gb(run.taken_bytes)]),
        row(["GetMedia connections a camera", &refused(run.get_media)]),
        row(["  bytes", &gb(run.got_bytes)]),
        row(["  seen after, half", &at(500)]),
        row(["  seen after, 99 %", &at(990)]),
        row(["HLS sessions a camera", &refused(run.hls_sessions)]),
        row(["  bytes", &gb(run.hls_bytes)]),
        row(["  seen after", &span(run.hls_delay)]),
    ];
    format!("\n{}\n{}", table(&rows, &[false, true]), report::bill(&run.bill))
}
