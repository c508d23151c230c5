//! What the code of a function is asked: the event of an invocation and everything that Lambda puts around it, the same
//! on the command line and in the page's box; and the state of tumbling windows, which goes from one answer to the next
//! question.

use crate::engine::firehose::{GivenRecord, Origin, Transformation};
use crate::engine::payload::Payloads;
use crate::engine::sequence::{EPOCH_SECONDS, SequenceNumber};
use crate::engine::{Invocation, InvocationId, InvokedWindow};
use crate::errors::{ACCOUNT, STREAM_NAME, shard_id};
use crate::handlers::event::{Batch, Record, TransformRecord, binary, packed, transform_json};
use crate::limits;
use crate::scenario::timestamp::iso;
use crate::scenario::traffic::partition_key;
use crate::scenario::{Consumer, Firehose, HandlerKind, Owner, Scenario};
use crate::text::quoted;
use crate::units::{MICROS_PER_SECOND, SimTime, Span};
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
#[derive(Clone, Debug, Default)]
pub struct Questions {
    /// The state of the tumbling window that is open, as JSON, by consumer and shard.
    states: BTreeMap<(u32, u32), String>,
}

impl Questions {
    /// The question of an invocation of a consumer; the scenario is that of its stream.
    pub fn ask(&self, scenario: &Scenario, settings: &Consumer, invocation: &Invocation) -> Question {
        let around = Around {
            scenario,
            id: invocation.id,
            environment: invocation.environment,
            started: invocation.started,
            timeout: settings.timeout().min(limits::LAMBDA_TIMEOUT_MAX),
            memory_mb: settings.share_mb(),
        };
        around.question(self.event(scenario, settings, invocation))
    }

    /// The question of an invocation of a delivery stream's function. The scenario is the one whose traffic it gets.
    pub fn ask_transform(&self, scenario: &Scenario, firehose: &Firehose, of: &Transformation) -> Question {
        let around = Around {
            scenario,
            id: of.id,
            environment: of.environment,
            started: of.started,
            timeout: firehose.stream.transform.timeout,
            memory_mb: firehose.share_mb(),
        };
        around.question(transform_event(scenario, firehose, of))
    }

