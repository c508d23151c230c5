//! Changes to the scenario: fields, presets, files, remedies. What a running system could change while it runs
//! becomes an operation at the cursor; everything else starts over at 0:00.

mod deliver;

use super::action::{Effect, Speed};
use super::model::Model;
use super::{form, live};
use crate::limits;
use crate::scenario::fields::{self, Kind};
use crate::scenario::{ConsumerKind, Draft, Problem, StreamMode, csv_series, presets};
use crate::units::{MICROS_PER_SECOND, SimTime, Span};
use serde_json::{Value, json};

impl Model {
    pub(super) fn edit(&mut self, path: &str, text: &str) -> Vec<Effect> {
        match form::read(path, text) {
            Ok(value) => {
                self.forget(path);
                let mut values = vec![(path.to_owned(), value)];
                values.extend(form::first_values(path, text));
                values.extend(form::stores::first_store(&self.draft, path, text));
                self.set_all(&values)
            }
            Err(problem) => {
                self.revision += 1;
                self.forget(path);
                self.raw.push((path.to_owned(), text.to_owned()));
                self.problems.retain(|known| known.path != path);
                self.problems.push(problem);
                Vec::new()
            }
        }
    }

    pub(super) fn nudge(&mut self, path: &str, steps: i64) -> Vec<Effect> {
        let Some(number) = fields::field(path).and_then(|field| field.number()) else { return Vec::new() };
        let now = self.draft.get_or_default(path).and_then(|value| value.as_f64()).unwrap_or(0.0);
        let scaled = (now * number.scale() as f64).round() as i64 + steps * number.step as i64;
        let scaled = scaled.clamp(number.min as i64, number.max as i64) as u64;
        self.forget(path);
        self.set_all(&[(path.to_owned(), fields::number_value(number, scaled))])
    }

    /// Writes values into the document, as an operation where that is possible.
    pub(super) fn set_all(&mut self, values: &[(String, Value)]) -> Vec<Effect> {
        let changes: Vec<_> =
            values.iter().filter(|(path, value)| self.draft.get_or_default(path).as_ref() != Some(value)).collect();
        if changes.is_empty() {
            self.recheck();
            return Vec::new();
        }
        (self.preset, self.edited) = (None, true);
        if changes.iter().all(|(path, _)| path.starts_with("prices.")) {
            // The run does not know what it costs.
            for (path, value) in &changes {
                self.draft.set(path, value.clone());
            }
            self.message = None;
            return if self.recheck() { Vec::new() } else { self.pause() };
        }
        let live =
            self.is_under_way() && changes.iter().all(|(path, _)| live::change_during_run(&self.draft, path).is_some());
        for (path, value) in &changes {
            if live {
                self.plan(path, value);
            } else {
                self.draft.set(path, value.clone());
            }
        }
        self.changed(live)
    }

    /// Forgets the text of a field that could not be read.
    fn forget(&mut self, path: &str) {
        self.raw.retain(|(known, _)| known != path);
    }

    /// Whether a run is in view somewhere between its start and its end.
    fn is_under_way(&self) -> bool {
        self.run.timeline().frames() > 0 && self.cursor > SimTime::ZERO && !self.is_at_end()
    }

    /// Writes a change as an operation at the cursor, into one that stands there already if it is of its kind.
    fn plan(&mut self, path: &str, value: &Value) {
        let Some(change) = live::change_during_run(&self.draft, path) else { return };
        let at_s = self.cursor.micros().div_ceil(MICROS_PER_SECOND);
        let mut operations = self.draft.get("operations").and_then(Value::as_array).cloned().unwrap_or_default();
        let same = |operation: &Value| change.is_made_by(operation) && operation["at_s"].as_f64() == Some(at_s as f64);
        let index = operations.iter().position(same).unwrap_or_else(|| {
            let after = |operation: &Value| operation["at_s"].as_f64().is_some_and(|at| at <= at_s as f64);
            let index = operations.iter().take_while(|operation| after(operation)).count();
            let mut operation = json!({ "at_s": at_s, "kind": change.kind });
            if let Some(consumer) = change.consumer.filter(|consumer| *consumer > 0) {
                operation["consumer"] = consumer.into();
            }
            operations.insert(index, operation);
            index
        });
        if change.within.is_some() && operations[index].get(change.field).is_none() {
            // Part of a group changes: the rest of the group stays as it is in force.
            let in_force = live::path_in_force(&self.draft, &change.group, self.cursor);
            operations[index][change.field] = self.draft.get_or_default(&in_force).unwrap_or_else(|| json!({}));
        }
        self.draft.set("operations", Value::Array(operations));
        let field = change.field;
        let target = match change.within {
            Some(within) => format!("operations.{index}.{field}.{within}"),
            None => format!("operations.{index}.{field}"),
        };
        self.draft.set(&target, value.clone());
    }

