//! Time, bytes, rates, ratios and money as integers, with the arithmetic they allow.
//!
//! Nothing here is a floating-point number and nothing here knows a wall clock: a run repeats because its
//! quantities do. Conversions to `f64` exist for drawing and printing only and say so in their names.

use std::fmt;
use std::ops::{Add, AddAssign, Mul, Sub};

/// Microseconds in a second.
pub const MICROS_PER_SECOND: u64 = 1_000_000;

/// An instant of simulated time: microseconds since the run began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SimTime(u64);

/// A length of simulated time in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(u64);

impl SimTime {
    /// The instant at which every run begins.
    pub const ZERO: Self = Self(0);

    /// The instant `micros` microseconds after the run began.
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// Microseconds since the run began.
    pub const fn micros(self) -> u64 {
        self.0
    }

    /// Time since `earlier`; zero if `earlier` lies ahead.
    pub const fn since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }

    /// Seconds since the run began, for drawing and printing.
    pub const fn seconds_f64(self) -> f64 {
        self.0 as f64 / MICROS_PER_SECOND as f64
    }
}

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// A span of whole microseconds.
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// A span of whole milliseconds.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis * 1_000)
    }

    /// A span of whole seconds.
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs * MICROS_PER_SECOND)
    }

    /// A span of whole hours.
    pub const fn from_hours(hours: u64) -> Self {
        Self::from_secs(hours * 3_600)
    }

    /// Length in microseconds.
    pub const fn micros(self) -> u64 {
        self.0
    }

    /// Length in seconds, for drawing and printing.
    pub const fn seconds_f64(self) -> f64 {
        self.0 as f64 / MICROS_PER_SECOND as f64
    }

    /// Length in milliseconds, for drawing and printing.
    pub const fn millis_f64(self) -> f64 {
        self.0 as f64 / 1_000.0
    }
}

impl Add<Span> for SimTime {
    type Output = Self;
    fn add(self, span: Span) -> Self {
        Self(self.0 + span.0)
    }
}

impl AddAssign<Span> for SimTime {
    fn add_assign(&mut self, span: Span) {
        self.0 += span.0;
    }
}

impl Add for Span {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Sub for Span {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl Mul<u64> for Span {
    type Output = Self;
    fn mul(self, times: u64) -> Self {
        Self(self.0 * times)
    }
}

/// A number of bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bytes(u64);

impl Bytes {
    /// One kibibyte, 1,024 bytes.
    pub const KIB: Self = Self(1 << 10);
    /// One mebibyte, 1,048,576 bytes.
    pub const MIB: Self = Self(1 << 20);

    /// So many bytes.
    pub const fn new(bytes: u64) -> Self {
        Self(bytes)
    }

    /// So many mebibytes.
    pub const fn from_mib(mib: u64) -> Self {
        Self(mib << 20)
    }

    /// The count of bytes.
    pub const fn get(self) -> u64 {
        self.0
    }
}

/// Records per second in thousandths, so that half a record a second is a whole number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rate(u64);

impl Rate {
    /// A whole number of records per second.
    pub const fn per_second(records: u64) -> Self {
        Self(records * 1_000)
    }

    /// Thousandths of a record per second.
    pub const fn from_milli(milli: u64) -> Self {
        Self(milli)
    }

    /// Thousandths of a record per second.
    pub const fn milli(self) -> u64 {
        self.0
    }

    /// Records per second, for drawing and printing.
    pub const fn per_second_f64(self) -> f64 {
        self.0 as f64 / 1_000.0
    }
}

/// A probability or share in millionths: 0 is never, 1,000,000 is always.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ratio(u32);

impl Ratio {
    /// Never, or nothing.
    pub const ZERO: Self = Self(0);
    /// Always, or all.
    pub const ONE: Self = Self(1_000_000);

    /// So many millionths; `None` above one.
    pub const fn from_millionths(millionths: u32) -> Option<Self> {
        if millionths <= 1_000_000 { Some(Self(millionths)) } else { None }
    }

    /// Millionths, 0 to 1,000,000.
    pub const fn millionths(self) -> u32 {
        self.0
    }

    /// The share as a number from 0 to 1, for drawing and printing.
    pub const fn as_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }
}

/// US dollars in units of 10⁻¹², so that the price of one request is a whole number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PicoUsd(u128);

impl PicoUsd {
    /// So many 10⁻¹² dollars.
    pub const fn new(pico: u128) -> Self {
        Self(pico)
    }

    /// The count of 10⁻¹² dollars.
    pub const fn get(self) -> u128 {
        self.0
    }

    /// Rounded half up to `decimals` places (0 to 12), as a count of the last place: 2 gives cents.
    pub const fn rounded(self, decimals: u32) -> u128 {
        let unit = 10u128.pow(12 - decimals);
        (self.0 + unit / 2) / unit
    }
}

impl Add for PicoUsd {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl fmt::Display for SimTime {
    /// Minutes and seconds, as the page's clock shows them: `8:40`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0 / MICROS_PER_SECOND;
        let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
        if hours > 0 {
            write!(f, "{hours}:{minutes:02}:{:02}", seconds % 60)
        } else {
            write!(f, "{minutes}:{:02}", seconds % 60)
        }
    }
}