    fn event(&self, scenario: &Scenario, settings: &Consumer, invocation: &Invocation) -> Vec<u8> {
        let (payloads, kinds) = (Payloads::new(scenario), &scenario.traffic.payloads);
        let made: Vec<(String, String, Vec<u8>, u64)> = invocation
            .records
            .iter()
            .map(|of| {
                let arrival_ms = EPOCH_SECONDS * 1_000 + of.record.arrived / 1_000;
                let data = payloads.data(kinds, &of.record);
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

fn transform_event(scenario: &Scenario, firehose: &Firehose, of: &Transformation) -> Vec<u8> {
    let payloads = Payloads::new(scenario);
    let made: Vec<Made> = of.records.iter().map(|given| Made::new(&payloads, scenario, given)).collect();
    if firehose.handling.kind == HandlerKind::Module {
        return binary(&made.iter().map(Made::plain).collect::<Vec<_>>());
    }
    let records: Vec<TransformRecord<'_>> = made.iter().map(Made::record).collect();
    let region = scenario.prices.region;
    let arn = |service: &str, what: &str| format!("arn:aws:{service}:{region}:{ACCOUNT}:{what}/{STREAM_NAME}");
    let source = of.id.owner().stream().map(|_| arn("kinesis", "stream"));
    let delivery = arn("firehose", "deliverystream");
    transform_json(&request_id(of.id), &delivery, source.as_deref(), region, &records).into_bytes()
}

/// What Lambda puts around an event.
struct Around<'a> {
    scenario: &'a Scenario,
    id: InvocationId,
    environment: u32,
    started: SimTime,
    timeout: Span,
    memory_mb: u64,
}

impl Around<'_> {
    fn question(self, event: Vec<u8>) -> Question {
        let Self { scenario, id: of, environment, started, timeout, memory_mb } = self;
        let name = match of.owner() {
            Owner::Consumer { stream: 0, place } => format!("function-{}", place + 1),
            Owner::Consumer { stream, place } => format!("function-{}-of-stream-{}", place + 1, stream + 1),
            Owner::Deliver { stream: 0, place } => format!("transform-{}", place + 1),
            Owner::Deliver { stream, place } => format!("transform-{}-of-stream-{}", place + 1, stream + 1),
            Owner::Design(place) => format!("transform-of-design-{}", place + 2),
        };
        let (region, id) = (scenario.prices.region, request_id(of));
        let (consumer, shard, number) = (of.consumer(), of.shard(), of.number());
        let stream = format!("{:032x}", u64::from(consumer) << 32 | u64::from(environment));
        let date = iso(wall(started));
        let date = date.get(..10).unwrap_or_default().replace('-', "/");
        let context = format!(
            r#"{{"functionVersion":"$LATEST","functionName":"{name}","memoryLimitInMB":"{memory_mb}","logGroupName":"/aws/lambda/{name}","logStreamName":"{date}/[$LATEST]{stream}","invokedFunctionArn":"arn:aws:lambda:{region}:{ACCOUNT}:function:{name}","awsRequestId":"{id}"}}"#
        );
        let env = format!(
            r#"{{"AWS_REGION":"{region}","AWS_LAMBDA_FUNCTION_NAME":"{name}","AWS_LAMBDA_FUNCTION_VERSION":"$LATEST","AWS_LAMBDA_FUNCTION_MEMORY_SIZE":"{memory_mb}"}}"#
        );
        Question {
            event,
            id,
            context,
            env,
            now: wall(started),
            timeout_ms: timeout.micros() / 1_000,
            memory_mb,
            // The letters of a seed have 53 bits.
            seed: [scenario.seed as i32, (scenario.seed >> 32) as i32, (consumer << 20 | shard) as i32, number as i32],
        }
    }
}

/// `awsRequestId` of an invocation.
fn request_id(of: InvocationId) -> String {
    format!("{:08x}-0000-4000-8000-{:04x}{:08x}", of.consumer(), of.shard(), of.number())
}

/// `recordId` of a record that is to be transformed.
pub fn record_id(given: &GivenRecord) -> String {
    let own = || SequenceNumber::new(0, given.record.number.into(), SimTime::from_micros(given.record.arrived));
    let sequence = given.origin.map_or_else(own, |origin| origin.of.sequence_number);
    format!("{sequence}000000")
}

/// A record for a function that transforms, with the texts that it is written from.
struct Made {
    id: String,
    data: Vec<u8>,
    arrival_ms: u64,
    /// Where it lies in the source: shard, partition key, sequence number.
    source: Option<(String, String, String)>,
}

impl Made {
    fn new(payloads: &Payloads, scenario: &Scenario, given: &GivenRecord) -> Self {
        let GivenRecord { record, origin } = given;
        let texts = |origin: &Origin| {
            let sequence = origin.of.sequence_number.to_string();
            (shard_id(origin.shard), partition_key(record.key), sequence)
        };
        Self {
            id: record_id(given),
            data: payloads.data(&scenario.traffic.payloads, record),
            arrival_ms: EPOCH_SECONDS * 1_000 + record.arrived / 1_000,
            source: origin.as_ref().map(texts),
        }
    }

    /// For a compiled module, to which its id stands for the sequence number.
    fn plain(&self) -> Record<'_> {
        let key = self.source.as_ref().map_or("", |(_, key, _)| key);
        Record { key, sequence: &self.id, data: &self.data, arrival_ms: self.arrival_ms }
    }

    fn record(&self) -> TransformRecord<'_> {
        let kinesis = self.source.as_ref().map(|(shard, key, sequence)| (&**shard, &**key, &**sequence));
        TransformRecord { id: &self.id, data: &self.data, arrival_ms: self.arrival_ms, kinesis }
    }
}

/// An instant of the run in microseconds since 1970.
const fn wall(at: SimTime) -> u64 {
    EPOCH_SECONDS * MICROS_PER_SECOND + at.micros()
}
