//! The results of queries for the page: its engine leaves them out, so another module runs the scenario once more, with
//! them, and answers with what the command line prints of each application, from the first window on.

use super::{Pump, Session};
use crate::engine::{Invocation, Outcome};
use crate::scenario::{packed, sql};
use serde_json::{Value, json};

/// Rows of a window that the page shows at most, so that there is room for windows from long ago.
pub const ROWS: usize = 20;

/// A run for its results.
#[derive(Debug)]
pub struct Results {
    /// What the answer is known by.
    run: Value,
    session: Session,
    end: Option<Pump>,
}

impl Results {
    /// The run of a question: `packed` is the scenario as the page's engine takes it, `run` comes back with the answer.
    pub fn open(question: &Value) -> Option<Self> {
        let mut scenario = packed::unpack(question["packed"].as_str()?)?;
        scenario.designs.clear();
        let mut session = Session::new(scenario);
        session.keep_first_rows(ROWS);
        Some(Self { run: question["run"].clone(), session, end: None })
    }

    /// Does about so many arrivals and events; whether the run is over.
    pub fn pump(&mut self, budget: u32) -> bool {
        match self.session.pump(self.session.engine().end(), budget) {
            Pump::Spent | Pump::Reached => {}
            // The page asks for no results where code decides; a program's decision is a success, as in its engine.
            Pump::Waiting(_) => self.session.ask(&mut |_: &Invocation| Outcome::Succeeded),
            end @ (Pump::Finished | Pump::Full) => self.end = Some(end),
        }
        self.end.is_some()
    }

    /// Of each application its stream and its consumer by their places, what it groups by, and what
    /// [`Session::summary`] says of its query.
    pub fn answer(&self) -> Value {
        let mut all = Vec::new();
        for (stream, session) in self.session.streams().into_iter().enumerate() {
            for of in session.analytics() {
                let consumer = of.consumer() as usize;
                let Some(mut document) = session.query_document(consumer) else { continue };
                document["stream"] = stream.into();
                document["consumer"] = consumer.into();
                document["group"] = of.query().group.as_ref().map_or_else(String::new, sql::operand_text).into();
                all.push(document);
            }
        }
        json!({ "run": self.run, "full": self.end == Some(Pump::Full), "applications": all })
    }
}
