//! Supergraph SDL into tables.

use std::sync::Arc;

use apollo_compiler::ast::Type;
use apollo_compiler::schema::{Component, ExtendedType, FieldDefinition};
use apollo_compiler::validation::{DiagnosticList, Valid};
use apollo_compiler::{Name, Schema};
use rustc_hash::FxHashMap;

mod caching;
mod contexts;
mod events;
mod field_sets;
mod possible;

use super::authorisation::{Requirements, spread};
use super::directives::{JoinField, JoinType, string};
use super::{
    FieldInfo, FieldJoin, FieldName, FieldType, SubgraphInfo, Supergraph, TypeInfo, TypeJoin, TypeKind,
};
use crate::selection::Sets;
use crate::{SubgraphId, TypeId, TypeNames, TypeSet};
use field_sets::{SetSlot, WantedSet, normalise};

/// Why supergraph SDL can't be used.
#[derive(Debug, thiserror::Error)]
pub enum SupergraphError {
    /// It isn't valid GraphQL.
    #[error("the supergraph SDL is not valid GraphQL: {0}")]
    Invalid(String),
    /// It has no `join__Graph` enum: it isn't a supergraph.
    #[error(
        "not a supergraph: there is no enum join__Graph (compose the subgraphs first: tributary compose)"
    )]
    NoGraphs,
    /// It declares that whoever runs it must know a feature, and it isn't known here.
    #[error("the supergraph requires the feature {url} (for: {purpose}), which this version doesn't have")]
    UnknownFeature {
        /// The feature's URL.
        url: String,
        /// `SECURITY` or `EXECUTION`.
        purpose: String,
    },
    /// A directive names a graph that `join__Graph` doesn't have.
    #[error("{place} names the graph {graph}, which join__Graph doesn't have")]
    UnknownGraph {
        /// Where.
        place: String,
        /// The name.
        graph: String,
    },
    /// An `@event` that can't be followed.
    #[error("@event of {place}: {reason}")]
    Event {
        /// `Subscription.field`.
        place: String,
        /// What is wrong.
        reason: String,
    },
    /// A key, `requires` or `provides` doesn't fit.
    #[error("the field set \"{fields}\" of {place} is not valid: {reason}")]
    FieldSet {
        /// `Type` or `Type.field`.
        place: String,
        /// The field set.
        fields: String,
        /// What is wrong.
        reason: String,
    },
}

/// Features that bind whoever runs a supergraph, as far as they are implemented here.
const KNOWN_FEATURES: [&str; 10] = [
    "/core/",
    "/link/",
    "/join/",
    "/inaccessible/",
    "/tag/",
    "/authenticated/",
    "/requiresScopes/",
    "/policy/",
    "/cacheTag/",
    "/context/",
];

/// `@oneOf` is newer than apollo-compiler's built-in definitions.
const ONE_OF: &str = "directive @oneOf on INPUT_OBJECT";

pub(super) fn read(sdl: &str) -> Result<Supergraph, SupergraphError> {
    // The likeliest mistake by far: one subgraph's SDL, which uses what only a composition declares.
    if !sdl.contains("join__Graph") {
        return Err(SupergraphError::NoGraphs);
    }
    let full = parse(sdl)?;
    check_features(&full)?;
    let mut reader = Reader::new(&full)?;
    let mut types = reader.types()?;
    spread(&mut types, &reader.requirements.all);
    let contexts = reader.contexts(&types)?;
    let events = reader.events()?;
    let cache_hints = reader.cache_hints()?;
    let roots = {
        let root = |name: &Option<apollo_compiler::schema::ComponentName>| {
            name.as_ref().and_then(|name| reader.names.id(name))
        };
        let schema = &full.schema_definition;
        [root(&schema.query), root(&schema.mutation), root(&schema.subscription)]
    };
    let Reader { names, fields, subgraphs, field_sets, labels, requirements, .. } = reader;
    let api = super::api::api_schema(&full).map_err(|errors| SupergraphError::Invalid(told(&errors)))?;
    let mut supergraph = Supergraph {
        names: Arc::new(names),
        fields,
        partial_unions: partial_unions(&types),
        has_interface_objects: types
            .iter()
            .flat_map(|ty| ty.joins.iter().flatten())
            .any(|it| it.interface_object),
        types,
        roots,
        sets: Sets::default(),
        labels,
        requirements: requirements.all,
        contexts,
        events,
        cache_hints,
        subgraphs,
        full,
        api: Arc::new(api),
    };
    let found = normalise(&supergraph, &field_sets)?;
    supergraph.sets = found.1;
    for (wanted, set) in field_sets.iter().zip(found.0) {
        supergraph.place_field_set(wanted, set);
    }
    Ok(supergraph)
}

