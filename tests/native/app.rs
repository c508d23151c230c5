//! The headless application: what the page decides and says.

mod compare;
mod delivery;
mod events;
mod fixture;
mod form;
mod handler;
mod model;
mod results;
mod share;
mod sizing;
mod verdict;
mod video;
mod words;
