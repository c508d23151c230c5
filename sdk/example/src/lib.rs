//! An example of a handler in Rust: sums the amounts of orders by key, and fails what is no order.
//!
//! `cargo xtask example` builds it here; elsewhere `cargo build --release --target wasm32-unknown-unknown` does.

use std::cell::RefCell;
use std::collections::BTreeMap;
use streamgauge_handler::{Batch, Level, handler, log};

handler!(total);

thread_local! {
    /// Lives as long as the execution environment, as on Lambda.
    static TOTALS: RefCell<BTreeMap<String, u64>> = RefCell::default();
}

/// Adds each order to the total of its key; gives the positions of records that are no orders.
///
/// # Errors
/// Never: each record stands for itself.
pub fn total(batch: &Batch<'_>) -> Result<Vec<usize>, String> {
    TOTALS.with_borrow_mut(|totals| {
        let mut failed = Vec::new();
        for (position, record) in batch.records().enumerate() {
            let Some(amount) = amount(record.data) else {
                log(Level::Warn, &format!("{} is no order", record.sequence));
                failed.push(position);
                continue;
            };
            match totals.get_mut(record.key) {
                Some(total) => *total += amount,
                None => {
                    totals.insert(record.key.to_owned(), amount);
                }
            }
        }
        Ok(failed)
    })
}

/// The whole part of the number after `"amount":`.
fn amount(data: &[u8]) -> Option<u64> {
    const FIELD: &[u8] = b"\"amount\":";
    let start = data.windows(FIELD.len()).position(|part| part == FIELD)? + FIELD.len();
    let digits = data[start..].iter().take_while(|byte| byte.is_ascii_digit());
    let mut value = None;
    for digit in digits {
        value = Some(value.unwrap_or(0_u64).checked_mul(10)?.checked_add(u64::from(digit - b'0'))?);
    }
    value
}

#[cfg(test)]
mod tests {
    use super::amount;

    #[test]
    fn an_amount_is_the_number_after_its_name() {
        assert_eq!(amount(br#"{"id":1,"amount":12.5}"#), Some(12));
        assert_eq!(amount(br#"{"amount":0}"#), Some(0));
        assert_eq!(
            [amount(b"{}"), amount(br#"{"amount":"x"}"#), amount(br#"{"amount":99999999999999999999}"#)],
            [None; 3]
        );
    }
}
