//! What each credential may do on NATS, asked of the server itself: it refuses before it answers the next ping.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::process::Command;

use xtask::servers::Nats;

/// A connection that speaks NATS's own text protocol.
struct Connection {
    reader: BufReader<TcpStream>,
}

impl Connection {
    fn open(nats: &Nats, user: &str) -> Self {
        Self::try_open(nats, user, nats.password(user).unwrap()).expect("the credential is good")
    }

    fn try_open(nats: &Nats, user: &str, password: &str) -> Option<Self> {
        let mut connection =
            Self { reader: BufReader::new(TcpStream::connect(("127.0.0.1", nats.port())).unwrap()) };
        assert!(connection.line().unwrap().starts_with("INFO"));
        let login = format!(
            r#"{{"verbose":false,"pedantic":false,"headers":true,"user":"{user}","pass":"{password}"}}"#
        );
        let errors = connection.errors_of(&format!("CONNECT {login}\r\n"))?;
        errors.is_empty().then_some(connection)
    }

    /// What the server says against a command; nothing when it hangs up.
    fn errors_of(&mut self, command: &str) -> Option<Vec<String>> {
        self.reader.get_mut().write_all(format!("{command}PING\r\n").as_bytes()).unwrap();
        let mut errors = Vec::new();
        loop {
            let line = self.line()?;
            if line == "PONG" {
                return Some(errors);
            }
            if line.starts_with("-ERR") {
                errors.push(line);
            }
        }
    }

    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let length = self.reader.read_line(&mut line).ok()?;
        (length > 0).then(|| line.trim_end().to_owned())
    }

    fn publishes(&mut self, subject: &str) -> bool {
        self.allows(&format!("PUB {subject} 2\r\n{{}}\r\n"), "Publish")
    }

    /// `subject`, or `subject group`.
    fn subscribes(&mut self, subject: &str) -> bool {
        self.allows(&format!("SUB {subject} 1\r\n"), "Subscription")
    }

    fn allows(&mut self, command: &str, action: &str) -> bool {
        let errors = self.errors_of(command).expect("the connection stays open");
        let refusal = format!("-ERR 'Permissions Violation for {action}");
        assert!(errors.iter().all(|error| error.starts_with(&refusal)), "{errors:?}");
        errors.is_empty()
    }
}

struct Case {
    user: &'static str,
    may: &'static [&'static str],
    may_not: &'static [&'static str],
}

fn check(case: &Case, action: &str, ask: impl Fn(&mut Connection, &str) -> bool) {
    let nats = Nats::start();
    let mut connection = Connection::open(&nats, case.user);
    for subject in case.may {
        assert!(ask(&mut connection, subject), "{} may not {action} {subject}", case.user);
    }
    for subject in case.may_not {
        assert!(!ask(&mut connection, subject), "{} may {action} {subject}", case.user);
    }
}

#[test]
fn what_a_subgraph_publishes() {
    let case = Case {
        user: "orders",
        may: &[
            "_GQL.orders.gw1.k3",
            "_GQL.any.gw1.k3",
            "graphql.announce.orders",
            "events.orders.Order.1.updated",
            "$JS.API.STREAM.INFO.EVENTS",
            "$JS.API.STREAM.CREATE.EVENTS",
            "$JS.API.DIRECT.GET.EVENTS.events.orders.Order.1.updated",
            "internal.products.quote",
            "_INT.orders.details.k3",
        ],
        may_not: &[
            "_GQL.products.gw1.k3",
            "_GQL.gw1.k3",
            "_INBOX.k3",
            "graphql.announce.products",
            "graphql.announce",
            "graphql.products",
            "graphql.products.0123456789abcdef",
            "graphql.products.ctl.i.t",
            "graphql.orders",
            "events.products.Product.1.stock",
            "events.orders",
            "internal.auth.jwks",
            "internal.products.restock",
            "_INT.products.orders.k3",
            "$SRV.INFO",
            "$SRV.INFO.products",
            "$KV.tributary_graph.orders",
            "$KV.AUTH_REVOKED.s",
            "$JS.API.STREAM.INFO.KV_AUTH_REVOKED",
            "$JS.API.INFO",
            "$JS.API.STREAM.CREATE.KV_tributary_graph",
            "$JS.API.STREAM.UPDATE.EVENTS",
            "$JS.API.STREAM.DELETE.EVENTS",
            "$JS.API.STREAM.PURGE.EVENTS",
            "$JS.API.STREAM.MSG.GET.EVENTS",
            "$JS.API.STREAM.MSG.DELETE.EVENTS",
            "$JS.API.DIRECT.GET.EVENTS",
            "$JS.API.DIRECT.GET.EVENTS.events.products.Product.1.stock",
            "$JS.API.CONSUMER.CREATE.EVENTS.c",
            "$JS.API.STREAM.DELETE.KV_tributary_graph",
            "anything",
        ],
    };
    check(&case, "publish", Connection::publishes);
}

