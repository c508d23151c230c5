//! The headless application: every decision the page makes, without Yew, without a browser.

pub mod event;
pub mod picture;
