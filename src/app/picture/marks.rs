//! The marks that carry meaning: patterns, the product's sign, the drop, the legend.

use super::svg::{Path, Svg};

/// The four meanings; the same in both themes. Colour never stands alone: each has a second sign.
pub(super) const FLOW: &str = "var(--flow)";
pub(super) const LOST: &str = "var(--lost)";
pub(super) const DONE: &str = "var(--done)";
pub(super) const WAIT: &str = "var(--wait)";
/// Diagonal hatch: throttled and lost.
pub(super) const HATCH: &str = "url(#p-lost)";
/// Upright stripes: waiting.
pub(super) const STRIPES: &str = "url(#p-wait)";

/// `fill="…"`.
pub(super) fn fill(paint: &str) -> String {
    format!("fill=\"{paint}\"")
}

/// `fill="none" stroke="…" stroke-width="…"`.
pub(super) fn stroke(paint: &str, width: f64) -> String {
    format!("fill=\"none\" stroke=\"{paint}\" stroke-width=\"{}\"", (width * 100.0).round() / 100.0)
}

/// The patterns that every picture refers to, in a hidden drawing. Once a page.
pub fn defs() -> String {
    concat!(
        r#"<svg width="0" height="0" class="vh" aria-hidden="true"><defs>"#,
        r#"<pattern id="p-lost" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">"#,
        r#"<rect width="5" height="5" fill="var(--lost)" fill-opacity=".16"/>"#,
        r#"<rect width="2.4" height="5" fill="var(--lost)"/></pattern>"#,
        r#"<pattern id="p-wait" width="4" height="4" patternUnits="userSpaceOnUse">"#,
        r#"<rect width="4" height="4" fill="var(--wait)" fill-opacity=".3"/>"#,
        r#"<rect width="2" height="4" fill="var(--wait)"/></pattern></defs></svg>"#
    )
    .to_owned()
}

/// The product's sign: a gauge beside a rising stream.
pub fn glyph() -> String {
    concat!(
        r#"<svg viewBox="0 0 18 22" aria-hidden="true">"#,
        r#"<path d="M4 1v20M4 2h6M4 6.8h3.6M4 11.6h6M4 16.4h3.6M4 21h6" fill="none" stroke="currentColor" "#,
        r#"stroke-width="1.7"/>"#,
        r#"<path d="M9.2 8.8c1.5-1.7 3-1.7 4.4 0s2.6 1.6 4 .2v12.2H9.2z" fill="var(--flow)"/></svg>"#
    )
    .to_owned()
}

/// How to read the picture: a little drawing, a few bold words and the rest of the sentence.
pub fn legend() -> [(String, &'static str, &'static str); 4] {
    let drawing = |svg: Svg| format!("<svg viewBox=\"0 0 48 28\" aria-hidden=\"true\">{}</svg>", svg.finish());
    let wall = |svg: &mut Svg, x: f64, top: f64, bottom: f64| {
        svg.path(&stroke("var(--ink)", 2.25), &Path::at(x, top).down(bottom));
    };

    let mut band = Svg::new();
    let widening = Path::at(0.0, 13.0).across(14.0).swing(13.0, 24.0, 34.0, 6.0).across(48.0);
    let widening = widening.down(24.0).across(34.0).swing(24.0, 24.0, 14.0, 16.0).across(0.0).close();
    band.path(&fill(FLOW), &widening);

    let mut rejected = Svg::new();
    let hook = Path::at(0.0, 4.0).across(24.0).corner((31.0, 4.0), 31.0, 11.0).down(26.0).across(14.0).down(14.0);
    rejected.path(&format!("{} stroke=\"{LOST}\"", fill(HATCH)), &hook.across(0.0).close());
    wall(&mut rejected, 33.0, 0.0, 28.0);

    let mut waiting = Svg::new();
    waiting.rect(&fill(STRIPES), 0.0, 5.0, 34.0, 18.0);
    waiting.rect(&fill(DONE), 35.0, 13.0, 13.0, 10.0);
    wall(&mut waiting, 34.0, 1.0, 27.0);

    let mut done = Svg::new();
    done.rect(&fill(DONE), 0.0, 9.0, 48.0, 10.0);

    [
        (drawing(band), "A band is a flow.", "The wider, the more records a second."),
        (drawing(rejected), "Hatched did not fit.", "The shard is at its limit and rejects it."),
        (
            drawing(waiting),
            "Striped waits.",
            "The longer, the older; the upright bar is the checkpoint, where the function reads.",
        ),
        (drawing(done), "Green is done.", ""),
    ]
}
