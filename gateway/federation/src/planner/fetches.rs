//! Groups become fetches: merged where they ask the same subgraph at the same level, ordered, printed.

use apollo_compiler::executable::Operation;
use smallvec::SmallVec;

use super::emit::{Drafts, GroupId};
use super::group_set::GroupSet;
use super::output::{Conditions, Outputs};
use super::request::{RequestNode, SelectedField};
use super::text::Text;
use super::{PlanError, variable_type};
use crate::plan::{
    Caching, Fetch, FetchCaching, FetchId, FetchSource, FetchVariable, FetchVariableValue, Lookup, Read,
    ReadField, ReadId, ReadTypename, Representation, Shape, Slot, SlotId,
};
use crate::selection::{CondId, KeyId, Labels};
use crate::supergraph::ContextId;
use crate::{OperationKind, Plan, TypeSet};

mod caching;
mod merge;
mod relay;

use merge::Units;

pub(super) fn finish(
    mut drafts: Drafts,
    operation: &Operation,
    kind: OperationKind,
    labels: &Labels,
) -> Result<Plan, PlanError> {
    drafts.variables = operation.variables.iter().map(|variable| variable.name.as_str().into()).collect();
    let units = Units::merged(&mut drafts);
    let drafts = drafts;
    let mut outputs = Outputs::new(&drafts, labels);
    let mut reads = Reads { drafts: &drafts, all: Vec::new() };
    let mut fetches = Vec::with_capacity(units.all.len());
    let mut caching = Vec::new();
    for unit in &units.all {
        let (fetch, may_be_kept) = fetch(&drafts, unit, operation, kind, &mut reads, &mut outputs.conditions);
        fetches.push(fetch);
        caching.push(may_be_kept);
    }
    let Outputs { outputs, enums, conditions, has_introspection, deferred, .. } = outputs;
    if conditions.too_complex || drafts.solver.sets.conditions_are_too_complex() {
        return Err(PlanError::TooComplex);
    }
    let reads = reads.all;
    let mut plan = Plan {
        kind,
        operation_name: operation.name.as_ref().map(|name| name.as_str().into()),
        fetches,
        shapes: shapes(&drafts),
        reads,
        outputs,
        deferred,
        conditions: conditions.all,
        variables: drafts.variables.clone(),
        enums,
        type_names: drafts.solver.joins.supergraph.names.clone(),
        has_introspection,
        facts: drafts.solver.joins.facts.asked(),
        relay: false,
        caching: Caching::of(caching).filter(|_| kind == OperationKind::Query).map(Box::new),
        work: 0,
    };
    plan.relay = relay::is_safe(&plan, &drafts);
    Ok(plan)
}

fn shapes(drafts: &Drafts) -> Vec<Shape> {
    let shape = |position: &super::position::Position| {
        let slots = position.slots.iter().map(|slot| Slot {
            key: slot.key.map(|key| drafts.solver.sets.key(key).into()),
            child: slot.child,
        });
        Shape { slots: slots.collect() }
    };
    drafts.positions.all.iter().map(shape).collect()
}

/// One request: the groups in it and the requests that it waits for.
#[derive(Default)]
pub(super) struct Unit {
    pub groups: Vec<GroupId>,
    pub deps: GroupSet,
}

