//! What a document may cost, counted before it is validated or planned.
//!
//! Everything is counted with fragments expanded, yet each fragment is walked once: the counts of a
//! fragment are remembered, so that fragments which spread each other exponentially cost nothing here and
//! are refused by the count of fields. The numbers depend on the document alone, never on time.

use std::collections::HashMap;

use apollo_compiler::ast::{Definition, DirectiveList, Document, Selection};

use crate::{
    config::Limits,
    error::{Code, GraphqlError, Rejection},
};

/// The counts of a selection set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Counts {
    /// The deepest nesting of fields.
    depth: u64,
    /// Fields at its top.
    roots: u64,
    /// All fields.
    fields: u64,
    aliases: u64,
    /// Fragments with `@defer`, whose fetches don't become one with others.
    deferred: u64,
}

impl Counts {
    /// Both beside each other.
    fn beside(self, other: Self) -> Self {
        Self {
            depth: self.depth.max(other.depth),
            roots: self.roots.saturating_add(other.roots),
            fields: self.fields.saturating_add(other.fields),
            aliases: self.aliases.saturating_add(other.aliases),
            deferred: self.deferred.saturating_add(other.deferred),
        }
    }

    /// Under one more field.
    fn under_field(self, alias: bool) -> Self {
        Self {
            depth: self.depth + 1,
            roots: 1,
            fields: self.fields.saturating_add(1),
            aliases: self.aliases.saturating_add(u64::from(alias)),
            deferred: self.deferred,
        }
    }

    /// In a fragment with these directives.
    fn in_fragment(self, directives: &DirectiveList) -> Self {
        let deferred = self.deferred.saturating_add(u64::from(directives.has("defer")));
        Self { deferred, ..self }
    }
}

/// Refuses a document in which an operation exceeds a limit.
pub fn check(document: &Document, limits: &Limits) -> Result<(), Rejection> {
    let mut counter = Counter::of(document);
    for definition in &document.definitions {
        let Definition::OperationDefinition(operation) = definition else { continue };
        let counts = counter.selection_set(&operation.selection_set);
        let variables = operation.variables.len() as u64;
        let checks = [
            ("Depth", counts.depth, u64::from(limits.depth), "--max-depth"),
            ("The number of root fields", counts.roots, limits.root_fields, "--max-root-fields"),
            ("The number of aliases", counts.aliases, limits.aliases, "--max-aliases"),
            ("The number of fields", counts.fields, limits.fields, "--max-fields"),
            (
                "The number of deferred fragments",
                counts.deferred,
                limits.deferred_fragments,
                "--max-deferred-fragments",
            ),
            ("The number of variables", variables, limits.variables as u64, "--max-variables"),
        ];
        let errors = checks
            .into_iter()
            .filter(|(_, found, allowed, _)| found > allowed)
            .map(|(what, found, allowed, setting)| {
                GraphqlError::limit(Code::LimitExceeded, what, Some(found), allowed, setting)
            })
            .collect();
        if let Some(rejection) = Rejection::several(errors) {
            return Err(rejection);
        }
    }
    Ok(())
}

struct Counter<'a> {
    fragments: HashMap<&'a str, Fragment<'a>>,
}

struct Fragment<'a> {
    selection: &'a [Selection],
    /// `None` until it was walked. A spread inside of itself counts nothing: validation refuses it.
    counts: Option<Counts>,
}

impl<'a> Counter<'a> {
    fn of(document: &'a Document) -> Self {
        let fragments = document
            .definitions
            .iter()
            .filter_map(|definition| match definition {
                Definition::FragmentDefinition(fragment) => Some(fragment),
                _ => None,
            })
            .map(|fragment| {
                (fragment.name.as_str(), Fragment { selection: &fragment.selection_set, counts: None })
            })
            .collect();
        Self { fragments }
    }

    fn selection_set(&mut self, selections: &[Selection]) -> Counts {
        selections.iter().map(|selection| self.selection(selection)).fold(Counts::default(), Counts::beside)
    }

