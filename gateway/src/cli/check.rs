//! `tributary check`: what a new SDL of a subgraph would do to the graph and its clients.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use tributary_federation::{
    Supergraph,
    changes::{self, Change, Uses},
    compose::compose,
};

use super::{
    inputs::{self, Inputs},
    nats,
};
use crate::{registry::FixedSupergraph, trusted::Trusted};

mod operations;
mod report;

use operations::Operations;
use report::Report;

/// Exit codes, for --help.
const AFTER_HELP: &str = "\
Examples:
  tributary check products=products.graphql --nats nats://127.0.0.1:4222
  tributary check products=new.graphql --against schema/ --trusted operations/
  tributary check schema/ --supergraph supergraph.graphql

Exit codes:
  0  nothing breaks
  1  it doesn't compose, or breaks clients or trusted operations
  2  it couldn't be tried: flags, files, NATS";

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Flags {
    /// Subgraphs as they shall be: a name and the file with its SDL, or a folder of files NAME.graphql
    #[arg(value_name = "NAME=FILE|FOLDER", required = true)]
    subgraphs: Vec<String>,
    /// Takes what serves on NATS at this moment as the state before
    #[arg(long, value_name = "URL")]
    nats: Option<String>,
    /// Subgraphs as they are (may be repeated); those that aren't given anew stay
    #[arg(long, value_name = "NAME=FILE|FOLDER", conflicts_with = "nats")]
    against: Vec<String>,
    /// The supergraph that clients use at present [default: what the state before composes to]
    #[arg(long, value_name = "FILE")]
    supergraph: Option<PathBuf>,
    /// Folder of trusted operations, to be told which of them break
    #[arg(long, env = "TRIBUTARY_TRUSTED", value_name = "DIR")]
    trusted: Option<PathBuf>,
    /// Lets breaking changes pass to what no trusted operation uses
    #[arg(long, requires = "trusted")]
    only_trusted: bool,
    /// How the result is told
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Which graph, where one NATS account carries several
    #[arg(long, requires = "nats", value_name = "NAME")]
    graph: Option<String>,
    /// The id that the NATS credential binds
    #[arg(long, env = "TRIBUTARY_GATEWAY_ID", requires = "nats", value_name = "ID")]
    gateway_id: Option<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// One JSON object
    Json,
    /// Annotations of a GitHub workflow
    Github,
}

pub(super) fn run(flags: &Flags) -> anyhow::Result<ExitCode> {
    if flags.nats.is_none() && flags.against.is_empty() && flags.supergraph.is_none() {
        bail!("compared with what? --nats, --against or --supergraph says it");
    }
    let given = inputs::in_files(&flags.subgraphs)?;
    let trusted = flags.trusted.as_deref().map(read_trusted).transpose()?;
    let before = match &flags.nats {
        Some(url) => nats::inputs(url, flags.gateway_id.as_deref(), flags.graph.as_deref())?,
        None => inputs::in_files(&flags.against).context("--against")?,
    };
    let old = old_supergraph(flags, &before)?;
    let mut after = before.clone();
    after.extend(given.clone());
    let composition = compose(&inputs::sdls(&after));
    let new = composition.supergraph.as_deref().map(Supergraph::parse).transpose()?;
    let report = Report {
        subgraphs: report::subgraphs(&before, &after),
        changes: old.as_deref().zip(new.as_ref()).map(|(old, new)| changed(old, new)),
        uses: trusted.as_ref().zip(old.as_deref()).map(|(all, old)| uses(all, old)),
        operations: trusted.zip(new.as_ref()).map(|(all, new)| Operations::check(&all, old.as_deref(), new)),
        composition: &composition,
        inputs: &after,
        only_trusted: flags.only_trusted,
    };
    let told = match flags.format {
        Format::Text => report.to_string(),
        Format::Json => report.to_json()?,
        Format::Github => report.to_github(flags.trusted.as_deref()),
    };
    // Nothing to annotate is nothing to print.
    if !told.is_empty() {
        super::print(&told)?;
    }
    Ok(if report.breaks() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn changed(old: &Supergraph, new: &Supergraph) -> Vec<Change> {
    changes::compare(old.api_schema(), new.api_schema())
}

fn uses(trusted: &Trusted, old: &Supergraph) -> Uses {
    let mut uses = Uses::default();
    for document in trusted.documents() {
        uses.add(old.api_schema(), &document.parse());
    }
    uses
}

fn read_trusted(folder: &Path) -> anyhow::Result<Trusted> {
    match Trusted::read(folder) {
        Ok(trusted) => Ok(trusted),
        Err(mistakes) => bail!("--trusted: {}", mistakes.0.join("\nerror: --trusted: ")),
    }
}

/// What clients use now, where that can be known.
fn old_supergraph(flags: &Flags, before: &Inputs) -> anyhow::Result<Option<Arc<Supergraph>>> {
    if let Some(path) = &flags.supergraph {
        return Ok(Some(FixedSupergraph::read(path)?.supergraph));
    }
    let Some(sdl) = compose(&inputs::sdls(before)).supergraph else {
        super::complain(
            "hint: the state before doesn't compose, so nothing is known about changes; \
             --supergraph can say what clients use",
        );
        return Ok(None);
    };
    Ok(Some(Arc::new(Supergraph::parse(&sdl)?)))
}
