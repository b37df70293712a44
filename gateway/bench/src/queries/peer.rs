//! `--peer NAME=URL,PID`: a gateway that somebody else started.

use std::str::FromStr;

use anyhow::{Context, Result};

use super::scenario::Dedupe;
use crate::usage::Usage;

/// A gateway that runs already.
#[derive(Clone, Debug)]
pub struct Peer {
    /// What it is called. With `+fetches` or `+queries` at its end it makes equal requests one, and is
    /// measured where ours does the same.
    pub name: String,
    /// Where it answers.
    pub url: String,
    /// Its process, whose use of the processor is counted.
    pub pid: u32,
}

impl FromStr for Peer {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let parts = || {
            let (name, rest) = text.split_once('=')?;
            let (url, pid) = rest.rsplit_once(',')?;
            Some(Self { name: name.to_owned(), url: url.to_owned(), pid: pid.parse().ok()? })
        };
        parts()
            .context("it has the form NAME=URL,PID, such as hive-router=http://127.0.0.1:4000/graphql,1234")
    }
}

impl Peer {
    /// Which equal requests it makes one.
    pub fn dedupe(&self) -> Dedupe {
        Dedupe::ALL.into_iter().find(|one| self.name.ends_with(one.suffix())).unwrap_or(Dedupe::Off)
    }

    /// Whether it is there.
    pub fn check(&self) -> Result<()> {
        let Self { name, url, pid } = self;
        Usage::of(*pid).with_context(|| format!("--peer {name}: no process {pid}"))?;
        let query = r#"{"query":"{__typename}"}"#;
        let asked = ureq::post(url).content_type("application/json").send(query);
        asked.with_context(|| format!("--peer {name}: {url} doesn't answer"))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_is_a_name_an_address_and_a_process() {
        let peer: Peer = "hive-router+fetches=http://127.0.0.1:4000/graphql?a=b,c,12".parse().unwrap();
        assert_eq!((peer.name.as_str(), peer.pid), ("hive-router+fetches", 12));
        assert_eq!(peer.url, "http://127.0.0.1:4000/graphql?a=b,c");
        assert_eq!(peer.dedupe(), Dedupe::Fetches);
        for bad in ["", "a", "a=b", "a=b,c", "b,1"] {
            assert!(bad.parse::<Peer>().is_err(), "{bad}");
        }
    }
}
