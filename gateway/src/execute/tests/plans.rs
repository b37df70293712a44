//! Small plans.

use std::sync::Arc;

use smallvec::smallvec;
use tributary_federation::plan::*;
use tributary_federation::{TypeId, TypeNames, TypeSet};

const TYPES: [&str; 7] = ["Book", "Film", "Hidden", "Media", "Query", "Row", "User"];

fn type_id(name: &str) -> TypeId {
    TypeId(TYPES.iter().position(|known| *known == name).unwrap() as u32)
}

fn types(names: &[&str]) -> TypeSet {
    names.iter().map(|name| type_id(name)).collect()
}

fn empty() -> Plan {
    let interfaces = types(&["Media"]);
    Plan {
        kind: OperationKind::Query,
        operation_name: None,
        fetches: Vec::new(),
        shapes: Vec::new(),
        reads: Vec::new(),
        outputs: Vec::new(),
        conditions: Vec::new(),
        variables: Vec::new(),
        deferred: Vec::new(),
        facts: Vec::new(),
        enums: vec![EnumValues { name: "Color".into(), values: vec!["GREEN".into(), "RED".into()] }],
        type_names: Arc::new(TypeNames::new(TYPES.map(Into::into)).with_interfaces(interfaces)),
        has_introspection: false,
        relay: false,
        caching: None,
        work: 0,
    }
}

fn leaf(key: Option<&str>) -> Slot {
    Slot { key: key.map(Into::into), child: None }
}

fn child(key: &str, shape: u32) -> Slot {
    Slot { key: Some(key.into()), child: Some(ShapeId(shape)) }
}

fn read(key: &str, slot: u32, read: Option<u32>) -> ReadField {
    ReadField { types: None, key: key.into(), slot: SlotId(slot), read: read.map(ReadId) }
}

fn ty(inner: OutputInner, non_null: &[bool]) -> OutputType {
    OutputType { non_null: non_null.iter().copied().collect(), inner }
}

fn output(key: &str, slot: u32, ty: OutputType, coordinate: &str) -> OutputField {
    let value = OutputValue::Slot { slot: SlotId(slot), ty, coordinate: coordinate.into() };
    let json_key = format!("\"{key}\":").into_bytes().into();
    OutputField { json_key, key: key.into(), types: None, condition: None, value }
}

pub fn root_fetch(subgraph: u16, query: &str, read: u32) -> Fetch {
    Fetch {
        subgraph: SubgraphId(subgraph),
        kind: OperationKind::Query,
        deferred: None,
        deps: Vec::new(),
        condition: None,
        query: query.into(),
        head: format!("{{\"query\":\"{query}\"").into_bytes().into(),
        variables: Vec::new(),
        source: FetchSource::Root { path: Vec::new(), read: ReadId(read) },
    }
}

fn entity_fetch(subgraph: u16, query: &str, dep: u32, key: (&str, u32), read: u32) -> Fetch {
    let field = RepresentationField {
        types: None,
        name: key.0.into(),
        value: RepresentationValue::Leaf(SlotId(key.1)),
        key: true,
    };
    let lookup = Lookup {
        key: "_entities".into(),
        path: vec![PathStep { types: None, slot: SlotId(0) }],
        representations: vec![Representation {
            types: types(&["User"]),
            typename: None,
            fields: vec![field],
        }],
        read: ReadId(read),
        condition: None,
        contexts: Vec::new(),
        apart: None,
    };
    let variable = FetchVariable {
        key: (*b"\"representations\":").into(),
        value: FetchVariableValue::Representations(0),
    };
    Fetch {
        deps: vec![FetchId(dep)],
        variables: vec![variable],
        source: FetchSource::Entities(vec![lookup]),
        ..root_fetch(subgraph, query, read)
    }
}

/// What varies in [`users`].
#[derive(Default)]
pub struct Fields {
    pub email_non_null: bool,
    /// The mail fetch and what it brings are under the first variable.
    pub conditional: bool,
    /// A third subgraph brings `extra: String!` and is asked by the e-mail address.
    pub chained: bool,
    /// Another field of the mail subgraph's, of that type in so many lists.
    pub leaf: Option<(OutputInner, usize)>,
}

