//! Which fields of a document a plan varies, over which values.

use crate::limits;
use crate::scenario::{ConsumerKind, Draft, Problem, Scenario, StreamMode, capacity};
use crate::text;
use serde_json::{Value, json};

/// Values that one field may have.
pub const VALUES_MAX: usize = 1_000;
/// Designs that are proposed where nobody says what to vary.
const PROPOSED_MAX: usize = 1_500;

/// A field and its values.
#[derive(Clone, Debug, PartialEq)]
pub struct Range {
    /// Path of the field, as in a problem: `consumers.0.batch_size`.
    pub path: String,
    /// The values, in the order in which they are tried where nothing else tells them apart; none twice.
    pub values: Vec<Value>,
}

/// The fields that a plan varies.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ranges(pub Vec<Range>);

impl Ranges {
    /// Reads one range from each text, as [`Range::read`] does.
    ///
    /// # Errors
    /// Every problem at once.
    pub fn read<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Self, Vec<Problem>> {
        let (mut ranges, mut problems) = (Vec::<Range>::new(), Vec::new());
        for read in texts.into_iter().map(Range::read) {
            match read {
                Ok(range) if ranges.iter().any(|other| other.path == range.path) => {
                    problems.push(Problem::new(range.path, "is varied twice; write all its values in one list"));
                }
                Ok(range) => ranges.push(range),
                Err(problem) => problems.push(problem),
            }
        }
        if problems.is_empty() { Ok(Self(ranges)) } else { Err(problems) }
    }

    /// What is worth varying in a scenario: its capacity mode, its shards around what its peak needs, the batches, invocations at a time
    /// and memory of its functions, as long as the designs do not become too many.
    pub fn proposed(scenario: &Scenario) -> Self {
        let mut ranges = Vec::new();
        if !scenario.stream.scales() {
            let modes = [StreamMode::Provisioned, StreamMode::OnDemand].map(|mode| mode.word().into());
            ranges.push(Range { path: "stream.mode".to_owned(), values: modes.to_vec() });
            ranges.push(shards(scenario));
        }
        let functions = scenario.consumers.iter().enumerate().filter(|(_, of)| of.kind == ConsumerKind::Lambda);
        for (index, consumer) in functions {
            let of =
                |name: &str, values: &[u32], now: u32| Range::around(format!("consumers.{index}.{name}"), values, now);
            ranges.push(of("batch_size", &[10, 100, 500, 1_000], consumer.batch_size));
            ranges.push(of("parallelization_factor", &[1, 2, 5, 10], consumer.parallelization));
            if consumer.function.cpu_share.millionths() > 0 {
                ranges.push(of("memory_mb", &[128, 256, 512, 1_024, 1_769], consumer.memory_mb));
            }
        }
        let mut designs = 1;
        ranges.retain(|range| {
            let more = designs * range.values.len();
            let fits = more <= PROPOSED_MAX;
            if fits {
                designs = more;
            }
            fits
        });
        Self(ranges)
    }
}

/// Shards from one to well beyond what the peak needs, or the function: all of them where they are few.
fn shards(scenario: &Scenario) -> Range {
    const ROOM: f64 = 1.5;
    /// Numbers of shards to try.
    const MANY: u32 = 40;
    let peak = scenario.traffic.peak_rate(scenario.length);
    let slowest = scenario.consumers.iter().map(|consumer| capacity::function_per_shard(scenario, consumer));
    let slowest = slowest.fold(capacity::room_per_shard(scenario), f64::min);
    let most = (peak / slowest.max(1.0) * ROOM).ceil().min(limits::SHARDS_MAX as f64) as u32;
    let most = most.max(scenario.stream.shards).max(4);
    let step = most.div_ceil(MANY);
    // Steps from the one that is there, so that it is among them.
    let first = (scenario.stream.shards - 1) % step + 1;
    let values = (first..=most).step_by(step as usize).map(|count| json!(count)).collect();
    Range { path: "stream.shards".to_owned(), values }
}

