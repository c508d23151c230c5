//! The module fail-on-pattern.

streamgauge_handler::handler!(streamgauge_handlers::fail_on_pattern);
