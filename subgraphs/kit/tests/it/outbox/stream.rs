//! The stream that the events are kept in.

use std::time::Duration;

use async_nats::jetstream::{self, stream::StorageType};
use tributary_subgraph::outbox::StreamSettings;

use super::world::World;

async fn context(world: &World) -> jetstream::Context {
    jetstream::new(tributary_subgraph::connect("alpha", &world.nats.url_for("alpha")).await.unwrap())
}

#[tokio::test]
async fn it_is_made_as_the_protocol_says() {
    let world = World::start().await;
    let context = context(&world).await;
    let settings = StreamSettings { max_bytes: Some(1 << 20), ..StreamSettings::default() };
    for _ in 0..2 {
        let (_, differences) = settings.open(&context).await.unwrap();
        assert_eq!(differences, [], "a server says what it was told");
    }
    let stream = world.operator.get_stream("EVENTS").await.unwrap();
    let config = &stream.cached_info().config;
    assert_eq!((&config.subjects[..], config.storage), (&["events.>".to_owned()][..], StorageType::File));
    assert_eq!(config.duplicate_window, Duration::from_secs(3600));
    assert_eq!((config.max_bytes, config.max_age), (1 << 20, Duration::from_secs(7 * 24 * 3600)));
    assert!(!config.allow_rollup && !config.allow_message_ttl && config.max_messages_per_subject <= 0);
}

#[tokio::test]
async fn one_that_is_different_is_told_of_and_left_alone() {
    let world = World::start().await;
    let theirs = jetstream::stream::Config {
        name: "EVENTS".into(),
        subjects: vec!["events.>".into(), "more.>".into()],
        max_messages_per_subject: 1,
        storage: StorageType::Memory,
        ..jetstream::stream::Config::default()
    };
    world.operator.create_stream(theirs).await.unwrap();
    let (_, differences) = StreamSettings::default().open(&context(&world).await).await.unwrap();
    let settings: Vec<&str> = differences.iter().map(|difference| difference.setting).collect();
    let expected =
        ["subjects", "storage", "max_age", "max_msgs_per_subject", "duplicate_window", "allow_direct"];
    assert_eq!(settings, expected);
    assert_eq!(differences[3].to_string(), "max_msgs_per_subject is 1, not none");
    let stream = world.operator.get_stream("EVENTS").await.unwrap();
    assert_eq!(stream.cached_info().config.subjects.len(), 2);
}

#[tokio::test]
async fn it_is_made_again_when_somebody_deletes_it() {
    let world = World::start().await;
    world.add_things(1).await;
    let relay = world.running().await;
    world.change(0, "moved").await;
    world.published().await;
    world.operator.delete_stream("EVENTS").await.unwrap();
    world.change(0, "moved").await;
    world.published().await;
    assert_eq!(world.versions().await["0"], [2]);
    relay.abort();
}
