//! Every directive of federation under every name that a `@link` can give it.

use tributary_federation::Supergraph;
use tributary_federation::compose::{SubgraphSdl, compose};

use crate::support::errors;

/// A directive with the least that shows it in the supergraph.
struct Case {
    /// All that are written here, the directive itself first.
    directives: &'static [&'static str],
    subgraphs: &'static [&'static str],
    /// What the supergraph has because of it.
    shows: &'static str,
}

/// A version that has all of them.
const VERSION: &str = "https://specs.apollo.dev/federation/v2.12";

const FIRST_VERSION: &str = "https://specs.apollo.dev/federation/v2.0";

const CONTEXTS: &str = "type Query { t: T } type T @context(name: \"c\") { p: Int u: U } type U @key(fields: \"id\") { id: ID! x(a: Int @fromContext(field: \"$c { p }\")): Int }";

const CASES: &[Case] = &[
    Case {
        directives: &["key"],
        subgraphs: &["type Query { t: T } type T @key(fields: \"id\", resolvable: false) { id: ID! }"],
        shows: "@join__type(graph: A, key: \"id\", resolvable: false)",
    },
    Case {
        directives: &["requires", "key", "external"],
        subgraphs: &[
            "type Query { t: T } type T @key(fields: \"id\") { id: ID! x: Int @external y: Int @requires(fields: \"x\") }",
            "type T @key(fields: \"id\") { id: ID! x: Int }",
        ],
        shows: "y: Int @join__field(graph: A, requires: \"x\")",
    },
    Case {
        directives: &["provides", "key", "external"],
        subgraphs: &[
            "type Query { t: T @provides(fields: \"x\") } type T @key(fields: \"id\") { id: ID! x: Int @external }",
            "type T @key(fields: \"id\") { id: ID! x: Int }",
        ],
        shows: "t: T @join__field(graph: A, provides: \"x\")",
    },
    Case {
        directives: &["external", "key", "requires"],
        subgraphs: &[
            "type Query { t: T } type T @key(fields: \"id\") { id: ID! x: Int @external y: Int @requires(fields: \"x\") }",
            "type T @key(fields: \"id\") { id: ID! x: Int }",
        ],
        shows: "x: Int @join__field(graph: A, external: true) @join__field(graph: B)",
    },
    Case {
        directives: &["extends", "key"],
        subgraphs: &[
            "type Query { t: T } type T @key(fields: \"id\") { id: ID! }",
            "type T @extends @key(fields: \"id\") { id: ID! x: Int }",
        ],
        shows: "@join__type(graph: B, key: \"id\", extension: true)",
    },
    Case {
        directives: &["shareable"],
        subgraphs: &["type Query { x: Int @shareable }", "type Query { x: Int @shareable y: Int }"],
        shows: "x: Int\n",
    },
    Case {
        directives: &["override", "key"],
        subgraphs: &[
            "type Query { t: T } type T @key(fields: \"id\") { id: ID! x: Int }",
            "type T @key(fields: \"id\") { id: ID! x: Int @override(from: \"a\", label: \"percent(5)\") }",
        ],
        shows: "@join__field(graph: B, override: \"a\", overrideLabel: \"percent(5)\")",
    },
    Case {
        directives: &["inaccessible"],
        subgraphs: &["type Query { x: Int @inaccessible y: Int }"],
        shows: "x: Int @inaccessible",
    },
    Case {
        directives: &["tag"],
        subgraphs: &["type Query { x(a: Int @tag(name: \"in\")): Int @tag(name: \"out\") }"],
        shows: "a: Int @tag(name: \"in\"),\n  ): Int @tag(name: \"out\")",
    },
    Case {
        directives: &["tag"],
        subgraphs: &["extend schema @tag(name: \"all\")\ntype Query { x: Int }"],
        shows: "\n  @tag(name: \"all\")\n",
    },
    Case {
        directives: &["composeDirective"],
        subgraphs: &[
            "extend schema @link(url: \"https://example.com/cache/v1.0\", import: [\"@cache\"]) @composeDirective(name: \"@cache\")\ndirective @cache on FIELD_DEFINITION\ntype Query { x: Int @cache }",
        ],
        shows: "x: Int @cache\n",
    },
    Case {
        directives: &["interfaceObject", "key"],
        subgraphs: &[
            "type Query { i: I } interface I @key(fields: \"id\") { id: ID! } type T implements I @key(fields: \"id\") { id: ID! }",
            "type I @interfaceObject @key(fields: \"id\") { id: ID! x: Int }",
        ],
        shows: "@join__type(graph: B, key: \"id\", isInterfaceObject: true)",
    },
    Case {
        directives: &["authenticated"],
        subgraphs: &["type Query { x: S @authenticated } scalar S @authenticated"],
        shows: "scalar S @join__type(graph: A) @authenticated",
    },
    Case {
        directives: &["requiresScopes"],
        subgraphs: &["type Query { x: Int @requiresScopes(scopes: [[\"a\", \"b\"]]) }"],
        shows: "x: Int @requiresScopes(scopes: [[\"a\", \"b\"]])",
    },
    Case {
        directives: &["policy"],
        subgraphs: &["type Query { x: Int @policy(policies: [[\"a\"], [\"b\"]]) }"],
        shows: "x: Int @policy(policies: [[\"a\"], [\"b\"]])",
    },
    Case {
        directives: &["context", "fromContext", "key"],
        subgraphs: &[CONTEXTS],
        shows: "@context(name: \"a__c\")",
    },
    Case {
        directives: &["fromContext", "context", "key"],
        subgraphs: &[CONTEXTS],
        shows: "contextArguments: [{context: \"a__c\", name: \"a\", type: \"Int\", selection: \" { p }\"}]",
    },
    Case {
        directives: &["cost"],
        subgraphs: &["type Query { x(a: Int @cost(weight: 2)): Int @cost(weight: 5) }"],
        shows: "a: Int @cost(weight: 2),\n  ): Int @cost(weight: 5)",
    },
    Case {
        directives: &["listSize"],
        subgraphs: &["type Query { x(n: Int): [Int] @listSize(slicingArguments: [\"n\"]) }"],
        shows: "[Int] @listSize(slicingArguments: [\"n\"])",
    },
    Case {
        directives: &["cacheTag", "key"],
        subgraphs: &[
            "type Query { t: T @cacheTag(format: \"t\") } type T @key(fields: \"id\") @cacheTag(format: \"t-{$key.id}\") { id: ID! }",
        ],
        shows: "name: \"federation__cacheTag\", args: {format: \"t-{$key.id}\"}",
    },
];

