//! What a delivery stream takes in a second: records, requests and bytes, each as a bucket.

use super::fact::PutQuota;
use crate::limits;
use crate::units::{Bytes, MICROS_PER_SECOND};

/// How much of a quota may come at once, µs.
const BURST: u64 = limits::FIREHOSE_BURST.micros();

/// A bucket that is refilled all the time and holds the worth of [`BURST`].
#[derive(Clone, Copy, Debug)]
struct Bucket {
    per_second: u64,
    /// In millionths: a rate a second times µs.
    tokens: u64,
    at: u64,
}

impl Bucket {
    const fn new(per_second: u64) -> Self {
        Self { per_second, tokens: per_second * BURST, at: 0 }
    }

    /// What has come back since the last time.
    fn refill(&mut self, now: u64) {
        let come = (now - self.at).min(BURST) * self.per_second;
        self.tokens = (self.tokens + come).min(self.per_second * BURST);
        self.at = now;
    }

    #[inline(always)]
    const fn has(&self, units: u64) -> bool {
        units * MICROS_PER_SECOND <= self.tokens
    }

    #[inline(always)]
    const fn take(&mut self, units: u64) {
        self.tokens -= units * MICROS_PER_SECOND;
    }
}

/// The quotas of a delivery stream.
#[derive(Clone, Debug)]
pub(super) struct Quotas {
    records: Bucket,
    requests: Bucket,
    bytes: Bucket,
    /// Whether they are going to be raised.
    pub raising: bool,
}

impl Quotas {
    pub const fn new((records, requests, bytes): (u64, u64, Bytes)) -> Self {
        Self {
            records: Bucket::new(records),
            requests: Bucket::new(requests),
            bytes: Bucket::new(bytes.get()),
            raising: false,
        }
    }

    /// A request comes.
    pub fn request(&mut self, now: u64) -> Result<(), PutQuota> {
        for bucket in [&mut self.records, &mut self.requests, &mut self.bytes] {
            bucket.refill(now);
        }
        if !self.requests.has(1) {
            return Err(PutQuota::Requests);
        }
        self.requests.take(1);
        Ok(())
    }

    /// An entry of that request. It is charged to both buckets or to none.
    #[inline(always)]
    pub const fn entry(&mut self, size: u32) -> Result<(), PutQuota> {
        if !self.records.has(1) {
            return Err(PutQuota::Records);
        }
        if !self.bytes.has(size as u64) {
            return Err(PutQuota::Bytes);
        }
        self.records.take(1);
        self.bytes.take(size as u64);
        Ok(())
    }

    /// Doubles all three; says how many bytes a second there are.
    pub fn raise(&mut self, now: u64) -> u64 {
        self.raising = false;
        for bucket in [&mut self.records, &mut self.requests, &mut self.bytes] {
            bucket.refill(now);
            bucket.per_second = (bucket.per_second * 2).min(limits::FIREHOSE_QUOTA_MAX << 20);
        }
        self.bytes.per_second
    }

    pub const fn bytes_per_second(&self) -> u64 {
        self.bytes.per_second
    }
}
