//! From apollo-compiler's selection sets to normal form.

use apollo_compiler::Node;
use apollo_compiler::ast::{Argument, Value};
use apollo_compiler::executable::{
    DirectiveList, Field, FragmentMap, InlineFragment, Selection, SelectionSet,
};
use rustc_hash::FxHashMap;
use smallvec::{SmallVec, smallvec};

mod gathering;

use super::{ArgsId, Arguments, CondId, Entry, KeyId, LocalSets, SetId, defer};
use crate::plan::{Literal, VariableId};
use crate::pool::SmallMap;
use crate::supergraph::FieldName;
use crate::{Supergraph, TypeSet};
use gathering::{Gathering, Parts, spread_order};

/// Why a selection has no normal form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CollectError {
    /// More work than the budget allows.
    TooComplex,
    /// Deeper than the limit.
    TooDeep,
    /// The schema doesn't have it (the document was validated against another one).
    Unknown(String),
}

/// How deep selections may be nested. Apollo's parser has its own limit; this one bounds our recursion.
const MAX_DEPTH: u32 = 200;

/// Fragments of one document that are deferred.
const MAX_DEFERRED: usize = 32;
/// Variables that decide about them.
const MAX_DECIDING: usize = 3;

/// Selection sets by address, what they are on, and what they become.
type Memo = SmallMap<(SmallVec<[(usize, CondId); 1]>, TypeSet), SetId>;

/// The labels of deferred fragments, by number.
pub(crate) type Labels = Vec<Option<Box<str>>>;

/// Normalises the selections of one document.
pub(crate) struct Collector<'a, 'd, 's> {
    supergraph: &'a Supergraph,
    fragments: Option<&'d FragmentMap>,
    variables: &'a dyn Fn(&str) -> Option<VariableId>,
    /// Whether `@defer` counts, under the variable of its `if`.
    defers: &'a dyn Fn(Option<VariableId>) -> bool,
    deferred: FxHashMap<usize, u32>,
    /// The variables that decide about `@defer`.
    deciding: Vec<VariableId>,
    labels: Labels,
    pub sets: &'a mut LocalSets<'s>,
    memo: Memo,
    /// Fragments before those that they spread; worked out when it is needed.
    order: Option<FxHashMap<&'d str, usize>>,
    budget: u64,
    depth: u32,
}

#[derive(Default)]
struct Gathered<'d> {
    entries: Vec<Gathering<'d>>,
    by_key: SmallMap<KeyId, SmallVec<[usize; 2]>>,
    /// The fragments that were walked for these types, and where they were.
    spread: FxHashMap<Spread<'d>, CondId>,
    /// Those that were met again where they weren't walked for yet.
    again: FxHashMap<Spread<'d>, CondId>,
}

/// A fragment's name, and the types that it is spread on.
type Spread<'d> = (&'d str, TypeSet);

impl<'a, 'd, 's> Collector<'a, 'd, 's> {
    pub fn new(
        supergraph: &'a Supergraph,
        fragments: Option<&'d FragmentMap>,
        variables: &'a dyn Fn(&str) -> Option<VariableId>,
        sets: &'a mut LocalSets<'s>,
        budget: u64,
    ) -> Self {
        Self {
            supergraph,
            fragments,
            variables,
            defers: &|_| false,
            deferred: FxHashMap::default(),
            deciding: Vec::new(),
            labels: Vec::new(),
            sets,
            memo: SmallMap::default(),
            order: None,
            budget,
            depth: 0,
        }
    }

    /// Says whether `@defer` counts, under the variable of its `if`; otherwise it is as if it weren't there.
    pub fn deferring(mut self, defers: &'a dyn Fn(Option<VariableId>) -> bool) -> Self {
        self.defers = defers;
        self
    }

    /// The labels of the deferred fragments that were met.
    pub fn into_labels(self) -> Labels {
        self.labels
    }

    /// What is left of the budget.
    pub fn budget(&self) -> u64 {
        self.budget
    }

