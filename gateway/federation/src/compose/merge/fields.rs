//! Fields of objects and interfaces: their types, their joins, and what `@external` demands.

use apollo_compiler::Name;
use apollo_compiler::ast::Type;
use indexmap::IndexMap;

use super::super::diagnostic::Code;
use super::super::model::{Field, Kind};
use super::types::in_subgraphs;
use super::{Graph, Join, MergedField, MergedType, Merger, description, marks, places};

/// Which types stand under which abstract type, over all subgraphs.
pub(super) struct Subtypes(IndexMap<Name, Vec<Name>>);

impl Subtypes {
    fn of(types: &IndexMap<Name, MergedType<'_>>) -> Subtypes {
        let mut under: IndexMap<Name, Vec<Name>> = IndexMap::new();
        for merged in types.values() {
            for interface in &merged.implements {
                under.entry(interface.clone()).or_default().push(merged.name.clone());
            }
            for member in merged.members.keys() {
                under.entry(merged.name.clone()).or_default().push(member.clone());
            }
        }
        Subtypes(under)
    }

    fn is_subtype(&self, sub: &Type, sup: &Type) -> bool {
        is_subtype(sub, sup, &|sub, sup| self.0.get(sup).is_some_and(|under| under.contains(sub)))
    }
}

/// Whether every value of `sub` is one of `sup`, too, where `named` says it of two different names.
pub(super) fn is_subtype(sub: &Type, sup: &Type, named: &impl Fn(&Name, &Name) -> bool) -> bool {
    match (sub, sup) {
        (Type::NonNullNamed(sub), Type::NonNullNamed(sup) | Type::Named(sup))
        | (Type::Named(sub), Type::Named(sup)) => sub == sup || named(sub, sup),
        (Type::NonNullList(sub), Type::NonNullList(sup) | Type::List(sup))
        | (Type::List(sub), Type::List(sup)) => is_subtype(sub, sup, named),
        _ => false,
    }
}

