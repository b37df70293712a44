//! What must hold of every plan: it brings what the client selects, and no fetch of it is needless.
//!
//! A plan is run on nothing but knowledge: which object is there, which type it is
//! known to have, which of its slots hold a value. Then it is run once more without one of its lookups, and if the
//! client's selection loses nothing by that, the lookup should never have been made.
//!
//! What a request brings is read from its text, so type conditions and `@include` count as they do in the subgraph.

use std::collections::{BTreeSet, HashMap};

use apollo_compiler::ast::{Definition, Directive, Document, Field, Selection, Value};
use tributary_federation::plan::*;
use tributary_federation::{Plan, Supergraph, TypeId, TypeSet};

mod joins;

use joins::Joins;

/// Combinations of conditions that are looked at; a plan with more than six variables in them isn't seen wholly.
const COMBINATIONS: u32 = 64;

/// What is wrong with a plan: [`missing`] and [`needless`].
///
/// # Panics
/// Where a fetch's text isn't what its tables say.
pub fn faults(supergraph: &Supergraph, plan: &Plan) -> Vec<String> {
    let mut faults = missing(supergraph, plan);
    faults.extend(needless(supergraph, plan));
    faults
}

/// What the client selects and no fetch of the plan brings.
///
/// # Panics
/// Where a fetch's text isn't what its tables say.
pub fn missing(supergraph: &Supergraph, plan: &Plan) -> Vec<String> {
    let plan = Examined::new(supergraph, plan);
    let mut missing = BTreeSet::new();
    for values in plan.combinations() {
        let all = plan.run(&values, None);
        missing.extend(all.lost(&plan, &values, &all));
    }
    missing.into_iter().map(|lost| format!("nothing brings {lost:?}")).collect()
}

/// The lookups (and root selections) of the plan without which the client would still get everything.
///
/// That conditions on the way to a field exclude each other isn't seen through, since the planner doesn't either: what
/// is needed if all conditions hold at once is needed.
///
/// # Panics
/// Where a fetch's text isn't what its tables say.
pub fn needless(supergraph: &Supergraph, plan: &Plan) -> Vec<String> {
    let plan = Examined::new(supergraph, plan);
    let mut needless: BTreeSet<Unit> = plan.units.iter().copied().collect();
    for values in plan.combinations() {
        let all = plan.run(&values, None);
        let lost = all.lost(&plan, &values, &all);
        needless.retain(|unit| plan.run(&values, Some(*unit)).lost(&plan, &values, &all) == lost);
    }
    needless.iter().map(|(fetch, lookup)| format!("needless: fetch {fetch}, selection {lookup}")).collect()
}

/// What the variables of conditions are; `None`: every condition holds.
type Values<'a> = Option<HashMap<&'a str, bool>>;

/// A fetch and the number of the lookup in it.
type Unit = (usize, usize);

/// A kind of objects: those at one place of the answer of one runtime type.
type Objects = (Place, TypeId);

/// A place of the answer by all runtime types on the way: an index into [`Run::places`].
type Place = usize;

/// What can be known about objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Knowledge {
    /// There are such objects.
    Exist,
    /// Their runtime type.
    Type,
    /// That they are of this interface, by an interface object.
    Interface(TypeId),
    /// The value of a slot.
    Slot(SlotId),
}

struct Examined<'a> {
    plan: &'a Plan,
    joins: Joins<'a>,
    units: Vec<Unit>,
    documents: Vec<Document>,
    /// The fields of each [`Read`] by their keys.
    reads: Vec<HashMap<&'a str, &'a ReadField>>,
}

impl<'a> Examined<'a> {
    fn new(supergraph: &'a Supergraph, plan: &'a Plan) -> Self {
        let mut units = Vec::new();
        let mut documents = Vec::new();
        for (at, fetch) in plan.fetches.iter().enumerate() {
            let count = match &fetch.source {
                FetchSource::Root { .. } => 1,
                FetchSource::Entities(lookups) => lookups.len(),
            };
            units.extend((0..count).map(|lookup| (at, lookup)));
            documents
                .push(Document::parse(&*fetch.query, "fetch.graphql").expect("a fetch is valid GraphQL"));
        }
        let by_key = |read: &'a Read| read.fields.iter().map(|field| (&*field.key, field)).collect();
        let reads = plan.reads.iter().map(by_key).collect();
        Self { plan, joins: Joins::new(supergraph, plan.type_names.clone()), units, documents, reads }
    }

