//! What the model does in views that the page draws only when somebody opens them: the build puts it into the module's
//! second part, beside the drawing of those views, and the model is given it when that has come.

use super::action::Effect;
use super::model::Model;
use super::verdict::Verdict;

/// What the model does in the designs side by side and in the handler view.
pub struct Parts {
    /// The sentence over the designs; the text says how long the run is to be watched.
    pub(super) verdict: fn(&Model, &str) -> Verdict,
    /// Does what somebody did among the designs.
    pub(super) act_in_compare: fn(&mut Model, &str, usize) -> Vec<Effect>,
    /// Does what somebody did in the handler view.
    pub(super) act_in_handler: fn(&mut Model, &str, String) -> Vec<Effect>,
    /// Tries the remedy of a finding.
    pub(super) try_finding: fn(&mut Model, usize) -> Vec<Effect>,
    /// Reads the results of queries that have come.
    pub(super) read_results: fn(&mut Model),
}

/// All of it.
pub static PARTS: Parts = Parts {
    verdict: Model::compare_verdict,
    act_in_compare: Model::act_in_compare,
    act_in_handler: Model::act_in_handler,
    try_finding: Model::try_finding,
    read_results: Model::read_results,
};

/// What a model has from its start: everything, except on the page.
pub(super) const fn at_start() -> Option<&'static Parts> {
    if cfg!(target_arch = "wasm32") { None } else { Some(&PARTS) }
}

impl Model {
    /// Gives the model what it did without so far, and says what the surroundings have to do.
    pub fn complete(&mut self, parts: &'static Parts) -> Vec<Effect> {
        let mut effects = Vec::new();
        self.parts = Some(parts);
        (parts.read_results)(self);
        self.renew_verdict(&mut effects, true);
        effects
    }
}
