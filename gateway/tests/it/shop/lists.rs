//! Pages of products: filters, sorts, and cursors both ways.

use serde_json::{Value, json};

use super::{
    client::Person,
    fixtures::{create, euro},
    world::Shop,
};

const LIST: &str = "query(
    $first: Int, $after: String, $last: Int, $before: String, $filter: ProductFilter, $sort: ProductSort
) {
    products(first: $first, after: $after, last: $last, before: $before, filter: $filter, sort: $sort) {
        nodes { name } edges { cursor node { name } }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
}";

#[tokio::test]
async fn products_are_found_and_paged() {
    let shop = Shop::open().await;
    let staff = shop.staff("staff@example.org").await;
    for (sku, name, category, price) in [
        ("A", "Oak desk", "furniture", euro(30_000)),
        ("B", "Brass lamp", "lighting", euro(8_000)),
        ("C", "Paper lamp", "lighting", euro(2_000)),
        ("D", "Chair", "furniture", euro(12_000)),
        ("E", "Lantern", "lighting", json!({ "amount": 5_000, "currency": "JPY" })),
    ] {
        let description = if name == "Chair" { "Goes with the desk." } else { "" };
        let input = json!({
            "sku": sku, "name": name, "category": category, "price": price, "description": description,
        });
        create(&staff, input).await;
    }
    let anyone = shop.anyone();
    sorts(&anyone).await;
    filters(&anyone).await;
    forward(&anyone).await;
    backward(&anyone).await;
    bad_arguments(&anyone).await;
}

/// The names on a page, and what is said of the page.
async fn page(anyone: &Person, variables: Value) -> (Vec<String>, Value) {
    let mut data = anyone.data(LIST, variables).await;
    let products = data["products"].take();
    let names = |items: &Value, path: &str| -> Vec<String> {
        let items = items.as_array().unwrap().iter();
        items.map(|item| item.pointer(path).unwrap().as_str().unwrap().to_owned()).collect()
    };
    let found = names(&products["nodes"], "/name");
    assert_eq!(names(&products["edges"], "/node/name"), found);
    let cursors = names(&products["edges"], "/cursor");
    let info = &products["pageInfo"];
    assert_eq!(info["startCursor"].as_str(), cursors.first().map(String::as_str));
    assert_eq!(info["endCursor"].as_str(), cursors.last().map(String::as_str));
    (found, products["pageInfo"].clone())
}

async fn sorts(anyone: &Person) {
    let oldest = ["Oak desk", "Brass lamp", "Paper lamp", "Chair", "Lantern"];
    let mut newest = oldest;
    newest.reverse();
    for (sort, expected) in [
        (Value::Null, newest),
        (json!("NEWEST"), newest),
        (json!("OLDEST"), oldest),
        (json!("NAME"), ["Brass lamp", "Chair", "Lantern", "Oak desk", "Paper lamp"]),
        (json!("PRICE_ASCENDING"), ["Paper lamp", "Brass lamp", "Chair", "Oak desk", "Lantern"]),
    ] {
        assert_eq!(page(anyone, json!({ "sort": sort })).await.0, expected, "{sort}");
    }
    let (dearest, _) =
        page(anyone, json!({ "sort": "PRICE_DESCENDING", "filter": { "priceFrom": euro(0) } })).await;
    assert_eq!(dearest, ["Oak desk", "Chair", "Brass lamp", "Paper lamp"]);
    let desks = json!({ "sort": "RELEVANCE", "filter": { "text": "desk" } });
    let (relevant, _) = page(anyone, desks).await;
    assert_eq!(relevant, ["Oak desk", "Chair"], "what is called a desk before what goes with one");
}

async fn filters(anyone: &Person) {
    for (filter, expected) in [
        (json!({ "category": "furniture" }), &["Chair", "Oak desk"][..]),
        (json!({ "priceFrom": euro(8_000), "priceTo": euro(12_000) }), &["Brass lamp", "Chair"]),
        (json!({ "priceTo": { "amount": 5_000, "currency": "JPY" } }), &["Lantern"]),
        (json!({ "text": "lamp" }), &["Brass lamp", "Paper lamp"]),
        (json!({ "text": "desk" }), &["Chair", "Oak desk"]),
        (json!({ "text": "lamp -paper", "category": "lighting" }), &["Brass lamp"]),
        (json!({ "text": "sofa" }), &[]),
    ] {
        let (found, _) = page(anyone, json!({ "sort": "NAME", "filter": filter })).await;
        assert_eq!(found, expected, "{filter}");
    }
}

async fn forward(anyone: &Person) {
    let (mut found, mut after, mut pages) = (Vec::new(), Value::Null, 0);
    loop {
        let (names, info) = page(anyone, json!({ "sort": "NAME", "first": 2, "after": after })).await;
        assert_eq!(info["hasPreviousPage"], json!(pages > 0));
        found.extend(names);
        pages += 1;
        after = info["endCursor"].clone();
        if info["hasNextPage"] == false {
            break;
        }
    }
    assert_eq!((found.len(), pages), (5, 3));
    assert!(found.is_sorted(), "{found:?}");
}

async fn backward(anyone: &Person) {
    let (mut found, mut before) = (Vec::new(), Value::Null);
    loop {
        let (mut names, info) = page(anyone, json!({ "sort": "NAME", "last": 2, "before": before })).await;
        assert_eq!(info["hasNextPage"], json!(!found.is_empty()));
        names.append(&mut found);
        found = names;
        before = info["startCursor"].clone();
        if info["hasPreviousPage"] == false {
            break;
        }
    }
    assert_eq!(found, ["Brass lamp", "Chair", "Lantern", "Oak desk", "Paper lamp"]);
}

async fn bad_arguments(anyone: &Person) {
    let (_, info) = page(anyone, json!({ "sort": "NAME", "first": 1 })).await;
    let yen = json!({ "amount": 1, "currency": "JPY" });
    for wrong in [
        json!({ "first": -1 }),
        json!({ "first": 101 }),
        json!({ "first": 1, "last": 1 }),
        json!({ "after": "nonsense" }),
        json!({ "after": info["endCursor"], "sort": "PRICE_ASCENDING" }),
        json!({ "sort": "RELEVANCE" }),
        json!({ "filter": { "priceFrom": euro(1), "priceTo": yen } }),
    ] {
        assert_eq!(anyone.refused(LIST, wrong.clone()).await, "BAD_USER_INPUT", "{wrong}");
    }
}
