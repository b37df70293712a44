//! Many clients that have subscribed: what each costs while nothing happens, how soon they hear of an event, and how
//! many results a second they can be told.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::Args;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::{sleep, timeout};

use crate::crowd::{Crowd, Told};
use crate::stage::{self, Stage};
use crate::usage::{Usage, Used};

/// What is measured.
#[derive(Args)]
pub struct Options {
    /// How many clients there are
    #[arg(long, default_value_t = 10_000)]
    clients: usize,
    /// How many seconds nothing happens
    #[arg(long, default_value_t = 40)]
    idle: u64,
    /// How many events are told one by one
    #[arg(long, default_value_t = 200)]
    events: usize,
    /// How many results all clients are told together, as fast as they can be
    #[arg(long, default_value_t = 3_000_000)]
    results: usize,
}

/// Who is told what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ask {
    /// All ask the same: an event is for everybody.
    Same,
    /// Each asks for an item of its own: an event is for one.
    Own,
}

/// What came of one of them.
#[derive(Serialize)]
pub struct Figures {
    asks: &'static str,
    clients: usize,
    /// Bytes of the gateway's memory for each client before it was told anything, and after the last result.
    memory_idle: u64,
    memory_told: u64,
    /// Of one processor, while nothing happens.
    cpu_idle: f64,
    /// Milliseconds from publishing to when the last one that it is for has read it.
    last_p50: f64,
    last_p99: f64,
    results: usize,
    results_per_second: f64,
    /// Microseconds of processor for each result.
    gateway_cpu: f64,
    nats_cpu: f64,
    clients_cpu: f64,
}

/// Events that aren't told to everybody yet, at once: enough that nobody waits for the publisher.
const SAME_AT_ONCE: usize = 8;
const OWN_AT_ONCE: usize = 2_000;
/// An event that isn't told after that won't be.
const PATIENCE: Duration = Duration::from_secs(60);

/// Measures, and prints a table.
pub fn run(gateway: &Path, options: &Options) -> Result<Vec<Figures>> {
    let figures = [Ask::Same, Ask::Own].map(|ask| measure(gateway, options, ask));
    let figures = figures.into_iter().collect::<Result<Vec<_>>>()?;
    print(&figures);
    Ok(figures)
}

fn measure(gateway: &Path, options: &Options, ask: Ask) -> Result<Figures> {
    let runtime = stage::runtime()?;
    let stage = Stage::start(gateway, &runtime)?;
    // What the first one costs is the gateway's, not a client's.
    drop(Scene::set(&stage, &runtime, 1, ask)?.all_are_told_once()?);
    let empty = Usage::of(stage.gateway())?;
    let mut scene = Scene::set(&stage, &runtime, options.clients, ask)?;
    let each = |memory: u64| memory.saturating_sub(empty.memory) / options.clients as u64;
    let memory_idle = each(Usage::of(stage.gateway())?.memory);
    let cpu_idle = scene.idle(Duration::from_secs(options.idle))?.share();
    let mut last = scene.one_by_one(options.events)?;
    last.sort_unstable();
    let burst = scene.burst(options.results)?;
    let of = |part: usize| last.get((last.len() * part / 100).min(last.len().saturating_sub(1)));
    let milliseconds = |time: Option<&Duration>| time.map_or(f64::NAN, |time| time.as_secs_f64() * 1e3);
    let per_result = |used: Used| used.cpu.as_secs_f64() * 1e6 / burst.results as f64;
    Ok(Figures {
        asks: match ask {
            Ask::Same => "the same",
            Ask::Own => "each its own",
        },
        clients: options.clients,
        memory_idle,
        memory_told: each(Usage::of(stage.gateway())?.memory),
        cpu_idle,
        last_p50: milliseconds(of(50)),
        last_p99: milliseconds(of(99)),
        results: burst.results,
        results_per_second: burst.results as f64 / burst.gateway.time.as_secs_f64(),
        gateway_cpu: per_result(burst.gateway),
        nats_cpu: per_result(burst.nats),
        clients_cpu: per_result(burst.own),
    })
}

/// Clients on a stage.
struct Scene<'a> {
    stage: &'a Stage,
    runtime: &'a Runtime,
    ask: Ask,
    clients: usize,
    /// When an event had been read by everybody that it is for.
    told: UnboundedReceiver<Instant>,
    /// How many events there were.
    events: usize,
    _crowd: Crowd,
}

/// What telling many results took.
struct Burst {
    results: usize,
    gateway: Used,
    nats: Used,
    own: Used,
}

