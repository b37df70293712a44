//! Whether a subgraph's `data` can be handed to the client as it came.

use crate::Plan;
use crate::plan::{FetchSource, OutputId, OutputInner, OutputValue, ReadId, ReadTypename};
use crate::planner::emit::Drafts;
use crate::supergraph::FieldName;
use crate::{SubgraphId, TypeId, TypeSet};

/// One root fetch whose reply has the client's keys in the client's order, no enum, no abstract type, no
/// condition, and types as the client knows them.
pub(super) fn is_safe(plan: &Plan, drafts: &Drafts) -> bool {
    let [fetch] = &plan.fetches[..] else { return false };
    let FetchSource::Root { path, read } = &fetch.source else { return false };
    if !path.is_empty() || !plan.conditions.is_empty() || plan.has_introspection {
        return false;
    }
    let check = Check { plan, drafts, subgraph: fetch.subgraph };
    check.object(OutputId(0), *read)
}

struct Check<'p, 'd, 'a> {
    plan: &'p Plan,
    drafts: &'d Drafts<'a>,
    subgraph: SubgraphId,
}

impl Check<'_, '_, '_> {
    fn object(&self, output: OutputId, read: ReadId) -> bool {
        let (output, read) = (&self.plan.outputs[output.index()], &self.plan.reads[read.index()]);
        let ReadTypename::Static(ty) = read.typename else { return false };
        if output.types != TypeSet::of(ty)
            || output.fields.len() != read.fields.len()
            || output.fields.is_empty()
            || !output.deferred.is_empty()
        {
            return false;
        }
        output.fields.iter().zip(&read.fields).all(|(shown, read)| {
            let OutputValue::Slot { slot, ty: shown_type, coordinate } = &shown.value else { return false };
            let same = shown.key == read.key && *slot == read.slot && shown.types.is_none();
            same && self.same_type(ty, coordinate, &shown_type.non_null)
                && match (shown_type.inner, read.read) {
                    (OutputInner::Object(output), Some(read)) => self.object(output, read),
                    (OutputInner::Enum(_) | OutputInner::Object(_), _) => false,
                    (_, read) => read.is_none(),
                }
        })
    }

    fn same_type(&self, ty: TypeId, coordinate: &str, non_null: &[bool]) -> bool {
        let supergraph = self.drafts.solver.joins.supergraph;
        let field = coordinate.rsplit('.').next().and_then(|name| supergraph.field_id(name));
        let field = field.unwrap_or(FieldName::TYPENAME);
        let join = supergraph.field(ty, field).and_then(|info| info.join(self.subgraph));
        join.is_some_and(|join| *join.ty.non_null == *non_null)
    }
}
