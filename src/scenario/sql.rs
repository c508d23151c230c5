//! The query of an analytics application as SQL. Read natively only: the page has no parser.

use super::query::Query;

/// What a text says.
pub(super) fn query(_: &str) -> Result<Query, String> {
    Err("SQL is not read yet".to_owned())
}
