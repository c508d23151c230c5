//! SVG markup under construction: elements, path data, and numbers with one decimal.

use std::fmt::Write;

/// Appends a coordinate with at most one decimal; anything that is not a number becomes zero.
fn push_number(out: &mut String, value: f64) {
    let tenths = if value.is_finite() { (value * 10.0).round() as i64 } else { 0 };
    let (whole, tenth) = (tenths.unsigned_abs() / 10, tenths.unsigned_abs() % 10);
    if tenths < 0 {
        out.push('-');
    }
    // Writing to a string cannot fail.
    let _ = match tenth {
        0 => write!(out, "{whole}"),
        _ => write!(out, "{whole}.{tenth}"),
    };
}

/// A coordinate as it stands in markup.
pub(super) fn number(value: f64) -> String {
    let mut out = String::new();
    push_number(&mut out, value);
    out
}

/// Path data: absolute commands, named for what they draw.
#[derive(Clone, Debug, Default)]
pub(super) struct Path(String);

impl Path {
    /// An empty path.
    pub fn new() -> Self {
        Self::default()
    }

    /// A path that begins at a point.
    pub fn at(x: f64, y: f64) -> Self {
        Self::new().to(x, y)
    }

    /// Whether nothing has been drawn.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn command(mut self, letter: char, numbers: &[f64]) -> Self {
        self.push(letter, numbers);
        self
    }

    fn push(&mut self, letter: char, numbers: &[f64]) {
        self.0.push(letter);
        for (place, value) in numbers.iter().enumerate() {
            if place > 0 {
                self.0.push(' ');
            }
            push_number(&mut self.0, *value);
        }
    }

    /// Moves to a point.
    pub fn to(self, x: f64, y: f64) -> Self {
        self.command('M', &[x, y])
    }

    /// A straight line to a point.
    pub fn line(self, x: f64, y: f64) -> Self {
        self.command('L', &[x, y])
    }

    /// A horizontal line to `x`.
    pub fn across(self, x: f64) -> Self {
        self.command('H', &[x])
    }

    /// A vertical line to `y`.
    pub fn down(self, y: f64) -> Self {
        self.command('V', &[y])
    }

    /// A curve that leaves and arrives horizontally, bending at `middle`.
    pub fn swing(self, from_y: f64, middle: f64, x: f64, y: f64) -> Self {
        self.command('C', &[middle, from_y, middle, y, x, y])
    }

    /// A quadratic corner.
    pub fn corner(self, corner: (f64, f64), x: f64, y: f64) -> Self {
        self.command('Q', &[corner.0, corner.1, x, y])
    }

    /// Closes the outline.
    pub fn close(self) -> Self {
        self.command('Z', &[])
    }

    /// Adds a line to a point, in place.
    pub fn add_line(&mut self, x: f64, y: f64) {
        self.push('L', &[x, y]);
    }

    /// Adds a short horizontal dash of `length`, in place.
    pub fn add_dash(&mut self, x: f64, y: f64, length: f64) {
        self.push('M', &[x, y]);
        self.push('h', &[length]);
    }

    /// Adds a vertical tick of `length`, in place.
    pub fn add_tick(&mut self, x: f64, y: f64, length: f64) {
        self.push('M', &[x, y]);
        self.push('v', &[length]);
    }

    /// Adds a rectangle, in place.
    pub fn add_rect(&mut self, x: f64, y: f64, width: f64, height: f64) {
        self.push('M', &[x, y]);
        self.push('h', &[width]);
        self.push('v', &[height]);
        self.push('h', &[-width]);
        self.0.push('z');
    }

    /// Adds a band between two x that keeps its height and bends at `middle`, in place.
    pub fn add_band(&mut self, from: (f64, f64), to: (f64, f64), middle: f64, height: f64) {
        let ((x0, y0), (x1, y1)) = (from, to);
        self.push('M', &[x0, y0]);
        self.push('C', &[middle, y0, middle, y1, x1, y1]);
        self.push('V', &[y1 + height]);
        self.push('C', &[middle, y1 + height, middle, y0 + height, x0, y0 + height]);
        self.0.push('Z');
    }

    /// Adds a drop whose tip is `size` above `y`, in place.
    pub fn add_drop(&mut self, x: f64, y: f64, size: f64) {
        let s = size;
        self.push('M', &[x, y - s]);
        self.push('c', &[s * 0.25, s * 0.5, s * 0.62, s * 0.85, s * 0.62, s * 1.25]);
        self.push('a', &[s * 0.62, s * 0.62, 0.0, 0.0, 1.0, -s * 1.24, 0.0]);
        self.push('c', &[0.0, -s * 0.4, s * 0.37, -s * 0.75, s * 0.62, -s * 1.25]);
        self.0.push('z');
    }

    /// The data for a `d` attribute.
    pub fn data(&self) -> &str {
        &self.0
    }
}

