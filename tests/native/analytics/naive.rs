//! A naive recount of a query: every record is read as JSON, put into each of its windows, and every instant is looked at
//! anew. It knows the facts of a run and the scenario, and nothing of how results are computed.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use streamgauge::engine::payload::Payloads;
use streamgauge::engine::{Engine, Fact, Observer, Record, Step};
use streamgauge::scenario::query::{Function, Is, Operand, With};
use streamgauge::scenario::traffic::partition_key;
use streamgauge::scenario::{Analytics, ConsumerKind, EventTime, Query, Scenario};
use streamgauge::units::SimTime;

const EPOCH: u64 = 1_767_225_600_000_000;

/// What happened in a run, as far as a query can know.
#[derive(Default)]
struct Happened {
    stored: BTreeMap<u32, Vec<(u64, u32)>>,
    done: Vec<(u64, u32, Vec<Record>)>,
    gone: BTreeMap<u32, u64>,
}

impl Observer for Happened {
    fn observe(&mut self, at: SimTime, fact: Fact<'_>) {
        match fact {
            Fact::Stored { shard, record, .. } => {
                self.stored.entry(shard).or_default().push((record.arrived, record.number));
            }
            Fact::Processed { reader: 0, shard, batch, .. } if !batch.is_empty() => {
                self.done.push((at.micros(), shard, batch.iter().copied().collect()));
            }
            Fact::InvocationFailed { reader: 0, shard, done, .. } if !done.is_empty() => {
                self.done.push((at.micros(), shard, done.iter().copied().collect()));
            }
            Fact::Expired { reader: 0, shard, records } => *self.gone.entry(shard).or_default() += records,
            _ => {}
        }
    }
}

/// A result: end of the window, when it came, and its rows with their values in millionths.
pub type Found = (u64, u64, Vec<(Value, Vec<Option<i128>>)>);

/// What a run of a query comes to.
#[derive(Debug, Default, PartialEq)]
pub struct Recount {
    pub windows: Vec<Found>,
    pub passed: u64,
    pub late: u64,
}

/// The state of one shard: newest event time, when something came last, and whether it holds windows up.
#[derive(Clone, Copy)]
struct Shard {
    newest: u64,
    came_at: u64,
    counts: bool,
    ended: bool,
    begun: bool,
}

pub fn recount(scenario: &Scenario) -> Recount {
    let (mut engine, mut happened) = (Engine::new(scenario), Happened::default());
    while engine.advance(engine.end(), u32::MAX, &mut happened) != Step::Reached || engine.now() < engine.end() {}
    assert!(happened.gone.is_empty(), "nothing expires in these runs");
    happened.done.sort_by_key(|(at, shard, _)| (*at, *shard));
    let ConsumerKind::Analytics(settings) = scenario.consumers[0].kind else { panic!("an application") };
    let query = scenario.consumers[0].plan.clone().expect("it has one");
    let start = scenario.consumers[0].start.micros();
    let first = Shard { newest: 0, came_at: start, counts: true, ended: false, begun: true };
    let later = Shard { counts: false, begun: false, ..first };
    let open = scenario.stream.open_at_start();
    let shards: Vec<Shard> = (0..engine.shards()).map(|shard| if shard < open { first } else { later }).collect();
    let mut run =
        Run { scenario, settings, query: &query, shards, over: 0, open: BTreeMap::new(), found: Recount::default() };
    let end = scenario.length.micros();
    let mut ends: Vec<(u64, u32)> = (0..engine.shards())
        .filter_map(|shard| engine.lane_ended_at(0, shard).map(|at| (at.micros(), shard)))
        .collect();
    ends.sort_unstable();
    // Every instant at which something happens: a shard ends first, then comes what was done, then shards are idle.
    let mut times: BTreeSet<u64> =
        happened.done.iter().map(|(at, ..)| *at).chain([0]).chain(ends.iter().map(|(at, _)| *at)).collect();
    while let Some(now) = times.pop_first() {
        for (_, shard, records) in happened.done.iter().filter(|(at, ..)| *at == now) {
            run.done(now, *shard, records);
        }
        for (_, shard) in ends.iter().filter(|(at, _)| *at == now) {
            run.ended(now, *shard, &engine);
        }
        let idle = settings.shard_idle.micros();
        for shard in 0..run.shards.len() {
            let of = run.shards[shard];
            if idle == 0 || !of.counts || of.came_at + idle != now {
                continue;
            }
            let done: BTreeSet<u32> = happened
                .done
                .iter()
                .filter(|(at, of, _)| *at <= now && *of as usize == shard)
                .flat_map(|(_, _, records)| records.iter().map(|record| record.number))
                .collect();
            let stored = happened.stored.get(&(shard as u32)).map_or(&[][..], Vec::as_slice);
            let waits = stored.iter().any(|(arrived, number)| *arrived < now && !done.contains(number));
            if waits {
                run.shards[shard].came_at = now;
            } else {
                run.shards[shard].counts = false;
                run.look(now);
            }
        }
        if idle > 0 {
            times.extend(run.shards.iter().filter(|of| of.counts).map(|of| of.came_at + idle).filter(|at| *at < end));
        }
    }
    run.found
}

