//! A small client for the gateway on this machine.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use ureq::Agent;

/// GraphQL over HTTP, as somebody or nobody.
#[derive(Debug, Clone)]
pub struct Client {
    agent: Agent,
    url: String,
    token: Option<String>,
}

/// Why an operation wasn't answered.
#[derive(Debug)]
pub struct Refused {
    /// The first error's stable code.
    pub code: String,
    /// All errors.
    pub errors: Value,
}

impl std::fmt::Display for Refused {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}", self.errors)
    }
}

impl std::error::Error for Refused {}

/// The status and the body.
pub fn get(url: &str) -> Result<(u16, String)> {
    let mut answer = agent().get(url).call()?;
    Ok((answer.status().as_u16(), answer.body_mut().read_to_string()?))
}

impl Client {
    /// Nobody.
    pub fn new(url: &str) -> Self {
        Self { agent: agent(), url: url.into(), token: None }
    }

    /// Somebody, who has an account.
    pub fn login(&self, email: &str, password: &str) -> Result<Self> {
        let operation = "mutation ($email: String!, $password: String!) { login(email: $email, password: $password) { accessToken } }";
        let data = self.ask(operation, &json!({ "email": email, "password": password }))?;
        let token =
            data.pointer("/login/accessToken").and_then(Value::as_str).context("login gives no token")?;
        Ok(Self { token: Some(token.to_owned()), ..self.clone() })
    }

    /// The data of an operation that was answered without errors; a GraphQL error is a [`Refused`].
    pub fn ask(&self, operation: &str, variables: &Value) -> Result<Value> {
        self.send(None, operation, variables)
    }

    /// The same for a mutation that is done once, however often it is asked with this key.
    pub fn ask_once(&self, key: &str, operation: &str, variables: &Value) -> Result<Value> {
        self.send(Some(key), operation, variables)
    }

    fn send(&self, key: Option<&str>, operation: &str, variables: &Value) -> Result<Value> {
        let mut request = self.agent.post(&self.url).header("accept", "application/graphql-response+json");
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let body = json!({ "query": operation, "variables": variables });
        let mut answer = request.send_json(&body)?;
        let status = answer.status();
        let text = answer.body_mut().read_to_string()?;
        let Ok(mut result) = serde_json::from_str::<Value>(&text) else { bail!("{status}: {text}") };
        if let Some(errors) = result.get("errors") {
            let code =
                errors.pointer("/0/extensions/code").and_then(Value::as_str).unwrap_or_default().to_owned();
            return Err(Refused { code, errors: errors.clone() }.into());
        }
        result.get_mut("data").map(Value::take).with_context(|| format!("{status}: {text}"))
    }
}

fn agent() -> Agent {
    let config =
        Agent::config_builder().http_status_as_error(false).timeout_global(Some(Duration::from_secs(30)));
    config.build().into()
}