fn fetch(
    drafts: &Drafts,
    unit: &Unit,
    operation: &Operation,
    kind: OperationKind,
    reads: &mut Reads,
    conditions: &mut Conditions,
) -> (Fetch, FetchCaching) {
    let first = &drafts.groups[unit.groups[0]];
    let mut text = Text { out: String::with_capacity(256), ..Text::default() };
    let mut variables = Vec::new();
    let mut declared: Vec<String> = Vec::new();
    let conds: Vec<CondId> =
        unit.groups.iter().map(|&group| drafts.groups[group].cond.unwrap_or(CondId::ALWAYS)).collect();
    let condition = drafts.any_of(&conds, conditions);
    let (source, may_be_kept) = if first.entities {
        text.out.push('{');
        let mut lookups = Vec::new();
        let mut kept = Vec::new();
        for (at, &id) in unit.groups.iter().enumerate() {
            let group = &drafts.groups[id];
            let (key, variable) = drafts.lookup_names(at, unit.groups.len());
            if at > 0 {
                text.out.push(' ');
            }
            if key != "_entities" {
                text.out.extend([&*key, ":"]);
            }
            text.out.extend(["_entities(representations:$", &variable, ")"]);
            text.contexts = drafts.context_variables(&group.contexts);
            let selection = text.out.len();
            text.selection(drafts, group.node, group.subgraph);
            kept.push(caching::lookup(drafts, group, &text.out[selection..]));
            declared.push(["$", &variable, ":[_Any!]!"].concat());
            variables.push(FetchVariable {
                key: ["\"", &variable, "\":"].concat().into_bytes().into(),
                value: FetchVariableValue::Representations(at),
            });
            lookups.push(Lookup {
                key: key.into(),
                path: group.path.to_vec(),
                representations: representations(drafts, id),
                read: reads.read(&[group.node]),
                condition: conditions.id(drafts, conds[at]),
                contexts: group.arguments.clone(),
                apart: group.apart,
            });
            for (at, (value, name)) in text.contexts.iter().enumerate() {
                declared.push(format!("${name}:{}", drafts.solver.joins.supergraph.context(*value).ty));
                variables.push(FetchVariable {
                    key: format!("\"{name}\":").into_bytes().into(),
                    value: FetchVariableValue::Context(at),
                });
            }
        }
        text.out.push('}');
        (FetchSource::Entities(lookups), FetchCaching::Entities(kept))
    } else {
        text.selection(drafts, first.node, first.subgraph);
        let kept = FetchCaching::Root(caching::root(drafts, first.node, first.subgraph));
        (FetchSource::Root { path: first.path.to_vec(), read: reads.read(&[first.node]) }, kept)
    };
    for (at, name) in drafts.variables.iter().enumerate() {
        let used = text.variables.contains(name) || text.conditions.iter().any(|id| id.index() == at);
        if let (true, Some(ty)) = (used, variable_type(operation, name)) {
            declared.push(ty);
            variables.push(FetchVariable {
                key: ["\"", name, "\":"].concat().into_bytes().into(),
                value: FetchVariableValue::Client(crate::plan::VariableId(at as u32)),
            });
        }
    }
    let kind = if first.entities || !first.path.is_empty() { OperationKind::Query } else { kind };
    let query = operation_text(kind, &declared, &text.out);
    let fetch = Fetch {
        subgraph: first.subgraph,
        kind,
        deferred: first.deferred,
        deps: unit.deps.iter().map(|&dep| FetchId(dep as u32)).collect(),
        condition,
        head: head(&query),
        query: query.into(),
        variables,
        source,
    };
    (fetch, may_be_kept)
}

/// See [`Fetch::head`].
fn head(query: &str) -> Box<[u8]> {
    let mut head = Vec::with_capacity(query.len() + 32);
    head.extend_from_slice(b"{\"query\":");
    serde_json::to_writer(&mut head, query).expect("a string can be written into memory");
    head.into()
}

fn operation_text(kind: OperationKind, declared: &[String], selection: &str) -> String {
    let keyword = match kind {
        OperationKind::Query => "query",
        OperationKind::Mutation => "mutation",
        OperationKind::Subscription => "subscription",
    };
    match (kind, declared) {
        (OperationKind::Query, []) => selection.to_owned(),
        (_, []) => [keyword, selection].concat(),
        _ => [keyword, "(", &declared.join(","), ")", selection].concat(),
    }
}

