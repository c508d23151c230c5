//! Long columns become at most two points for each pixel: the lowest and the highest, so that nothing that would
//! be seen is lost and the cost of a plot does not depend on the length of a run.

/// The mean of each value and the ones before it, `window` in all; fewer at the start. NaN counts as nothing.
pub fn smooth(column: &[f64], window: usize) -> Vec<f64> {
    let window = window.max(1);
    let value = |index: usize| if column[index].is_nan() { 0.0 } else { column[index] };
    let mut sum = 0.0;
    let mut smoothed = Vec::with_capacity(column.len());
    for index in 0..column.len() {
        sum += value(index);
        if index >= window {
            sum -= value(index - window);
        }
        // Adding and taking away leaves crumbs behind.
        smoothed.push((sum / (index + 1).min(window) as f64).max(0.0));
    }
    smoothed
}

/// Which frames share a bucket: `buckets` equal stretches of `total` frames, of which `frames` are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Buckets {
    frames: usize,
    total: usize,
    buckets: usize,
}

impl Buckets {
    /// Buckets for a plot that is `pixels` wide and shows `total` frames, `frames` of them known.
    pub const fn new(frames: usize, total: usize, pixels: usize) -> Self {
        let total = if total == 0 { 1 } else { total };
        Self { frames, total, buckets: if pixels == 0 { 1 } else { pixels } }
    }

    /// Whether there are few enough frames to show each.
    const fn each(self) -> bool {
        self.total <= 2 * self.buckets
    }

    /// The frames of each bucket that has any.
    fn ranges(self) -> impl Iterator<Item = std::ops::Range<usize>> {
        let edge = move |bucket: usize| (bucket * self.total).div_ceil(self.buckets).min(self.frames);
        (0..self.buckets).map(move |bucket| edge(bucket)..edge(bucket + 1)).filter(|range| !range.is_empty())
    }

    /// The positions at which [`values`](Self::values) stand: those of the frames, or two for each bucket.
    /// `position` is where a frame stands.
    pub fn positions(self, position: impl Fn(usize) -> f64) -> Vec<f64> {
        if self.each() {
            return (0..self.frames).map(position).collect();
        }
        self.ranges().flat_map(|range| [position(range.start), position(range.end - 1)]).collect()
    }

    /// The values of a column: as they are, or the lowest and the highest of each bucket in the order in which
    /// they come. NaN where a bucket has nothing else.
    pub fn values(self, column: &[f64]) -> Vec<f64> {
        if self.each() {
            return column[..self.frames].to_vec();
        }
        self.ranges()
            .flat_map(|range| {
                let (mut low, mut high) = (None::<(usize, f64)>, None::<(usize, f64)>);
                for (index, value) in column[range].iter().enumerate().filter(|(_, value)| !value.is_nan()) {
                    if low.is_none_or(|(_, least)| *value < least) {
                        low = Some((index, *value));
                    }
                    if high.is_none_or(|(_, most)| *value >= most) {
                        high = Some((index, *value));
                    }
                }
                match (low, high) {
                    (Some((first, low)), Some((second, high))) if first <= second => [low, high],
                    (Some((_, low)), Some((_, high))) => [high, low],
                    _ => [f64::NAN, f64::NAN],
                }
            })
            .collect()
    }
}