    /// Checks the draft; returns whether it is a scenario.
    fn recheck(&mut self) -> bool {
        self.revision += 1;
        let checked = self.draft.check();
        self.problems = checked.as_ref().err().cloned().unwrap_or_default();
        // A path that is gone took its text with it.
        let draft = &self.draft;
        self.raw.retain(|(path, _)| fields::field(path).is_some() && draft.get_or_default(path).is_some());
        for (path, text) in &self.raw {
            self.problems.extend(form::read(path, text).err());
        }
        match checked {
            Ok(scenario) => {
                self.scenario = scenario;
                self.problems.is_empty()
            }
            Err(_) => false,
        }
    }

    /// After the document was changed: checks it, and runs on with it or starts over.
    pub(super) fn changed(&mut self, live: bool) -> Vec<Effect> {
        self.message = None;
        if !self.recheck() {
            // What has run is of no use to a scenario with other consumers.
            let same = self.run.fits(&self.scenario);
            return if same { self.pause() } else { self.start_over() };
        }
        if live {
            self.find_events();
            self.reopen()
        } else {
            self.start_over()
        }
    }

    pub(super) fn add_part(&mut self) -> Vec<Effect> {
        let count = self.draft.get("traffic.curve").and_then(Value::as_array).map_or(0, Vec::len);
        self.set_all(&[(format!("traffic.curve.{count}"), json!({ "kind": "constant" }))])
    }

    /// One more consumer, like the last one.
    pub(super) fn add_consumer(&mut self) -> Vec<Effect> {
        let mut all = form::consumers(&self.draft);
        let mut another = all.last().cloned().unwrap_or_default();
        another["name"] = "".into();
        self.consumer = all.len();
        all.push(another);
        self.draft.set("consumers", all.into());
        (self.preset, self.edited) = (None, true);
        self.changed(false)
    }

    /// A consumer less, with the operations that concern it.
    pub(super) fn remove_consumer(&mut self, index: usize) -> Vec<Effect> {
        let mut operations = self.draft.get("operations").and_then(Value::as_array).cloned().unwrap_or_default();
        let concerns =
            |operation: &Value| live::CONCERN_A_CONSUMER.contains(&operation["kind"].as_str().unwrap_or_default());
        operations.retain(|operation| !concerns(operation) || live::consumer_of(operation) != index as u64);
        for operation in operations.iter_mut().filter(|operation| live::consumer_of(operation) > index as u64) {
            operation["consumer"] = (live::consumer_of(operation) - 1).into();
        }
        if self.draft.get("operations").is_some() {
            self.draft.set("operations", operations.into());
        }
        self.draft_streams_without(index as u64);
        self.draft_deliveries_without(index as u64);
        self.raw.clear();
        self.consumer = self.consumer.saturating_sub(usize::from(self.consumer >= index));
        self.remove_at(&format!("consumers.{index}"))
    }

    /// The streams that follow, without those into which a consumer puts that goes.
    fn draft_streams_without(&mut self, gone: u64) {
        let Some(mut streams) = self.draft.get("then").and_then(Value::as_array).cloned() else { return };
        streams.retain(|stream| live::consumer_of(stream) != gone);
        for stream in streams.iter_mut().filter(|stream| live::consumer_of(stream) > gone) {
            stream["consumer"] = (live::consumer_of(stream) - 1).into();
        }
        self.stream = 0;
        self.draft.set("then", streams.into());
    }

    /// A stream into which a consumer puts.
    pub(super) fn add_stream(&mut self, consumer: usize) -> Vec<Effect> {
        let count = self.draft.get("then").and_then(Value::as_array).map_or(0, Vec::len);
        self.draft.set(&format!("then.{count}"), json!({ "consumer": consumer }));
        (self.preset, self.edited) = (None, true);
        self.changed(false)
    }

    /// A stream that follows less, with all that follow it.
    pub(super) fn remove_stream(&mut self, place: usize) -> Vec<Effect> {
        self.raw.clear();
        (self.stream, self.consumer) = (0, 0);
        self.remove_at(&format!("then.{place}"))
    }

    pub(super) fn remove_at(&mut self, path: &str) -> Vec<Effect> {
        self.draft.remove(path);
        (self.preset, self.edited) = (None, true);
        self.changed(false)
    }

