//! What fields of a random graph require.

use std::fmt;

use super::{Dice, Field, World};

/// A field that another one requires.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Required {
    pub name: String,
    pub argument: Option<i64>,
    /// What of its objects: for each type one field. Empty for leaves.
    pub below: Vec<(String, String)>,
    /// The types stand as conditions.
    pub narrowed: bool,
}

impl Required {
    /// The names of all fields in it.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        [self.name.as_str()].into_iter().chain(self.below.iter().map(|(_, field)| field.as_str()))
    }
}

impl fmt::Display for Required {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.name)?;
        if let Some(argument) = self.argument {
            write!(out, "(n: {argument})")?;
        }
        if self.below.is_empty() {
            return Ok(());
        }
        out.write_str(" {")?;
        for (ty, field) in &self.below {
            match self.narrowed {
                true => write!(out, " ... on {ty} {{ {field} }}")?,
                false => write!(out, " {field}")?,
            }
        }
        out.write_str(" }")
    }
}

impl World {
    pub(super) fn deal_requires(&mut self, dice: &mut Dice, entities: usize) {
        for at in 0..entities {
            for number in 0..self.objects[at].fields.len() {
                let target = &self.objects[at].fields[number];
                let alone =
                    target.owners.len() == 1 && target.name.starts_with('f') && target.named == "String";
                if !alone || target.ty.contains('[') || !dice.chance(60) {
                    continue;
                }
                let mut chosen = Vec::new();
                let leaves = self.required_leaves(at, number);
                if !leaves.is_empty() {
                    chosen.push(dice.pick(&leaves).clone());
                    let other = dice.pick(&leaves).clone();
                    if !chosen.contains(&other) {
                        chosen.push(other);
                    }
                }
                if dice.chance(50) {
                    chosen.extend(self.required_objects(dice, at, number, entities));
                }
                if !chosen.is_empty() {
                    self.objects[at].fields[number].requires = Some(chosen);
                }
            }
        }
    }

    /// Only earlier fields, so that no circle comes of it; they may require something themselves.
    fn required_leaves(&self, at: usize, number: usize) -> Vec<Required> {
        let fields = &self.objects[at].fields;
        let others = fields[..number].iter().filter(|other| other.name.starts_with('f'));
        let others = others.filter(|other| other.owners.is_disjoint(&fields[number].owners));
        let argument = 7 + number as i64 % 2;
        let required = others.map(|other| Required {
            name: other.name.clone(),
            argument: other.has_argument.then_some(argument),
            below: Vec::new(),
            narrowed: false,
        });
        required.collect()
    }

    /// Something of the objects that another subgraph returns; only of later types, against circles.
    fn required_objects(
        &self,
        dice: &mut Dice,
        at: usize,
        number: usize,
        entities: usize,
    ) -> Option<Required> {
        let own = &self.objects[at].fields;
        let owner = *own[number].owners.first()?;
        let later = |name: &str| {
            let position = self.objects.iter().position(|object| object.name == name);
            position.filter(|&position| position > at && position < entities)
        };
        let usable = own.iter().filter(|other| other.name.starts_with('r') && !other.has_argument);
        let usable = usable.filter(|other| !other.owners.contains(&owner));
        let reach = |field: &&Field| self.members(&field.named).iter().any(|name| later(name).is_some());
        let usable: Vec<&Field> = usable.filter(reach).collect();
        if usable.is_empty() {
            return None;
        }
        let chosen = *dice.pick(&usable);
        // Interfaces are left out: whoever names one must resolve something of it.
        if self.interfaces.contains_key(&chosen.named) {
            return None;
        }
        let mut below = Vec::new();
        for member in self.members_in(&chosen.named, owner) {
            let Some(position) = later(&member) else { continue };
            let leaves: Vec<&Field> = self.objects[position]
                .fields
                .iter()
                .filter(|field| field.name.starts_with('f') && !field.has_argument)
                .filter(|field| !field.owners.contains(&owner))
                .collect();
            if !leaves.is_empty() && dice.chance(80) {
                below.push((member, dice.pick(&leaves).name.clone()));
            }
        }
        let narrowed = self.unions.contains_key(&chosen.named);
        let required = Required { name: chosen.name.clone(), argument: None, below, narrowed };
        (!required.below.is_empty()).then_some(required)
    }

    /// The object types that the subgraph names in what its fields require.
    pub(super) fn required_types(&self, subgraph: super::Subgraph) -> Vec<(String, Vec<String>)> {
        let mut types = Vec::new();
        for object in &self.objects {
            for field in object.fields.iter().filter(|field| field.owners.contains(&subgraph)) {
                for required in field.requires.iter().flatten().filter(|it| !it.below.is_empty()) {
                    let returns = object.fields.iter().find(|it| it.name == required.name).unwrap();
                    types.push((returns.named.clone(), self.members_in(&returns.named, subgraph)));
                }
            }
        }
        types
    }
}
