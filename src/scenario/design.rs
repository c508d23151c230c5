//! Designs beside the document's own, for the same arrivals.

use super::direct::Direct;
use super::document::{self, Reader};
use super::hop::OWN;
use super::{Draft, Firehose, Problem, Scenario};
use serde_json::{Map, Value};

/// Another design for the same traffic.
#[derive(Clone, Debug, PartialEq)]
pub struct Design {
    /// A title for people; may be empty.
    pub name: String,
    /// What it is.
    pub plan: Plan,
}

/// What a design is.
#[derive(Clone, Debug, PartialEq)]
pub enum Plan {
    /// Another stream with its producer and its consumers; traffic, seed, length, account and prices are shared.
    Stream(Box<Scenario>),
    /// The application does everything in the request.
    Direct(Box<Direct>),
    /// A delivery stream that a producer puts into.
    Firehose(Box<Firehose>),
}

impl Plan {
    const fn word(&self) -> &'static str {
        match self {
            Self::Stream(_) => "stream",
            Self::Direct(_) => "direct",
            Self::Firehose(_) => "firehose",
        }
    }

    /// What it is called where it has no name.
    pub const fn title(&self) -> &'static str {
        match self {
            Self::Stream(_) => "Data Streams",
            Self::Direct(_) => "Direct",
            Self::Firehose(_) => "Firehose",
        }
    }
}

/// The parts of a document that all designs share.
const SHARED: [&str; 5] = ["length_s", "seed", "traffic", "account", "prices"];

/// The designs of a document whose own is `scenario`.
pub(super) fn read(read: &mut Reader<'_>, scenario: &Scenario) -> Vec<Design> {
    (0..read.items("designs")).filter_map(|index| design(read, scenario, index)).collect()
}

fn design(read: &mut Reader<'_>, scenario: &Scenario, index: usize) -> Option<Design> {
    let of = |name: &str| format!("designs.{index}.{name}");
    let name = read.text(&of("name")).to_owned();
    let simple = match read.text(&of("kind")) {
        "direct" => Some(Plan::Direct(Box::new(Direct::read(read, &of("direct"), scenario.length)))),
        "firehose" => Some(Plan::Firehose(Box::new(Firehose::read(read, &of("firehose"), scenario.length)))),
        _ => None,
    };
    if let Some(plan) = simple {
        return Some(Design { name, plan });
    }
    let own = OWN.iter().filter_map(|part| Some(((*part).to_owned(), read.sound(&of(part))?.clone())));
    let mut draft = Draft::from_value(Value::Object(own.collect::<Map<_, _>>()));
    for shared in SHARED {
        if let Some(value) = read.sound(shared) {
            draft.set(shared, value.clone());
        }
    }
    let mut found = read.problems_within(&of(""));
    found.extend(read.problems_in(&SHARED));
    match document::build(&draft, found) {
        Ok(mut stream) => {
            stream.name.clone_from(&name);
            stream.prices = scenario.prices.clone();
            Some(Design { name, plan: Plan::Stream(Box::new(stream)) })
        }
        Err(problems) => {
            for Problem { path, message } in problems {
                let part = path.split('.').next().unwrap_or_default();
                // What the designs share has been looked at already, but for what this stream makes of the sizes.
                if OWN.contains(&part) {
                    read.wrong(&of(&path), message);
                } else if path.starts_with("traffic.sizes") && read.ok(&path) {
                    read.wrong(&of("stream.max_record_kib"), message);
                }
            }
            None
        }
    }
}

/// A design as it stands in a canonical document.
pub(super) fn write(design: &Design) -> Value {
    let mut group = Map::new();
    group.insert("kind".to_owned(), design.plan.word().into());
    group.insert("name".to_owned(), design.name.clone().into());
    match &design.plan {
        Plan::Direct(direct) => {
            group.insert("direct".to_owned(), direct.write());
        }
        Plan::Firehose(firehose) => {
            group.insert("firehose".to_owned(), firehose.write());
        }
        Plan::Stream(stream) => {
            let mut document = document::of(stream);
            for part in OWN {
                if let Some(value) = document.take(part) {
                    group.insert(part.to_owned(), value);
                }
            }
        }
    }
    group.into()
}
