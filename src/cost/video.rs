//! The bill of video: what came in, what went out, what is kept.

use super::quantities::Quantity;
use super::{Bill, BillLine, MONTH};
use crate::scenario::{Scenario, Video};
use crate::units::SimTime;
use crate::{text, words};

const GB: f64 = (1u64 << 30) as f64;

/// The bill, up to an instant, of bytes that were taken, handed on by `GetMedia` and by HLS, and of `whole` of them in the
/// run. That is repeated for 30 days; what is kept is that of the steady state, in proportion to the time.
pub fn video_bill(scenario: &Scenario, video: &Video, so_far: [u64; 3], at: SimTime, whole: [u64; 3]) -> Bill {
    let (run_s, month_s) = (scenario.length.seconds_f64(), MONTH.seconds_f64());
    let gb = |bytes: u64| bytes as f64 / GB;
    let [taken, got, hls] = so_far.map(gb);
    let [month_taken, month_got, month_hls] = whole.map(|bytes| gb(bytes) * month_s / run_s);
    let kept = gb(whole[0]) / run_s * video.retention.seconds_f64();
    let cameras = format!("{} camera{}", video.cameras, if video.cameras == 1 { "" } else { "s" });
    let age = text::span_text(video.retention.seconds_f64());
    let lines = [
        ("video_in_gb", taken, month_taken, format!("{} GB of {cameras}", words::short(taken))),
        ("video_out_gb", got, month_got, format!("{} GB by GetMedia", words::short(got))),
        ("video_hls_gb", hls, month_hls, format!("{} GB by HLS", words::short(hls))),
        (
            "video_gb_month",
            kept * at.seconds_f64() / month_s,
            kept,
            format!("{} GB kept for {age}", words::short(kept)),
        ),
    ];
    let line = |(price, run, month, cause): (&'static str, f64, f64, String)| {
        let quantity = Quantity { price, consumer: None, frames: Vec::new(), month_more: 0.0 };
        (month > 0.0).then(|| super::line(scenario, &quantity, cause, run, month)).flatten()
    };
    let lines: Vec<BillLine> = lines.into_iter().filter_map(line).collect();
    Bill {
        run_total_e4: lines.iter().map(|line| line.run_e4).sum(),
        month_total_cents: lines.iter().map(|line| line.month_cents).sum(),
        lines,
        extrapolation: format!("30 days: this run of {}, repeated for 720 h.", text::span_text(run_s)),
        price_book: format!("{}, list price", scenario.prices.region),
        compared: Vec::new(),
    }
}