fn partial_unions(types: &[TypeInfo]) -> TypeSet {
    let is_partial = |ty: &TypeInfo| {
        let mut joins = ty.joins.iter().flatten();
        ty.kind == TypeKind::Union && joins.any(|join| join.possible != ty.possible)
    };
    (0..types.len() as u32).map(TypeId).filter(|ty| is_partial(&types[ty.index()])).collect()
}

fn parse(sdl: &str) -> Result<Valid<Schema>, SupergraphError> {
    let mut builder = Schema::builder().adopt_orphan_extensions();
    builder = builder.parse(sdl, "supergraph.graphql");
    if sdl.contains("@oneOf") && !sdl.contains("directive @oneOf") {
        builder = builder.parse(ONE_OF, "one_of.graphql");
    }
    let schema = builder.build().map_err(|error| SupergraphError::Invalid(told(&error.errors)))?;
    schema.validate().map_err(|error| SupergraphError::Invalid(told(&error.errors)))
}

/// A text of another kind has something wrong in each line.
const MOST_MISTAKES: usize = 10;

/// The first mistakes, each with its place. What the compiler would print shows the line of each, however long.
fn told(mistakes: &DiagnosticList) -> String {
    let mut all = mistakes.iter();
    let first = all.by_ref().take(MOST_MISTAKES).map(|mistake| {
        let json = mistake.to_json();
        match json.locations.first() {
            Some(at) => format!("line {}, column {}: {}", at.line, at.column, json.message),
            None => json.message,
        }
    });
    let first = first.collect::<Vec<_>>().join("; ");
    match all.count() {
        0 => first,
        more => format!("{first}; and {more} more"),
    }
}

fn check_features(schema: &Schema) -> Result<(), SupergraphError> {
    for directive in schema.schema_definition.directives.iter() {
        let (Some(url), Some(purpose)) =
            (string(directive, "url").or_else(|| string(directive, "feature")), string(directive, "for"))
        else {
            continue;
        };
        if !KNOWN_FEATURES.iter().any(|known| url.contains(known)) {
            return Err(SupergraphError::UnknownFeature { url: url.to_owned(), purpose: purpose.to_owned() });
        }
    }
    Ok(())
}

struct Reader<'a> {
    schema: &'a Schema,
    names: TypeNames,
    fields: TypeNames,
    graphs: FxHashMap<Name, SubgraphId>,
    subgraphs: Vec<SubgraphInfo>,
    field_sets: Vec<WantedSet>,
    labels: Vec<Box<str>>,
    requirements: Requirements,
    contexts: Vec<contexts::Wanted>,
}

impl<'a> Reader<'a> {
    fn new(schema: &'a Schema) -> Result<Self, SupergraphError> {
        let graphs = schema.get_enum("join__Graph").ok_or(SupergraphError::NoGraphs)?;
        let mut ids = FxHashMap::default();
        let mut subgraphs = Vec::new();
        for (value, definition) in &graphs.values {
            let directive = definition.directives.iter().find(|directive| directive.name == "join__graph");
            let text = |name| directive.and_then(|directive| string(directive, name));
            ids.insert(value.clone(), SubgraphId(subgraphs.len() as u16));
            subgraphs.push(SubgraphInfo {
                name: text("name").unwrap_or(value.as_str()).into(),
                url: text("url").unwrap_or_default().into(),
            });
        }
        let named = |name: &&Name| !name.starts_with("join__") && !name.starts_with("__");
        let names = TypeNames::new(schema.types.keys().filter(named).map(|name| name.as_str().into()));
        let interfaces =
            schema.types.iter().filter(|(_, ty)| ty.is_interface()).filter_map(|(name, _)| names.id(name));
        let interfaces = interfaces.collect();
        let names = names.with_interfaces(interfaces);
        let fields = TypeNames::new(schema.types.values().flat_map(|ty| {
            let fields = fields_of(ty);
            fields.into_iter().flat_map(|fields| fields.keys().map(|name| Box::from(name.as_str())))
        }));
        let mut labels: Vec<Box<str>> = schema
            .types
            .values()
            .filter_map(fields_of)
            .flat_map(|fields| fields.values())
            .flat_map(|field| field.directives.iter())
            .filter_map(|directive| JoinField::read(directive)?.label)
            .map(Box::from)
            .collect();
        labels.sort_unstable();
        labels.dedup();
        let requirements = Requirements::of(schema);
        Ok(Self {
            schema,
            names,
            fields,
            graphs: ids,
            subgraphs,
            field_sets: Vec::new(),
            labels,
            requirements,
            contexts: Vec::new(),
        })
    }