#[test]
fn what_a_subgraph_subscribes() {
    let case = Case {
        user: "orders",
        may: &[
            "graphql.orders q",
            "graphql.orders.0123456789abcdef q",
            "graphql.orders.* q",
            "graphql.orders.ctl.i.*",
            "$SRV.*",
            "$SRV.*.orders",
            "$SRV.*.orders.i",
            "$SRV.PING",
            "$SRV.STATS.orders",
            "$SRV.INFO.orders.i",
            "internal.orders.history q",
            "_INT.products.orders.k3",
            "_INT.*.orders.>",
            "_JS.orders.k3",
        ],
        may_not: &[
            "graphql.orders",
            "graphql.orders other",
            "graphql.orders.0123456789abcdef",
            "graphql.orders.>",
            "graphql.products q",
            "graphql.products.0123456789abcdef q",
            "graphql.products.ctl.i.*",
            "graphql.>",
            "graphql.*",
            "graphql.announce.*",
            "graphql.announce.orders",
            "$SRV.INFO.products",
            "internal.orders.history",
            "internal.products.quote q",
            "internal.>",
            "_INBOX.>",
            "_INBOX.k3",
            "_GQL.>",
            "_GQL.orders.>",
            "_GQL.*.gw1.>",
            "_INT.>",
            "_INT.*.products.>",
            "_INT.*.gw1.>",
            "_JS.>",
            "_JS.products.k3",
            "_JS.gw1.>",
            "events.>",
            "events.orders.>",
            "$KV.>",
            ">",
        ],
    };
    check(&case, "subscribe", Connection::subscribes);
}

#[test]
fn what_a_gateway_publishes() {
    let case = Case {
        user: "gateway",
        may: &[
            "graphql.products",
            "graphql.products.0123456789abcdef",
            "graphql.products.ctl.i.t",
            "$SRV.INFO",
            "$SRV.INFO.products",
            "$SRV.PING",
            "$SRV.STATS.products",
            "internal.auth.jwks",
            "$KV.tributary_graph.products",
            "$JS.API.STREAM.INFO.KV_tributary_graph",
            "$JS.API.STREAM.CREATE.KV_tributary_graph",
            "$JS.API.DIRECT.GET.KV_tributary_graph.$KV.tributary_graph.products",
            "$JS.API.STREAM.INFO.EVENTS",
            "$JS.API.CONSUMER.CREATE.EVENTS.c.events.orders.Order.>",
            "$JS.API.CONSUMER.INFO.EVENTS.c",
            "$JS.API.CONSUMER.DELETE.EVENTS.c",
            "$JS.FC.EVENTS.c.k",
            "$JS.API.STREAM.INFO.KV_AUTH_REVOKED",
            "$JS.API.CONSUMER.CREATE.KV_AUTH_REVOKED.c.$KV.AUTH_REVOKED.*",
            "$JS.API.CONSUMER.DELETE.KV_AUTH_REVOKED.c",
            "$JS.FC.KV_AUTH_REVOKED.c.k",
        ],
        may_not: &[
            "graphql.announce",
            "graphql.announce.products",
            "graphql.any",
            "graphql.products.a.b",
            "logins.steal",
            "_GQL.products.gw1.k3",
            "_GQL.products.gw2.k3",
            "_GQL.any.gw2.k3",
            "_INBOX.k3",
            "internal.auth.secrets",
            "internal.products.quote",
            "_INT.auth.gw2.k3",
            "events.products.Product.1.stock",
            "$SRV.INFO.products.i.k",
            "$KV.other.key",
            "$JS.API.STREAM.CREATE.other",
            "$JS.API.STREAM.DELETE.KV_tributary_graph",
            "$JS.API.STREAM.PURGE.KV_tributary_graph",
            "$JS.API.STREAM.CREATE.EVENTS",
            "$JS.API.STREAM.PURGE.EVENTS",
            "$JS.API.STREAM.MSG.GET.EVENTS",
            "$JS.API.DIRECT.GET.EVENTS.events.orders.Order.1.updated",
            "$JS.API.CONSUMER.CREATE.KV_tributary_graph.c",
            "$JS.API.CONSUMER.DURABLE.CREATE.EVENTS.c",
            // It reads which sessions were revoked; one that it could write would log anybody out.
            "$KV.AUTH_REVOKED.s",
            "$JS.API.STREAM.CREATE.KV_AUTH_REVOKED",
            "$JS.API.STREAM.UPDATE.KV_AUTH_REVOKED",
            "$JS.API.STREAM.DELETE.KV_AUTH_REVOKED",
            "$JS.API.STREAM.PURGE.KV_AUTH_REVOKED",
            "$JS.API.STREAM.MSG.DELETE.KV_AUTH_REVOKED",
            "$JS.API.CONSUMER.DURABLE.CREATE.KV_AUTH_REVOKED.c",
        ],
    };
    check(&case, "publish", Connection::publishes);
}