/// What federation defines, for SDLs that bring it along; a scalar is written `%Name`.
const DEFINITIONS: &[(&str, &str)] = &[
    ("key", "(fields: %FieldSet!, resolvable: Boolean = true) repeatable on OBJECT | INTERFACE"),
    ("requires", "(fields: %FieldSet!) on FIELD_DEFINITION"),
    ("provides", "(fields: %FieldSet!) on FIELD_DEFINITION"),
    ("external", "(reason: String) on OBJECT | FIELD_DEFINITION"),
    ("extends", "on OBJECT | INTERFACE"),
    ("shareable", "repeatable on OBJECT | FIELD_DEFINITION"),
    ("override", "(from: String!, label: String) on FIELD_DEFINITION"),
    ("inaccessible", "on FIELD_DEFINITION | OBJECT"),
    ("tag", "(name: String!) repeatable on FIELD_DEFINITION | ARGUMENT_DEFINITION | SCHEMA"),
    ("composeDirective", "(name: String!) repeatable on SCHEMA"),
    ("interfaceObject", "on OBJECT"),
    ("authenticated", "on FIELD_DEFINITION | SCALAR"),
    ("requiresScopes", "(scopes: [[%Scope!]!]!) on FIELD_DEFINITION"),
    ("policy", "(policies: [[%Policy!]!]!) on FIELD_DEFINITION"),
    ("context", "(name: String!) repeatable on INTERFACE | OBJECT | UNION"),
    ("fromContext", "(field: %ContextFieldValue) on ARGUMENT_DEFINITION"),
    ("cost", "(weight: Int!) on ARGUMENT_DEFINITION | FIELD_DEFINITION"),
    ("listSize", "(slicingArguments: [String!]) on FIELD_DEFINITION"),
    ("cacheTag", "(format: String!) repeatable on OBJECT | FIELD_DEFINITION"),
];