    /// The values that the variables of conditions can have, after all conditions at once.
    fn combinations(&self) -> Vec<Values<'a>> {
        let literals = self.plan.conditions.iter().flat_map(|condition| condition.any.iter().flatten());
        let mut variables: BTreeSet<usize> = literals.map(|literal| literal.variable.index()).collect();
        // What only decides what a subgraph is asked isn't among the conditions of the plan.
        let mut names = BTreeSet::new();
        self.documents.iter().for_each(|document| conditions(operation(document), &mut names));
        let names = names.into_iter();
        variables.extend(names.filter_map(|name| self.plan.variables.iter().position(|it| **it == *name)));
        let count = 1u32.checked_shl(variables.len() as u32).unwrap_or(u32::MAX).min(COMBINATIONS);
        let values = |bits: u32| {
            let one = |(at, &variable): (usize, &usize)| {
                (&*self.plan.variables[variable], bits.checked_shr(at as u32).unwrap_or(0) & 1 == 1)
            };
            Some(variables.iter().enumerate().map(one).collect())
        };
        let own = (0..count).filter(|_| !variables.is_empty()).map(values);
        std::iter::once(None).chain(own).collect()
    }

    fn holds(&self, condition: Option<ConditionId>, values: &Values<'_>) -> bool {
        let Some(values) = values else { return true };
        let value = |variable: VariableId| values[&*self.plan.variables[variable.index()]];
        condition.is_none_or(|condition| self.plan.conditions[condition.index()].holds(value))
    }

    /// What comes to be known, without that unit.
    fn run(&self, values: &Values<'_>, without: Option<Unit>) -> Run {
        let mut run = Run::default();
        let root = run.place(None);
        let root_type = self.joins.root(self.plan.kind);
        run.know((root, root_type), Knowledge::Exist);
        run.know((root, root_type), Knowledge::Type);
        loop {
            let before = run.known.len();
            for unit in self.units.iter().filter(|unit| Some(**unit) != without) {
                Visit { plan: self, values, fetch: &self.plan.fetches[unit.0], run: &mut run }.visit(*unit);
            }
            if run.known.len() == before {
                return run;
            }
        }
    }
}

#[derive(Default)]
struct Run {
    /// The objects above and their slot; none at the root.
    places: Vec<Option<(Objects, SlotId)>>,
    numbers: HashMap<Option<(Objects, SlotId)>, Place>,
    known: BTreeSet<(Objects, Knowledge)>,
}

/// What the client selects on objects of a type at the end of a way: a slot, or the type itself.
type Wish = (Vec<(TypeId, SlotId)>, TypeId, Option<SlotId>);

impl Run {
    fn place(&mut self, above: Option<(Objects, SlotId)>) -> Place {
        *self.numbers.entry(above).or_insert_with(|| {
            self.places.push(above);
            self.places.len() - 1
        })
    }

    fn know(&mut self, objects: Objects, knowledge: Knowledge) {
        self.known.insert((objects, knowledge));
    }

    fn knows(&self, objects: Objects, knowledge: Knowledge) -> bool {
        self.known.contains(&(objects, knowledge))
    }

    /// The kinds of objects that are at a place.
    fn at(&self, place: Place) -> Vec<Objects> {
        let from = ((place, TypeId(0)), Knowledge::Exist);
        let here = self.known.range(from..).take_while(|((at, _), _)| *at == place);
        here.filter(|(_, knowledge)| *knowledge == Knowledge::Exist).map(|(objects, _)| *objects).collect()
    }

    fn below(&self, objects: Objects, slot: SlotId) -> Vec<Objects> {
        self.numbers.get(&Some((objects, slot))).map(|&place| self.at(place)).unwrap_or_default()
    }

    /// Whether objects are known to be of one of these types.
    fn is_one_of(&self, objects: Objects, types: &TypeSet) -> bool {
        match self.knows(objects, Knowledge::Type) {
            true => types.contains(objects.1),
            false => types.iter().any(|ty| self.knows(objects, Knowledge::Interface(ty))),
        }
    }

    /// Whether any of these objects' fields is asked for. Union members that not every source knows aren't asked for
    /// anything, so that the answer doesn't depend on which source is taken.
    fn is_asked(&self, objects: Objects) -> bool {
        let from = (objects, Knowledge::Slot(SlotId(0)));
        objects.0 == 0 || self.known.range(from..).next().is_some_and(|(known, _)| *known == objects)
    }

    /// Of what the client selects on the objects that there are, all that isn't known.
    fn lost(&self, plan: &Examined<'_>, values: &Values<'_>, there: &Run) -> BTreeSet<Wish> {
        let mut lost = BTreeSet::new();
        let mut wishes = Wishes { plan, values, there, known: self, lost: &mut lost };
        let roots = there.at(0);
        roots.into_iter().for_each(|root| wishes.on(root, OutputId(0), &mut Vec::new()));
        lost
    }
}

