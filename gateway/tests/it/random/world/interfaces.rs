//! Interfaces, unions and interface objects of a random graph.

use std::collections::{BTreeMap, BTreeSet};

use super::{Dice, InterfaceObject, Object, Subgraph, World, field};

impl World {
    pub(super) fn abstract_types(&mut self, dice: &mut Dice, entities: usize) {
        for at in 0..dice.between(0, 2) {
            let name = format!("I{at}");
            let mut fields = Vec::new();
            for number in 0..dice.between(1, 2) {
                fields
                    .push(field(&format!("i{at}f{number}"), if dice.chance(50) { "String" } else { "Int!" }));
            }
            for object in &mut self.objects[..entities] {
                if dice.chance(60) {
                    object.interfaces.push(name.clone());
                }
            }
            if self.objects.iter().any(|object| object.interfaces.contains(&name)) {
                self.interfaces.insert(name, fields);
            }
        }
        for at in 0..dice.between(0, 2) {
            let members = self.objects[..entities].iter().filter(|_| dice.chance(60));
            let members: Vec<String> = members.map(|object| object.name.clone()).collect();
            if members.is_empty() {
                continue;
            }
            let name = format!("U{at}");
            // The first is everywhere, so that each has one.
            for member in &members[1..] {
                for subgraph in (0..self.subgraphs).filter(|_| dice.chance(25)) {
                    self.left_out.insert((name.clone(), member.clone(), subgraph));
                }
            }
            self.unions.insert(name, members);
        }
    }

    /// An interface has a field in a subgraph where all its objects that the subgraph has do.
    pub(super) fn deal_interfaces(&mut self) {
        let interfaces = self.interfaces.clone();
        for (name, fields) in &interfaces {
            for wanted in fields {
                let implementers: Vec<usize> = (0..self.objects.len())
                    .filter(|&at| self.objects[at].interfaces.contains(name))
                    .collect();
                // Subgraphs that own it for any object own it for all: what an interface promises must be kept.
                let owners: BTreeSet<Subgraph> = implementers
                    .iter()
                    .flat_map(|&at| self.objects[at].fields.iter())
                    .filter(|field| field.name == wanted.name)
                    .flat_map(|field| field.owners.iter().copied())
                    .collect();
                for at in implementers {
                    let object = &mut self.objects[at];
                    let own = object.fields.iter_mut().find(|field| field.name == wanted.name).unwrap();
                    own.owners.clone_from(&owners);
                    let keys: Vec<(String, bool)> = object.keys.values().next().cloned().unwrap_or_default();
                    for &owner in &owners {
                        object.keys.entry(owner).or_insert_with(|| keys.clone());
                    }
                }
                let own = self
                    .interfaces
                    .get_mut(name)
                    .unwrap()
                    .iter_mut()
                    .find(|it| it.name == wanted.name)
                    .unwrap();
                own.owners = owners;
            }
        }
    }

    /// `J` with the objects `W0`, `W1`, …: known to its host, extended by another subgraph.
    pub(super) fn deal_interface_object(&mut self, dice: &mut Dice) {
        if !dice.chance(40) {
            return;
        }
        let host = dice.up_to(self.subgraphs);
        let extender = (host + 1 + dice.up_to(self.subgraphs - 1)) % self.subgraphs;
        let members = dice.between(1, 3);
        let mut fields = Vec::new();
        for number in 0..dice.between(1, 3) {
            let mut new = field(&format!("j{number}"), &Self::leaf(dice));
            new.owners.insert(extender);
            fields.push(new);
        }
        let mut name = field("name", "String");
        name.owners.insert(host);
        self.interfaces.insert("J".to_owned(), vec![name.clone()]);
        for at in 0..members {
            let mut own = vec![name.clone()];
            let mut keys = BTreeMap::from([(host, vec![("id".to_owned(), true)])]);
            for number in 0..dice.between(0, 2) {
                let mut new = field(&format!("w{number}"), &Self::leaf(dice));
                // Others may know the object itself, but not besides its interface object.
                let owner = dice.up_to(self.subgraphs);
                new.owners.insert(if owner == extender { host } else { owner });
                keys.entry(*new.owners.first().unwrap()).or_insert_with(|| vec![("id".to_owned(), true)]);
                own.push(new);
            }
            own.extend(fields.clone());
            self.objects.push(Object {
                name: format!("W{at}"),
                fields: own,
                keys,
                interfaces: vec!["J".to_owned()],
            });
        }
        let wrapped = ["J", "J!", "[J]", "[J!]!"];
        for (number, owner) in [(90, host), (91, extender)] {
            let mut new = field(&format!("q{number}"), wrapped[dice.up_to(wrapped.len())]);
            new.owners.insert(owner);
            new.has_argument = dice.chance(30);
            self.query.fields.push(new);
        }
        self.interface_object = Some(InterfaceObject { host, extender, fields, members });
    }

    /// Whether the subgraph has `J` as an interface object.
    pub fn extends_interface(&self, subgraph: Subgraph) -> bool {
        self.interface_object.as_ref().is_some_and(|it| it.extender == subgraph)
    }
}
