//! `@key`, `@requires` and `@provides`: their selections must exist, and be of the right kind.

use std::collections::HashSet;

use apollo_compiler::Name;
use apollo_compiler::ast::{self, Selection};
use apollo_compiler::parser::SourceSpan;

use super::super::diagnostic::{Code, Report};
use super::super::fieldset::{self, Codes};
use super::super::model::{Field, FieldSet, Kind, Subgraph, TypeDef, Version};
use super::super::spec::Known;

/// A field that a field set mentions.
pub(super) struct Use {
    pub(super) on: Name,
    pub(super) field: Name,
    pub(super) by: Known,
    /// The key belongs to a type that is extended here.
    pub(super) extension: bool,
}

/// Fields of keys of extended types.
type KnownKeys = HashSet<(Name, Name)>;

/// Checks every field set and tells which fields they use.
pub(super) fn validate(subgraph: &Subgraph, report: &mut Report) -> Vec<Use> {
    let mut uses = Vec::new();
    for def in subgraph.types.values() {
        keys(subgraph, def, report, &mut uses);
    }
    let known_keys =
        uses.iter().filter(|used| used.extension).map(|used| (used.on.clone(), used.field.clone())).collect();
    for def in subgraph.types.values() {
        for field in def.fields.values() {
            requires(subgraph, def, field, &known_keys, report, &mut uses);
            provides(subgraph, def, field, &known_keys, report, &mut uses);
        }
    }
    uses
}

fn keys(subgraph: &Subgraph, def: &TypeDef, report: &mut Report, uses: &mut Vec<Use>) {
    let none = KnownKeys::new();
    for key in &def.keys {
        let site = format!("On type \"{}\", for @key(fields: \"{}\")", def.name, key.fields.text);
        if def.kind == Kind::Interface && subgraph.links.federation < Version(2, 3) {
            let message = format!(
                "[{}] Cannot use @key on interface \"{}\": @key is not yet supported on interfaces before federation 2.3",
                subgraph.name, def.name
            );
            report.error(Code::KeyUnsupportedOnInterface, message).at(subgraph.place(key.fields.span));
            continue;
        }
        let mut walk = Walk::new(subgraph, Known::Key, site, key.fields.span, &none, report, uses);
        walk.extension = def.extended;
        walk.selections(def, &key.fields.selections, true);
    }
}

fn requires(
    subgraph: &Subgraph,
    def: &TypeDef,
    field: &Field,
    known_keys: &KnownKeys,
    report: &mut Report,
    uses: &mut Vec<Use>,
) {
    let Some(set) = &field.requires else { return };
    if def.kind == Kind::Interface {
        return unsupported(subgraph, def, field, set, Known::Requires, report);
    }
    let site = format!("On field \"{}.{}\", for @requires(fields: \"{}\")", def.name, field.name, set.text);
    Walk::new(subgraph, Known::Requires, site, set.span, known_keys, report, uses).selections(
        def,
        &set.selections,
        false,
    );
}

fn provides(
    subgraph: &Subgraph,
    def: &TypeDef,
    field: &Field,
    known_keys: &KnownKeys,
    report: &mut Report,
    uses: &mut Vec<Use>,
) {
    let Some(set) = &field.provides else { return };
    provides_nothing(subgraph, def, field, set, report);
    let target = subgraph.types.get(field.ty.inner_named_type());
    match target.filter(|target| matches!(target.kind, Kind::Object | Kind::Interface | Kind::Union)) {
        Some(_) if def.kind == Kind::Interface => {
            unsupported(subgraph, def, field, set, Known::Provides, report)
        }
        Some(target) => {
            let site =
                format!("On field \"{}.{}\", for @provides(fields: \"{}\")", def.name, field.name, set.text);
            Walk::new(subgraph, Known::Provides, site, set.span, known_keys, report, uses).selections(
                target,
                &set.selections,
                false,
            );
        }
        None => {
            let message = format!(
                "[{}] Invalid @provides directive on field \"{}.{}\": field has type \"{}\" which is not a Composite Type",
                subgraph.name, def.name, field.name, field.ty
            );
            report.error(Code::ProvidesOnNonObjectField, message).at(subgraph.place(set.span));
        }
    }
}

