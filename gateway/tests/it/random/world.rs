//! A random graph and how it is dealt out.

use std::collections::{BTreeMap, BTreeSet};

use super::dice::Dice;

mod contexts;
mod interfaces;
mod print;
mod requires;

pub use requires::Required;

pub type Subgraph = usize;

#[derive(Clone, Debug)]
pub struct Field {
    pub name: String,
    /// As GraphQL writes it.
    pub ty: String,
    /// The type inside the wrappers.
    pub named: String,
    pub has_argument: bool,
    /// Who resolves it.
    pub owners: BTreeSet<Subgraph>,
    /// What its only owner requires.
    pub requires: Option<Vec<Required>>,
    /// Owners that declare it nullable though it isn't.
    pub weak: BTreeSet<Subgraph>,
    /// What each owner provides of its entity.
    pub provides: BTreeMap<Subgraph, String>,
    /// The type of the argument that is set from a context.
    pub told: Option<String>,
}

#[derive(Clone, Debug)]
pub struct Object {
    pub name: String,
    pub fields: Vec<Field>,
    /// By subgraph: key field sets and whether they resolve. Empty for value types.
    pub keys: BTreeMap<Subgraph, Vec<(String, bool)>>,
    pub interfaces: Vec<String>,
}

/// An interface that one subgraph knows with its objects and another one extends without knowing them.
pub struct InterfaceObject {
    pub host: Subgraph,
    pub extender: Subgraph,
    /// What the extender adds.
    pub fields: Vec<Field>,
    pub members: usize,
}

pub struct World {
    pub subgraphs: usize,
    pub interface_object: Option<InterfaceObject>,
    /// Who takes something from objects above.
    pub teller: Option<Subgraph>,
    pub objects: Vec<Object>,
    /// Interfaces and their fields.
    pub interfaces: BTreeMap<String, Vec<Field>>,
    pub unions: BTreeMap<String, Vec<String>>,
    /// Unions, members of them, and subgraphs that don't have them there.
    pub left_out: BTreeSet<(String, String, Subgraph)>,
    pub query: Object,
}

pub const COLORS: [&str; 3] = ["RED", "GREEN", "BLUE"];

fn field(name: &str, ty: &str) -> Field {
    let named = ty.replace(['[', ']', '!'], "");
    Field {
        name: name.to_owned(),
        ty: ty.to_owned(),
        named,
        has_argument: false,
        owners: BTreeSet::new(),
        requires: None,
        weak: BTreeSet::new(),
        provides: BTreeMap::new(),
        told: None,
    }
}

impl World {
    pub fn new(dice: &mut Dice) -> Self {
        let subgraphs = dice.between(2, 5);
        let entities = dice.between(2, 5);
        let values = dice.between(1, 3);
        let mut world = Self {
            subgraphs,
            interface_object: None,
            teller: None,
            objects: Vec::new(),
            interfaces: BTreeMap::new(),
            unions: BTreeMap::new(),
            left_out: BTreeSet::new(),
            query: Object {
                name: "Query".to_owned(),
                fields: Vec::new(),
                keys: BTreeMap::new(),
                interfaces: Vec::new(),
            },
        };
        for at in 0..entities {
            world.objects.push(Object {
                name: format!("E{at}"),
                fields: vec![],
                keys: BTreeMap::new(),
                interfaces: vec![],
            });
        }
        for at in 0..values {
            world.objects.push(Object {
                name: format!("V{at}"),
                fields: vec![],
                keys: BTreeMap::new(),
                interfaces: vec![],
            });
        }
        world.abstract_types(dice, entities);
        let named = world.composite_names();
        for at in 0..entities {
            world.deal_entity(dice, at, &named);
        }
        for at in entities..entities + values {
            world.deal_value(dice, at);
        }
        world.deal_interfaces();
        world.deal_requires(dice, entities);
        world.deal_weakness(dice);
        world.deal_query(dice, entities, &named);
        world.deal_interface_object(dice);
        world.deal_provides(dice, entities);
        world.deal_contexts(dice);
        world
    }

    fn composite_names(&self) -> Vec<String> {
        let objects = self.objects.iter().map(|object| object.name.clone());
        objects.chain(self.interfaces.keys().cloned()).chain(self.unions.keys().cloned()).collect()
    }

    fn owners(&self, dice: &mut Dice) -> BTreeSet<Subgraph> {
        let count = if dice.chance(70) { 1 } else { dice.between(2, self.subgraphs) };
        let mut owners = BTreeSet::new();
        while owners.len() < count {
            let mut owner = dice.up_to(self.subgraphs);
            while owners.contains(&owner) {
                owner = (owner + 1) % self.subgraphs;
            }
            owners.insert(owner);
        }
        owners
    }

    fn wrap(dice: &mut Dice, named: &str) -> String {
        let inner = if dice.chance(40) { format!("{named}!") } else { named.to_owned() };
        match dice.up_to(10) {
            0..=5 => inner,
            6 | 7 => format!("[{inner}]"),
            8 => format!("[{inner}]!"),
            _ => format!("[[{inner}]!]"),
        }
    }

