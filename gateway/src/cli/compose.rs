//! `tributary compose`: the supergraph SDL on standard output, diagnostics on standard error.

use std::{collections::BTreeMap, fs};

use anyhow::{Context, bail};
use clap::Args;
use tributary_federation::compose::{SubgraphSdl, compose};
use tributary_protocol::SubgraphName;

mod nats;

#[derive(Debug, Args)]
pub(super) struct Flags {
    /// Subgraphs: a name and the file with its SDL
    #[arg(value_name = "NAME=FILE", required_unless_present = "nats", conflicts_with = "nats")]
    subgraphs: Vec<String>,
    /// Takes what serves on NATS at this moment instead
    #[arg(long, value_name = "URL")]
    nats: Option<String>,
    /// Which graph, where one NATS account carries several
    #[arg(long, requires = "nats", value_name = "NAME")]
    graph: Option<String>,
    /// The id that the NATS credential binds
    #[arg(long, env = "TRIBUTARY_GATEWAY_ID", requires = "nats", value_name = "ID")]
    gateway_id: Option<String>,
}

pub(super) fn run(flags: &Flags) -> anyhow::Result<()> {
    let subgraphs = match &flags.nats {
        Some(url) => on_nats(flags, url)?,
        None => in_files(&flags.subgraphs)?,
    };
    let inputs: Vec<SubgraphSdl<'_>> =
        subgraphs.iter().map(|(name, sdl)| SubgraphSdl { name, url: None, sdl }).collect();
    let composition = compose(&inputs);
    for diagnostic in &composition.diagnostics {
        let severity = if diagnostic.is_error() { "error" } else { "hint" };
        super::complain(format_args!("{severity}: {diagnostic}"));
    }
    match composition.supergraph {
        Some(sdl) => super::print(&sdl),
        None => bail!("{} subgraphs don't compose", subgraphs.len()),
    }
}

/// All of them, or everything that is wrong with them.
fn in_files(pairs: &[String]) -> anyhow::Result<Vec<(String, String)>> {
    let (mut found, mut mistakes) = (BTreeMap::new(), Vec::new());
    for pair in pairs {
        match in_file(pair) {
            Ok((name, sdl)) => {
                if found.insert(name.clone(), sdl).is_some() {
                    mistakes.push(format!("{name} is given twice"));
                }
            }
            Err(error) => mistakes.push(format!("{error:#}")),
        }
    }
    if mistakes.is_empty() {
        Ok(found.into_iter().collect())
    } else {
        bail!("{}", mistakes.join("\nerror: "))
    }
}

fn in_file(pair: &str) -> anyhow::Result<(String, String)> {
    let Some((name, path)) = pair.split_once('=').filter(|(name, path)| !name.is_empty() && !path.is_empty())
    else {
        bail!("{pair:?} isn't of the form NAME=FILE");
    };
    let name: SubgraphName = name.parse()?;
    let sdl = fs::read_to_string(path).with_context(|| format!("can't read {path}"))?;
    Ok((name.to_string(), sdl))
}

fn on_nats(flags: &Flags, url: &str) -> anyhow::Result<Vec<(String, String)>> {
    super::on_nats(url, flags.gateway_id.as_deref(), async |transport| {
        nats::subgraphs(&transport, flags.graph.as_deref()).await
    })
}
