//! What is done to a direct design on purpose: its database fails over or is slow, instances are lost, its cache is empty.

use super::Direct;
use crate::scenario::canonical::Group;
use crate::scenario::document::Reader;
use crate::units::{Ratio, SimTime, Span};
use serde_json::Value;

/// Something that is done to a direct design on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DirectFault {
    /// When it begins.
    pub at: SimTime,
    /// How long it lasts; zero where it is done at once.
    pub span: Span,
    /// What it is.
    pub kind: DirectFaultKind,
}

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DirectFaultKind {
    /// The primary begins no statement: it fails over. What it worked on it ends.
    DatabaseOutage,
    /// Statements that are sent then take so many times as long, in thousandths, on the primary and on the replicas.
    DatabaseSlow {
        /// At least 1,000.
        factor_milli: u32,
    },
    /// Instances are lost with all that is on them.
    LoseInstances {
        /// Of those that are up, rounded up.
        share: Ratio,
    },
    /// The cache loses all that it holds.
    EmptyCache,
}

impl DirectFaultKind {
    const WORDS: [&'static str; 4] = ["database_outage", "database_slow", "lose_instances", "empty_cache"];

    const fn word(self) -> &'static str {
        match self {
            Self::DatabaseOutage => Self::WORDS[0],
            Self::DatabaseSlow { .. } => Self::WORDS[1],
            Self::LoseInstances { .. } => Self::WORDS[2],
            Self::EmptyCache => Self::WORDS[3],
        }
    }
}

impl DirectFault {
    /// Whether it goes on at an instant.
    pub fn is_on(&self, at: SimTime) -> bool {
        self.at <= at && at < self.at + self.span
    }

    /// The operation in a canonical document.
    pub(super) fn write(&self) -> Value {
        let mut group = Group::at("designs.0.direct.operations.0");
        group.time("at_s", self.at);
        group.word("kind", self.kind.word());
        if self.kind != DirectFaultKind::EmptyCache {
            group.span("for_s", self.span);
        }
        match self.kind {
            DirectFaultKind::DatabaseSlow { factor_milli } => group.number("factor", factor_milli.into()),
            DirectFaultKind::LoseInstances { share } => group.number("share", share.millionths().into()),
            DirectFaultKind::DatabaseOutage | DirectFaultKind::EmptyCache => {}
        }
        group.done()
    }
}

/// The operations of a design in order of time.
pub(super) fn read(read: &mut Reader<'_>, path: &str, length: Span, direct: &Direct) -> Vec<DirectFault> {
    let mut found = Vec::new();
    for index in 0..read.items(&format!("{path}.operations")) {
        let of = |name: &str| format!("{path}.operations.{index}.{name}");
        let at = read.at(&of("at_s"));
        if at.micros() >= length.micros() {
            let message = format!("is after the end of the run; choose less than {} s", length.seconds_f64());
            read.wrong(&of("at_s"), message);
        }
        let span = read.span(&of("for_s"));
        let (kind, span) = match read.text(&of("kind")) {
            "database_outage" => (DirectFaultKind::DatabaseOutage, span),
            "database_slow" => (DirectFaultKind::DatabaseSlow { factor_milli: read.small(&of("factor")) }, span),
            "lose_instances" => (DirectFaultKind::LoseInstances { share: read.ratio(&of("share")) }, span),
            "empty_cache" => (DirectFaultKind::EmptyCache, Span::ZERO),
            _ => continue,
        };
        if kind == DirectFaultKind::EmptyCache && direct.cache.hit_ratio == Ratio::ZERO {
            let message = "there is no cache: its hit_ratio is 0; choose more, or remove this operation".to_owned();
            read.wrong(&of("kind"), message);
        }
        found.push(DirectFault { at, span, kind });
    }
    found.sort_by_key(|fault| fault.at);
    found
}
