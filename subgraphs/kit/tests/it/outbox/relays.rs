//! What is committed is published, once and in order, whatever happens to those who publish.

use std::time::Duration;

use async_nats::jetstream::message::PublishMessage;
use serde_json::json;
use tokio::sync::oneshot;
use tributary_subgraph::outbox::{Entity, WriteError};

use super::world::{Told, World, until};

#[tokio::test]
async fn what_is_committed_is_told_and_what_is_not_is_not() {
    let world = World::start().await;
    world.add_things(1).await;
    let relay = world.running().await;
    let mut transaction = world.pool.begin().await.unwrap();
    let undone = Entity::of("Thing", "id", "undone");
    world.outbox.write(&mut transaction, "created", &undone).await.unwrap();
    transaction.rollback().await.unwrap();

    let mut transaction = world.pool.begin().await.unwrap();
    let thing = Entity::of("Thing", "id", "a.b").with("size", 3);
    let id = world.outbox.write(&mut transaction, "created", &thing).await.unwrap();
    transaction.commit().await.unwrap();
    world.published().await;
    let expected = Told {
        subject: "events.alpha.Thing.a%2Eb.created".into(),
        id: format!("alpha.{id}"),
        payload: json!({ "__typename": "Thing", "id": "a.b", "size": 3 }),
    };
    assert_eq!(world.told().await, [expected]);
    relay.abort();
}

#[tokio::test]
async fn what_has_no_subject_is_refused() {
    let world = World::start().await;
    for (entity, verb) in [
        (Entity::of("Thing", "id", ""), "created"),
        (Entity::of("Thing", "id", 1), "created.now"),
        (Entity::of("Any Thing", "id", 1), "created"),
    ] {
        let mut connection = world.pool.acquire().await.unwrap();
        let written = world.outbox.write(&mut connection, verb, &entity).await;
        assert!(matches!(written, Err(WriteError::Subject { .. })), "{entity:?} {verb}");
    }
    assert_eq!(world.waiting().await, 0);
}

/// Three relays publish what four writers write, and now and then one of them is killed and another takes its place.
#[tokio::test(flavor = "multi_thread")]
async fn three_relays_keep_the_order_of_each_entity() {
    const THINGS: i32 = 10;
    const CHANGES: i32 = 60;
    let world = World::start().await;
    world.add_things(THINGS).await;
    let mut relays = [world.running().await, world.running().await, world.running().await];
    let write = async |writer: i32| {
        for change in 0..CHANGES / 4 {
            for thing in 0..THINGS {
                let verb = if change % 3 == 0 { "renamed" } else { "moved" };
                world.change((thing + writer) % THINGS, verb).await;
            }
        }
    };
    let writing = async { tokio::join!(write(0), write(3), write(6), write(9)) };
    let mut writing = std::pin::pin!(writing);
    let mut kills = 0;
    loop {
        let pause = Duration::from_millis(20 + u64::from(uuid::Uuid::new_v4().as_bytes()[0]));
        tokio::select! {
            _ = &mut writing => break,
            () = tokio::time::sleep(pause) => {}
        }
        let victim = &mut relays[kills % 3];
        victim.abort();
        *victim = world.running().await;
        kills += 1;
    }
    world.published().await;
    let versions = world.versions().await;
    assert_eq!(versions.len(), THINGS as usize);
    let expected: Vec<i64> = (1..=i64::from(CHANGES)).collect();
    for (thing, versions) in versions {
        assert_eq!(versions, expected, "of {thing}, with {kills} kills");
    }
    relays.iter().for_each(|relay| relay.abort());
}

/// Somebody published and died before it could say so, longer ago than JetStream remembers.
#[tokio::test]
async fn after_a_long_outage_the_last_message_is_looked_at() {
    let world = World::start().await;
    world.add_things(2).await;
    world.forgetful_stream().await;
    for thing in [0, 1] {
        world.change(thing, "moved").await;
    }
    let sql = "SELECT subject, id::text, payload::text FROM outbox ORDER BY position LIMIT 1";
    let (subject, id, payload): (String, String, String) =
        sqlx::query_as(sql).fetch_one(&world.pool).await.unwrap();
    let message = PublishMessage::build().payload(payload.into()).message_id(format!("alpha.{id}"));
    world.operator.send_publish(subject, message).await.unwrap().await.unwrap();
    world.change(0, "moved").await;
    // The window passes by the server's clock, of which nobody tells.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let relay = world.running().await;
    world.published().await;
    let versions = world.versions().await;
    assert_eq!((&versions["0"], &versions["1"]), (&vec![1, 2], &vec![1]));
    relay.abort();
}

#[tokio::test]
async fn a_notification_that_is_lost_is_made_up_for() {
    let world = World::start().await;
    let relay = world.relay().await.poll(Duration::from_millis(50));
    let relay = tokio::spawn(relay.run(std::future::pending()));
    world.add_things(1).await;
    world.change(0, "moved").await;
    world.published().await;
    let silent = "INSERT INTO outbox (id, entity, subject, payload)
                  VALUES (gen_random_uuid(), 'events.alpha.Thing.9', 'events.alpha.Thing.9.moved', '{}')";
    sqlx::raw_sql(silent).execute(&world.pool).await.unwrap();
    world.published().await;
    assert_eq!(world.told().await.len(), 2);
    relay.abort();
}

#[tokio::test]
async fn one_event_that_cannot_be_published_holds_up_its_own_entity_only() {
    let world = World::start().await;
    world.add_things(1).await;
    let relay = world.running().await;
    // Not a subject of this subgraph's.
    let foreign = "INSERT INTO outbox (id, entity, subject, payload)
                   VALUES (gen_random_uuid(), 'events.alpha.Thing.7', 'events.beta.Thing.7.moved', '{}')";
    sqlx::raw_sql(foreign).execute(&world.pool).await.unwrap();
    world.change(0, "moved").await;
    until(async || world.waiting().await == 1).await;
    assert_eq!(world.told().await.len(), 1);
    relay.abort();
}

#[tokio::test]
async fn a_stop_leaves_nothing_behind() {
    let world = World::start().await;
    world.add_things(3).await;
    let relay = world.relay().await.poll(Duration::from_secs(3600));
    let (stop, stopped) = oneshot::channel::<()>();
    let service = async {
        stopped.await.unwrap();
        for change in 0..6 {
            world.change(change % 3, "moved").await;
        }
        "served"
    };
    let served = async { relay.beside(service).await };
    let (served, ()) = tokio::join!(served, async { stop.send(()).unwrap() });
    assert_eq!((served, world.waiting().await), ("served", 0));
    assert_eq!(world.told().await.len(), 6);
}

#[tokio::test]
async fn events_outlast_an_outage_of_nats() {
    let mut world = World::start().await;
    world.add_things(1).await;
    let relay = world.running().await;
    world.change(0, "moved").await;
    world.published().await;
    world.nats.kill();
    world.change(0, "moved").await;
    world.change(0, "moved").await;
    world.nats.restart();
    world.published().await;
    assert_eq!(world.versions().await["0"], [1, 2, 3]);
    relay.abort();
}