    fn graph(&self, graph: &str, place: &str) -> Result<SubgraphId, SupergraphError> {
        let unknown = || SupergraphError::UnknownGraph { place: place.to_owned(), graph: graph.to_owned() };
        self.graphs.get(graph).copied().ok_or_else(unknown)
    }

    fn types(&mut self) -> Result<Vec<TypeInfo>, SupergraphError> {
        let names: Vec<Box<str>> =
            (0..self.names.len()).map(|at| self.names.name(TypeId(at as u32)).into()).collect();
        let mut types = Vec::with_capacity(names.len());
        for name in &names {
            types.push(self.ty(name)?);
        }
        self.possible(&mut types)?;
        Ok(types)
    }

    fn ty(&mut self, name: &str) -> Result<TypeInfo, SupergraphError> {
        let definition = &self.schema.types[name];
        let joins = self.type_joins(name, definition)?;
        let kind = match definition {
            ExtendedType::Object(_) => TypeKind::Object,
            ExtendedType::Interface(_) => TypeKind::Interface,
            ExtendedType::Union(_) => TypeKind::Union,
            ExtendedType::Enum(_) => TypeKind::Enum,
            ExtendedType::Scalar(_) => TypeKind::Scalar,
            ExtendedType::InputObject(_) => TypeKind::Input,
        };
        let mut fields = Vec::new();
        for (field, definition) in fields_of(definition).into_iter().flatten() {
            let id =
                self.fields.id(field).map(|id| FieldName(id.0)).expect("every field's name was numbered");
            fields.push((id, self.field(name, id, definition, &joins)?));
        }
        fields.sort_by_key(|(name, _)| *name);
        let interfaces = match definition {
            ExtendedType::Object(object) => &object.implements_interfaces,
            ExtendedType::Interface(interface) => &interface.implements_interfaces,
            _ => &Default::default(),
        };
        let interfaces = interfaces.iter().filter_map(|interface| self.names.id(interface)).collect();
        let visible_values = match definition {
            ExtendedType::Enum(values) => {
                let visible = values.values.iter().filter(|(_, value)| !value.directives.has("inaccessible"));
                let mut visible: Vec<Box<str>> = visible.map(|(name, _)| name.as_str().into()).collect();
                visible.sort_unstable();
                visible
            }
            _ => Vec::new(),
        };
        let inaccessible = definition.directives().has("inaccessible");
        let possible = TypeSet::default();
        let requirement = self.requirements.read(definition.directives().iter().map(|it| &***it));
        Ok(TypeInfo { kind, inaccessible, possible, interfaces, joins, fields, visible_values, requirement })
    }

    fn type_joins(
        &mut self,
        name: &str,
        definition: &ExtendedType,
    ) -> Result<Vec<Option<TypeJoin>>, SupergraphError> {
        let mut joins: Vec<Option<TypeJoin>> = (0..self.subgraphs.len()).map(|_| None).collect();
        let mut joined = false;
        for directive in definition.directives().iter() {
            let Some(join) = JoinType::read(directive) else { continue };
            joined = true;
            let subgraph = self.graph(join.graph, name)?;
            let entry = joins[subgraph.0 as usize].get_or_insert_default();
            entry.interface_object |= join.interface_object;
            if let (Some(key), Some(ty)) = (join.key, self.names.id(name)) {
                let slot = SetSlot::Key { subgraph, resolvable: join.resolvable };
                self.field_sets.push(WantedSet { ty, place: name.to_owned(), text: key.to_owned(), slot });
            }
        }
        if !joined {
            // Built-in scalars, and types of old supergraphs that every graph has.
            joins.iter_mut().for_each(|join| *join = Some(TypeJoin::default()));
        }
        Ok(joins)
    }

