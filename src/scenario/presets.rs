//! The scenarios that are shipped: each a document of its own, with a title and a sentence or two.

#[cfg(not(target_arch = "wasm32"))]
use super::Scenario;
use super::{Draft, Problem, canonical, csv_series};
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
    /// The recorded series that is its traffic.
    table: Option<Table>,
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
        table: None,
    },
    Preset {
        id: "with-retries",
        title: "… with retries",
        about: "The same spike into the same two shards. The producer keeps what was rejected and sends it again, \
                until its memory is full.",
        text: include_str!("presets/with-retries.json"),
        table: None,
    },
    Preset {
        id: "with-enough-shards",
        title: "… with enough shards",
        about: "The same spike into twelve shards: enough for the records, and enough for the function to keep up.",
        text: include_str!("presets/with-enough-shards.json"),
        table: None,
    },
    Preset {
        id: "with-the-kpl",
        title: "… with the KPL",
        about: "The same spike into three shards instead of five: the KPL packs about a hundred records into one, so \
                that bytes bind and not records. The function takes 0.3 ms for each.",
        text: include_str!("presets/with-the-kpl.json"),
        table: None,
    },
    Preset {
        id: "hot-key",
        title: "Hot key",
        about: "The same spike into twelve shards, but 60 % of the records have one partition key, and a key has one \
                shard.",
        text: include_str!("presets/hot-key.json"),
        table: None,
    },
    Preset {
        id: "slow-consumer",
        title: "Slow consumer",
        about: "The same spike into twelve shards, and a function that takes 6 ms for each record. Everything is \
                accepted; the work is late.",
        text: include_str!("presets/slow-consumer.json"),
        table: None,
    },
    Preset {
        id: "poison-record",
        title: "Poison record",
        about: "One key of five thousand on which the function always fails. With the defaults it blocks its shard; \
                switch bisecting, partial responses and two retries on while it runs.",
        text: include_str!("presets/poison-record.json"),
        table: None,
    },
    Preset {
        id: "many-consumers",
        title: "Five consumers",
        about: "One stream, five readers that do not know of each other: a function with a poison record, a KCL \
                application that loses a worker during the spike, two that have records pushed to them, and a poller. \
                Open the logs and go from one to the next.",
        text: include_str!("presets/many-consumers.json"),
        table: None,
    },
    Preset {
        id: "live-counts",
        title: "Live counts",
        about: "Trades counted by ticker every ten seconds, beside a function. In the spike two processing units are too slow: \
                results come late.",
        text: include_str!("presets/live-counts.json"),
        table: None,
    },
    Preset {
        id: "slow-store",
        title: "Slow store",
        about: "A function that writes to a database of four connections. In the spike the database holds it up; later \
                the database is away for a minute, and the mapping waits on after it is back.",
        text: include_str!("presets/slow-store.json"),
        table: None,
    },
    Preset {
        id: "search-outage",
        title: "Search outage",
        about: "A function, and Firehose into a search domain. The domain is away for two minutes, which five minutes of \
                tries outlast, and later for eight, which they do not.",
        text: include_str!("presets/search-outage.json"),
        table: None,
    },
    Preset {
        id: "three-designs",
        title: "Three designs",
        about: "The same spike for a stream of six shards with a function, for an application that does everything in the \
                request, and for Firehose into S3. The direct design fails its clients. The stream answers them all, falls \
                behind, and catches up; Firehose delivers within its buffer.",
        text: include_str!("presets/three-designs.json"),
        table: None,
    },
    Preset {
        id: "every-remedy",
        title: "… with every remedy",
        about: "The same, and the application with larger machines, autoscaling, replicas and a cache: they help \
                until the primary’s writes bind.",
        text: include_str!("presets/every-remedy.json"),
        table: None,
    },
    Preset {
        id: "naive-scaling",
        title: "A naive scaling policy",
        about: "A spike, and a policy that doubles when it sees throttled records two minutes old. It looks again \
                before its shards are there, overshoots, and uses up the calls of the day.",
        text: include_str!("presets/naive-scaling.json"),
        table: None,
    },
    Preset {
        id: "mended-scaling",
        title: "… mended",
        about: "The same spike with a policy that looks at utilization, waits after each call until it can see what it \
                did, and has an upper bound.",
        text: include_str!("presets/mended-scaling.json"),
        table: None,
    },
    Preset {
        id: "world-cup-1998",
        title: "World Cup 1998",
        about: "A day that happened: 36,780,275 requests to the web site of the World Cup on 8 July 1998, the day of \
                the semi-final between France and Croatia, as records of their recorded size, into eight shards.",
        text: include_str!("presets/world-cup-1998.json"),
        table: Some(Table {
            file: "data/worldcup98-1998-07-08.csv",
            source: WORLD_CUP_SOURCE,
            #[cfg(not(target_arch = "wasm32"))]
            text: include_str!("../../www/data/worldcup98-1998-07-08.csv"),
        }),
    },
];

/// The preset of this name.
pub fn by_id(id: &str) -> Option<&'static Preset> {
    ALL.iter().find(|preset| preset.id == id)
}

/// The document of the preset of this name.
#[cfg(not(target_arch = "wasm32"))]
pub fn draft(id: &str) -> Option<Draft> {
    by_id(id).map(Preset::draft)
}

impl Preset {
    /// Whether it has designs beside its own, which are compared.
    pub fn compares(&self) -> bool {
        self.text.contains("\"designs\"")
    }

    /// The file, beside the page, with the series that this preset needs; `None` where it needs none.
    pub fn table_file(&self) -> Option<&'static str> {
        self.table.as_ref().map(|table| table.file)
    }

    /// Its document; one that needs a table is not complete without it.
    pub fn plain(&self) -> Draft {
        let mut document = Map::new();
        document.insert("streamgauge".to_owned(), json!(canonical::VERSION));
        document.insert("name".to_owned(), json!(self.title));
        document.insert("about".to_owned(), json!(self.about));
        let rest = Draft::parse(self.text).expect("every preset is tested to be JSON");
        if let Value::Object(rest) = rest.value() {
            document.extend(rest.clone());
        }
        Draft::from_value(Value::Object(document))
    }

    /// Its document, with the text of its table where it needs one.
    ///
    /// # Errors
    /// When the text is not a table with a series.
    pub fn draft_with(&self, table_text: &str) -> Result<Draft, Vec<Problem>> {
        let mut draft = self.plain();
        if let Some(table) = &self.table {
            let imported = csv_series::import(table_text, table.source)?;
            draft.set("traffic.curve", json!([imported.part()]));
        }
        Ok(draft)
    }

    /// Its document, ready to be changed. A program carries the tables of all presets; the page fetches them.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn draft(&self) -> Draft {
        let text = self.table.as_ref().map_or("", |table| table.text);
        self.draft_with(text).expect("every shipped table is tested to be read")
    }

    /// Its scenario.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn scenario(&self) -> Scenario {
        self.draft().check().expect("every preset is tested to be free of problems")
    }
}

/// A recorded series in a file of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Table {
    /// Where it stands under the root of the site.
    file: &'static str,
    /// Where it comes from, in words.
    source: &'static str,
    #[cfg(not(target_arch = "wasm32"))]
    text: &'static str,
}
