//! The client's selection as a program over slots.

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::emit::Drafts;
use super::position::ROOT;
use crate::plan::{
    Condition, ConditionId, Deferred, EnumId, EnumValues, Output, OutputDeferred, OutputField, OutputId,
    OutputInner, OutputType, OutputValue, ShapeId,
};
use crate::selection::{CondId, Entry, Labels, SetId};
use crate::supergraph::{FieldName, FieldType, TypeKind};
use crate::{TypeId, TypeSet};

/// Builds [`Output`]s and the tables that they refer to.
pub(super) struct Outputs<'d, 'a> {
    drafts: &'d Drafts<'a>,
    pub outputs: Vec<Output>,
    pub enums: Vec<EnumValues>,
    pub conditions: Conditions,
    pub has_introspection: bool,
    pub deferred: Vec<Deferred>,
    known: FxHashMap<(SetId, ShapeId, TypeId), OutputId>,
    enum_ids: FxHashMap<TypeId, EnumId>,
}

/// The conditions of a plan.
#[derive(Default)]
pub(super) struct Conditions {
    pub all: Vec<Condition>,
    /// One of them has too many alternatives.
    pub too_complex: bool,
    ids: FxHashMap<CondId, ConditionId>,
}

impl Conditions {
    pub fn id(&mut self, drafts: &Drafts, cond: CondId) -> Option<ConditionId> {
        if cond == CondId::ALWAYS {
            return None;
        }
        let all = &mut self.all;
        Some(*self.ids.entry(cond).or_insert_with(|| {
            // What has too many has failed then.
            let alternatives = drafts.solver.sets.alternatives(cond);
            self.too_complex |= alternatives.is_none();
            all.push(alternatives.unwrap_or_default());
            ConditionId(all.len() as u32 - 1)
        }))
    }
}

impl<'d, 'a> Outputs<'d, 'a> {
    pub fn new(drafts: &'d Drafts<'a>, labels: &Labels) -> Self {
        let deferred =
            drafts.deferred.all.iter().map(|&number| Deferred { label: labels[number as usize].clone() });
        let mut outputs = Self {
            drafts,
            outputs: Vec::new(),
            enums: Vec::new(),
            conditions: Conditions::default(),
            has_introspection: false,
            deferred: deferred.collect(),
            known: FxHashMap::default(),
            enum_ids: FxHashMap::default(),
        };
        outputs.output(drafts.client, ROOT, drafts.root);
        outputs
    }

    fn output(&mut self, set: SetId, position: ShapeId, ty: TypeId) -> OutputId {
        if let Some(&known) = self.known.get(&(set, position, ty)) {
            return known;
        }
        let id = OutputId(self.outputs.len() as u32);
        let types = self.visible(ty, set);
        self.outputs.push(Output { types, fields: Vec::new(), deferred: Vec::new() });
        self.known.insert((set, position, ty), id);
        let entries = self.drafts.solver.sets.set(set);
        let mut fields = Vec::with_capacity(entries.len());
        for entry in entries {
            match entry.field.deferred_number() {
                Some(number) => self.deferred(entry, number, position, ty, id),
                None => self.field(entry, position, id, &mut fields),
            }
        }
        self.outputs[id.index()].fields = fields;
        id
    }

    fn deferred(&mut self, entry: &Entry, number: u32, position: ShapeId, ty: TypeId, id: OutputId) {
        let (Some(sub), Some(deferred)) = (entry.sub, self.drafts.deferred.known(number, position)) else {
            return;
        };
        let output = stacker::maybe_grow(256 * 1024, 2 * 1024 * 1024, || self.output(sub, position, ty));
        let visible = &self.outputs[id.index()].types;
        let types = (!visible.is_subset(&entry.types)).then(|| entry.types.clone());
        let condition = self.conditions.id(self.drafts, entry.cond);
        self.outputs[id.index()].deferred.push(OutputDeferred { deferred, output, types, condition });
    }

    /// The runtime types that the client may see. An interface object of which no more is known than its
    /// interface is among them unless the selection depends on what it is.
    fn visible(&self, ty: TypeId, set: SetId) -> TypeSet {
        let supergraph = self.drafts.solver.joins.supergraph;
        let entries = self.drafts.solver.sets.set(set);
        let may_be_seen = |ty: &TypeId| {
            let info = supergraph.ty(*ty);
            let concrete = info.kind == TypeKind::Object;
            let indifferent = |entry: &Entry| entry.field != FieldName::TYPENAME && entry.types.contains(*ty);
            !info.inaccessible && (concrete || entries.iter().all(indifferent))
        };
        supergraph.ty(ty).possible.iter().filter(may_be_seen).collect()
    }

