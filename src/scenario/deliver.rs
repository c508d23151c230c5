//! Delivery streams whose source is a data stream.

use super::canonical::Group;
use super::document::Reader;
use super::{ConsumerKind, Firehose, Scenario};
use crate::units::Span;
use serde_json::Value;

/// A delivery stream takes what a poller of the stream has read.
#[derive(Clone, Debug, PartialEq)]
pub struct Deliver {
    /// A title for people; may be empty.
    pub name: String,
    /// Index of the poller that reads for it.
    pub consumer: u32,
    /// The delivery stream. Nobody puts into it, so its producer and its quotas have no meaning.
    pub firehose: Firehose,
}

impl Deliver {
    /// What it is called.
    pub fn title(&self) -> &str {
        if self.name.is_empty() { "Firehose" } else { &self.name }
    }
}

/// Groups that only a delivery stream has that is put into.
const PUT_INTO: [&str; 2] = ["producer", "quota"];

/// The delivery streams behind a stream.
pub(super) fn read(read: &mut Reader<'_>, scenario: &Scenario) -> Vec<Deliver> {
    (0..read.items("deliver")).map(|index| one(read, scenario, index)).collect()
}

fn one(read: &mut Reader<'_>, scenario: &Scenario, index: usize) -> Deliver {
    let of = |name: &str| format!("deliver.{index}.{name}");
    let consumer = read.small(&of("consumer"));
    match scenario.consumers.get(consumer as usize) {
        None => {
            let count = scenario.consumers.len();
            let message = format!("there are {count} consumers, counted from 0; choose less than {count}");
            read.wrong(&of("consumer"), message);
        }
        Some(of_kind) if !matches!(of_kind.kind, ConsumerKind::Poller(_)) => {
            let message = format!("Firehose reads as a \"poller\" does; make consumer {consumer} one");
            read.wrong(&of("consumer"), message);
        }
        Some(poller) if poller.work(1) > Span::ZERO => {
            let message = format!(
                "Firehose takes what it reads at once; write 0 in consumers.{consumer}.fixed_ms and per_record_ms"
            );
            read.wrong(&of("consumer"), message);
        }
        Some(_) => {}
    }
    for group in PUT_INTO {
        let path = of(&format!("firehose.{group}"));
        if read.is_written(&path) {
            read.wrong(&path, "the stream is the source, nobody puts into it; remove it".to_owned());
        }
    }
    let firehose = Firehose::read(read, &of("firehose"), scenario.length);
    Deliver { name: read.text(&of("name")).to_owned(), consumer, firehose }
}

/// A delivery stream as it stands in a canonical document.
pub(super) fn write(deliver: &Deliver) -> Value {
    let mut group = Group::at("deliver.0");
    group.word("name", &deliver.name);
    group.number("consumer", deliver.consumer.into());
    let mut firehose = deliver.firehose.write();
    if let Some(fields) = firehose.as_object_mut() {
        PUT_INTO.iter().for_each(|name| drop(fields.remove(*name)));
    }
    group.value("firehose", firehose);
    group.done()
}
