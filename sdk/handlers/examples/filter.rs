//! The module filter.

streamgauge_handler::handler!(streamgauge_handlers::filter);