    fn selection(&mut self, selection: &Selection) -> Counts {
        match selection {
            Selection::Field(field) => {
                self.selection_set(&field.selection_set).under_field(field.alias.is_some())
            }
            Selection::InlineFragment(inline) => {
                self.selection_set(&inline.selection_set).in_fragment(&inline.directives)
            }
            Selection::FragmentSpread(spread) => {
                self.fragment(&spread.fragment_name).in_fragment(&spread.directives)
            }
        }
    }

    fn fragment(&mut self, name: &str) -> Counts {
        let Some(fragment) = self.fragments.get_mut(name) else { return Counts::default() };
        if let Some(counts) = fragment.counts {
            return counts;
        }
        let selection = fragment.selection;
        fragment.counts = Some(Counts::default());
        let counts = self.selection_set(selection);
        if let Some(fragment) = self.fragments.get_mut(name) {
            fragment.counts = Some(counts);
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn limits() -> Limits {
        Limits {
            body_bytes: 1000,
            tokens: 1000,
            depth: 3,
            aliases: 2,
            root_fields: 4,
            fields: 20,
            variables: 1,
            requests: 10,
            request_timeout: Duration::from_secs(1),
            plan_cache_bytes: 1000,
            answer_bytes: 1000,
            errors: 10,
            deferred: 10,
            deferred_fragments: 2,
        }
    }

    /// The settings that the errors name.
    fn exceeded(text: &str) -> Vec<String> {
        let document = Document::parse(text, "query.graphql").unwrap();
        match check(&document, &limits()) {
            Ok(()) => vec![],
            Err(rejection) => rejection
                .errors()
                .iter()
                .map(|error| error.extensions.more["setting"].as_str().unwrap().to_owned())
                .collect(),
        }
    }

    #[test]
    fn what_stays_within_passes() {
        assert!(exceeded("query($v: Int) { a { b { c } } x: d y: e f(v: $v) }").is_empty());
    }

    #[test]
    fn each_limit_names_its_setting() {
        assert_eq!(exceeded("{ a { b { c { d } } } }"), ["--max-depth"]);
        assert_eq!(exceeded("{ a b c d e }"), ["--max-root-fields"]);
        assert_eq!(exceeded("{ a: f b: f c: f }"), ["--max-aliases"]);
        assert_eq!(exceeded("query($a: Int, $b: Int) { f(a: $a, b: $b) }"), ["--max-variables"]);
        assert!(exceeded("{ a { ...F @defer ... @defer { b } } } fragment F on T { c }").is_empty());
        let deferred =
            "{ a { ...F @defer ... @defer { b } } } fragment F on T { ... @defer(if: true) { c } }";
        assert_eq!(exceeded(deferred), ["--max-deferred-fragments"]);
        let wide: String = (0..20).map(|n| format!("f{n} ")).collect();
        assert_eq!(exceeded(&format!("{{ a {{ {wide} }} }}")), ["--max-fields"]);
    }

    #[test]
    fn fragments_are_expanded() {
        assert_eq!(
            exceeded("{ a { ...F } } fragment F on T { b { ...G } } fragment G on T { c { d } }"),
            ["--max-depth"]
        );
        assert_eq!(exceeded("{ ...F ...F } fragment F on Query { a b c }"), ["--max-root-fields"]);
        assert_eq!(exceeded("{ ... on Query { a b c d e } }"), ["--max-root-fields"]);
    }

    #[test]
    fn fragments_that_explode_are_refused_at_once() {
        let mut text = String::from("{ a { ...F0 } }");
        for n in 0..60 {
            text += &format!(" fragment F{n} on T {{ ...F{} ...F{} }}", n + 1, n + 1);
        }
        text += " fragment F60 on T { b }";
        assert_eq!(exceeded(&text), ["--max-fields"]);
    }

    #[test]
    fn a_circle_ends() {
        assert!(exceeded("{ a { ...F } } fragment F on T { b { ...F } }").is_empty());
    }

    #[test]
    fn every_operation_counts() {
        assert_eq!(exceeded("query A { a } query B { a b c d e }"), ["--max-root-fields"]);
    }
}