fn provides_nothing(subgraph: &Subgraph, def: &TypeDef, field: &Field, set: &FieldSet, report: &mut Report) {
    if field.external && !subgraph.is_v1() {
        let message = format!(
            "[{}] Cannot have both @provides and @external on field \"{}.{}\"",
            subgraph.name, def.name, field.name
        );
        report
            .error(Code::ExternalCollision, message)
            .at(subgraph.place(set.span))
            .help("a field that another subgraph resolves provides nothing here: remove one of the two");
    }
}

fn unsupported(
    subgraph: &Subgraph,
    def: &TypeDef,
    field: &Field,
    set: &FieldSet,
    known: Known,
    report: &mut Report,
) {
    let code = match known {
        Known::Requires => Code::RequiresUnsupportedOnInterface,
        _ => Code::ProvidesUnsupportedOnInterface,
    };
    let message = format!(
        "[{}] Cannot use @{} on field \"{}.{}\" of parent type \"{}\": @{} is not yet supported within interfaces",
        subgraph.name,
        known.name(),
        def.name,
        field.name,
        def.name,
        known.name()
    );
    report.error(code, message).at(subgraph.place(set.span));
}

/// A walk over one field set.
struct Walk<'a> {
    subgraph: &'a Subgraph,
    known: Known,
    codes: Codes,
    site: String,
    span: Option<SourceSpan>,
    extension: bool,
    known_keys: &'a KnownKeys,
    report: &'a mut Report,
    uses: &'a mut Vec<Use>,
}

