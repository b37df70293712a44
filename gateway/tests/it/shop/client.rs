//! People who talk to the gateway.

use reqwest::{Client, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use crate::support::TestGateway;

/// Somebody, logged in or not.
pub struct Person {
    http: Client,
    url: String,
    token: Option<String>,
    pub id: String,
    pub refresh_token: String,
}

impl Person {
    /// The one whose session it is; nobody in particular without one.
    pub fn new(gateway: &TestGateway, session: Option<&Value>) -> Self {
        let text = |path: &str| Some(session?.pointer(path).unwrap().as_str().unwrap().to_owned());
        Self {
            http: gateway.http.clone(),
            url: gateway.url("/graphql"),
            token: text("/accessToken"),
            id: text("/user/id").unwrap_or_default(),
            refresh_token: text("/refreshToken").unwrap_or_default(),
        }
    }

    /// The same with another token.
    pub fn with_token(self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self }
    }

    /// The token that is sent.
    pub fn token(&self) -> &str {
        self.token.as_deref().expect("this one is logged in")
    }

    /// The request, to be added to.
    pub fn request(&self, query: &str, variables: &Value) -> RequestBuilder {
        let request = self.http.post(&self.url).json(&json!({ "query": query, "variables": variables }));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// The whole answer.
    pub async fn ask(&self, query: &str, variables: Value) -> Value {
        let response = self.request(query, &variables).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{query}");
        response.json().await.unwrap()
    }

    /// The data of an answer without errors.
    pub async fn data(&self, query: &str, variables: Value) -> Value {
        let mut answer = self.ask(query, variables).await;
        assert_eq!(answer.get("errors"), None, "{query}: {answer}");
        answer["data"].take()
    }

    /// The code of an answer that has one error.
    pub async fn refused(&self, query: &str, variables: Value) -> String {
        code(&self.ask(query, variables).await).to_owned()
    }

    /// The code, and the input field to blame.
    pub async fn blamed(&self, query: &str, variables: Value) -> (String, String) {
        let answer = self.ask(query, variables).await;
        let field = answer["errors"][0]["extensions"]["field"].as_str().unwrap_or_default();
        (code(&answer).to_owned(), field.to_owned())
    }
}

/// The code of the one error of an answer.
pub fn code(answer: &Value) -> &str {
    let errors = answer["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    let [error] = errors else { panic!("not one error: {answer}") };
    error["extensions"]["code"].as_str().unwrap_or_else(|| panic!("no code: {answer}"))
}
