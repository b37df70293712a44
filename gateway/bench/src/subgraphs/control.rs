//! What is counted of the subgraphs, and how slow they are.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextRequest};
use async_graphql::{Response, async_trait::async_trait};
use tokio::time::sleep;

/// One for all subgraphs, however they are reached.
#[derive(Clone, Debug, Default)]
pub struct Control(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    requests: AtomicU64,
    delay: AtomicU64,
}

impl Control {
    /// How many requests came.
    pub fn requests(&self) -> u64 {
        self.0.requests.load(Ordering::Relaxed)
    }

    /// From now on each takes that many milliseconds longer.
    pub fn delay(&self, milliseconds: u64) {
        self.0.delay.store(milliseconds, Ordering::Relaxed);
    }
}

impl ExtensionFactory for Control {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(self.clone())
    }
}

#[async_trait]
impl Extension for Control {
    async fn request(&self, context: &ExtensionContext<'_>, next: NextRequest<'_>) -> Response {
        self.0.requests.fetch_add(1, Ordering::Relaxed);
        match self.0.delay.load(Ordering::Relaxed) {
            0 => {}
            delay => sleep(Duration::from_millis(delay)).await,
        }
        next.run(context).await
    }
}
