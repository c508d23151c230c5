//! Numbers, spans and clocks as people read them.

use streamgauge::text::{clock, escape, int, percent, percents, rate, span_text};

/// The same text with ordinary spaces, so that expectations can be typed.
fn plain(text: String) -> String {
    text.replace('\u{a0}', " ")
}

#[test]
fn whole_numbers_have_a_comma_before_every_three_digits() {
    let cases = [(0.0, "0"), (999.0, "999"), (1_000.0, "1,000"), (1_850_233.0, "1,850,233"), (-1_234.0, "−1,234")];
    for (value, expected) in cases {
        assert_eq!(int(value), expected);
    }
    assert_eq!(int(f64::NAN), "–");
}

#[test]
fn rates_are_rounded_to_what_an_eye_needs() {
    let cases =
        [(0.0, "0"), (0.5, "0.5"), (1.0, "1"), (26.4, "26"), (1_483.0, "1,480"), (99.6, "100"), (5_000.0, "5,000")];
    for (value, expected) in cases {
        assert_eq!(rate(value), expected);
    }
}

#[test]
fn spans_have_at_most_two_units_and_never_bare_seconds_above_sixty() {
    let cases = [
        (0.0, "0 ms"),
        (0.0015, "1.5 ms"),
        (0.95, "950 ms"),
        (0.057, "57 ms"),
        (1.0, "1 s"),
        (8.2, "8.2 s"),
        (42.0, "42 s"),
        (59.6, "1 min"),
        (60.0, "1 min"),
        (177.0, "2 min 57 s"),
        (600.0, "10 min"),
        (3_900.0, "1 h 5 min"),
        (86_400.0, "24 h"),
        (273_600.0, "3 d 4 h"),
    ];
    for (seconds, expected) in cases {
        assert_eq!(plain(span_text(seconds)), expected);
    }
}

#[test]
fn a_unit_is_never_parted_from_its_number() {
    for seconds in [0.2, 3.0, 177.0, 9_000.0, 500_000.0] {
        assert!(!span_text(seconds).contains(' '), "{}", span_text(seconds));
    }
}

#[test]
fn the_clock_shows_the_second_that_was_reached() {
    let cases = [(0.0, "0:00"), (520.0, "8:40"), (520.99, "8:40"), (3_723.0, "1:02:03"), (273_600.0, "3 d 4:00")];
    for (seconds, expected) in cases {
        assert_eq!(plain(clock(seconds)), expected);
    }
}

#[test]
fn percents_add_up_to_a_hundred() {
    assert_eq!(percents([1, 1, 1]), [34, 33, 33]);
    assert_eq!(percents([448_182, 354_696, 200, 1_171_690]).iter().sum::<u32>(), 100);
    assert_eq!(percents([0, 0]), [0, 0]);
    assert_eq!(plain(percent(0, 3)), "< 1 %");
    assert_eq!(plain(percent(0, 0)), "0 %");
}

#[test]
fn escaped_text_cannot_leave_its_element() {
    assert_eq!(escape("<b a=\"x\">&'"), "&lt;b a=&quot;x&quot;&gt;&amp;&#39;");
}
