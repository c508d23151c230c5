//! The model page and the constants of the engine cannot part.

use std::collections::BTreeSet;
use streamgauge::cost::prices::US_EAST_1;
use streamgauge::{limits, rules};

#[test]
fn every_constant_that_a_rule_names_exists() {
    for rule in rules::ALL {
        assert_eq!(rule.limits().count(), rule.names().len(), "{}: {:?}", rule.title, rule.names());
        assert!(rule.rule.ends_with('.'), "{}", rule.title);
    }
    assert!(rules::NOT_BUILT.iter().all(|name| limits::by_name(name).is_some()));
}

#[test]
fn every_sourced_constant_belongs_to_one_rule() {
    let mut named = BTreeSet::new();
    let names = rules::ALL.iter().flat_map(|rule| rule.names()).chain(rules::NOT_BUILT);
    for name in names {
        assert!(named.insert(*name), "{name} stands under two rules");
    }
    for limit in limits::ALL {
        let ours = limit.source.tag == "SG";
        assert!(ours || named.contains(limit.name), "{} belongs to no rule of the model page", limit.name);
    }
}

#[test]
fn prices_are_written_with_all_their_decimals() {
    let texts = [US_EAST_1.shard_hour, US_EAST_1.put_unit, US_EAST_1.lambda_gb_second].map(|price| price.text());
    assert_eq!(texts, ["$0.015", "$0.000000014", "$0.0000166667"]);
}
