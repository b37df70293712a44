//! What must hold whatever comes in: each function here is a property of arbitrary input, and panics where it
//! doesn't hold. The fuzz targets call them with what libFuzzer makes up, the tests with what proptest does and with
//! the corpus, which holds what was found once.
//!
//! ```sh
//! cd gateway && cargo +nightly fuzz run --features libfuzzer compose    # or plan, or execute
//! ```
//!
//! Inputs are texts that people can read and write: see each function.

mod answer;
mod compose;
mod execute;
mod graphs;
mod plan;

pub use compose::compose;
pub use execute::execute;
pub use plan::plan;
