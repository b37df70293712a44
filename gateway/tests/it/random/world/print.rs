//! A world as SDL: each subgraph's part, and the whole.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::{COLORS, Field, Object, Required, Subgraph, World};

impl World {
    /// Fields that the subgraph names without resolving them.
    fn externals(&self, object: &Object, subgraph: Subgraph) -> BTreeSet<String> {
        let mut externals = BTreeSet::new();
        for field in object.fields.iter().filter(|field| field.owners.contains(&subgraph)) {
            for required in field.requires.iter().flatten() {
                externals.insert(required.name.clone());
            }
        }
        let requiring = self.objects.iter().flat_map(|other| &other.fields);
        let requiring = requiring.filter(|field| field.owners.contains(&subgraph));
        for required in requiring.flat_map(|field| field.requires.iter().flatten()) {
            let own = required.below.iter().filter(|(ty, _)| *ty == object.name);
            externals.extend(own.map(|(_, field)| field.clone()));
        }
        if self.teller == Some(subgraph) && object.name.starts_with('C') {
            externals.insert("tell".to_owned());
        }
        for other in self.objects.iter().chain([&self.query]) {
            for field in other.fields.iter().filter(|field| field.named == object.name) {
                externals.extend(field.provides.get(&subgraph).cloned());
            }
        }
        externals
            .retain(|name| object.fields.iter().any(|it| it.name == *name && !it.owners.contains(&subgraph)));
        externals
    }

    fn print_field(
        &self,
        out: &mut String,
        field: &Field,
        subgraph: Subgraph,
        external: bool,
        shareable: bool,
    ) {
        let argument = match &field.told {
            Some(ty) => format!("(by: {ty} @fromContext(field: \"$here {{ tell }}\"))"),
            None if field.has_argument => "(n: Int = 3)".to_owned(),
            None => String::new(),
        };
        let ty = if field.weak.contains(&subgraph) { field.ty.trim_end_matches('!') } else { &field.ty };
        let kept = if external { "" } else { " @cacheControl(maxAge: 3600)" };
        let _ = write!(out, "  {}{argument}: {ty}{kept}", field.name);
        if external {
            out.push_str(" @external");
        } else if shareable {
            out.push_str(" @shareable");
        }
        if let (Some(requires), false) = (&field.requires, external) {
            let _ = write!(out, " @requires(fields: \"{}\")", join(requires));
        }
        if let (Some(provides), false) = (field.provides.get(&subgraph), external) {
            let _ = write!(out, " @provides(fields: \"{provides}\")");
        }
        out.push('\n');
    }

