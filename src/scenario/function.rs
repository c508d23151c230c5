//! The Lambda function behind an event source mapping: what one environment is, and how many there may be.

use super::canonical::Group;
use super::document::Reader;
use super::field_table::word;
use super::fields::{self, Choice};
use crate::errors::ServiceError;
use crate::limits;
use crate::units::{MICROS_PER_SECOND, Ratio, Span};

/// The words of the field `architecture`.
pub(super) const ARCHITECTURES: &[Choice] = &[
    word(Architecture::X86.word(), "x86_64", "Intel and AMD processors."),
    word(Architecture::Arm.word(), "arm64", "Graviton processors: a fifth less for a second."),
];
/// The words of the field `duration_law`.
pub(super) const LAWS: &[Choice] = &[
    word("uniform", "Uniform", "Within the spread around the duration."),
    word("exponential", "Exponential", "Mostly short, now and then very long, as in the formulas of queueing theory."),
];

/// A function beside the time that its work takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Function {
    /// Whose processors it runs on; it sets the price of a second.
    pub architecture: Architecture,
    /// Share of the duration that is computing and not waiting, as it is with one vCPU.
    pub cpu_share: Ratio,
    /// Lambda ends an invocation that takes longer.
    pub timeout: Span,
    /// `ReservedConcurrentExecutions`, taken out of the account's; `None` for what the account has left.
    pub reserved: Option<u32>,
    /// How long a new environment starts before its first invocation begins.
    pub init: Span,
    /// An environment that is idle for so long is gone.
    pub idle_life: Span,
    /// The mapping waits so long after the first refused invocation; it doubles.
    pub throttle_wait: Span,
    /// That wait never grows beyond this.
    pub throttle_wait_max: Span,
}

/// The instruction set of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Architecture {
    /// x86_64.
    X86,
    /// arm64.
    Arm,
}

impl Architecture {
    /// The word in a document, which is the service's.
    pub const fn word(self) -> &'static str {
        match self {
            Self::X86 => "x86_64",
            Self::Arm => "arm64",
        }
    }
}

impl Default for Function {
    /// What the table says where nothing is written.
    fn default() -> Self {
        let number = |name: &str| match fields::field(&format!("consumers.0.{name}")).map(|field| field.default) {
            Some(fields::Default::Number(scaled)) => scaled,
            _ => 0,
        };
        Self {
            architecture: Architecture::X86,
            cpu_share: Ratio::ZERO,
            timeout: Span::from_secs(number("timeout_s")),
            reserved: None,
            init: Span::from_micros(number("init_ms")),
            idle_life: Span::from_micros(number("idle_life_s")),
            throttle_wait: Span::from_micros(number("throttle_wait_ms")),
            throttle_wait_max: Span::from_micros(number("throttle_wait_max_ms")),
        }
    }
}

impl Function {
    /// How long work takes that would take `span` with one vCPU. One thread cannot use more than one, so that more
    /// memory than a vCPU comes with makes nothing faster.
    pub fn stretched(&self, span: Span, memory_mb: u32) -> Span {
        let missing = limits::LAMBDA_VCPU_MB.saturating_sub(u64::from(memory_mb));
        if missing == 0 || self.cpu_share == Ratio::ZERO {
            return span;
        }
        // What computes takes vCPU ÷ memory times as long: it grows by what is missing ÷ memory.
        let parts = u128::from(span.micros()) * u128::from(self.cpu_share.millionths()) * u128::from(missing);
        let more = parts / (u128::from(memory_mb) * u128::from(Ratio::ONE.millionths()));
        Span::from_micros(span.micros() + more as u64)
    }
}

/// Reads the function of one consumer of a document.
pub(super) fn read(read: &mut Reader<'_>, index: usize) -> Function {
    let of = |name: &str| format!("consumers.{index}.{name}");
    Function {
        architecture: if read.text(&of("architecture")) == "arm64" { Architecture::Arm } else { Architecture::X86 },
        cpu_share: read.ratio(&of("cpu_share")),
        timeout: Span::from_secs(read.number(&of("timeout_s"))),
        reserved: read.maybe(&of("reserved_concurrency")).map(|count| count as u32),
        init: read.span(&of("init_ms")),
        idle_life: read.span(&of("idle_life_s")),
        throttle_wait: read.span(&of("throttle_wait_ms")),
        throttle_wait_max: read.span(&of("throttle_wait_max_ms")),
    }
}

/// Its fields in the group of its consumer.
pub(super) fn write(group: &mut Group, of: &Function) {
    group.word("architecture", of.architecture.word());
    group.number("cpu_share", of.cpu_share.millionths().into());
    group.number("timeout_s", of.timeout.micros() / MICROS_PER_SECOND);
    group.maybe("reserved_concurrency", of.reserved.map(u64::from));
    group.span("init_ms", of.init);
    group.span("idle_life_s", of.idle_life);
    group.span("throttle_wait_ms", of.throttle_wait);
    group.span("throttle_wait_max_ms", of.throttle_wait_max);
}

/// Reports reserved concurrency that the account does not have: it keeps a part for functions without any.
pub(super) fn fits_account(read: &mut Reader<'_>, index: usize, reserved_before: u32, account: u32) {
    let path = format!("consumers.{index}.reserved_concurrency");
    let Some(reserved) = read.maybe(&path) else { return };
    let left = u64::from(account.saturating_sub(reserved_before)).saturating_sub(limits::LAMBDA_UNRESERVED_MIN);
    if reserved > left {
        let message = format!(
            "{} Choose {left} or fewer, or raise the account's concurrency of {account}",
            ServiceError::UnreservedConcurrency
        );
        read.wrong(&path, message);
    }
}
