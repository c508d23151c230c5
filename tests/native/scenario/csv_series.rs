//! Tables that become traffic.

use proptest::prelude::*;
use serde_json::json;
use streamgauge::scenario::csv_series::{Imported, import};
use streamgauge::scenario::{Draft, Problem};
use streamgauge::units::{SimTime, Span};

fn read(text: &str) -> Imported {
    import(text, "a test").unwrap_or_else(|problems| panic!("{}", problems[0]))
}

fn problems(text: &str) -> Vec<String> {
    import(text, "a test").expect_err("a bad table").iter().map(Problem::to_string).collect()
}

#[test]
fn the_world_cup_day_keeps_every_request() {
    let table = include_str!("../../../www/data/worldcup98-1998-07-08.csv");
    let day = read(table);
    assert_eq!(day.records, 36_780_275);
    assert_eq!(day.bytes, Some(109_544_768_611));
    assert_eq!((day.length, day.step, day.gaps), (Span::from_hours(24), Span::from_secs(60), 0));
    assert_eq!(day.columns, ("timestamp".to_owned(), "requests".to_owned(), Some("bytes".to_owned())));
    assert_eq!(day.begins, "1998-07-08T00:00:00Z");
    let mut draft = Draft::from_value(json!({ "length_s": 86_400 }));
    draft.set("traffic.curve", json!([day.part()]));
    let scenario = draft.check().expect("the part is whole");
    let streamgauge::scenario::Part::Series(series) = &scenario.traffic.parts[0] else { panic!("a series") };
    assert_eq!(**series, day.series);
}

#[test]
fn gaps_stay_gaps_and_close_rows_are_cut_short() {
    let table = "when,count\n2014-04-10 00:00,1\n2014-04-10 00:05,2\n2014-04-10 00:10,3\n2014-04-10 00:20,4\n\
                 2014-04-10 00:22,5\n";
    let series = read(table);
    let seconds: Vec<(u64, u64)> =
        series.series.rows.iter().map(|row| (row.at.micros() / 1_000_000, row.length.micros() / 1_000_000)).collect();
    assert_eq!(seconds, [(0, 300), (300, 300), (600, 300), (1_200, 120), (1_320, 300)]);
    assert_eq!((series.gaps, series.records), (1, 15));
}

#[test]
fn times_are_read_however_they_are_written() {
    let same = |first: &str, second: &str, seconds: u64| {
        let table = read(&format!("t,n\n\"{first}\",1\n\"{second}\",1\n"));
        assert_eq!(table.series.rows[1].at, SimTime::from_micros(seconds * 1_000_000), "{first} {second}");
    };
    same("2014-04-10T00:04:00Z", "2014-04-10T00:05:00Z", 60);
    same("2014-04-10 00:04", "2014-04-10 00:05:00.000", 60);
    same("2014-04-10T00:04:00+02:00", "2014-04-09T22:05:00Z", 60);
    same("2012-02-28", "2012-03-01", 2 * 86_400);
    same("1999-12-31T23:59:59Z", "2000-01-01T00:00:00Z", 1);
    same("1397088240", "1397088300", 60);
    same("1397088240000", "1397088300000", 60);
    same("0", "2.0", 2);
    let half = read("second;count\n0;1\n0.5;1\n");
    assert_eq!(half.series.rows[1].at, SimTime::from_micros(500_000));
}

#[test]
fn columns_are_found_by_name_and_else_by_place() {
    let named = read("Region,IncomingBytes,Timestamp,IncomingRecords\nx,500,0,5\nx,700,60,7\n");
    assert_eq!(named.columns, ("Timestamp".to_owned(), "IncomingRecords".to_owned(), Some("IncomingBytes".to_owned())));
    let placed = read("a,b,c\n0,5,500\n60,7,700\n");
    assert_eq!((placed.records, placed.bytes), (12, Some(1_200)));
    let unit = read("Timestamp,Sum,Unit\n0,5.0,Count\n60,7.0,Count\n");
    assert_eq!((unit.records, unit.bytes), (12, None));
}

#[test]
fn rows_may_come_in_any_order() {
    let series = read("t,n\n120,3\n0,1\n60,2\n");
    assert_eq!(series.series.rows.iter().map(|row| row.count).collect::<Vec<_>>(), [1, 2, 3]);
}

#[test]
fn every_problem_is_told_with_its_line() {
    let table =
        "time,count,bytes\n2014-02-30,5,1\n0,many,1\n60,-1,1\n120,1.5,1\n180,1,x\n240,1,10485745\n300,1,\n300,1,\n";
    let found = problems(table);
    let lines: Vec<&str> = found.iter().map(|problem| problem.split(':').next().expect("a line")).collect();
    assert_eq!(lines, ["line 2", "line 3", "line 4", "line 5", "line 6", "line 7", "line 9"]);
    assert!(found[0].contains("\"2014-02-30\" in column \"time\" is not a time"), "{}", found[0]);
}

#[test]
fn a_table_needs_a_header_and_two_rows() {
    assert!(problems("0,5\n60,7\n")[0].contains("header"));
    assert!(problems("")[0].contains("header"));
    assert!(problems("time,count\n0,5\n")[0].contains("fewer than two rows"));
    assert!(problems("time,count\n0,5\n99999999,5\n")[0].contains("days"));
    assert!(problems("<html><body>not a table</body></html>")[0].contains("header"));
}

proptest! {
    #[test]
    fn no_table_makes_the_import_panic(text in "([0-9a-z,;\"\\.\\- :TZ]{0,20}\n){0,6}") {
        let _ = import(&text, "");
    }

    #[test]
    fn any_whole_table_becomes_a_whole_scenario(
        distances in proptest::collection::vec(1..4_000u64, 1..40),
        counts in proptest::collection::vec((0..5_000u64, 0..100_000u64), 41),
    ) {
        let mut at = 0;
        let mut table = "time,count,bytes\n".to_owned();
        for (i, (count, bytes)) in counts.iter().take(distances.len() + 1).enumerate() {
            at += if i == 0 { 1_000 } else { distances[i - 1] };
            table.push_str(&format!("{at},{count},{bytes}\n"));
        }
        let imported = import(&table, "any").expect("a whole table");
        let mut draft = Draft::from_value(json!({ "length_s": imported.length.seconds_f64().max(1.0) }));
        draft.set("traffic.curve", json!([imported.part()]));
        prop_assert!(draft.check().is_ok(), "{:?}", draft.check());
    }
}