#[test]
fn what_auth_publishes_beyond_other_subgraphs() {
    let case = Case {
        user: "auth",
        may: &[
            "$KV.AUTH_REVOKED.0192-s",
            "$JS.API.STREAM.INFO.KV_AUTH_REVOKED",
            "$JS.API.STREAM.CREATE.KV_AUTH_REVOKED",
        ],
        may_not: &[
            "$KV.AUTH_REVOKED.a.b",
            "$KV.tributary_graph.auth",
            "$JS.API.STREAM.UPDATE.KV_AUTH_REVOKED",
            "$JS.API.STREAM.DELETE.KV_AUTH_REVOKED",
            "$JS.API.STREAM.PURGE.KV_AUTH_REVOKED",
            "$JS.API.STREAM.MSG.GET.KV_AUTH_REVOKED",
            "$JS.API.STREAM.MSG.DELETE.KV_AUTH_REVOKED",
            "$JS.API.DIRECT.GET.KV_AUTH_REVOKED.$KV.AUTH_REVOKED.s",
            "$JS.API.CONSUMER.CREATE.KV_AUTH_REVOKED.c",
        ],
    };
    check(&case, "publish", Connection::publishes);
}

#[test]
fn what_a_gateway_subscribes() {
    let case = Case {
        user: "gateway",
        may: &[
            "_GQL.*.gw1.>",
            "_GQL.products.gw1.k3",
            "graphql.announce.*",
            "_INT.*.gw1.>",
            "_JS.gw1.>",
            "$KV.tributary_graph.*",
        ],
        may_not: &[
            "_GQL.>",
            "_GQL.*.gw2.>",
            "_GQL.*.*.>",
            "_INT.*.gw2.>",
            "_INT.*.orders.>",
            "_JS.gw2.>",
            "_INBOX.>",
            "graphql.products",
            "graphql.products q",
            "graphql.>",
            "internal.>",
            "events.>",
            "$SRV.>",
            "$KV.other.>",
            "$KV.AUTH_REVOKED.*",
            ">",
        ],
    };
    check(&case, "subscribe", Connection::subscribes);
}

#[test]
fn gateways_do_not_hear_each_other() {
    let nats = Nats::start();
    let mut second = Connection::open(&nats, "gateway2");
    assert!(second.subscribes("_GQL.*.gw2.>"));
    assert!(!second.subscribes("_GQL.*.gw1.>"));
}

#[test]
fn an_operator_may_do_everything() {
    let nats = Nats::start();
    let mut operator = Connection::open(&nats, "operator");
    assert!(operator.publishes("graphql.announce.products") && operator.subscribes(">"));
}

#[test]
fn nobody_comes_in_without_a_credential() {
    let nats = Nats::start();
    assert!(Connection::try_open(&nats, "", "").is_none());
    assert!(Connection::try_open(&nats, "products", nats.password("orders").unwrap()).is_none());
    assert!(Connection::try_open(&nats, "stranger", "secret").is_none());
}

#[test]
fn an_open_server_asks_nobody() {
    let nats = Nats::start_open();
    let mut anybody = Connection::try_open(&nats, "", "").unwrap();
    assert!(anybody.publishes("graphql.announce.products") && anybody.subscribes(">"));
    assert_eq!(nats.url_for("products"), nats.url());
}

/// What a deployment mounts is generated, so it says what the templates say.
#[test]
fn the_shops_configuration_is_up_to_date() {
    let printed = Command::new(env!("CARGO_BIN_EXE_xtask")).arg("nats-config").output().unwrap();
    assert!(printed.status.success());
    let file = xtask::workspace::root().join("deploy/nats/shop.conf");
    assert_eq!(
        std::fs::read_to_string(file).unwrap(),
        String::from_utf8(printed.stdout).unwrap(),
        "renew it: cargo xtask nats-config > deploy/nats/shop.conf"
    );
}

#[test]
fn the_server_takes_the_shops_configuration() {
    let server = xtask::tools::nats::provide().unwrap();
    let mut command = Command::new(server.program);
    command.arg("-t").arg("-c").arg(xtask::workspace::root().join("deploy/nats/shop.conf"));
    assert!(!command.output().unwrap().status.success(), "without passwords nobody is let in");
    for user in ["OPERATOR", "PRODUCTS", "ORDERS", "DETAILS", "AUTH", "GATEWAY"] {
        command.env(format!("NATS_{user}_PASSWORD"), "secret");
    }
    let tested = command.output().unwrap();
    assert!(tested.status.success(), "{}", String::from_utf8_lossy(&tested.stderr));
}
