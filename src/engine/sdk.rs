//! The AWS SDK as the producer's application meets it: its retry modes with their budgets, and the rate limiter of the
//! adaptive mode. One client for each host.

use super::rng::Rng;
use crate::limits;
use crate::scenario::SdkMode;
use crate::units::{MICROS_PER_SECOND, Span};

/// What a retry mode does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rules {
    attempts: u64,
    /// Longest wait before the first retry after an answer that did not come, and after a throttled call.
    base: Span,
    base_throttled: Span,
    cap: Span,
    /// Tokens that a retry costs; zero where the mode has no budget.
    cost: u64,
    cost_throttled: u64,
    /// What a wait is rounded down to, µs.
    step: u64,
}

impl Rules {
    pub(super) const fn of(mode: SdkMode) -> Self {
        let standard = Self {
            attempts: limits::SDK_ATTEMPTS,
            base: limits::SDK_BACKOFF_BASE,
            base_throttled: limits::SDK_BACKOFF_BASE_THROTTLED,
            cap: limits::SDK_BACKOFF_CAP,
            cost: limits::SDK_RETRY_COST_TIMEOUT,
            cost_throttled: limits::SDK_RETRY_COST,
            step: 1_000,
        };
        match mode {
            SdkMode::Standard | SdkMode::Adaptive => standard,
            SdkMode::Standard2026 => Self {
                base: limits::SDK_2026_BACKOFF_BASE,
                base_throttled: limits::SDK_2026_BACKOFF_BASE_THROTTLED,
                cost: limits::SDK_2026_RETRY_COST,
                ..standard
            },
            SdkMode::PythonStandard => Self {
                base: limits::PYTHON_BACKOFF_BASE,
                base_throttled: limits::PYTHON_BACKOFF_BASE,
                step: 1,
                ..standard
            },
            SdkMode::Legacy => Self {
                attempts: limits::LEGACY_ATTEMPTS,
                base: limits::PYTHON_BACKOFF_BASE,
                base_throttled: limits::PYTHON_BACKOFF_BASE,
                cap: Span::from_hours(1),
                cost: 0,
                cost_throttled: 0,
                step: 1,
            },
        }
    }
}

/// The client of one host.
#[derive(Clone, Debug)]
pub(super) struct Client {
    pub tokens: u64,
    pub limiter: RateLimiter,
}

impl Client {
    pub(super) const fn new() -> Self {
        Self { tokens: limits::SDK_RETRY_TOKENS, limiter: RateLimiter::new() }
    }

    /// A call was answered well: a retry gives its tokens back, another success one.
    #[inline]
    pub(super) fn succeeded(&mut self, attempt: u16) {
        if self.tokens < limits::SDK_RETRY_TOKENS {
            let refund = if attempt > 1 { limits::SDK_RETRY_COST } else { limits::SDK_SUCCESS_REFUND };
            self.tokens = (self.tokens + refund).min(limits::SDK_RETRY_TOKENS);
        }
    }

    /// How long the SDK waits before it makes a call again that failed as a whole, or `None` where it gives up.
    pub(super) fn again(&mut self, mode: SdkMode, attempt: u16, throttled: bool, rng: &mut Rng) -> Option<u64> {
        let rules = Rules::of(mode);
        let (cost, base) =
            if throttled { (rules.cost_throttled, rules.base_throttled) } else { (rules.cost, rules.base) };
        if u64::from(attempt) >= rules.attempts || self.tokens < cost {
            return None;
        }
        self.tokens -= cost;
        let bound = super::put::backoff(base.micros(), rules.cap.micros(), 2_000, attempt);
        Some(rng.below(bound) / rules.step * rules.step)
    }
}

/// The send-rate limiter of the adaptive mode: a token bucket that is off until the first throttling, whose rate then
/// falls to a share of what was sent and grows back along a cubic curve. Only sums, products and a cube root: the same
/// on every machine.
#[derive(Clone, Debug)]
pub(super) struct RateLimiter {
    enabled: bool,
    /// Calls a second.
    fill_rate: f64,
    capacity: f64,
    tokens: f64,
    filled_at: u64,
    /// Calls a second, as measured over half seconds.
    measured: f64,
    calls: f64,
    measured_at: u64,
    last_max: f64,
    throttled_at: u64,
}

