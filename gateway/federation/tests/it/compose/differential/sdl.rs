//! A set of subgraphs as a generator builds it and a fault breaks it, and its SDL.

use std::fmt::Write;

use crate::support::Subgraphs;

#[derive(Clone, Default)]
pub struct Set {
    pub subgraphs: Vec<Subgraph>,
}

#[derive(Clone, Default)]
pub struct Subgraph {
    pub name: String,
    /// Minor version of federation 2; `None` is federation 1, which has no link.
    pub minor: Option<u16>,
    pub types: Vec<Type>,
    /// A directive that is imported under another name.
    pub renamed: Option<(&'static str, &'static str)>,
    /// Links and other directives of the schema.
    pub schema: String,
    /// Written as it is, below everything else.
    pub extra: String,
}

#[derive(Clone, Default)]
pub struct Type {
    /// `type`, `extend type`, `interface`, `union`, `enum`, `input`, `scalar`
    pub keyword: &'static str,
    pub name: String,
    pub implements: Vec<String>,
    pub directives: String,
    pub fields: Vec<Field>,
    /// Of a union its members, of an enum its values with their directives.
    pub items: Vec<String>,
}

#[derive(Clone, Default)]
pub struct Field {
    pub name: String,
    pub arguments: Vec<String>,
    pub ty: String,
    pub directives: String,
}

/// What federation 2 can import, and since which minor version.
const IMPORTS: [(&str, u16); 18] = [
    ("@key", 0),
    ("@requires", 0),
    ("@provides", 0),
    ("@external", 0),
    ("@extends", 0),
    ("@shareable", 0),
    ("@override", 0),
    ("@inaccessible", 0),
    ("@tag", 0),
    ("@composeDirective", 1),
    ("@interfaceObject", 3),
    ("@authenticated", 5),
    ("@requiresScopes", 5),
    ("@policy", 6),
    ("@context", 8),
    ("@fromContext", 8),
    ("@cost", 9),
    ("@listSize", 9),
];

impl Set {
    pub fn print(&self) -> Subgraphs {
        self.subgraphs.iter().map(|subgraph| (subgraph.name.clone(), subgraph.print())).collect()
    }
}

impl Subgraph {
    pub fn find(&mut self, name: &str) -> Option<&mut Type> {
        self.types.iter_mut().find(|ty| ty.name == name)
    }

    /// The type of that name, which is made where there is none.
    pub fn open(&mut self, keyword: &'static str, name: &str) -> &mut Type {
        let at = self.types.iter().position(|ty| ty.name == name).unwrap_or_else(|| {
            self.types.push(Type { keyword, name: name.to_owned(), ..Type::default() });
            self.types.len() - 1
        });
        &mut self.types[at]
    }

    fn print(&self) -> String {
        let mut text = String::new();
        if let Some(minor) = self.minor {
            let imports: Vec<String> = IMPORTS
                .iter()
                .filter(|(_, since)| *since <= minor)
                .map(|(name, _)| match self.renamed {
                    Some((element, local)) if element == *name => {
                        format!("{{ name: \"{element}\", as: \"{local}\" }}")
                    }
                    _ => format!("\"{name}\""),
                })
                .collect();
            let _ = writeln!(
                text,
                "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.{minor}\", import: [{}]) {}",
                imports.join(", "),
                self.schema
            );
        }
        for ty in &self.types {
            ty.print(&mut text);
        }
        if let Some((element, local)) = self.renamed {
            // The link names both, everything else the one that is known here.
            let (link, types) = text.split_at(text.find('\n').unwrap_or_default());
            text = format!("{link}{}", types.replace(element, local));
        }
        text.push_str(&self.extra);
        text
    }
}

impl Type {
    pub fn field(&mut self, name: &str, ty: &str, directives: &str) -> &mut Field {
        self.fields.push(Field {
            name: name.to_owned(),
            arguments: Vec::new(),
            ty: ty.to_owned(),
            directives: directives.to_owned(),
        });
        self.fields.last_mut().expect("it was just put there")
    }

    pub fn has(&self, field: &str) -> bool {
        self.fields.iter().any(|known| known.name == field)
    }

    fn print(&self, text: &mut String) {
        let _ = write!(text, "{} {}", self.keyword, self.name);
        if !self.implements.is_empty() {
            let _ = write!(text, " implements {}", self.implements.join(" & "));
        }
        let _ = write!(text, " {}", self.directives);
        match self.keyword {
            "scalar" => {}
            "union" => {
                let _ = write!(text, " = {}", self.items.join(" | "));
            }
            "enum" => {
                let _ = write!(text, " {{ {} }}", self.items.join(" "));
            }
            _ => {
                text.push_str(" {\n");
                for Field { name, arguments, ty, directives } in &self.fields {
                    let arguments = match arguments.is_empty() {
                        true => String::new(),
                        false => format!("({})", arguments.join(", ")),
                    };
                    let _ = writeln!(text, "  {name}{arguments}: {ty} {directives}");
                }
                text.push('}');
            }
        }
        text.push('\n');
    }
}
