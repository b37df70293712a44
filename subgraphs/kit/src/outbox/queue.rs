//! The table as a relay sees it: the oldest event of each entity.

use std::time::Duration;

use sqlx::{PgConnection, PgPool, Postgres, Row, Transaction};
use uuid::Uuid;

/// How many entities are published for at once, by one relay.
const MOST: i64 = 64;
/// Among how many it chooses, where other relays have taken some.
const MOST_LOOKED_AT: i64 = 4 * MOST;

/// For each entity after `$1` its oldest event, found by one step in the index each; whichever of them nobody else has.
///
/// The lock on an entity's oldest event keeps the others of that entity, too: who doesn't get it skips the entity, and who
/// waited for a snapshot finds the row either locked or gone, never the next one as long as it can see the first.
const TAKE: &str = "
    WITH RECURSIVE oldest AS (
        (SELECT entity, position FROM outbox WHERE entity > $1 ORDER BY entity, position LIMIT 1)
        UNION ALL
        SELECT next.entity, next.position FROM oldest CROSS JOIN LATERAL (
            SELECT entity, position FROM outbox WHERE entity > oldest.entity ORDER BY entity, position LIMIT 1
        ) AS next
    )
    SELECT position, id, entity, subject, payload::text AS payload,
           extract(epoch FROM clock_timestamp() - written_at)::float8 AS age
    FROM outbox WHERE position IN (SELECT position FROM oldest LIMIT $2) ORDER BY entity LIMIT $3
    FOR UPDATE SKIP LOCKED";

/// An event to be published.
#[derive(Debug)]
pub(super) struct Pending {
    position: i64,
    pub(super) id: Uuid,
    entity: String,
    pub(super) subject: String,
    pub(super) payload: String,
    /// Since it was written, by the database's clock.
    pub(super) age: Duration,
}

/// Events that nobody else publishes as long as this is there, none of them of the same entity.
pub(super) struct Taken {
    transaction: Transaction<'static, Postgres>,
    pub(super) events: Vec<Pending>,
}

/// Takes turns: each entity comes up, also when others are told of all the time.
#[derive(Debug, Default)]
pub(super) struct Turns {
    /// The last entity that was taken.
    after: String,
}

impl Turns {
    /// The next events. Empty: there are none that aren't taken.
    pub(super) async fn take(&mut self, pool: &PgPool) -> sqlx::Result<Taken> {
        let mut transaction = pool.begin().await?;
        let mut events = take(&mut transaction, &self.after).await?;
        if events.is_empty() && !self.after.is_empty() {
            events = take(&mut transaction, "").await?;
        }
        self.after = events.last().map(|event| event.entity.clone()).unwrap_or_default();
        Ok(Taken { transaction, events })
    }
}

impl Taken {
    /// Forgets the events that are published, and lets go of the others.
    pub(super) async fn published(mut self, published: &[bool]) -> sqlx::Result<()> {
        let positions = self.events.iter().zip(published).filter(|(_, published)| **published);
        let positions: Vec<i64> = positions.map(|(event, _)| event.position).collect();
        let delete = sqlx::query("DELETE FROM outbox WHERE position = ANY($1)");
        delete.bind(positions).execute(&mut *self.transaction).await?;
        self.transaction.commit().await
    }
}

async fn take(connection: &mut PgConnection, after: &str) -> sqlx::Result<Vec<Pending>> {
    let taken = sqlx::query(TAKE).bind(after).bind(MOST_LOOKED_AT).bind(MOST).fetch_all(connection).await?;
    let pending = |row: &sqlx::postgres::PgRow| {
        let age: f64 = row.try_get("age")?;
        Ok(Pending {
            position: row.try_get("position")?,
            id: row.try_get("id")?,
            entity: row.try_get("entity")?,
            subject: row.try_get("subject")?,
            payload: row.try_get("payload")?,
            age: Duration::try_from_secs_f64(age).unwrap_or_default(),
        })
    };
    taken.iter().map(pending).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{Entity, Outbox, TABLE};
    use super::*;

    async fn table() -> PgPool {
        let url = xtask::servers::postgres().create_database("queue");
        let pool = PgPool::connect(&url).await.unwrap();
        sqlx::raw_sql(TABLE).execute(&pool).await.unwrap();
        pool
    }

    async fn write(pool: &PgPool, thing: usize, verb: &str) {
        let outbox = Outbox::new("alpha").unwrap();
        let thing = Entity::of("Thing", "id", format!("{thing:03}"));
        outbox.write(&mut pool.acquire().await.unwrap(), verb, &thing).await.unwrap();
    }

    /// Thing and verb of each event.
    fn shown(taken: &Taken) -> Vec<String> {
        let short = |event: &Pending| event.subject.replace("events.alpha.Thing.", "");
        taken.events.iter().map(short).collect()
    }

    #[tokio::test]
    async fn who_has_an_entitys_oldest_event_has_the_entity() {
        let pool = table().await;
        for (thing, verb) in [(1, "a"), (2, "a"), (1, "b"), (1, "c")] {
            write(&pool, thing, verb).await;
        }
        let [mut one, mut other, mut third] = std::array::from_fn(|_| Turns::default());
        let first = one.take(&pool).await.unwrap();
        assert_eq!(shown(&first), ["001.a", "002.a"]);
        write(&pool, 3, "a").await;
        let second = other.take(&pool).await.unwrap();
        assert_eq!(shown(&second), ["003.a"], "the others are taken, and what comes after them too");
        first.published(&[true, false]).await.unwrap();
        let next = third.take(&pool).await.unwrap();
        assert_eq!(shown(&next), ["001.b", "002.a"]);
        // Neither could publish.
        second.published(&[false]).await.unwrap();
        next.published(&[false, false]).await.unwrap();
        let all = one.take(&pool).await.unwrap();
        assert_eq!(shown(&all), ["003.a"], "after those that were taken last");
        all.published(&[true]).await.unwrap();
        assert_eq!(shown(&one.take(&pool).await.unwrap()), ["001.b", "002.a"]);
    }

    #[tokio::test]
    async fn entities_that_are_held_up_do_not_hold_up_others() {
        let pool = table().await;
        let most = usize::try_from(MOST).unwrap();
        for thing in 0..most + 2 {
            write(&pool, thing, "a").await;
        }
        let mut turns = Turns::default();
        for count in [most, 2, most] {
            let taken = turns.take(&pool).await.unwrap();
            assert_eq!(taken.events.len(), count);
            taken.published(&vec![false; count]).await.unwrap();
        }
    }
}
