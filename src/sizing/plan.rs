//! All combinations of the values of some fields, each a design with a lower bound of its cost.

use super::ranges::follow_mode;
use super::trial::done_at_least;
use super::{CANDIDATES_MAX, Range, Ranges};
use crate::cost::Floor;
use crate::engine::arrivals::ArrivalTimes;
use crate::limits;
use crate::scenario::fields::{self, Kind};
use crate::scenario::{Draft, Problem, Scenario, StreamMode};
use serde_json::{Value, json};

/// Parts of a document that make the arrivals, or nothing: every design has to have the same.
const FIXED: [&str; 8] = ["streamgauge", "name", "about", "seed", "length_s", "traffic", "designs", "prices"];

/// The designs that are compared.
#[derive(Clone, Debug)]
pub struct Plan {
    draft: Draft,
    scenario: Scenario,
    ranges: Ranges,
    /// For each design the place of its value in each range; `None` where the field does not exist with its other values.
    places: Vec<Vec<Option<u16>>>,
    floors: Vec<u64>,
    /// Designs that are no scenario, and why the first of them is not.
    refused: usize,
    refusal: Option<Problem>,
    offered: u64,
}

impl Plan {
    /// All designs of a document whose fields are varied. Those that contradict themselves are left out.
    ///
    /// # Errors
    /// Everything that is wrong with the document, or with the ranges, at once.
    pub fn new(draft: &Draft, ranges: Ranges) -> Result<Self, Vec<Problem>> {
        let scenario = draft.check()?;
        let mut problems: Vec<Problem> =
            ranges.0.iter().flat_map(|range| problems(draft, &range.path, &range.values)).collect();
        let designs = ranges.0.iter().try_fold(1usize, |all, range| all.checked_mul(range.values.len()));
        let designs = designs.filter(|designs| *designs <= CANDIDATES_MAX);
        if designs.is_none() {
            let each: Vec<String> = ranges.0.iter().map(|range| range.values.len().to_string()).collect();
            let message = format!(
                "{} designs are more than {}; take fewer values, or larger steps",
                each.join(" × "),
                limits::grouped(CANDIDATES_MAX as u64)
            );
            problems.push(Problem::new("", message));
        }
        let Some(designs) = designs.filter(|_| problems.is_empty()) else { return Err(problems) };
        let offered = ArrivalTimes::count(&scenario);
        let floor = Floor::new(&scenario, done_at_least(offered));
        let mut plan = Self {
            draft: draft.clone(),
            scenario,
            ranges,
            places: Vec::new(),
            floors: Vec::new(),
            refused: 0,
            refusal: None,
            offered,
        };
        plan.draft.remove("designs");
        // The arrivals are the same for all, and a recorded series takes longer to check than everything else.
        let mut light = plan.draft.clone();
        light.set("traffic.curve", json!([{"kind": "constant", "per_s": 1}]));
        for number in 0..designs {
            let places = plan.numbered(number);
            let (draft, places) = plan.written(&light, &places);
            // A field that does not exist makes all its values one design.
            if places.iter().zip(plan.numbered(number)).any(|(place, number)| place.is_none() && number > 0) {
                continue;
            }
            match draft.check() {
                Ok(scenario) => {
                    plan.places.push(places);
                    plan.floors.push(floor.cents(&scenario));
                }
                Err(problems) => {
                    plan.refused += 1;
                    plan.refusal = plan.refusal.or_else(|| problems.into_iter().next());
                }
            }
        }
        if let Some(refusal) = plan.refusal.take_if(|_| plan.places.is_empty()) {
            return Err(vec![refusal]);
        }
        let absent = |range: &usize| plan.places.iter().all(|places| places[*range].is_none());
        let absent = (0..plan.ranges.0.len()).filter(absent).map(|range| {
            let message = "no design has this field; vary what it belongs to as well, or leave it out";
            Problem::new(plan.ranges.0[range].path.as_str(), message)
        });
        let absent: Vec<Problem> = absent.collect();
        if absent.is_empty() { Ok(plan) } else { Err(absent) }
    }

