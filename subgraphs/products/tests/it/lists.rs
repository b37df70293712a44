//! Pages, sorts and filters.

use serde_json::{Value, json};

use crate::support::{Service, Who, service};

const LIST: &str = "query($first: Int, $after: String, $last: Int, $before: String, $filter: ProductFilter, $sort: ProductSort) {
    products(first: $first, after: $after, last: $last, before: $before, filter: $filter, sort: $sort) {
        nodes { sku } edges { cursor node { sku } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
}";
const SORTS: [&str; 5] = ["NEWEST", "OLDEST", "NAME", "PRICE_ASCENDING", "PRICE_DESCENDING"];

async fn list(service: &Service, variables: Value) -> (Vec<String>, Value) {
    let mut data = service.data(Who::Anyone, LIST, variables).await;
    let nodes = data["products"]["nodes"].as_array().unwrap();
    let skus = nodes.iter().map(|node| node["sku"].as_str().unwrap().to_owned()).collect();
    (skus, data["products"]["pageInfo"].take())
}

/// Seven products, with ties in name and in price.
async fn seven(service: &Service) {
    for (index, (name, price)) in [
        ("pear", 300),
        ("Apple", 100),
        ("apple", 100),
        ("fig", 200),
        ("Kiwi", 300),
        ("kiwi", 50),
        ("fig", 200),
    ]
    .iter()
    .enumerate()
    {
        let with = json!({ "name": name, "price": { "amount": price, "currency": "EUR" } });
        service.create(&format!("F-{index}"), with).await;
    }
}

#[tokio::test]
async fn pages_in_both_directions_hold_the_whole_list_in_order() {
    let service = service().await;
    seven(&service).await;
    for sort in SORTS {
        let (whole, info) = list(&service, json!({ "sort": sort })).await;
        assert_eq!(whole.len(), 7);
        assert_eq!((&info["hasNextPage"], &info["hasPreviousPage"]), (&json!(false), &json!(false)));

        let (mut forward, mut after) = (Vec::new(), Value::Null);
        loop {
            let (page, info) = list(&service, json!({ "sort": sort, "first": 3, "after": after })).await;
            forward.extend(page);
            after = info["endCursor"].clone();
            if info["hasNextPage"] == false {
                break;
            }
        }
        assert_eq!(forward, whole, "{sort} forward");

        let (mut backward, mut before) = (Vec::new(), Value::Null);
        loop {
            let (page, info) = list(&service, json!({ "sort": sort, "last": 2, "before": before })).await;
            backward.splice(0..0, page);
            before = info["startCursor"].clone();
            if info["hasPreviousPage"] == false {
                break;
            }
        }
        assert_eq!(backward, whole, "{sort} backward");
    }
}

#[tokio::test]
async fn each_sort_is_what_it_says() {
    let service = service().await;
    seven(&service).await;
    let skus = |numbers: [u8; 7]| numbers.map(|number| format!("F-{number}")).to_vec();
    for (sort, expected) in [
        ("OLDEST", skus([0, 1, 2, 3, 4, 5, 6])),
        ("NEWEST", skus([6, 5, 4, 3, 2, 1, 0])),
        ("NAME", skus([1, 2, 3, 6, 4, 5, 0])),
        ("PRICE_ASCENDING", skus([5, 1, 2, 3, 6, 0, 4])),
        ("PRICE_DESCENDING", skus([4, 0, 6, 3, 2, 1, 5])),
    ] {
        assert_eq!(list(&service, json!({ "sort": sort })).await.0, expected, "{sort}");
    }
}

#[tokio::test]
async fn inserts_and_archiving_between_pages_shift_nothing() {
    let service = service().await;
    seven(&service).await;
    let (first, info) = list(&service, json!({ "sort": "PRICE_ASCENDING", "first": 3 })).await;
    assert_eq!(first, ["F-5", "F-1", "F-2"]);
    // One before the cursor appears, and the cursor's own product goes.
    service.create("F-new", json!({ "price": { "amount": 1, "currency": "EUR" } })).await;
    let find = "{ products(filter: { text: \"F-2\" }) { nodes { id } } }";
    let id = service.data(Who::Anyone, find, json!({})).await["products"]["nodes"][0]["id"].clone();
    service
        .data(Who::Staff, "mutation($id: ID!) { archiveProduct(id: $id) { id } }", json!({ "id": id }))
        .await;
    let (next, _) =
        list(&service, json!({ "sort": "PRICE_ASCENDING", "first": 3, "after": info["endCursor"] })).await;
    assert_eq!(next, ["F-3", "F-6", "F-0"]);
}

#[tokio::test]
async fn both_cursors_bound_a_page() {
    let service = service().await;
    seven(&service).await;
    let data = service.data(Who::Anyone, LIST, json!({ "sort": "OLDEST" })).await;
    let cursor = |index: usize| data["products"]["edges"][index]["cursor"].clone();
    let between = json!({ "sort": "OLDEST", "after": cursor(1), "before": cursor(5) });
    assert_eq!(list(&service, between).await.0, ["F-2", "F-3", "F-4"]);
}

#[tokio::test]
async fn filters_hold_together() {
    let service = service().await;
    service.create("desk-1", json!({ "name": "Oak desk", "category": "furniture", "price": { "amount": 40_000, "currency": "EUR" } })).await;
    service.create("lamp-1", json!({ "name": "Desk lamp", "description": "dims smoothly", "price": { "amount": 3_000, "currency": "EUR" } })).await;
    service
        .create("lamp-2", json!({ "name": "Floor lamp", "price": { "amount": 9_000, "currency": "EUR" } }))
        .await;
    service
        .create("lamp-3", json!({ "name": "Paper lamp", "price": { "amount": 5_000, "currency": "JPY" } }))
        .await;
    for (filter, expected) in [
        (json!({ "category": "furniture" }), vec!["desk-1"]),
        (json!({ "category": "light" }), vec![]),
        (json!({ "text": "desks" }), vec!["desk-1", "lamp-1"]),
        (json!({ "text": "lamps -floor" }), vec!["lamp-1", "lamp-3"]),
        (json!({ "text": "dimming" }), vec!["lamp-1"]),
        (json!({ "text": "lamp -lamps" }), vec![]),
        (json!({ "text": "desks -lamps" }), vec!["desk-1"]),
        (json!({ "text": "LAMP-2" }), vec!["lamp-2"]),
        (json!({ "text": "lamp-2 floors" }), vec!["lamp-2"]),
        (json!({ "text": "  " }), vec!["desk-1", "lamp-1", "lamp-2", "lamp-3"]),
        (json!({ "text": "desk", "category": "lighting" }), vec!["lamp-1"]),
        (
            json!({ "priceFrom": { "amount": 3_000, "currency": "EUR" }, "priceTo": { "amount": 9_000, "currency": "EUR" } }),
            vec!["lamp-1", "lamp-2"],
        ),
        (json!({ "priceFrom": { "amount": 0, "currency": "JPY" } }), vec!["lamp-3"]),
    ] {
        assert_eq!(
            list(&service, json!({ "filter": filter, "sort": "OLDEST" })).await.0,
            expected,
            "{filter}"
        );
    }
}

/// Products that mention a pear in one place or another, and one that doesn't.
async fn pears(service: &Service) {
    for (sku, name, category, description) in [
        ("D-1", "Crate", "boxes", "Holds thirty pears."),
        ("N-1", "Pear", "fruit", ""),
        ("NONE", "Apple", "fruit", "No other fruit in it."),
        ("C-1", "Conference", "pears", ""),
        ("N-2", "Pear", "fruit", ""),
        ("PEAR", "Green one", "fruit", ""),
        ("D-2", "Crate", "boxes", "Holds thirty pears."),
    ] {
        service.create(sku, json!({ "name": name, "category": category, "description": description })).await;
    }
}

/// The SKU, then names, the category, descriptions; the newest of equals first.
const RELEVANT: [&str; 6] = ["PEAR", "N-2", "N-1", "C-1", "D-2", "D-1"];

fn search(text: &str) -> Value {
    json!({ "sort": "RELEVANCE", "filter": { "text": text } })
}

#[tokio::test]
async fn the_best_match_comes_first() {
    let service = service().await;
    pears(&service).await;
    assert_eq!(list(&service, search("pear")).await.0, RELEVANT);
    assert_eq!(list(&service, search("pears -crates")).await.0, ["PEAR", "N-2", "N-1", "C-1"]);
    assert_eq!(list(&service, search("plum")).await.0, [""; 0]);
    // A word that English searches leave out.
    service.create("THE", json!({ "name": "Article" })).await;
    assert_eq!(list(&service, search("the")).await.0, ["THE"]);
}

#[tokio::test]
async fn pages_by_relevance_hold_the_whole_list_and_nothing_shifts_them() {
    let service = service().await;
    pears(&service).await;
    let page = |with: Value| {
        let mut variables = search("pear");
        variables.as_object_mut().unwrap().extend(with.as_object().unwrap().clone());
        list(&service, variables)
    };
    for size in 1..=6 {
        let (mut forward, mut after) = (Vec::new(), Value::Null);
        let (mut backward, mut before) = (Vec::new(), Value::Null);
        let mut more = true;
        while more {
            let (next, info) = page(json!({ "first": size, "after": after })).await;
            forward.extend(next);
            after = info["endCursor"].clone();
            let (previous, back) = page(json!({ "last": size, "before": before })).await;
            backward.splice(0..0, previous);
            before = back["startCursor"].clone();
            assert_eq!(info["hasNextPage"], back["hasPreviousPage"], "{size} at a time");
            more = info["hasNextPage"] == true;
        }
        assert_eq!(
            (&forward[..], &backward[..]),
            (&RELEVANT.map(str::to_owned)[..], &RELEVANT.map(str::to_owned)[..])
        );
    }
    // Between two ties: one like them appears before, and many that change how common the word is.
    let (_, info) = page(json!({ "first": 2 })).await;
    service.create("N-3", json!({ "name": "Pear" })).await;
    for index in 0..20 {
        service.create(&format!("O-{index}"), json!({ "description": "Not a pear." })).await;
    }
    let (next, _) = page(json!({ "first": 2, "after": info["endCursor"] })).await;
    assert_eq!(next, ["N-1", "C-1"]);
}

#[tokio::test]
async fn relevance_is_to_one_text() {
    let service = service().await;
    pears(&service).await;
    let nothing = ("BAD_USER_INPUT".to_owned(), Some("filter.text".to_owned()));
    for filter in [Value::Null, json!({ "text": " " }), json!({ "category": "fruit" })] {
        let variables = json!({ "sort": "RELEVANCE", "filter": filter });
        assert_eq!(service.refused(Who::Anyone, LIST, variables).await, nothing, "{filter}");
    }
    let (_, info) = list(&service, search("pear")).await;
    let mut other = search("crate");
    other["after"] = info["startCursor"].clone();
    assert_eq!(service.refused(Who::Anyone, LIST, other).await.0, "BAD_USER_INPUT");
}

#[tokio::test]
async fn wrong_arguments_are_refused() {
    let service = service().await;
    seven(&service).await;
    let (_, by_name) = list(&service, json!({ "sort": "NAME" })).await;
    for wrong in [
        json!({ "first": -1 }),
        json!({ "first": 101 }),
        json!({ "first": 1, "last": 1 }),
        json!({ "after": "nonsense" }),
        json!({ "sort": "NEWEST", "after": by_name["endCursor"] }),
        json!({ "filter": { "priceFrom": { "amount": 1, "currency": "EUR" }, "priceTo": { "amount": 1, "currency": "USD" } } }),
        json!({ "filter": { "priceFrom": { "amount": 1, "currency": "EURO" } } }),
        json!({ "filter": { "text": "a".repeat(201) } }),
    ] {
        assert_eq!(service.refused(Who::Anyone, LIST, wrong.clone()).await.0, "BAD_USER_INPUT", "{wrong}");
    }
}
