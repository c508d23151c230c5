//! The field table and the limits: whole, consistent, and the same as what they describe.

use std::collections::BTreeSet;
use streamgauge::limits;
use streamgauge::scenario::fields::{self, Default, Kind};
use streamgauge::scenario::{document, presets};

#[test]
fn every_field_is_whole() {
    let mut seen = BTreeSet::new();
    for field in fields::all() {
        assert!(seen.insert(field.path), "{} stands twice", field.path);
        assert!(!field.label.is_empty() && field.about.ends_with('.'), "{}", field.path);
        assert_eq!(field.limit_name.is_some(), field.limit().is_some(), "{} names no limit", field.path);
        if let (Kind::Number(number), Default::Number(default)) = (field.kind, field.default) {
            assert!((number.min..=number.max).contains(&default), "{}", field.path);
        }
        if let (Kind::Choice(_), Default::Text(text)) = (field.kind, field.default) {
            assert!(field.choices().iter().any(|choice| choice.value == text), "{}", field.path);
        }
        // What a field is only there for has to be a word of its group's selector.
        let group = field.path.rsplit_once('.').map_or("", |(group, _)| group);
        for word in field.only {
            let selector = fields::selector(group).unwrap_or_else(|| panic!("{group} selects nothing"));
            assert!(selector.field.choices().iter().any(|choice| choice.value == *word), "{} {word}", field.path);
        }
    }
}

#[test]
fn an_index_matches_and_an_operation_borrows() {
    assert_eq!(fields::field("traffic.curve.12.base_per_s").map(|field| field.label), Some("Base rate"));
    assert_eq!(fields::field("operations.3.retry.base_ms"), fields::field("producer.retry.base_ms"));
    assert_eq!(fields::field("nothing"), None);
    let names: Vec<&str> = fields::children("operations.0").iter().map(|child| child.name).collect();
    assert_eq!(names[..2], ["at_s", "kind"]);
    assert!(names.contains(&"retry"));
}

#[test]
fn a_document_is_written_in_the_order_of_the_table() {
    let text = document::of(&presets::ALL[0].scenario()).to_json();
    let place = |field: &str| text.find(&format!("\"{field}\":")).unwrap_or_else(|| panic!("no {field} in {text}"));
    // Video streams are a part that most documents do not have.
    let parts = fields::children("").into_iter().filter(|child| child.name != "video" || text.contains("\"video\":"));
    let top: Vec<usize> = parts.map(|child| place(child.name)).collect();
    assert!(top.is_sorted(), "{text}");
    assert!(place("base_per_s") < place("factor") && place("factor") < place("start_s"), "{text}");
}

#[test]
fn every_limit_has_a_unit_a_source_and_a_date() {
    let mut seen = BTreeSet::new();
    for limit in limits::ALL {
        assert!(seen.insert(limit.name), "{} stands twice", limit.name);
        assert!(limit.about.ends_with(['.', '…']), "{}", limit.name);
        assert!(!limit.source.text.contains("http"), "{}", limit.name);
        assert!(limit.source.date.starts_with("20"), "{}", limit.name);
    }
    assert_eq!(limits::by_name("SHARD_RECORDS_PER_SECOND").map(|l| l.value_text()).as_deref(), Some("1,000 records/s"));
    assert_eq!(limits::by_name("SHARD_READ_BYTES_PER_SECOND").map(|l| l.value_text()).as_deref(), Some("2 MiB/s"));
    assert_eq!(limits::by_name("RETENTION_DEFAULT").map(|l| l.value_text()).as_deref(), Some("24 h"));
    assert_eq!(limits::by_name("RETENTION_MAX").map(|l| l.value_text()).as_deref(), Some("365 days"));
    assert_eq!(limits::by_name("RECORD_BYTES_MAX").map(|l| l.value_text()).as_deref(), Some("1 MiB"));
    assert_eq!(limits::by_name("SDK_BACKOFF_BASE").map(|l| l.value_text()).as_deref(), Some("100 ms"));
}
