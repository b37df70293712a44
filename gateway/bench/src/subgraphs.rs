//! The subgraphs of the public graphql-gateways-benchmark (MIT: same types, same data), and one for answers of any
//! size, as a process of its own. The same resolvers are reached over NATS and over HTTP.
//!
//! Besides `POST /<subgraph>` there are `GET /requests`, how many requests came, and `PUT /delay/<milliseconds>`, which
//! makes all of them slower.

mod accounts;
mod control;
mod inventory;
mod keeping;
mod products;
mod reviews;
mod sizes;

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use async_graphql::{EmptySubscription, ObjectType, Request, SDLExportOptions, Schema};
use async_graphql_axum::GraphQL;
use axum::Router;
use axum::extract::{self, State};
use axum::routing::{get, post_service, put};
use clap::Args;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tributary_subgraph::{Entities, Subgraph, connect};
use xtask::servers::Nats;

use crate::running::Running;
use control::Control;

/// Their names.
pub const NAMES: [&str; 5] = ["accounts", "inventory", "products", "reviews", "sizes"];

/// What the process is told.
#[derive(Args)]
pub struct Options {
    /// Port to serve HTTP on; 0 for any
    #[arg(long)]
    port: u16,
    /// nats-server's address for each of them, in the order of their names
    #[arg(num_args = 5)]
    nats: Vec<String>,
}

/// The process, until it is dropped.
pub struct Subgraphs {
    running: Running,
    /// Where they answer over HTTP.
    pub url: String,
}

impl Subgraphs {
    /// Starts them; `folder` is for the log, which is called `name`.
    pub fn start(nats: &Nats, port: u16, name: &str, folder: &Path) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["subgraphs", "--port", &port.to_string()]).args(NAMES.map(|name| nats.url_for(name)));
        let mut running = Running::start(name, &command, folder)?;
        let url = running.until("doesn't say where it listens", |log| {
            log.lines().find_map(|line| line.strip_prefix(LISTENS).map(str::to_owned))
        })?;
        Ok(Self { running, url })
    }

    /// Their process.
    pub fn pid(&self) -> u32 {
        self.running.pid()
    }

    /// How many requests have come to them, over NATS and HTTP.
    pub fn requests(&self) -> Result<u64> {
        let count = ureq::get(format!("{}/requests", self.url)).call()?.body_mut().read_to_string()?;
        count.parse().context("the subgraphs don't say how many requests came")
    }

    /// Makes each take that many milliseconds longer.
    pub fn delay(&self, milliseconds: u64) -> Result<()> {
        ureq::put(format!("{}/delay/{milliseconds}", self.url)).send_empty()?;
        Ok(())
    }
}

/// What stands before the address in the log.
const LISTENS: &str = "subgraphs at ";

/// Their SDLs.
pub fn sdls() -> [(&'static str, String); 5] {
    let control = Control::default();
    [
        ("accounts", sdl(&accounts::schema(&control))),
        ("inventory", sdl(&inventory::schema(&control))),
        ("products", sdl(&products::schema(&control))),
        ("reviews", sdl(&reviews::schema(&control))),
        ("sizes", sdl(&sizes::schema(&control))),
    ]
}

fn sdl<Q: ObjectType + 'static, M: ObjectType + 'static>(
    schema: &Schema<Entities<Q>, M, EmptySubscription>,
) -> String {
    schema.sdl_with_options(SDLExportOptions::new().federation())
}

/// What one of them answers to a request's JSON.
///
/// # Errors
/// Where there is no such subgraph, or that isn't a request.
pub async fn answer(name: &str, body: &[u8]) -> Result<Vec<u8>> {
    let (control, request) = (Control::default(), serde_json::from_slice::<Request>(body)?);
    let response = match name {
        "accounts" => accounts::schema(&control).execute(request).await,
        "inventory" => inventory::schema(&control).execute(request).await,
        "products" => products::schema(&control).execute(request).await,
        "reviews" => reviews::schema(&control).execute(request).await,
        "sizes" => sizes::schema(&control).execute(request).await,
        _ => bail!("there is no subgraph {name}"),
    };
    Ok(serde_json::to_vec(&response)?)
}

/// Runs them in this process.
#[tokio::main]
pub async fn run(options: &Options) -> Result<()> {
    let control = Control::default();
    let mut all = Serving { nats: options.nats.iter(), site: site(&control), tasks: JoinSet::new() };
    all.serve("accounts", accounts::schema(&control)).await?;
    all.serve("inventory", inventory::schema(&control)).await?;
    all.serve("products", products::schema(&control)).await?;
    all.serve("reviews", reviews::schema(&control)).await?;
    all.serve("sizes", sizes::schema(&control)).await?;
    let Serving { site, mut tasks, .. } = all;
    let address = SocketAddr::from(([127, 0, 0, 1], options.port));
    let listener = TcpListener::bind(address).await;
    let listener = listener.with_context(|| format!("{address} is taken; --port names another"))?;
    eprintln!("{LISTENS}http://{}", listener.local_addr()?);
    tasks.spawn(async move { Ok(axum::serve(listener, site).await?) });
    // None ends by itself; the first that does has failed.
    tasks.join_next().await.context("nothing is served")??
}

/// What is served so far.
struct Serving<'a> {
    nats: std::slice::Iter<'a, String>,
    site: Router,
    tasks: JoinSet<Result<()>>,
}

impl Serving<'_> {
    async fn serve<Q, M>(
        &mut self,
        name: &'static str,
        schema: Schema<Entities<Q>, M, EmptySubscription>,
    ) -> Result<()>
    where
        Q: ObjectType + 'static,
        M: ObjectType + 'static,
    {
        let url = self.nats.next().context("each subgraph needs nats-server's address")?;
        let client = connect(name, url).await?;
        let over_http = post_service(GraphQL::new(schema.clone()));
        self.site = std::mem::take(&mut self.site).route(&format!("/{name}"), over_http);
        let serving = Subgraph::new(name, schema).concurrency(4096).serve(client, std::future::pending());
        self.tasks.spawn(async { Ok(serving.await?) });
        Ok(())
    }
}

fn site(control: &Control) -> Router {
    let requests = get(async |State(control): State<Control>| control.requests().to_string());
    let delay =
        put(async |State(control): State<Control>, extract::Path(milliseconds): extract::Path<u64>| {
            control.delay(milliseconds);
        });
    Router::new()
        .route("/requests", requests)
        .route("/delay/{milliseconds}", delay)
        .with_state(control.clone())
}
