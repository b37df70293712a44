//! Marks of several subgraphs on one element become one.

use apollo_compiler::Node;
use apollo_compiler::ast::Directive;

use super::super::model::{Marks, Subgraph};
use super::{Graph, MergedMarks, list_size};

/// A directive for the gateway, with the subgraphs that apply it.
pub(in super::super) struct JoinedDirective {
    pub(in super::super) graphs: Vec<Graph>,
    /// The specification's name for the directive, whatever it is called in the subgraph.
    pub(in super::super) name: String,
    pub(in super::super) directive: Node<Directive>,
}

/// More alternatives than this are kept as they are: the product of all subgraphs' demands must stay bounded.
const MAX_ALTERNATIVES: usize = 256;

/// Merges the marks that subgraphs put on an element.
pub(super) fn merge<'m>(
    subgraphs: &[Subgraph],
    marks: impl IntoIterator<Item = (Graph, &'m Marks)>,
) -> MergedMarks {
    let mut merged = MergedMarks::default();
    for (graph, marks) in marks {
        let common = &mut merged.common;
        common.inaccessible |= marks.inaccessible;
        common.tags.extend(marks.tags.iter().cloned());
        common.authenticated |= marks.authenticated;
        common.scopes = both(common.scopes.take(), marks.scopes.clone());
        common.policies = both(common.policies.take(), marks.policies.clone());
        common.cost = common.cost.max(marks.cost);
        common.list_size = list_size::both(common.list_size.take(), marks.list_size.as_ref());
        common.deprecated = common.deprecated.take().or_else(|| marks.deprecated.clone());
        common.specified_by = common.specified_by.take().or_else(|| marks.specified_by.clone());
        common.one_of |= marks.one_of;
        for directive in &marks.composed {
            if !common.composed.contains(directive) {
                common.composed.push(directive.clone());
            }
        }
        for directive in &marks.joined {
            join(&mut merged.joined, &subgraphs[graph], graph, directive);
        }
    }
    merged
}

fn join(joined: &mut Vec<JoinedDirective>, subgraph: &Subgraph, graph: Graph, directive: &Node<Directive>) {
    let element = subgraph.links.joined(&directive.name).and_then(|link| link.element_of(&directive.name));
    let name = match subgraph.links.known(&directive.name) {
        Some(known) if known.is_built_in() => known.name().to_owned(),
        Some(known) => format!("federation__{}", known.name()),
        None => element.unwrap_or(&directive.name).to_owned(),
    };
    let same =
        |known: &&mut JoinedDirective| known.name == name && known.directive.arguments == directive.arguments;
    match joined.iter_mut().find(same) {
        Some(known) => {
            if !known.graphs.contains(&graph) {
                known.graphs.push(graph);
            }
        }
        None => joined.push(JoinedDirective { graphs: vec![graph], name, directive: directive.clone() }),
    }
}

/// What a set of marks demands of whoever asks.
#[derive(Clone, Default)]
pub(super) struct Demands {
    authenticated: bool,
    scopes: Option<Vec<Vec<String>>>,
    policies: Option<Vec<Vec<String>>>,
}

impl Demands {
    /// Adds what an element demands.
    pub(super) fn add(&mut self, marks: &Marks) {
        self.authenticated |= marks.authenticated;
        self.scopes = both(self.scopes.take(), marks.scopes.clone());
        self.policies = both(self.policies.take(), marks.policies.clone());
    }

    /// Whether whoever meets these demands meets those of an element, too.
    pub(super) fn cover(&self, marks: &Marks) -> bool {
        let covered = |granted: &Option<Vec<Vec<String>>>, wanted: &Option<Vec<Vec<String>>>| {
            let granted = granted.as_deref().unwrap_or_default();
            let in_one =
                |all: &Vec<String>| granted.iter().any(|one| all.iter().all(|item| one.contains(item)));
            wanted.as_deref().unwrap_or_default().iter().all(in_one)
        };
        (self.authenticated || !marks.authenticated)
            && covered(&self.scopes, &marks.scopes)
            && covered(&self.policies, &marks.policies)
    }

    /// Makes an element demand all of it, too.
    pub(super) fn put(self, marks: &mut Marks) {
        marks.authenticated |= self.authenticated;
        marks.scopes = both(marks.scopes.take(), self.scopes);
        marks.policies = both(marks.policies.take(), self.policies);
    }
}

/// Demands of two subgraphs hold together: every alternative of the one with every alternative of the other.
fn both(one: Option<Vec<Vec<String>>>, other: Option<Vec<Vec<String>>>) -> Option<Vec<Vec<String>>> {
    let (one, other) = match (one, other) {
        (Some(one), Some(other)) => (one, other),
        (one, other) => return one.or(other),
    };
    let mut product: Vec<Vec<String>> = Vec::new();
    for left in &one {
        for right in &other {
            let mut all = left.clone();
            all.extend(right.iter().filter(|item| !left.contains(item)).cloned());
            all.sort();
            if product.len() < MAX_ALTERNATIVES && !product.contains(&all) {
                product.push(all);
            }
        }
    }
    // An alternative that asks for more than another one does is of no use.
    let weaker =
        |one: &Vec<String>, other: &Vec<String>| one != other && one.iter().all(|item| other.contains(item));
    let kept = product.iter().filter(|all| !product.iter().any(|other| weaker(other, all)));
    Some(kept.cloned().collect())
}

#[cfg(test)]
mod tests {
    use super::both;

    fn alternatives(text: &[&str]) -> Option<Vec<Vec<String>>> {
        Some(text.iter().map(|all| all.split(' ').map(str::to_owned).collect()).collect())
    }

    #[test]
    fn demands_hold_together() {
        assert_eq!(both(None, alternatives(&["a"])), alternatives(&["a"]));
        assert_eq!(both(alternatives(&["a", "b"]), alternatives(&["c"])), alternatives(&["a c", "b c"]));
        assert_eq!(both(alternatives(&["a", "b"]), alternatives(&["a"])), alternatives(&["a"]));
    }
}
