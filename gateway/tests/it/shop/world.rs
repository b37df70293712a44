//! What a shop consists of, started and stopped.

use clap::Parser;
use serde_json::{Value, json};
use tokio::{sync::oneshot, task::spawn_blocking};
use xtask::servers::{Mongo, Nats, free_port, mongodb, postgres};

use super::client::{Person, code};
use crate::support::{Running, TestGateway, nats};

const SERVICES: [&str; 4] = ["auth", "details", "orders", "products"];
const ADMIN: &str = "root@example.org";
/// Everybody's password.
pub const PASSWORD: &str = "correct horse battery";

/// A shop that is open.
pub struct Shop {
    pub gateway: TestGateway,
    pub products: Service,
    pub details: Service,
    /// Where each service shows its own graph.
    pub http: [(&'static str, String); 4],
    _auth: Service,
    _orders: Service,
    _nats: Nats,
}

/// One of the services with what it was started with, so that it can be started again on the same data.
pub struct Service {
    settings: Settings,
    running: Option<Running>,
}

#[derive(Clone)]
enum Settings {
    Products(products::Config),
    Details(details::Config),
    Orders(orders::Config),
    Auth(auth::Config),
}

impl Settings {
    /// Serves until it is told to stop.
    async fn serve(self, stopped: oneshot::Receiver<()>) {
        let stop = async { drop(stopped.await) };
        let served = match self {
            Settings::Products(config) => products::serve(config, stop).await,
            Settings::Details(config) => details::serve(config, stop).await,
            Settings::Orders(config) => orders::serve(config, stop).await,
            Settings::Auth(config) => auth::serve(config, stop).await,
        };
        served.unwrap();
    }
}

impl Service {
    fn new(settings: Settings) -> Self {
        let mut service = Self { settings, running: None };
        service.start();
        service
    }

    /// Starts it, again if need be, on the data that it left.
    pub fn start(&mut self) {
        let settings = self.settings.clone();
        self.running = Some(Running::start(|stopped| settings.serve(stopped)));
    }

    /// Stops it and waits until it has left.
    pub async fn stop(&mut self) {
        self.running.take().expect("it runs").stop().await;
    }
}

impl Shop {
    /// Opens a shop with nothing in it and nobody but its admin.
    pub async fn open() -> Self {
        let (nats, databases, mongo) =
            tokio::join!(nats(), spawn_blocking(Databases::create), spawn_blocking(mongodb));
        let (databases, mongo) = (databases.unwrap(), mongo.unwrap());
        let http = SERVICES.map(|name| (name, format!("127.0.0.1:{}", free_port().unwrap())));
        let [at_auth, at_details, at_orders, at_products] = http.each_ref().map(|(_, at)| at.as_str());
        let auth = auth_config(&nats, &mongo, at_auth);
        auth::create_admin(&auth.database, auth.cost, ADMIN, PASSWORD).await.unwrap();
        let products =
            products::Config::parse_from(arguments(&nats, "products", &databases.products, at_products));
        let details =
            details::Config::parse_from(arguments(&nats, "details", &databases.details, at_details));
        let orders = orders::Config::parse_from(arguments(&nats, "orders", &databases.orders, at_orders));
        let flags = format!(
            "--jwt-issuer {} --require {} --revoked-bucket {}",
            auth::ISSUER,
            SERVICES.join(","),
            auth.revoked.revoked_bucket
        );
        let shop = Self {
            products: Service::new(Settings::Products(products)),
            details: Service::new(Settings::Details(details)),
            _orders: Service::new(Settings::Orders(orders)),
            _auth: Service::new(Settings::Auth(auth)),
            gateway: TestGateway::with(&nats, &flags, &SERVICES).await,
            http,
            _nats: nats,
        };
        shop.gateway.takes_tokens().await;
        shop
    }

    /// Waits until every service is in the graph.
    pub async fn whole(&self) {
        self.gateway.serves(&SERVICES).await;
    }

    /// Somebody who isn't logged in.
    pub fn anyone(&self) -> Person {
        Person::new(&self.gateway, None)
    }

    /// Registers a customer.
    pub async fn customer(&self, email: &str) -> Person {
        let register = "mutation($email: String!, $password: String!) {
            session: register(email: $email, password: $password) { accessToken refreshToken user { id } }
        }";
        self.enter(register, email).await
    }

    /// The admin, logged in.
    pub async fn admin(&self) -> Person {
        self.login(ADMIN).await
    }

    /// Logs somebody in.
    pub async fn login(&self, email: &str) -> Person {
        let login = "mutation($email: String!, $password: String!) {
            session: login(email: $email, password: $password) { accessToken refreshToken user { id } }
        }";
        self.enter(login, email).await
    }

    /// Registers somebody whom the admin makes staff.
    pub async fn staff(&self, email: &str) -> Person {
        let person = self.customer(email).await;
        let promote = "mutation($id: ID!) { setRole(userId: $id, role: STAFF) { role } }";
        self.admin().await.data(promote, json!({ "id": person.id })).await;
        // The role stands in the token, so it counts from the next one on.
        self.login(email).await
    }

    async fn enter(&self, mutation: &str, email: &str) -> Person {
        let variables = json!({ "email": email, "password": PASSWORD });
        let data = self.anyone().data(mutation, variables).await;
        Person::new(&self.gateway, Some(&data["session"]))
    }

    /// Asserts that an answer is refused for each of these people with that code.
    pub async fn refuses(&self, people: &[(&Person, &str)], query: &str, variables: &Value) {
        for (person, expected) in people {
            let answer = person.ask(query, variables.clone()).await;
            assert_eq!(code(&answer), *expected, "{query}: {answer}");
        }
    }
}

/// The databases of the services that use PostgreSQL.
struct Databases {
    products: String,
    details: String,
    orders: String,
}

impl Databases {
    fn create() -> Self {
        let server = postgres();
        let [products, details, orders] =
            ["products", "details", "orders"].map(|name| server.create_database(name));
        Self { products, details, orders }
    }
}

fn arguments(nats: &Nats, name: &str, database_url: &str, http: &str) -> [String; 7] {
    [name, "--nats", &nats.url_for(name), "--database-url", database_url, "--http", http].map(str::to_owned)
}

/// Passwords are hashed as cheaply as can be.
fn auth_config(nats: &Nats, mongo: &Mongo, http: &str) -> auth::Config {
    let (nats, mongodb, database) = (nats.url_for("auth"), mongo.url(), mongo.database_name());
    let own = ["auth", "--nats", &nats, "--mongodb-url", &mongodb, "--database", &database, "--http", http];
    auth::Config::parse_from(own.into_iter().chain(["--password-memory-kib", "64", "--password-passes", "1"]))
}