impl<'a> Scene<'a> {
    /// Connects the clients; returns when all have subscribed.
    fn set(stage: &'a Stage, runtime: &'a Runtime, clients: usize, ask: Ask) -> Result<Self> {
        let (sender, told) = unbounded_channel();
        // How many have read each event.
        let mut read: Vec<usize> = Vec::new();
        let tell = move |Told { nth, at, .. }: Told| {
            if ask == Ask::Same {
                read.resize(read.len().max(nth + 1), 0);
                read[nth] += 1;
                if read[nth] < clients {
                    return;
                }
            }
            // Nobody listens at the end.
            let _ = sender.send(at);
        };
        let crowd = Crowd::connect(stage.address(), clients, |at| subscription(ask, at), tell)?;
        Ok(Self { stage, runtime, ask, clients, told, events: 0, _crowd: crowd })
    }

    /// Publishes the next event.
    async fn publish(&mut self) -> Result<()> {
        self.stage.tell(self.events % self.clients, self.events).await?;
        self.events += 1;
        Ok(())
    }

    async fn is_told(&mut self) -> Result<Instant> {
        let told = timeout(PATIENCE, self.told.recv()).await.context("an event wasn't told")?;
        told.context("the clients are gone")
    }

    fn all_are_told_once(mut self) -> Result<Self> {
        self.one_by_one(1)?;
        Ok(self)
    }

    /// What the gateway uses while nothing happens.
    fn idle(&self, time: Duration) -> Result<Used> {
        let before = Usage::of(self.stage.gateway())?;
        self.runtime.block_on(async { sleep(time).await });
        Ok(Usage::of(self.stage.gateway())?.since(&before))
    }

    /// How long each event takes to the last one that it is for, when nothing else happens.
    fn one_by_one(&mut self, events: usize) -> Result<Vec<Duration>> {
        let runtime = self.runtime;
        runtime.block_on(async {
            let mut took = Vec::with_capacity(events);
            for _ in 0..events {
                let begun = Instant::now();
                self.publish().await?;
                self.stage.client.flush().await?;
                took.push(self.is_told().await?.saturating_duration_since(begun));
                sleep(Duration::from_millis(20)).await;
            }
            Ok(took)
        })
    }

    /// Tells so many results that there is always something to tell.
    fn burst(&mut self, results: usize) -> Result<Burst> {
        let (for_each, at_once) = match self.ask {
            Ask::Same => (self.clients, SAME_AT_ONCE),
            Ask::Own => (1, OWN_AT_ONCE),
        };
        let events = results.div_ceil(for_each);
        let processes = [self.stage.gateway(), self.stage.nats(), std::process::id()];
        let runtime = self.runtime;
        let before = processes.map(Usage::of);
        runtime.block_on(async {
            for at in 0..events + at_once {
                if at < events {
                    self.publish().await?;
                }
                if at >= at_once {
                    self.is_told().await?;
                }
            }
            anyhow::Ok(())
        })?;
        let used = |at: usize| {
            anyhow::Ok(
                Usage::of(processes[at])?.since(before[at].as_ref().ok().context("a process is gone")?),
            )
        };
        Ok(Burst { results: events * for_each, gateway: used(0)?, nats: used(1)?, own: used(2)? })
    }
}

fn subscription(ask: Ask, client: usize) -> Value {
    let id = match ask {
        Ask::Same => Value::Null,
        Ask::Own => client.to_string().into(),
    };
    json!({
        "query": "subscription Price($id: ID) { priceChanged(id: $id) { id name price } }",
        "variables": { "id": id },
    })
}

#[expect(clippy::print_stdout, reason = "it is what was asked for")]
fn print(figures: &[Figures]) {
    println!(
        "| clients ask | clients | memory of each, idle / told | processor, idle | event to the last p50 / p99 | results/s | processor of a result: gateway / nats-server / clients |"
    );
    println!("|---|---|---|---|---|---|---|");
    for it in figures {
        println!(
            "| {} | {} | {:.1} / {:.1} KiB | {:.1} % | {:.1} / {:.1} ms | {:.0} | {:.1} / {:.1} / {:.1} µs |",
            it.asks,
            it.clients,
            it.memory_idle as f64 / 1024.0,
            it.memory_told as f64 / 1024.0,
            it.cpu_idle * 100.0,
            it.last_p50,
            it.last_p99,
            it.results_per_second,
            it.gateway_cpu,
            it.nats_cpu,
            it.clients_cpu,
        );
    }
}
