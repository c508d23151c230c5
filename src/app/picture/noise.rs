//! Places for drops and streaks that look thrown and are always the same.

/// Three numbers from 0 to 1 that belong to `index`.
pub(super) fn scattered(index: usize) -> [f64; 3] {
    let mut state = (index as u64).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    [(); 3].map(|()| {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    })
}

/// How far something has come that started at `phase` and makes `pace` rounds a second: 0 to 1.
pub(super) fn travelled(phase: f64, pace: f64, seconds: f64) -> f64 {
    (phase + seconds * pace).rem_euclid(1.0)
}

/// The point at `share` of a curve from `from` to `to` that leaves and arrives level.
pub(super) fn along_swing(from: (f64, f64), middle: f64, to: (f64, f64), share: f64) -> (f64, f64) {
    let bezier = |a: f64, b: f64, c: f64, d: f64| {
        let rest = 1.0 - share;
        a * rest * rest * rest
            + 3.0 * b * rest * rest * share
            + 3.0 * c * rest * share * share
            + d * share * share * share
    };
    (bezier(from.0, middle, middle, to.0), bezier(from.1, from.1, to.1, to.1))
}
