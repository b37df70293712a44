//! Requests and their answers: what each costs the gateway, nats-server and the subgraphs, and how many there can be.
//!
//! ```text
//! scenario      what is asked, and of which gateways
//!   └ operations  many different ones
//! contestant    a gateway: ours, one of another revision, those of npm, any that runs already
//! load          oha, and what it found
//! figures       medians of several rounds
//! ```
//!
//! In each round every contestant has its turn, so that what the machine does besides befalls all of them.

mod contestant;
mod figures;
mod load;
mod npm;
mod operations;
mod peer;
mod scenario;

use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::Args;
use tempfile::TempDir;
use xtask::servers::Nats;

use crate::subgraphs::{self, Subgraphs};
use crate::supergraph;
use crate::table::Table;
use crate::usage::{Usage, forget_peak};
use contestant::Contestant;
pub use figures::Figures;
use figures::{Costs, Row};
use load::Load;
use peer::Peer;
use scenario::{Others, Scenario, Traffic};

/// What is measured.
#[derive(Args)]
pub struct Options {
    /// Only scenarios with that in their name (may be repeated)
    #[arg(long, value_name = "TEXT")]
    scenario: Vec<String>,
    /// Seconds of load for each measurement
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
    /// How many times each is measured
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..))]
    rounds: u64,
    /// A gateway that runs already, over the supergraph that `supergraph` writes (may be repeated)
    #[arg(long, value_name = "NAME=URL,PID")]
    peer: Vec<Peer>,
    /// Port of the subgraphs over HTTP, for such a gateway [default: any]
    #[arg(long, default_value_t = 0, value_name = "PORT")]
    port: u16,
    /// Leaves out the gateways of npm
    #[arg(long)]
    without_npm: bool,
    /// Another of our gateways
    #[arg(long, value_name = "NAME=PROGRAM")]
    other: Option<String>,
}

/// Before it is measured, a gateway has to have seen what is asked.
const WARMING: Duration = Duration::from_secs(2);

/// Measures; the table has what could be measured, even where something couldn't.
pub fn run(gateway: &Path, options: &Options, table: &mut Table) -> Result<Figures> {
    options.peer.iter().try_for_each(Peer::check)?;
    let wanted = |scenario: &Scenario| {
        options.scenario.is_empty() || options.scenario.iter().any(|text| scenario.name.contains(text))
    };
    let scenarios: Vec<_> = scenario::all().into_iter().filter(wanted).collect();
    ensure!(!scenarios.is_empty(), "no scenario has a name with {:?}", options.scenario);
    if !options.without_npm && scenarios.iter().any(|scenario| scenario.others == Others::PeersAndNpm) {
        npm::install()?;
    }
    let bench = Bench::start(gateway, options)?;
    let (mut figures, mut failed) = (Figures::default(), 0);
    for scenario in &scenarios {
        eprintln!("{} …", scenario.name);
        match bench.measure(scenario, &figures) {
            Ok(rows) => figures.add(rows),
            Err(cause) => {
                eprintln!("error: {}: {cause:#}", scenario.name);
                failed += 1;
            }
        }
        bench.subgraphs.delay(0)?;
    }
    table.add(figures.lines());
    figures.start().into_iter().for_each(|text| table.remark(text));
    ensure!(failed == 0, "{failed} scenarios couldn't be measured");
    Ok(figures)
}

/// What all measurements share.
struct Bench<'a> {
    gateway: &'a Path,
    options: &'a Options,
    other: Option<(&'a str, &'a Path)>,
    nats: Nats,
    /// Those that are there always, over HTTP too.
    subgraphs: Subgraphs,
    /// A second instance of each, for some turns.
    second: RefCell<Option<Subgraphs>>,
    supergraph: PathBuf,
    load: Load,
    folder: TempDir,
}

impl<'a> Bench<'a> {
    fn start(gateway: &'a Path, options: &'a Options) -> Result<Self> {
        let other = options.other.as_deref().map(|text| {
            let (name, program) = text.split_once('=').context("--other has the form NAME=PROGRAM")?;
            anyhow::Ok((name, Path::new(program)))
        });
        let other = other.transpose()?;
        let folder = tempfile::tempdir()?;
        let load = Load::new(folder.path())?;
        let nats = Nats::start_with(&subgraphs::NAMES);
        let subgraphs = Subgraphs::start(&nats, options.port, "subgraphs", folder.path())?;
        let supergraph = folder.path().join("supergraph.graphql");
        fs::write(&supergraph, supergraph::compose(&subgraphs.url)?)?;
        let second = RefCell::new(None);
        Ok(Self { gateway, options, other, nats, subgraphs, second, supergraph, load, folder })
    }

