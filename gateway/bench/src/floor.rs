//! What it costs to ask for bytes and get them, without GraphQL and without a gateway: over NATS by async-nats, and over
//! HTTP by hyper and axum. No gateway can be cheaper than that.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use async_nats::Client;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{self, State};
use axum::routing::post;
use clap::Args;
use futures_util::StreamExt;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde::Serialize;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use xtask::servers::Nats;

use crate::running::Running;
use crate::table::{Line, Table};
use crate::usage::Usage;

/// What is measured.
#[derive(Args)]
pub struct Options {
    /// Seconds for each measurement
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// How many ask at once
    #[arg(long, default_value_t = 64)]
    at_once: usize,
}

/// The other side.
#[derive(Args)]
pub struct EchoOptions {
    /// nats-server's address
    nats: String,
}

#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
enum Way {
    Nats,
    Http,
}

/// What it came to.
#[derive(Serialize)]
pub struct Figures {
    way: Way,
    bytes: usize,
    at_once: usize,
    per_second: f64,
    /// Microseconds from request to reply.
    p50: f64,
    p95: f64,
    p99: f64,
    /// Microseconds of processor for each.
    client: f64,
    echo: f64,
    nats: f64,
}

/// Bytes of a reply.
const SIZES: [usize; 4] = [1 << 10, 8 << 10, 32 << 10, 80 << 10];
/// Bytes of a request.
const REQUEST: usize = 300;
const LISTENS: &str = "echo at ";
const SUBJECT: &str = "floor";

/// Measures; in the table who asks stands for the gateway, and who answers for the subgraphs.
pub fn run(options: &Options, table: &mut Table) -> Result<Vec<Figures>> {
    let folder = tempfile::tempdir()?;
    let nats = Nats::start_open();
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["floor-echo", &nats.url()]);
    let mut echo = Running::start("echo", &command, folder.path())?;
    let http = echo.until("doesn't say where it listens", |log| {
        log.lines().find_map(|line| line.strip_prefix(LISTENS).map(str::to_owned))
    })?;
    let runtime = Runtime::new()?;
    let pids = [std::process::id(), echo.pid(), nats.pid()];
    let mut figures = Vec::new();
    for bytes in SIZES {
        for way in [Way::Nats, Way::Http] {
            let asking = Asking { way, bytes, http: &http, nats: &nats.url(), options };
            figures.push(runtime.block_on(asking.measure(pids))?);
        }
    }
    table.add(figures.iter().map(Figures::line));
    Ok(figures)
}

impl Figures {
    fn line(&self) -> Line {
        let Self { way, bytes, at_once, per_second, p50, p95, p99, client, echo, nats } = *self;
        let who = match way {
            Way::Nats => "none, over NATS",
            Way::Http => "none, over HTTP",
        };
        let milliseconds = |microseconds: f64| microseconds / 1e3;
        Line {
            what: format!("{} KiB, {at_once} at once", bytes >> 10),
            who: who.to_owned(),
            rate: per_second,
            quantiles: [p50, p95, p99].map(milliseconds),
            gateway: milliseconds(client),
            spread: None,
            behind: [nats, echo].map(milliseconds),
            peak: None,
            fetches: None,
        }
    }
}

/// One measurement.
struct Asking<'a> {
    way: Way,
    bytes: usize,
    http: &'a str,
    nats: &'a str,
    options: &'a Options,
}

