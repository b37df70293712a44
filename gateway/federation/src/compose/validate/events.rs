//! `@event`: a subscription that the gateway feeds from a stream. Nobody runs it, so what is wrong shows only here.

use apollo_compiler::Node;
use apollo_compiler::ast::{Directive, Type, Value};
use apollo_compiler::parser::SourceSpan;

use super::super::diagnostic::{Code, Report};
use super::super::model::{Field, Kind, Subgraph, TypeDef};
use super::filters;
use crate::event::{Operand, SubjectToken, is_plain, tokens};

const EVENT: &str = "event";

pub(super) fn validate(subgraph: &Subgraph, report: &mut Report) {
    for def in subgraph.types.values() {
        misplaced(subgraph, def, report);
        for field in def.fields.values() {
            for directive in field.marks.joined.iter().filter(|directive| is_event(subgraph, directive)) {
                let mut check = Check { subgraph, field, span: directive.location(), report };
                check.event(def, directive);
            }
        }
    }
}

fn is_event(subgraph: &Subgraph, directive: &Directive) -> bool {
    subgraph.links.joined(&directive.name).and_then(|link| link.element_of(&directive.name)) == Some(EVENT)
}

/// The definition may allow more places than there are.
fn misplaced(subgraph: &Subgraph, def: &TypeDef, report: &mut Report) {
    let Some(event) = def.marks.joined.iter().find(|directive| is_event(subgraph, directive)) else { return };
    let message = format!("[{}] @event cannot be used on type \"{}\"", subgraph.name, def.name);
    report
        .error(Code::EventUsageInvalid, message)
        .at(subgraph.place(event.location()))
        .help("@event is for fields of the type Subscription");
}

/// The check of one event.
pub(super) struct Check<'a> {
    pub(super) subgraph: &'a Subgraph,
    pub(super) field: &'a Field,
    span: Option<SourceSpan>,
    report: &'a mut Report,
}

impl<'a> Check<'a> {
    fn event(&mut self, def: &TypeDef, directive: &Node<Directive>) {
        if def.name != "Subscription" {
            let why = format!("it stands on a field of \"{}\"", def.name);
            return self.error(
                Code::EventUsageInvalid,
                &why,
                "@event is for fields of the type Subscription",
            );
        }
        let argument = |name| directive.specified_argument_by_name(name).filter(|value| !value.is_null());
        self.subject(argument("subject").and_then(|subject| subject.as_str()).unwrap_or_default());
        let Some(payload) = self.payload() else { return };
        if let Some(filter) = argument("where") {
            filters::check(self, payload, filter);
        }
        if let Some(version) = argument("version") {
            self.version(payload, version);
        }
    }

    /// A payload is one object, with the fields that its type has in this subgraph.
    fn payload(&mut self) -> Option<&'a TypeDef> {
        let target = self.subgraph.types.get(self.field.ty.inner_named_type());
        let target = target.filter(|def| matches!(def.kind, Kind::Object | Kind::Interface | Kind::Union));
        if target.is_none() || self.field.ty.is_list() {
            let why = format!("its field has type \"{}\", but an event is one object", self.field.ty);
            let help = "return an object type, if possible one with a @key";
            self.error(Code::EventUsageInvalid, &why, help);
            return None;
        }
        target
    }

    fn subject(&mut self, subject: &str) {
        let tokens = tokens(subject);
        if tokens.len() < 3 || tokens[0] != "events" || !is_plain(tokens[1]) {
            let why = format!("subject \"{subject}\" isn't one of a subgraph's events");
            let help = "write \"events.\", the name of the subgraph that publishes, and what follows there";
            return self.error(Code::EventSubjectInvalid, &why, help);
        }
        for (at, token) in tokens.iter().enumerate().skip(2) {
            let last = at + 1 == tokens.len();
            match SubjectToken::read(token, last) {
                Some(SubjectToken::Filled(Operand::Argument(name))) => self.token_argument(&name),
                Some(_) => {}
                None => {
                    let why = format!("subject \"{subject}\" has a token \"{token}\"");
                    let help = "a token is letters, digits, _ and -, or * or a last >, or all of it {args.name} or {claims.name}";
                    self.error(Code::EventSubjectInvalid, &why, help);
                }
            }
        }
    }

    fn token_argument(&mut self, name: &str) {
        let Some(ty) = self.argument_type(name) else {
            let why = format!("its subject names an argument \"{name}\" that its field doesn't have");
            return self.error(Code::EventSubjectInvalid, &why, "name one of the field's arguments");
        };
        if !self.is_leaf(ty) || ty.item_type().is_list() {
            let why = format!("argument \"{name}\" of type \"{ty}\" can't fill a token of its subject");
            let help = "use an argument that is a scalar or an enum, or a list of those";
            self.error(Code::EventSubjectInvalid, &why, help);
        }
    }

    fn version(&mut self, payload: &TypeDef, version: &Value) {
        let name = version.as_str().unwrap_or_default();
        let field = payload.fields.get(name);
        if !field.is_some_and(|field| self.is_leaf(&field.ty) && !field.ty.is_list()) {
            let why = format!("version \"{name}\" isn't a field of \"{}\" with one value", payload.name);
            let help = "name a field that only grows, such as a number that counts the changes";
            self.error(Code::EventVersionInvalid, &why, help);
        }
    }

    pub(super) fn argument_type(&self, name: &str) -> Option<&'a Type> {
        self.field.arguments.get(name).map(|argument| &argument.ty)
    }

    pub(super) fn is_leaf(&self, ty: &Type) -> bool {
        let kind = self.subgraph.types.get(ty.inner_named_type()).map(|def| def.kind);
        matches!(kind, None | Some(Kind::Scalar | Kind::Enum))
    }

    pub(super) fn error(&mut self, code: Code, why: &str, help: &str) {
        let message =
            format!("[{}] @event on \"Subscription.{}\": {why}", self.subgraph.name, self.field.name);
        self.report.error(code, message).at(self.subgraph.place(self.span)).help(help);
    }
}
