//! The headless application: every decision the page makes, without Yew, without a browser.

pub mod capacity;
pub mod event;
pub mod events;
pub mod picture;
pub mod reading;
pub mod verdict;
pub mod words;
