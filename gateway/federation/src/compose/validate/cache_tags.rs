//! `@cacheTag`: the names by which a gateway drops what it keeps. What is wrong in one would show when nothing is
//! dropped.

mod format;

use apollo_compiler::ast::{Directive, Selection, Type};
use apollo_compiler::parser::SourceSpan;

use super::super::diagnostic::{Code, Report};
use super::super::model::{Field, Kind, Marks, ROOTS, Subgraph, TypeDef};
use super::super::spec::Known;
use format::Reference;

pub(super) fn validate(subgraph: &Subgraph, report: &mut Report) {
    for def in subgraph.types.values() {
        for (format, span) in formats(subgraph, &def.marks) {
            Check { subgraph, at: def.name.to_string(), format, span, report }.entity(def);
        }
        for field in def.fields.values() {
            for (format, span) in formats(subgraph, &field.marks) {
                let at = format!("{}.{}", def.name, field.name);
                Check { subgraph, at, format, span, report }.field(def, field);
            }
        }
    }
}

fn formats<'a>(
    subgraph: &'a Subgraph,
    marks: &'a Marks,
) -> impl Iterator<Item = (&'a str, Option<SourceSpan>)> {
    let is_tag = |directive: &Directive| subgraph.links.known(&directive.name) == Some(Known::CacheTag);
    marks.joined.iter().filter(move |directive| is_tag(directive)).filter_map(|directive| {
        let format = directive.specified_argument_by_name("format")?.as_str()?;
        Some((format, directive.location()))
    })
}

/// The check of one tag.
struct Check<'a> {
    subgraph: &'a Subgraph,
    /// `Type` or `Type.field`.
    at: String,
    format: &'a str,
    span: Option<SourceSpan>,
    report: &'a mut Report,
}

impl<'a> Check<'a> {
    /// A root field's answers are told apart by its arguments.
    fn field(&mut self, def: &TypeDef, field: &Field) {
        if !ROOTS.contains(&def.name.as_str()) {
            let why = "it stands on a field of a type that is no root";
            return self.error(Code::CacheTagAppliedToNonRootField, why);
        }
        for reference in self.references() {
            let argument = |name: &str| field.arguments.get(name).map(|argument| &argument.ty);
            if reference.namespace != "args" {
                let why = format!("{reference} isn't one of the field's arguments");
                self.error(Code::CacheTagInvalidFormatArgumentOnRootField, &why);
            } else if let Err(why) = self.path(&reference, argument) {
                self.error(Code::CacheTagInvalidFormat, &why);
            }
        }
    }

    /// An entity is told apart by its key, and nobody knows before by which of its keys it is looked up.
    fn entity(&mut self, def: &TypeDef) {
        if !def.keys.iter().any(|key| key.resolvable) {
            let why = "the type has no @key that this subgraph resolves";
            return self.error(Code::CacheTagEntityNotResolvable, why);
        }
        for reference in self.references() {
            let field = |name: &str| def.fields.get(name).map(|field| &field.ty);
            if reference.namespace != "key" {
                let why = format!("{reference} is no part of a @key");
                self.error(Code::CacheTagInvalidFormatArgumentOnEntity, &why);
            } else if let Err(why) = self.path(&reference, field) {
                self.error(Code::CacheTagInvalidFormat, &why);
            } else {
                let without = def.keys.iter().find(|key| !selects(&key.fields.selections, &reference.path));
                if let Some(key) = without {
                    let why = format!("{reference} is no part of @key(fields: \"{}\")", key.fields.text);
                    self.error(Code::CacheTagInvalidFormatArgumentOnEntity, &why);
                }
            }
        }
    }

    /// What the format fills in; what can't be read is told.
    fn references(&mut self) -> Vec<Reference<'a>> {
        let mut read = Vec::new();
        for reference in format::references(self.format) {
            match reference {
                Ok(reference) => read.push(reference),
                Err(why) => self.error(Code::CacheTagInvalidFormat, &why),
            }
        }
        read
    }

    /// A tag is a string, so what is filled in is one value.
    fn path<'t>(
        &'t self,
        reference: &Reference<'_>,
        first: impl Fn(&str) -> Option<&'t Type>,
    ) -> Result<(), String> {
        let mut at: Option<&Type> = None;
        for name in &reference.path {
            let found = match at {
                None => first(name),
                Some(on) => self.member(on, name),
            };
            match found {
                None => return Err(format!("there is no \"{name}\" for {reference}")),
                Some(ty) if ty.is_list() => return Err(format!("\"{name}\" in {reference} is a list")),
                Some(ty) => at = Some(ty),
            }
        }
        let kind = at.and_then(|ty| self.subgraph.types.get(ty.inner_named_type())).map(|def| def.kind);
        match kind {
            _ if at.is_none() => Err(format!("{reference} isn't one value")),
            None | Some(Kind::Scalar | Kind::Enum) => Ok(()),
            Some(_) => Err(format!("{reference} isn't one value, but has several")),
        }
    }

    fn member(&self, on: &Type, name: &str) -> Option<&Type> {
        let def = self.subgraph.types.get(on.inner_named_type())?;
        let field = def.fields.get(name).map(|field| &field.ty);
        field.or_else(|| def.inputs.get(name).map(|input| &input.ty))
    }

    fn error(&mut self, code: Code, why: &str) {
        let message = format!(
            "[{}] @cacheTag(format: \"{}\") on \"{}\": {why}",
            self.subgraph.name, self.format, self.at
        );
        self.report.error(code, message).at(self.subgraph.place(self.span));
    }
}

/// Whether a key has what a path leads to.
fn selects(selections: &[Selection], path: &[&str]) -> bool {
    let Some((first, rest)) = path.split_first() else { return true };
    selections.iter().any(|selection| match selection {
        Selection::Field(field) => field.name == *first && selects(&field.selection_set, rest),
        Selection::InlineFragment(fragment) => selects(&fragment.selection_set, path),
        Selection::FragmentSpread(_) => false,
    })
}
