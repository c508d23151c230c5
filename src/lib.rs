//! Streamgauge puts a traffic spike on a streaming architecture and shows, in real AWS units, where it breaks,
//! how late the work gets done, what is lost and what it costs.
//!
//! This page is the map: what the parts are called, which way things flow, and what is deliberately absent.
//!
//! # The way the data flows
//!
//! ```text
//! Draft ──check──▶ Scenario ──▶ Engine ──Fact──▶ Recorder ──Timeline──▶ Ledger · Bill · Findings ──▶ app ──▶ pixels
//!                                 │   ▲                                                              text
//!                      Invocation ▼   │ Outcome
//!                             a handler, in the host
//! ```
//!
//! One way. A [`Draft`](scenario::Draft) is a document as somebody typed it; [`check`](scenario::Draft::check)
//! gives a [`Scenario`](scenario::Scenario) or every problem at once. The [`Engine`](engine::Engine) moves it
//! through simulated time and tells [`Fact`](engine::Fact)s. The [`Recorder`](metrics::Recorder) counts them into
//! the columns of a [`Timeline`](metrics::Timeline); everything shown, printed or billed derives from those
//! columns. A [`Session`](session::Session) holds engine, recorder, digest and trace, and is what every host uses:
//! the command line, the tests, the box in the page, and your program.
//!
//! # The code
//!
//! A module uses only what stands to its left.
//!
//! ```text
//! units · text · words ← hash_key ← limits ← errors ← scenario ← engine ← metrics ← cost ← session ← sizing ← app
//! metering ←───────────────────────────────── handlers    ↑                    ↑                 ↑
//!                                                ↑       link         web, engine_main           ui      wasm32 only
//!                                            meter_main   ↑             cli                              native only
//!                                                     link_main         size_main
//! ```
//!
//! | module | what it is |
//! | --- | --- |
//! | [`units`] | time, bytes, rates, ratios and money as integers |
//! | [`text`], [`words`] | how quantities are written, for sentences, tables and labels |
//! | [`hash_key`] | partition key to 128-bit hash key by MD5; ranges that split and merge |
//! | [`limits`] | every quota: one typed constant, with unit, source and date |
//! | [`errors`] | the service's own errors: names and messages |
//! | [`metering`] | rewrites a WebAssembly module so that it runs on fuel |
//! | [`handlers`] | runs the code of a consumer, JavaScript or a compiled module, on that fuel and in virtual time |
//! | [`scenario`] | documents, the table of fields, problems, presets, the traffic curve, imported series, queries and their SQL |
//! | [`link`] | a scenario in a link, read back with every care; its QR code; the fingerprint of its code |
//! | [`engine`] | the simulation: [`agenda`](engine::agenda), [`arrivals`](engine::arrivals), [`producer`](engine::producer), [`stream`](engine::stream), [`control`](engine::control), [`readers`](engine::readers); the [`direct`](engine::direct) architecture and [`firehose`](engine::firehose) beside it; stores that readers write to |
//! | [`metrics`] | facts to frames, histograms, the ledger, the findings; the results of queries |
//! | [`cost`] | quantities times a dated price book |
//! | [`rules`] | the model page: every mechanism as it is built, its constants, its departures |
//! | [`session`] | one run in one object; the [`Handler`](session::Handler) of a program that uses this crate |
//! | [`sizing`] | the cheapest design that meets a goal, found by running the engine |
//! | [`app`] | the page without a browser: every decision it makes, its sentences and its pictures |
//! | `web` | the page's side of the box |
//! | `ui` | Yew components that draw and forward, in the binary |
//!
//! Five WebAssembly modules are built from this package. The page (`main.rs`) draws and never runs the engine; the
//! engine (`engine_main.rs`) runs in a worker inside a sandboxed frame without network, storage or document. It takes
//! a checked scenario as numbers ([`packed`](scenario::packed)), not a document, and sends columns of numbers out. The
//! third (`meter_main.rs`) puts compiled modules on fuel and is fetched when there is one; the fourth (`link_main.rs`)
//! packs and reads links and is fetched when somebody shares one or opens one; the fifth (`size_main.rs`) answers the
//! questions of a search for a size, and those for the results of queries, in workers like the engine's. The build cuts the page in two: what is drawn only when
//! somebody asks for it (`ui/later.rs`) is fetched when somebody does.
//!
//! # What always holds
//!
//! - **The ledger balances** at every instant: offered = stored + at the producer + lost, by cause; stored =
//!   processed + in flight + waiting + expired + discarded + skipped or filtered out by choice, for each consumer.
//! - **Throttling comes from bucket state only.** A fault that is injected is called so wherever it shows.
//! - **Designs are compared on the same arrivals**: a [`Comparison`](session::Comparison) runs each design of a scenario
//!   on one traffic, and their digests of it are equal. In a direct design offered = answered + failed, by cause + in
//!   flight, and attempts = offered + retries. In a delivery stream offered = accepted + at the producer + lost there, and
//!   accepted = delivered + dropped + under the error prefix + lost + under way.
//! - **Backlog and iterator age** are zero together or not at all.
//! - **Order**: per shard, records are processed in the order in which they were stored.
//! - **The same scenario gives the same digest** natively and in every browser, at any speed, in a hidden tab, with
//!   any pacing of outcomes.
//! - **Nothing is typed twice**: limits, ranges and prices shown come from the constants that the engine runs on.
//!
//! # What is deliberately absent
//!
//! - The engine knows no clock, no screen, no price and no JavaScript. It asks for outcomes and never calls.
//! - No floating-point function of the platform decides anything: where a logarithm or a cosine cannot be avoided,
//!   `libm` computes it on both targets. `.clippy.toml` bans the others, the clock, and unordered maps.
//! - The path of a record has no event heap, no hash of its key and no allocation: keys are hashed once, arrivals
//!   come from a stream of times, logs are rings.
//! - No payload is stored. A record's data follow from the seed and its number, when somebody looks.
//! - A number that is modelled rather than documented is marked as estimated in [`limits`].

pub mod app;
pub mod cost;
pub mod engine;
pub mod errors;
pub mod handlers;
pub mod hash_key;
pub mod limits;
#[cfg(any(not(target_arch = "wasm32"), feature = "link-module"))]
pub mod link;
#[cfg(any(not(target_arch = "wasm32"), feature = "meter-module"))]
pub mod metering;
pub mod metrics;
pub mod rules;
pub mod scenario;
pub mod session;
#[cfg(any(not(target_arch = "wasm32"), feature = "size-module"))]
pub mod sizing;
pub mod text;
pub mod units;
#[cfg(all(target_arch = "wasm32", feature = "page"))]
pub mod web;
pub mod words;

/// The examples of the README, so that they are compiled and run with the others.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
