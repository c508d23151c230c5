//! The module count-by-key.

streamgauge_handler::handler!(streamgauge_handlers::count_by_key);
