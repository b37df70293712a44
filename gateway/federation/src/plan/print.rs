//! Plans for people: as a tree of text, and as JSON.

use std::fmt::{self, Display, Write};

use serde::Serialize;

use super::{
    Cacheable, Condition, ContextArgument, ContextSource, Fetch, FetchCaching, FetchSource, Lookup, PathStep,
    Plan, RepresentationField, RepresentationValue, ShapeId,
};
use crate::Supergraph;

/// A plan as text. [`Plan::display`] makes it.
pub struct PlanDisplay<'a> {
    plan: &'a Plan,
    supergraph: &'a Supergraph,
}

impl Plan {
    /// The plan as a list of fetches, each with what it waits for, what it asks and where its answer goes.
    pub fn display<'a>(&'a self, supergraph: &'a Supergraph) -> PlanDisplay<'a> {
        PlanDisplay { plan: self, supergraph }
    }

    /// The same as JSON.
    pub fn to_json(&self, supergraph: &Supergraph) -> serde_json::Value {
        let fetches =
            self.fetches.iter().enumerate().map(|(id, fetch)| self.fetch_json(id, fetch, supergraph));
        serde_json::json!({
            "kind": self.kind,
            "operationName": self.operation_name,
            "fetches": fetches.collect::<Vec<_>>(),
            "deferred": self.deferred.iter().map(|deferred| &deferred.label).collect::<Vec<_>>(),
            "depth": self.depth(),
            "relay": self.relay,
        })
    }

    /// The longest chain of fetches.
    pub fn depth(&self) -> usize {
        let mut levels = Vec::with_capacity(self.fetches.len());
        for fetch in &self.fetches {
            let level = fetch.deps.iter().map(|dep| levels[dep.index()]).max().unwrap_or(0) + 1;
            levels.push(level);
        }
        levels.into_iter().max().unwrap_or(0)
    }

    fn fetch_json(&self, id: usize, fetch: &Fetch, supergraph: &Supergraph) -> serde_json::Value {
        #[derive(Serialize)]
        struct Target {
            path: String,
            representations: Vec<String>,
            #[serde(skip_serializing_if = "Vec::is_empty")]
            contexts: Vec<String>,
        }
        let targets = match &fetch.source {
            FetchSource::Root { path, .. } => {
                vec![Target { path: self.path(path), representations: Vec::new(), contexts: Vec::new() }]
            }
            FetchSource::Entities(lookups) => lookups
                .iter()
                .map(|lookup| Target {
                    path: self.path(&lookup.path),
                    representations: self.representations(lookup),
                    contexts: self.contexts(lookup),
                })
                .collect(),
        };
        serde_json::json!({
            "id": id,
            "subgraph": supergraph.subgraph_name(fetch.subgraph),
            "dependsOn": fetch.deps,
            "deferred": fetch.deferred,
            "condition": fetch.condition.map(|id| self.condition(&self.conditions[id.index()])),
            "query": fetch.query,
            "targets": targets,
        })
    }

    pub(super) fn path(&self, path: &[PathStep]) -> String {
        let mut text = String::new();
        let mut shape = ShapeId(0);
        for step in path {
            let slot = &self.shapes[shape.index()].slots[step.slot.index()];
            if !text.is_empty() {
                text.push('.');
            }
            match &slot.key {
                Some(key) => text.push_str(key),
                None => write!(text, "<{}>", step.slot.0).expect("a string takes everything"),
            }
            if let Some(types) = &step.types {
                let names: Vec<&str> = types.iter().map(|ty| self.type_names.name(ty)).collect();
                write!(text, "|{}", names.join("|")).expect("a string takes everything");
            }
            shape = slot.child.unwrap_or(shape);
        }
        text
    }

    pub(super) fn representations(&self, lookup: &Lookup) -> Vec<String> {
        let of = |representation: &super::Representation| {
            let names: Vec<&str> = representation.types.iter().map(|ty| self.type_names.name(ty)).collect();
            let name = match &representation.typename {
                Some(name) => format!("{name} (for {})", names.join("|")),
                None => names.join("|"),
            };
            format!("{name} {{ {} }}", fields(&representation.fields))
        };
        lookup.representations.iter().map(of).collect()
    }