    /// The normal form of a selection set on objects of these runtime types.
    pub fn collect(&mut self, set: &'d SelectionSet, types: &TypeSet) -> Result<SetId, CollectError> {
        self.collect_parts(smallvec![(set, CondId::ALWAYS)], types)
    }

    fn collect_parts(&mut self, parts: Parts<'d>, types: &TypeSet) -> Result<SetId, CollectError> {
        let names = parts.iter().map(|(set, cond)| (std::ptr::from_ref(*set) as usize, *cond)).collect();
        let name = (names, types.clone());
        if let Some(&known) = self.memo.get(&name) {
            return Ok(known);
        }
        if self.depth == MAX_DEPTH {
            return Err(CollectError::TooDeep);
        }
        self.depth += 1;
        let mut gathered = Gathered::default();
        for (set, cond) in parts {
            self.gather(&set.selections, types, cond, &mut gathered)?;
        }
        self.gather_again(&mut gathered)?;
        let mut entries = Vec::with_capacity(gathered.entries.len());
        for gathering in gathered.entries {
            let entry = self.finish(gathering)?;
            fold_into(&mut entries, entry);
        }
        self.depth -= 1;
        defer::deduplicate(&mut entries, self.sets);
        let id = self.sets.intern(entries);
        self.memo.insert(name, id);
        Ok(id)
    }

    fn gather(
        &mut self,
        selections: &'d [Selection],
        types: &TypeSet,
        cond: CondId,
        out: &mut Gathered<'d>,
    ) -> Result<(), CollectError> {
        for selection in selections {
            self.budget = self.budget.checked_sub(1).ok_or(CollectError::TooComplex)?;
            match selection {
                Selection::Field(field) => self.gather_field(field, types, cond, out)?,
                Selection::InlineFragment(fragment) => self.gather_inline(fragment, types, cond, out)?,
                Selection::FragmentSpread(spread) => {
                    let Some(cond) = self.conditions(&spread.directives, cond) else { continue };
                    let fragment = self
                        .fragments
                        .and_then(|fragments| fragments.get(&spread.fragment_name))
                        .ok_or_else(|| CollectError::Unknown(spread.fragment_name.to_string()))?;
                    let types = self.narrow(types, fragment.type_condition())?;
                    if let Some(number) = self.deferred(&spread.directives) {
                        self.gather_deferred(number, &fragment.selection_set, &types, cond, out);
                        continue;
                    }
                    if types.is_empty() {
                        continue;
                    }
                    let spread = (fragment.name.as_str(), types.clone());
                    match out.spread.get(&spread) {
                        None => {
                            out.spread.insert(spread, cond);
                            self.gather(&fragment.selection_set.selections, &types, cond, out)?;
                        }
                        Some(&known) if self.sets.or(known, cond) != known => {
                            let again =
                                out.again.get(&spread).map_or(cond, |other| self.sets.or(*other, cond));
                            out.again.insert(spread, again);
                        }
                        Some(_) => {}
                    }
                }
            }
        }
        Ok(())
    }

    /// Walks fragments for all conditions at once under which they were met again: each before those that it spreads,
    /// so that none is walked as often as there are ways to it. The order of fields is that of the first walk.
    fn gather_again(&mut self, out: &mut Gathered<'d>) -> Result<(), CollectError> {
        while !out.again.is_empty() {
            self.budget = self.budget.checked_sub(out.again.len() as u64).ok_or(CollectError::TooComplex)?;
            let order = self.order.get_or_insert_with(|| spread_order(self.fragments));
            let place = |(name, types): &Spread<'d>| (order.get(name).copied(), types.clone());
            let Some(next) = out.again.keys().min_by_key(|spread| place(spread)).cloned() else { break };
            let Some(cond) = out.again.remove(&next) else { break };
            let known = out.spread.get(&next).map_or(cond, |known| self.sets.or(*known, cond));
            let (name, types) = next.clone();
            out.spread.insert(next, known);
            if let Some(fragment) = self.fragments.and_then(|fragments| fragments.get(name)) {
                self.gather(&fragment.selection_set.selections, &types, cond, out)?;
            }
        }
        Ok(())
    }