const SCALARS: [&str; 4] = ["FieldSet", "Scope", "Policy", "ContextFieldValue"];

/// How a subgraph gets its names.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Naming {
    /// `@key`, as most write it.
    Imported,
    /// `@my_key`, imported as that.
    Renamed,
    /// `@federation__key`, without being imported.
    Default,
    /// `@fed__key`, since the specification is called `fed` here.
    Prefixed,
    /// `@fed__key` and `@my_key`, of which the case's own directive is the latter.
    Both,
}

impl Naming {
    const OTHERS: [Naming; 4] = [Naming::Renamed, Naming::Default, Naming::Prefixed, Naming::Both];

    /// What is called `name` by the specification.
    fn local(self, name: &str, own: &str) -> String {
        match self {
            Naming::Imported => name.to_owned(),
            Naming::Renamed => format!("my_{name}"),
            Naming::Default => format!("federation__{name}"),
            Naming::Both if name == own => format!("my_{name}"),
            Naming::Prefixed | Naming::Both => format!("fed__{name}"),
        }
    }

    fn link(self, names: &[String], own: &str) -> String {
        let import = |name: &String| {
            let bare = name.trim_start_matches('@');
            let local = name.replace(bare, &self.local(bare, own));
            format!("{{ name: \"{name}\", as: \"{local}\" }}")
        };
        let imports: Vec<String> = match self {
            Naming::Imported => names.iter().map(|name| format!("\"{name}\"")).collect(),
            Naming::Renamed => names.iter().map(import).collect(),
            Naming::Both => {
                names.iter().filter(|name| name.trim_start_matches('@') == own).map(import).collect()
            }
            Naming::Default | Naming::Prefixed => Vec::new(),
        };
        let alias = if matches!(self, Naming::Prefixed | Naming::Both) { ", as: \"fed\"" } else { "" };
        format!("extend schema @link(url: \"{VERSION}\"{alias}, import: [{}])\n", imports.join(", "))
    }
}

/// What of federation's definitions an SDL has itself.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Brings {
    Nothing,
    Directives,
    All,
}

/// A subgraph of a case.
fn sdl(case: &Case, text: &str, naming: Naming, brings: Brings) -> String {
    let own = case.directives[0];
    let mut names: Vec<String> = case.directives.iter().map(|name| format!("@{name}")).collect();
    let mut sdl = format!("{text}\n");
    for name in case.directives {
        for end in ["(", " ", "\n"] {
            sdl = sdl.replace(&format!("@{name}{end}"), &format!("@{}{end}", naming.local(name, own)));
        }
    }
    if brings != Brings::Nothing {
        let mut definitions = String::new();
        for name in case.directives {
            let (_, body) = DEFINITIONS.iter().find(|(known, _)| known == name).expect("all are defined");
            definitions.push_str(&format!("directive @{} {body}\n", naming.local(name, own)));
        }
        for scalar in &SCALARS {
            names.push((*scalar).to_owned());
            let local = naming.local(scalar, own);
            definitions = definitions.replace(&format!("%{scalar}"), &local);
            if brings == Brings::All {
                definitions.push_str(&format!("scalar {local}\n"));
            }
        }
        sdl.push_str(&definitions);
    }
    naming.link(&names, own) + &sdl
}

