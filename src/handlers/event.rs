//! Events as Lambda hands them to a function: records of a stream, and records of a Firehose stream to transform.
//!
//! A stream's records are written in one of two forms. [`json`] is what a function on Lambda gets, for a person to look
//! at. [`packed`] carries the same in a third of the bytes, and the prelude makes the same event from it: parsing the
//! names and addresses of each record again would take most of an invocation.

use crate::text::quoted;
use std::fmt::Write as _;

/// One record of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// Its partition key.
    pub key: &'a str,
    /// Its sequence number, in decimal digits.
    pub sequence: &'a str,
    /// Its data.
    pub data: &'a [u8],
    /// Its approximate arrival, in milliseconds since 1970.
    pub arrival_ms: u64,
}

/// What the records of a batch share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batch<'a> {
    /// Id of the shard.
    pub shard: &'a str,
    /// The Region.
    pub region: &'a str,
    /// The function's role, as an ARN.
    pub role: &'a str,
    /// The stream, as an ARN.
    pub stream: &'a str,
    /// More members of the event, as the JSON of an object: those of a tumbling window.
    pub more: &'a str,
}

/// The event as JSON, as the Lambda guide shows it for Kinesis.
pub fn json(batch: &Batch<'_>, records: &[Record<'_>]) -> String {
    let (role, region, stream) = (quoted(batch.role), quoted(batch.region), quoted(batch.stream));
    let mut out = String::from(r#"{"Records":["#);
    for (at, record) in records.iter().enumerate() {
        let comma = if at == 0 { "" } else { "," };
        let (key, sequence) = (quoted(record.key), record.sequence);
        let _ = write!(
            out,
            r#"{comma}{{"kinesis":{{"kinesisSchemaVersion":"1.0","partitionKey":{key},"sequenceNumber":"{sequence}","data":""#
        );
        base64(&mut out, record.data);
        let _ = write!(
            out,
            r#"","approximateArrivalTimestamp":{}}},"eventSource":"aws:kinesis","eventVersion":"1.0","eventID":"{}:{sequence}","eventName":"aws:kinesis:record","invokeIdentityArn":{role},"awsRegion":{region},"eventSourceARN":{stream}}}"#,
            Seconds(record.arrival_ms),
            batch.shard,
        );
    }
    out.push(']');
    let more = batch.more.trim().trim_start_matches('{').trim_end_matches('}');
    if !more.is_empty() {
        out.push(',');
        out.push_str(more);
    }
    out.push('}');
    out
}

/// The event for the prelude: one line that all records share, then four lines for each.
pub fn packed(batch: &Batch<'_>, records: &[Record<'_>]) -> Vec<u8> {
    // A line must stay one line.
    let keys_are_json = records.iter().any(|record| record.key.contains('\n'));
    let mut out = format!(
        r#"K{{"shard":{},"region":{},"role":{},"arn":{},"quoted":{keys_are_json},"more":{}}}"#,
        quoted(batch.shard),
        quoted(batch.region),
        quoted(batch.role),
        quoted(batch.stream),
        if batch.more.is_empty() { "{}" } else { batch.more },
    );
    for record in records {
        out.push('\n');
        if keys_are_json {
            out.push_str(&quoted(record.key));
        } else {
            out.push_str(record.key);
        }
        let _ = write!(out, "\n{}\n", record.sequence);
        base64(&mut out, record.data);
        let _ = write!(out, "\n{}", Seconds(record.arrival_ms));
    }
    out.into_bytes()
}

