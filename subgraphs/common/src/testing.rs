//! For the services' tests: people who ask a schema, what a request costs in SQL, the file that holds a subgraph's SDL, a
//! gateway's side of NATS, the events that were told.

mod ask;
mod told;
mod wire;

pub use ask::{Asked, Who, code, identity, request};
#[cfg(feature = "postgres")]
pub use told::waiting;
pub use told::{Told, told};
pub use wire::Wire;

use std::cell::RefCell;
use std::fmt;
use std::path::Path;
use std::sync::Once;

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

/// Every statement that sqlx sent on this thread since [`Statements::record`], as its own log tells.
///
/// It sees the driver, not our code: a query that somebody adds anywhere is counted.
pub struct Statements(());

thread_local! {
    /// What this thread has seen since it began to record.
    static SEEN: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
}

impl Statements {
    /// Begins to record what this thread does; ends when dropped. For tests on a current-thread runtime, tokio's default.
    ///
    /// # Panics
    /// Where the process has another global subscriber.
    pub fn record() -> Statements {
        // One for all threads: beside a subscriber of one thread alone, `tracing` forgets that anybody is interested when
        // another thread, which has none, comes by the same place first.
        static INSTALLED: Once = Once::new();
        INSTALLED.call_once(|| {
            let subscriber = tracing_subscriber::registry().with(Recorder);
            tracing::subscriber::set_global_default(subscriber)
                .expect("no test logs by a subscriber of its own");
        });
        SEEN.set(Some(Vec::new()));
        Statements(())
    }

    /// The statements so far, forgetting them.
    pub fn take(&self) -> Vec<String> {
        SEEN.replace(Some(Vec::new())).unwrap_or_default()
    }
}

impl Drop for Statements {
    fn drop(&mut self) {
        SEEN.set(None);
    }
}

struct Recorder;

impl<S: Subscriber> Layer<S> for Recorder {
    fn enabled(&self, metadata: &tracing::Metadata<'_>, _: Context<'_, S>) -> bool {
        metadata.target() == "sqlx::query" && *metadata.level() <= Level::DEBUG
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut summary = Summary(String::new());
        event.record(&mut summary);
        SEEN.with_borrow_mut(|seen| {
            seen.iter_mut().for_each(|seen| seen.push(std::mem::take(&mut summary.0)))
        });
    }
}

struct Summary(String);

impl Visit for Summary {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "summary" {
            self.0 = format!("{value:?}");
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "summary" {
            self.0 = value.to_owned();
        }
    }
}

/// Compares `sdl` with `schema/subgraphs/<name>.graphql`; writes it there instead when `UPDATE_SDL=1`.
///
/// # Panics
/// If they differ: whoever changes a subgraph's schema should see the change in the file.
pub fn check_sdl(name: &str, sdl: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../schema/subgraphs/{name}.graphql"));
    if std::env::var_os("UPDATE_SDL").is_some_and(|value| value == "1") {
        std::fs::write(&path, sdl).expect("the SDL's file can be written");
        return;
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(expected == sdl, "{} is not the schema of today: run the test with UPDATE_SDL=1", path.display());
}