    fn gather_inline(
        &mut self,
        fragment: &'d InlineFragment,
        types: &TypeSet,
        cond: CondId,
        out: &mut Gathered<'d>,
    ) -> Result<(), CollectError> {
        let Some(cond) = self.conditions(&fragment.directives, cond) else { return Ok(()) };
        let types = match &fragment.type_condition {
            Some(name) => self.narrow(types, name)?,
            None => types.clone(),
        };
        if types.is_empty() {
            return Ok(());
        }
        if let Some(number) = self.deferred(&fragment.directives) {
            self.gather_deferred(number, &fragment.selection_set, &types, cond, out);
            return Ok(());
        }
        self.gather(&fragment.selection_set.selections, &types, cond, out)
    }

    /// The number of a fragment that is deferred.
    fn deferred(&mut self, directives: &'d DirectiveList) -> Option<u32> {
        let directive = directives.get("defer")?;
        let variable = match directive.specified_argument_by_name("if").map(|value| &**value) {
            Some(Value::Boolean(false)) => return None,
            Some(Value::Variable(name)) => Some((self.variables)(name)?),
            _ => None,
        };
        if !self.may_defer(variable) || !(self.defers)(variable) {
            return None;
        }
        let place = std::ptr::from_ref(&**directive) as usize;
        let next = self.labels.len() as u32;
        let number = *self.deferred.entry(place).or_insert(next);
        if number == next {
            let label = directive.specified_argument_by_name("label").and_then(|label| label.as_str());
            self.labels.push(label.map(Box::from));
        }
        Some(number)
    }

    /// A server may always answer at once. Beyond some it does: each fragment has fetches of its own, and each
    /// combination of variables a plan.
    fn may_defer(&mut self, variable: Option<VariableId>) -> bool {
        if let Some(variable) = variable
            && !self.deciding.contains(&variable)
        {
            if self.deciding.len() == MAX_DECIDING {
                return false;
            }
            self.deciding.push(variable);
        }
        self.labels.len() < MAX_DEFERRED
    }

    fn gather_deferred(
        &mut self,
        number: u32,
        set: &'d SelectionSet,
        types: &TypeSet,
        cond: CondId,
        out: &mut Gathered<'d>,
    ) {
        if types.is_empty() {
            return;
        }
        let key = self.sets.intern_key(&format!("@defer {number}"));
        let field = FieldName::deferred(number);
        let types = types.clone();
        out.entries.push(Gathering::new(key, field, ArgsId::NONE, types, cond, Some((set, cond))));
    }

