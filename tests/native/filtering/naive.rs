//! Patterns read as their documentation says, over parsed JSON: slow, and nothing of the engine's.

use serde_json::Value;

/// Whether a record with these data and this partition key matches a pattern; none where the data is no JSON.
pub fn matches(pattern: &Value, data: Option<&Value>, key: &str) -> bool {
    let mut event = serde_json::json!({ "partitionKey": key });
    let Some(data) = data else {
        // A pattern that looks at the data drops what it cannot read.
        return !looks_at_data(pattern) && holds(pattern, Some(&event));
    };
    event["data"] = data.clone();
    holds(pattern, Some(&event))
}

fn looks_at_data(pattern: &Value) -> bool {
    let fields = pattern.as_object().expect("a pattern is a group");
    fields.iter().any(|(name, inner)| match name.as_str() {
        "data" => true,
        "$or" => inner.as_array().expect("a list").iter().any(looks_at_data),
        _ => false,
    })
}

fn holds(pattern: &Value, value: Option<&Value>) -> bool {
    match pattern {
        Value::Object(fields) => fields.iter().all(|(name, inner)| match name.as_str() {
            "$or" => inner.as_array().expect("a list").iter().any(|pattern| holds(pattern, value)),
            _ => holds(inner, value.and_then(Value::as_object).and_then(|of| of.get(name))),
        }),
        Value::Array(tests) => tests.iter().any(|test| match value {
            None | Some(Value::Object(_)) => test.get("exists") == Some(&Value::Bool(false)),
            Some(Value::Array(items)) => items.iter().any(|item| is(test, item)),
            Some(value) => is(test, value),
        }),
        _ => panic!("{pattern} is no pattern"),
    }
}

fn is(test: &Value, value: &Value) -> bool {
    let Value::Object(operator) = test else { return same(test, value) };
    let (name, given) = operator.iter().next().expect("an operator");
    let texts = || Some((value.as_str()?, given.as_str()?));
    match name.as_str() {
        "prefix" => texts().is_some_and(|(value, start)| value.starts_with(start)),
        "suffix" => texts().is_some_and(|(value, end)| value.ends_with(end)),
        "equals-ignore-case" => texts().is_some_and(|(value, other)| value.eq_ignore_ascii_case(other)),
        "exists" => *given == Value::Bool(true),
        "anything-but" => !given.as_array().expect("a list").iter().any(|other| same(other, value)),
        "numeric" => value.as_f64().is_some_and(|number| {
            given.as_array().expect("a list").chunks(2).all(|pair| {
                let end = pair[1].as_f64().expect("a number");
                match pair[0].as_str().expect("a comparison") {
                    "=" => number == end,
                    "<" => number < end,
                    "<=" => number <= end,
                    ">" => number > end,
                    _ => number >= end,
                }
            })
        }),
        _ => panic!("{name} is no operator"),
    }
}

/// Numbers are the same where they are written the same.
fn same(a: &Value, b: &Value) -> bool {
    let [a, b] = [a, b].map(ToString::to_string);
    a == b
}
