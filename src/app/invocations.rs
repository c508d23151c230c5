//! What functions' code did: invocations with their logs as they arrive from the box, and one event tried out.

use crate::handlers::{LogLine, Status};
use crate::scenario::Owner;
use crate::units::{SimTime, Span};
use serde_json::Value;

/// Rows that are kept of a run; the box sends no more either.
const ROWS_MAX: usize = 20_000;

/// One invocation of a function's code.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Number of the function's owner: of a consumer its index.
    pub consumer: u32,
    /// Index of the shard.
    pub shard: u32,
    /// Its number among those of the consumer and shard.
    pub number: u64,
    /// How often its batch has been tried, this time included.
    pub attempt: u32,
    /// Records in the batch.
    pub records: u32,
    /// Number of its execution environment.
    pub environment: u32,
    /// Whether that environment was new.
    pub cold: bool,
    /// When it began.
    pub started: SimTime,
    /// When it ended.
    pub ends: SimTime,
    /// How long the code took; for a new environment without its loading.
    pub took: Span,
    /// How long loading the code took, where that was needed.
    pub init: Span,
    /// How it ended.
    pub status: Status,
    /// Whether the fuel of the box ended it, before the time of the function did.
    pub capped: bool,
    /// Whether it named records that failed.
    pub items: bool,
    /// Of a delivery stream's records those that went on, were dropped, and failed.
    pub verdicts: Option<[u32; 3]>,
    /// What the code answered, or its error as Lambda describes it: JSON, cut off where it is long.
    pub reply: String,
    /// Memory of its environment afterwards, in bytes.
    pub memory: u64,
    /// Fuel that it used.
    pub fuel: u64,
    /// What it logged, with virtual nanoseconds since it began.
    pub logs: Vec<LogLine>,
    /// Lines that were not kept.
    pub logs_more: u64,
    /// The record that it named as failed first, or its first one; none where too much has been shown of the run.
    pub sample: Option<Sample>,
}

/// A record of an invocation, as its event has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Its place in the batch, from zero.
    pub place: u32,
    /// Its partition key.
    pub partition_key: String,
    /// Its sequence number.
    pub sequence_number: String,
    /// Its data in base64, cut off where it is long.
    pub data: String,
    /// `approximateArrivalTimestamp`, as it is written.
    pub arrival: String,
}

impl Row {
    /// Whether it failed, or some of its records did.
    pub fn failed(&self) -> bool {
        self.status != Status::Succeeded || self.items || self.verdicts.is_some_and(|[.., failed]| failed > 0)
    }

    /// What kind of error ended it and what it said, where one did.
    pub fn error(&self) -> Option<(String, String)> {
        if self.status == Status::Succeeded {
            return None;
        }
        let reply: Value = serde_json::from_str(&self.reply).ok()?;
        let text = |name: &str| reply[name].as_str().unwrap_or_default().to_owned();
        Some((text("errorType"), text("errorMessage")))
    }

    /// Line and column of the code at which it failed, from one, where the error says it.
    pub fn error_place(&self) -> Option<(u32, u32)> {
        let reply: Value = serde_json::from_str(&self.reply).ok()?;
        let frames = reply["trace"].as_array()?;
        frames.iter().filter_map(Value::as_str).find_map(|frame| {
            let after = frame.split("/var/task/index.").nth(1)?;
            let (line, rest) = after.split_once(':')?.1.split_once(':').unwrap_or((after.split_once(':')?.1, "1"));
            let digits = |text: &str| text.chars().take_while(char::is_ascii_digit).collect::<String>().parse().ok();
            Some((digits(line)?, digits(rest).unwrap_or(1)))
        })
    }