    fn leaf(dice: &mut Dice) -> String {
        let named = *dice.pick(&["String", "Int", "Boolean", "Color", "ID", "Float"]);
        if dice.chance(85) {
            if dice.chance(40) { format!("{named}!") } else { named.to_owned() }
        } else {
            Self::wrap(dice, named)
        }
    }

    fn deal_entity(&mut self, dice: &mut Dice, at: usize, named: &[String]) {
        let mut fields = Vec::new();
        let mut possible: Vec<&str> = vec!["id"];
        if dice.chance(50) {
            possible.push("sku");
        }
        if dice.chance(35) {
            possible.push("ka kb");
        }
        if dice.chance(30) {
            possible.push("ref { code }");
        }
        for number in 0..dice.between(2, 6) {
            let mut new = field(&format!("f{number}"), &Self::leaf(dice));
            new.owners = self.owners(dice);
            new.has_argument = dice.chance(20);
            fields.push(new);
        }
        for number in 0..dice.between(1, 3) {
            let target = dice.pick(named).clone();
            let mut new = field(&format!("r{number}"), &Self::wrap(dice, &target));
            new.owners = self.owners(dice);
            new.has_argument = dice.chance(10);
            fields.push(new);
        }
        for interface in &self.objects[at].interfaces {
            for wanted in &self.interfaces[interface] {
                let mut new = wanted.clone();
                new.owners = self.owners(dice);
                fields.push(new);
            }
        }
        let users: BTreeSet<Subgraph> =
            fields.iter().flat_map(|field| field.owners.iter().copied()).collect();
        for subgraph in users {
            let mut keys = Vec::new();
            for key in &possible {
                if dice.chance(if *key == "id" { 75 } else { 50 }) {
                    keys.push(((*key).to_owned(), true));
                }
            }
            if keys.is_empty() {
                keys.push(((*dice.pick(&possible)).to_owned(), true));
            }
            self.objects[at].keys.insert(subgraph, keys);
        }
        self.objects[at].fields = fields;
    }

    /// Gives an entity to a subgraph that only refers to it.
    fn refer(&mut self, dice: &mut Dice, name: &str, subgraph: Subgraph) {
        let at = self.objects.iter().position(|object| object.name == name).unwrap();
        if !name.starts_with('E') || self.objects[at].keys.contains_key(&subgraph) {
            return;
        }
        let all: BTreeSet<String> =
            self.objects[at].keys.values().flatten().map(|(key, _)| key.clone()).collect();
        let all: Vec<String> = all.into_iter().collect();
        let key = dice.pick(&all).clone();
        let resolvable = dice.chance(50);
        self.objects[at].keys.insert(subgraph, vec![(key, resolvable)]);
    }

    fn deal_value(&mut self, dice: &mut Dice, at: usize) {
        let split = dice.chance(30);
        for number in 0..dice.between(2, 4) {
            let mut new = field(&format!("v{number}"), &Self::leaf(dice));
            new.owners = if split { self.owners(dice) } else { (0..self.subgraphs).collect() };
            self.objects[at].fields.push(new);
        }
        if dice.chance(60) {
            let target =
                format!("E{}", dice.up_to(self.objects.iter().filter(|it| it.name.starts_with('E')).count()));
            let mut new = field("e", &Self::wrap(dice, &target));
            new.owners = (0..self.subgraphs).collect();
            self.objects[at].fields.push(new);
        }
    }

    /// Some subgraphs promise less than others.
    fn deal_weakness(&mut self, dice: &mut Dice) {
        for object in &mut self.objects {
            for field in &mut object.fields {
                let own =
                    field.name.starts_with('f') || field.name.starts_with('r') || field.name.starts_with('v');
                if own && field.ty.ends_with('!') && field.owners.len() > 1 && dice.chance(40) {
                    let owners: Vec<Subgraph> = field.owners.iter().copied().collect();
                    field.weak.insert(*dice.pick(&owners));
                }
            }
        }
    }

    fn deal_query(&mut self, dice: &mut Dice, entities: usize, named: &[String]) {
        let mut number = 0;
        for name in named {
            for _ in 0..dice.between(1, 2) {
                let mut new = field(&format!("q{number}"), &Self::wrap(dice, name));
                number += 1;
                new.owners = self.owners(dice);
                new.has_argument = dice.chance(30);
                self.query.fields.push(new);
            }
        }
        let _ = entities;
        // Whoever returns something must know it: entities by a key, abstract types with all their objects.
        loop {
            let mut wanted: Vec<(String, Subgraph)> = Vec::new();
            for subgraph in 0..self.subgraphs {
                for object in self.objects.iter().chain([&self.query]) {
                    let here = object.fields.iter().filter(|field| self.declares(object, field, subgraph));
                    for field in here {
                        let members = self.members_in(&field.named, subgraph);
                        wanted.extend(members.into_iter().map(|name| (name, subgraph)));
                    }
                }
                let required = self.required_types(subgraph).into_iter().flat_map(|(_, members)| members);
                wanted.extend(required.map(|name| (name, subgraph)));
            }
            let before: usize = self.objects.iter().map(|object| object.keys.len()).sum();
            for (name, subgraph) in wanted {
                self.refer(dice, &name, subgraph);
            }
            self.keep_promises(dice);
            if before == self.objects.iter().map(|object| object.keys.len()).sum::<usize>() {
                break;
            }
        }
    }

