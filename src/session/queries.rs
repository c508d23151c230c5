//! The queries of a run: what analytics applications compute beside what they read.
//!
//! Nothing of a run depends on the results, so that the page's engine leaves them out: the page asks another module for
//! them, which it fetches when a scenario has a query.

use crate::engine::record::Run;
use crate::engine::{Engine, Fact, LossCause, Observer, Record, WriteLimit};
#[cfg(any(not(target_arch = "wasm32"), feature = "size-module"))]
use crate::metrics::analytics::{Analytics, Name, Row, Window};
use crate::scenario::Scenario;
#[cfg(any(not(target_arch = "wasm32"), feature = "size-module"))]
use crate::scenario::filter::NUMERIC_SCALE;
#[cfg(any(not(target_arch = "wasm32"), feature = "size-module"))]
use crate::scenario::{sql, traffic::partition_key};
use crate::units::SimTime;
#[cfg(any(not(target_arch = "wasm32"), feature = "size-module"))]
use serde_json::{Value, json};

/// The analytics applications of a stream.
#[derive(Clone, Debug, Default)]
pub(super) struct Queries {
    #[cfg(any(not(target_arch = "wasm32"), feature = "size-module"))]
    all: Vec<Analytics>,
}

#[cfg(any(not(target_arch = "wasm32"), feature = "size-module"))]
impl Queries {
    pub fn new(scenario: &Scenario) -> Self {
        Self { all: Analytics::all(scenario) }
    }

    pub fn all(&self) -> &[Analytics] {
        &self.all
    }

    /// Keeps the first rows only of each window.
    pub fn keep_first(&mut self, rows: usize) {
        self.all.iter_mut().for_each(|of| of.keep_first(rows));
    }

    /// A frame closes: what was processed in it is counted.
    pub fn close_frame(&mut self, engine: &Engine) {
        self.all.iter_mut().for_each(|of| of.close_frame(engine));
    }

    /// What came of the query of a consumer, if it is an analytics application.
    pub fn document(&self, consumer: usize) -> Option<Value> {
        let of = self.all.iter().find(|of| of.consumer() as usize == consumer)?;
        let (query, results) = (of.query(), of.results());
        let millis = |permille| results.delays.quantile(permille).map(crate::units::Span::millis_f64);
        let columns: Vec<String> = query.measures.iter().map(sql::measure_text).collect();
        let window = |window: &Window| {
            json!({
                "start_s": window.start.seconds_f64(),
                "end_s": window.end.seconds_f64(),
                "at_s": window.at.seconds_f64(),
                "rows": window.rows,
                "first": window.kept.iter().map(row).collect::<Value>(),
            })
        };
        Some(json!({
            "query": sql::text(query),
            "kpus": of.settings().kpus(),
            "billed_kpus": of.settings().billed_kpus(),
            "windows": results.windows,
            "rows": results.rows,
            "records": {
                "counted": results.counted,
                "passed_over": results.passed,
                "late": results.late,
                "no_room": results.no_room,
            },
            "groups": {"open": results.groups, "most": results.groups_peak},
            "delay": {"unit": "ms", "p50": millis(500), "p99": millis(990), "max": millis(1_000)},
            "columns": columns,
            "newest": results.newest.iter().map(window).collect::<Value>(),
        }))
    }

    fn done(&mut self, at: SimTime, reader: u32, shard: u32, batch: Run<'_>) {
        for of in self.all.iter_mut().filter(|of| of.consumer() == reader) {
            of.processed(at, shard, batch);
        }
    }
}

#[cfg(all(target_arch = "wasm32", not(feature = "size-module")))]
impl Queries {
    pub fn new(_: &Scenario) -> Self {
        Self::default()
    }

    pub fn close_frame(&mut self, _: &Engine) {}

    fn done(&mut self, _: SimTime, _: u32, _: u32, _: Run<'_>) {}
}

impl Observer for Queries {
    #[inline]
    fn observe(&mut self, at: SimTime, fact: Fact<'_>) {
        match fact {
            Fact::Processed { reader, shard, batch, .. } => self.done(at, reader, shard, batch),
            Fact::InvocationFailed { reader, shard, done, .. } => self.done(at, reader, shard, done),
            _ => {}
        }
    }

    #[inline(always)]
    fn offered(&mut self, _: SimTime, _: &Record) {}

    #[inline(always)]
    fn put_called(&mut self, _: SimTime, _: u32, _: u32) {}

    #[inline(always)]
    fn stored(&mut self, _: SimTime, _: u32, _: &Record, _: u32) {}

    #[inline(always)]
    fn throttled(&mut self, _: SimTime, _: u32, _: &Record, _: WriteLimit) {}

    #[inline(always)]
    fn lost(&mut self, _: SimTime, _: &Record, _: LossCause) {}

    #[inline(always)]
    fn batch(&mut self, _: SimTime, _: Fact<'_>) {}

    #[inline(always)]
    fn processed(&mut self, at: SimTime, reader: u32, shard: u32, _: u64, _: SimTime, batch: Run<'_>) {
        self.done(at, reader, shard, batch);
    }
}

/// A row: the name of its group, where there is one for each name, and its measures.
#[cfg(any(not(target_arch = "wasm32"), feature = "size-module"))]
fn row(row: &Row) -> Value {
    let number = |number: i128| {
        let scale = i128::from(NUMERIC_SCALE);
        let whole = i64::try_from(number / scale).ok().filter(|_| number % scale == 0);
        whole.map_or_else(|| json!(number as f64 / scale as f64), Value::from)
    };
    let name = match &row.name {
        Name::All => json!("all"),
        Name::Null => Value::Null,
        Name::Number(of) => number((*of).into()),
        Name::Text(text) => json!(text),
        Name::Key(key) => json!(partition_key(*key)),
    };
    let values = row.values.iter().map(|value| value.map_or(Value::Null, number));
    std::iter::once(name).chain(values).collect()
}
