//! The module aggregate-and-forward.

streamgauge_handler::handler!(streamgauge_handlers::aggregate_and_forward);
