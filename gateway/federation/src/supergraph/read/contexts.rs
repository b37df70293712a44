//! Contexts: which values arguments take, and from which types.

use apollo_compiler::Name;
use apollo_compiler::schema::ExtendedType;

use super::field_sets::{SetSlot, WantedSet};
use super::{Reader, SupergraphError};
use crate::supergraph::contexts::{ContextArgument, branches, names};
use crate::supergraph::directives::feature_name;
use crate::supergraph::{ContextId, ContextValue, Contextual, TypeInfo};
use crate::{SubgraphId, TypeId, TypeSet};

/// A value that some argument takes from a context.
#[derive(PartialEq, Eq)]
pub(super) struct Wanted {
    subgraph: SubgraphId,
    context: String,
    selection: String,
    ty: String,
}

impl Reader<'_> {
    /// The arguments of a field that are set from contexts; equal values are one.
    pub(super) fn contextual(
        &mut self,
        subgraph: SubgraphId,
        arguments: &[ContextArgument<'_>],
    ) -> Vec<Contextual> {
        let mut found = Vec::with_capacity(arguments.len());
        for argument in arguments {
            let wanted = Wanted {
                subgraph,
                context: argument.context.to_owned(),
                selection: argument.selection.to_owned(),
                ty: argument.ty.to_owned(),
            };
            let known = self.contexts.iter().position(|known| *known == wanted);
            let at = known.unwrap_or_else(|| {
                self.contexts.push(wanted);
                self.contexts.len() - 1
            });
            found.push(Contextual { argument: argument.name.into(), value: ContextId(at as u16) });
        }
        found
    }

    /// The values, whose selections are still to be normalised.
    pub(super) fn contexts(&mut self, types: &[TypeInfo]) -> Result<Vec<ContextValue>, SupergraphError> {
        if self.contexts.len() > usize::from(u16::MAX) {
            let most = u16::MAX;
            return Err(SupergraphError::Invalid(format!("arguments are set from more than {most} values")));
        }
        let mut found = Vec::new();
        for (at, wanted) in self.contexts.iter().enumerate() {
            let branches = branches(&wanted.selection).map_err(|reason| SupergraphError::FieldSet {
                place: wanted.place(),
                fields: wanted.selection.clone(),
                reason,
            })?;
            for (condition, text) in branches {
                let branch = Branch { value: ContextId(at as u16), condition, text };
                self.selections(wanted, &branch, types, &mut found);
            }
        }
        self.field_sets.extend(found);
        let value = |wanted: &Wanted| ContextValue { owners: Vec::new(), ty: wanted.ty.as_str().into() };
        Ok(self.contexts.iter().map(value).collect())
    }

    /// One branch of a selection on each type that sets the context.
    fn selections(&self, wanted: &Wanted, branch: &Branch, types: &[TypeInfo], found: &mut Vec<WantedSet>) {
        let within = |ty| runtime_types(types, ty, wanted.subgraph);
        for owner in self.owners(&wanted.context) {
            let on = match &branch.condition {
                Some(condition) => self.names.id(condition),
                None => Some(owner),
            };
            let Some(on) = on else { continue };
            let types = within(owner).intersection(&within(on));
            if !types.is_empty() {
                found.push(WantedSet {
                    ty: on,
                    place: wanted.place(),
                    text: branch.text.clone(),
                    slot: SetSlot::Context { value: branch.value, types },
                });
            }
        }
    }

    /// The types that set a context. What runs once and in order can't be asked for something besides.
    fn owners(&self, context: &str) -> Vec<TypeId> {
        let directive = feature_name(self.schema, "context");
        let schema = &self.schema.schema_definition;
        let once = |name: &Name| {
            [&schema.mutation, &schema.subscription].into_iter().flatten().any(|it| it.name == *name)
        };
        let sets = |ty: &ExtendedType| {
            let directives = ty.directives();
            names(directives.iter().map(|it| &***it), &directive).any(|name| name == context)
        };
        let owners = self.schema.types.iter().filter(|(name, ty)| !once(name) && sets(ty));
        owners.filter_map(|(name, _)| self.names.id(name)).collect()
    }
}

impl Wanted {
    fn place(&self) -> String {
        format!("the context {}", self.context)
    }
}

/// What a selection asks of the objects of one type.
struct Branch {
    value: ContextId,
    condition: Option<String>,
    text: String,
}

/// The objects of a type in one subgraph.
fn runtime_types(types: &[TypeInfo], ty: TypeId, subgraph: SubgraphId) -> TypeSet {
    let info = &types[ty.index()];
    if !info.is_abstract() {
        return TypeSet::of(ty);
    }
    info.join(subgraph).map(|join| join.possible.clone()).unwrap_or_default()
}
