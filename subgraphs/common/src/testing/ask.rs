//! A schema asked in-process, as different people.

use std::ops::Deref;

use async_graphql::{Executor, Request, Variables};
use serde_json::{Value, json};
use tributary_subgraph::Identity;

/// Who asks, where it doesn't matter which of them.
#[derive(Debug, Clone, Copy)]
pub enum Who {
    /// Nobody is logged in.
    Anyone,
    /// `customer-1`.
    Customer,
    /// `staff-1`.
    Staff,
    /// `admin-1`.
    Admin,
}

impl From<Who> for Option<Identity> {
    fn from(who: Who) -> Self {
        let role = match who {
            Who::Anyone => return None,
            Who::Customer => "customer",
            Who::Staff => "staff",
            Who::Admin => "admin",
        };
        Some(identity(&format!("{role}-1"), role))
    }
}

/// Somebody in particular, as the gateway would say it.
pub fn identity(id: &str, role: &str) -> Identity {
    let claims = json!({ "sub": id, "role": role });
    Identity::new(claims.as_object().expect("it is one").clone())
}

/// A request by somebody, to be added to.
pub fn request(who: impl Into<Option<Identity>>, query: &str, variables: Value) -> Request {
    let request = Request::new(query).variables(Variables::from_json(variables));
    match who.into() {
        Some(identity) => request.data(identity),
        None => request,
    }
}

/// The code of an answer's first error.
///
/// # Panics
/// When there is none.
pub fn code(answer: &Value) -> String {
    let code = answer["errors"][0]["extensions"]["code"].as_str();
    code.unwrap_or_else(|| panic!("no code in {answer}")).to_owned()
}

/// A schema that is asked.
pub struct Asked<E>(pub E);

impl<E> Deref for Asked<E> {
    type Target = E;

    fn deref(&self) -> &E {
        &self.0
    }
}

impl<E: Executor> Asked<E> {
    /// The whole answer to a request.
    ///
    /// # Panics
    /// When it can't be written as JSON.
    pub async fn run(&self, request: Request) -> Value {
        serde_json::to_value(self.0.execute(request).await).expect("an answer is JSON")
    }

    /// The whole answer.
    pub async fn ask(&self, who: impl Into<Option<Identity>>, query: &str, variables: Value) -> Value {
        self.run(request(who, query, variables)).await
    }

    /// The data of an answer without errors.
    ///
    /// # Panics
    /// When there are errors.
    pub async fn data(&self, who: impl Into<Option<Identity>>, query: &str, variables: Value) -> Value {
        let mut answer = self.ask(who, query, variables).await;
        assert_eq!(answer.get("errors"), None, "{query}");
        answer["data"].take()
    }

    /// The code of the first error, and the field that it blames.
    ///
    /// # Panics
    /// When there is no error, or one without a code.
    pub async fn refused(
        &self,
        who: impl Into<Option<Identity>>,
        query: &str,
        variables: Value,
    ) -> (String, Option<String>) {
        let answer = self.ask(who, query, variables).await;
        let field = answer["errors"][0]["extensions"]["field"].as_str().map(str::to_owned);
        (code(&answer), field)
    }

    /// The SDL, as the gateway gets it.
    ///
    /// # Panics
    /// When it is no subgraph.
    pub async fn sdl(&self) -> String {
        let data = self.data(None, "{ _service { sdl } }", json!({})).await;
        data["_service"]["sdl"].as_str().expect("a subgraph has an SDL").to_owned()
    }
}
