//! What is asked.

use serde::Serialize;
use serde_json::json;

use super::operations;

/// Which equal requests that are under way are made one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Dedupe {
    /// Each is for itself.
    Off,
    /// Fetches from subgraphs.
    Fetches,
    /// Whole queries, too.
    Queries,
}

impl Dedupe {
    /// All ways but none.
    pub const ALL: [Self; 2] = [Self::Fetches, Self::Queries];

    /// What a peer's name ends with that does so.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Off => "",
            Self::Fetches => "+fetches",
            Self::Queries => "+queries",
        }
    }

    /// Our gateway's flag.
    pub fn flag(self) -> Option<&'static str> {
        match self {
            Self::Off => None,
            Self::Fetches => Some("--dedupe=fetches"),
            Self::Queries => Some("--dedupe=queries"),
        }
    }
}

/// The bodies of requests.
#[derive(Clone, Debug)]
pub enum Traffic {
    /// All the same.
    Same(String),
    /// Any of these, at random.
    Many(Vec<String>),
}

/// A way to run ours.
#[derive(Clone, Copy, Debug)]
pub struct Ours {
    /// What the table calls it.
    pub name: &'static str,
    /// What it is told besides.
    pub flags: &'static [&'static str],
    /// Whether there is a second instance of each subgraph meanwhile.
    pub twice: bool,
}

/// Who takes part beside ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Others {
    /// Nobody.
    Nobody,
    /// Those that run already, and another revision of ours.
    Peers,
    /// The gateways of npm, too: they need long for everything.
    PeersAndNpm,
}

/// As others are: what subgraphs say of keeping their answers doesn't count.
const PLAIN: Ours = Ours { name: "tributary", flags: &["--cache-bytes=0"], twice: false };
/// Answers are kept for as long as the subgraphs say, whatever happens.
const KEEPING: Ours =
    Ours { name: "tributary, answers kept", flags: &["--cache-without-events"], twice: false };
const TWICE: Ours = Ours { name: "tributary, 2 instances each", twice: true, ..PLAIN };

/// What is asked, and by how many.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// What the table calls it.
    pub name: &'static str,
    /// What is asked.
    pub traffic: Traffic,
    /// How many clients there are, each with one request at a time.
    pub connections: usize,
    /// Milliseconds that each subgraph takes longer.
    pub delay: u64,
    /// Which equal requests are made one.
    pub dedupe: Dedupe,
    /// How ours is run; more than one way are compared with each other.
    pub ours: &'static [Ours],
    /// Who else takes part.
    pub others: Others,
    /// Whether it changes something, so that no two answers are equal.
    pub changes: bool,
    /// The part of the most that was reached in the scenario before, in percent; without it as much as can be.
    pub percent: Option<u32>,
}

const DEEP: &str = include_str!("../../deep.graphql");
const SMALL: &str = "{ topProducts(first: 3) { upc name price } }";

/// All of them.
pub fn all() -> Vec<Scenario> {
    let deep = Scenario {
        name: "deep query",
        traffic: same(DEEP),
        connections: 50,
        delay: 0,
        dedupe: Dedupe::Off,
        ours: &[PLAIN],
        others: Others::PeersAndNpm,
        changes: false,
        percent: None,
    };
    let rows = |name, count: usize, connections| Scenario {
        name,
        traffic: same(&format!("{{ rows(count: {count}) {{ id number text }} }}")),
        connections,
        others: Others::Peers,
        ..deep.clone()
    };
    let without_npm = Scenario { others: Others::Peers, ..deep.clone() };
    let alone = Scenario { others: Others::Nobody, ..deep.clone() };
    vec![
        deep.clone(),
        Scenario { name: "deep query at 80 %", percent: Some(80), ..without_npm.clone() },
        Scenario { name: "deep query, 1 connection", connections: 1, ..deep.clone() },
        Scenario { name: "deep query, 500 connections", connections: 500, ..without_npm.clone() },
        Scenario { name: "deep query, fetches deduplicated", dedupe: Dedupe::Fetches, ..without_npm.clone() },
        Scenario { name: "deep query, queries deduplicated", dedupe: Dedupe::Queries, ..without_npm.clone() },
        Scenario {
            name: "deep query, subgraphs 50 ms slower",
            delay: 50,
            connections: 200,
            ..without_npm.clone()
        },
        Scenario { name: "deep query, twice the instances", ours: &[PLAIN, TWICE], ..alone.clone() },
        Scenario { name: "deep query, answers kept", ours: &[PLAIN, KEEPING], ..alone.clone() },
        Scenario { name: "small query", traffic: same(SMALL), ..deep },
        Scenario {
            name: "small query, answers kept",
            traffic: same(SMALL),
            ours: &[PLAIN, KEEPING],
            ..alone
        },
        Scenario {
            name: "mutation",
            traffic: same("mutation { note(text: \"good\") { id text } }"),
            changes: true,
            ..without_npm.clone()
        },
        Scenario {
            name: "500 different queries",
            traffic: Traffic::Many(operations::different(500).map(|query| body(&query)).collect()),
            ..without_npm.clone()
        },
        Scenario {
            name: "10,000 different queries",
            traffic: Traffic::Many(operations::different(10_000).map(|query| body(&query)).collect()),
            ..without_npm
        },
        rows("answer of 1 KB", 10, 50),
        rows("answer of 100 KB", 1_000, 50),
        rows("answer of 5 MB", 50_000, 4),
    ]
}

fn same(query: &str) -> Traffic {
    Traffic::Same(body(query))
}

fn body(query: &str) -> String {
    json!({ "query": query }).to_string()
}

impl Traffic {
    /// One of the bodies.
    pub fn example(&self) -> &str {
        match self {
            Self::Same(body) => body,
            Self::Many(bodies) => bodies.first().map_or("", String::as_str),
        }
    }
}