    /// How many designs there are.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The document as it stands, without other designs.
    pub const fn document(&self) -> &Draft {
        &self.draft
    }

    /// The scenario as it stands.
    pub const fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    /// The design as it stands, where its values are among those that are varied.
    pub fn current(&self) -> Option<usize> {
        let now: Vec<Option<Value>> =
            self.ranges.0.iter().map(|range| self.draft.get_or_default(&range.path)).collect();
        let stands = |candidate: &usize| {
            let values = self.values(*candidate).into_iter().zip(&now);
            values.into_iter().all(|(value, now)| value.is_none() || value == now.as_ref())
        };
        (0..self.len()).find(stands)
    }

    /// What is varied.
    pub fn ranges(&self) -> &Ranges {
        &self.ranges
    }

    /// What each design costs in 30 days at least, in cents.
    pub fn floors(&self) -> &[u64] {
        &self.floors
    }

    /// Records that are offered, to every design.
    pub const fn offered(&self) -> u64 {
        self.offered
    }

    /// How many designs contradict themselves, and why the first of them does.
    pub const fn refused(&self) -> (usize, Option<&Problem>) {
        (self.refused, self.refusal.as_ref())
    }

    /// The value of each field that a design has; `None` where the field does not exist with the others.
    pub fn values(&self, candidate: usize) -> Vec<Option<&Value>> {
        let places = self.places[candidate].iter().zip(&self.ranges.0);
        places.map(|(place, range)| place.map(|place| &range.values[usize::from(place)])).collect()
    }

    /// The document of a design.
    pub fn draft(&self, candidate: usize) -> Draft {
        let places: Vec<usize> = self.places[candidate].iter().map(|place| place.map_or(0, usize::from)).collect();
        self.written(&self.draft, &places).0
    }

    /// What a design changes in the document, each value at its path.
    pub fn edits(&self, candidate: usize) -> Vec<(String, Value)> {
        let draft = self.draft(candidate);
        let paths = self.ranges.0.iter().zip(self.values(candidate));
        let mut edits: Vec<(String, Value)> =
            paths.filter_map(|(range, value)| Some((range.path.clone(), value?.clone()))).collect();
        // What goes with a mode, and fields in the order in which they may be written: kinds first.
        for beside in ["stream.shards", "stream.autoscaler"] {
            let (now, was) = (draft.get(beside), self.draft.get(beside));
            let named = edits.iter().any(|(path, _)| path == beside);
            if let Some(now) = now.filter(|now| Some(*now) != was && !named) {
                edits.push((beside.to_owned(), now.clone()));
            }
        }
        edits.sort_by_key(|(path, _)| !selects(path));
        edits
    }

    /// The design that differs from another one by the value before or after it in one range.
    pub fn neighbour(&self, candidate: usize, range: usize, after: bool) -> Option<usize> {
        let mut places = self.places[candidate].clone();
        let place = places[range]?;
        places[range] = Some(if after { place + 1 } else { place.checked_sub(1)? });
        self.places.iter().position(|other| *other == places)
    }

    /// The places of the values of a combination; the last range changes first.
    fn numbered(&self, number: usize) -> Vec<usize> {
        let mut left = number;
        let mut places: Vec<usize> = self
            .ranges
            .0
            .iter()
            .rev()
            .map(|range| {
                let place = left % range.values.len();
                left /= range.values.len();
                place
            })
            .collect();
        places.reverse();
        places
    }

    /// A document with the values of a combination, those that select kinds first; and which of the fields exist in it.
    fn written(&self, draft: &Draft, places: &[usize]) -> (Draft, Vec<Option<u16>>) {
        let mut draft = draft.clone();
        let mut written = vec![None; places.len()];
        for kinds in [true, false] {
            for (range, place) in places.iter().enumerate() {
                let Range { path, values } = &self.ranges.0[range];
                if selects(path) != kinds || !exists(&draft, &self.draft, path) {
                    continue;
                }
                draft.set(path, values[*place].clone());
                written[range] = Some(*place as u16);
                if path.ends_with("stream.mode") {
                    follow_mode(&mut draft, path, mode_at(&self.draft, path));
                }
            }
        }
        (draft, written)
    }
}

