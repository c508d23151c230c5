//! All native tests, one program.

mod app;
mod cli;
mod closed_form;
mod common;
mod contract;
mod findings;
mod golden;
mod handlers;
mod keys;
mod mapping;
mod metering;
mod modules;
mod picture;
mod picture_model;
mod picture_plot;
mod picture_text;
mod properties;
mod published;
mod reference;
mod rules;
mod runs;
mod scenario;
mod tidy;
mod vectors;
