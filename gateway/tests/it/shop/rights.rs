//! Who may do what.

use serde_json::json;

use super::{
    fixtures::{CREATE, DESCRIBE, create, euro, product},
    world::Shop,
};

/// What is for staff only, besides [`CREATE`] and [`DESCRIBE`].
const FOR_STAFF: [&str; 9] = [
    "mutation($id: ID!) { updateProduct(id: $id, input: { name: \"Mine\" }) { id } }",
    "mutation($id: ID!) { archiveProduct(id: $id) { id } }",
    "mutation($id: ID!) { restoreProduct(id: $id) { id } }",
    "mutation($id: ID!) { deleteProduct(id: $id) }",
    "mutation($id: ID!) { adjustStock(id: $id, delta: -1, reason: \"mine\") { id } }",
    "mutation($id: ID!) { removeProductDetails(productId: $id) { id } }",
    "mutation($number: String = \"1\") { advanceOrder(number: $number, to: CONFIRMED) { status } }",
    "{ orders { nodes { number } } }",
    "{ products(filter: { includeArchived: true }) { nodes { id } } }",
];

#[tokio::test]
async fn customers_do_not_manage_the_shop() {
    let shop = Shop::open().await;
    let (staff, ada) = (shop.staff("staff@example.org").await, shop.customer("ada@example.org").await);
    let lamp = create(&staff, product("LAMP", "Lamp", euro(100))).await;
    staff.data(DESCRIBE, json!({ "id": lamp, "input": { "text": "Bright." } })).await;

    let anyone = shop.anyone();
    let people = [(&anyone, "UNAUTHENTICATED"), (&ada, "FORBIDDEN")];
    for query in FOR_STAFF {
        shop.refuses(&people, query, &json!({ "id": lamp })).await;
    }
    let input = product("MINE", "Mine", euro(1));
    shop.refuses(&people, CREATE, &json!({ "input": input })).await;
    shop.refuses(&people, DESCRIBE, &json!({ "id": lamp, "input": { "text": "Dim." } })).await;

    // Below an entity that they may see, too.
    let ledger = "query($id: ID!) { product(id: $id) { stockChanges { reason } } }";
    shop.refuses(&people, ledger, &json!({ "id": lamp })).await;

    let read = "query($id: ID!) { product(id: $id) { name stock archived details { text } } }";
    let untouched =
        json!({ "name": "Lamp", "stock": 10, "archived": false, "details": { "text": "Bright." } });
    assert_eq!(anyone.data(read, json!({ "id": lamp })).await["product"], untouched);
}
