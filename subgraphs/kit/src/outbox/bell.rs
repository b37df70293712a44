//! What wakes a relay.

use std::time::Duration;

use sqlx::PgPool;
use sqlx::postgres::PgListener;
use tokio::time::timeout;

use super::CHANNEL;

/// Rings when events were written; also from time to time, since a notification can get lost with its connection.
pub(super) struct Bell {
    pool: PgPool,
    listener: Option<PgListener>,
    poll: Duration,
}

impl Bell {
    pub(super) fn new(pool: PgPool, poll: Duration) -> Self {
        Self { pool, listener: None, poll }
    }

    /// Returns when there may be something to do.
    pub(super) async fn rung(&mut self) {
        let poll = self.poll;
        // Out of time is a reason to look, too.
        timeout(poll, self.notified()).await.ok();
    }

    async fn notified(&mut self) {
        let notified = match &mut self.listener {
            None => self.listen().await,
            Some(listener) => match listener.try_recv().await {
                Ok(Some(_)) => {
                    while listener.next_buffered().is_some() {}
                    Ok(())
                }
                // The connection is lost, and what was told meanwhile with it.
                Ok(None) => {
                    self.listener = None;
                    Ok(())
                }
                Err(error) => {
                    self.listener = None;
                    Err(error)
                }
            },
        };
        if let Err(error) = notified {
            tracing::warn!(%error, poll = ?self.poll, "events that are written aren't heard of; looking for them instead");
            std::future::pending().await
        }
    }

    /// What was written before it listens would be missed, so this counts as a ring.
    async fn listen(&mut self) -> sqlx::Result<()> {
        let mut listener = PgListener::connect_with(&self.pool).await?;
        listener.listen(CHANNEL).await?;
        self.listener = Some(listener);
        Ok(())
    }
}