impl Asking<'_> {
    async fn measure(&self, pids: [u32; 3]) -> Result<Figures> {
        let stop = Arc::new(AtomicBool::new(false));
        let mut tasks: JoinSet<Result<Vec<Duration>>> = JoinSet::new();
        let client = async_nats::connect(self.nats).await?;
        for _ in 0..self.options.at_once {
            let (stop, bytes) = (stop.clone(), self.bytes);
            match self.way {
                Way::Nats => tasks.spawn(by_nats(client.clone(), bytes, stop)),
                Way::Http => tasks.spawn(by_http(self.http.to_owned(), bytes, stop)),
            };
        }
        let usages = || anyhow::Ok([Usage::of(pids[0])?, Usage::of(pids[1])?, Usage::of(pids[2])?]);
        let before = usages()?;
        tokio::time::sleep(Duration::from_secs(self.options.seconds)).await;
        let after = usages()?;
        stop.store(true, Ordering::Relaxed);
        let mut took = Vec::new();
        while let Some(ended) = tasks.join_next().await {
            took.extend(ended??);
        }
        ensure!(!took.is_empty(), "nothing was answered");
        took.sort_unstable();
        let used = |at: usize| after[at].since(&before[at]);
        let of = |at: usize| used(at).cpu.as_secs_f64() * 1e6 / took.len() as f64;
        let quantile = |part: usize| took[(took.len() * part / 100).min(took.len() - 1)].as_secs_f64() * 1e6;
        Ok(Figures {
            way: self.way,
            bytes: self.bytes,
            at_once: self.options.at_once,
            per_second: took.len() as f64 / used(0).time.as_secs_f64(),
            p50: quantile(50),
            p95: quantile(95),
            p99: quantile(99),
            client: of(0),
            echo: of(1),
            nats: of(2),
        })
    }
}

async fn by_nats(client: Client, bytes: usize, stop: Arc<AtomicBool>) -> Result<Vec<Duration>> {
    let subject = format!("{SUBJECT}.{bytes}");
    let request = Bytes::from(vec![b'x'; REQUEST]);
    let mut took = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let begun = Instant::now();
        let reply = client.request(subject.clone(), request.clone()).await?;
        ensure!(reply.payload.len() == bytes, "a reply of {} bytes", reply.payload.len());
        took.push(begun.elapsed());
    }
    Ok(took)
}

async fn by_http(address: String, bytes: usize, stop: Arc<AtomicBool>) -> Result<Vec<Duration>> {
    let socket = TcpStream::connect(&address).await?;
    socket.set_nodelay(true)?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(socket)).await?;
    let connection = tokio::spawn(connection);
    let request = Bytes::from(vec![b'x'; REQUEST]);
    let mut took = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let begun = Instant::now();
        let asked = Request::post(format!("/{SUBJECT}/{bytes}")).header("host", &address);
        let response = sender.send_request(asked.body(Full::new(request.clone()))?).await?;
        let reply = response.into_body().collect().await?.to_bytes();
        ensure!(reply.len() == bytes, "a reply of {} bytes", reply.len());
        took.push(begun.elapsed());
    }
    drop(sender);
    connection.await??;
    Ok(took)
}

/// Answers in this process.
#[tokio::main]
pub async fn echo(options: &EchoOptions) -> Result<()> {
    let largest = Bytes::from(vec![b'x'; SIZES[SIZES.len() - 1]]);
    let answer = async |State(largest): State<Bytes>,
                        extract::Path(bytes): extract::Path<usize>,
                        _body: Bytes| { largest.slice(..bytes.min(largest.len())) };
    let site =
        Router::new().route(&format!("/{SUBJECT}/{{bytes}}"), post(answer)).with_state(largest.clone());
    let client = async_nats::connect(&options.nats).await?;
    let mut requests = client.subscribe(format!("{SUBJECT}.*")).await?;
    client.flush().await?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    eprintln!("{LISTENS}{}", listener.local_addr()?);
    let by_nats = async {
        while let Some(message) = requests.next().await {
            let bytes: usize =
                message.subject.rsplit('.').next().and_then(|text| text.parse().ok()).unwrap_or(0);
            if let Some(reply) = message.reply {
                client.publish(reply, largest.slice(..bytes.min(largest.len()))).await?;
            }
        }
        anyhow::Ok(())
    };
    tokio::select! {
        ended = by_nats => ended.context("NATS"),
        ended = axum::serve(listener, site) => ended.context("HTTP"),
    }
}
