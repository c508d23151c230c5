//! The handlers in Rust that Streamgauge brings along. Each is compiled to a module as a person's own is, with the same
//! crate and through the same interface; `examples/` names the function of each module.
//!
//! They read orders, such as `{"id":"A-1070","price":{"cents":1290}}`, and take what has no price as no order.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use streamgauge_handler::{Batch, Level, log, sleep};

/// How long a write of totals takes.
pub const WRITE: Duration = Duration::from_millis(12);
/// How long a lookup takes.
pub const LOOKUP: Duration = Duration::from_millis(20);
/// From so many cents on an order is kept by [`filter`].
pub const KEPT_FROM: u64 = 1_000;
/// What a record must not hold for [`fail_on_pattern`].
pub const PATTERN: &[u8] = b"\"price\":null";

thread_local! {
    // What lives as long as the execution environment, as on Lambda.
    static COUNTS: RefCell<BTreeMap<String, u64>> = RefCell::default();
    static KNOWN: RefCell<BTreeSet<String>> = RefCell::default();
}

/// Counts records by partition key, and tells the busiest.
///
/// # Errors
/// Never.
pub fn count_by_key(batch: &Batch<'_>) -> Result<Vec<usize>, String> {
    COUNTS.with_borrow_mut(|counts| {
        for record in batch.records() {
            add(counts, record.key, 1);
        }
        if let Some((key, count)) = counts.iter().max_by_key(|(key, count)| (**count, std::cmp::Reverse(*key))) {
            tell("busiest key: ", key, *count);
        }
    });
    Ok(Vec::new())
}

/// Sums orders by key, and waits for one write of all totals.
///
/// # Errors
/// Never: what is no order counts for nothing.
pub fn aggregate_and_forward(batch: &Batch<'_>) -> Result<Vec<usize>, String> {
    let mut totals = BTreeMap::new();
    for record in batch.records() {
        add(&mut totals, record.key, cents(record.data).unwrap_or(0));
    }
    sleep(WRITE);
    tell("totals written: ", "", totals.len() as u64);
    Ok(Vec::new())
}

/// Keeps orders from [`KEPT_FROM`] on, and passes over the others.
///
/// # Errors
/// Never.
pub fn filter(batch: &Batch<'_>) -> Result<Vec<usize>, String> {
    let kept = batch.records().filter(|record| cents(record.data).is_some_and(|cents| cents >= KEPT_FROM)).count();
    tell("kept: ", "", kept as u64);
    Ok(Vec::new())
}

/// Waits for a lookup for each key that this environment does not know yet.
///
/// # Errors
/// Never.
pub fn slow_lookup(batch: &Batch<'_>) -> Result<Vec<usize>, String> {
    let mut misses = 0;
    KNOWN.with_borrow_mut(|known| {
        for record in batch.records() {
            if !known.contains(record.key) {
                sleep(LOOKUP);
                known.insert(record.key.to_owned());
                misses += 1;
            }
        }
    });
    tell("lookups: ", "", misses);
    Ok(Vec::new())
}

/// Names the positions of records whose data holds [`PATTERN`].
///
/// # Errors
/// Never: each record stands for itself.
pub fn fail_on_pattern(batch: &Batch<'_>) -> Result<Vec<usize>, String> {
    let mut failed = Vec::new();
    for (position, record) in batch.records().enumerate() {
        if find(record.data, PATTERN).is_some() {
            log(Level::Error, &["no price: ", record.sequence].concat());
            failed.push(position);
        }
    }
    Ok(failed)
}

fn add(sums: &mut BTreeMap<String, u64>, key: &str, more: u64) {
    match sums.get_mut(key) {
        Some(sum) => *sum = sum.saturating_add(more),
        None => {
            sums.insert(key.to_owned(), more);
        }
    }
}

/// A line of the log with a number at its end, without the machinery that formats anything.
fn tell(what: &str, name: &str, number: u64) {
    let mut digits = [b'0'; 20];
    let mut from = digits.len();
    let mut rest = number;
    loop {
        from -= 1;
        digits[from] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    let digits = str::from_utf8(&digits[from..]).unwrap_or_default();
    let blank = if name.is_empty() { "" } else { " " };
    log(Level::Info, &[what, name, blank, digits].concat());
}

fn find(data: &[u8], pattern: &[u8]) -> Option<usize> {
    data.windows(pattern.len()).position(|part| part == pattern)
}

/// The whole number after `"cents":`.
fn cents(data: &[u8]) -> Option<u64> {
    const FIELD: &[u8] = b"\"cents\":";
    let digits = &data[find(data, FIELD)? + FIELD.len()..];
    let mut value = None;
    for digit in digits.iter().take_while(|byte| byte.is_ascii_digit()) {
        value = Some(value.unwrap_or(0_u64).checked_mul(10)?.checked_add(u64::from(digit - b'0'))?);
    }
    value
}

#[cfg(test)]
mod tests {
    use super::{cents, fail_on_pattern};
    use streamgauge_handler::Batch;

    /// A batch as the host hands it over.
    fn batch(records: &[(&str, &str)]) -> Vec<u8> {
        let mut bytes = (records.len() as u32).to_le_bytes().to_vec();
        for (key, data) in records {
            bytes.extend(7_u64.to_le_bytes());
            bytes.extend([key.len(), 1, data.len()].iter().flat_map(|n| (*n as u32).to_le_bytes()));
            bytes.extend([key.as_bytes(), b"9", data.as_bytes()].concat());
        }
        bytes
    }

    #[test]
    fn cents_are_the_number_after_their_name() {
        assert_eq!(cents(br#"{"id":"A","price":{"cents":1290}}"#), Some(1_290));
        assert_eq!([cents(b"{}"), cents(br#"{"cents":null}"#), cents(br#"{"cents":99999999999999999999}"#)], [None; 3]);
    }

    #[test]
    fn a_record_without_a_price_fails_alone() {
        let good = r#"{"id":"A","price":{"cents":5}}"#;
        let bytes = batch(&[("a", good), ("b", r#"{"id":"B","price":null}"#), ("c", good), ("d", r#"{"price":null}"#)]);
        assert_eq!(fail_on_pattern(&Batch::new(&bytes)), Ok(vec![1, 3]));
        assert_eq!(fail_on_pattern(&Batch::new(&batch(&[("a", good)]))), Ok(Vec::new()));
    }
}
