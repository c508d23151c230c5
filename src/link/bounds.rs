//! How deep and how numerous the values of a JSON text are, before anything is made of it.

use super::{DEPTH_MAX, DOCUMENT_BYTES_MAX, VALUES_MAX};

/// Whether a JSON text stays within what a link may hold. It need not be JSON for this to give an answer.
pub(super) fn hold(json: &[u8]) -> bool {
    if json.len() > DOCUMENT_BYTES_MAX {
        return false;
    }
    // A value stands at the beginning, after each bracket and after each comma; empty brackets count one too many.
    let (mut values, mut depth, mut quoted, mut escaped) = (1, 0usize, false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'[' | b'{' => {
                depth += 1;
                values += 1;
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            b',' => values += 1,
            _ => {}
        }
        if depth > DEPTH_MAX || values > VALUES_MAX {
            return false;
        }
    }
    true
}
