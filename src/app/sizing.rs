//! Finding a size: the document goes out to the search, and what the chosen design changes comes back.

use super::action::Effect;
use super::model::Model;
use serde_json::Value;

impl Model {
    /// Lets somebody find a size for what is typed, once it can be run.
    pub(super) fn find_size(&mut self) -> Vec<Effect> {
        if !self.problems.is_empty() {
            self.tell("A size can be found for a scenario without problems only.", "Correct the marked fields first.");
            return Vec::new();
        }
        (self.sheet, self.sized) = (false, self.revision);
        let mut effects = self.pause();
        effects.push(Effect::FindSize(self.draft.to_json()));
        effects
    }

    /// Writes the changes of a design into the document, which then stands at its start.
    pub(super) fn take_size(&mut self, taken: Option<&str>) -> Vec<Effect> {
        let Some(taken) = taken else {
            self.tell("The search could not be loaded.", "Check the connection and try it again.");
            return Vec::new();
        };
        let edits: Value = serde_json::from_str(taken).unwrap_or_default();
        let Some(edits) = edits.as_array() else { return Vec::new() };
        if self.sized != self.revision {
            self.tell("The scenario is another one than the search was for.", "Find a size for this one.");
            return Vec::new();
        }
        for edit in edits {
            self.draft.set(edit[0].as_str().unwrap_or_default(), edit[1].clone());
        }
        self.raw.clear();
        (self.preset, self.edited) = (None, true);
        self.changed(false)
    }
}
