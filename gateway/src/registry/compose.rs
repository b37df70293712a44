//! Composition, as the registry needs it: the best supergraph that the SDLs permit, and what is wrong.

use std::collections::BTreeSet;
use std::sync::Arc;

use tributary_federation::Supergraph;
use tributary_federation::compose::{self as federation, SubgraphSdl};

use super::select::{self, SdlSet};
use super::status::Diagnostic;

/// A supergraph, as text and ready for planning.
#[derive(Debug, Clone)]
pub(super) struct Composed {
    pub(super) sdl: Arc<str>,
    pub(super) supergraph: Arc<Supergraph>,
}

/// What came of composing.
pub(super) struct Outcome {
    /// The set that composed and its supergraph; `None` leaves everything as it is.
    pub(super) accepted: Option<(SdlSet, Composed)>,
    /// What keeps the rest out.
    pub(super) diagnostics: Vec<Diagnostic>,
}

/// Composes what is `wanted`, or the largest part of it that composes with the last `good` set.
/// Takes its time: not for threads that do IO.
pub(super) fn compose_best(wanted: &SdlSet, good: &SdlSet) -> Outcome {
    let (composed, mut diagnostics) = compose(wanted);
    if let Some(composed) = composed {
        return Outcome { accepted: Some((wanted.clone(), composed)), diagnostics: Vec::new() };
    }
    let blamed: BTreeSet<Arc<str>> = diagnostics.iter().filter_map(|found| found.subgraph.clone()).collect();
    let blamed: Vec<Arc<str>> = blamed.into_iter().collect();
    diagnostics = shortened(diagnostics);
    let selection =
        select::largest(wanted, good, &blamed, |set| if set == wanted { None } else { compose(set).0 });
    let accepted = selection.map(|selection| {
        diagnostics.extend(selection.left_out.iter().map(|name| left_out(name, good)));
        (selection.set, selection.composed)
    });
    Outcome { accepted, diagnostics }
}

/// What is shown and logged at once. Whoever mends an SDL sees the rest with `tributary check` or `compose`.
const MOST_DIAGNOSTICS: usize = 100;

/// The first of them, and how many more there are.
fn shortened(mut diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let more = diagnostics.len().saturating_sub(MOST_DIAGNOSTICS);
    if more > 0 {
        diagnostics.truncate(MOST_DIAGNOSTICS);
        diagnostics.push(Diagnostic {
            code: "MORE_DIAGNOSTICS".to_owned(),
            subgraph: None,
            message: format!("there are {more} more; `tributary compose` lists them all"),
        });
    }
    diagnostics
}

/// The one place that knows how federation is called.
fn compose(set: &SdlSet) -> (Option<Composed>, Vec<Diagnostic>) {
    let subgraphs: Vec<SubgraphSdl<'_>> = set
        .iter()
        // No URL: a subgraph's subject follows from its name, and its instances' subjects change.
        .map(|(name, sdl)| SubgraphSdl { name, url: None, sdl: &sdl.text })
        .collect();
    let composition = federation::compose(&subgraphs);
    let mut diagnostics: Vec<Diagnostic> = composition.errors().map(from_federation).collect();
    let Some(sdl) = composition.supergraph else { return (None, diagnostics) };
    match Supergraph::parse(&sdl) {
        Ok(supergraph) => (Some(Composed { sdl: sdl.into(), supergraph: Arc::new(supergraph) }), diagnostics),
        Err(error) => {
            diagnostics.push(Diagnostic {
                code: "SUPERGRAPH_INVALID".to_owned(),
                subgraph: None,
                message: format!("the composed supergraph can't be read: {error}"),
            });
            (None, diagnostics)
        }
    }
}

fn from_federation(found: &federation::Diagnostic) -> Diagnostic {
    let place = found.places.first();
    let at = place.map_or_else(String::new, |place| format!(" ({place})"));
    Diagnostic {
        code: found.code.as_str().to_owned(),
        subgraph: place.map(|place| place.subgraph.as_str().into()),
        message: format!("{}{at}", found.message),
    }
}

fn left_out(name: &Arc<str>, good: &SdlSet) -> Diagnostic {
    let message = if good.contains_key(name) {
        "its new SDL doesn't compose with the others, so the previous one stays"
    } else {
        "its SDL doesn't compose with the others, so it isn't part of the graph"
    };
    Diagnostic {
        code: "SUBGRAPH_LEFT_OUT".to_owned(),
        subgraph: Some(name.clone()),
        message: message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sdl::Sdl;
    use super::*;

    #[test]
    fn a_thousand_mistakes_fill_no_log() {
        let fields: String = (0..1000).map(|n| format!("f{n}: Int ")).collect();
        let sdl = |text: String| Arc::new(Sdl::new(&text));
        let link = r#"extend schema @link(url: "https://specs.apollo.dev/federation/v2.8")"#;
        let wanted = SdlSet::from([
            ("bad".into(), sdl(format!("{link} type Query {{ {fields} }}"))),
            ("good".into(), sdl(format!("{link} type Query {{ {fields} }}"))),
        ]);
        let outcome = compose_best(&wanted, &SdlSet::new());
        assert!(outcome.accepted.is_some_and(|(set, _)| set.len() == 1));
        let found = outcome.diagnostics;
        let count = |code: &str| found.iter().filter(|it| it.code == code).count();
        assert_eq!((count("MORE_DIAGNOSTICS"), count("SUBGRAPH_LEFT_OUT")), (1, 1));
        assert_eq!(found.len(), MOST_DIAGNOSTICS + 2);
        assert!(found[MOST_DIAGNOSTICS].message.contains("900 more"), "{found:#?}");
    }
}
