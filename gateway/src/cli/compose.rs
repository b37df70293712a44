//! `tributary compose`: the supergraph SDL on standard output, diagnostics on standard error.

use std::{fs, path::PathBuf, process::ExitCode};

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use serde::Serialize;
use tributary_federation::compose::{Composition, compose};

use super::{
    diagnostics,
    inputs::{self, Inputs},
    nats,
};

/// Exit codes, for --help.
const AFTER_HELP: &str = "\
Exit codes:
  0  it composes
  1  it doesn't
  2  it couldn't be tried: flags, files, NATS";

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Flags {
    /// Subgraphs: a name and the file with its SDL, or a folder of files NAME.graphql
    #[arg(value_name = "NAME=FILE|FOLDER", conflicts_with = "nats")]
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
    /// How findings are told
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Writes the supergraph SDL to this file and not to standard output
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people, on standard error
    Text,
    /// One JSON object with findings and supergraph, on standard output
    Json,
    /// Annotations of a GitHub workflow, on standard error
    Github,
}

pub(super) fn run(flags: &Flags) -> anyhow::Result<ExitCode> {
    let inputs = match &flags.nats {
        Some(url) => nats::inputs(url, flags.gateway_id.as_deref(), flags.graph.as_deref())?,
        None if flags.subgraphs.is_empty() => {
            bail!("compose what? Give NAME=FILE, a folder of files NAME.graphql, or --nats URL")
        }
        None => inputs::in_files(&flags.subgraphs)?,
    };
    let composition = compose(&inputs::sdls(&inputs));
    if let (Some(path), Some(sdl)) = (&flags.output, &composition.supergraph) {
        fs::write(path, sdl).with_context(|| format!("--output: can't write {}", path.display()))?;
    }
    tell(flags, &composition, &inputs)?;
    Ok(if composition.supergraph.is_some() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn tell(flags: &Flags, composition: &Composition, inputs: &Inputs) -> anyhow::Result<()> {
    let sdl = composition.supergraph.as_deref().filter(|_| flags.output.is_none());
    let found = match flags.format {
        Format::Json => return tell_json(composition, inputs, sdl),
        Format::Text => diagnostics::text(composition, inputs),
        Format::Github => diagnostics::github(composition, inputs),
    };
    if !found.is_empty() {
        super::complain(found.trim_end());
    }
    if composition.supergraph.is_none() && flags.format == Format::Text {
        super::complain(match inputs.len() {
            1 => "error: the subgraph doesn't compose".to_owned(),
            several => format!("error: the {several} subgraphs don't compose"),
        });
    }
    sdl.map_or(Ok(()), super::print)
}

fn tell_json(composition: &Composition, inputs: &Inputs, sdl: Option<&str>) -> anyhow::Result<()> {
    #[derive(Serialize)]
    struct Outcome<'a> {
        composes: bool,
        diagnostics: Vec<diagnostics::Json<'a>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        supergraph: Option<&'a str>,
    }
    let outcome = Outcome {
        composes: composition.supergraph.is_some(),
        diagnostics: diagnostics::json(composition, inputs),
        supergraph: sdl,
    };
    super::print(&serde_json::to_string_pretty(&outcome)?)
}
