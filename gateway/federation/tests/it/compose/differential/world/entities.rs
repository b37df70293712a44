//! Entities: what identifies them, who knows them, and what one subgraph needs of another.

use super::super::sdl::Field;
use super::{Dealer, NAMES};

impl Dealer<'_> {
    pub(super) fn entities(&mut self) {
        for number in 0..self.dice.between(2, 4) {
            let name = format!("Entity{number}");
            let compound = self.dice.chance(20);
            let all = self.all();
            let owners = self.dice.some(&all, 60);
            for (place, at) in owners.iter().enumerate() {
                let stub = place > 0 && self.dice.chance(15);
                self.entity(*at, &name, compound, stub);
            }
        }
        self.stubs();
        self.fields();
    }

    fn entity(&mut self, at: usize, name: &str, compound: bool, stub: bool) {
        let keyword = if self.v1 && at > 0 { "extend type" } else { "type" };
        let more_keys = self.dice.chance(25);
        let (v1, shareable) = (self.v1, self.shareable());
        let external = if keyword == "type" { "" } else { "@external" };
        let entity = self.set.subgraphs[at].open(keyword, name);
        entity.field("id", "ID!", external);
        let key = if compound { "id code" } else { "id" };
        if compound {
            entity.field("code", "String!", external);
        }
        entity.directives = format!("@key(fields: \"{key}\"");
        entity.directives.push_str(if stub && !v1 { ", resolvable: false)" } else { ")" });
        if more_keys && !stub && !v1 {
            entity.directives.push_str(" @key(fields: \"sku\")");
            entity.field("sku", "String", shareable);
        }
    }

    /// Whoever refers to an entity must know it, at least by its key.
    fn stubs(&mut self) {
        let names: Vec<(String, bool)> = self.known_entities();
        for (name, compound) in names {
            for at in self.all() {
                let known = self.set.subgraphs[at].find(&name).is_some();
                if !known && !self.v1 && self.dice.chance(25) {
                    self.entity(at, &name, compound, true);
                }
            }
        }
    }

    /// Entities with a subgraph that resolves them, and whether their key is a compound one.
    fn known_entities(&self) -> Vec<(String, bool)> {
        let mut known: Vec<(String, bool)> = Vec::new();
        for ty in self.set.subgraphs.iter().flat_map(|subgraph| &subgraph.types) {
            if ty.name.starts_with("Entity") && !known.iter().any(|(name, _)| *name == ty.name) {
                known.push((ty.name.clone(), ty.has("code")));
            }
        }
        known
    }

    /// Fields of one subgraph each, or shared.
    fn fields(&mut self) {
        for (name, _) in self.known_entities() {
            for at in self.all() {
                let entity = self.set.subgraphs[at].find(&name);
                let Some(entity) = entity.filter(|entity| !entity.directives.contains("resolvable: false"))
                else {
                    continue;
                };
                let _ = entity;
                for number in 0..self.dice.between(1, 3) {
                    let (ty, arguments) = (self.output(at), self.arguments(at));
                    let entity = self.set.subgraphs[at].find(&name).expect("it was just there");
                    entity.field(&format!("f{number}{}", NAMES[at]), &ty, "").arguments = arguments;
                }
                if self.dice.chance(40) {
                    let ty = *self.dice.pick(&["String", "String!"]);
                    let shareable = self.shareable();
                    let entity = self.set.subgraphs[at].find(&name).expect("it was just there");
                    entity.field("title", ty, shareable);
                }
            }
        }
    }

    /// Entities in one subgraph under an interface or in a union.
    pub(super) fn interfaces(&mut self) {
        for at in self.all() {
            let entities: Vec<String> = self.set.subgraphs[at]
                .types
                .iter()
                .filter(|ty| ty.keyword == "type" && ty.name.starts_with("Entity"))
                .map(|ty| ty.name.clone())
                .collect();
            if entities.is_empty() {
                continue;
            }
            let refs: Vec<&str> = entities.iter().map(String::as_str).collect();
            if self.dice.chance(40) {
                let name = format!("Node{}", NAMES[at]);
                for member in self.dice.some(&refs, 60) {
                    let entity = self.set.subgraphs[at].find(member).expect("it was just listed");
                    entity.implements.push(name.clone());
                }
                self.set.subgraphs[at].open("interface", &name).field("id", "ID!", "");
            }
            if self.dice.chance(40) {
                let members = self.dice.some(&refs, 60);
                let union = self.set.subgraphs[at].open("union", "Any");
                union.items = members.into_iter().map(str::to_owned).collect();
            }
        }
    }

    /// An interface that one subgraph knows with its objects and another one extends without knowing them.
    pub(super) fn interface_objects(&mut self) {
        let able: Vec<usize> = self.all().into_iter().filter(|at| self.since(*at, 3)).collect();
        let [host, extender, ..] = able[..] else { return };
        if !self.dice.chance(30) {
            return;
        }
        let host = &mut self.set.subgraphs[host];
        let media = host.open("interface", "Media");
        media.directives = "@key(fields: \"id\")".to_owned();
        media.field("id", "ID!", "");
        for name in ["Book", "Film"] {
            let object = host.open("type", name);
            object.implements.push("Media".to_owned());
            object.directives = "@key(fields: \"id\")".to_owned();
            object.field("id", "ID!", "");
            object.field(&format!("of{name}"), "Int", "");
        }
        host.open("type", "Query").field("media", "[Media!]", "");
        let media = self.set.subgraphs[extender].open("type", "Media");
        media.directives = "@key(fields: \"id\") @interfaceObject".to_owned();
        media.field("id", "ID!", "");
        media.field("stars", "Float", "");
    }

    /// Fields computed from what another subgraph resolves.
    pub(super) fn requirements(&mut self) {
        for (at, name, field, ty) in self.foreign_leaves(25) {
            let on = self.set.subgraphs[at].find(&name).expect("it was just listed");
            on.field(&field, &ty, "@external");
            on.field(&format!("by{field}"), "Int", &format!("@requires(fields: \"{field}\")"));
        }
    }

    /// Fields that one place gives beyond what its subgraph resolves.
    pub(super) fn provisions(&mut self) {
        if self.v1 {
            return;
        }
        for (at, name, field, ty) in self.foreign_leaves(12) {
            let on = self.set.subgraphs[at].find(&name).expect("it was just listed");
            on.field(&field, &ty, "@external");
            let query = self.set.subgraphs[at].open("type", "Query");
            query.field(&format!("with{field}"), &name, &format!("@provides(fields: \"{field}\")"));
        }
    }

    /// Leaves without arguments of an entity that a subgraph resolves, and doesn't have itself.
    fn foreign_leaves(&mut self, percent: usize) -> Vec<(usize, String, String, String)> {
        let mut found = Vec::new();
        for (name, _) in self.known_entities() {
            for at in self.all() {
                let here = &self.set.subgraphs[at];
                let Some(own) = here.types.iter().find(|ty| ty.name == name) else { continue };
                if own.directives.contains("resolvable: false") {
                    continue;
                }
                let others = self.set.subgraphs.iter().enumerate().filter(|(other, _)| *other != at);
                let foreign = others.flat_map(|(_, other)| {
                    other.types.iter().filter(|ty| ty.name == name).flat_map(|ty| &ty.fields)
                });
                let leaf = foreign.into_iter().find(|field| {
                    let named = field.ty.trim_matches(['[', ']', '!']);
                    ["Int", "String", "Boolean", "Float"].contains(&named)
                        && field.arguments.is_empty()
                        && field.directives.is_empty()
                        && !own.has(&field.name)
                });
                found.extend(leaf.map(|leaf| (at, name.clone(), leaf.name.clone(), leaf.ty.clone())));
            }
        }
        found.retain(|_| self.dice.chance(percent));
        found
    }

    /// A field moves from one subgraph to another, at once or for a part of the requests.
    pub(super) fn overrides(&mut self) {
        if self.v1 {
            return;
        }
        for (at, name, field, ty) in self.foreign_leaves(12) {
            let from = self.set.subgraphs.iter().find(|subgraph| {
                subgraph.types.iter().any(|ty| {
                    let resolves = |own: &Field| own.name == field && !own.directives.contains("@external");
                    ty.name == name && ty.fields.iter().any(resolves)
                })
            });
            let from = from.expect("it was found in one").name.clone();
            let label = self.since(at, 7) && self.dice.chance(50);
            let label = if label { ", label: \"percent(10)\"" } else { "" };
            let on = self.set.subgraphs[at].find(&name).expect("it was just listed");
            on.field(&field, &ty, &format!("@override(from: \"{from}\"{label})"));
        }
    }
}
