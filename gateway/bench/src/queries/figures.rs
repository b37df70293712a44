//! Medians of several rounds, and the table.

use serde::Serialize;

use super::contestant::Contestant;
use super::scenario::Scenario;

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

    /// As Markdown.
    #[expect(clippy::print_stdout, reason = "this is what the program is for")]
    pub fn print(&self) {
        println!(
            "| scenario | gateway | answers/s | p50 ms | p95 | p99 | gateway CPU ms | nats-server | subgraphs | peak MiB \
             | fetches |"
        );
        println!("|---|---|---|---|---|---|---|---|---|---|---|");
        self.rows.iter().for_each(|row| println!("{}", row.line()));
        let ready = self.rows.iter().filter_map(|row| row.ready.zip(row.idle));
        if let Some((ready, idle)) = ready.reduce(|a, b| (a.0.max(b.0), a.1.max(b.1))) {
            println!(
                "\nOurs was ready after at most {ready:.0} ms, and had at most {} MiB then.",
                mebibytes(idle)
            );
        }
    }
}

impl Row {
    fn line(&self) -> String {
        let (least, most) = self.spread(|costs| costs.gateway);
        format!(
            "| {} | {} | {:.0} | {:.2} | {:.2} | {:.2} | {:.3} ({least:.3} to {most:.3}) | {:.3} | {:.3} | {} | {:.2} |",
            self.scenario,
            self.contestant,
            self.median(|costs| costs.rate),
            self.median(|costs| costs.p50),
            self.median(|costs| costs.p95),
            self.median(|costs| costs.p99),
            self.median(|costs| costs.gateway),
            self.median(|costs| costs.nats),
            self.median(|costs| costs.subgraphs),
            mebibytes(self.median(|costs| costs.peak as f64) as u64),
            self.median(|costs| costs.fetches),
        )
    }
}

fn mebibytes(bytes: u64) -> u64 {
    bytes >> 20
}