impl<'a> Merger<'a, '_> {
    /// Fills in the fields of every object and interface.
    pub(super) fn composites(&mut self, types: &mut IndexMap<Name, MergedType<'a>>) {
        let subtypes = Subtypes::of(types);
        for merged in types.values_mut() {
            if !matches!(merged.kind, Kind::Object | Kind::Interface) {
                continue;
            }
            let mut by_name: IndexMap<Name, Vec<(Graph, &'a Field)>> = IndexMap::new();
            for (graph, def) in &merged.parts {
                for (name, field) in &def.fields {
                    by_name.entry(name.clone()).or_default().push((*graph, field));
                }
            }
            let fields = by_name.into_iter().map(|(name, parts)| {
                let field = self.field(merged, &name, parts, &subtypes);
                (name, field)
            });
            merged.fields = fields.collect();
        }
    }

    fn field(
        &mut self,
        on: &MergedType<'a>,
        name: &Name,
        parts: Vec<(Graph, &'a Field)>,
        subtypes: &Subtypes,
    ) -> MergedField<'a> {
        let coordinate = format!("{}.{name}", on.name);
        let resolving: Vec<(Graph, &'a Field)> =
            parts.iter().filter(|(_, field)| !field.external).copied().collect();
        let base = if resolving.is_empty() { &parts } else { &resolving };
        let ty = self.output_type(&coordinate, base, subtypes);
        let arguments = self.arguments(&coordinate, base, &parts);
        self.external(on, &coordinate, &ty, &parts, subtypes);
        let joins = self.joins(&coordinate, &parts);
        let mut marks =
            marks::merge(self.subgraphs, parts.iter().map(|(graph, field)| (*graph, &field.marks)));
        self.slicing_arguments(&coordinate, &mut marks.common, &arguments, &parts);
        MergedField {
            name: name.clone(),
            description: description(parts.iter().map(|(_, field)| &field.description)),
            ty,
            marks,
            arguments,
            parts,
            joins,
            inherited: false,
        }
    }

    /// The type that all the others are subtypes of.
    fn output_type(&mut self, coordinate: &str, parts: &[(Graph, &'a Field)], subtypes: &Subtypes) -> Type {
        let mut widest = &parts[0].1.ty;
        for (_, field) in parts {
            if !subtypes.is_subtype(&field.ty, widest) && subtypes.is_subtype(widest, &field.ty) {
                widest = &field.ty;
            }
        }
        if parts.iter().any(|(_, field)| !subtypes.is_subtype(&field.ty, widest)) {
            let uses = parts.iter().map(|(graph, field)| (*graph, field.ty.to_string(), field.span));
            self.mismatch(
                Code::FieldTypeMismatch,
                &format!("Type of field \"{coordinate}\""),
                "type",
                uses.collect(),
            );
        }
        widest.clone()
    }

    /// Tells that something differs between subgraphs, grouped by what each says.
    pub(super) fn mismatch(
        &mut self,
        code: Code,
        what: &str,
        noun: &str,
        uses: Vec<(Graph, String, Option<apollo_compiler::parser::SourceSpan>)>,
    ) {
        let mut groups: IndexMap<&str, Vec<&str>> = IndexMap::new();
        for (graph, text, _) in &uses {
            groups.entry(text).or_default().push(&self.subgraphs[*graph].name);
        }
        let quoted = |text: &str| if noun == "type" { format!("\"{text}\"") } else { text.to_owned() };
        let texts: Vec<String> = groups
            .iter()
            .map(|(text, names)| format!("{noun} {} in {}", quoted(text), in_subgraphs(names)))
            .collect();
        let (first, rest) = texts.split_first().expect("a mismatch is between at least two");
        let verb = if noun == "type" { "is incompatible" } else { "has incompatible default values" };
        let message = format!("{what} {verb} across subgraphs: it has {first} but {}", rest.join(" and "));
        let places = places(self.subgraphs, uses.iter().map(|(graph, _, span)| (*graph, *span)));
        self.report.error(code, message).at(places);
    }

    fn external(
        &mut self,
        on: &MergedType<'a>,
        coordinate: &str,
        ty: &Type,
        parts: &[(Graph, &'a Field)],
        subtypes: &Subtypes,
    ) {
        let (external, resolving): (Vec<_>, Vec<_>) = parts.iter().partition(|(_, field)| field.external);
        if external.is_empty() {
            return;
        }
        if resolving.is_empty() {
            return self.missing_on_base(on, coordinate, parts);
        }
        // A field's value comes from another subgraph, so this one may not expect more kinds of it than there are.
        let differing: Vec<_> =
            external.iter().filter(|(_, field)| !subtypes.is_subtype(&field.ty, ty)).collect();
        if !differing.is_empty() {
            let names: Vec<&str> =
                differing.iter().map(|(graph, _)| self.subgraphs[*graph].name.as_str()).collect();
            let base: Vec<&str> =
                resolving.iter().map(|(graph, _)| self.subgraphs[*graph].name.as_str()).collect();
            let message = format!(
                "Type of field \"{coordinate}\" is incompatible across subgraphs (where marked @external): it has type \"{ty}\" in {} but type \"{}\" in {}",
                in_subgraphs(&base),
                differing[0].1.ty,
                in_subgraphs(&names)
            );
            let places = places(self.subgraphs, parts.iter().map(|(graph, field)| (*graph, field.span)));
            self.report.error(Code::ExternalTypeMismatch, message).at(places);
        }
    }

    fn missing_on_base(&mut self, on: &MergedType<'a>, coordinate: &str, parts: &[(Graph, &'a Field)]) {
        if self.resolved_by_interface_object(on, &parts[0].1.name) || on.has_interface_object() {
            return;
        }
        let names: Vec<&str> = parts.iter().map(|(graph, _)| self.subgraphs[*graph].name.as_str()).collect();
        let message = format!(
            "Field \"{coordinate}\" is marked @external on all the subgraphs in which it is listed ({}).",
            in_subgraphs(&names)
        );
        let places = places(self.subgraphs, parts.iter().map(|(graph, field)| (*graph, field.span)));
        self.report
            .error(Code::ExternalMissingOnBase, message)
            .at(places)
            .help("define the field without @external in the subgraph that resolves it");
    }

    fn resolved_by_interface_object(&self, on: &MergedType<'a>, field: &Name) -> bool {
        on.implements.iter().any(|interface| {
            let defs = self.subgraphs.iter().filter_map(|subgraph| subgraph.types.get(interface));
            defs.filter(|def| def.interface_object)
                .any(|def| def.fields.get(field).is_some_and(|field| !field.external))
        })
    }

    /// Where the field is in effect.
    fn joins(&mut self, coordinate: &str, parts: &[(Graph, &'a Field)]) -> Vec<Join<'a>> {
        let overridden = self.overridden(coordinate, parts);
        let mut joins = Vec::new();
        for (graph, field) in parts {
            let by = overridden.get(graph);
            let label = by.and_then(|overrides| overrides.label.as_deref());
            let gone = by.is_some() && label.is_none();
            if gone && !field.used.any() && !field.external {
                continue;
            }
            let own = field.overrides.as_ref();
            joins.push(Join {
                graph: *graph,
                ty: &field.ty,
                external: field.external,
                requires: field.requires.as_ref().filter(|_| !gone),
                provides: field.provides.as_ref().filter(|_| !gone),
                overrides: own.map(|overrides| overrides.from.as_str()),
                label: own.and_then(|overrides| overrides.label.as_deref()).or(label),
                used_overridden: gone && !field.external,
                contextual: match gone {
                    true => Vec::new(),
                    false => field.arguments.values().filter(|input| input.from_context.is_some()).collect(),
                },
            });
        }
        joins
    }
}