/// `{ users { name mail: email friend { name } } }`: users and names from one subgraph, the rest from another.
pub fn users(fields: Fields) -> Plan {
    let Fields { email_non_null, conditional, chained, leaf: leaf_field } = fields;
    let mut plan = empty();
    let user = vec![
        leaf(None),
        leaf(Some("name")),
        leaf(Some("mail")),
        child("friend", 2),
        leaf(Some("leaf")),
        leaf(Some("extra")),
    ];
    plan.shapes = vec![
        Shape { slots: vec![child("users", 1)] },
        Shape { slots: user },
        Shape { slots: vec![leaf(Some("name"))] },
    ];
    let of = |shape, typename, fields| Read { shape: ShapeId(shape), typename, fields };
    let user_type = ReadTypename::Static(type_id("User"));
    plan.reads = vec![
        of(0, ReadTypename::Static(type_id("Query")), vec![read("users", 0, Some(1))]),
        of(1, user_type, vec![read("id", 0, None), read("name", 1, None)]),
        of(
            1,
            ReadTypename::Keep,
            vec![read("email", 2, None), read("friend", 3, Some(3)), read("leaf", 4, None)],
        ),
        of(2, user_type, vec![read("name", 0, None)]),
        of(1, ReadTypename::Keep, vec![read("extra", 5, None)]),
    ];
    plan.fetches = vec![root_fetch(0, "users", 0), entity_fetch(1, "mail", 0, ("id", 0), 2)];
    let mut mail = output("mail", 2, ty(OutputInner::String, &[email_non_null]), "User.email");
    let friend = output("friend", 3, ty(OutputInner::Object(OutputId(2)), &[false]), "User.friend");
    let name = |slot| output("name", slot, ty(OutputInner::String, &[true]), "User.name");
    if conditional {
        plan.variables = vec!["with".into()];
        plan.conditions =
            vec![Condition { any: vec![vec![Literal { variable: VariableId(0), expected: true }]] }];
        plan.fetches[1].condition = Some(ConditionId(0));
        mail.condition = Some(ConditionId(0));
    }
    let mut selection = vec![name(1), mail, friend];
    if let Some((inner, lists)) = leaf_field {
        selection.push(output("leaf", 4, ty(inner, &vec![false; lists + 1]), "User.leaf"));
    }
    if chained {
        plan.fetches.push(entity_fetch(2, "extra", 1, ("email", 2), 4));
        selection.push(output("extra", 5, ty(OutputInner::String, &[true]), "User.extra"));
    }
    let all = ty(OutputInner::Object(OutputId(1)), &[false, false]);
    plan.outputs = vec![
        Output {
            types: types(&["Query"]),
            fields: vec![output("users", 0, all, "Query.users")],
            deferred: Vec::new(),
        },
        Output { types: types(&["User"]), fields: selection, deferred: Vec::new() },
        Output { types: types(&["User"]), fields: vec![name(0)], deferred: Vec::new() },
    ];
    plan
}

/// Sends three of the client's variables with the first fetch.
pub fn forward_variables(plan: &mut Plan) {
    plan.variables = ["a", "b", "c"].map(Into::into).into();
    plan.fetches[0].variables = ["a", "b", "c"]
        .iter()
        .zip(0..)
        .map(|(name, id)| FetchVariable {
            key: format!("\"{name}\":").into_bytes().into(),
            value: FetchVariableValue::Client(VariableId(id)),
        })
        .collect();
}

/// `{ media { kind: __typename title ... on Book { pages } ... on Film { minutes } } }`
pub fn media(non_null: bool) -> Plan {
    let mut plan = empty();
    plan.shapes = vec![
        Shape { slots: vec![child("media", 1)] },
        Shape { slots: vec![leaf(Some("title")), leaf(Some("pages")), leaf(Some("minutes"))] },
    ];
    let (book, film) = (types(&["Book"]), types(&["Film"]));
    let only = |types: &TypeSet, field: ReadField| ReadField { types: Some(types.clone()), ..field };
    plan.reads = vec![
        Read {
            shape: ShapeId(0),
            typename: ReadTypename::Static(type_id("Query")),
            fields: vec![read("media", 0, Some(1))],
        },
        Read {
            shape: ShapeId(1),
            typename: ReadTypename::Dynamic,
            fields: vec![
                read("title", 0, None),
                only(&book, read("pages", 1, None)),
                only(&film, read("minutes", 2, None)),
            ],
        },
    ];
    plan.fetches = vec![root_fetch(0, "media", 0)];
    let kind = OutputField {
        value: OutputValue::Typename,
        ..output("kind", 0, ty(OutputInner::String, &[true]), "")
    };
    let shown = |types: &TypeSet, field: OutputField| OutputField { types: Some(types.clone()), ..field };
    let int = || OutputType { non_null: smallvec![true], inner: OutputInner::Int };
    let object = ty(OutputInner::Object(OutputId(1)), &[non_null]);
    plan.outputs = vec![
        Output {
            types: types(&["Query"]),
            fields: vec![output("media", 0, object, "Query.media")],
            deferred: Vec::new(),
        },
        Output {
            types: types(&["Book", "Film"]),
            fields: vec![
                kind,
                output("title", 0, ty(OutputInner::String, &[true]), "Media.title"),
                shown(&book, output("pages", 1, int(), "Book.pages")),
                shown(&film, output("minutes", 2, int(), "Film.minutes")),
            ],
            deferred: Vec::new(),
        },
    ];
    plan
}

/// `{ rows { a b } }`, asked of two subgraphs one after the other.
pub fn twice() -> Plan {
    let mut plan = empty();
    plan.shapes = vec![
        Shape { slots: vec![child("rows", 1)] },
        Shape { slots: vec![leaf(Some("a")), leaf(Some("b"))] },
    ];
    let fields = vec![read("a", 0, None), read("b", 1, None)];
    plan.reads = vec![
        Read {
            shape: ShapeId(0),
            typename: ReadTypename::Static(type_id("Query")),
            fields: vec![read("rows", 0, Some(1))],
        },
        Read { shape: ShapeId(1), typename: ReadTypename::Static(type_id("Row")), fields },
    ];
    plan.fetches =
        vec![root_fetch(0, "first", 0), Fetch { deps: vec![FetchId(0)], ..root_fetch(1, "second", 0) }];
    let rows = ty(OutputInner::Object(OutputId(1)), &[false, true]);
    let int = || ty(OutputInner::Int, &[false]);
    plan.outputs = vec![
        Output {
            types: types(&["Query"]),
            fields: vec![output("rows", 0, rows, "Query.rows")],
            deferred: Vec::new(),
        },
        Output {
            types: types(&["Row"]),
            fields: vec![output("a", 0, int(), "Row.a"), output("b", 1, int(), "Row.b")],
            deferred: Vec::new(),
        },
    ];
    plan
}