impl Range {
    /// Reads `path=values`, with the values a list of numbers and words: `128,256,512`. Among them `1..64` doubles from
    /// the first to the last number, which is one of them, and `1..64+1` steps.
    ///
    /// # Errors
    /// What is wrong, at the path.
    pub fn read(text: &str) -> Result<Self, Problem> {
        let Some((path, list)) = text.split_once('=') else {
            let message = "write a field and its values, such as stream.shards=1..64 or consumers.0.memory_mb=128,256";
            return Err(Problem::new(text, message));
        };
        let (path, mut values) = (path.trim().to_owned(), Vec::new());
        for part in list.split(',').map(str::trim) {
            let more = match part.split_once("..") {
                Some((from, rest)) => steps(from, rest).map_err(|message| Problem::new(path.as_str(), message))?,
                None if part.is_empty() => {
                    return Err(Problem::new(path, "has a value that is empty; write 128,256 or 1..64"));
                }
                None => vec![serde_json::from_str(part).unwrap_or_else(|_| Value::from(part))],
            };
            for value in more {
                if !values.contains(&value) {
                    values.push(value);
                }
            }
        }
        if values.len() > VALUES_MAX {
            let message = format!(
                "has {} values; at most {} are allowed, with a larger step",
                text::int(values.len() as f64),
                text::int(VALUES_MAX as f64)
            );
            return Err(Problem::new(path, message));
        }
        Ok(Self { path, values })
    }

    /// The range as [`Range::read`] takes it, numbers at equal distances as `1..64+1`.
    pub fn text(&self) -> String {
        let numbers: Option<Vec<u64>> = self.values.iter().map(Value::as_u64).collect();
        let steps = numbers.as_deref().and_then(|all| match all {
            [first, second, .., last] if first < second => {
                let step = second - first;
                let even = all.windows(2).all(|pair| pair[1] == pair[0] + step);
                (even && all.len() > 4).then(|| format!("{first}..{last}+{step}"))
            }
            _ => None,
        });
        let word = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let list = || self.values.iter().map(word).collect::<Vec<_>>().join(",");
        format!("{}={}", self.path, steps.unwrap_or_else(list))
    }

    /// Some values and the one that holds, in order.
    fn around(path: String, values: &[u32], now: u32) -> Self {
        let mut values: Vec<u32> = values.iter().copied().chain([now]).collect();
        values.sort_unstable();
        values.dedup();
        Self { path, values: values.into_iter().map(|value| json!(value)).collect() }
    }
}

/// The numbers of `from..to`, doubling, or of `from..to+step`.
fn steps(from: &str, rest: &str) -> Result<Vec<Value>, String> {
    let (to, step) = rest.split_once('+').map_or((rest, None), |(to, step)| (to, Some(step)));
    let number = |text: &str| {
        let message = || format!("\"{text}\" is not a whole number; write 1..64, or 1..64+1 with a step");
        text.trim().parse::<u64>().map_err(|_| message())
    };
    let (first, last, step) = (number(from)?, number(to)?, step.map(number).transpose()?);
    if last < first {
        return Err(format!("{first}..{last} goes down; write {last}..{first}"));
    }
    if step == Some(0) || (step.is_none() && first == 0) {
        return Err(format!("{first}..{last} never gets there; write a step, such as {first}..{last}+1"));
    }
    let mut values = Vec::new();
    let mut at = first;
    // One more than allowed is enough to say so.
    while at < last && values.len() <= VALUES_MAX {
        values.push(json!(at));
        at = step.map_or(at.saturating_mul(2), |step| at.saturating_add(step));
    }
    if at == last || step.is_none() {
        values.push(json!(last));
    }
    Ok(values)
}

/// What goes with a value of a capacity mode, at the same place: a new on-demand stream has its own number of shards,
/// and no policy scales it.
pub(super) fn follow_mode(draft: &mut Draft, path: &str, was: StreamMode) {
    let Some(place) = path.strip_suffix("stream.mode") else { return };
    let on_demand = draft.get(path).and_then(Value::as_str).is_some_and(|mode| mode != StreamMode::Provisioned.word());
    if on_demand && !was.is_on_demand() {
        draft.set(&format!("{place}stream.shards"), limits::ON_DEMAND_SHARDS.into());
        let policy = format!("{place}stream.autoscaler");
        if draft.get(&policy).is_some() {
            draft.set(&policy, json!({"kind": "none"}));
        }
    }
}
