//! Which subscription fields are fed by events, and how.

use apollo_compiler::Node;
use apollo_compiler::ast::Value;
use apollo_compiler::schema::{Directive, FieldDefinition};

use super::super::directives::{argument, string};
use super::{Reader, SupergraphError, fields_of};
use crate::event::{
    Comparison, EventFilter, EventSource, LeafKind, Operand, SlowConsumer, SubjectToken, tokens,
};
use crate::supergraph::FieldName;

impl Reader<'_> {
    /// The fields of `Subscription` with `@event`, sorted by name.
    pub(super) fn events(&self) -> Result<Vec<(FieldName, EventSource)>, SupergraphError> {
        let Some(root) = &self.schema.schema_definition.subscription else { return Ok(Vec::new()) };
        let fields = self.schema.types.get(root.as_str()).and_then(fields_of);
        let mut found = Vec::new();
        for (name, field) in fields.into_iter().flatten() {
            let event = field.directives.iter().find(|directive| {
                directive.name == "join__directive" && string(directive, "name") == Some("event")
            });
            let (Some(event), Some(id)) = (event, self.fields.id(name)) else { continue };
            let place = format!("{root}.{name}");
            let read = Event { reader: self, place: &place, field }.read(event)?;
            found.push((FieldName(id.0), read));
        }
        found.sort_by_key(|(name, _)| *name);
        Ok(found)
    }
}

/// One declaration.
struct Event<'a> {
    reader: &'a Reader<'a>,
    place: &'a str,
    field: &'a FieldDefinition,
}

impl Event<'_> {
    fn read(&self, directive: &Directive) -> Result<EventSource, SupergraphError> {
        let graph = argument(directive, "graphs").and_then(|graphs| match &**graphs {
            Value::List(graphs) => graphs.first()?.as_enum(),
            graph => graph.as_enum(),
        });
        let graph = graph.ok_or_else(|| self.wrong("it names no graph"))?;
        let subgraph = self.reader.graph(graph, self.place)?;
        let args = argument(directive, "args").and_then(|args| args.as_object()).unwrap_or_default();
        let get = |name: &str| {
            let found = args.iter().find(|(known, _)| known == name).map(|(_, value)| value);
            found.filter(|value| !value.is_null())
        };
        let subject = get("subject").and_then(|subject| subject.as_str()).unwrap_or_default();
        Ok(EventSource {
            subgraph,
            subject: self.subject(subject)?,
            filter: get("where").map(|filter| self.filter(filter)).transpose()?,
            slow: match get("slow").and_then(|slow| slow.as_enum()).map(|slow| slow.as_str()) {
                Some("LATEST") => SlowConsumer::Latest,
                _ => SlowConsumer::All,
            },
            version: get("version").and_then(|version| version.as_str()).map(Box::from),
        })
    }

    fn subject(&self, subject: &str) -> Result<Vec<SubjectToken>, SupergraphError> {
        let all = tokens(subject);
        let read = all.iter().enumerate().map(|(at, token)| SubjectToken::read(token, at + 1 == all.len()));
        let read: Option<Vec<SubjectToken>> = read.collect();
        let events = |tokens: &Vec<SubjectToken>| {
            tokens.len() >= 3 && tokens[0] == SubjectToken::Literal("events".into())
        };
        let wrong = || self.wrong(&format!("\"{subject}\" isn't a subject of events"));
        read.filter(events).ok_or_else(wrong)
    }

    /// An object's conditions hold together.
    fn filter(&self, filter: &Node<Value>) -> Result<EventFilter, SupergraphError> {
        let parts = filter.as_object().ok_or_else(|| self.wrong("where isn't an object"))?;
        let given = || parts.iter().filter(|(_, value)| !value.is_null());
        let field = given().find(|(name, _)| name == "field").and_then(|(_, value)| value.as_str());
        let mut all = Vec::new();
        for (name, value) in given() {
            let by = match name.as_str() {
                "and" => {
                    all.push(EventFilter::And(self.filters(value)?));
                    continue;
                }
                "or" => {
                    all.push(EventFilter::Or(self.filters(value)?));
                    continue;
                }
                "not" => {
                    all.push(EventFilter::Not(Box::new(self.filter(value)?)));
                    continue;
                }
                "field" => continue,
                "eq" => Comparison::Equal,
                "ne" => Comparison::NotEqual,
                "lt" => Comparison::Less,
                "lte" => Comparison::LessOrEqual,
                "gt" => Comparison::Greater,
                "gte" => Comparison::GreaterOrEqual,
                "in" => Comparison::In,
                other => return Err(self.wrong(&format!("where has \"{other}\", which isn't known"))),
            };
            let field = field.ok_or_else(|| self.wrong("where compares without a field"))?;
            let with = operands(value).ok_or_else(|| self.wrong("where compares with what is no text"))?;
            all.push(EventFilter::Compare { field: field.into(), kind: self.kind(field)?, by, with });
        }
        Ok(match all.len() {
            1 => all.remove(0),
            _ => EventFilter::And(all),
        })
    }

    /// One is as good as a list of one.
    fn filters(&self, value: &Node<Value>) -> Result<Vec<EventFilter>, SupergraphError> {
        match value.as_list() {
            Some(items) => items.iter().map(|item| self.filter(item)).collect(),
            None => Ok(vec![self.filter(value)?]),
        }
    }

    fn kind(&self, field: &str) -> Result<LeafKind, SupergraphError> {
        let schema = self.reader.schema;
        let payload = schema.types.get(self.field.ty.inner_named_type()).and_then(fields_of);
        let found = payload.and_then(|fields| fields.get(field));
        let found = found
            .ok_or_else(|| self.wrong(&format!("where compares \"{field}\", which its type doesn't have")))?;
        Ok(match found.ty.inner_named_type().as_str() {
            "Int" | "Float" => LeafKind::Number,
            "Boolean" => LeafKind::Boolean,
            _ => LeafKind::Text,
        })
    }

    fn wrong(&self, why: &str) -> SupergraphError {
        SupergraphError::Event { place: self.place.to_owned(), reason: why.to_owned() }
    }
}

fn operands(value: &Node<Value>) -> Option<Vec<Operand>> {
    match value.as_list() {
        Some(items) => items.iter().map(|item| Operand::read(item.as_str()?)).collect(),
        None => Some(vec![Operand::read(value.as_str()?)?]),
    }
}
