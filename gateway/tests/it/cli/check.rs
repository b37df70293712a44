//! `check`: what a new SDL would break.

use serde_json::Value;

use super::{ALPHA, BETA, Folder, text};
use crate::support::{nats, subgraphs};

/// The result and the exit code.
fn check(folder: &Folder, arguments: &[&str]) -> (String, Option<i32>) {
    let output = folder.run(&[&["check"], arguments].concat());
    let words = text(&output.stderr);
    assert!(words.is_empty() || output.status.code() == Some(2), "{words}");
    (text(&output.stdout), output.status.code())
}

fn json(folder: &Folder, arguments: &[&str]) -> Value {
    serde_json::from_str(&check(folder, &[arguments, &["--format", "json"]].concat()).0).unwrap()
}

/// `alpha` and `beta` in the folder, `new` beside it.
fn world(new: &str) -> Folder {
    let folder = Folder::new();
    std::fs::create_dir(folder.0.path().join("trusted")).unwrap();
    folder.write("new.txt", new);
    folder
}

#[test]
fn what_changes_nothing_breaks_nothing() {
    let folder = world(&ALPHA.replace("hello(name: String)", "more: Int hello(name: String)"));
    let (report, code) = check(&folder, &["alpha=new.txt", "--against", "."]);
    assert_eq!(code, Some(0), "{report}");
    assert!(report.contains("subgraphs: alpha (changed), beta\n"), "{report}");
    assert!(report.contains("composes: yes"), "{report}");
    assert!(report.contains("changes: 0 breaking, 0 dangerous, 1 safe"), "{report}");
    assert!(report.contains("FIELD_ADDED Query.more") && report.ends_with("nothing breaks\n"), "{report}");
}

#[test]
fn a_field_that_goes_breaks_clients() {
    let folder = world(&BETA.replace("stock: Int", "left: Int"));
    let (report, code) = check(&folder, &["beta=new.txt", "--against", "."]);
    assert_eq!(code, Some(1), "{report}");
    assert!(report.contains("breaking   FIELD_REMOVED Item.stock: the field was removed"), "{report}");
    let json = json(&folder, &["beta=new.txt", "--against", "."]);
    assert_eq!((&json["breaks"], &json["composes"]), (&true.into(), &true.into()));
    assert_eq!(json["subgraphs"], serde_json::json!({ "alpha": "unchanged", "beta": "changed" }));
    assert_eq!(json["changes"][0]["code"], "FIELD_REMOVED");
    assert_eq!(json["changes"][0]["coordinate"], "Item.stock");
    assert_eq!((&json["changes"][0]["severity"], &json["operations"]), (&"breaking".into(), &Value::Null));
}

#[test]
fn what_does_not_compose_is_told_with_its_file() {
    let folder = world("type Query { hello: Int }");
    let (report, code) = check(&folder, &["gamma=new.txt", "--against", "."]);
    assert_eq!(code, Some(1), "{report}");
    assert!(report.contains("composes: no\n  error: ") && report.contains("gamma (new)"), "{report}");
    let json = json(&folder, &["gamma=new.txt", "--against", "."]);
    assert_eq!((&json["composes"], &json["changes"]), (&false.into(), &Value::Null));
    let places = json["diagnostics"][0]["places"].as_array().unwrap();
    assert!(places.iter().any(|place| place["file"] == "new.txt" && place["line"] == 1), "{json}");
}

#[test]
fn trusted_operations_that_break_are_named() {
    let folder = world(&BETA.replace("stock: Int", "left: Int"));
    folder.write("trusted/stock.graphql", "query Stock {\n  item(id: 1) { id stock }\n}");
    folder.write("trusted/name.graphql", "query Name { item(id: 1) { name } }");
    folder.write("trusted/gone.graphql", "query Gone { gone }");
    let arguments = ["beta=new.txt", "--against", ".", "--trusted", "trusted"];
    let (report, code) = check(&folder, &arguments);
    assert_eq!(code, Some(1), "{report}");
    assert!(report.contains("  broken  stock.graphql:2:20: GRAPHQL_VALIDATION_FAILED: "), "{report}");
    assert!(report.contains("  before  gone.graphql:1:14: ") && !report.contains("name.graphql"), "{report}");
    let json = json(&folder, &arguments);
    assert_eq!(json["operations"]["files"], 3);
    assert_eq!(json["operations"]["broken"][0]["file"], "trusted/stock.graphql");
    assert_eq!(json["operations"]["brokenBefore"][0]["file"], "trusted/gone.graphql");

    // The removal of what no trusted operation asks for passes, if that is what counts.
    std::fs::remove_file(folder.0.path().join("trusted/stock.graphql")).unwrap();
    let only_trusted = [&arguments[..], &["--only-trusted"]].concat();
    assert_eq!(check(&folder, &arguments).1, Some(1));
    let (report, code) = check(&folder, &only_trusted);
    assert!(code == Some(0) && report.contains("FIELD_REMOVED Item.stock: the field was removed (not used)"));
    // What makes no operation invalid can break those who read its answer.
    folder.write("new.txt", &ALPHA.replace("name: String }", "name: Int }"));
    let (report, code) = check(&folder, &[&["alpha=new.txt"], &only_trusted[1..]].concat());
    assert!(code == Some(1) && report.contains("new mistakes 0, old ones 1"), "{report}");
    assert!(report.contains("from String to Int\n"), "{report}");
}

