//! A service on a database of its own, asked in-process as different people.

use async_graphql::{Request, Variables};
use products::{MIGRATIONS, ProductsSchema, Store};
use serde_json::{Value, json};
use tributary_subgraph::Identity;

pub struct Service {
    pub schema: ProductsSchema,
    pub store: Store,
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

pub async fn service() -> Service {
    let database_url = xtask::servers::postgres().create_database("products");
    let pool = shop::postgres::open(&database_url, &MIGRATIONS).await.unwrap();
    let store = Store::new(pool);
    Service { schema: products::schema(store.clone()), store, database_url }
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

    /// Creates a product that differs from others by `sku`, and `with` other fields; returns its id.
    pub async fn create(&self, sku: &str, with: Value) -> String {
        let mut input = json!({
            "sku": sku, "name": format!("Lamp {sku}"), "category": "lighting",
            "price": { "amount": 1999, "currency": "EUR" },
        });
        for (key, value) in with.as_object().unwrap() {
            input[key] = value.clone();
        }
        let data = self.data(Who::Staff, CREATE, json!({ "input": input })).await;
        data["createProduct"]["id"].as_str().unwrap().to_owned()
    }
}

pub const CREATE: &str = "mutation($input: CreateProductInput!) { createProduct(input: $input) { id } }";

pub fn identity(who: Who) -> Option<Identity> {
    let role = match who {
        Who::Anyone => return None,
        Who::Customer => "customer",
        Who::Staff => "staff",
        Who::Admin => "admin",
    };
    Some(Identity::new(json!({ "sub": format!("{role}-1"), "role": role }).as_object().unwrap().clone()))
}
