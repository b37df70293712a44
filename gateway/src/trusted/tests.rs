use super::*;

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

fn trusted(files: &[(&str, &str)]) -> Result<Trusted, Vec<String>> {
    Trusted::read(folder(files).path()).map_err(|errors| errors.iter().map(ToString::to_string).collect())
}

fn id(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

const TWO: &str = "query A { a { ...F } } query B { b { ...F } c { ...G } }\n\
                   fragment G on T { y } fragment F on T { x }\n";

#[test]
fn a_document_is_known_by_what_it_says() {
    let trusted = trusted(&[("a.graphql", "query A {\n  a # why\n}\n")]).unwrap();
    for text in ["query A { a }", "query A{a}", "# hi\nquery A { a, }"] {
        assert_eq!(&*trusted.by_meaning(text, 100).unwrap().file, "a.graphql", "{text}");
    }
    for text in ["query B { a }", "query A { a b }", "{ a }", "query A { a", ""] {
        assert!(trusted.by_meaning(text, 100).is_none(), "{text}");
    }
    assert!(trusted.by_text("query A {\n  a # why\n}\n").is_some());
    assert!(trusted.by_meaning("query A { a }", 3).is_none(), "more tokens than may be looked at");
}

#[test]
fn a_document_has_an_id() {
    let text = "query A {\n  a # why\n}\n";
    let trusted = trusted(&[("below/a.graphql", text)]).unwrap();
    for id in [id(text), id(text.trim()), id("query A {\n  a\n}"), format!("sha256:{}", id(text))] {
        assert_eq!(&*trusted.by_id(&id).unwrap().file, "below/a.graphql");
    }
    for wrong in [id("query B { a }"), id(text)[1..].to_owned(), "é".repeat(32), String::new()] {
        assert!(trusted.by_id(&wrong).is_none(), "{wrong}");
    }
}

#[test]
fn what_only_a_schema_can_tell_is_no_mistake() {
    let text = "query A($later: Boolean) { a @mine(x: 1) { ... @defer(if: $later) { b } } }";
    assert!(trusted(&[("a.graphql", text)]).unwrap().by_text(text).is_some());
}

#[test]
fn each_operation_of_a_file_is_trusted_by_itself() {
    let trusted = trusted(&[("two.graphql", TWO)]).unwrap();
    let of = |text: &str| trusted.by_meaning(text, 100).map(|document| document.operations.len());
    assert_eq!(of(TWO), Some(2));
    assert_eq!(of("query A { a { ...F } } fragment F on T { x }"), Some(1));
    assert_eq!(of("fragment F on T { x } fragment G on T { y } query B { b { ...F } c { ...G } }"), Some(1));
    assert_eq!(of("query A { a { ...F } } fragment F on T { y }"), None);
    assert_eq!(of("query A { a { ...F } } fragment F on T { x } fragment G on T { y }"), None);
}

#[test]
fn one_operation_is_run_without_its_name() {
    let trusted = trusted(&[("one.graphql", "query A { a }"), ("two.graphql", TWO)]).unwrap();
    let one = trusted.by_text("query A { a }").unwrap();
    assert_eq!(one.operation_name(Some("A")), None);
    assert_eq!(one.operation_name(None), None);
    assert_eq!(one.operation_name(Some("B")), Some("B"), "which is an error later");
    assert_eq!(trusted.by_text(TWO).unwrap().operation_name(Some("A")), Some("A"));
}

#[test]
fn every_mistake_is_told_with_its_file() {
    let mistakes = trusted(&[
        ("good.graphql", "{ a }"),
        ("syntax.graphql", "query A {\n  a("),
        ("none.graphql", "fragment F on T { a }"),
        ("missing.graphql", "{ a { ...F } }"),
        ("twice.graphql", "query A { a } query A { b }"),
        ("below/schema.graphql", "{ a } type T { a: Int }"),
        ("empty.graphql", ""),
        ("note.txt", "no document at all"),
    ])
    .unwrap_err();
    for file in [
        "syntax.graphql:2:",
        "none.graphql",
        "missing.graphql:1:",
        "twice.graphql:1:",
        "below/schema.graphql:1:",
    ] {
        assert!(mistakes.iter().any(|mistake| mistake.starts_with(file)), "{file} in {mistakes:#?}");
    }
    assert!(mistakes.iter().any(|mistake| mistake.starts_with("empty.graphql")), "{mistakes:#?}");
    assert!(!mistakes.iter().any(|mistake| mistake.contains("good") || mistake.contains("note")));
}

#[test]
fn a_folder_with_nothing_is_a_mistake() {
    let empty = trusted(&[("note.txt", "")]).unwrap_err();
    assert!(empty.len() == 1 && empty[0].contains("has no file *.graphql"), "{empty:?}");
    let missing = Trusted::read(Path::new("no/such/folder")).unwrap_err();
    assert!(missing.len() == 1 && missing[0].message.contains("no/such/folder"), "{missing:?}");
}

#[test]
fn documents_that_are_made_to_be_slow() {
    let deep = format!("{}{}", "{ a ".repeat(10_000), "}".repeat(10_000));
    let chain: String =
        (0..30).map(|at| format!("fragment F{at} on T {{ ...F{n} ...F{n} }} ", n = at + 1)).collect();
    let spreading = format!("query A {{ a {{ ...F0 }} }} {chain} fragment F30 on T {{ a }}");
    let cyclic = "{ a { ...F } } fragment F on T { ...G } fragment G on T { ...F }";
    let good = trusted(&[
        ("spreading.graphql", &spreading),
        ("two.graphql", &format!("{spreading} query B {{ b }}")),
    ]);
    assert!(good.is_ok(), "{good:?}");
    // As deep as is parsed at all, which is printed too.
    let nested = |depth: usize| format!("{}{}", "{ a ".repeat(depth), "}".repeat(depth));
    let good = trusted(&[("nested.graphql", &nested(400))]).unwrap();
    assert!(good.by_meaning(&nested(400).replace(' ', "\n"), 100_000).is_some());
    assert!(good.by_meaning(&nested(401), 100_000).is_none());
    assert!(good.by_meaning(&deep, 100_000).is_none());
    let aliases: String = (0..10_000).map(|at| format!("x{at}: a ")).collect();
    assert!(good.by_meaning(&format!("{{ {aliases} }}"), 100_000).is_none());
    let mistakes = trusted(&[("deep.graphql", &deep), ("cyclic.graphql", cyclic)]).unwrap_err();
    for file in ["deep.graphql", "cyclic.graphql"] {
        assert!(mistakes.iter().any(|mistake| mistake.starts_with(file)), "{file}: {mistakes:?}");
    }
}
