//! `compose` and `plan`: the forms of their results, and how they end.

use serde_json::Value;

use super::{Folder, text};

const BAD: &str = "type Query {\n  hello: Int\n}";

#[test]
fn compose_takes_a_folder() {
    let folder = Folder::new();
    folder.write("note.txt", "no schema");
    let whole = folder.run(&["compose", "."]);
    assert!(whole.status.success(), "{}", text(&whole.stderr));
    let pairs = folder.run(&["compose", "alpha=alpha.graphql", "beta=beta.graphql"]);
    assert_eq!(text(&whole.stdout), text(&pairs.stdout));

    std::fs::create_dir(folder.0.path().join("empty")).unwrap();
    let empty = folder.run(&["compose", "empty"]);
    assert_eq!(empty.status.code(), Some(2));
    assert!(text(&empty.stderr).contains("empty has no file NAME.graphql"), "{}", text(&empty.stderr));
}

#[test]
fn compose_writes_a_file() {
    let folder = Folder::new();
    let printed = folder.run(&["compose", "."]);
    let written = folder.run(&["compose", ".", "--output", "out.txt"]);
    assert!(written.status.success() && written.stdout.is_empty(), "{}", text(&written.stderr));
    let file = folder.0.path().join("out.txt");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text(&printed.stdout));

    folder.write("bad.graphql", BAD);
    std::fs::remove_file(&file).unwrap();
    assert_eq!(folder.run(&["compose", ".", "--output", "out.txt"]).status.code(), Some(1));
    assert!(!file.exists(), "what doesn't compose leaves no file");
    std::fs::remove_file(folder.0.path().join("bad.graphql")).unwrap();
    let unwritable = folder.run(&["compose", ".", "--output", "no/such/folder/out.txt"]);
    assert_eq!(unwritable.status.code(), Some(2));
    assert!(text(&unwritable.stderr).contains("--output: can't write"), "{}", text(&unwritable.stderr));
}

#[test]
fn compose_tells_programs() {
    let folder = Folder::new();
    let good: Value =
        serde_json::from_slice(&folder.run(&["compose", ".", "--format", "json"]).stdout).unwrap();
    assert_eq!(good["composes"], true);
    assert!(good["supergraph"].as_str().unwrap().contains("join__Graph"));

    folder.write("bad.graphql", BAD);
    let output = folder.run(&["compose", ".", "--format", "json"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stderr.is_empty(), "{}", text(&output.stderr));
    let bad: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&bad["composes"], bad.get("supergraph")), (&false.into(), None));
    let place = bad["diagnostics"].as_array().unwrap().iter().find_map(|found| {
        found["places"].as_array().unwrap().iter().find(|place| place["subgraph"] == "bad").cloned()
    });
    let place = place.expect("the bad one's place is told");
    assert_eq!((&place["line"], &place["column"]), (&2.into(), &3.into()));
    assert!(place["file"].as_str().unwrap().ends_with("bad.graphql"), "{place}");
    assert!(
        bad["diagnostics"][0]["code"].is_string() && bad["diagnostics"][0]["severity"] == "error",
        "{bad}"
    );
}

#[test]
fn compose_annotates_a_workflow() {
    let folder = Folder::new();
    folder.write("bad.graphql", BAD);
    let output = folder.run(&["compose", "alpha=alpha.graphql", "bad=bad.graphql", "--format", "github"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    let lines = text(&output.stderr);
    assert!(lines.lines().all(|line| line.starts_with("::")), "{lines}");
    assert!(lines.contains("::error file=alpha.graphql,line=1,col=14,title="), "{lines}");
    assert!(lines.contains("%0Aat bad.graphql:2:3"), "{lines}");
}

#[test]
fn plan_has_three_forms() {
    let folder = Folder::new();
    folder.write("supergraph.txt", &text(&folder.run(&["compose", "."]).stdout));
    let plan = |format: &str| {
        let query = "{ item(id: 1) { name stock } }";
        folder.run(&["plan", "--supergraph", "supergraph.txt", query, "--format", format])
    };
    let json: Value = serde_json::from_slice(&plan("json").stdout).unwrap();
    assert_eq!(json["fetches"][1]["dependsOn"], serde_json::json!([0]));
    let chart = text(&plan("mermaid").stdout);
    assert!(chart.starts_with("flowchart TD\n") && chart.contains("f0 --> f1"), "{chart}");
    let tree = text(&plan("tree").stdout);
    assert!(tree.starts_with("0 alpha") && tree.contains("1 beta after 0"), "{tree}");
    assert_eq!(plan("picture").status.code(), Some(2));
}

#[test]
fn exit_codes_are_in_the_help() {
    for (command, last) in [
        ("compose", "  2  it couldn't be tried"),
        ("check", "  2  it couldn't be told"),
        ("plan", "  2  it couldn't be tried"),
        ("forget", "  1  it isn't: "),
    ] {
        let help = text(&Folder::new().run(&[command, "--help"]).stdout);
        assert!(help.contains("Exit codes:") && help.contains(last), "{help}");
    }
}