#[track_caller]
fn composed(sdls: &[String]) -> String {
    let graphs = ["a", "b"].iter().zip(sdls);
    let inputs: Vec<SubgraphSdl<'_>> =
        graphs.map(|(name, sdl)| SubgraphSdl { name, url: None, sdl }).collect();
    let composition = compose(&inputs);
    let Some(sdl) = &composition.supergraph else {
        panic!("{:#?}\n{}", errors(&composition), sdls.join("\n---\n"));
    };
    if let Err(error) = Supergraph::parse(sdl) {
        panic!("{error}\n{sdl}");
    }
    sdl.clone()
}

fn supergraph(case: &Case, naming: Naming, brings: Brings) -> String {
    let sdls: Vec<String> = case.subgraphs.iter().map(|text| sdl(case, text, naming, brings)).collect();
    composed(&sdls)
}

#[test]
fn each_directive_shows() {
    for (name, _) in DEFINITIONS {
        assert!(CASES.iter().any(|case| case.directives[0] == *name), "no case for @{name}");
    }
    for case in CASES {
        let sdl = supergraph(case, Naming::Imported, Brings::Nothing);
        assert!(sdl.contains(case.shows), "{}: no {:?} in\n{sdl}", case.directives[0], case.shows);
    }
}

#[test]
fn each_directive_means_the_same_by_every_name() {
    for case in CASES {
        let plain = supergraph(case, Naming::Imported, Brings::Nothing);
        for naming in Naming::OTHERS {
            assert_eq!(supergraph(case, naming, Brings::Nothing), plain, "{} {naming:?}", case.directives[0]);
        }
    }
}

/// Printers of whole schemas write what federation defines, too, with its scalars under their names here.
#[test]
fn each_definition_is_known_by_every_name() {
    for case in CASES {
        let plain = supergraph(case, Naming::Imported, Brings::Nothing);
        for naming in [Naming::Imported].into_iter().chain(Naming::OTHERS) {
            for brings in [Brings::Directives, Brings::All] {
                let sdl = supergraph(case, naming, brings);
                assert_eq!(sdl, plain, "{} {naming:?} {brings:?}", case.directives[0]);
            }
        }
    }
}

/// A name that no link gives is nobody's.
#[test]
fn other_names_mean_nothing() {
    for case in CASES {
        let unknown = sdl(case, case.subgraphs[case.subgraphs.len() - 1], Naming::Default, Brings::Nothing);
        let unlinked = unknown.replace(VERSION, "https://example.com/federation/v1.0");
        let composition = compose(&[SubgraphSdl { name: "a", url: None, sdl: &unlinked }]);
        let codes: Vec<&str> = composition.errors().map(|error| error.code.as_str()).collect();
        assert!(codes.contains(&"INVALID_GRAPHQL"), "{}: {codes:?}", case.directives[0]);
    }
}

/// Specifications that can be linked beside federation, with a directive of each.
const SEPARATE: &[(&str, &str)] = &[
    ("tag/v0.3", "type Query { x: Int @tag(name: \"t\") }"),
    ("inaccessible/v0.2", "type Query { x: Int @inaccessible y: Int }"),
    ("authenticated/v0.1", "type Query { x: Int @authenticated }"),
    ("requiresScopes/v0.1", "type Query { x: Int @requiresScopes(scopes: [[\"s\"]]) }"),
    ("policy/v0.1", "type Query { x: Int @policy(policies: [[\"p\"]]) }"),
    ("cost/v0.1", "type Query { x: Int @cost(weight: 5) }"),
];

