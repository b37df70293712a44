//! A service on a database of its own, asked in-process as different people.

use async_graphql::{Request, Variables};
use details::{DetailsSchema, MIGRATIONS, Store};
use serde_json::{Value, json};
use tributary_subgraph::Identity;
use uuid::Uuid;

pub struct Service {
    pub schema: DetailsSchema,
    pub database_url: String,
}

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub enum Who {
    Anyone,
    Customer,
    Staff,
    Admin,
}

pub const SET: &str = "mutation($id: ID!, $input: ProductDetailsInput!) {
    setProductDetails(productId: $id, input: $input) { id }
}";

pub async fn service() -> Service {
    let database_url = xtask::servers::postgres().create_database("details");
    let pool = shop::postgres::open(&database_url, &MIGRATIONS).await.unwrap();
    Service { schema: details::schema(Store::new(pool)), database_url }
}

impl Service {
    /// The whole answer.
    pub async fn ask(&self, who: Who, query: &str, variables: Value) -> Value {
        let mut request = Request::new(query).variables(Variables::from_json(variables));
        if let Some(identity) = identity(who) {
            request = request.data(identity);
        }
        serde_json::to_value(self.schema.execute(request).await).unwrap()
    }

    /// The data of an answer without errors.
    pub async fn data(&self, who: Who, query: &str, variables: Value) -> Value {
        let mut answer = self.ask(who, query, variables).await;
        assert_eq!(answer.get("errors"), None, "{query}");
        answer["data"].take()
    }

    /// The code of the first error, and the field that it blames.
    pub async fn refused(&self, who: Who, query: &str, variables: Value) -> (String, Option<String>) {
        let answer = self.ask(who, query, variables.clone()).await;
        let extensions = &answer["errors"][0]["extensions"];
        let text = |name: &str| extensions[name].as_str().map(str::to_owned);
        (text("code").unwrap_or_else(|| panic!("no code in {answer} for {query} {variables}")), text("field"))
    }

    /// Writes the details of a new product and returns its id.
    pub async fn write(&self, input: Value) -> String {
        let id = Uuid::now_v7().to_string();
        self.data(Who::Staff, SET, json!({ "id": id, "input": input })).await;
        id
    }

    /// The `details` of the entities, as the gateway asks for them.
    pub async fn entities(&self, on: &str, representations: &[Value]) -> Value {
        let query = format!("query($all: [_Any!]!) {{ _entities(representations: $all) {{ ... on {on} }} }}");
        self.data(Who::Anyone, &query, json!({ "all": representations })).await["_entities"].take()
    }
}

pub fn product(id: &str) -> Value {
    json!({ "__typename": "Product", "id": id })
}

/// A representation of an order with one of each item: `(product, quantity, price)`.
pub fn order(number: u8, items: &[(&str, i32, Value)]) -> Value {
    let item = |(product, quantity, price): &(&str, i32, Value)| {
        json!({
            "__typename": "OrderItem",
            "quantity": quantity,
            "unitPrice": price,
            "product": { "__typename": "Product", "id": product },
        })
    };
    let id = format!("01900000-0000-7000-8000-0000000000{number:02}");
    json!({ "__typename": "Order", "id": id, "items": items.iter().map(item).collect::<Vec<_>>() })
}

pub fn euro(amount: i64) -> Value {
    json!({ "amount": amount, "currency": "EUR" })
}

pub fn identity(who: Who) -> Option<Identity> {
    let role = match who {
        Who::Anyone => return None,
        Who::Customer => "customer",
        Who::Staff => "staff",
        Who::Admin => "admin",
    };
    Some(Identity::new(json!({ "sub": format!("{role}-1"), "role": role }).as_object().unwrap().clone()))
}