    /// Where each value comes from that is taken from objects above.
    pub(super) fn contexts(&self, lookup: &Lookup) -> Vec<String> {
        let source = |source: &ContextSource| {
            let names: Vec<&str> = source.types.iter().map(|ty| self.type_names.name(ty)).collect();
            let above = match self.path(&lookup.path[..source.depth]) {
                path if path.is_empty() => "the root".to_owned(),
                path => path,
            };
            format!("{} {{ {} }} of {above}", names.join("|"), fields(&source.fields))
        };
        let argument =
            |argument: &ContextArgument| argument.sources.iter().map(source).collect::<Vec<_>>().join(" or ");
        lookup.contexts.iter().map(argument).collect()
    }

    pub(super) fn condition(&self, condition: &Condition) -> String {
        let all = |literals: &Vec<super::Literal>| {
            let names = literals.iter().map(|literal| {
                let name = &self.variables[literal.variable.index()];
                if literal.expected { format!("${name}") } else { format!("not ${name}") }
            });
            names.collect::<Vec<_>>().join(" and ")
        };
        condition.any.iter().map(all).collect::<Vec<_>>().join(" or ")
    }
}

fn fields(fields: &[RepresentationField]) -> String {
    let names = fields.iter().map(|field| match &field.value {
        RepresentationValue::Object(_, inner) => format!("{} {{ {} }}", field.name, self::fields(inner)),
        _ => field.name.to_string(),
    });
    names.collect::<Vec<_>>().join(" ")
}

impl PlanDisplay<'_> {
    /// For how long what a fetch's lookup brings may be kept, or its root selection.
    fn kept(&self, fetch: usize, lookup: usize) -> String {
        let fetch = self.plan.caching.as_ref().map(|caching| &caching.fetches[fetch]);
        let kept = match fetch {
            Some(FetchCaching::Root(root)) => root.as_ref(),
            Some(FetchCaching::Entities(lookups)) => lookups[lookup].as_ref(),
            None => None,
        };
        let private = |kept: &Cacheable| if kept.private { " for each alone" } else { "" };
        kept.map(|kept| format!(", kept {} s{}", kept.max_age, private(kept))).unwrap_or_default()
    }
}

impl Display for PlanDisplay<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (id, fetch) in self.plan.fetches.iter().enumerate() {
            write!(f, "{id} {}", self.supergraph.subgraph_name(fetch.subgraph))?;
            if !fetch.deps.is_empty() {
                let deps: Vec<String> = fetch.deps.iter().map(|dep| dep.0.to_string()).collect();
                write!(f, " after {}", deps.join(", "))?;
            }
            if let Some(deferred) = fetch.deferred {
                write!(f, " deferred {}", deferred.0)?;
                if let Some(label) = &self.plan.deferred[deferred.index()].label {
                    write!(f, " ({label})")?;
                }
            }
            if let Some(condition) = fetch.condition {
                write!(f, " if {}", self.plan.condition(&self.plan.conditions[condition.index()]))?;
            }
            if matches!(fetch.source, FetchSource::Root { .. }) {
                write!(f, "{}", self.kept(id, 0))?;
            }
            writeln!(f)?;
            match &fetch.source {
                FetchSource::Root { path, .. } if !path.is_empty() => {
                    writeln!(f, "    at {}", self.plan.path(path))?;
                }
                FetchSource::Root { .. } => {}
                FetchSource::Entities(lookups) => {
                    for (at, lookup) in lookups.iter().enumerate() {
                        let representations = self.plan.representations(lookup).join(" | ");
                        write!(f, "    at {} by {representations}", self.plan.path(&lookup.path))?;
                        for context in self.plan.contexts(lookup) {
                            write!(f, " with {context}")?;
                        }
                        write!(f, "{}", self.kept(id, at))?;
                        writeln!(f)?;
                    }
                }
            }
            writeln!(f, "    {}", fetch.query)?;
        }
        Ok(())
    }
}