/// The batch for a compiled module, as the page about compiled modules describes it.
///
/// # Panics
/// When a record or the batch has 4 GiB or more, of which a stream's have none.
pub fn binary(records: &[Record<'_>]) -> Vec<u8> {
    let word = |length: usize| u32::try_from(length).expect("batches of a stream are small").to_le_bytes();
    let mut out = word(records.len()).to_vec();
    for Record { key, sequence, data, arrival_ms } in records {
        out.extend(arrival_ms.to_le_bytes());
        for part in [key.as_bytes(), sequence.as_bytes(), data] {
            out.extend(word(part.len()));
        }
        for part in [key.as_bytes(), sequence.as_bytes(), data] {
            out.extend(part);
        }
    }
    out
}

/// A record of a Firehose stream that is to be transformed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransformRecord<'a> {
    /// Its id within this invocation.
    pub id: &'a str,
    /// Its data.
    pub data: &'a [u8],
    /// Its approximate arrival, in milliseconds since 1970.
    pub arrival_ms: u64,
    /// Where it came from, when the source is a stream: shard, partition key, sequence number.
    pub kinesis: Option<(&'a str, &'a str, &'a str)>,
}

/// The event of a Firehose transformation as JSON.
pub fn transform_json(
    invocation: &str,
    delivery_stream: &str,
    source_stream: Option<&str>,
    region: &str,
    records: &[TransformRecord<'_>],
) -> String {
    let mut out = format!(r#"{{"invocationId":{},"deliveryStreamArn":{}"#, quoted(invocation), quoted(delivery_stream));
    if let Some(source) = source_stream {
        let _ = write!(out, r#","sourceKinesisStreamArn":{}"#, quoted(source));
    }
    let _ = write!(out, r#","region":{},"records":["#, quoted(region));
    for (at, record) in records.iter().enumerate() {
        let comma = if at == 0 { "" } else { "," };
        let (id, arrival) = (quoted(record.id), record.arrival_ms);
        let _ = write!(out, r#"{comma}{{"recordId":{id},"approximateArrivalTimestamp":{arrival},"data":""#);
        base64(&mut out, record.data);
        out.push('"');
        if let Some((shard, key, sequence)) = record.kinesis {
            let (shard, key) = (quoted(shard), quoted(key));
            let _ = write!(
                out,
                r#","kinesisRecordMetadata":{{"shardId":{shard},"partitionKey":{key},"approximateArrivalTimestamp":{arrival},"sequenceNumber":"{sequence}","subsequenceNumber":0}}"#
            );
        }
        out.push('}');
    }
    out.push_str("]}");
    out
}

/// Milliseconds, written as seconds with as many digits as are needed.
struct Seconds(u64);

impl std::fmt::Display for Seconds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (seconds, ms) = (self.0 / 1_000, self.0 % 1_000);
        match ms {
            0 => write!(f, "{seconds}"),
            _ if ms.is_multiple_of(100) => write!(f, "{seconds}.{}", ms / 100),
            _ if ms.is_multiple_of(10) => write!(f, "{seconds}.{:02}", ms / 10),
            _ => write!(f, "{seconds}.{ms:03}"),
        }
    }
}

/// Appends bytes in base64, with padding.
fn base64(out: &mut String, bytes: &[u8]) {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for chunk in bytes.chunks(3) {
        let value = chunk.iter().fold(0, |value, byte| value << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for at in 0..4 {
            let digit = DIGITS[(value >> (18 - 6 * at)) as usize & 63];
            out.push(if at <= chunk.len() { char::from(digit) } else { '=' });
        }
    }
}

/// Bytes in base64, with padding.
pub fn encoded(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    base64(&mut out, bytes);
    out
}

/// Bytes that a text in base64 stands for; none if it is not in base64.
pub fn decoded_len(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches('=');
    let filled = text.len() - digits.len() <= 2 && text.len().is_multiple_of(4);
    let sound = digits.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'));
    (filled && sound).then_some(digits.len() as u64 * 3 / 4)
}

/// Bytes from base64 with its padding; none where a letter is no digit of it.
pub fn decoded(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    for chunk in text.trim_end_matches('=').as_bytes().chunks(4) {
        let mut value = 0;
        for at in 0..4 {
            let digit = match chunk.get(at).copied() {
                None => 0,
                Some(letter @ b'A'..=b'Z') => letter - b'A',
                Some(letter @ b'a'..=b'z') => letter - b'a' + 26,
                Some(letter @ b'0'..=b'9') => letter - b'0' + 52,
                Some(b'+') => 62,
                Some(b'/') => 63,
                Some(_) => return None,
            };
            value = value << 6 | u32::from(digit);
        }
        bytes.extend(&value.to_be_bytes()[1..chunk.len().max(1)]);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::{Seconds, base64, decoded};

    #[test]
    fn bytes_are_written_as_rfc_4648_says() {
        let of = |text: &str| {
            let mut out = String::new();
            base64(&mut out, text.as_bytes());
            out
        };
        let expected = ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"];
        assert_eq!(["", "f", "fo", "foo", "foob", "fooba", "foobar"].map(of), expected);
    }

    #[test]
    fn arrivals_are_seconds_without_needless_digits() {
        let shown =
            [1_545_084_650_987, 1_545_084_650_900, 1_545_084_650_000, 1_050, 7].map(|ms| Seconds(ms).to_string());
        assert_eq!(shown, ["1545084650.987", "1545084650.9", "1545084650", "1.05", "0.007"]);
    }

    #[test]
    fn base64_is_read_as_rfc_4648_says() {
        let words = ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"].map(decoded);
        assert_eq!(words, ["", "f", "fo", "foo", "foob", "fooba", "foobar"].map(|text| Some(text.as_bytes().to_vec())));
        assert_eq!(decoded("a-b="), None);
    }
}
