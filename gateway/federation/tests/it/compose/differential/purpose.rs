//! Differences that are ours on purpose, each with the reason. Apollo's composition does as ours does in all of them.

use std::collections::BTreeSet;

use super::Difference;

/// Why ours differs, if we want it to.
pub fn of(found: &Difference<'_>) -> Option<&'static str> {
    REASONS.iter().find(|(applies, _)| applies(found)).map(|(_, why)| *why)
}

type Reason = (fn(&Difference<'_>) -> bool, &'static str);

const REASONS: &[Reason] = &[
    (
        |found| found.ours.contains("INVALID_SUBGRAPH_NAME") && is(&found.theirs, "CRASH"),
        "a name that stands twice is told, and nothing is thrown",
    ),
    (
        |found| is(&found.ours, "INVALID_GRAPHQL") && found.theirs.contains("INVALID_GRAPHQL"),
        "what isn't a schema isn't asked for federation's rules, which would only tell the same again",
    ),
    (
        |found| {
            let external = ["EXTERNAL_TYPE_MISMATCH", "EXTERNAL_ARGUMENT_MISSING"];
            let again = ["FIELD_TYPE_MISMATCH", "REQUIRED_ARGUMENT_MISSING_IN_SOME_SUBGRAPH"];
            external.iter().any(|code| found.ours.contains(*code)) && more(&found.theirs, &found.ours, &again)
        },
        "an external field is compared with the field itself alone, and not told a second time",
    ),
    (
        |found| {
            found.ours.is_empty()
                && is(&found.theirs, "SATISFIABILITY_ERROR")
                && written(found, "label:")
                && written(found, "@requires")
        },
        "a required field that moves by a label is resolved by one of the two for each request",
    ),
    (
        |found| {
            !found.theirs.is_empty()
                && more(&found.ours, &found.theirs, &["MISSING_TRANSITIVE_AUTH_REQUIREMENTS"])
        },
        "what is wrong is told at once, and not only what is found first",
    ),
    (
        |found| {
            found.ours.contains("MISSING_TRANSITIVE_AUTH_REQUIREMENTS")
                && more(&found.theirs, &found.ours, &["SATISFIABILITY_ERROR"])
        },
        "queries are only tried on what is a supergraph",
    ),
    (
        |found| more(&found.ours, &found.theirs, &["OVERRIDE_SOURCE_HAS_OVERRIDE"]),
        "a field moves from where it is, and not from where it moves to",
    ),
    (
        |found| {
            more(&found.ours, &found.theirs, &["INVALID_FIELD_SHARING"])
                && found.set.iter().filter(|(_, sdl)| sdl.contains("@override")).count() > 1
        },
        "two subgraphs that take one field over resolve it both",
    ),
    (
        |found| {
            more(&found.ours, &found.theirs, &["INTERFACE_KEY_NOT_ON_IMPLEMENTATION"])
                && found.text.contains("should be resolvable on")
        },
        "an interface that can be looked up has objects that can",
    ),
    (
        |found| {
            more(&found.ours, &found.theirs, &["ONLY_INACCESSIBLE_CHILDREN"])
                && found.text.contains("all of its members are @inaccessible")
        },
        "a union without a visible member isn't left in the API schema",
    ),
    (
        |found| {
            let member = |line: &str| line.starts_with("theirs: ") && line.contains(": - ");
            found.ours == found.theirs && found.text.lines().all(member)
        },
        "an inaccessible object is no member of a union in the API schema",
    ),
    (
        |found| {
            is(&found.ours, "REQUIRES_INVALID_FIELDS")
                && found.text.contains("no value provided for argument")
        },
        "a required field needs its required arguments",
    ),
    (
        |found| {
            is(&found.ours, "CONTEXT_INVALID_SELECTION")
                && found.text.contains("no value is provided for argument")
        },
        "a field that a context gives needs its required arguments",
    ),
    (
        |found| {
            let hidden = |line: &str| line.starts_with("ours: ") && line.ends_with("@inaccessible");
            found.ours == found.theirs && found.text.lines().all(hidden)
        },
        "an input field that is @inaccessible anywhere stays in the supergraph, though some subgraphs lack it",
    ),
    (
        |found| found.ours == found.theirs && without_defaults(&found.text),
        "a default that only some subgraphs have is none, as the others would be asked without it",
    ),
    (
        |found| {
            found.theirs.contains("INTERFACE_OBJECT_USAGE_ERROR")
                && !found.ours.contains("INTERFACE_OBJECT_USAGE_ERROR")
                && written(found, "{ name: \"@key\", as: \"@id\" }")
        },
        "an interface object has its @key under whatever name that is imported",
    ),
    (
        |found| {
            more(&found.ours, &found.theirs, &["FIELD_TYPE_MISMATCH"])
                && found.text.contains("Type of field \\\"Media.")
        },
        "the fields of an interface and of its interface object are the same fields",
    ),
    (
        |found| {
            found.ours.contains("FIELD_TYPE_MISMATCH")
                && more(&found.theirs, &found.ours, &["INVALID_GRAPHQL"])
        },
        "a type that subgraphs don't agree on isn't compared with an interface's, too",
    ),
];

fn is(codes: &BTreeSet<String>, code: &str) -> bool {
    codes.len() == 1 && codes.contains(code)
}

/// Whether the one has all of the other, and beyond it only some of these.
fn more(one: &BTreeSet<String>, other: &BTreeSet<String>, beyond: &[&str]) -> bool {
    one != other && other.is_subset(one) && one.difference(other).all(|code| beyond.contains(&code.as_str()))
}

fn written(found: &Difference<'_>, text: &str) -> bool {
    found.set.iter().any(|(_, sdl)| sdl.contains(text))
}

/// Whether the lines that differ are the same without their default values.
fn without_defaults(text: &str) -> bool {
    let bare = |side: &str| -> BTreeSet<String> {
        let lines = text.lines().filter_map(|line| line.strip_prefix(side));
        lines.map(|line| line.split(" = ").map(after_value).collect::<String>()).collect()
    };
    bare("ours: ") == bare("theirs: ")
}

/// What follows a default value; the start of a line has none before it.
fn after_value(part: &str) -> &str {
    part.find([',', ')'])
        .filter(|_| part.starts_with(|c: char| c.is_ascii_digit()))
        .map_or(part, |at| &part[at..])
}