/// Walks the client's selection over the objects that there are in the whole run. Places have other numbers in a
/// run that misses something, so they are found by their ways.
struct Wishes<'r, 'a> {
    plan: &'r Examined<'a>,
    values: &'r Values<'a>,
    there: &'r Run,
    known: &'r Run,
    lost: &'r mut BTreeSet<Wish>,
}

impl Wishes<'_, '_> {
    fn on(&mut self, objects: Objects, output: OutputId, way: &mut Vec<(TypeId, SlotId)>) {
        let selection = &self.plan.plan.outputs[output.index()];
        if !self.there.is_one_of(objects, &selection.types) || !self.there.is_asked(objects) {
            return;
        }
        let same = self.same(objects, way);
        if !same.is_some_and(|same| self.known.is_one_of(same, &selection.types)) {
            self.lost.insert((way.clone(), objects.1, None));
        }
        let applies = |types: &Option<TypeSet>| types.as_ref().is_none_or(|types| types.contains(objects.1));
        for field in &selection.fields {
            if self.plan.holds(field.condition, self.values) && applies(&field.types) {
                self.field(objects, same, field, way);
            }
        }
        for later in &selection.deferred {
            if self.plan.holds(later.condition, self.values) && applies(&later.types) {
                self.on(objects, later.output, way);
            }
        }
    }

    fn field(
        &mut self,
        objects: Objects,
        same: Option<Objects>,
        field: &OutputField,
        way: &mut Vec<(TypeId, SlotId)>,
    ) {
        let known = |knowledge| same.is_some_and(|same| self.known.knows(same, knowledge));
        let typed = known(Knowledge::Type);
        match &field.value {
            OutputValue::Typename if !typed => drop(self.lost.insert((way.clone(), objects.1, None))),
            OutputValue::Slot { slot, ty, .. } => {
                if !known(Knowledge::Slot(*slot)) || field.types.is_some() && !typed {
                    self.lost.insert((way.clone(), objects.1, Some(*slot)));
                }
                let OutputInner::Object(inner) = ty.inner else { return };
                way.push((objects.1, *slot));
                self.there.below(objects, *slot).into_iter().for_each(|child| self.on(child, inner, way));
                way.pop();
            }
            _ => {}
        }
    }

    fn same(&self, objects: Objects, way: &[(TypeId, SlotId)]) -> Option<Objects> {
        let mut place = 0;
        for &(ty, slot) in way {
            place = *self.known.numbers.get(&Some(((place, ty), slot)))?;
        }
        Some((place, objects.1))
    }
}

/// One lookup that is made.
struct Visit<'r, 'a> {
    plan: &'r Examined<'a>,
    values: &'r Values<'a>,
    fetch: &'a Fetch,
    run: &'r mut Run,
}

impl Visit<'_, '_> {
    fn visit(&mut self, (fetch, lookup): Unit) {
        if !self.plan.holds(self.fetch.condition, self.values) {
            return;
        }
        let plan = self.plan;
        let selection = operation(&plan.documents[fetch]);
        match &self.fetch.source {
            FetchSource::Root { path, read } => {
                let roots = self.objects(path);
                roots.into_iter().for_each(|root| self.read(root, selection, *read));
            }
            FetchSource::Entities(lookups) if self.plan.holds(lookups[lookup].condition, self.values) => {
                let lookup = &lookups[lookup];
                let asked = |it: &Selection| {
                    it.as_field().filter(|field| *field.response_name() == *lookup.key).cloned()
                };
                let entities = selection.iter().find_map(asked).expect("each lookup is in the text");
                for objects in self.objects(&lookup.path) {
                    let fits = |it: &&Representation| self.run.is_one_of(objects, &it.types);
                    let sent = lookup.representations.iter().find(fits);
                    if sent.is_some_and(|sent| self.has(objects, &sent.fields))
                        && self.is_told(objects, lookup)
                    {
                        self.read(objects, &entities.selection_set, lookup.read);
                    }
                }
            }
            FetchSource::Entities(_) => {}
        }
    }

    /// The objects that a path leads to, of those that there are.
    fn objects(&self, path: &[PathStep]) -> Vec<Objects> {
        path.iter().fold(self.run.at(0), |objects, step| {
            let passes =
                |it: &Objects| step.types.as_ref().is_none_or(|types| self.run.is_one_of(*it, types));
            objects.into_iter().filter(passes).flat_map(|it| self.run.below(it, step.slot)).collect()
        })
    }

