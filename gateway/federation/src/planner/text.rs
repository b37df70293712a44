//! Prints a request's operation: as short as GraphQL allows, since it crosses the broker each time.

use std::fmt::Write;

use super::emit::Drafts;
use super::request::{RequestNode, SelectedField};
use crate::plan::VariableId;
use crate::selection::CondId;
use crate::supergraph::{ContextId, TypeKind};
use crate::{SubgraphId, TypeId, TypeSet};

/// The text of selections, and which of the client's variables it uses.
#[derive(Default)]
pub(super) struct Text {
    pub out: String,
    /// In the order of first use.
    pub variables: Vec<Box<str>>,
    /// Variables of conditions.
    pub conditions: Vec<VariableId>,
    /// Values of contexts, each in the variable that it travels in.
    pub contexts: Vec<(ContextId, String)>,
}

/// A field is written once for each alternative of its condition, so there must be few.
const MOST_ALTERNATIVES: usize = 64;

impl Text {
    /// Prints a selection set with its braces.
    pub fn selection(&mut self, drafts: &Drafts, node: RequestNode, subgraph: SubgraphId) {
        stacker::maybe_grow(256 * 1024, 2 * 1024 * 1024, || self.set(drafts, node, subgraph));
    }

    fn set(&mut self, drafts: &Drafts, node: RequestNode, subgraph: SubgraphId) {
        let selected = drafts.requests.get(node);
        self.out.push('{');
        if selected.typename || selected.fields.is_empty() {
            self.separate();
            self.out.push_str("__typename");
        }
        match (selected.declared, selected.within) {
            (None, Some(interface)) => {
                self.separate();
                let _ = write!(self.out, "...on {}{{", drafts.name(interface));
                self.of_abstract(drafts, &selected.fields, interface, subgraph);
                self.close();
            }
            (None, None) => self.by_type(drafts, &selected.fields.iter().collect::<Vec<_>>(), subgraph),
            (Some(ty), _) if drafts.solver.joins.is_concrete(ty, subgraph) => {
                for field in &selected.fields {
                    self.field(drafts, field, subgraph);
                }
            }
            (Some(ty), _) => self.of_abstract(drafts, &selected.fields, ty, subgraph),
        }
        self.close();
    }

    /// Closes a selection; one whose conditions left nothing still needs a field.
    fn close(&mut self) {
        if self.out.ends_with('{') {
            self.out.push_str("__typename");
        }
        self.out.push('}');
    }

    /// What all types share goes to the interface itself, the rest into fragments.
    fn of_abstract(
        &mut self,
        drafts: &Drafts,
        fields: &[SelectedField<'_>],
        ty: TypeId,
        subgraph: SubgraphId,
    ) {
        let types = drafts.solver.joins.runtime_types(ty, subgraph);
        let (shared, own): (Vec<_>, Vec<_>) =
            fields.iter().partition(|field| drafts.is_shared(field, ty, &types, subgraph));
        for field in shared {
            self.field(drafts, field, subgraph);
        }
        self.by_type(drafts, &own, subgraph);
    }

    fn by_type(&mut self, drafts: &Drafts, fields: &[&SelectedField<'_>], subgraph: SubgraphId) {
        let mut names: Vec<TypeId> = Vec::new();
        for field in fields {
            let types = field.on.map_or_else(|| field.types.clone(), TypeSet::of);
            for ty in types.iter() {
                if !names.contains(&ty) && (field.on.is_some() || drafts.is_known(ty, subgraph)) {
                    names.push(ty);
                }
            }
        }
        for ty in names {
            self.separate();
            let _ = write!(self.out, "...on {}{{", drafts.name(ty));
            for field in fields.iter().filter(|field| match field.on {
                Some(on) => on == ty,
                None => field.types.contains(ty),
            }) {
                self.field(drafts, field, subgraph);
            }
            self.close();
        }
    }

    fn field(&mut self, drafts: &Drafts, field: &SelectedField<'_>, subgraph: SubgraphId) {
        if field.cond == CondId::ALWAYS {
            self.separate();
            self.plain(drafts, field, subgraph);
            return;
        }
        // What can't be said briefly is asked for in any case: the answer's fields have their own conditions.
        let alternatives = drafts.solver.sets.alternatives(field.cond).map(|condition| condition.any);
        let brief = alternatives.filter(|any| any.len() <= MOST_ALTERNATIVES);
        for literals in brief.unwrap_or_else(|| vec![Vec::new()]) {
            self.separate();
            for literal in &literals {
                let directive = if literal.expected { "include" } else { "skip" };
                let _ =
                    write!(self.out, "...@{directive}(if:${}){{", drafts.variables[literal.variable.index()]);
                if !self.conditions.contains(&literal.variable) {
                    self.conditions.push(literal.variable);
                }
            }
            self.plain(drafts, field, subgraph);
            literals.iter().for_each(|_| self.out.push('}'));
        }
    }

    fn plain(&mut self, drafts: &Drafts, field: &SelectedField<'_>, subgraph: SubgraphId) {
        let name = drafts.solver.joins.supergraph.field_name(field.field);
        if field.wire != drafts.solver.joins.supergraph.key(field.field) {
            let _ = write!(self.out, "{}:", drafts.solver.sets.key(field.wire));
        }
        self.out.push_str(name);
        let args = drafts.solver.sets.args(field.args);
        self.out.push_str(&args.text);
        self.contextual(field);
        for variable in &args.variables {
            if !self.variables.contains(variable) {
                self.variables.push(variable.clone());
            }
        }
        if let Some(child) = field.child {
            self.selection(drafts, child, subgraph);
        }
    }

    /// Adds the arguments that are set from contexts.
    fn contextual(&mut self, field: &SelectedField) {
        for contextual in field.contexts {
            let Some((_, name)) = self.contexts.iter().find(|(value, _)| *value == contextual.value) else {
                continue;
            };
            match self.out.ends_with(')') {
                true => self.out.truncate(self.out.len() - 1),
                false => self.out.push('('),
            }
            let separator = if self.out.ends_with('(') { "" } else { "," };
            let _ = write!(self.out, "{separator}{}:${name})", contextual.argument);
        }
    }

    fn separate(&mut self) {
        if !self.out.ends_with(['{', '}']) {
            self.out.push(' ');
        }
    }
}

impl Drafts<'_> {
    fn name(&self, ty: TypeId) -> &str {
        self.solver.joins.supergraph.names.name(ty)
    }

    fn is_known(&self, ty: TypeId, subgraph: SubgraphId) -> bool {
        self.solver.joins.supergraph.ty(ty).join(subgraph).is_some()
    }

    /// Whether the interface itself has the field, alike for all its types in the subgraph.
    fn is_shared(
        &self,
        field: &SelectedField<'_>,
        ty: TypeId,
        types: &TypeSet,
        subgraph: SubgraphId,
    ) -> bool {
        let supergraph = self.solver.joins.supergraph;
        if field.on.is_some()
            || supergraph.ty(ty).kind != TypeKind::Interface
            || !types.is_subset(&field.types)
        {
            return false;
        }
        let Some(join) = supergraph.field(ty, field.field).and_then(|info| info.join(subgraph)) else {
            return false;
        };
        let same = |ty| {
            let own = supergraph.field(ty, field.field).and_then(|info| info.join(subgraph));
            own.is_none_or(|own| own.ty == join.ty)
        };
        join.ty == *field.ty && types.iter().all(same)
    }
}
