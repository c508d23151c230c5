//! The model page and the constants of the engine cannot part.

use std::collections::BTreeSet;
use streamgauge::cost::prices;
use streamgauge::scenario::fields;
use streamgauge::{limits, rules};

#[test]
fn every_constant_that_a_rule_names_exists() {
    for rule in rules::ALL {
        assert_eq!(rule.limits().count(), rule.names().len(), "{}: {:?}", rule.title, rule.names());
        assert!(rule.rule.ends_with('.'), "{}", rule.title);
    }
}

#[test]
fn every_sourced_constant_belongs_to_one_rule() {
    let mut named = BTreeSet::new();
    let names = rules::ALL.iter().flat_map(|rule| rule.names());
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
    let texts = ["shard_hour", "put_unit", "lambda_gb_second"].map(|id| prices::by_id(id).expect("it exists").text());
    assert_eq!(texts, ["$0.015", "$0.000000014", "$0.0000166667"]);
}

#[test]
fn every_region_with_a_price_can_be_chosen_and_home_has_every_price() {
    let field = fields::field("prices.region").expect("it exists");
    let chosen: BTreeSet<&str> = field.choices().iter().map(|choice| choice.value).collect();
    assert_eq!(chosen, prices::ALL.iter().map(|price| price.region).collect());
    let mut seen = BTreeSet::new();
    for price in prices::ALL {
        assert!(seen.insert((price.region, price.id)), "{} stands twice for {}", price.id, price.region);
        let home = prices::by_id(price.id).expect("home has every price");
        assert_eq!((home.region, home.name, home.unit), (prices::HOME, price.name, price.unit));
        assert!(price.usd.get() > 0 && price.path == format!("prices.{}", price.id), "{}", price.id);
    }
}

#[test]
fn every_price_belongs_to_a_rule_and_can_be_set_in_a_scenario() {
    let of_rules: Vec<&str> = rules::ALL.iter().flat_map(|rule| rule.prices()).map(|price| price.id).collect();
    let ids: Vec<&str> = prices::ALL.iter().map(|price| price.id).collect();
    assert_eq!(of_rules, ids);
    let settable: Vec<&str> = fields::children("prices").into_iter().map(|child| child.name).collect();
    let at_home: Vec<&str> = prices::ALL.iter().filter(|p| p.region == prices::HOME).map(|price| price.id).collect();
    assert_eq!(settable[0], "region");
    assert_eq!(settable[1..], at_home);
}