impl<'a> Walk<'a> {
    fn new(
        subgraph: &'a Subgraph,
        known: Known,
        site: String,
        span: Option<SourceSpan>,
        known_keys: &'a KnownKeys,
        report: &'a mut Report,
        uses: &'a mut Vec<Use>,
    ) -> Walk<'a> {
        let codes = fieldset::codes(known);
        Walk { subgraph, known, codes, site, span, extension: false, known_keys, report, uses }
    }

    /// `external` says that an `@external` field leads here, or that none is asked for.
    fn selections(&mut self, on: &TypeDef, selections: &[Selection], external: bool) {
        for selection in selections {
            match selection {
                Selection::Field(field) => self.field(on, field, external),
                Selection::InlineFragment(fragment) => {
                    self.directives(&fragment.directives);
                    let condition = fragment.type_condition.as_ref().unwrap_or(&on.name);
                    match self.subgraph.types.get(condition) {
                        Some(narrowed) => self.selections(narrowed, &fragment.selection_set, external),
                        None => self.error(self.codes.invalid, format!("unknown type \"{condition}\"")),
                    }
                }
                Selection::FragmentSpread(spread) => {
                    let why = format!(
                        "fragment \"{}\" can't be used, only inline fragments can",
                        spread.fragment_name
                    );
                    self.error(self.codes.invalid, why);
                }
            }
        }
    }

    fn field(&mut self, on: &TypeDef, selected: &ast::Field, external: bool) {
        self.directives(&selected.directives);
        if selected.name == "__typename" {
            return;
        }
        let Some(field) = on.fields.get(&selected.name) else {
            let why = format!("Cannot query field \"{}\" on type \"{}\"", selected.name, on.name);
            return self.error(self.codes.invalid, why);
        };
        self.arguments(on, field, selected);
        if selected.alias.is_some() {
            let why = format!("Cannot use alias \"{selected}\": aliases are not supported here");
            self.error(self.codes.invalid, why);
        }
        self.note(on, field);
        let external = external || self.is_external(on, field);
        self.nested(on, field, selected, external);
    }

    fn nested(&mut self, on: &TypeDef, field: &Field, selected: &ast::Field, external: bool) {
        let target = self.subgraph.types.get(field.ty.inner_named_type());
        let composite = target.filter(|def| matches!(def.kind, Kind::Object | Kind::Interface | Kind::Union));
        if self.known == Known::Key {
            self.key_type(on, field, composite);
        }
        match composite {
            Some(_) if selected.selection_set.is_empty() => {
                let why = format!("field \"{}.{}\" must have a selection of subfields", on.name, field.name);
                self.error(self.codes.invalid, why);
            }
            Some(target) => self.selections(target, &selected.selection_set, external),
            None if !selected.selection_set.is_empty() => {
                let why =
                    format!("field \"{}.{}\" must not have a selection of subfields", on.name, field.name);
                self.error(self.codes.invalid, why);
            }
            None if !external && !self.subgraph.is_v1() => self.missing_external(on, field),
            None => {}
        }
    }

    fn key_type(&mut self, on: &TypeDef, field: &Field, composite: Option<&TypeDef>) {
        let kind = match composite.map(|def| def.kind) {
            Some(Kind::Interface) => "an Interface",
            Some(Kind::Union) => "a Union",
            _ => return,
        };
        let why = format!("field \"{}.{}\" is {kind} type which is not allowed in @key", on.name, field.name);
        self.error(Code::KeyFieldsSelectInvalidType, why);
    }

    fn missing_external(&mut self, on: &TypeDef, field: &Field) {
        let code = match self.known {
            Known::Requires => Code::RequiresFieldsMissingExternal,
            _ => Code::ProvidesFieldsMissingExternal,
        };
        let why = format!(
            "field \"{}.{}\" should not be part of a @{} since it is already provided by this subgraph (it is not marked @external)",
            on.name,
            field.name,
            self.known.name()
        );
        self.error(code, why);
    }

    fn arguments(&mut self, on: &TypeDef, field: &Field, selected: &ast::Field) {
        match self.known {
            Known::Requires => {
                for argument in &selected.arguments {
                    if !field.arguments.contains_key(&argument.name) {
                        let why = format!(
                            "Unknown argument \"{}\" on field \"{}.{}\"",
                            argument.name, on.name, field.name
                        );
                        self.error(self.codes.invalid, why);
                    }
                }
                let missing = field.arguments.values().find(|argument| {
                    argument.ty.is_non_null()
                        && argument.default.is_none()
                        && !selected.arguments.iter().any(|given| given.name == argument.name)
                });
                if let Some(missing) = missing {
                    let why = format!(
                        "no value provided for argument \"{}\" of field \"{}.{}\", which is required",
                        missing.name, on.name, field.name
                    );
                    self.error(self.codes.invalid, why);
                }
            }
            _ if !field.arguments.is_empty() => {
                let why = format!(
                    "field {}.{} cannot be included because it has arguments (fields with argument are not allowed in @{})",
                    on.name,
                    field.name,
                    self.known.name()
                );
                let code = match self.known {
                    Known::Key => Code::KeyFieldsHasArgs,
                    _ => Code::ProvidesFieldsHasArgs,
                };
                self.error(code, why);
            }
            _ => {}
        }
    }

    fn directives(&mut self, directives: &ast::DirectiveList) {
        if !directives.is_empty() {
            let known = |name: &str| {
                ["include", "skip"].contains(&name)
                    || self.subgraph.links.known(name).is_some()
                    || self.subgraph.directives.contains_key(name)
            };
            let (code, why) = match directives.iter().find(|directive| !known(&directive.name)) {
                Some(unknown) => (self.codes.invalid, format!("unknown directive \"@{}\"", unknown.name)),
                None => {
                    let why = format!(
                        "cannot have directive applications in the @{}(fields:) argument",
                        self.known.name()
                    );
                    (self.codes.directive, why)
                }
            };
            self.error(code, why);
        }
    }

    /// A field of an interface counts as external when it is in one of the implementations.
    fn is_external(&self, on: &TypeDef, field: &Field) -> bool {
        let in_implementation = || {
            let mut implementations = self.subgraph.implementations(&on.name);
            implementations
                .any(|name| self.subgraph.field(name, &field.name).is_some_and(|field| field.external))
        };
        // The key of an extension is known to the subgraph, whatever it says.
        let external = field.external && !self.known_keys.contains(&(on.name.clone(), field.name.clone()));
        external || (on.kind == Kind::Interface && in_implementation())
    }

    fn note(&mut self, on: &TypeDef, field: &Field) {
        let names: Vec<Name> = match on.kind {
            Kind::Interface => {
                self.subgraph.implementations(&on.name).cloned().chain([on.name.clone()]).collect()
            }
            _ => vec![on.name.clone()],
        };
        self.uses.extend(names.into_iter().map(|on| Use {
            on,
            field: field.name.clone(),
            by: self.known,
            extension: self.extension,
        }));
    }

    fn error(&mut self, code: Code, why: String) {
        let message = format!("[{}] {}: {why}", self.subgraph.name, self.site);
        let place = self.subgraph.place(self.span);
        self.report.error(code, message).at(place);
    }
}
