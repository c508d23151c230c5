//! The scenarios that are shipped: each a document of its own, with a title and a sentence or two.

use super::{Draft, Scenario, canonical, csv_series};
use serde_json::{Map, Value, json};

/// A scenario that is shipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preset {
    /// The name in links and on the command line.
    pub id: &'static str,
    /// The name for people.
    pub title: &'static str,
    /// One or two sentences that say what it shows.
    pub about: &'static str,
    /// The document without its title, and without the curve where a table gives it.
    text: &'static str,
    /// Table and source of a recorded series.
    series: Option<(&'static str, &'static str)>,
}

/// Source of the World Cup day, as the page has to name it.
const WORLD_CUP_SOURCE: &str = "Internet Traffic Archive, “WorldCup98” (M. Arlitt, T. Jin, 1998): requests and bytes \
                                to the web site on 8 July 1998, counted per minute";

/// Every preset, in the order in which they are offered.
pub static ALL: &[Preset] = &[
    Preset {
        id: "sudden-popularity",
        title: "Sudden popularity",
        about: "50 records a second, then a hundred times as many for ten minutes, into two shards. The producer \
                does not look at the answers.",
        text: include_str!("presets/sudden-popularity.json"),
        series: None,
    },
    Preset {
        id: "with-retries",
        title: "… with retries",
        about: "The same spike into the same two shards. The producer keeps what was rejected and sends it again, \
                until its memory is full.",
        text: include_str!("presets/with-retries.json"),
        series: None,
    },
    Preset {
        id: "with-enough-shards",
        title: "… with enough shards",
        about: "The same spike into twelve shards: enough for the records, and enough for the function to keep up.",
        text: include_str!("presets/with-enough-shards.json"),
        series: None,
    },
    Preset {
        id: "hot-key",
        title: "Hot key",
        about: "The same spike into twelve shards, but 60 % of the records have one partition key, and a key has one \
                shard.",
        text: include_str!("presets/hot-key.json"),
        series: None,
    },
    Preset {
        id: "slow-consumer",
        title: "Slow consumer",
        about: "The same spike into twelve shards, and a function that takes 6 ms for each record. Everything is \
                accepted; the work is late.",
        text: include_str!("presets/slow-consumer.json"),
        series: None,
    },
    Preset {
        id: "world-cup-1998",
        title: "World Cup 1998",
        about: "A day that happened: 36,780,275 requests to the web site of the World Cup on 8 July 1998, the day of \
                the semi-final between France and Croatia, as records of their recorded size, into eight shards.",
        text: include_str!("presets/world-cup-1998.json"),
        series: Some((include_str!("../../www/data/worldcup98-1998-07-08.csv"), WORLD_CUP_SOURCE)),
    },
];

/// The preset of this name.
pub fn by_id(id: &str) -> Option<&'static Preset> {
    ALL.iter().find(|preset| preset.id == id)
}

/// The document of the preset of this name.
pub fn draft(id: &str) -> Option<Draft> {
    by_id(id).map(Preset::draft)
}

impl Preset {
    /// Its document, ready to be changed.
    pub fn draft(&self) -> Draft {
        let mut document = Map::new();
        document.insert("streamgauge".to_owned(), json!(canonical::VERSION));
        document.insert("name".to_owned(), json!(self.title));
        document.insert("about".to_owned(), json!(self.about));
        let rest = Draft::parse(self.text).expect("every preset is tested to be JSON");
        if let Value::Object(rest) = rest.value() {
            document.extend(rest.clone());
        }
        let mut draft = Draft::from_value(Value::Object(document));
        if let Some((table, source)) = self.series {
            let imported = csv_series::import(table, source).expect("every shipped table is tested to be read");
            draft.set("traffic.curve", json!([imported.part()]));
        }
        draft
    }

    /// Its scenario.
    pub fn scenario(&self) -> Scenario {
        self.draft().check().expect("every preset is tested to be free of problems")
    }
}
