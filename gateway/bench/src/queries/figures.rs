//! Medians of several rounds.

use serde::Serialize;

use super::contestant::Contestant;
use super::scenario::Scenario;
use crate::table::{Line, mebibytes};

/// What one round came to.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Costs {
    /// Answers in a second.
    pub rate: f64,
    /// Milliseconds from request to answer, of which 50, 95 and 99 percent took no longer.
    pub p50: f64,
    pub p95: f64,
    pub p99: f64,
    /// Milliseconds of processor for each answer.
    pub gateway: f64,
    pub nats: f64,
    pub subgraphs: f64,
    /// The most memory that the gateway had, in bytes.
    pub peak: u64,
    /// Requests to subgraphs for each answer.
    pub fetches: f64,
}

/// What all rounds of a contestant came to in one scenario.
#[derive(Debug, Serialize)]
pub struct Row {
    scenario: &'static str,
    contestant: String,
    connections: usize,
    /// Of ours: milliseconds from start to ready, and bytes of memory then.
    ready: Option<f64>,
    idle: Option<u64>,
    rounds: Vec<Costs>,
}

/// The whole table.
#[derive(Debug, Default, Serialize)]
#[serde(transparent)]
pub struct Figures {
    rows: Vec<Row>,
}

impl Row {
    /// Of what was measured.
    pub fn new(scenario: &Scenario, contestant: &Contestant, rounds: Vec<Costs>) -> Self {
        Self {
            scenario: scenario.name,
            contestant: contestant.name.clone(),
            connections: scenario.connections,
            ready: contestant.start.map(|start| start.0.as_secs_f64() * 1e3),
            idle: contestant.start.map(|start| start.1),
            rounds,
        }
    }

    fn median(&self, of: impl Fn(&Costs) -> f64) -> f64 {
        let values = self.sorted(of);
        values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
    }

    /// Least and most.
    fn spread(&self, of: impl Fn(&Costs) -> f64) -> (f64, f64) {
        let values = self.sorted(of);
        let ends = values.first().copied().zip(values.last().copied());
        ends.unwrap_or((f64::NAN, f64::NAN))
    }

    fn sorted(&self, of: impl Fn(&Costs) -> f64) -> Vec<f64> {
        let mut values: Vec<f64> = self.rounds.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values
    }
}

impl Figures {
    /// One scenario more.
    pub fn add(&mut self, rows: Vec<Row>) {
        self.rows.extend(rows);
    }

    /// How much that contestant had answered in a second when it was last measured.
    pub fn rate(&self, contestant: &str) -> Option<f64> {
        let row = self.rows.iter().rev().find(|row| row.contestant == contestant)?;
        Some(row.median(|costs| costs.rate))
    }

    /// As lines of the table.
    pub fn lines(&self) -> impl Iterator<Item = Line> {
        self.rows.iter().map(Row::line)
    }

    /// How soon ours was ready, and what memory it had then, where it was started.
    pub fn start(&self) -> Option<String> {
        let ready = self.rows.iter().filter_map(|row| row.ready.zip(row.idle));
        let (ready, idle) = ready.reduce(|a, b| (a.0.max(b.0), a.1.max(b.1)))?;
        let idle = mebibytes(idle);
        Some(format!("Ours was ready after at most {ready:.0} ms, and had at most {idle} MiB then."))
    }
}

impl Row {
    fn line(&self) -> Line {
        Line {
            what: self.scenario.to_owned(),
            who: self.contestant.clone(),
            rate: self.median(|costs| costs.rate),
            quantiles: [
                self.median(|costs| costs.p50),
                self.median(|costs| costs.p95),
                self.median(|costs| costs.p99),
            ],
            gateway: self.median(|costs| costs.gateway),
            spread: Some(self.spread(|costs| costs.gateway)),
            behind: [self.median(|costs| costs.nats), self.median(|costs| costs.subgraphs)],
            peak: Some(self.median(|costs| costs.peak as f64) as u64),
            fetches: Some(self.median(|costs| costs.fetches)),
        }
    }
}