/// Beside the first version of federation, which had few of them itself.
#[test]
fn separate_specifications_are_renamed_alike() {
    for (spec, text) in SEPARATE {
        let name = spec.split('/').next().unwrap_or_default();
        let with = |arguments: &str, local: &str| {
            let link = format!("@link(url: \"https://specs.apollo.dev/{spec}\"{arguments})");
            let text = text.replace(&format!("@{name}"), &format!("@{local}"));
            composed(&[format!("extend schema @link(url: \"{FIRST_VERSION}\") {link}\n{text}")])
        };
        let plain =
            composed(&[format!("extend schema @link(url: \"{VERSION}\", import: [\"@{name}\"])\n{text}")]);
        assert!(plain.contains(&format!(" @{name}")), "{plain}");
        assert_eq!(with("", name), plain, "{name}");
        assert_eq!(with(", as: \"other\"", "other"), plain, "{name}");
        assert_eq!(with(&format!(", import: [\"@{name}\"]"), name), plain, "{name}");
        assert_eq!(
            with(&format!(", import: [{{ name: \"@{name}\", as: \"@mine\" }}]"), "mine"),
            plain,
            "{name}"
        );
    }
}

/// A specification's other directives have its name before theirs.
#[test]
fn separate_specifications_have_several_directives() {
    let composed_with = |link: &str, text: &str, renamed: &[(&str, &str)]| {
        let text = renamed.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to));
        composed(&[format!(
            "extend schema @link(url: \"{FIRST_VERSION}\", import: [\"@key\"]) {link}\n{text}"
        )])
    };
    let plain = |imports: &str, text: &str| {
        composed(&[format!("extend schema @link(url: \"{VERSION}\", import: [\"@key\", {imports}])\n{text}")])
    };
    let sizes = "type Query { x: [Int] @cost(weight: 5) @listSize(assumedSize: 9) }";
    let expected = plain("\"@cost\", \"@listSize\"", sizes);
    let link = "@link(url: \"https://specs.apollo.dev/cost/v0.1\")";
    assert_eq!(composed_with(link, sizes, &[("@listSize", "@cost__listSize")]), expected);
    let link = "@link(url: \"https://specs.apollo.dev/cost/v0.1\", as: \"c\")";
    assert_eq!(composed_with(link, sizes, &[("@cost", "@c"), ("@listSize", "@c__listSize")]), expected);
    let contexts = CONTEXTS;
    let expected = plain("\"@context\", \"@fromContext\"", contexts);
    let link = "@link(url: \"https://specs.apollo.dev/context/v0.1\")";
    assert_eq!(composed_with(link, contexts, &[("@fromContext", "@context__fromContext")]), expected);
    let link = "@link(url: \"https://specs.apollo.dev/context/v0.1\", import: [{ name: \"@fromContext\", as: \"@of\" }])";
    assert_eq!(composed_with(link, contexts, &[("@fromContext", "@of")]), expected);
}

/// A subgraph with a @link of its own gives federation's another name.
#[test]
fn links_themselves_are_renamed() {
    let text = "type Query { t: T } type T @key(fields: \"id\") { id: ID! }";
    let federation = format!("(url: \"{VERSION}\", import: [\"@key\"])");
    let plain = composed(&[format!("extend schema @link{federation}\n{text}")]);
    let link = "(url: \"https://specs.apollo.dev/link/v1.0\"";
    for naming in ["as: \"spec\"", "import: [{ name: \"@link\", as: \"@spec\" }]"] {
        let own = "directive @link(to: ID) on OBJECT";
        let renamed = format!(
            "extend schema @spec{link}, {naming}) @spec{federation}\n{own}\n{}",
            text.replace("type T", "type T @link(to: \"x\")")
        );
        assert_eq!(composed(&[renamed]), plain, "{naming}");
    }
    assert_eq!(composed(&[format!("extend schema @link{link}) @link{federation}\n{text}")]), plain);
}

/// What is imported twice is defined once.
#[test]
fn a_scalar_may_be_imported_twice() {
    let both = "@link(url: \"https://specs.apollo.dev/federation/v2.12\", import: [\"@key\", \"Scope\", \"Scope\"]) @link(url: \"https://specs.apollo.dev/requiresScopes/v0.1\", import: [\"Scope\"])";
    composed(&[format!(
        "extend schema {both}\ntype Query {{ t: T }} type T @key(fields: \"id\") {{ id: ID! }}"
    )]);
}
