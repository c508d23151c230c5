//! How quantities are written.

use streamgauge::app::words;
use streamgauge::text;

#[test]
fn counts_have_three_lengths() {
    assert_eq!(words::int(1_850_233.0), "1,850,233");
    assert_eq!(words::rough(1_850_233.0), "1.85\u{a0}million");
    assert_eq!(words::rough(436_250.0), "436,000");
    assert_eq!(words::si(3_186_320.0), "3.19\u{a0}M");
    assert_eq!(words::about(217_707.0), "218,000");
}

#[test]
fn rates_are_rounded_to_what_a_sentence_needs() {
    assert_eq!(words::rate(1_123.4), 1_120.0);
    assert_eq!(words::rate(556.0), 555.0);
    assert_eq!(words::coarse_rate(4_987.0), 5_000.0);
    assert_eq!(words::rate_text(0.5), "0.5");
}

#[test]
fn percents_add_up_and_something_is_never_nothing() {
    assert_eq!(
        words::percents([448_182, 354_696, 200, 0, 1_171_690]),
        [
            "23\u{a0}%".to_owned(),
            "18\u{a0}%".to_owned(),
            "<\u{a0}1\u{a0}%".to_owned(),
            String::new(),
            "59\u{a0}%".to_owned()
        ]
    );
    assert_eq!(words::percents([0, 0]), [String::new(), String::new()]);
    assert_eq!(words::percent(0.9999), ">\u{a0}99\u{a0}%");
}

#[test]
fn money_has_four_decimals_for_a_run_and_two_for_a_month() {
    assert_eq!(words::dollars_e4(232), "$0.0232");
    assert_eq!(words::dollars_cents(12_345_678), "$123,456.78");
}

#[test]
fn fields_show_the_decimals_that_say_something() {
    assert_eq!(words::field_number(1.5), "1.5");
    assert_eq!(words::field_number(400_000.0), "400,000");
    assert_eq!(words::field_number(1_234.25), "1,234.25");
    assert_eq!(words::field_number(0.0), "0");
}

/// The page reads numbers without the standard library's table; for what people write, both say the same.
#[test]
fn numbers_are_read_as_the_standard_library_reads_them() {
    let same = ["0", "1850", "-0.5", "0.014", "12.", ".5", "1e6", "2.5E-3", "0.000000014", "9007199254740992", "1e400"];
    for text in same.into_iter().map(str::to_owned).chain((0..1_000).map(|n| format!("{}.{:03}", n * 7_919, n))) {
        assert_eq!(text::number(&text), text.parse().ok(), "{text}");
    }
    for text in ["", ".", "-", "e5", "1e", "1,000", "0x10", "nan", "1 2", "١"] {
        assert_eq!(text::number(text), None, "{text}");
    }
}