/// Calls a second.
const RATE_MIN: f64 = limits::ADAPTIVE_RATE_MIN.milli() as f64 / 1_000.0;
const HALF_SECOND: u64 = MICROS_PER_SECOND / 2;

impl RateLimiter {
    const fn new() -> Self {
        Self {
            enabled: false,
            fill_rate: RATE_MIN,
            capacity: 1.0,
            tokens: 0.0,
            filled_at: 0,
            measured: 0.0,
            calls: 0.0,
            measured_at: 0,
            last_max: 0.0,
            throttled_at: 0,
        }
    }

    /// Takes a token where there is one; else says how long it is until there is, at the present rate, µs.
    pub(super) fn acquire(&mut self, now: u64) -> u64 {
        if !self.enabled {
            return 0;
        }
        self.refill(now);
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            return 0;
        }
        ((1.0 - self.tokens) / self.fill_rate * MICROS_PER_SECOND as f64) as u64 + 1
    }

    /// Takes the answer to a call.
    pub(super) fn answered(&mut self, now: u64, throttled: bool) {
        const SCALE: f64 = limits::ADAPTIVE_SCALE_PERCENT as f64 / 100.0;
        const BETA: f64 = limits::ADAPTIVE_BETA_PERCENT as f64 / 100.0;
        self.measure(now);
        let rate = if throttled {
            let rate = if self.enabled { self.measured.min(self.fill_rate) } else { self.measured };
            self.last_max = rate;
            self.throttled_at = now;
            self.enabled = true;
            rate * BETA
        } else {
            let window = libm::cbrt(self.last_max * (1.0 - BETA) / SCALE);
            let since = (now - self.throttled_at) as f64 / MICROS_PER_SECOND as f64 - window;
            SCALE * since * since * since + self.last_max
        };
        let rate = rate.min(2.0 * self.measured);
        self.refill(now);
        self.fill_rate = rate.max(RATE_MIN);
        self.capacity = rate.max(1.0);
        self.tokens = self.tokens.min(self.capacity);
    }

    fn measure(&mut self, now: u64) {
        const SMOOTH: f64 = limits::ADAPTIVE_SMOOTH_PERCENT as f64 / 100.0;
        let bucket = now / HALF_SECOND * HALF_SECOND;
        self.calls += 1.0;
        if bucket > self.measured_at {
            let rate = self.calls * MICROS_PER_SECOND as f64 / (bucket - self.measured_at) as f64;
            self.measured = rate * SMOOTH + self.measured * (1.0 - SMOOTH);
            self.calls = 0.0;
            self.measured_at = bucket;
        }
    }

    fn refill(&mut self, now: u64) {
        let more = (now - self.filled_at) as f64 / MICROS_PER_SECOND as f64 * self.fill_rate;
        self.tokens = (self.tokens + more).min(self.capacity);
        self.filled_at = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn throttling_lowers_the_rate_to_seven_tenths_and_time_brings_it_back() {
        let mut limiter = RateLimiter::new();
        // A hundred calls a second for ten seconds, all answered well.
        for call in 0..1_000 {
            assert_eq!(limiter.acquire(call * 10_000), 0, "it is off until something is throttled");
            limiter.answered(call * 10_000, false);
        }
        let measured = limiter.measured;
        assert!((measured - 100.0).abs() < 3.0, "{measured}");
        limiter.answered(10_000_000, true);
        assert!((limiter.fill_rate - measured * 0.7).abs() < 0.5, "{}", limiter.fill_rate);
        // After the cubic's own time window it is where it was when it was throttled.
        let window = libm::cbrt(limiter.last_max * 0.3 / 0.4);
        let back = 10_000_000 + (window * 1e6) as u64;
        let mut at = 10_000_000;
        while at < back {
            let wait = limiter.acquire(at);
            at += wait;
            assert!(wait == 0 || limiter.acquire(at) == 0, "there is a token when it said so");
            limiter.answered(at, false);
            at += 1_000;
        }
        let ratio = limiter.fill_rate / limiter.last_max;
        assert!((0.95..1.1).contains(&ratio), "{ratio}");
    }
}