struct Run<'a> {
    scenario: &'a Scenario,
    settings: Analytics,
    query: &'a Query,
    shards: Vec<Shard>,
    over: u64,
    /// Records of the windows that are not over, by their ends.
    open: BTreeMap<u64, Vec<Record>>,
    found: Recount,
}

impl Run<'_> {
    fn done(&mut self, now: u64, shard: u32, records: &[Record]) {
        let (size, slide) = (self.query.size.micros(), self.query.slide.micros());
        let mut newest = 0;
        for record in records {
            let time =
                EPOCH + if self.settings.event_time == EventTime::Offered { record.offered } else { record.arrived };
            newest = newest.max(time);
            let json = self.json(record);
            if !self.query.filter.iter().all(|of| holds(&self.value(&of.of, record, &json), of.is, &of.with)) {
                self.found.passed += 1;
                continue;
            }
            let mut windows = Vec::new();
            let mut end = time / slide * slide + slide;
            while end < time + size || end - size <= time {
                windows.push(end);
                end += slide;
            }
            windows.retain(|end| *end > self.over);
            self.found.late += u64::from(windows.is_empty());
            for end in windows {
                self.open.entry(end).or_default().push(*record);
            }
        }
        let of = &mut self.shards[shard as usize];
        (of.newest, of.came_at, of.counts, of.begun) = (of.newest.max(newest), now, true, true);
        self.look(now);
    }

    fn ended(&mut self, now: u64, shard: u32, engine: &Engine) {
        (self.shards[shard as usize].counts, self.shards[shard as usize].ended) = (false, true);
        for child in engine.stream().shards[shard as usize].children.into_iter().flatten() {
            let parents: Vec<u32> = engine.stream().shards[child as usize].parents.into_iter().flatten().collect();
            if parents.iter().all(|parent| self.shards[*parent as usize].ended) && !self.shards[child as usize].begun {
                let newest = parents.iter().map(|parent| self.shards[*parent as usize].newest).min().expect("a parent");
                self.shards[child as usize] = Shard { newest, came_at: now, counts: true, ended: false, begun: true };
            }
        }
        self.look(now);
    }

    /// Emits what is over by now.
    fn look(&mut self, now: u64) {
        let Some(newest) = self.shards.iter().filter(|of| of.counts).map(|of| of.newest).min() else { return };
        self.over = self.over.max(newest.saturating_sub(self.settings.lateness.micros()));
        while let Some((end, _)) = self.open.first_key_value().filter(|(end, _)| **end <= self.over) {
            let end = *end;
            let records = self.open.remove(&end).expect("it is there");
            let rows = self.rows(&records);
            if !rows.is_empty() {
                self.found.windows.push((end - EPOCH, now, rows));
            }
        }
    }

    fn rows(&self, records: &[Record]) -> Vec<(Value, Vec<Option<i128>>)> {
        let mut groups: BTreeMap<String, (Value, Vec<&Record>)> = BTreeMap::new();
        for record in records {
            let name = match &self.query.group {
                None => Value::from("all"),
                Some(of) => match self.value(of, record, &self.json(record)) {
                    Value::Bool(it) => Value::from(it.to_string()),
                    Value::Array(_) | Value::Object(_) => Value::Null,
                    name => name,
                },
            };
            // Nothing, then numbers in their order, then texts.
            let key = match &name {
                Value::Null => "0".to_owned(),
                Value::Number(number) => format!("1{:030.6}", number.as_f64().expect("a number") + 1e15),
                other => format!("2{}", other.as_str().expect("a text")),
            };
            groups.entry(key).or_insert_with(|| (name, Vec::new())).1.push(record);
        }
        let measured = |records: &[&Record]| -> Vec<Option<i128>> {
            self.query.measures.iter().map(|of| self.measure(of.function, &of.of, records)).collect()
        };
        let mut rows: Vec<(Value, Vec<Option<i128>>)> =
            groups.into_values().map(|(name, records)| (name, measured(&records))).collect();
        rows.retain(|(_, values)| {
            self.query
                .having
                .iter()
                .all(|of| values[of.measure as usize].is_some_and(|value| of.is.holds(value.cmp(&i128::from(of.with)))))
        });
        if let Some(top) = self.query.top {
            let value = |row: &(Value, Vec<Option<i128>>)| row.1[top.measure as usize];
            // A stable order: ties stay in the order of the names.
            rows.sort_by_key(|row| match value(row) {
                None => (1, 0),
                Some(value) => (0, if top.descending { -value } else { value }),
            });
            rows.truncate(top.rows as usize);
        }
        rows
    }

    fn measure(&self, function: Function, path: &[Box<str>], records: &[&Record]) -> Option<i128> {
        let of = Operand::Field(path.to_vec());
        let values: Vec<Value> = records.iter().map(|record| self.value(&of, record, &self.json(record))).collect();
        if function == Function::Count {
            let count =
                if path.is_empty() { records.len() } else { values.iter().filter(|value| !value.is_null()).count() };
            return Some(count as i128 * 1_000_000);
        }
        let numbers: Vec<i128> = values.iter().filter_map(millionths).collect();
        match function {
            Function::Count => None,
            Function::Sum => (!numbers.is_empty()).then(|| numbers.iter().sum()),
            Function::Avg => (!numbers.is_empty()).then(|| numbers.iter().sum::<i128>() / numbers.len() as i128),
            Function::Min => numbers.into_iter().min(),
            Function::Max => numbers.into_iter().max(),
        }
    }

    fn json(&self, record: &Record) -> Value {
        let data = Payloads::new(self.scenario).data(&self.scenario.traffic.payloads, record);
        serde_json::from_slice(&data).unwrap_or(Value::Null)
    }

    fn value(&self, of: &Operand, record: &Record, json: &Value) -> Value {
        match of {
            Operand::Key => partition_key(record.key).into(),
            Operand::Field(path) => {
                path.iter().fold(json.clone(), |value, name| value.get(&**name).cloned().unwrap_or_default())
            }
        }
    }
}

fn millionths(value: &Value) -> Option<i128> {
    // Values of these tests have few decimals.
    value.as_number().and_then(|number| number.as_f64()).map(|number| (number * 1e6).round() as i128)
}

fn holds(value: &Value, is: Is, with: &With) -> bool {
    match with {
        With::Number(with) => millionths(value).is_some_and(|value| is.holds(value.cmp(&i128::from(*with)))),
        With::Text(with) => value.as_str().is_some_and(|value| is.holds(value.cmp(with))),
    }
}
