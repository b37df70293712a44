//! A service on a database of its own, asked in-process as different people from different addresses.

use std::ops::Deref;

use auth::{Accounts, AuthSchema, Claims, Cost, Passwords, Store, Tokens};
use chrono::{TimeDelta, Utc};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use mongodb::options::ClientOptions;
use mongodb::{Client, Database};
use serde_json::{Value, json};
pub use shop::testing::code;
use shop::testing::{Asked, identity, request};
use tributary_subgraph::{ClientInfo, Identity};
use xtask::servers::Mongo;

pub const PASSWORD: &str = "correct horse battery";

/// Hashes that cost next to nothing.
pub const CHEAP: Cost = Cost { memory_kib: 64, passes: 1 };

pub struct Service {
    asked: Asked<AuthSchema>,
    pub accounts: Accounts,
    pub store: Store,
    pub tokens: Tokens,
    pub database: Database,
    mongo: Mongo,
}

/// Somebody who logged in.
pub struct LoggedIn {
    pub id: String,
    pub identity: Identity,
    pub access_token: String,
    pub refresh_token: String,
}

pub async fn service() -> Service {
    service_with(|_| {}).await
}

/// A service whose MongoDB client is set up by `set`.
pub async fn service_with(set: impl FnOnce(&mut ClientOptions)) -> Service {
    let mongo = xtask::servers::mongodb();
    let mut options = ClientOptions::parse(mongo.url()).await.unwrap();
    set(&mut options);
    let database = Client::with_options(options).unwrap().database(&mongo.database_name());
    another_instance(database, mongo).await
}

/// One more instance of a service, on the same database.
pub async fn another_instance(database: Database, mongo: Mongo) -> Service {
    let store = Store::open(&database).await.unwrap();
    let tokens = Tokens::open(store.keys.clone(), TimeDelta::minutes(10)).await.unwrap();
    let accounts = Accounts::new(store.clone(), Passwords::new(CHEAP).unwrap(), tokens.clone());
    let asked = Asked(auth::schema(accounts.clone(), store.users.clone()));
    Service { asked, accounts, store, tokens, database, mongo }
}

impl Deref for Service {
    type Target = Asked<AuthSchema>;

    fn deref(&self) -> &Self::Target {
        &self.asked
    }
}

impl Service {
    /// Another instance on this one's database.
    pub async fn twin(&self) -> Service {
        another_instance(self.database.clone(), self.mongo.clone()).await
    }

    pub fn mongodb_url(&self) -> String {
        self.mongo.url()
    }

    /// The whole answer.
    pub async fn ask(&self, who: Option<&Identity>, address: &str, query: &str, variables: Value) -> Value {
        let client = ClientInfo { address: Some(address.to_owned()), agent: Some("test".to_owned()) };
        self.run(request(who.cloned(), query, variables).data(client)).await
    }

    /// The data of an answer without errors.
    pub async fn data(&self, who: Option<&Identity>, query: &str, variables: Value) -> Value {
        let mut answer = self.ask(who, "192.0.2.1", query, variables).await;
        assert_eq!(answer.get("errors"), None, "{query}");
        answer["data"].take()
    }

    /// The code of the first error.
    pub async fn refused(&self, who: Option<&Identity>, query: &str, variables: Value) -> String {
        code(&self.ask(who, "192.0.2.1", query, variables).await)
    }

    pub async fn register(&self, email: &str) -> LoggedIn {
        let variables = json!({ "email": email, "password": PASSWORD });
        let data = self.data(None, REGISTER, variables).await;
        self.logged_in(&data["register"])
    }

    /// The code of a login from an address, or `OK`.
    pub async fn login(&self, email: &str, password: &str, address: &str) -> String {
        let answer = self.ask(None, address, LOGIN, json!({ "email": email, "password": password })).await;
        if answer["data"]["login"]["accessToken"].is_string() { "OK".to_owned() } else { code(&answer) }
    }

    /// Continues a session; the code if that is refused.
    pub async fn refresh(&self, token: &str) -> Result<LoggedIn, String> {
        let answer = self.ask(None, "192.0.2.1", REFRESH, json!({ "token": token })).await;
        match &answer["data"]["refresh"] {
            Value::Object(_) => Ok(self.logged_in(&answer["data"]["refresh"])),
            _ => Err(code(&answer)),
        }
    }

    /// Somebody with another role than a customer's, with a token that says so.
    pub async fn with_role(&self, email: &str, role: &str) -> LoggedIn {
        let admin = self.accounts.create_admin("root@example.org", PASSWORD).await.unwrap();
        let boss = identity(&admin.id.to_string(), "admin");
        let user = self.register(email).await;
        let query = "mutation($id: ID!, $role: Role!) { setRole(userId: $id, role: $role) { role } }";
        self.data(Some(&boss), query, json!({ "id": user.id, "role": role })).await;
        self.refresh(&user.refresh_token).await.unwrap()
    }

    /// What a gateway makes of a session's access token.
    fn logged_in(&self, session: &Value) -> LoggedIn {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let access_token = text(&session["accessToken"]);
        let claims = verify(&access_token, &self.tokens.jwks(Utc::now())).unwrap();
        let claims = serde_json::to_value(claims).unwrap().as_object().unwrap().clone();
        LoggedIn {
            id: text(&session["user"]["id"]),
            identity: Identity::new(claims),
            access_token,
            refresh_token: text(&session["refreshToken"]),
        }
    }
}

pub const REGISTER: &str = "mutation($email: String!, $password: String!) {
    register(email: $email, password: $password) { accessToken refreshToken expiresAt user { id email role } }
}";

pub const LOGIN: &str = "mutation($email: String!, $password: String!) {
    login(email: $email, password: $password) { accessToken refreshToken expiresAt user { id email role } }
}";

pub const REFRESH: &str = "mutation($token: String!) {
    refresh(refreshToken: $token) { accessToken refreshToken expiresAt user { id email role } }
}";

/// The claims of a token, if one of the published keys signed it: what every verifier does.
pub fn verify(token: &str, keys: &JwkSet) -> Result<Claims, String> {
    let header = jsonwebtoken::decode_header(token).map_err(|error| error.to_string())?;
    let kid = header.kid.ok_or("a token names its key")?;
    let key = keys.find(&kid).ok_or("the key isn't published")?;
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_audience(&[auth::AUDIENCE]);
    validation.set_issuer(&[auth::ISSUER]);
    let key = DecodingKey::from_jwk(key).map_err(|error| error.to_string())?;
    let decoded = jsonwebtoken::decode(token, &key, &validation).map_err(|error| error.to_string())?;
    Ok(decoded.claims)
}