/// Elements, one after the other.
#[derive(Clone, Debug, Default)]
pub(super) struct Svg(String);

impl Svg {
    /// Nothing drawn yet.
    pub fn new() -> Self {
        Self(String::with_capacity(16 * 1024))
    }

    /// Text at a point. `content` is markup: escape what people wrote.
    pub fn text(&mut self, x: f64, y: f64, class: &str, content: &str) {
        self.0.push_str("<text x=\"");
        push_number(&mut self.0, x);
        self.0.push_str("\" y=\"");
        push_number(&mut self.0, y);
        if !class.is_empty() {
            self.0.push_str("\" class=\"");
            self.0.push_str(class);
        }
        self.0.push_str("\">");
        self.0.push_str(content);
        self.0.push_str("</text>");
    }

    /// Text that lies on something drawn: with a rim of paper around its letters.
    pub fn words_on_paper(&mut self, x: f64, y: f64, class: &str, content: &str) {
        self.0.push_str(
            "<g stroke=\"var(--paper)\" stroke-width=\"3\" stroke-linejoin=\"round\" paint-order=\"stroke\">",
        );
        self.text(x, y, class, content);
        self.0.push_str("</g>");
    }

    /// A path whose look comes from attributes, such as `class="lim"`. An empty path draws nothing.
    pub fn path(&mut self, attributes: &str, path: &Path) {
        if path.is_empty() {
            return;
        }
        self.0.push_str("<path ");
        self.0.push_str(attributes);
        self.0.push_str(" d=\"");
        self.0.push_str(path.data());
        self.0.push_str("\"/>");
    }

    /// A rectangle whose look comes from attributes.
    pub fn rect(&mut self, attributes: &str, x: f64, y: f64, width: f64, height: f64) {
        self.0.push_str("<rect ");
        self.0.push_str(attributes);
        let (width, height) = (width.max(0.0), height.max(0.0));
        for (name, value) in [(" x=\"", x), ("\" y=\"", y), ("\" width=\"", width), ("\" height=\"", height)] {
            self.0.push_str(name);
            push_number(&mut self.0, value);
        }
        self.0.push_str("\"/>");
    }

    /// A circle whose look comes from attributes.
    pub fn circle(&mut self, attributes: &str, x: f64, y: f64, radius: f64) {
        self.raw(&format!("<circle {attributes} cx=\"{}\" cy=\"{}\" r=\"{}\"/>", number(x), number(y), number(radius)));
    }

    /// Markup as it is.
    pub fn raw(&mut self, markup: &str) {
        self.0.push_str(markup);
    }

    /// Another drawing, on top.
    pub fn add(&mut self, other: &Self) {
        self.0.push_str(&other.0);
    }

    /// The markup.
    pub fn finish(self) -> String {
        self.0
    }
}

/// Words in the strong weight.
pub(super) fn strong(class: &str, words: &str) -> String {
    format!("<tspan class=\"{class} strong\">{words}</tspan>")
}

/// About how wide `letters` letters of label size are, for a font that is 12 % wider than most.
pub(super) fn label_width(letters: usize, unit: f64) -> f64 {
    letters as f64 * 6.2 * unit
}
