//! The headless application: what the page decides and says.

mod events;
mod fixture;
mod verdict;
mod words;
