//! The program as a process: what it prints where, and how it ends.

use std::{
    io::Write,
    process::{Command, Output, Stdio},
};

mod check;
mod formats;

use crate::support::{TestGateway, nats, process::GatewayProcess, subgraphs};

const ALPHA: &str = "type Query { hello(name: String): String item(id: ID!): Item } type Item @key(fields: \"id\") { id: ID! name: String } extend schema @link(url: \"https://specs.apollo.dev/federation/v2.5\", import: [\"@key\"])";
const BETA: &str = "type Item @key(fields: \"id\") { id: ID! stock: Int } extend schema @link(url: \"https://specs.apollo.dev/federation/v2.5\", import: [\"@key\"])";

fn tributary() -> Command {
    Command::new(env!("CARGO_BIN_EXE_tributary"))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        folder.write("alpha.graphql", ALPHA);
        folder.write("beta.graphql", BETA);
        folder
    }

    fn write(&self, name: &str, content: &str) {
        std::fs::write(self.0.path().join(name), content).unwrap();
    }

    fn run(&self, arguments: &[&str]) -> Output {
        tributary().args(arguments).current_dir(self.0.path()).output().unwrap()
    }
}

#[test]
fn compose_prints_the_supergraph_alone() {
    let folder = Folder::new();
    let output = folder.run(&["compose", "alpha=alpha.graphql", "beta=beta.graphql"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let sdl = text(&output.stdout);
    assert!(sdl.starts_with("schema"), "{sdl}");
    assert!(sdl.contains("@join__type(graph: ALPHA") && sdl.contains("stock"), "{sdl}");
    let other_order = folder.run(&["compose", "beta=beta.graphql", "alpha=alpha.graphql"]);
    assert_eq!(text(&other_order.stdout), sdl);
}

#[test]
fn compose_tells_what_does_not_fit() {
    let folder = Folder::new();
    folder.write("bad.graphql", "type Query { hello: Int }");
    let output = folder.run(&["compose", "alpha=alpha.graphql", "bad=bad.graphql"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    let diagnostics = text(&output.stderr);
    assert!(diagnostics.contains("error: ") && diagnostics.contains("hello"), "{diagnostics}");
}

#[test]
fn compose_reports_every_mistake_at_once() {
    let arguments =
        ["compose", "nofile", "a=missing.graphql", "9=alpha.graphql", "b=beta.graphql", "b=alpha.graphql"];
    let output = Folder::new().run(&arguments);
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    let mistakes = text(&output.stderr);
    for mistake in ["\"nofile\"", "missing.graphql", "\"9\"", "b is given twice"] {
        assert!(mistakes.contains(mistake), "{mistake}: {mistakes}");
    }
    assert_eq!(mistakes.matches("error: ").count(), 4, "{mistakes}");
}

/// A command says why it can't do what it should, and ends.
#[test]
fn without_nats_commands_end_and_say_so() {
    let unused = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("nats://{unused}");
    for (arguments, code) in [
        (["compose", "--nats", &url].as_slice(), 2),
        (&["check", "alpha=alpha.graphql", "--nats", &url], 2),
        (&["forget", "alpha", "--nats", &url], 1),
    ] {
        let output = Folder::new().run(arguments);
        assert_eq!(output.status.code(), Some(code));
        let words = text(&output.stderr);
        assert!(output.stdout.is_empty() && words.contains("error: no connection to NATS"), "{words}");
        assert!(words.contains("NATS_UNREACHABLE") && !words.contains('\x1b'), "{words}");
    }
}

#[test]
fn a_file_that_is_no_supergraph_is_told_briefly() {
    let folder = Folder::new();
    folder.write("other.txt", &"What is this?\n".repeat(500));
    for (arguments, code) in [
        (["plan", "--supergraph", "other.txt", "{ hello }"].as_slice(), 2),
        (&["serve", "--supergraph", "other.txt", "--listen", "127.0.0.1:0"], 1),
    ] {
        let output = folder.run(arguments);
        assert_eq!(output.status.code(), Some(code));
        let words = text(&output.stderr);
        assert!(output.stdout.is_empty() && words.contains("other.txt is no supergraph"), "{words}");
        assert!(words.lines().count() < 30, "{words}");
    }
    // What is likeliest isn't hidden by what follows from it; a long line isn't shown as often as it has mistakes.
    let mistakes: String = (0..3000).map(|n| format!("type T{n} {{ f: Nowhere{n} }} ")).collect();
    for (name, content, words) in [
        ("one.txt", ALPHA, "compose the subgraphs first"),
        ("long.txt", &*format!("enum join__Graph {{ A }} {mistakes}"), "and 2991 more"),
    ] {
        folder.write(name, content);
        let output = folder.run(&["check", "alpha=alpha.graphql", "--supergraph", name]);
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(told.contains(words) && told.len() < 2000, "{told}");
    }
}

/// Each mistake is told with its place and code, and not with the line it is in, which may be long.
#[test]
fn plan_tells_what_is_wrong_with_an_operation() {
    let folder = Folder::new();
    folder.write("supergraph.txt", &text(&folder.run(&["compose", "."]).stdout));
    folder.write("two.txt", "query A { hello }\nquery B { hello }");
    let unknown: String = (0..2000).map(|n| format!("u{n} ")).collect();
    folder.write("unknown.txt", &format!("{{ {unknown} }}"));
    for (query, more, words) in [
        ("{ hello", &[][..], "error: operation:1:8: GRAPHQL_PARSE_FAILED: "),
        ("@unknown.txt", &[], "error: unknown.txt:1:3: GRAPHQL_VALIDATION_FAILED: "),
        ("@unknown.txt", &[], "error: and 1980 more"),
        (
            "@two.txt",
            &[],
            "error: OPERATION_NOT_FOUND: there are several operations; --operation takes one of: A, B",
        ),
        (
            "@two.txt",
            &["--operation", "C"],
            "OPERATION_NOT_FOUND: there is no operation \"C\"; there are: A, B",
        ),
    ] {
        let output = folder.run(&[&["plan", "--supergraph", "supergraph.txt", query], more].concat());
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{told}");
        assert!(output.stdout.is_empty() && told.contains(words) && told.len() < 4000, "{told}");
    }
    let file = folder.run(&["plan", "--supergraph", "supergraph.txt", "two.txt"]);
    assert_eq!(file.status.code(), Some(2));
    assert!(text(&file.stderr).contains("@two.txt reads it"), "{}", text(&file.stderr));
    folder.write("gamma.graphql", "directive @oneOf on INPUT_OBJECT input By @oneOf { id: ID name: String } type Query { find(by: By): Int }");
    folder.write("with.txt", &text(&folder.run(&["compose", "."]).stdout));
    let one_of = folder.run(&["plan", "--supergraph", "with.txt", "{ find(by: { id: 1, name: \"n\" }) }"]);
    assert_eq!(one_of.status.code(), Some(1));
    assert!(
        text(&one_of.stderr).contains("exactly one field of the oneOf input By"),
        "{}",
        text(&one_of.stderr)
    );
    std::fs::create_dir(folder.0.path().join("trusted")).unwrap();
    folder.write("trusted/find.graphql", "query Find { find(by: {}) }");
    let check = folder.run(&["check", ".", "--supergraph", "with.txt", "--trusted", "trusted"]);
    assert!(
        text(&check.stdout).contains("before  find.graphql Find: GRAPHQL_VALIDATION_FAILED"),
        "{}",
        text(&check.stdout)
    );
    let alone = folder.run(&["plan", "--supergraph", "supergraph.txt", "{ __typename }"]);
    assert!(
        alone.status.success() && text(&alone.stdout).starts_with("no fetches"),
        "{}",
        text(&alone.stdout)
    );
}

/// A plan can depend on more than the operation.
#[test]
fn plan_shows_what_is_deferred_and_what_labels_and_authorisation_change() {
    let folder = Folder::new();
    let link = |imports: &str| {
        format!(
            r#"extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", {imports}]) "#
        )
    };
    folder.write("alpha.graphql", &(link(r#""@authenticated""#) + r#"type Query { item: Item } type Item @key(fields: "id") { id: ID! old: Int secret: Int @authenticated }"#));
    folder.write("beta.graphql", &(link(r#""@override""#) + r#"type Item @key(fields: "id") { id: ID! stock: Int old: Int @override(from: "alpha", label: "moved") }"#));
    folder.write("supergraph.txt", &text(&folder.run(&["compose", "."]).stdout));
    let plan = |query: &str, more: &[&str]| {
        let output = folder.run(&[&["plan", "--supergraph", "supergraph.txt", query], more].concat());
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout)
    };
    let deferred = plan("{ item { id ... @defer { stock } } }", &["--format", "json"]);
    let deferred: serde_json::Value = serde_json::from_str(&deferred).unwrap();
    assert_eq!(deferred["deferred"].as_array().map(Vec::len), Some(1), "{deferred:#}");
    assert!(!plan("{ item { old } }", &[]).contains("1 beta"));
    assert!(plan("{ item { old } }", &["--override-label", "moved"]).contains("1 beta"));
    assert!(plan("{ item { id secret } }", &[]).contains("secret"));
    assert!(!plan("{ item { id secret } }", &["--anonymous"]).contains("secret"));
}

/// A subgraph that is left out by mistake would be missed too late.
#[test]
fn what_was_probably_meant_is_said() {
    let folder = Folder::new();
    let supergraph = text(&folder.run(&["compose", "."]).stdout);
    let told = |arguments: &[&str]| {
        let output = folder.run(arguments);
        assert_eq!(output.status.code(), Some(2));
        text(&output.stderr)
    };
    assert!(told(&["compose"]).contains("--nats URL"));
    assert!(told(&["compose", "alpha.graphql"]).contains("alpha=alpha.graphql"));
    folder.write("gamma.gql", BETA);
    assert!(told(&["compose", "."]).contains("gamma.gql isn't read: rename it"));
    std::fs::rename(folder.0.path().join("gamma.gql"), folder.0.path().join(".gamma.graphql")).unwrap();
    assert!(folder.run(&["compose", "."]).status.success(), "an editor's own file is nobody's subgraph");
    folder.write("supergraph.graphql", &supergraph);
    assert!(told(&["compose", "."]).contains("supergraph.graphql is a supergraph"));
    let (missing, words) = (["check", "alpha=alpha.graphql", "--supergraph", "supergraph.graphql"], "beta");
    assert!(told(&missing).contains(words) && told(&missing).contains("--against"));
}

#[test]
fn plan_prints_the_fetches() {
    let folder = Folder::new();
    let composed = folder.run(&["compose", "alpha=alpha.graphql", "beta=beta.graphql"]);
    folder.write("supergraph.graphql", &text(&composed.stdout));
    let query = "{ item(id: 1) { name stock } }";
    folder.write("query.graphql", query);
    let direct = folder.run(&["plan", "--supergraph", "supergraph.graphql", query]);
    assert!(direct.status.success(), "{}", text(&direct.stderr));
    let plan = text(&direct.stdout);
    assert!(plan.contains("alpha") && plan.contains("beta") && plan.contains("_entities"), "{plan}");
    assert_eq!(
        text(&folder.run(&["plan", "--supergraph", "supergraph.graphql", "@query.graphql"]).stdout),
        plan
    );

    let mut piped = tributary()
        .args(["plan", "--supergraph", "supergraph.graphql", "-"])
        .current_dir(folder.0.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    piped.stdin.take().unwrap().write_all(query.as_bytes()).unwrap();
    assert_eq!(text(&piped.wait_with_output().unwrap().stdout), plan);

    let wrong = folder.run(&["plan", "--supergraph", "supergraph.graphql", "{ nothing }"]);
    assert_eq!(wrong.status.code(), Some(1));
    assert!(wrong.stdout.is_empty() && text(&wrong.stderr).contains("nothing"));
}

#[test]
fn serve_reports_every_mistake_at_once() {
    let output = Folder::new().run(&["serve", "--listen", "x", "--max-depth", "0", "--log-format", "xml"]);
    assert_eq!(output.status.code(), Some(1));
    let mistakes = text(&output.stderr);
    for flag in ["--listen", "--max-depth", "--log-format"] {
        assert!(mistakes.contains(flag), "{mistakes}");
    }
}

#[test]
fn serve_says_when_its_port_is_taken() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = Folder::new().run(&["serve", "--listen", &address]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("--listen"));
}

/// The whole program: composed on NATS, served, and told to stop by SIGTERM while it answers.
#[tokio::test(flavor = "multi_thread")]
async fn a_process_serves_until_sigterm() {
    let nats = nats().await;
    let events = subgraphs::Events::default();
    let _alpha = subgraphs::alpha(&nats, &events).await;
    let gateway = GatewayProcess::start(&nats, &["--require", "alpha"]).await;
    gateway.ready(|status| status["ready"] == true).await;
    let request = gateway.http.post(format!("{}/graphql", gateway.url));
    let body = serde_json::json!({ "query": "{ slow(ms: 1000) }" });
    let running = tokio::spawn(request.json(&body).send());
    events.until_started(1).await;
    gateway.stop().await;
    let answer: serde_json::Value = running.await.unwrap().unwrap().json().await.unwrap();
    assert_eq!(answer["data"]["slow"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn compose_and_forget_work_on_nats() {
    let nats = nats().await;
    let _alpha = subgraphs::alpha(&nats, &subgraphs::Events::default()).await;
    let beta = subgraphs::beta(&nats).await;
    let url = nats.url_for("gateway");
    let command = async |arguments: &[&str]| {
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_tributary"));
        command.args(arguments).args(["--nats", &url, "--gateway-id", "gw1"]).output().await.unwrap()
    };
    let composed = command(&["compose"]).await;
    assert!(composed.status.success(), "{}", text(&composed.stderr));
    assert!(text(&composed.stdout).contains("join__Graph"), "{}", text(&composed.stdout));

    let gateway = TestGateway::with(&nats, "", &["alpha", "beta"]).await;
    crate::net::registry::wait_until_stored(&nats, &["alpha", "beta"]).await;
    let refused = command(&["forget", "beta"]).await;
    assert_eq!(refused.status.code(), Some(1), "an instance still runs");
    beta.stop().await;
    gateway.until(|status| status.subgraphs["beta"].instances == 0).await;
    assert!(gateway.data("{ __schema { types { name } } hello }").await["hello"].is_string());
    let misspelt = command(&["forget", "betta"]).await;
    assert_eq!(misspelt.status.code(), Some(1));
    let words = text(&misspelt.stderr);
    assert!(words.contains(r#"error: there is no subgraph "betta""#), "{words}");
    assert!(gateway.gateway.status().borrow().subgraphs.contains_key("beta"));
    let forgotten = command(&["forget", "beta"]).await;
    assert!(forgotten.status.success(), "{}", text(&forgotten.stderr));
    assert!(forgotten.stdout.is_empty());
    gateway.until(|status| !status.subgraphs.contains_key("beta")).await;
    assert_eq!(gateway.run("{ beta }").await["errors"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED");
}

/// A supergraph that was composed before: nothing is composed, and subgraphs are found all the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_given_supergraph_is_served() {
    let nats = nats().await;
    let _alpha = subgraphs::alpha(&nats, &subgraphs::Events::default()).await;
    let _beta = subgraphs::beta(&nats).await;
    let url = nats.url_for("gateway");
    let composed = tokio::process::Command::new(env!("CARGO_BIN_EXE_tributary"))
        .args(["compose", "--nats", &url, "--gateway-id", "gw1"])
        .output()
        .await
        .unwrap();
    let folder = Folder::new();
    folder.write("supergraph.graphql", &text(&composed.stdout));
    let path = folder.0.path().join("supergraph.graphql");
    let gateway = TestGateway::start(&url, &format!("--supergraph {}", path.display())).await;
    gateway
        .until(|status| {
            status.ready && ["alpha", "beta"].iter().all(|name| status.subgraphs[*name].subject.is_some())
        })
        .await;
    assert_eq!(gateway.data("{ items(ids: [\"ab\"]) { stock } }").await["items"][0]["stock"], 2);
}
