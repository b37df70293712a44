//! `tributary plan`: how an operation would be answered.

use std::{fs, io::Read, path::PathBuf};

use anyhow::{Context, bail};
use apollo_compiler::ExecutableDocument;
use clap::{Args, ValueEnum};
use tributary_federation::{PlanOptions, plan_operation};

use crate::registry::FixedSupergraph;

#[derive(Debug, Args)]
pub(super) struct Flags {
    /// The supergraph's SDL
    #[arg(long, value_name = "FILE")]
    supergraph: PathBuf,
    /// Which operation of the document
    #[arg(long, value_name = "NAME")]
    operation: Option<String>,
    /// How the plan is shown
    #[arg(long, value_enum, default_value = "tree")]
    format: Format,
    /// The document: its text, @FILE, or - for standard input
    query: String,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// The fetches as text, each with what it waits for
    Tree,
    /// For programs
    Json,
    /// A Mermaid flowchart
    Mermaid,
}

pub(super) fn run(flags: &Flags) -> anyhow::Result<()> {
    let supergraph = FixedSupergraph::read(&flags.supergraph)?.supergraph;
    let text = document(&flags.query)?;
    let document =
        match ExecutableDocument::parse_and_validate(supergraph.api_schema(), text, "query.graphql") {
            Ok(document) => document,
            Err(invalid) => bail!("the operation isn't valid:\n{}", invalid.errors),
        };
    let plan = plan_operation(&supergraph, &document, flags.operation.as_deref(), &PlanOptions::default())?;
    super::print(&match flags.format {
        Format::Tree => plan.display(&supergraph).to_string(),
        Format::Json => serde_json::to_string_pretty(&plan.to_json(&supergraph))?,
        Format::Mermaid => plan.to_mermaid(&supergraph),
    })
}

fn document(query: &str) -> anyhow::Result<String> {
    if query == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).context("can't read standard input")?;
        return Ok(text);
    }
    match query.strip_prefix('@') {
        Some(path) => fs::read_to_string(path).with_context(|| format!("can't read {path}")),
        None => Ok(query.to_owned()),
    }
}
