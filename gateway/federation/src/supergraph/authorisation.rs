//! What `@authenticated`, `@requiresScopes` and `@policy` ask of whoever selects a field.

use apollo_compiler::Schema;
use apollo_compiler::ast::{Directive, Value};
use smallvec::SmallVec;

use super::directives::{argument, feature_name};
use super::{FieldName, TypeInfo};
use crate::TypeId;

/// A requirement of a supergraph: an index into [`crate::Supergraph::requirements`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequirementId(pub u32);

/// What one type or field asks for; all of it has to be met.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Requirement {
    /// `@authenticated`: it is known who asks.
    pub authenticated: bool,
    /// `@requiresScopes`: all scopes of one of these lists. Empty: none are asked for.
    pub scopes: Vec<Vec<Box<str>>>,
    /// `@policy`: all policies of one of these lists. Empty: none are asked for.
    pub policies: Vec<Vec<Box<str>>>,
}

impl Requirement {
    /// Whether someone meets it, of whom it is known which scopes they have and which policies they pass.
    pub fn is_met(
        &self,
        authenticated: bool,
        has_scope: impl Fn(&str) -> bool,
        passes_policy: impl Fn(&str) -> bool,
    ) -> bool {
        (authenticated || !self.authenticated)
            && one_of(&self.scopes, has_scope)
            && one_of(&self.policies, passes_policy)
    }
}

fn one_of(alternatives: &[Vec<Box<str>>], has: impl Fn(&str) -> bool) -> bool {
    alternatives.is_empty() || alternatives.iter().any(|all| all.iter().all(|name| has(name)))
}

/// The requirements of one supergraph while it is read; equal ones have the same number.
pub(super) struct Requirements {
    authenticated: String,
    scopes: String,
    policy: String,
    pub all: Vec<Requirement>,
}

impl Requirements {
    /// By the names that the supergraph gives to the directives.
    pub fn of(schema: &Schema) -> Self {
        Self {
            authenticated: feature_name(schema, "authenticated"),
            scopes: feature_name(schema, "requiresScopes"),
            policy: feature_name(schema, "policy"),
            all: Vec::new(),
        }
    }

    /// What the directives of a type or field ask for.
    pub fn read<'d>(&mut self, directives: impl Iterator<Item = &'d Directive>) -> Option<RequirementId> {
        let mut asked = Requirement::default();
        for directive in directives {
            match directive.name.as_str() {
                name if name == self.authenticated => asked.authenticated = true,
                name if name == self.scopes => asked.scopes = alternatives(directive, "scopes"),
                name if name == self.policy => asked.policies = alternatives(directive, "policies"),
                _ => {}
            }
        }
        if asked == Requirement::default() {
            return None;
        }
        let known = self.all.iter().position(|known| *known == asked);
        let at = known.unwrap_or_else(|| {
            self.all.push(asked);
            self.all.len() - 1
        });
        Some(RequirementId(at as u32))
    }
}

/// `[["a", "b"], ["c"]]`. A directive without any list is never met, rather than always.
fn alternatives(directive: &Directive, name: &str) -> Vec<Vec<Box<str>>> {
    let lists = argument(directive, name).and_then(|value| value.as_list()).unwrap_or_default();
    let all = |list: &Value| match list {
        Value::List(names) => names.iter().filter_map(|name| name.as_str().map(Box::from)).collect(),
        Value::String(name) => vec![Box::from(name.as_str())],
        _ => Vec::new(),
    };
    let lists: Vec<Vec<Box<str>>> =
        lists.iter().map(|list| all(list)).filter(|list: &Vec<_>| !list.is_empty()).collect();
    if lists.is_empty() { vec![vec![Box::from("")]] } else { lists }
}

/// Gathers for each field everything that selecting it asks for: its own requirement, those of the type that
/// has it, of the type that it returns, and what it inherits from interfaces.
pub(super) fn spread(types: &mut [TypeInfo], requirements: &[Requirement]) {
    if requirements.is_empty() {
        return;
    }
    let mut gathered = Vec::new();
    for at in 0..types.len() {
        for (number, (name, field)) in types[at].fields.iter().enumerate() {
            let mut all: SmallVec<[RequirementId; 1]> = field.requirements.clone();
            all.extend(types[at].requirement);
            all.extend(types[field.ty.named.index()].requirement);
            for &interface in &types[at].interfaces {
                if field.is_from_interface() {
                    all.extend(types[interface.index()].requirement);
                }
                if let Some(same) = types[interface.index()].field(*name)
                    && (field.is_from_interface() || !is_inferred(types, requirements, interface, *name))
                {
                    all.extend(same.requirements.iter().copied());
                }
            }
            all.sort_unstable();
            all.dedup();
            if !all.is_empty() {
                gathered.push((TypeId(at as u32), number, all));
            }
        }
    }
    for (ty, number, all) in gathered {
        types[ty.index()].fields[number].1.requirements = all;
    }
}

/// Whether an interface's field asks only for what some of its objects' fields ask for. Composition writes it
/// there for who reads the schema; objects guard themselves. What an interface asks for on its own (older
/// compositions allowed that) holds for all of its objects.
fn is_inferred(
    types: &[TypeInfo],
    requirements: &[Requirement],
    interface: TypeId,
    field: FieldName,
) -> bool {
    let of = |ty: &TypeInfo| {
        let ids = ty.field(field).map(|field| field.requirements.clone()).unwrap_or_default();
        ids.into_iter().map(|id| &requirements[id.0 as usize]).collect::<Vec<_>>()
    };
    let objects: Vec<&Requirement> =
        types.iter().filter(|ty| ty.interfaces.contains(&interface)).flat_map(of).collect();
    let names = |lists: &[Vec<Box<str>>], found: fn(&Requirement) -> &Vec<Vec<Box<str>>>| {
        let known: Vec<&str> =
            objects.iter().flat_map(|it| found(it).iter().flatten()).map(|it| &**it).collect();
        lists.iter().flatten().all(|name| known.contains(&&**name))
    };
    of(&types[interface.index()]).iter().all(|own| {
        (!own.authenticated || objects.iter().any(|it| it.authenticated))
            && names(&own.scopes, |it| &it.scopes)
            && names(&own.policies, |it| &it.policies)
    })
}
