//! What `@authenticated`, `@requiresScopes` and `@policy` ask of whoever selects a field.

use apollo_compiler::Schema;
use apollo_compiler::ast::{Directive, Value};
use smallvec::SmallVec;

use super::directives::{argument, feature_name};
use super::{FieldName, TypeInfo, TypeKind};
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

/// Whether an interface's field asks for exactly what all of its objects' fields ask for together. Composition
/// writes that there for who reads the schema, and routers that look no further; objects guard themselves.
///
/// Anything else is the interface's own, which compositions before November 2025 allowed (federation 2.9.5, 2.10.4,
/// 2.11.5 and 2.12.1 don't), and holds for all of its objects, however they are reached. Where such an own
/// requirement is by chance what its objects ask for together, no supergraph tells the two apart: then an object
/// that asks for nothing is open, as it was by a fragment on it in the router that those were made for.
fn is_inferred(
    types: &[TypeInfo],
    requirements: &[Requirement],
    interface: TypeId,
    field: FieldName,
) -> bool {
    let of = |ty: &TypeInfo| {
        let id = *ty.field(field)?.requirements.first()?;
        Some(&requirements[id.0 as usize])
    };
    let Some(own) = of(&types[interface.index()]) else { return true };
    let objects = types.iter().filter(|ty| ty.kind == TypeKind::Object && ty.interfaces.contains(&interface));
    let together = objects.filter_map(of).fold(Requirement::default(), |all, one| all.and(one));
    together == Requirement::default().and(own)
}

impl Requirement {
    /// What asks for both, in the one form that there is of it.
    fn and(&self, other: &Self) -> Self {
        Self {
            authenticated: self.authenticated || other.authenticated,
            scopes: both(&self.scopes, &other.scopes),
            policies: both(&self.policies, &other.policies),
        }
    }
}

/// More are cut off, which asks for more: objects don't become more open by it.
const MOST_ALTERNATIVES: usize = 256;

/// Each alternative of the one with each of the other, sorted, without those that ask for more than another does.
fn both(one: &[Vec<Box<str>>], other: &[Vec<Box<str>>]) -> Vec<Vec<Box<str>>> {
    /// Who asks for nothing has one alternative that anyone meets.
    const NOTHING: &[Vec<Box<str>>] = &[Vec::new()];
    let one = if one.is_empty() { NOTHING } else { one };
    let other = if other.is_empty() { NOTHING } else { other };
    let weaker = |known: &[Box<str>], than: &[Box<str>]| known.iter().all(|name| than.contains(name));
    let mut product: Vec<Vec<Box<str>>> = Vec::new();
    for mut all in one.iter().flat_map(|left| other.iter().map(move |right| [&left[..], right].concat())) {
        all.sort_unstable();
        all.dedup();
        if product.iter().any(|known| weaker(known, &all)) {
            continue;
        }
        product.retain(|known| !weaker(&all, known));
        if product.len() < MOST_ALTERNATIVES {
            product.push(all);
        }
    }
    product.sort_unstable();
    product.retain(|all| !all.is_empty());
    product
}
