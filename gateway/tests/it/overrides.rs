//! Fields that move from one subgraph to another, by label and by chance.

use serde_json::{Value, json};

use crate::support::{TestGateway, nats, subgraphs::plain};

const OLD: &str = "type Query { price: Int few: Int part: Int many: Int all: Int none: Int }";
const NEW: &str = r#"
    extend schema @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@override"])
    type Query {
      price: Int @override(from: "alpha", label: "move-price")
      few: Int @override(from: "alpha", label: "percent(40)")
      many: Int @override(from: "alpha", label: "percent(60)")
      part: Int @override(from: "alpha", label: "percent(50)")
      all: Int @override(from: "alpha", label: "percent(100)")
      none: Int @override(from: "alpha", label: "percent(0)")
    }
"#;

/// The same value for each field that is asked for.
fn always(value: u32) -> impl Fn(&async_nats::Message) -> Value {
    move |message| {
        let request: Value = serde_json::from_slice(&message.payload).unwrap();
        let query = request["query"].as_str().unwrap();
        let fields = query.trim_matches(['{', '}', ' ']).split_whitespace();
        fields.map(|field| (field.split(':').next().unwrap().to_owned(), json!(value))).collect()
    }
}

#[tokio::test]
async fn labels_move_fields() {
    let nats = nats().await;
    let _old = plain(&nats, "alpha", OLD, always(1)).await;
    let _new = plain(&nats, "beta", NEW, always(2)).await;
    for (flags, price) in [("", 1), ("--override-label other", 1), ("--override-label other,move-price", 2)] {
        let gateway = TestGateway::with(&nats, flags, &["alpha", "beta"]).await;
        let data = gateway.data("{ price all none }").await;
        assert_eq!(data, json!({ "price": price, "all": 2, "none": 1 }), "{flags}");
        gateway.running.stop().await;
    }
}

/// Drawn once for each request, so that it never sees a field half moved.
#[tokio::test]
async fn chance_moves_a_field_for_some_requests() {
    let nats = nats().await;
    let _old = plain(&nats, "alpha", OLD, always(1)).await;
    let _new = plain(&nats, "beta", NEW, always(2)).await;
    let gateway = TestGateway::with(&nats, "", &["alpha", "beta"]).await;
    let mut moved = 0;
    for _ in 0..200 {
        let data = gateway.data("{ a: part b: part }").await;
        assert_eq!(data["a"], data["b"]);
        moved += usize::from(data["a"] == 2);
    }
    // Ten standard deviations from half of them.
    assert!((30..=170).contains(&moved), "{moved} of 200");
    // One plan for each side, and none that was made in vain.
    assert_eq!(gateway.metric("tributary_plan_cache_misses_total").await, 2.0);
}

/// One number is drawn for all labels of a request: who is among the first 40 % is among the first 60 %, too.
#[tokio::test]
async fn chance_is_drawn_once_for_all_fields() {
    let nats = nats().await;
    let _old = plain(&nats, "alpha", OLD, always(1)).await;
    let _new = plain(&nats, "beta", NEW, always(2)).await;
    let gateway = TestGateway::with(&nats, "", &["alpha", "beta"]).await;
    let mut seen = std::collections::BTreeMap::new();
    for _ in 0..200 {
        let data = gateway.data("{ few many }").await;
        *seen.entry((data["few"] == 2, data["many"] == 2)).or_insert(0) += 1;
    }
    let outcomes: Vec<(bool, bool)> = seen.keys().copied().collect();
    assert_eq!(outcomes, [(false, false), (false, true), (true, true)], "{seen:?}");
}
