//! `tributary plan`: how an operation would be answered.

use std::{
    fs,
    io::Read,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, bail};
use apollo_compiler::{ExecutableDocument, ast, validation::DiagnosticList};
use clap::{Args, ValueEnum};
use tributary_federation::{Fact, PlanOptions, plan_operation, variables::check_one_of};

use crate::registry::FixedSupergraph;

/// Exit codes, for --help.
const AFTER_HELP: &str = "\
Whatever needs authorisation is planned as if it was granted, and @defer is followed.

Exit codes:
  0  there is a plan
  1  the operation isn't valid, or has none
  2  it couldn't be tried: flags, files";

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Flags {
    /// The supergraph's SDL
    #[arg(long, value_name = "FILE")]
    supergraph: PathBuf,
    /// Which operation of the document
    #[arg(long, value_name = "NAME")]
    operation: Option<String>,
    /// A label of @override that is on (may be repeated)
    #[arg(long, value_name = "LABEL")]
    override_label: Vec<String>,
    /// Plans for someone who shows no token: what needs authorisation is left out
    #[arg(long)]
    anonymous: bool,
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

pub(super) fn run(flags: &Flags) -> anyhow::Result<ExitCode> {
    let supergraph = FixedSupergraph::read(&flags.supergraph)?.supergraph;
    let text = document(&flags.query)?;
    let name = flags.query.strip_prefix('@').unwrap_or("operation");
    let parsed = match ast::Document::parse(text, name) {
        Ok(parsed) => parsed,
        Err(invalid) => return refused(flags, mistakes(name, "GRAPHQL_PARSE_FAILED", &invalid.errors)),
    };
    let document = match parsed.to_executable_validate(supergraph.api_schema()) {
        Ok(document) => document,
        Err(invalid) => return refused(flags, mistakes(name, "GRAPHQL_VALIDATION_FAILED", &invalid.errors)),
    };
    let operation = flags.operation.as_deref();
    let Ok(found) = document.operations.get(operation) else {
        return refused(flags, vec![which(&document, operation)]);
    };
    if let Err(mistake) = check_one_of(supergraph.api_schema(), &document, found) {
        return refused(flags, vec![format!("GRAPHQL_VALIDATION_FAILED: {mistake}")]);
    }
    let holds = |fact| match fact {
        Fact::Label(label) => {
            let label = &supergraph.override_labels()[usize::from(label)];
            flags.override_label.iter().any(|on| **on == **label)
        }
        Fact::Granted(_) => !flags.anonymous,
        Fact::Incremental | Fact::Variable(_) => true,
    };
    let options = PlanOptions { facts: &holds, ..PlanOptions::default() };
    let plan = match plan_operation(&supergraph, &document, operation, &options) {
        Ok(plan) => plan,
        Err(error) => return refused(flags, vec![format!("{}: {error}", error.code())]),
    };
    super::print(&match flags.format {
        Format::Tree if plan.fetches.is_empty() => "no fetches: the gateway answers it alone".to_owned(),
        Format::Tree => plan.display(&supergraph).to_string(),
        Format::Json => serde_json::to_string_pretty(&plan.to_json(&supergraph))?,
        Format::Mermaid => plan.to_mermaid(&supergraph),
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Tells why there is no plan.
fn refused(flags: &Flags, why: Vec<String>) -> anyhow::Result<ExitCode> {
    match flags.format {
        Format::Json => super::print(&serde_json::to_string_pretty(&serde_json::json!({ "errors": why }))?)?,
        Format::Tree | Format::Mermaid => {
            why.iter().for_each(|why| super::complain(format_args!("error: {why}")));
        }
    }
    Ok(ExitCode::FAILURE)
}

/// More are seldom read.
const MOST_MISTAKES: usize = 20;

/// The first mistakes, each on a line. What the compiler would print shows the line of each, however long.
fn mistakes(name: &str, code: &str, diagnostics: &DiagnosticList) -> Vec<String> {
    let mut all = diagnostics.iter();
    let mut told: Vec<String> = Vec::new();
    for mistake in all.by_ref().take(MOST_MISTAKES) {
        let json = mistake.to_json();
        let at = json.locations.first().map(|at| format!(":{}:{}", at.line, at.column)).unwrap_or_default();
        let mistake = format!("{name}{at}: {code}: {}", json.message);
        if !told.contains(&mistake) {
            told.push(mistake);
        }
    }
    let more = all.count();
    if more > 0 {
        told.push(format!("and {more} more"));
    }
    told
}

/// Which operation is meant isn't clear.
fn which(document: &ExecutableDocument, operation: Option<&str>) -> String {
    let names: Vec<&str> = document.operations.named.keys().map(|name| name.as_str()).collect();
    let names = names.join(", ");
    match operation {
        Some(name) => format!("OPERATION_NOT_FOUND: there is no operation {name:?}; there are: {names}"),
        None => {
            format!("OPERATION_NOT_FOUND: there are several operations; --operation takes one of: {names}")
        }
    }
}

fn document(query: &str) -> anyhow::Result<String> {
    if query == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).context("can't read standard input")?;
        return Ok(text);
    }
    match query.strip_prefix('@') {
        Some(path) => fs::read_to_string(path).with_context(|| format!("can't read {path}")),
        None if Path::new(query).is_file() => bail!("{query:?} is a file: @{query} reads it"),
        None => Ok(query.to_owned()),
    }
}
