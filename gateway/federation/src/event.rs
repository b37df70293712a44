//! `@event`: a subscription field that its subgraph only declares, and that the gateway feeds with events.
//!
//! What is here is the declaration, read from a supergraph. Matching subjects and evaluating conditions is for those
//! who have the events; the texts in a declaration are the protocol's (section 5).

use std::collections::BTreeMap;

use crate::SubgraphId;

/// How a field of `Subscription` is fed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventSource {
    /// Who declares it. The payload's fields are this subgraph's.
    pub subgraph: SubgraphId,
    /// The subject's tokens.
    pub subject: Vec<SubjectToken>,
    /// Which events are meant.
    pub filter: Option<EventFilter>,
    /// What becomes of clients that are slower than the events.
    pub slow: SlowConsumer,
    /// A field of the payload that only grows for an entity.
    pub version: Option<Box<str>>,
}

/// One token of a subject.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SubjectToken {
    /// Itself.
    Literal(Box<str>),
    /// `*`: any token.
    Any,
    /// `>`: all that follows, at least one token.
    Rest,
    /// `{args.x}` or `{claims.x}`: what the field's argument or the client's token says.
    Filled(Operand),
}

/// What to do with a client that is slower than the events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SlowConsumer {
    /// It gets all of them, or is disconnected with its place.
    #[default]
    All,
    /// Only the newest event for each entity waits for it.
    Latest,
}

/// A condition on a payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventFilter {
    /// All of these.
    And(Vec<EventFilter>),
    /// One of these.
    Or(Vec<EventFilter>),
    /// Not this, where all fields in it are there.
    Not(Box<EventFilter>),
    /// A field beside what it is compared with.
    Compare {
        /// The payload's field.
        field: Box<str>,
        /// What kind of values it has.
        kind: LeafKind,
        /// How.
        by: Comparison,
        /// With what; several only for [`Comparison::In`].
        with: Vec<Operand>,
    },
}

/// How a field is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// `eq`
    Equal,
    /// `ne`
    NotEqual,
    /// `lt`
    Less,
    /// `lte`
    LessOrEqual,
    /// `gt`
    Greater,
    /// `gte`
    GreaterOrEqual,
    /// `in`
    In,
}

/// What a field is compared with.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Operand {
    /// The text itself, as a value of the field's type.
    Literal(Box<str>),
    /// What the subscription field's argument says.
    Argument(Box<str>),
    /// What the client's token says.
    Claim(Box<str>),
}

/// What kind of values a leaf has, as far as comparing goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LeafKind {
    /// `Int` and `Float`.
    Number,
    /// `Boolean`
    Boolean,
    /// `String`, `ID`, enums and scalars of the schema's own.
    Text,
}

/// What the payload of an event has. A plan for it fetches the rest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct PayloadShape {
    /// What `__typename` says. Only a payload's own must be there.
    pub typename: Option<Box<str>>,
    /// Its fields by their names in the schema, and what their objects have; `None`: no object. Of a list's objects,
    /// what each of them has.
    pub fields: BTreeMap<Box<str>, Option<PayloadShape>>,
}

impl EventSource {
    /// The names of the arguments that decide which events are meant.
    pub fn arguments(&self) -> impl Iterator<Item = &str> {
        self.names(|operand| match operand {
            Operand::Argument(name) => Some(name),
            _ => None,
        })
    }

    /// The names of the claims that decide which events are meant.
    pub fn claims(&self) -> impl Iterator<Item = &str> {
        self.names(|operand| match operand {
            Operand::Claim(name) => Some(name),
            _ => None,
        })
    }

    /// Of everything that is filled in, in subject and conditions.
    fn names<'a>(&'a self, name: fn(&'a Operand) -> Option<&'a str>) -> impl Iterator<Item = &'a str> {
        let mut operands: Vec<&Operand> = self.subject.iter().filter_map(SubjectToken::operand).collect();
        if let Some(filter) = &self.filter {
            filter.operands(&mut operands);
        }
        operands.into_iter().filter_map(name)
    }

    /// What an upstream consumer has to ask for to get every event that some client could mean.
    pub fn pattern(&self) -> String {
        let token = |token: &SubjectToken| match token {
            SubjectToken::Literal(text) => text.to_string(),
            SubjectToken::Any | SubjectToken::Filled(_) => "*".to_owned(),
            SubjectToken::Rest => ">".to_owned(),
        };
        self.subject.iter().map(token).collect::<Vec<_>>().join(".")
    }
}

impl EventFilter {
    fn operands<'a>(&'a self, found: &mut Vec<&'a Operand>) {
        match self {
            Self::And(all) | Self::Or(all) => all.iter().for_each(|one| one.operands(found)),
            Self::Not(inner) => inner.operands(found),
            Self::Compare { with, .. } => found.extend(with),
        }
    }
}

impl Operand {
    /// `{args.x}` and `{claims.x}` stand for a value, all of the text or nothing; `None` is a broken one.
    pub(crate) fn read(text: &str) -> Option<Self> {
        if !text.contains(['{', '}']) {
            return Some(Self::Literal(text.into()));
        }
        let inner = text.strip_prefix('{')?.strip_suffix('}')?;
        let name = |rest: &str| inner.strip_prefix(rest).filter(|name| is_plain(name)).map(Box::from);
        name("args.").map(Self::Argument).or_else(|| name("claims.").map(Self::Claim))
    }
}

impl SubjectToken {
    fn operand(&self) -> Option<&Operand> {
        match self {
            Self::Filled(operand) => Some(operand),
            _ => None,
        }
    }

    /// Reads a token of a subject's template; `last`: nothing follows. `None`: it can't be one.
    pub(crate) fn read(text: &str, last: bool) -> Option<Self> {
        match Operand::read(text)? {
            filled @ (Operand::Argument(_) | Operand::Claim(_)) => Some(Self::Filled(filled)),
            Operand::Literal(_) => match text {
                "*" => Some(Self::Any),
                ">" if last => Some(Self::Rest),
                text if is_plain(text) => Some(Self::Literal(text.into())),
                _ => None,
            },
        }
    }
}

/// The parts between dots, but for the dots of placeholders.
pub(crate) fn tokens(subject: &str) -> Vec<&str> {
    let mut within = false;
    let dots = subject.split(|c| {
        within = (within || c == '{') && c != '}';
        c == '.' && !within
    });
    dots.collect()
}

/// Letters, digits, `_` and `-`: what a token is made of.
pub(crate) fn is_plain(token: &str) -> bool {
    !token.is_empty() && token.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}