    fn field(&mut self, entry: &Entry, position: ShapeId, id: OutputId, fields: &mut Vec<OutputField>) {
        let visible = self.outputs[id.index()].types.clone();
        let types = entry.types.intersection(&visible);
        if types.is_empty() {
            return;
        }
        let guard = |types: TypeSet| (!visible.is_subset(&types)).then_some(types);
        let key = self.drafts.solver.sets.key(entry.key);
        let condition = self.conditions.id(self.drafts, entry.cond);
        let mut add = |types: TypeSet, value| {
            let json_key = ["\"", key, "\":"].concat().into_bytes().into();
            fields.push(OutputField { json_key, key: key.into(), types: guard(types), condition, value });
        };
        match entry.field {
            FieldName::TYPENAME => add(types, OutputValue::Typename),
            FieldName::INTROSPECTION => {
                self.has_introspection = true;
                add(types, OutputValue::Introspection);
            }
            _ => {
                let seen = self.drafts.solver.visible_on(&types, entry.field);
                for (types, value) in self.withheld(entry, &types.difference(&seen)) {
                    add(types, value);
                }
                for (types, value) in self.slots(entry, seen, position) {
                    add(types, value);
                }
            }
        }
    }

    /// A field that may not be seen, of each of these types.
    fn withheld(&self, entry: &Entry, types: &TypeSet) -> Vec<(TypeSet, OutputValue)> {
        let supergraph = self.drafts.solver.joins.supergraph;
        let of = |ty| {
            let non_null = supergraph.field(ty, entry.field).is_some_and(|info| info.ty.non_null[0]);
            let coordinate = self.coordinate(&TypeSet::of(ty), entry.field);
            (TypeSet::of(ty), OutputValue::Withheld { non_null, coordinate })
        };
        types.iter().map(of).collect()
    }

    fn coordinate(&self, types: &TypeSet, field: FieldName) -> Box<str> {
        let supergraph = self.drafts.solver.joins.supergraph;
        let owner = types.iter().next().map(|ty| supergraph.names.name(ty)).unwrap_or_default();
        [owner, ".", supergraph.field_name(field)].concat().into()
    }

    /// A field of an interface can have a narrower type in some of its objects, which then holds for those.
    fn slots(
        &mut self,
        entry: &Entry,
        types: TypeSet,
        position: ShapeId,
    ) -> SmallVec<[(TypeSet, OutputValue); 1]> {
        let supergraph = self.drafts.solver.joins.supergraph;
        let Some(slot) = self.drafts.positions.slot(position, entry) else { return SmallVec::new() };
        let mut by_type: SmallVec<[(&FieldType, TypeSet); 1]> = SmallVec::new();
        for ty in types.iter() {
            let Some(info) = supergraph.field(ty, entry.field) else { continue };
            match by_type.iter_mut().find(|(known, _)| **known == info.ty) {
                Some((_, types)) => types.insert(ty),
                None => by_type.push((&info.ty, TypeSet::of(ty))),
            }
        }
        let mut values = SmallVec::new();
        for (ty, types) in by_type {
            let coordinate = self.coordinate(&types, entry.field);
            let child = self.drafts.positions.all[position.index()].slots[slot.index()].child;
            let inner = self.inner(ty.named, entry.sub, child);
            let ty = OutputType { non_null: ty.non_null.clone(), inner };
            values.push((types, OutputValue::Slot { slot, ty, coordinate }));
        }
        values
    }

    fn inner(&mut self, ty: TypeId, sub: Option<SetId>, child: Option<ShapeId>) -> OutputInner {
        let supergraph = self.drafts.solver.joins.supergraph;
        if let (Some(sub), Some(child)) = (sub, child) {
            let output = stacker::maybe_grow(256 * 1024, 2 * 1024 * 1024, || self.output(sub, child, ty));
            return OutputInner::Object(output);
        }
        if supergraph.ty(ty).kind == TypeKind::Enum {
            return OutputInner::Enum(self.enum_id(ty));
        }
        match supergraph.names.name(ty) {
            "Int" => OutputInner::Int,
            "Float" => OutputInner::Float,
            "String" => OutputInner::String,
            "Boolean" => OutputInner::Boolean,
            "ID" => OutputInner::Id,
            _ => OutputInner::Scalar,
        }
    }

    fn enum_id(&mut self, ty: TypeId) -> EnumId {
        let supergraph = self.drafts.solver.joins.supergraph;
        let enums = &mut self.enums;
        *self.enum_ids.entry(ty).or_insert_with(|| {
            let values = supergraph.ty(ty).visible_values.clone();
            enums.push(EnumValues { name: supergraph.names.name(ty).into(), values });
            EnumId(enums.len() as u32 - 1)
        })
    }
}
