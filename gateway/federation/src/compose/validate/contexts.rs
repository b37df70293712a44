//! `@context` and `@fromContext`: the context must be set above, and give one value of the argument's type.

use std::collections::HashSet;

use apollo_compiler::ast::{self, DirectiveList, Selection, Type};
use apollo_compiler::{Name, name};

use super::super::diagnostic::{Code, Report};
use super::super::model::{ContextSource, Field, FromContext, Input, Kind, Subgraph, TypeDef, is_narrower};
use super::super::spec::Known;
use super::field_sets::Use;

/// Checks every context and tells which fields are selected from one.
pub(super) fn validate(subgraph: &Subgraph, report: &mut Report) -> Vec<Use> {
    let mut uses = Vec::new();
    on_directives(subgraph, report);
    for def in subgraph.types.values() {
        names(subgraph, def, report);
        for field in def.fields.values() {
            for argument in field.arguments.values() {
                if let Some(from) = &argument.from_context {
                    let at = format!("{}.{}({}:)", def.name, field.name, argument.name);
                    let mut check = Check { subgraph, at, argument, from, report, uses: &mut uses };
                    check.argument(def, field);
                }
            }
        }
    }
    uses
}

fn names(subgraph: &Subgraph, def: &TypeDef, report: &mut Report) {
    for (name, span) in &def.contexts {
        let starts = name.starts_with(|c: char| c.is_ascii_alphabetic());
        let why = match name {
            name if name.contains('_') => "may not contain an underscore",
            name if starts && name.chars().all(|c| c.is_ascii_alphanumeric()) => continue,
            _ => "is invalid. It should have only alphanumeric characters",
        };
        let message = format!("[{}] Context name \"{name}\" {why}.", subgraph.name);
        report
            .error(Code::ContextNameInvalid, message)
            .at(subgraph.place(*span))
            .help("give the context a name of letters and digits that starts with a letter");
    }
}

fn on_directives(subgraph: &Subgraph, report: &mut Report) {
    let is_contextual = |directives: &DirectiveList| {
        directives.iter().any(|found| subgraph.links.known(&found.name) == Some(Known::FromContext))
    };
    for (name, definition) in &subgraph.directives {
        for argument in definition.arguments.iter().filter(|argument| is_contextual(&argument.directives)) {
            let message = format!(
                "[{}] @fromContext argument cannot be used on a directive definition \"@{name}({}:)\".",
                subgraph.name, argument.name
            );
            report
                .error(Code::ContextNotSet, message)
                .at(subgraph.place(argument.location()))
                .help("only arguments of an object type's fields can be set from a context");
        }
    }
}

/// The check of one argument.
struct Check<'a> {
    subgraph: &'a Subgraph,
    at: String,
    argument: &'a Input,
    from: &'a FromContext,
    report: &'a mut Report,
    uses: &'a mut Vec<Use>,
}