    /// GraphQL has no type without fields: who returns an interface or a value resolves one of its fields.
    fn keep_promises(&mut self, dice: &mut Dice) {
        for at in 0..self.objects.len() {
            let name = self.objects[at].name.clone();
            for subgraph in (0..self.subgraphs).filter(|_| name.starts_with('V')) {
                let returned = |field: &Field| field.named == name && field.owners.contains(&subgraph);
                let used = self.objects.iter().chain([&self.query]).any(|it| it.fields.iter().any(returned));
                if used && !self.objects[at].fields.iter().any(|field| field.owners.contains(&subgraph)) {
                    self.objects[at].fields[0].owners.insert(subgraph);
                }
            }
        }
        let interfaces: Vec<String> = self.interfaces.keys().cloned().collect();
        for name in interfaces {
            let first = self.interfaces[&name][0].name.clone();
            for subgraph in 0..self.subgraphs {
                let returned = |field: &Field| field.named == name && field.owners.contains(&subgraph);
                let used = self.objects.iter().chain([&self.query]).any(|it| it.fields.iter().any(returned));
                let known = self.interfaces[&name].iter().any(|field| field.owners.contains(&subgraph));
                if !used || known {
                    continue;
                }
                self.interfaces.get_mut(&name).unwrap()[0].owners.insert(subgraph);
                for member in self.members(&name) {
                    self.refer(dice, &member, subgraph);
                    let object = self.objects.iter_mut().find(|object| object.name == member).unwrap();
                    let own = object.fields.iter_mut().find(|field| field.name == first).unwrap();
                    own.owners.insert(subgraph);
                }
            }
        }
    }

    fn deal_provides(&mut self, dice: &mut Dice, entities: usize) {
        let entity_fields: BTreeMap<String, Vec<Field>> =
            self.objects[..entities].iter().map(|it| (it.name.clone(), it.fields.clone())).collect();
        let mut external: Vec<(String, String, Subgraph)> = Vec::new();
        for object in self.objects[..entities].iter_mut().chain([&mut self.query]) {
            for field in &mut object.fields {
                let Some(inner) = entity_fields.get(&field.named) else { continue };
                for &owner in &field.owners {
                    let usable: Vec<&Field> = inner
                        .iter()
                        .filter(|it| !it.owners.contains(&owner) && it.name.starts_with('f'))
                        .filter(|it| !it.has_argument && it.requires.is_none())
                        .collect();
                    if !usable.is_empty() && dice.chance(40) {
                        let chosen = dice.pick(&usable);
                        field.provides.insert(owner, chosen.name.clone());
                        external.push((field.named.clone(), chosen.name.clone(), owner));
                    }
                }
            }
        }
    }

    pub fn object(&self, name: &str) -> Option<&Object> {
        if name == "Query" {
            return Some(&self.query);
        }
        self.objects.iter().find(|object| object.name == name)
    }

    /// The objects that a value of that type can be.
    pub fn members(&self, name: &str) -> Vec<String> {
        if let Some(members) = self.unions.get(name) {
            return members.clone();
        }
        if self.interfaces.contains_key(name) {
            let members = self.objects.iter().filter(|object| object.interfaces.iter().any(|it| it == name));
            return members.map(|object| object.name.clone()).collect();
        }
        self.object(name).map(|object| object.name.clone()).into_iter().collect()
    }

    /// The objects that a value of that type can be in the subgraph.
    pub fn members_in(&self, name: &str, subgraph: Subgraph) -> Vec<String> {
        let mut members = self.members(name);
        members.retain(|member| !self.left_out.contains(&(name.to_owned(), member.clone(), subgraph)));
        members
    }

    /// The objects that the field's values can be, whoever answers it.
    pub fn returned(&self, field: &Field) -> Vec<String> {
        let mut members = self.members(&field.named);
        let left_out = |member: &String, &owner: &Subgraph| {
            self.left_out.contains(&(field.named.clone(), member.clone(), owner))
        };
        members.retain(|member| !field.owners.iter().any(|owner| left_out(member, owner)));
        members
    }

    /// Whether the subgraph resolves the field.
    pub fn declares(&self, object: &Object, field: &Field, subgraph: Subgraph) -> bool {
        let _ = object;
        field.owners.contains(&subgraph)
    }
}
