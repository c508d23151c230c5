//! What is done on purpose to parts that have no operations of their own on the axis: stretches of time with words, for
//! plots and axis.

use super::compare::Side;
use super::events::store_fault;
use super::words::{field_number, percent, span_text};
use crate::scenario::{Deliver, Direct, DirectFault, DirectFaultKind, Fault, FaultKind, Firehose, Operation, Scenario};
use crate::units::{SimTime, Span};

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// When it begins.
    pub at: SimTime,
    /// How long it lasts; zero where it is done at once.
    pub span: Span,
    /// What it is, in a few words.
    pub text: String,
}

impl Stretch {
    /// The words with how long it lasts, and that it was done on purpose.
    pub fn words(&self) -> String {
        match self.span {
            Span::ZERO => format!("{}, injected", self.text),
            lasts => format!("{} for {}, injected", self.text, span_text(lasts.seconds_f64())),
        }
    }
}

fn slower(what: &str, factor_milli: u32) -> String {
    format!("{what} {}\u{a0}× as slow", field_number(f64::from(factor_milli) / 1e3))
}

/// Of an application that does everything in the request.
pub fn of_direct(direct: &Direct) -> Vec<Stretch> {
    let one = |fault: &DirectFault| Stretch {
        at: fault.at,
        span: fault.span,
        text: match fault.kind {
            DirectFaultKind::DatabaseOutage => "database fails over".to_owned(),
            DirectFaultKind::DatabaseSlow { factor_milli } => slower("database", factor_milli),
            DirectFaultKind::LoseInstances { share } => format!("{} of the instances lost", percent(share.as_f64())),
            DirectFaultKind::EmptyCache => "cache emptied".to_owned(),
        },
    };
    direct.faults.iter().map(one).collect()
}

/// Of a delivery stream.
pub fn of_firehose(firehose: &Firehose) -> Vec<Stretch> {
    let name = firehose.stream.destination.kind.name();
    let one = |fault: &Fault| Stretch {
        at: fault.at,
        span: fault.span,
        text: match fault.kind {
            FaultKind::Outage => format!("{name} takes nothing"),
            FaultKind::Slow { factor_milli } => slower(name, factor_milli),
        },
    };
    firehose.faults.iter().map(one).collect()
}

/// Of the delivery streams behind a stream, with their names.
pub fn of_deliveries(scenario: &Scenario) -> Vec<Stretch> {
    let of = |deliver: &Deliver| {
        let title = deliver.title().to_owned();
        let named = move |of: Stretch| Stretch { text: format!("{title}: {}", of.text), ..of };
        of_firehose(&deliver.firehose).into_iter().map(named)
    };
    scenario.deliver.iter().flat_map(of).collect()
}

/// Of a stream: its operations that last, and the faults of its delivery streams.
fn of_stream(scenario: &Scenario) -> Vec<Stretch> {
    let lasting = scenario.operations.iter().filter_map(|planned| {
        let (span, text) = match planned.operation {
            Operation::FreezeConsumer { span, .. } => (span, "stands still".to_owned()),
            Operation::ThrottleAccount { span, .. } => (span, "account throttled".to_owned()),
            Operation::SlowFunction { span, factor_milli, .. } => (span, slower("function", factor_milli)),
            Operation::BreakStore { store, what, span } => {
                (span, store_fault(&scenario.stores[store as usize].name, what))
            }
            _ => return None,
        };
        Some(Stretch { at: planned.at, span, text })
    });
    lasting.chain(of_deliveries(scenario)).collect()
}

impl Side<'_> {
    /// What is done to the design on purpose.
    pub fn faults(&self) -> Vec<Stretch> {
        match self {
            Side::Stream(scenario, ..) => of_stream(scenario),
            Side::Direct(_, direct, _) => of_direct(direct),
            Side::Firehose(_, firehose, _) => of_firehose(firehose),
        }
    }
}