    fn read(value: &Value) -> Option<Self> {
        let number = |name: &str| value[name].as_u64();
        let small = |name: &str| number(name).and_then(|number| u32::try_from(number).ok());
        let flag = |name: &str| value[name].as_bool();
        let started = SimTime::from_micros(number("started")?);
        let (took, init) = (Span::from_micros(number("took")?), Span::from_micros(number("init")?));
        // Where the code decides about its time, the engine does not know the end when it asks.
        let ends = SimTime::from_micros(number("ends")?);
        let ends = if ends > started { ends } else { started + init + took };
        let line = |line: &Value| {
            let text = |at: usize| line[at].as_str().map(str::to_owned);
            Some(LogLine { at: line[0].as_u64()?, level: text(1)?, text: text(2)? })
        };
        let verdict = |at: usize| value["verdicts"][at].as_u64().and_then(|count| u32::try_from(count).ok());
        let verdicts = || Some([verdict(0)?, verdict(1)?, verdict(2)?]);
        let verdicts = verdicts();
        let sample = || {
            let sample = value.get("sample")?;
            let text = |at: usize| sample["fields"][at].as_str().map(str::to_owned);
            Some(Sample {
                place: u32::try_from(sample["place"].as_u64()?).ok()?,
                partition_key: text(0)?,
                sequence_number: text(1)?,
                data: text(2)?,
                arrival: text(3)?,
            })
        };
        Some(Self {
            consumer: small("consumer")?,
            shard: small("shard")?,
            number: number("number")?,
            attempt: small("attempt")?,
            records: small("records")?,
            environment: small("environment")?,
            cold: flag("cold")?,
            started,
            ends,
            took,
            init,
            status: Status::by_number(number("status")?)?,
            capped: flag("capped")?,
            items: number("kind")? == 2 && verdicts.is_none(),
            verdicts,
            reply: value["reply"].as_str()?.to_owned(),
            memory: number("memory")?,
            fuel: number("fuel")?,
            logs: value["logs"].as_array()?.iter().map(line).collect::<Option<_>>()?,
            logs_more: number("logs_more")?,
            sample: sample(),
        })
    }
}

/// The invocations of a run that have arrived, in the order in which they began on each shard.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Invocations {
    /// The rows.
    pub rows: Vec<Row>,
    /// How many more there were that are not shown.
    pub more: u64,
}

impl Invocations {
    /// Takes what the box sent; nothing of it where it is not what the box sends.
    pub(super) fn take(&mut self, text: &str) -> Option<()> {
        if text.is_empty() {
            return Some(());
        }
        let value: Value = serde_json::from_str(text).ok()?;
        let rows: Vec<Row> = value["rows"].as_array()?.iter().map(Row::read).collect::<Option<_>>()?;
        self.more = value["more"].as_u64()?;
        let room = ROWS_MAX.saturating_sub(self.rows.len());
        self.more += rows.len().saturating_sub(room) as u64;
        self.rows.extend(rows.into_iter().take(room));
        Some(())
    }

    /// The rows of a function that had begun at an instant, the latest first.
    pub fn until(&self, owner: Owner, at: SimTime) -> Vec<&Row> {
        let mut rows: Vec<&Row> =
            self.rows.iter().filter(|row| row.consumer == owner.number() && row.started <= at).collect();
        rows.sort_by_key(|row| std::cmp::Reverse((row.started, row.number)));
        rows
    }
}

/// One event that was run through code, outside of any run.
#[derive(Clone, Debug, PartialEq)]
pub enum Tried {
    /// It is on its way.
    Asked,
    /// What came of it.
    Came(Box<Row>),
    /// Why nothing did, in a sentence.
    Refused(String),
}

impl Tried {
    /// Reads what the box said.
    pub(super) fn read(text: &str) -> Self {
        let value: Value = serde_json::from_str(text).unwrap_or_default();
        match (Row::read(&value), value["error"].as_str()) {
            (Some(row), _) => Self::Came(Box::new(row)),
            (None, Some(error)) => Self::Refused(error.to_owned()),
            (None, None) => Self::Refused("The box answered with something that is no result.".to_owned()),
        }
    }
}