/// Whether a field has to be written before those beside it.
fn selects(path: &str) -> bool {
    path.ends_with("stream.mode") || fields::field(path).is_some_and(|field| field.selects)
}

fn mode_at(draft: &Draft, path: &str) -> StreamMode {
    let word = draft.get_or_default(path);
    let all = [StreamMode::Provisioned, StreamMode::OnDemand, StreamMode::Advantage];
    let of = |word: &str| all.into_iter().find(|mode| mode.word() == word);
    word.as_ref().and_then(Value::as_str).and_then(of).unwrap_or(StreamMode::Provisioned)
}

/// Whether a field exists in a document: whether each group on the way to it is of a kind that has it. The shards of a
/// stream that becomes on-demand are not chosen.
fn exists(draft: &Draft, original: &Draft, path: &str) -> bool {
    if let Some(place) = path.strip_suffix("stream.shards") {
        let mode = format!("{place}stream.mode");
        if mode_at(draft, &mode).is_on_demand() && !mode_at(original, &mode).is_on_demand() {
            return false;
        }
    }
    let ends = path.match_indices('.').map(|(at, _)| at).chain([path.len()]);
    ends.map(|end| &path[..end]).all(|path| {
        let (group, name) = path.rsplit_once('.').unwrap_or(("", path));
        let Some(child) = fields::children(group).into_iter().find(|child| child.name == name) else { return true };
        let Some(selector) = fields::selector(group).filter(|selector| selector.name != name) else { return true };
        let at = if group.is_empty() { selector.name.to_owned() } else { format!("{group}.{}", selector.name) };
        let selected = draft.get(&at).cloned().or_else(|| selector.field.default_value());
        selected.as_ref().and_then(Value::as_str).is_none_or(|selected| child.exists_with(selected))
    })
}

/// What is wrong with one range.
fn problems(draft: &Draft, path: &str, values: &[Value]) -> Vec<Problem> {
    let one = |message: String| vec![Problem::new(path, message)];
    if let Some(part) = FIXED.into_iter().find(|part| path.split('.').next() == Some(part)) {
        return one(format!("\"{part}\" is the same for all designs; vary the producer, the stream or the consumers"));
    }
    // Writing behind the end of a list would add to it.
    let parts: Vec<&str> = path.split('.').collect();
    for (place, part) in parts.iter().enumerate() {
        let (list, Ok(index)) = (parts[..place].join("."), part.parse::<usize>()) else { continue };
        let long = draft.get(&list).and_then(Value::as_array).map_or(usize::from(list == "consumers"), Vec::len);
        if index >= long {
            return one(format!("there is no {list}.{index}; it has {long}, counted from 0"));
        }
    }
    if let Some(field) = fields::field(path) {
        if !matches!(field.kind, Kind::Number(_) | Kind::Choice(_)) {
            return one(format!("\"{}\" is neither a number nor a choice; vary what stands in it", field.label));
        }
        // A field of another kind is told by itself: some value of the selector may have it.
        let mut found = Vec::new();
        for value in values {
            let mut alone = draft.clone();
            alone.set(path, value.clone());
            let own = alone.check().err().into_iter().flatten().filter(|problem| problem.path == path);
            found.extend(own.filter(|problem| !problem.message.starts_with("belongs to")).take(1));
        }
        return found;
    }
    // The check of documents knows what was meant.
    let mut alone = draft.clone();
    alone.set(path, values[0].clone());
    let found = alone.check().err().into_iter().flatten().find(|problem| path.starts_with(&problem.path));
    vec![found.unwrap_or_else(|| Problem::new(path, "there is no such field"))]
}
