//! One host of the producer: what it gathers, what its SDK holds back, and whether it is up.

use super::record::Record;
use super::sdk::Client;
use super::waiting::Group;
use std::collections::VecDeque;

/// One host of the producer.
#[derive(Clone, Debug)]
pub(super) struct Host {
    /// Records of the call that is being gathered.
    pub pending: Vec<Record>,
    pub pending_bytes: u64,
    /// When the oldest record of the call has waited long enough; `u64::MAX` without one.
    pub flush_at: u64,
    pub client: Client,
    /// Calls that wait for a token of the client's rate limiter, and when the first may have one; `u64::MAX` without one.
    pub held_back: VecDeque<Group>,
    pub wake_at: u64,
    /// It takes no records before this, µs.
    pub down_until: u64,
}

impl Host {
    pub(super) const fn new() -> Self {
        Self {
            pending: Vec::new(),
            pending_bytes: 0,
            flush_at: u64::MAX,
            client: Client::new(),
            held_back: VecDeque::new(),
            wake_at: u64::MAX,
            down_until: 0,
        }
    }
}
