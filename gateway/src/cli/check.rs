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
use crate::{
    config::{LimitFlags, Limits},
    registry::FixedSupergraph,
    trusted::{Trusted, TrustedMistake},
};

mod operations;
mod report;

use operations::Operations;
use report::Report;

/// Exit codes, for --help.
const AFTER_HELP: &str = "\
Examples:
  tributary check products=products.graphql --nats nats://127.0.0.1:4222
  tributary check products=new.graphql --against subgraphs/ --trusted operations/
  tributary check subgraphs/ --supergraph supergraph.graphql

Exit codes:
  0  nothing breaks
  1  it doesn't compose, or breaks clients or trusted operations
  2  it couldn't be told: flags, files, NATS, or a state before that doesn't compose";

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
    /// Lets breaking changes pass to what no trusted operation uses; takes --trusted
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
    /// As `serve` has them: a trusted operation that exceeds one is broken.
    #[command(flatten)]
    limits: LimitFlags,
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
    let limits = Limits::check(&flags.limits)?;
    let before = match &flags.nats {
        Some(url) => nats::inputs(url, flags.gateway_id.as_deref(), flags.graph.as_deref())?,
        None => inputs::in_files(&flags.against).context("--against")?,
    };
    let mut after = before.clone();
    after.extend(given);
    let old = old_supergraph(flags, &before)?;
    if flags.supergraph.is_some() {
        old.as_deref().map_or(Ok(()), |old| all_are_given(old, &after))?;
    }
    let composition = compose(&inputs::sdls(&after));
    let new = composition.supergraph.as_deref().map(Supergraph::parse).transpose()?;
    let report = Report {
        subgraphs: report::subgraphs(&before, &after),
        changes: old.as_deref().zip(new.as_ref()).map(|(old, new)| changed(old, new)),
        uses: trusted.as_ref().zip(old.as_deref()).map(|((all, _), old)| uses(all, old)),
        operations: trusted
            .zip(new.as_ref())
            .map(|((all, mistakes), new)| Operations::check(&all, &mistakes, old.as_deref(), new, &limits)),
        nothing_known: old.is_none(),
        composition: &composition,
        inputs: &after,
        only_trusted: flags.only_trusted,
    };
    let told = match flags.format {
        Format::Text => report.to_string(),
        Format::Json => report.to_json(flags.trusted.as_deref())?,
        Format::Github => report.to_github(flags.trusted.as_deref()),
    };
    // Nothing to annotate is nothing to print.
    if !told.is_empty() {
        super::print(&told)?;
    }
    Ok(match report.breaks() {
        true => ExitCode::FAILURE,
        false if report.nothing_known => ExitCode::from(NOT_TOLD),
        false => ExitCode::SUCCESS,
    })
}

/// Nothing that breaks was found, but not everything was looked at.
const NOT_TOLD: u8 = 2;

/// A supergraph is compared with all of its subgraphs: those that are missing would seem to be removed.
fn all_are_given(supergraph: &Supergraph, given: &Inputs) -> anyhow::Result<()> {
    let names = supergraph.subgraphs().iter().map(|subgraph| &*subgraph.name);
    let missing: Vec<&str> = names.filter(|name| !given.contains_key(*name)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    bail!(
        "--supergraph has subgraphs besides those that are given: {}; give them too, or --against or --nats with the others",
        missing.join(", ")
    )
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

/// What is wrong in a file is told with the rest; without a folder there is nothing to tell.
fn read_trusted(folder: &Path) -> anyhow::Result<(Trusted, Vec<TrustedMistake>)> {
    let (trusted, mistakes) = Trusted::read_what_is_right(folder);
    match mistakes.iter().find(|mistake| mistake.file.is_empty()) {
        Some(mistake) => bail!("--trusted: {mistake}"),
        None => Ok((trusted, mistakes)),
    }
}

/// What clients use now, where that can be known.
fn old_supergraph(flags: &Flags, before: &Inputs) -> anyhow::Result<Option<Arc<Supergraph>>> {
    if let Some(path) = &flags.supergraph {
        return Ok(Some(FixedSupergraph::read(path)?.supergraph));
    }
    match compose(&inputs::sdls(before)).supergraph {
        Some(sdl) => Ok(Some(Arc::new(Supergraph::parse(&sdl)?))),
        None => Ok(None),
    }
}