impl Check<'_> {
    fn argument(&mut self, def: &TypeDef, field: &Field) {
        if def.kind != Kind::Object {
            let why = format!(
                "@fromContext argument cannot be used on a field that exists on an abstract type \"{}\".",
                self.at
            );
            return self.error(Code::ContextNotSet, why, "put it on the fields of the object types");
        }
        self.declaration(def, field);
        let Some(source) = &self.from.source else {
            let why = format!("@fromContext argument does not reference a context \"{}\".", self.from.text);
            let help = "write the context's name before the selection: \"$name { field }\"";
            return self.error(Code::NoContextInSelection, why, help);
        };
        if !self.value_of(source) {
            return;
        }
        if !def.keys.iter().any(|key| key.resolvable) {
            let why = format!(
                "Object \"{}\" has no resolvable key but has a field with a contextual argument.",
                def.name
            );
            let help = format!("give \"{}\" a @key that this subgraph resolves", def.name);
            self.error(Code::ContextNoResolvableKey, why, &help);
        }
    }

    /// Checks that the context is set somewhere, and what is selected there; false when it is set nowhere.
    fn value_of(&mut self, source: &ContextSource) -> bool {
        let owners: Vec<&TypeDef> = self
            .subgraph
            .types
            .values()
            .filter(|owner| owner.contexts.contains_key(&source.context))
            .collect();
        if owners.is_empty() {
            let why = format!(
                "Context \"{}\" is used at location \"{}\" but is never set.",
                source.context, self.at
            );
            let help =
                format!("mark the type that the value comes from: @context(name: \"{}\")", source.context);
            self.error(Code::ContextNotSet, why, &help);
            return false;
        }
        if let Err(why) = self.selection(source, &owners) {
            let why = format!(
                "Context \"{}\" is used in \"{}\" but the selection is invalid: {why}",
                source.context, self.at
            );
            let help = format!("select one field of type \"{}\"", self.argument.ty);
            self.error(Code::ContextInvalidSelection, why, &help);
        }
        true
    }

    fn declaration(&mut self, def: &TypeDef, field: &Field) {
        let interfaces = def.implements.iter().filter_map(|name| self.subgraph.types.get(name));
        let implemented: Vec<&TypeDef> =
            interfaces.filter(|interface| interface.fields.contains_key(&field.name)).collect();
        for interface in implemented {
            let why = format!(
                "@fromContext argument cannot be used on a field implementing an interface field \"{}.{}\".",
                interface.name, field.name
            );
            self.error(Code::ContextNotSet, why, "take the field out of the interface");
        }
        if self.argument.default.is_some() {
            let why = format!("@fromContext arguments may not have a default value: \"{}\".", self.at);
            self.error(Code::ContextNotSet, why, "remove the default value");
        }
    }

    fn selection(&mut self, source: &ContextSource, owners: &[&TypeDef]) -> Result<(), String> {
        let selections = source.selections.as_ref().map_err(Clone::clone)?;
        let branches = match &selections[..] {
            [Selection::Field(_)] => {
                return owners.iter().try_for_each(|owner| self.value(owner, selections));
            }
            [Selection::Field(_), ..] => return Err("multiple selections are made".to_owned()),
            branches => branches_of(branches)?,
        };
        let mut unused: HashSet<&Name> = branches.iter().map(|(condition, _)| *condition).collect();
        for owner in owners {
            let mut matched = false;
            for (condition, nested) in &branches {
                if !self.is_possible(owner, condition) {
                    continue;
                }
                matched = true;
                unused.remove(*condition);
                match self.subgraph.types.get(*condition).filter(|def| def.kind == Kind::Object) {
                    Some(object) => self.value(object, nested)?,
                    None => return Err("type conditions must be an object type".to_owned()),
                }
            }
            if !matched {
                return Err(format!("no type condition matches the location \"{}\"", owner.name));
            }
        }
        match branches.iter().find(|(condition, _)| unused.contains(*condition)) {
            Some((condition, _)) => Err(format!("type condition \"{condition}\" is never used.")),
            None => Ok(()),
        }
    }

    fn is_possible(&self, owner: &TypeDef, object: &Name) -> bool {
        match owner.kind {
            Kind::Interface => self.subgraph.implementations(&owner.name).any(|name| name == object),
            Kind::Union => owner.members.contains(object),
            _ => owner.name == *object,
        }
    }

    /// Whether a selection gives a value of the argument's type.
    fn value(&mut self, on: &TypeDef, selections: &[Selection]) -> Result<(), String> {
        let ty = self.selected(on, selections)?;
        if is_narrower(&ty, &self.argument.ty) {
            return Ok(());
        }
        Err(format!(
            "the type of the selection \"{ty}\" does not match the expected type \"{}\"",
            self.argument.ty
        ))
    }

    /// The type of what a selection selects: one field, or the same type under each type condition.
    fn selected(&mut self, on: &TypeDef, selections: &[Selection]) -> Result<Type, String> {
        if on.interface_object {
            return Err(format!("One of the types in the selection is an interfaceObject: \"{}\"", on.name));
        }
        if let [Selection::Field(field)] = selections {
            return self.field(on, field);
        }
        let mut all: Option<Type> = None;
        for (condition, nested) in branches_of(selections)? {
            let Some(narrowed) = self.subgraph.types.get(condition) else {
                return Err(format!("unknown type \"{condition}\""));
            };
            let ty = self.selected(narrowed, nested)?;
            match &all {
                Some(known) if !(is_narrower(known, &ty) || is_narrower(&ty, known)) => {
                    return Err(format!("the selection is of type \"{known}\" and of type \"{ty}\""));
                }
                Some(known) if is_narrower(known, &ty) => all = Some(ty),
                Some(_) => {}
                None => all = Some(ty),
            }
        }
        all.ok_or_else(|| "no selection is made".to_owned())
    }

    fn field(&mut self, on: &TypeDef, selected: &ast::Field) -> Result<Type, String> {
        if selected.alias.is_some() {
            return Err("aliases are not allowed in the selection".to_owned());
        }
        without_directives(&selected.directives)?;
        if selected.name == "__typename" {
            return Ok(Type::NonNullNamed(name!("String")));
        }
        let Some(field) = on.fields.get(&selected.name) else {
            return Err(format!("Cannot query field \"{}\" on type \"{}\"", selected.name, on.name));
        };
        self.note(on, &field.name);
        let given = |name: &Name| selected.arguments.iter().any(|argument| argument.name == *name);
        let required = |argument: &&Input| argument.ty.is_non_null() && argument.default.is_none();
        if let Some(missing) = field.arguments.values().filter(required).find(|input| !given(&input.name)) {
            let on = &on.name;
            return Err(format!(
                "no value is provided for argument \"{on}.{}({}:)\"",
                field.name, missing.name
            ));
        }
        let target = self.subgraph.types.get(field.ty.inner_named_type());
        let composite = target.filter(|def| matches!(def.kind, Kind::Object | Kind::Interface | Kind::Union));
        match composite {
            Some(_) if selected.selection_set.is_empty() => {
                Err(format!("field \"{}.{}\" must have a selection of subfields", on.name, field.name))
            }
            None if !selected.selection_set.is_empty() => {
                Err(format!("field \"{}.{}\" must not have a selection of subfields", on.name, field.name))
            }
            Some(target) => Ok(wrap(&field.ty, self.selected(target, &selected.selection_set)?)),
            None => Ok(field.ty.clone()),
        }
    }

    fn note(&mut self, on: &TypeDef, field: &Name) {
        let below = (on.kind == Kind::Interface).then(|| self.subgraph.implementations(&on.name));
        for on in below.into_iter().flatten().chain([&on.name]) {
            let (on, field) = (on.clone(), field.clone());
            self.uses.push(Use { on, field, by: Known::FromContext, extension: false });
        }
    }

    fn error(&mut self, code: Code, why: String, help: &str) {
        let message = format!("[{}] {why}", self.subgraph.name);
        self.report.error(code, message).at(self.subgraph.place(self.from.span)).help(help);
    }
}

