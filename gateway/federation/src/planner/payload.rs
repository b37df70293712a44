//! What an event's payload has, as a set of fields that can be selected where it is.

use super::PlanError;
use super::node::Payload;
use super::solve::Solver;
use crate::event::PayloadShape;
use crate::selection::{ArgsId, CondId, Entry, Set, SetId};
use crate::supergraph::{FieldName, TypeKind};
use crate::{SubgraphId, TypeId, TypeSet};

impl Solver<'_> {
    /// From now on the subscription's field is answered by a payload with these fields.
    pub fn take_payload(&mut self, shape: &PayloadShape, client: SetId) -> Result<(), PlanError> {
        let supergraph = self.joins.supergraph;
        let fields = self.sets.set(client).iter().map(|entry| entry.field);
        let mut sources = fields.filter_map(|field| supergraph.event(supergraph.field_name(field)));
        let Some(source) = sources.next() else {
            return Err(PlanError::Payload("belongs to a field that no event feeds".to_owned()));
        };
        let name = shape.typename.as_deref().unwrap_or_default();
        let known = supergraph.names.id(name).filter(|ty| supergraph.ty(*ty).kind == TypeKind::Object);
        let ty = known.filter(|ty| supergraph.ty(*ty).join(source.subgraph).is_some());
        let Some(ty) = ty else {
            let subgraph = supergraph.subgraph_name(source.subgraph);
            let why = format!("has the __typename \"{name}\", which is no object type of {subgraph}");
            return Err(PlanError::Payload(why));
        };
        let has = self.payload_set(shape, ty, source.subgraph)?;
        self.joins.payload = Some(Payload { ty, has });
        Ok(())
    }

    /// What the subgraph could answer itself is taken from the payload. Values of fields with arguments, and objects
    /// whose type isn't certain, are fetched.
    fn payload_set(
        &mut self,
        shape: &PayloadShape,
        ty: TypeId,
        subgraph: SubgraphId,
    ) -> Result<SetId, PlanError> {
        self.step(shape.fields.len() as u64)?;
        let supergraph = self.joins.supergraph;
        let mut set = Set::with_capacity(shape.fields.len());
        for (name, below) in &shape.fields {
            let Some(field) = supergraph.field_id(name).filter(|field| *field != FieldName::TYPENAME) else {
                continue;
            };
            let Some(join) = supergraph.field(ty, field).and_then(|info| info.join(subgraph)) else {
                continue;
            };
            if join.external || supergraph.has_arguments(ty, name) {
                continue;
            }
            let inner = supergraph.ty(join.ty.named);
            let sub = match (below, inner.kind) {
                (None, TypeKind::Scalar | TypeKind::Enum) => None,
                (Some(below), TypeKind::Object) => Some(self.payload_set(below, join.ty.named, subgraph)?),
                _ => continue,
            };
            set.push(Entry {
                key: supergraph.key(field),
                field,
                args: ArgsId::NONE,
                types: TypeSet::of(ty),
                cond: CondId::ALWAYS,
                sub,
            });
        }
        Ok(self.sets.intern(set))
    }
}