fn representations(drafts: &Drafts, group: GroupId) -> Vec<Representation> {
    let supergraph = drafts.solver.joins.supergraph;
    let group = &drafts.groups[group];
    group
        .representations
        .iter()
        .map(|draft| Representation {
            types: draft.types.clone(),
            typename: draft.on.map(|on| supergraph.names.name(on).into()),
            fields: draft.fields.clone(),
        })
        .collect()
}

impl Drafts<'_> {
    /// One condition for several things in one request.
    fn any_of(&self, conds: &[CondId], conditions: &mut Conditions) -> Option<crate::plan::ConditionId> {
        let first = *conds.first()?;
        if conds.iter().all(|cond| *cond == first) { conditions.id(self, first) } else { None }
    }

    /// The variables that values of contexts travel in, clear of the client's variables.
    fn context_variables(&self, contexts: &[ContextId]) -> Vec<(ContextId, String)> {
        let name = |(at, &value): (usize, &ContextId)| {
            let mut name = format!("_c{at}");
            while self.variables.iter().any(|known| **known == *name) {
                name.insert(0, '_');
            }
            (value, name)
        };
        contexts.iter().enumerate().map(name).collect()
    }

    /// The key and the variable of one of a request's lookups, clear of the client's variables.
    fn lookup_names(&self, at: usize, count: usize) -> (String, String) {
        let (key, mut variable) = match count {
            1 => ("_entities".to_owned(), "representations".to_owned()),
            _ => (format!("_e{at}"), format!("_r{at}")),
        };
        while self.variables.iter().any(|known| **known == *variable) {
            variable.insert(0, '_');
        }
        (key, variable)
    }
}

/// Builds [`Read`]s.
struct Reads<'d, 'a> {
    drafts: &'d Drafts<'a>,
    all: Vec<Read>,
}

impl Reads<'_, '_> {
    /// The selections that share a place in a reply are read by one program: keys that aren't there don't matter.
    fn read(&mut self, nodes: &[RequestNode]) -> ReadId {
        let requests = &self.drafts.requests;
        let id = ReadId(self.all.len() as u32);
        let first = requests.get(nodes[0]);
        let dynamic = nodes.iter().any(|&node| requests.get(node).typename);
        let typename = match first.declared {
            _ if dynamic => ReadTypename::Dynamic,
            None => ReadTypename::Keep,
            Some(ty) => ReadTypename::Static(ty),
        };
        self.all.push(Read { shape: first.position, typename, fields: Vec::new() });
        let mut keys: Vec<Key> = Vec::new();
        for field in nodes.iter().flat_map(|&node| &requests.get(node).fields) {
            match keys.iter_mut().find(|known| known.key == field.wire) {
                Some(known) => known.add(field),
                None => keys.push(Key::new(field)),
            }
        }
        let mut fields = Vec::with_capacity(keys.len());
        for Key { key, slot, types, by_interface, children } in keys {
            let read = (!children.is_empty())
                .then(|| stacker::maybe_grow(256 * 1024, 2 * 1024 * 1024, || self.read(&children)));
            let key = self.drafts.solver.sets.key(key).into();
            fields.push(ReadField { types: by_interface.then_some(types), key, slot, read });
        }
        self.all[id.index()].fields = fields;
        id
    }
}

/// A key of a reply, and for which objects it is.
struct Key {
    key: KeyId,
    slot: SlotId,
    types: TypeSet,
    /// The subgraph answers for all objects of an interface, whichever of them the client asked.
    by_interface: bool,
    children: SmallVec<[RequestNode; 1]>,
}

impl Key {
    fn new(field: &SelectedField) -> Self {
        Self {
            key: field.wire,
            slot: field.slot,
            types: field.types.clone(),
            by_interface: field.on.is_some(),
            children: field.child.into_iter().collect(),
        }
    }

    fn add(&mut self, field: &SelectedField) {
        self.types = self.types.union(&field.types);
        self.by_interface |= field.on.is_some();
        self.children.extend(field.child);
    }
}
