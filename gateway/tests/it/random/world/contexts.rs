//! Objects that tell fields below them something.
//!
//! `C0` and `C1` set the context, `D` is told, and is reached below them alone: directly, by way of `M`, or by way of
//! another one of them.

use std::collections::{BTreeMap, BTreeSet};

use super::{Field, Object, Subgraph, World, field};
use crate::random::dice::Dice;

impl World {
    pub(super) fn deal_contexts(&mut self, dice: &mut Dice) {
        if !dice.chance(40) {
            return;
        }
        let told_in = dice.up_to(self.subgraphs);
        self.teller = Some(told_in);
        let tell = if dice.chance(50) { "String!" } else { "String" };
        for name in ["C0", "C1"] {
            let mut fields = vec![self.owned(dice, "tell", tell)];
            for (name, target) in [("down", "D"), ("side", "M"), ("other", "C1")] {
                if dice.chance(70) {
                    let ty = Self::wrap(dice, target);
                    fields.push(self.owned(dice, name, &ty));
                }
            }
            self.add_entity(name, fields);
        }
        let ty = Self::wrap(dice, "D");
        let mut side = vec![self.owned(dice, "inner", &ty)];
        if dice.chance(50) {
            side.push(self.owned(dice, "up", "C0"));
        }
        self.add_entity("M", side);
        let mut told = field("told", if dice.chance(50) { "String!" } else { "String" });
        told.owners.insert(told_in);
        told.told = Some(tell.to_owned());
        let leaf = Self::leaf(dice);
        let mut fields = vec![told, self.owned(dice, "plain", &leaf)];
        if dice.chance(40) {
            fields.push(self.owned(dice, "again", "C1"));
        }
        self.add_entity("D", fields);
        self.unions.insert("CU".to_owned(), vec!["C0".to_owned(), "C1".to_owned()]);
        for (name, named) in [("qc", "C0"), ("qd", "C1"), ("qu", "CU")] {
            let ty = Self::wrap(dice, named);
            let new = self.owned(dice, name, &ty);
            self.query.fields.push(new);
        }
        self.know_what_is_returned();
    }

    fn owned(&self, dice: &mut Dice, name: &str, ty: &str) -> Field {
        let mut new = field(name, ty);
        new.owners.insert(dice.up_to(self.subgraphs));
        new
    }

    fn add_entity(&mut self, name: &str, fields: Vec<Field>) {
        let owners: BTreeSet<Subgraph> =
            fields.iter().flat_map(|it| it.owners.iter().copied()).chain(self.teller).collect();
        let keys: BTreeMap<_, _> =
            owners.into_iter().map(|owner| (owner, vec![("id".to_owned(), true)])).collect();
        self.objects.push(Object { name: name.to_owned(), fields, keys, interfaces: Vec::new() });
    }

    /// Whoever returns one of these objects knows it by its key.
    fn know_what_is_returned(&mut self) {
        let all = self.objects.iter().chain([&self.query]).flat_map(|object| &object.fields);
        let returned: Vec<(String, Subgraph)> = all
            .flat_map(|field| field.owners.iter().map(|owner| (field.named.clone(), *owner)))
            .flat_map(|(named, owner)| self.members(&named).into_iter().map(move |name| (name, owner)))
            .filter(|(name, _)| name.starts_with(['C', 'D', 'M']))
            .collect();
        for (name, owner) in returned {
            let object = self.objects.iter_mut().find(|object| object.name == name);
            let keys = &mut object.expect("the types are there").keys;
            keys.entry(owner).or_insert_with(|| vec![("id".to_owned(), true)]);
        }
    }
}