    fn field(
        &mut self,
        parent: &str,
        name: FieldName,
        definition: &Component<FieldDefinition>,
        types: &[Option<TypeJoin>],
    ) -> Result<FieldInfo, SupergraphError> {
        let place = format!("{parent}.{}", definition.name);
        let ty = self.field_type(&definition.ty);
        let mut joins: Vec<Option<FieldJoin>> = vec![None; self.subgraphs.len()];
        let found: Vec<JoinField> =
            definition.directives.iter().filter_map(|it| JoinField::read(it)).collect();
        let plain = FieldJoin {
            ty: ty.clone(),
            external: false,
            requires: None,
            provides: None,
            contexts: Vec::new(),
            label: None,
        };
        if found.is_empty() {
            for (join, _) in joins.iter_mut().zip(types).filter(|(_, ty)| ty.is_some()) {
                *join = Some(plain.clone());
            }
        }
        let mut overridden = Vec::new();
        for join in &found {
            let Some(graph) = join.graph else { continue };
            let subgraph = self.graph(graph, &place)?;
            let ty = match join.ty {
                Some(text) => self.type_text(text, &place)?,
                None => ty.clone(),
            };
            let label = join.label.and_then(|label| self.labels.iter().position(|known| **known == *label));
            let label = label.map(|label| label as u16);
            joins[subgraph.0 as usize] = Some(FieldJoin {
                ty,
                external: join.external || join.used_overridden && label.is_none(),
                label: label.map(|label| (label, true)),
                contexts: self.contextual(subgraph, &join.contexts),
                ..plain.clone()
            });
            if let Some(source) = join.overrides {
                overridden.push((source, label));
            }
            self.want_field_sets(parent, name, subgraph, join, &place, definition);
        }
        for (source, label) in overridden {
            let at = self.subgraphs.iter().position(|subgraph| *subgraph.name == *source);
            if let Some(join) = at.and_then(|at| joins[at].as_mut()) {
                match label {
                    Some(label) => join.label = Some((label, false)),
                    None => join.external = true,
                }
            }
        }
        let requirements = self.requirements.read(definition.directives.iter().map(|it| &**it));
        Ok(FieldInfo { ty, joins, requirements: requirements.into_iter().collect() })
    }

    fn want_field_sets(
        &mut self,
        parent: &str,
        field: FieldName,
        subgraph: SubgraphId,
        join: &JoinField,
        place: &str,
        definition: &FieldDefinition,
    ) {
        let want = |ty: &str, text: Option<&str>, slot| {
            let ty = self.names.id(ty)?;
            Some(WantedSet { ty, place: place.to_owned(), text: text?.to_owned(), slot })
        };
        let requires = want(parent, join.requires, SetSlot::Requires { field, subgraph });
        let inner = definition.ty.inner_named_type();
        let provides = want(inner, join.provides, SetSlot::Provides { field, subgraph });
        self.field_sets.extend(requires.into_iter().chain(provides));
    }

    fn type_text(&self, text: &str, place: &str) -> Result<FieldType, SupergraphError> {
        let ty = Type::parse(text, "type").map_err(|error| SupergraphError::FieldSet {
            place: place.to_owned(),
            fields: text.to_owned(),
            reason: error.to_string(),
        })?;
        Ok(self.field_type(&ty))
    }

    fn field_type(&self, ty: &Type) -> FieldType {
        let mut non_null = smallvec::SmallVec::new();
        let mut at = ty;
        loop {
            match at {
                Type::Named(_) | Type::NonNullNamed(_) => {
                    non_null.push(at.is_non_null());
                    break;
                }
                Type::List(inner) | Type::NonNullList(inner) => {
                    non_null.push(at.is_non_null());
                    at = inner;
                }
            }
        }
        let named = self.names.id(ty.inner_named_type());
        FieldType { non_null, named: named.expect("a valid schema defines the types of its fields") }
    }
}

fn fields_of(
    ty: &ExtendedType,
) -> Option<&apollo_compiler::collections::IndexMap<Name, Component<FieldDefinition>>> {
    match ty {
        ExtendedType::Object(object) => Some(&object.fields),
        ExtendedType::Interface(interface) => Some(&interface.fields),
        _ => None,
    }
}
