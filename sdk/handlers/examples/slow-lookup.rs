//! The module slow-lookup.

streamgauge_handler::handler!(streamgauge_handlers::slow_lookup);
