//! The presets and the golden scenarios are whole, and between them use everything there is.

use std::collections::BTreeSet;
use std::path::PathBuf;
use streamgauge::scenario::fields::{self, Kind};
use streamgauge::scenario::{Draft, Part, Problem, document, presets};

/// The folder of golden scenarios.
fn golden_folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// Name and draft of every golden scenario.
pub fn golden() -> Vec<(String, Draft)> {
    let folders = std::fs::read_dir(golden_folder()).expect("the folder of golden scenarios");
    let mut names: Vec<String> = folders
        .map(|folder| folder.expect("a folder").file_name().into_string().expect("a plain name"))
        .filter(|name| golden_folder().join(name).join("scenario.json").is_file())
        .collect();
    names.sort();
    let read = |name: String| {
        let text = std::fs::read_to_string(golden_folder().join(&name).join("scenario.json")).expect("a scenario");
        let draft = Draft::parse(&text).unwrap_or_else(|problems| panic!("{name}: {}", problems[0]));
        (name, draft)
    };
    names.into_iter().map(read).collect()
}

#[test]
fn presets_and_golden_scenarios_have_no_problems() {
    let presets = presets::ALL.iter().map(|preset| (preset.id.to_owned(), preset.draft()));
    for (name, draft) in presets.chain(golden()) {
        let problems = draft.check().err().unwrap_or_default();
        assert_eq!(problems.iter().map(Problem::to_string).collect::<Vec<_>>(), Vec::<String>::new(), "{name}");
        let scenario = draft.check().expect("just checked");
        assert_eq!(document::of(&scenario).check(), Ok(scenario), "{name}");
    }
}

#[test]
fn every_preset_has_a_name_of_its_own() {
    let ids: BTreeSet<&str> = presets::ALL.iter().map(|preset| preset.id).collect();
    assert_eq!(ids.len(), presets::ALL.len());
    assert!(presets::by_id("hot-key").is_some() && presets::by_id("hot").is_none());
}

#[test]
fn the_first_preset_is_a_hundredfold_spike_into_two_shards() {
    let scenario = presets::ALL[0].scenario();
    assert_eq!(scenario.traffic.peak_rate(scenario.length), 5_000.0);
    let spike = 50.0 * 1_500.0 + 4_950.0 * (6.0 + 600.0 + 22.5);
    assert!((scenario.traffic.expected_records(scenario.length) - spike).abs() < 1e-6);
    assert_eq!(scenario.stream.shards, 2);
}

#[test]
fn the_world_cup_day_is_complete() {
    let scenario = presets::by_id("world-cup-1998").expect("a preset").scenario();
    let Part::Series(series) = &scenario.traffic.parts[0] else { panic!("a series") };
    assert_eq!(series.rows.iter().map(|row| row.count).sum::<u64>(), 36_780_275);
    assert_eq!(series.rows.iter().map(|row| row.count).max(), Some(216_528));
    assert_eq!(series.rows.len(), 1_440);
    assert!(series.rows.iter().all(|row| row.bytes.is_some()));
    assert_eq!(scenario.length.seconds_f64(), 86_400.0);
    assert_eq!(scenario.traffic.expected_records(scenario.length), 36_780_275.0);
}

#[test]
fn golden_scenarios_use_every_word_of_every_choice() {
    let golden = golden();
    assert!(golden.len() >= 8, "{} golden scenarios", golden.len());
    let texts: String =
        golden.iter().map(|(_, draft)| draft.check().expect("whole")).map(|s| document::of(&s).to_json()).collect();
    for field in fields::all() {
        if let Kind::Choice(choices) = field.kind {
            // A golden scenario needs no host, and the words of different choices may be the same.
            for choice in choices.iter().filter(|choice| choice.value != "host") {
                let name = field.path.rsplit('.').next().expect("a last part");
                assert!(
                    texts.contains(&format!("\"{name}\": \"{}\"", choice.value)),
                    "{} {}",
                    field.path,
                    choice.value
                );
            }
        }
    }
}