#[test]
fn a_workflow_is_annotated() {
    let folder = world(&BETA.replace("stock: Int", "left: Int"));
    folder.write("trusted/stock.graphql", "query Stock {\n  item(id: 1) { id stock }\n}");
    folder.write("trusted/gone.graphql", "query Gone { gone }");
    let run = |new: &str, more: &[&str]| {
        check(&folder, &[&[new, "--against", ".", "--format", "github"], more].concat())
    };
    let (lines, code) = run("beta=new.txt", &["--trusted", "trusted"]);
    assert_eq!(code, Some(1), "{lines}");
    for line in [
        "::error title=FIELD_REMOVED Item.stock::the field was removed\n",
        "::notice title=FIELD_ADDED Item.left::",
        "::error file=trusted/stock.graphql,line=2,col=20,title=GRAPHQL_VALIDATION_FAILED::",
        "::warning file=trusted/gone.graphql,line=1,col=14,title=GRAPHQL_VALIDATION_FAILED::",
    ] {
        assert!(lines.contains(line), "{line}: {lines}");
    }
    assert!(lines.lines().all(|line| line.starts_with("::")), "{lines}");

    // What nobody uses doesn't make it fail, so it is no error either.
    std::fs::remove_file(folder.0.path().join("trusted/stock.graphql")).unwrap();
    let (lines, code) = run("beta=new.txt", &["--trusted", "trusted", "--only-trusted"]);
    assert!(code == Some(0) && !lines.contains("::error"), "{lines}");
    assert!(lines.contains("::warning title=FIELD_REMOVED Item.stock::"), "{lines}");

    // What doesn't compose is shown in its file.
    folder.write("new.txt", "type Query { hello: Int }");
    let (lines, code) = run("gamma=new.txt", &[]);
    assert!(code == Some(1) && lines.contains("::error file="), "{lines}");
    assert!(lines.contains("new.txt:1:14"), "{lines}");

    folder.write("new.txt", BETA);
    assert_eq!(run("beta=new.txt", &[]), (String::new(), Some(0)), "there is nothing to say");
}

#[test]
fn a_supergraph_says_what_clients_use() {
    let folder = world("");
    folder.write("supergraph.txt", &text(&folder.run(&["compose", "."]).stdout));
    let (report, code) = check(&folder, &[".", "--supergraph", "supergraph.txt"]);
    assert!(code == Some(0) && report.contains("subgraphs: alpha, beta\n"), "{report}");
    folder.write("alpha.graphql", &ALPHA.replace("hello(name: String): String", ""));
    let (report, code) = check(&folder, &[".", "--supergraph", "supergraph.txt"]);
    assert!(code == Some(1) && report.contains("FIELD_REMOVED Query.hello"), "{report}");
}

/// Nobody may take it for a change that breaks nothing; a supergraph lets it pass that is known to be good.
#[test]
fn a_state_before_that_does_not_compose() {
    let folder = world(BETA);
    folder.write("beta.graphql", "type Query { hello: Int }");
    folder.write(
        "supergraph.txt",
        &text(&folder.run(&["compose", "alpha=alpha.graphql", "beta=new.txt"]).stdout),
    );
    let (report, code) = check(&folder, &["beta=new.txt", "--against", "."]);
    assert_eq!(code, Some(2), "{report}");
    assert!(
        report.contains("--supergraph FILE") && report.ends_with("nobody knows what breaks\n"),
        "{report}"
    );
    let json = json(&folder, &["beta=new.txt", "--against", "."]);
    assert!(
        json["changesUnknown"].as_str().unwrap().contains("doesn't compose") && json["changes"].is_null()
    );
    let (lines, code) = check(&folder, &["beta=new.txt", "--against", ".", "--format", "github"]);
    assert!(code == Some(2) && lines.contains("::error title=CHANGES_UNKNOWN::"), "{lines}");
    let (report, code) =
        check(&folder, &["beta=new.txt", "--against", ".", "--supergraph", "supergraph.txt"]);
    assert_eq!(code, Some(0), "{report}");
}

