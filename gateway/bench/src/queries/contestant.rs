//! Who is measured.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::npm;
use super::peer::Peer;
use super::scenario::{Ours, Scenario};
use crate::gateway::{Gateway, Starting};
use crate::running::Running;
use crate::usage::Usage;
use xtask::servers::Nats;

/// A gateway that answers.
pub struct Contestant {
    /// What the table calls it.
    pub name: String,
    /// Where it answers.
    pub url: String,
    /// Its process.
    pub pid: u32,
    /// Whether there is a second instance of each subgraph meanwhile.
    pub twice: bool,
    /// Of ours: from its start until it was ready, and its memory then.
    pub start: Option<(Duration, u64)>,
    _runs: Runs,
}

/// What runs for as long as somebody is measured.
enum Runs {
    Ours(#[expect(dead_code, reason = "it ends when it is dropped")] Gateway),
    Npm(#[expect(dead_code, reason = "it ends when it is dropped")] Running),
    /// Somebody else started it.
    Peer,
}

impl Contestant {
    /// Ours, or one of another revision; `number` from 1 chooses its credential.
    pub fn ours(
        ours: &Ours,
        program: &Path,
        scenario: &Scenario,
        (nats, number): (&Nats, u8),
        folder: &Path,
    ) -> Result<Self> {
        let user = if number == 1 { "gateway".to_owned() } else { format!("gateway{number}") };
        let (url, id) = (nats.url_for(&user), format!("gw{number}"));
        // Others keep no record of each request either.
        let quiet = ["--log", "info,tributary::http=warn,async_nats=warn"];
        let mut arguments = vec!["--require", REQUIRED];
        arguments.extend(quiet);
        arguments.extend(ours.flags);
        arguments.extend(scenario.dedupe.flag());
        let how = Starting { program, name: &id, nats: &url, id: &id, arguments: &arguments };
        let gateway = Gateway::start(&how, folder)?;
        let memory = Usage::of(gateway.pid())?.memory;
        Ok(Self {
            name: ours.name.to_owned(),
            twice: ours.twice,
            url: format!("http://{}/graphql", gateway.address),
            pid: gateway.pid(),
            start: Some((gateway.took, memory)),
            _runs: Runs::Ours(gateway),
        })
    }

    /// One that runs already.
    pub fn peer(peer: &Peer) -> Self {
        let Peer { name, url, pid } = peer.clone();
        Self { name, url, pid, twice: false, start: None, _runs: Runs::Peer }
    }

    /// One of npm's.
    pub fn npm(which: npm::Which, supergraph: &Path, folder: &Path) -> Result<Self> {
        let (running, url) = npm::start(which, supergraph, folder)?;
        let pid = running.pid();
        let (name, _runs) = (which.name().to_owned(), Runs::Npm(running));
        Ok(Self { name, url, pid, twice: false, start: None, _runs })
    }

    /// Its answer to a request, which has to be a good one.
    pub fn ask(&self, body: &str) -> Result<Answer> {
        let asked = ureq::post(&self.url)
            .header("accept", "application/json")
            .content_type("application/json")
            .config()
            .http_status_as_error(false)
            .build()
            .send(body);
        let mut response = asked.with_context(|| format!("{} doesn't answer at {}", self.name, self.url))?;
        let text = response.body_mut().with_config().limit(LARGEST).read_to_string()?;
        let json: Value = serde_json::from_str(&text).with_context(|| format!("{}: {text}", self.name))?;
        ensure!(json.get("errors").is_none() && json["data"].is_object(), "{} answers {text}", self.name);
        Ok(Answer { bytes: text.len() as u64, data: json["data"].clone() })
    }
}

/// A good answer.
pub struct Answer {
    /// Its length.
    pub bytes: u64,
    /// What it says.
    pub data: Value,
}

const REQUIRED: &str = "accounts,inventory,products,reviews,sizes";
/// Larger answers aren't asked for.
const LARGEST: u64 = 64 << 20;
