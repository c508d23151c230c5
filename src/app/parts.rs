//! What the model does now and then, and in views that the page draws only when somebody opens them: the build puts it
//! into the module's second part, beside the drawing of those views, and the model is given it when that has come. What
//! somebody does before waits for it.

use super::action::{Action, Effect};
use super::model::Model;
use super::verdict::Verdict;

/// What the model does in the designs side by side and in the handler view.
pub struct Parts {
    /// The sentence over the designs; the text says how long the run is to be watched.
    pub(super) verdict: fn(&Model, &str) -> Verdict,
    /// Does what is done now and then.
    act: fn(&mut Model, Action) -> Vec<Effect>,
    /// Reads the results of queries that have come.
    pub(super) read_results: fn(&mut Model),
    /// Says in a verdict what of the delivery streams' records did not come where it should.
    pub(super) say_deliveries: fn(&Model, &mut Verdict),
}

/// All of it.
pub static PARTS: Parts = Parts {
    verdict: Model::compare_verdict,
    act: Model::act,
    read_results: Model::read_results,
    say_deliveries: Model::say_deliveries,
};

/// What a model has from its start: everything, except on the page.
pub(super) const fn at_start() -> Option<&'static Parts> {
    if cfg!(target_arch = "wasm32") { None } else { Some(&PARTS) }
}

impl Model {
    /// Does what is done now and then, at once or when the second part has come.
    pub(super) fn act_rarely(&mut self, action: Action) -> Vec<Effect> {
        if let Some(parts) = self.parts {
            return (parts.act)(self, action);
        }
        self.waiting.push(action);
        Vec::new()
    }

    /// Whether something waits for the second part.
    pub const fn waits(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Gives the model what it did without so far, and says what the surroundings have to do.
    pub fn complete(&mut self, parts: &'static Parts) -> Vec<Effect> {
        self.parts = Some(parts);
        let waiting = std::mem::take(&mut self.waiting);
        let mut effects: Vec<Effect> = waiting.into_iter().flat_map(|action| self.update(action)).collect();
        (parts.read_results)(self);
        self.renew_verdict(&mut effects, true);
        effects
    }

    /// The second part could not be loaded: what waited for it is not done.
    pub fn go_without(&mut self) {
        if self.waits() {
            self.waiting.clear();
            self.tell("That could not be done: a part of this page could not be loaded.", "Try it again.");
        }
    }

    fn act(&mut self, action: Action) -> Vec<Effect> {
        match action {
            Action::AddPart => self.add_part(),
            Action::RemovePart(index) => self.remove_at(&format!("traffic.curve.{index}")),
            Action::AddConsumer => self.add_consumer(),
            Action::RemoveConsumer(index) => self.remove_consumer(index),
            Action::AddStream(consumer) => self.add_stream(consumer),
            Action::RemoveStream(place) => self.remove_stream(place),
            Action::AddOperation(kind) => self.add_operation(kind),
            Action::RemoveOperation(path) => self.remove_operation(&path),
            Action::AddChange(list, kind) => self.add_change(&list, serde_json::json!({ "kind": kind })),
            Action::AddDelivery => self.add_delivery(),
            Action::RemoveDelivery(place) => self.remove_delivery(place),
            Action::Table { preset, text } => self.take_table(&preset, text.as_deref()),
            Action::OpenFile { name, text } => self.open_file(&name, &text),
            Action::Compare { what, place } => self.act_in_compare(&what, place),
            Action::WriteHandler(owner) => self.write_handler(owner),
            Action::Handler { what, text } => self.act_in_handler(&what, text),
            Action::TryFinding(index) => self.try_finding(index),
            Action::TakeSize(taken) => self.take_size(taken.as_deref()),
            Action::TryEvent { consumer, event } => self.try_event(consumer, event),
            _ => Vec::new(),
        }
    }
}