    /// All rounds of one scenario; `before` has what came of the scenarios before.
    fn measure(&self, scenario: &Scenario, before: &Figures) -> Result<Vec<Row>> {
        let contestants = self.contestants(scenario)?;
        let bytes = self.compare(scenario, &contestants)?;
        self.subgraphs.delay(scenario.delay)?;
        let mut costs: Vec<Vec<Costs>> = contestants.iter().map(|_| Vec::new()).collect();
        for round in 0..=self.options.rounds {
            for ((contestant, bytes), costs) in contestants.iter().zip(&bytes).zip(&mut costs) {
                let rate = scenario.percent.map(|percent| {
                    let most = before.rate(&contestant.name).context("it needs the scenario before it")?;
                    anyhow::Ok(most * f64::from(percent) / 100.0)
                });
                let rate = rate.transpose()?;
                let time = if round == 0 { WARMING } else { Duration::from_secs(self.options.seconds) };
                let found = self.once(scenario, contestant, (time, rate, *bytes));
                let found = found.with_context(|| contestant.name.clone())?;
                if round > 0 {
                    costs.push(found);
                }
            }
        }
        let rows = contestants.iter().zip(costs);
        Ok(rows.map(|(contestant, costs)| Row::new(scenario, contestant, costs)).collect())
    }

    fn contestants(&self, scenario: &Scenario) -> Result<Vec<Contestant>> {
        let folder = self.folder.path();
        let mut all = Vec::new();
        for (number, ours) in (1..).zip(scenario.ours) {
            all.push(Contestant::ours(ours, self.gateway, scenario, (&self.nats, number), folder)?);
        }
        if scenario.others == Others::Nobody {
            return Ok(all);
        }
        if let Some((name, program)) = self.other {
            let mut other = Contestant::ours(&scenario.ours[0], program, scenario, (&self.nats, 2), folder)?;
            name.clone_into(&mut other.name);
            all.push(other);
        }
        let peers = self.options.peer.iter().filter(|peer| peer.dedupe() == scenario.dedupe);
        all.extend(peers.map(Contestant::peer));
        if scenario.others == Others::PeersAndNpm && !self.options.without_npm {
            for which in npm::Which::ALL {
                all.push(Contestant::npm(which, &self.supergraph, folder)?);
            }
        }
        Ok(all)
    }

    /// Starts a second instance of each subgraph where there is to be one, and else ends it.
    fn second(&self, wanted: bool) -> Result<()> {
        let mut second = self.second.borrow_mut();
        if wanted != second.is_some() {
            let start = || Subgraphs::start(&self.nats, 0, "second", self.folder.path());
            *second = wanted.then(start).transpose()?;
        }
        Ok(())
    }

    /// What nats-server, the subgraphs and a gateway have used.
    fn usages(&self, contestant: &Contestant) -> Result<[Usage; 3]> {
        let mut subgraphs = Usage::of(self.subgraphs.pid())?;
        if let Some(second) = &*self.second.borrow() {
            subgraphs.add(&Usage::of(second.pid())?);
        }
        Ok([Usage::of(contestant.pid)?, Usage::of(self.nats.pid())?, subgraphs])
    }

    fn requests(&self) -> Result<u64> {
        let second = self.second.borrow().as_ref().map(Subgraphs::requests).transpose()?;
        Ok(self.subgraphs.requests()? + second.unwrap_or(0))
    }

    /// All must say the same. Returns for each the length of its answers, where all are of one length.
    fn compare(&self, scenario: &Scenario, contestants: &[Contestant]) -> Result<Vec<Option<u64>>> {
        let body = scenario.traffic.example();
        let answers = contestants.iter().map(|contestant| contestant.ask(body));
        let answers: Vec<_> = answers.collect::<Result<_>>()?;
        for (contestant, answer) in contestants.iter().zip(&answers).skip(1) {
            let same = answer.data == answers[0].data || scenario.changes;
            ensure!(same, "{} gives another answer than {}", contestant.name, contestants[0].name);
        }
        let is_one = matches!(scenario.traffic, Traffic::Same(_));
        Ok(answers.iter().map(|answer| is_one.then_some(answer.bytes)).collect())
    }

    fn once(
        &self,
        scenario: &Scenario,
        contestant: &Contestant,
        (time, rate, bytes): (Duration, Option<f64>, Option<u64>),
    ) -> Result<Costs> {
        self.second(contestant.twice)?;
        forget_peak(contestant.pid)?;
        let (requests, before) = (self.requests()?, self.usages(contestant)?);
        let found = self.load.run(&contestant.url, scenario, time, rate, bytes)?;
        let after = self.usages(contestant)?;
        let fetches = self.requests()? - requests;
        let cpu = |at: usize| after[at].since(&before[at]).cpu.as_secs_f64() * 1e3 / found.requests as f64;
        Ok(Costs {
            rate: found.rate,
            p50: found.p50,
            p95: found.p95,
            p99: found.p99,
            gateway: cpu(0),
            nats: cpu(1),
            subgraphs: cpu(2),
            peak: after[0].peak,
            fetches: fetches as f64 / found.requests as f64,
        })
    }
}
