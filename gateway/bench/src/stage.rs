//! What a measurement happens on: nats-server with a stream of events, a subgraph that declares subscriptions, and the
//! gateway as a process of its own. All of it ends with the stage.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use async_graphql::{EmptyMutation, EmptySubscription, ID, Object, SimpleObject};
use async_nats::Client;
use async_nats::jetstream::{self, stream};
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use tributary_subgraph::{EventSubscriptions, Subgraph, connect, federated};
use xtask::process::{Spawn, StopSignal, Supervised};
use xtask::servers::Nats;

/// Everything that runs.
pub struct Stage {
    /// Publishes.
    pub client: Client,
    /// Where the gateway answers.
    pub address: SocketAddr,
    gateway: Supervised,
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
/// A gateway that takes longer to be ready has a fault.
const PATIENCE: Duration = Duration::from_secs(30);

impl Stage {
    /// Starts everything; returns when the gateway has composed.
    pub fn start(gateway: &Path, runtime: &Runtime) -> Result<Self> {
        let nats = Nats::start_with(&[SUBGRAPH]);
        let client = runtime.block_on(stream(&nats))?;
        let url = nats.url_for(SUBGRAPH);
        thread::spawn(move || serve(&url));
        let folder = tempfile::tempdir()?;
        let log = folder.path().join("gateway.log");
        let mut command = Command::new(gateway);
        command.args(["serve", "--gateway-id", "gw1", "--listen", "127.0.0.1:0", "--log-format", "json"]);
        command.args(["--require", SUBGRAPH, "--nats", &nats.url_for("gateway")]);
        let how = Spawn { name: "gateway".into(), log, stop: StopSignal::Terminate, trash: None };
        let mut gateway = Supervised::spawn(&command, how)?;
        let address = listens(&mut gateway)?;
        is_ready(&mut gateway, address)?;
        Ok(Self { client, address, gateway, nats, _folder: folder })
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

/// Where the gateway listens, which its log says.
fn listens(gateway: &mut Supervised) -> Result<SocketAddr> {
    let address = |line: &str| {
        let line: Value = serde_json::from_str(line).ok()?;
        line["graphql"].as_str()?;
        line["address"].as_str()?.parse().ok()
    };
    until(gateway, "says nowhere that it listens", |gateway| {
        let log = fs::read_to_string(gateway.log()).unwrap_or_default();
        log.lines().find_map(address)
    })
}

fn is_ready(gateway: &mut Supervised, address: SocketAddr) -> Result<()> {
    let url = format!("http://{address}/health/ready");
    until(gateway, "isn't ready", |_| ureq::get(&url).call().is_ok().then_some(()))
}

/// Asks again and again; nothing tells us.
fn until<T>(
    gateway: &mut Supervised,
    why_not: &str,
    mut found: impl FnMut(&Supervised) -> Option<T>,
) -> Result<T> {
    let begun = Instant::now();
    loop {
        if let Some(found) = found(gateway) {
            return Ok(found);
        }
        if let Some(status) = gateway.exited() {
            bail!("the gateway ended ({status}): {}", gateway.last_words());
        }
        if begun.elapsed() > PATIENCE {
            bail!("the gateway {why_not}: {}", gateway.last_words());
        }
        thread::sleep(Duration::from_millis(20));
    }
}

/// The runtime that publishes.
pub fn runtime() -> Result<Runtime> {
    Builder::new_current_thread().enable_all().build().context("a runtime")
}