    /// Whether everything is known that objects are told by those above them.
    fn is_told(&self, objects: Objects, lookup: &Lookup) -> bool {
        let mut above = Vec::new();
        let mut at = objects;
        while let Some((parent, _)) = self.run.places[at.0] {
            above.push(parent);
            at = parent;
        }
        above.reverse();
        lookup.contexts.iter().all(|argument| {
            let fits = |source: &&ContextSource| source.types.contains(above[source.depth].1);
            let source = argument.sources.iter().find(fits);
            source.is_some_and(|source| self.has(above[source.depth], &source.fields))
        })
    }

    /// Whether everything in a representation is known.
    fn has(&self, objects: Objects, fields: &[RepresentationField]) -> bool {
        let applies = |it: &&RepresentationField| {
            it.types.as_ref().is_none_or(|types| self.run.is_one_of(objects, types))
        };
        fields.iter().filter(applies).all(|field| match &field.value {
            RepresentationValue::Typename => true,
            RepresentationValue::Leaf(slot) => self.run.knows(objects, Knowledge::Slot(*slot)),
            RepresentationValue::Object(slot, inner) => {
                let below = self.run.below(objects, *slot);
                !below.is_empty() && below.into_iter().all(|child| self.has(child, inner))
            }
        })
    }

    fn read(&mut self, objects: Objects, selection: &[Selection], read: ReadId) {
        let (joins, subgraph) = (&self.plan.joins, self.fetch.subgraph);
        let program = &self.plan.plan.reads[read.index()];
        self.run.know(objects, Knowledge::Exist);
        match program.typename {
            ReadTypename::Keep => {}
            ReadTypename::Static(ty) if ty != objects.1 => self.run.know(objects, Knowledge::Interface(ty)),
            _ => match joins.interface_object(subgraph, objects.1) {
                Some(interface) => self.run.know(objects, Knowledge::Interface(interface)),
                None => self.run.know(objects, Knowledge::Type),
            },
        }
        let mut asked = Vec::new();
        self.fields(objects.1, selection, &mut asked);
        for field in asked {
            let into = self.plan.reads[read.index()].get(field.response_name().as_str());
            let Some(into) = into else { continue };
            let Some(declared) = joins.field_type(subgraph, objects.1, &field.name) else { continue };
            self.run.know(objects, Knowledge::Slot(into.slot));
            let Some(inner) = into.read else { continue };
            let place = self.run.place(Some((objects, into.slot)));
            for ty in joins.possible(subgraph, &declared) {
                self.read((place, ty), &field.selection_set, inner);
            }
        }
    }

    /// The fields that an object of that type is asked for.
    fn fields<'s>(&self, ty: TypeId, selection: &'s [Selection], found: &mut Vec<&'s Field>) {
        for selection in selection {
            match selection {
                Selection::Field(field) if self.wanted(&field.directives) => found.push(field),
                Selection::InlineFragment(fragment) if self.wanted(&fragment.directives) => {
                    let condition = fragment.type_condition.as_ref();
                    if condition
                        .is_none_or(|condition| self.plan.joins.is_a(self.fetch.subgraph, ty, condition))
                    {
                        self.fields(ty, &fragment.selection_set, found);
                    }
                }
                Selection::FragmentSpread(_) => panic!("the planner writes no named fragments"),
                _ => {}
            }
        }
    }

    fn wanted(&self, directives: &[apollo_compiler::Node<Directive>]) -> bool {
        let Some(values) = self.values else { return true };
        directives.iter().all(|directive| {
            let value = match directive.specified_argument_by_name("if").map(|value| &**value) {
                Some(Value::Variable(name)) => values[name.as_str()],
                Some(Value::Boolean(value)) => *value,
                _ => return true,
            };
            value == (directive.name == "include")
        })
    }
}

fn operation(document: &Document) -> &[Selection] {
    let operation = document.definitions.iter().find_map(|definition| match definition {
        Definition::OperationDefinition(operation) => Some(operation),
        _ => None,
    });
    &operation.expect("a fetch is one operation").selection_set
}

/// The variables that `@include` and `@skip` name.
fn conditions<'d>(selections: &'d [Selection], names: &mut BTreeSet<&'d str>) {
    for selection in selections {
        let (directives, inner): (_, &[Selection]) = match selection {
            Selection::Field(field) => (&field.directives, &field.selection_set),
            Selection::InlineFragment(fragment) => (&fragment.directives, &fragment.selection_set),
            Selection::FragmentSpread(spread) => (&spread.directives, &[]),
        };
        let ifs = directives.iter().filter_map(|directive| directive.specified_argument_by_name("if"));
        names.extend(ifs.filter_map(|value| value.as_variable()).map(|name| name.as_str()));
        conditions(inner, names);
    }
}
