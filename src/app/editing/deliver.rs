//! Delivery streams behind the stream, one more and one less.

use crate::app::action::Effect;
use crate::app::live;
use crate::app::model::Model;
use serde_json::{Value, json};

impl Model {
    /// One more delivery stream, into S3, which takes what a poller reads that does nothing else: one that is there, or
    /// a new one.
    pub(in crate::app) fn add_delivery(&mut self) -> Vec<Effect> {
        let mut consumers = super::form::consumers(&self.draft);
        let idle = |consumer: &Value| {
            consumer["kind"] == "poller" && consumer["fixed_ms"] == 0 && consumer["per_record_ms"] == 0
        };
        let reader = consumers.iter().position(idle).unwrap_or(consumers.len());
        if reader == consumers.len() {
            consumers.push(json!({ "kind": "poller", "fixed_ms": 0, "per_record_ms": 0 }));
            self.draft.set("consumers", consumers.into());
        }
        let count = self.drafted_deliveries().len();
        self.draft.set(&format!("deliver.{count}"), json!({ "consumer": reader }));
        (self.preset, self.edited) = (None, true);
        self.changed(false)
    }

    /// A delivery stream less; the poller that read for it goes on reading.
    pub(in crate::app) fn remove_delivery(&mut self, place: usize) -> Vec<Effect> {
        let mut all = self.drafted_deliveries();
        if place < all.len() {
            all.remove(place);
        }
        self.set_deliveries(all);
        self.raw.clear();
        (self.preset, self.edited) = (None, true);
        self.changed(false)
    }

    /// Takes away the delivery streams for which a consumer reads that goes.
    pub(super) fn draft_deliveries_without(&mut self, gone: u64) {
        let mut all = self.drafted_deliveries();
        all.retain(|deliver| live::consumer_of(deliver) != gone);
        for deliver in all.iter_mut().filter(|deliver| live::consumer_of(deliver) > gone) {
            deliver["consumer"] = (live::consumer_of(deliver) - 1).into();
        }
        self.set_deliveries(all);
    }

    fn drafted_deliveries(&self) -> Vec<Value> {
        self.draft.get("deliver").and_then(Value::as_array).cloned().unwrap_or_default()
    }

    fn set_deliveries(&mut self, all: Vec<Value>) {
        self.show_consumers_handler();
        if all.is_empty() {
            self.draft.remove("deliver");
        } else {
            self.draft.set("deliver", all.into());
        }
    }
}