    /// Adds an operation at the cursor, with values that make sense there.
    pub(super) fn add_operation(&mut self, kind: &'static str) -> Vec<Effect> {
        let at = self.cursor;
        let frames = self.timeline().frames();
        let open = if frames == 0 { Vec::new() } else { self.timeline().open_at(at) };
        let count = if frames == 0 { self.scenario().stream.open_at_start() as usize } else { open.len() };
        let shard = |place: usize| open.get(place).copied().unwrap_or(place);
        let stream = &self.scenario().stream;
        let mut operation = json!({ "kind": kind });
        let values = match kind {
            "split_shard" => json!({"shard": shard(0)}),
            "merge_shards" => json!({"shard": shard(0), "adjacent_shard": shard(1)}),
            "update_shard_count" => json!({"target_shards": (2 * count).clamp(1, limits::SHARDS_MAX as usize)}),
            "update_retention" => {
                let week = limits::EXTENDED_RETENTION;
                let longer = if stream.retention < week { week } else { limits::RETENTION_MIN };
                json!({"retention_h": longer.micros() / Span::from_hours(1).micros()})
            }
            "update_stream_mode" => {
                let mode = if stream.mode.is_on_demand() { StreamMode::Provisioned } else { StreamMode::OnDemand };
                json!({"mode": mode.word()})
            }
            // The store into which the consumer writes that is shown, or the first that can meet this.
            "store_outage" | "slow_store" | "lose_connections" => {
                let own = self.scenario.consumers[self.consumer()].writes.map(|writes| writes.store as usize);
                let stores = &self.scenario.stores;
                let fits = |place: &usize| kind != "lose_connections" || stores[*place].connections.is_some();
                let place = own.filter(fits).or_else(|| (0..stores.len()).find(fits));
                let store = place.map(|place| &stores[place]);
                let mut values = json!({"store": store.map_or("", |store| &store.name)});
                if kind == "lose_connections" {
                    let count = store.and_then(|store| store.connections).unwrap_or(1);
                    values["connections"] = count.div_ceil(2).into();
                }
                values
            }
            "freeze_consumer" | "slow_function" => json!({"consumer": self.consumer()}),
            // The application that is shown, or the first one.
            "kill_workers" => {
                let is_kcl = |index: &usize| matches!(self.scenario.consumers[*index].kind, ConsumerKind::Kcl(_));
                let first = (0..self.scenario.consumers.len()).find(is_kcl);
                json!({"consumer": Some(self.consumer()).filter(is_kcl).or(first).unwrap_or(0)})
            }
            _ => json!({}),
        };
        if let (Some(operation), Value::Object(values)) = (operation.as_object_mut(), values) {
            operation.extend(values);
        }
        self.add_change("operations", operation)
    }

    /// Adds a change to the list at a path, at the cursor.
    pub(super) fn add_change(&mut self, list: &str, mut change: Value) -> Vec<Effect> {
        // What begins after the last whole second would begin after the run.
        let last = self.scenario.length.seconds_f64().ceil() - 1.0;
        change["at_s"] = self.cursor.seconds_f64().floor().min(last).into();
        let index = self.draft.get(list).and_then(Value::as_array).map_or(0, Vec::len);
        let live = self.is_under_way();
        self.draft.set(&format!("{list}.{index}"), change);
        (self.preset, self.edited) = (None, true);
        self.changed(live)
    }

    /// Takes the change at a path back.
    pub(super) fn remove_operation(&mut self, path: &str) -> Vec<Effect> {
        let at_s = self.draft.get(&format!("{path}.at_s")).and_then(Value::as_f64).unwrap_or(0.0);
        // An operation that still lies ahead of the cursor has changed nothing that is in view.
        let live = self.is_under_way() && at_s >= self.cursor.seconds_f64();
        self.draft.remove(path);
        (self.preset, self.edited) = (None, true);
        self.changed(live)
    }

    pub(super) fn choose_preset(&mut self, id: &str) -> Vec<Effect> {
        let Some(preset) = presets::by_id(id) else { return Vec::new() };
        match preset.table_file() {
            Some(file) => {
                self.awaited = Some((preset.id.to_owned(), None));
                vec![Effect::FetchTable { preset: preset.id.to_owned(), file: file.to_owned() }]
            }
            None => self.load_with_overrides(preset.plain(), id),
        }
    }

