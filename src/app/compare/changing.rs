//! What changes designs: one more, one less, one in the place of another.

use super::Side;
use crate::app::action::Effect;
use crate::app::model::Model;
use crate::limits;
use serde_json::{Map, Value, json};

/// The parts of a document that are a stream design's own.
const OWN: [&str; 6] = ["producer", "stream", "consumers", "operations", "then", "deliver"];

impl Model {
    /// Shows the designs side by side, or the workbench again.
    pub(in crate::app) fn toggle_compare(&mut self) -> Vec<Effect> {
        self.compare.open = !self.compare.open;
        self.compare.form = None;
        self.revision += 1;
        Vec::new()
    }

    /// Does what somebody did among the designs: a word, and the place of a design.
    pub(in crate::app) fn act_in_compare(&mut self, what: &str, place: usize) -> Vec<Effect> {
        match what {
            "open" => self.open_design(place),
            "form" => {
                self.compare.form = Some(place).filter(|_| self.compare.form != Some(place));
                self.revision += 1;
                Vec::new()
            }
            "done" => {
                self.compare.form = None;
                self.revision += 1;
                Vec::new()
            }
            "remove" => self.remove_design(place),
            "copy" | "direct" | "firehose" => self.add_design(what),
            _ => Vec::new(),
        }
    }

    fn drafted(&self) -> Vec<Value> {
        self.draft.get("designs").and_then(Value::as_array).cloned().unwrap_or_default()
    }

    fn set_designs(&mut self, designs: Vec<Value>) -> Vec<Effect> {
        self.show_consumers_handler();
        if designs.is_empty() {
            self.draft.remove("designs");
        } else {
            self.draft.set("designs", designs.into());
        }
        self.raw.clear();
        (self.preset, self.edited) = (None, true);
        self.changed(false)
    }

    /// The scenario's own design as one among others, with its code.
    fn own_as_design(&self) -> Value {
        let mut design = Map::new();
        design.insert("kind".to_owned(), "stream".into());
        for part in OWN {
            if let Some(value) = self.draft.get(part) {
                design.insert(part.to_owned(), value.clone());
            }
        }
        Value::Object(design)
    }

    /// One more design: a copy of the first, or one of another kind.
    fn add_design(&mut self, what: &str) -> Vec<Effect> {
        let mut designs = self.drafted();
        if designs.len() >= limits::DESIGNS_MAX as usize {
            return Vec::new();
        }
        designs.push(if what == "copy" { self.own_as_design() } else { json!({ "kind": what }) });
        self.compare.form = Some(designs.len());
        self.set_designs(designs)
    }

    fn remove_design(&mut self, place: usize) -> Vec<Effect> {
        let mut designs = self.drafted();
        let Some(index) = place.checked_sub(1).filter(|index| *index < designs.len()) else { return Vec::new() };
        designs.remove(index);
        self.compare.form = None;
        self.set_designs(designs)
    }

    /// Opens a design in the workbench: another stream takes the place of the scenario's own, which takes its place.
    /// A direct design has no workbench: its fields stand beside the comparison.
    fn open_design(&mut self, place: usize) -> Vec<Effect> {
        let is_stream = matches!(self.sides().get(place), Some(Side::Stream(..)));
        if !is_stream {
            return self.act_in_compare("form", place);
        }
        (self.compare.open, self.compare.form) = (false, None);
        (self.stream, self.consumer) = (0, 0);
        let mut designs = self.drafted();
        let Some(index) = place.checked_sub(1).filter(|index| *index < designs.len()) else { return Vec::new() };
        let own = self.own_as_design();
        let other = std::mem::replace(&mut designs[index], own);
        for part in OWN {
            match other.get(part) {
                Some(value) => self.draft.set(part, value.clone()),
                None => self.draft.remove(part),
            }
        }
        self.set_designs(designs)
    }
}
