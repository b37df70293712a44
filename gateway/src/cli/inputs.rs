//! The subgraphs that a command is given: in files, or on NATS.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context, bail};
use tributary_federation::compose::SubgraphSdl;
use tributary_protocol::SubgraphName;

/// A subgraph to compose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Input {
    pub(super) sdl: String,
    /// Where it stands; `None`: on NATS.
    pub(super) file: Option<String>,
}

/// By name.
pub(super) type Inputs = BTreeMap<String, Input>;

/// As composition takes them.
pub(super) fn sdls(inputs: &Inputs) -> Vec<SubgraphSdl<'_>> {
    inputs.iter().map(|(name, input)| SubgraphSdl { name, url: None, sdl: &input.sdl }).collect()
}

/// All that these arguments name, or everything that is wrong with them. `NAME=FILE` is one subgraph, a folder has
/// one in each of its files `NAME.graphql`.
pub(super) fn in_files(arguments: &[String]) -> anyhow::Result<Inputs> {
    let (mut found, mut mistakes) = (Inputs::new(), Vec::new());
    let mut add = |given: anyhow::Result<(String, Input)>| match given {
        Ok((name, input)) => {
            if found.insert(name.clone(), input).is_some() {
                mistakes.push(format!("{name} is given twice"));
            }
        }
        Err(error) => mistakes.push(format!("{error:#}")),
    };
    for argument in arguments {
        match Path::new(argument).is_dir() {
            true => in_folder(argument).into_iter().for_each(&mut add),
            false => add(in_file(argument)),
        }
    }
    if mistakes.is_empty() { Ok(found) } else { bail!("{}", mistakes.join("\nerror: ")) }
}

fn in_file(pair: &str) -> anyhow::Result<(String, Input)> {
    let Some((name, path)) = pair.split_once('=').filter(|(name, path)| !name.is_empty() && !path.is_empty())
    else {
        let path = Path::new(pair);
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        match path.is_file() {
            true => bail!("{pair:?} has no name; say which subgraph it is: {stem}={pair}"),
            false => bail!("there is no folder {pair:?}, and it isn't of the form NAME=FILE"),
        }
    };
    read(name, path)
}

fn in_folder(folder: &str) -> Vec<anyhow::Result<(String, Input)>> {
    let paths = match fs::read_dir(folder).and_then(|entries| {
        let paths = entries.map(|entry| entry.map(|entry| entry.path()));
        paths.collect::<Result<Vec<_>, _>>()
    }) {
        Ok(paths) => paths,
        Err(error) => return vec![Err(error).context(format!("can't read {folder}"))],
    };
    let mut files: Vec<_> = paths
        .iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "graphql"))
        .filter(|path| !path.file_name().unwrap_or_default().to_string_lossy().starts_with('.'))
        .collect();
    files.sort();
    if files.is_empty() {
        return vec![Err(anyhow::anyhow!("{folder} has no file NAME.graphql"))];
    }
    // Whoever calls a file so means it as one, and a subgraph that is left out is seen too late.
    let mut overlooked = paths.iter().filter(|path| {
        path.extension().is_some_and(|extension| extension == "gql" || extension == "graphqls")
    });
    if let Some(path) = overlooked.next() {
        return vec![Err(anyhow::anyhow!("{} isn't read: rename it to NAME.graphql", path.display()))];
    }
    let name = |path: &Path| path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    files.into_iter().map(|path| read(&name(path), &path.to_string_lossy())).collect()
}

fn read(name: &str, path: &str) -> anyhow::Result<(String, Input)> {
    let name: SubgraphName = name.parse().with_context(|| format!("the name for {path}"))?;
    let sdl = fs::read_to_string(path).with_context(|| format!("can't read {path}"))?;
    if sdl.contains("enum join__Graph") {
        bail!("{path} is a supergraph and no subgraph");
    }
    Ok((name.to_string(), Input { sdl, file: Some(path.to_owned()) }))
}
