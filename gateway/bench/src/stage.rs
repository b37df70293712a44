//! What a measurement happens on: nats-server with a stream of events, a subgraph that declares subscriptions, and the
//! gateway as a process of its own. All of it ends with the stage.

use std::net::SocketAddr;
use std::path::Path;
use std::thread;

use anyhow::{Context, Result};
use async_graphql::{EmptyMutation, EmptySubscription, ID, Object, SimpleObject};
use async_nats::Client;
use async_nats::jetstream::{self, stream};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use tributary_subgraph::{EventSubscriptions, Subgraph, connect, federated};
use xtask::servers::Nats;

use crate::gateway::{Gateway, Starting};

/// Everything that runs.
pub struct Stage {
    /// Publishes.
    pub client: Client,
    gateway: Gateway,
    nats: Nats,
    _folder: TempDir,
}

#[derive(SimpleObject)]
struct Item {
    id: ID,
    name: String,
    price: i32,
}

struct Query;

#[Object]
impl Query {
    /// Composing takes a query.
    async fn items(&self) -> Vec<Item> {
        Vec::new()
    }

    #[graphql(entity)]
    async fn item(&self, id: ID) -> Item {
        Item { name: format!("Item {}", *id), id, price: 1 }
    }
}

const SUBGRAPH: &str = "prices";
const SUBSCRIPTIONS: &str = r#"
    type Subscription {
      "What an item costs, of one or of any."
      priceChanged(id: ID): Item! @event(subject: "events.prices.Item.{args.id}.price")
    }
"#;

impl Stage {
    /// Starts everything; returns when the gateway has composed.
    pub fn start(gateway: &Path, runtime: &Runtime) -> Result<Self> {
        let nats = Nats::start_with(&[SUBGRAPH]);
        let client = runtime.block_on(stream(&nats))?;
        let url = nats.url_for(SUBGRAPH);
        thread::spawn(move || serve(&url));
        let folder = tempfile::tempdir()?;
        let (url, arguments) = (nats.url_for("gateway"), ["--require", SUBGRAPH]);
        let how =
            Starting { program: gateway, name: "gateway", nats: &url, id: "gw1", arguments: &arguments };
        let gateway = Gateway::start(&how, folder.path())?;
        Ok(Self { client, gateway, nats, _folder: folder })
    }

    /// Where the gateway answers.
    pub fn address(&self) -> SocketAddr {
        self.gateway.address
    }

    /// The gateway's process.
    pub fn gateway(&self) -> u32 {
        self.gateway.pid()
    }

    /// nats-server's process.
    pub fn nats(&self) -> u32 {
        self.nats.pid()
    }

    /// Tells a price.
    pub async fn tell(&self, id: usize, price: usize) -> Result<()> {
        let payload =
            format!("{{\"__typename\":\"Item\",\"id\":\"{id}\",\"name\":\"Item {id}\",\"price\":{price}}}");
        let subject = format!("events.{SUBGRAPH}.Item.{id}.price");
        self.client.publish(subject, payload.into()).await?;
        Ok(())
    }
}

async fn stream(nats: &Nats) -> Result<Client> {
    let client = connect("operator", &nats.url_for("operator")).await?;
    let definition = stream::Config {
        name: "EVENTS".into(),
        subjects: vec!["events.>".into()],
        storage: stream::StorageType::File,
        ..stream::Config::default()
    };
    jetstream::new(client.clone()).create_stream(definition).await?;
    Ok(client)
}

/// Runs the subgraph for as long as the process lives.
fn serve(url: &str) {
    let serving = async {
        let events = EventSubscriptions::declare(SUBSCRIPTIONS);
        let schema = federated(Query, EmptyMutation, EmptySubscription).extension(events).finish();
        let client = connect(SUBGRAPH, url).await?;
        Subgraph::new(SUBGRAPH, schema).serve(client, std::future::pending()).await?;
        anyhow::Ok(())
    };
    let ended = Builder::new_current_thread().enable_all().build().map_err(Into::into);
    if let Err(cause) = ended.and_then(|runtime| runtime.block_on(serving)) {
        eprintln!("error: the subgraph: {cause:#}");
    }
}

/// The runtime that publishes.
pub fn runtime() -> Result<Runtime> {
    Builder::new_current_thread().enable_all().build().context("a runtime")
}