    /// The subgraph's types, without what a library adds to serve them.
    pub fn sdl(&self, subgraph: Subgraph) -> String {
        let mut out = String::new();
        let mut used: BTreeSet<String> = BTreeSet::new();
        let mut uses_ref = false;
        for object in self.objects.iter().chain([&self.query]) {
            let own: Vec<&Field> = object.fields.iter().filter(|it| it.owners.contains(&subgraph)).collect();
            used.extend(own.iter().map(|field| field.named.clone()));
        }
        used.extend(self.required_types(subgraph).into_iter().map(|(name, _)| name));
        for object in &self.objects {
            let is_value = object.name.starts_with('V');
            let here =
                if is_value { used.contains(&object.name) } else { object.keys.contains_key(&subgraph) };
            let is_known = |it: &&Field| it.owners.contains(&subgraph) && !it.name.starts_with('j');
            let own: Vec<&Field> = object.fields.iter().filter(is_known).collect();
            if !here || is_value && own.is_empty() {
                continue;
            }
            let externals = self.externals(object, subgraph);
            let interfaces: Vec<&str> = object
                .interfaces
                .iter()
                .filter(|it| self.has_interface(it, subgraph))
                .map(String::as_str)
                .collect();
            let implements = if interfaces.is_empty() {
                String::new()
            } else {
                format!(" implements {}", interfaces.join(" & "))
            };
            let _ = write!(out, "type {}{implements} @cacheControl(maxAge: 3600)", object.name);
            let mut key_fields: BTreeSet<&str> = BTreeSet::new();
            for (key, resolvable) in object.keys.get(&subgraph).into_iter().flatten() {
                let stub = if *resolvable { "" } else { ", resolvable: false" };
                let _ = write!(out, " @key(fields: \"{key}\"{stub})");
                key_fields.extend(match key.as_str() {
                    "ka kb" => vec!["ka", "kb"],
                    "ref { code }" => vec!["ref"],
                    other => vec![other],
                });
            }
            if self.teller == Some(subgraph) && object.name.starts_with('C') {
                out.push_str(" @context(name: \"here\")");
            }
            out.push_str(" {\n");
            for name in key_fields {
                let ty = match name {
                    "id" => "ID!",
                    "ka" => "Int!",
                    "ref" => "Ref!",
                    _ => "String!",
                };
                uses_ref |= name == "ref";
                let _ = writeln!(out, "  {name}: {ty}");
            }
            for field in &object.fields {
                let external = externals.contains(&field.name);
                if external || field.owners.contains(&subgraph) {
                    let shareable = is_value || field.owners.len() > 1;
                    self.print_field(&mut out, field, subgraph, external, shareable);
                }
            }
            out.push_str("}\n");
        }
        if let Some(it) = self.interface_object.as_ref().filter(|it| it.extender == subgraph) {
            out.push_str(
                "type J @key(fields: \"id\") @interfaceObject @cacheControl(maxAge: 3600) {\n  id: ID!\n",
            );
            for field in &it.fields {
                self.print_field(&mut out, field, subgraph, false, false);
            }
            out.push_str("}\n");
        }
        for (name, fields) in &self.interfaces {
            if self.has_interface(name, subgraph) {
                let key = if name == "J" { " @key(fields: \"id\")" } else { "" };
                let id = if name == "J" { "  id: ID!\n" } else { "" };
                let _ = write!(out, "interface {name}{key} @cacheControl(maxAge: 3600) {{\n{id}");
                for field in fields.iter().filter(|field| field.owners.contains(&subgraph)) {
                    let _ = writeln!(out, "  {}: {}", field.name, field.ty);
                }
                out.push_str("}\n");
            }
        }
        for name in self.unions.keys() {
            if used.contains(name) {
                let members = self.members_in(name, subgraph);
                let _ = writeln!(out, "union {name} = {}", members.join(" | "));
            }
        }
        if uses_ref {
            out.push_str("type Ref @shareable @cacheControl(maxAge: 3600) {\n  code: ID!\n}\n");
        }
        let _ = writeln!(out, "enum Color {{ {} }}", COLORS.join(" "));
        out.push_str("type Query {\n");
        let _ = writeln!(out, "  color{subgraph}: Color @cacheControl(maxAge: 3600)");
        for field in self.query.fields.iter().filter(|field| field.owners.contains(&subgraph)) {
            self.print_field(&mut out, field, subgraph, false, field.owners.len() > 1);
        }
        out.push_str("}\n");
        out
    }

    fn has_interface(&self, name: &str, subgraph: Subgraph) -> bool {
        self.interfaces[name].iter().any(|field| field.owners.contains(&subgraph))
    }

    pub fn sdls(&self) -> String {
        (0..self.subgraphs).map(|at| format!("--- s{at}\n{}", self.sdl(at))).collect()
    }

    /// The whole graph as one schema.
    pub fn monolith(&self) -> String {
        let mut out = String::new();
        for object in &self.objects {
            let fields: Vec<&Field> = object.fields.iter().filter(|field| !field.owners.is_empty()).collect();
            let implements = if object.interfaces.is_empty() {
                String::new()
            } else {
                format!(" implements {}", object.interfaces.join(" & "))
            };
            let _ = writeln!(
                out,
                "type {}{implements} {{\n  id: ID!\n  sku: String!\n  ka: Int!\n  kb: String!\n  ref: Ref!",
                object.name
            );
            for field in fields {
                let argument = if field.has_argument { "(n: Int = 3)" } else { "" };
                let ty = if field.weak.is_empty() { &field.ty } else { field.ty.trim_end_matches('!') };
                let _ = writeln!(out, "  {}{argument}: {ty}", field.name);
            }
            out.push_str("}\n");
        }
        for (name, fields) in &self.interfaces {
            let _ = writeln!(out, "interface {name} {{");
            if let (Some(it), "J") = (&self.interface_object, name.as_str()) {
                out.push_str("  id: ID!\n");
                for field in &it.fields {
                    let _ = writeln!(out, "  {}: {}", field.name, field.ty);
                }
            }
            for field in fields {
                let _ = writeln!(out, "  {}: {}", field.name, field.ty);
            }
            out.push_str("}\n");
        }
        for (name, members) in &self.unions {
            let _ = writeln!(out, "union {name} = {}", members.join(" | "));
        }
        out.push_str("type Ref {\n  code: ID!\n}\n");
        let _ = writeln!(out, "enum Color {{ {} }}\ntype Query {{", COLORS.join(" "));
        for subgraph in 0..self.subgraphs {
            let _ = writeln!(out, "  color{subgraph}: Color");
        }
        for field in &self.query.fields {
            let argument = if field.has_argument { "(n: Int = 3)" } else { "" };
            let _ = writeln!(out, "  {}{argument}: {}", field.name, field.ty);
        }
        out.push_str("}\n");
        out
    }
}

fn join(required: &[Required]) -> String {
    required.iter().map(Required::to_string).collect::<Vec<_>>().join(" ")
}
