//! What the code of a consumer is asked: the event of an invocation and everything that Lambda puts around it, the same
//! on the command line and in the page's box; and the state of tumbling windows, which goes from one answer to the next
//! question.

use crate::engine::payload::Payloads;
use crate::engine::sequence::EPOCH_SECONDS;
use crate::engine::{Invocation, InvokedWindow};
use crate::errors::{ACCOUNT, STREAM_NAME, shard_id};
use crate::handlers::event::{Batch, Record, binary, packed};
use crate::limits;
use crate::scenario::timestamp::iso;
use crate::scenario::traffic::partition_key;
use crate::scenario::{Consumer, HandlerKind, Scenario};
use crate::text::quoted;
use crate::units::{MICROS_PER_SECOND, SimTime};
use std::collections::BTreeMap;

/// One question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The event, in the form that the host of its kind of code takes.
    pub event: Vec<u8>,
    /// `awsRequestId`.
    pub id: String,
    /// What the handler's context holds, as the JSON of an object.
    pub context: String,
    /// The environment's variables, as the JSON of an object.
    pub env: String,
    /// When it begins, in microseconds since 1970.
    pub now: u64,
    /// The timeout of the function in milliseconds.
    pub timeout_ms: u64,
    /// Memory setting in MB.
    pub memory_mb: u64,
    /// Where its chance begins.
    pub seed: [i32; 4],
}

/// Makes the questions of a run.
#[derive(Clone, Debug)]
pub struct Questions {
    payloads: Payloads,
    /// The state of the tumbling window that is open, as JSON, by consumer and shard.
    states: BTreeMap<(u32, u32), String>,
}

impl Questions {
    /// No window has a state yet.
    pub fn new(scenario: &Scenario) -> Self {
        Self { payloads: Payloads::new(scenario), states: BTreeMap::new() }
    }

    /// The question of an invocation.
    pub fn ask(&self, scenario: &Scenario, invocation: &Invocation) -> Question {
        let (consumer, shard) = (invocation.id.consumer(), invocation.id.shard());
        let settings = &scenario.consumers[consumer as usize];
        let (name, number) = (format!("function-{}", consumer + 1), invocation.id.number());
        let (region, memory_mb) = (scenario.prices.region, memory_mb(settings));
        let id = format!("{consumer:08x}-0000-4000-8000-{shard:04x}{number:08x}");
        let stream = format!("{:032x}", u64::from(consumer) << 32 | u64::from(invocation.environment));
        let date = iso(wall(invocation.started));
        let date = date.get(..10).unwrap_or_default().replace('-', "/");
        let context = format!(
            r#"{{"functionVersion":"$LATEST","functionName":"{name}","memoryLimitInMB":"{memory_mb}","logGroupName":"/aws/lambda/{name}","logStreamName":"{date}/[$LATEST]{stream}","invokedFunctionArn":"arn:aws:lambda:{region}:{ACCOUNT}:function:{name}","awsRequestId":"{id}"}}"#
        );
        let env = format!(
            r#"{{"AWS_REGION":"{region}","AWS_LAMBDA_FUNCTION_NAME":"{name}","AWS_LAMBDA_FUNCTION_VERSION":"$LATEST","AWS_LAMBDA_FUNCTION_MEMORY_SIZE":"{memory_mb}"}}"#
        );
        Question {
            event: self.event(scenario, settings, invocation),
            id,
            context,
            env,
            now: wall(invocation.started),
            timeout_ms: settings.timeout().min(limits::LAMBDA_TIMEOUT_MAX).micros() / 1_000,
            memory_mb,
            // The letters of a seed have 53 bits.
            seed: [scenario.seed as i32, (scenario.seed >> 32) as i32, (consumer << 20 | shard) as i32, number as i32],
        }
    }

    fn event(&self, scenario: &Scenario, settings: &Consumer, invocation: &Invocation) -> Vec<u8> {
        let kinds = &scenario.traffic.payloads;
        let made: Vec<(String, String, Vec<u8>, u64)> = invocation
            .records
            .iter()
            .map(|of| {
                let arrival_ms = EPOCH_SECONDS * 1_000 + of.record.arrived / 1_000;
                let data = self.payloads.data(kinds, &of.record);
                (partition_key(of.record.key), of.sequence_number.to_string(), data, arrival_ms)
            })
            .collect();
        let records: Vec<Record<'_>> = made
            .iter()
            .map(|(key, sequence, data, arrival_ms)| Record { key, sequence, data, arrival_ms: *arrival_ms })
            .collect();
        if settings.handler == HandlerKind::Module {
            return binary(&records);
        }
        let (region, shard) = (scenario.prices.region, invocation.id.shard());
        let arn = format!("arn:aws:kinesis:{region}:{ACCOUNT}:stream/{STREAM_NAME}");
        let window = invocation.window.map(|window| self.window(invocation, window, &arn)).unwrap_or_default();
        let batch = Batch {
            shard: &shard_id(shard),
            region,
            role: &format!("arn:aws:iam::{ACCOUNT}:role/lambda-role"),
            stream: &arn,
            more: &window,
        };
        packed(&batch, &records)
    }

    /// The members of the event that a tumbling window adds.
    fn window(&self, invocation: &Invocation, window: InvokedWindow, arn: &str) -> String {
        let (consumer, shard) = (invocation.id.consumer(), invocation.id.shard());
        let state = self.states.get(&(consumer, shard)).map_or("{}", String::as_str);
        format!(
            r#"{{"window":{{"start":"{}","end":"{}"}},"state":{state},"shardId":"{}","eventSourceARN":{},"isFinalInvokeForWindow":{},"isWindowTerminatedEarly":{}}}"#,
            iso(wall(window.start)),
            iso(wall(window.end)),
            shard_id(shard),
            quoted(arn),
            window.is_final,
            window.is_early,
        )
    }

    /// Keeps the state that an answer brought, as JSON, for the next invocation of its window; after the last one of a
    /// window there is none.
    pub fn keep_state(&mut self, invocation: &Invocation, state: Option<String>) {
        let key = (invocation.id.consumer(), invocation.id.shard());
        match state.filter(|_| invocation.window.is_some_and(|window| !window.is_final && !window.is_early)) {
            Some(state) => self.states.insert(key, state),
            None => self.states.remove(&key),
        };
    }
}

/// Memory that decides the share of a processor: what is no function has a whole one.
fn memory_mb(settings: &Consumer) -> u64 {
    if settings.is_mapping() { settings.memory_mb.into() } else { limits::LAMBDA_VCPU_MB }
}

/// An instant of the run in microseconds since 1970.
const fn wall(at: SimTime) -> u64 {
    EPOCH_SECONDS * MICROS_PER_SECOND + at.micros()
}