    /// The table of a preset has come, or could not be had.
    pub(super) fn take_table(&mut self, id: &str, table: Option<&str>) -> Vec<Effect> {
        // Whoever has opened something else in the meantime wants that.
        let Some((_, seconds)) = self.awaited.take_if(|(awaited, _)| awaited == id) else { return Vec::new() };
        match table {
            Some(text) => {
                let mut effects = self.load_preset(id, text);
                effects.extend(seconds.map(|seconds| self.seek(seconds)).unwrap_or_default());
                effects
            }
            None => {
                self.tell("The series of this preset could not be loaded.", "Try again, or choose another preset.");
                Vec::new()
            }
        }
    }

    fn load_preset(&mut self, id: &str, table: &str) -> Vec<Effect> {
        let Some(preset) = presets::by_id(id) else { return Vec::new() };
        match preset.draft_with(table) {
            Ok(draft) => self.load_with_overrides(draft, id),
            Err(_) => {
                self.tell("The series of this preset arrived damaged.", "Load the page again.");
                Vec::new()
            }
        }
    }

    /// Takes another document in place of this one.
    pub(super) fn load(&mut self, draft: Draft, preset: Option<String>) -> Vec<Effect> {
        let mut effects = self.give_way();
        self.draft = draft;
        self.raw.clear();
        self.awaited = None;
        effects.extend(self.changed(false));
        (self.preset, self.edited) = (preset, false);
        self.speed = Speed::for_length(self.length().seconds_f64());
        (self.compare.open, self.compare.form) = (!self.scenario.designs.is_empty(), None);
        effects
    }

    pub(super) fn try_finding(&mut self, index: usize) -> Vec<Effect> {
        let Some(remedy) = self.findings().into_iter().nth(index).and_then(|finding| finding.remedy_try) else {
            return Vec::new();
        };
        // The remedy is tried from the start, on the scenario as it is in force: changes made on the way stay out.
        let within = self.scenario.stream_path(self.stream());
        self.draft.remove(&format!("{within}operations"));
        for (path, value) in remedy.edits {
            // What the streams share stands in one place.
            let own = fields::field(&format!("{within}{path}")).is_some();
            self.draft.set(&if own { format!("{within}{path}") } else { path }, value);
        }
        self.raw.clear();
        (self.preset, self.edited) = (None, true);
        let mut effects = self.changed(false);
        effects.extend(self.run_or_pause());
        effects
    }

    pub(super) fn open_file(&mut self, name: &str, text: &str) -> Vec<Effect> {
        let is_json = name.to_ascii_lowercase().ends_with(".json") || text.trim_start().starts_with('{');
        let opened = if is_json { self.open_scenario(text) } else { self.open_series(name, text) };
        opened.unwrap_or_else(|problems| {
            let kind = if is_json { "a scenario" } else { "a series" };
            let head = format!("{name} cannot be read as {kind}.");
            self.tell_problems(&head, "Nothing was changed here. Correct the file and drop it again.", &problems);
            self.pause()
        })
    }

    fn open_scenario(&mut self, text: &str) -> Result<Vec<Effect>, Vec<Problem>> {
        let draft = Draft::parse(text)?;
        draft.check()?;
        Ok(self.load(draft, None))
    }

    /// Makes a table the traffic. Everything else of the scenario stays.
    fn open_series(&mut self, name: &str, text: &str) -> Result<Vec<Effect>, Vec<Problem>> {
        let imported = csv_series::import(text, name)?;
        let mut draft = self.draft.clone();
        draft.set("traffic.curve", json!([imported.part()]));
        draft.set("length_s", json!(imported.length.micros() as f64 / MICROS_PER_SECOND as f64));
        draft.remove("operations");
        draft.check()?;
        let effects = self.load(draft, None);
        self.edited = true;
        Ok(effects)
    }

    pub(super) fn save(&self) -> Effect {
        let name: String = self
            .scenario
            .name
            .to_ascii_lowercase()
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
            .collect();
        let name = name.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-");
        let name = if name.is_empty() { "scenario".to_owned() } else { name };
        Effect::Download { name: format!("{name}.json"), text: self.draft.to_json() }
    }

    /// A problem as a sentence with the name of its field.
    pub(super) fn problem_text(&self, problem: &Problem) -> String {
        let mut text = match fields::field(&problem.path) {
            Some(field) if !field.path.is_empty() && !matches!(field.kind, Kind::Group) => {
                format!("{}: {}", field.label, problem.message)
            }
            _ => problem.to_string(),
        };
        if !text.ends_with(['.', '?']) {
            text.push('.');
        }
        text
    }
}