#[test]
fn what_cannot_be_tried_ends_otherwise() {
    let folder = world(ALPHA);
    for (arguments, words) in [
        (&["alpha=new.txt"][..], &["--against"][..]),
        (&["alpha=missing.txt", "--against", "."], &["missing.txt"]),
        (&["alpha=new.txt", "--against", "nowhere"], &["--against: ", "nowhere"]),
        (&["alpha=new.txt", "--supergraph", "new.txt"], &["new.txt"]),
        (
            &["alpha=new.txt", "--against", ".", "--trusted", "nowhere"],
            &["error: --trusted: can't read nowhere"],
        ),
    ] {
        let output = folder.run(&[&["check"], arguments].concat());
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty());
        let found = text(&output.stderr);
        assert!(words.iter().all(|word| found.contains(word)), "{words:?}: {found}");
    }
}

/// They are told with everything else.
#[test]
fn documents_that_are_none_and_operations_beyond_the_limits() {
    let folder = world(BETA);
    folder.write("trusted/bad.graphql", "query A { hello ");
    folder.write("trusted/worse.graphql", "fragment F on T { a }");
    folder.write("trusted/good.graphql", "query Good { hello }");
    let aliases: String = (0..150).map(|n| format!("a{n}: hello ")).collect();
    folder.write("trusted/many.graphql", &format!("query Many {{ {aliases} }}"));
    let arguments = ["beta=new.txt", "--against", ".", "--trusted", "trusted"];
    let (report, code) = check(&folder, &arguments);
    assert_eq!(code, Some(1), "{report}");
    for line in [
        "trusted operations: files 4, ",
        "  broken  bad.graphql:1:17: TRUSTED_DOCUMENT_INVALID: ",
        "  broken  worse.graphql: TRUSTED_DOCUMENT_INVALID: it has no operation",
        "  broken  many.graphql: LIMIT_EXCEEDED: The number of aliases",
    ] {
        assert!(report.contains(line), "{line}: {report}");
    }
    assert_eq!(report.matches("bad.graphql").count(), 1, "{report}");
    let (lines, _) = check(&folder, &[&arguments[..], &["--format", "github"]].concat());
    assert!(
        lines.contains("::error file=trusted/bad.graphql,line=1,col=17,title=TRUSTED_DOCUMENT_INVALID::")
    );
    for name in ["bad.graphql", "worse.graphql"] {
        std::fs::remove_file(folder.0.path().join("trusted").join(name)).unwrap();
    }
    let raised = [&arguments[..], &["--max-aliases", "200", "--max-root-fields", "200"]].concat();
    assert_eq!(check(&folder, &raised).1, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_is_the_state_before() {
    let nats = nats().await;
    let _alpha = subgraphs::alpha(&nats, &subgraphs::Events::default()).await;
    let _beta = subgraphs::beta(&nats).await;
    let url = nats.url_for("gateway");
    let folder = world("type Query { extra: Int }");
    let path = folder.0.path().to_owned();
    let run = async |pair: &str| {
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_tributary"));
        let command = command.args(["check", pair, "--nats", &url, "--gateway-id", "gw1"]);
        command.current_dir(&path).output().await.unwrap()
    };
    let added = run("gamma=new.txt").await;
    assert_eq!(added.status.code(), Some(0), "{}", text(&added.stderr));
    let report = text(&added.stdout);
    assert!(report.contains("subgraphs: alpha, beta, gamma (new)\n"), "{report}");
    assert!(report.contains("FIELD_ADDED Query.extra"), "{report}");
    let replaced = run("beta=new.txt").await;
    assert_eq!(replaced.status.code(), Some(1), "{}", text(&replaced.stderr));
    assert!(text(&replaced.stdout).contains("breaking   FIELD_REMOVED"), "{}", text(&replaced.stdout));
}