    fn gather_field(
        &mut self,
        field: &'d Node<Field>,
        types: &TypeSet,
        cond: CondId,
        out: &mut Gathered<'d>,
    ) -> Result<(), CollectError> {
        let Some(cond) = self.conditions(&field.directives, cond) else { return Ok(()) };
        let name = match field.name.as_str() {
            "__schema" | "__type" => FieldName::INTROSPECTION,
            name => self.supergraph.field_id(name).ok_or_else(|| CollectError::Unknown(name.to_owned()))?,
        };
        let key = match name {
            name if field.alias.is_none() && name != FieldName::INTROSPECTION => self.supergraph.key(name),
            _ => self.sets.intern_key(field.response_key()),
        };
        let args = self.arguments(&field.arguments);
        let part = (name != FieldName::INTROSPECTION && !field.selection_set.selections.is_empty())
            .then_some((&field.selection_set, cond));
        let mut rest = types.clone();
        let mut split: SmallVec<[Gathering<'_>; 1]> = SmallVec::new();
        for &at in out.by_key.get(&key).into_iter().flatten() {
            let known = &mut out.entries[at];
            if known.field != name || known.args != args || !known.types.intersects(&rest) {
                continue;
            }
            let common = known.types.intersection(&rest);
            rest = rest.difference(&common);
            if known.has(cond, part, self.sets) {
                continue;
            }
            let outside = known.types.difference(&common);
            if !outside.is_empty() {
                split.push(Gathering { types: outside, ..known.copy() });
                known.types = common;
            }
            known.add(cond, part, self.sets);
        }
        if !rest.is_empty() {
            split.push(Gathering::new(key, name, args, rest, cond, part));
        }
        for new in split {
            out.by_key.get_or_insert_with(key, SmallVec::new).push(out.entries.len());
            out.entries.push(new);
        }
        Ok(())
    }

    fn finish(&mut self, gathering: Gathering<'d>) -> Result<Entry, CollectError> {
        let Gathering { key, field, args, types, any: cond, differs, mut parts, .. } = gathering;
        if field.is_deferred() {
            // What is fetched for it alone is fetched under its condition, so what is inside keeps that.
            let sub = Some(self.collect_parts(parts, &types)?);
            return Ok(Entry { key, field, args, types, cond, sub });
        }
        if !differs {
            // The field's own condition says it all: what is inside has none.
            parts.iter_mut().for_each(|part| part.1 = CondId::ALWAYS);
        }
        let sub = match parts.is_empty() {
            true => None,
            false => {
                let inner = types
                    .iter()
                    .filter_map(|ty| self.supergraph.field(ty, field))
                    .map(|info| &self.supergraph.ty(info.ty.named).possible)
                    .fold(TypeSet::default(), |all, possible| all.union(possible));
                Some(self.collect_parts(parts, &inner)?)
            }
        };
        Ok(Entry { key, field, args, types, cond, sub })
    }

    fn narrow(&self, types: &TypeSet, condition: &str) -> Result<TypeSet, CollectError> {
        let id = self.supergraph.names.id(condition);
        let id = id.ok_or_else(|| CollectError::Unknown(condition.to_owned()))?;
        Ok(types.intersection(&self.supergraph.ty(id).possible))
    }

    /// `None`: never.
    fn conditions(&mut self, directives: &DirectiveList, cond: CondId) -> Option<CondId> {
        let mut all = cond;
        for directive in directives.iter() {
            let expected = match directive.name.as_str() {
                "include" => true,
                "skip" => false,
                _ => continue,
            };
            match directive.specified_argument_by_name("if").map(|value| &**value) {
                Some(Value::Boolean(value)) if *value != expected => return None,
                Some(Value::Variable(name)) => {
                    let variable = (self.variables)(name)?;
                    let literal = self.sets.literal(Literal { variable, expected });
                    all = self.sets.and(all, literal)?;
                }
                _ => {}
            }
        }
        Some(all)
    }

    fn arguments(&mut self, arguments: &[Node<Argument>]) -> ArgsId {
        if arguments.is_empty() {
            return ArgsId::NONE;
        }
        let mut sorted: Vec<_> = arguments.iter().collect();
        sorted.sort_by(|a, b| a.name.cmp(&b.name));
        let mut found = Arguments { text: String::from("("), variables: Vec::new() };
        for (at, argument) in sorted.into_iter().enumerate() {
            if at > 0 {
                found.text.push_str(", ");
            }
            found.text.push_str(&format!("{}: {}", argument.name, argument.value.serialize().no_indent()));
            variables_of(&argument.value, &mut found.variables);
        }
        found.text.push(')');
        self.sets.intern_args(found)
    }
}

/// Joins an entry with an equal one for other types, unless that would change the order of fields for a type.
fn fold_into(entries: &mut Vec<Entry>, entry: Entry) {
    let mut at = entries.len();
    while at > 0 {
        at -= 1;
        let known = &mut entries[at];
        let alike = known.key == entry.key && known.field == entry.field && known.args == entry.args;
        if alike && known.cond == entry.cond && known.sub == entry.sub {
            known.types = known.types.union(&entry.types);
            return;
        }
        if known.types.intersects(&entry.types) {
            break;
        }
    }
    entries.push(entry);
}

fn variables_of(value: &Value, found: &mut Vec<Box<str>>) {
    match value {
        Value::Variable(name) if !found.iter().any(|known| **known == **name) => {
            found.push(name.as_str().into())
        }
        Value::List(items) => items.iter().for_each(|item| variables_of(item, found)),
        Value::Object(fields) => fields.iter().for_each(|(_, value)| variables_of(value, found)),
        _ => {}
    }
}