/// The selections under each type condition, of which there is nothing else.
fn branches_of(selections: &[Selection]) -> Result<Vec<(&Name, &[Selection])>, String> {
    let mut branches: Vec<(&Name, &[Selection])> = Vec::new();
    for selection in selections {
        match selection {
            Selection::Field(_) => return Err("multiple fields could be selected".to_owned()),
            Selection::FragmentSpread(_) => return Err("fragment spread is not allowed".to_owned()),
            Selection::InlineFragment(fragment) => {
                without_directives(&fragment.directives)?;
                let Some(condition) = &fragment.type_condition else {
                    return Err("inline fragments must have type conditions".to_owned());
                };
                if branches.iter().any(|(known, _)| *known == condition) {
                    return Err("type conditions have same name".to_owned());
                }
                branches.push((condition, &fragment.selection_set));
            }
        }
    }
    Ok(branches)
}

fn without_directives(directives: &DirectiveList) -> Result<(), String> {
    match directives.is_empty() {
        true => Ok(()),
        false => Err("directives are not allowed in the selection".to_owned()),
    }
}

/// What is selected below a field, in the lists that the field has; it is null where one of the two is.
fn wrap(around: &Type, inner: Type) -> Type {
    match around {
        Type::NonNullNamed(_) => inner,
        Type::Named(_) => inner.nullable(),
        Type::List(item) => Type::List(Box::new(wrap(item, inner))),
        Type::NonNullList(item) => Type::NonNullList(Box::new(wrap(item, inner))),
    }
}
