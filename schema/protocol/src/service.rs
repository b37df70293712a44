//! The NATS Services API (ADR-32): its subjects and its JSON documents, so that `nats micro ls|info|stats` work on a
//! subgraph. Reading is lenient where clients in other languages differ (a missing or null `metadata`).

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

use crate::{SubgraphName, Token};

/// What a service is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verb {
    /// Who is there?
    Ping,
    /// What do you serve?
    Info,
    /// How did it go?
    Stats,
}

impl Verb {
    /// `$SRV.<verb>`: all services answer.
    #[must_use]
    pub fn everyone(self) -> String {
        format!("$SRV.{self}")
    }

    /// `$SRV.<verb>.<name>`: all instances of one service answer.
    #[must_use]
    pub fn of(self, name: &SubgraphName) -> String {
        format!("$SRV.{self}.{name}")
    }

    /// Reads the verb from a subject that a service hears, whoever else the subject addresses.
    #[must_use]
    pub fn of_subject(subject: &str) -> Option<Self> {
        let rest = subject.strip_prefix("$SRV.")?;
        match rest.split('.').next()? {
            "PING" => Some(Self::Ping),
            "INFO" => Some(Self::Info),
            "STATS" => Some(Self::Stats),
            _ => None,
        }
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ping => "PING",
            Self::Info => "INFO",
            Self::Stats => "STATS",
        })
    }
}

/// What an instance has to subscribe to, to be asked every verb in every way. These are the wildcards that a
/// subgraph's rights name; a verb that this protocol doesn't know stays unanswered.
#[must_use]
pub fn subscriptions(name: &SubgraphName, instance: &Token) -> [String; 3] {
    ["$SRV.*".to_owned(), format!("$SRV.*.{name}"), format!("$SRV.*.{name}.{instance}")]
}

/// String pairs that a service or an endpoint says of itself.
pub type Metadata = BTreeMap<String, String>;

/// `type` of the answer to PING.
pub const PING_TYPE: &str = "io.nats.micro.v1.ping_response";
/// `type` of the answer to INFO.
pub const INFO_TYPE: &str = "io.nats.micro.v1.info_response";
/// `type` of the answer to STATS.
pub const STATS_TYPE: &str = "io.nats.micro.v1.stats_response";

/// What every answer begins with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ping {
    /// One of the three types above.
    #[serde(rename = "type")]
    pub kind: String,
    /// The service's name: the subgraph's.
    pub name: String,
    /// The instance.
    pub id: String,
    /// The service's own version (SemVer).
    #[serde(default)]
    pub version: String,
    /// What the service says of itself.
    #[serde(default, deserialize_with = "null_as_default")]
    pub metadata: Metadata,
}

/// The answer to INFO.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Info {
    /// Who answers.
    #[serde(flatten)]
    pub service: Ping,
    /// For people.
    #[serde(default, deserialize_with = "null_as_default")]
    pub description: String,
    /// What it serves.
    #[serde(default, deserialize_with = "null_as_default")]
    pub endpoints: Vec<Endpoint>,
}

/// An endpoint in the answer to INFO.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// Its name: `query` for a subgraph.
    pub name: String,
    /// Where it listens.
    pub subject: String,
    /// Its queue group; empty is none.
    #[serde(default, deserialize_with = "null_as_default")]
    pub queue_group: String,
    /// What the endpoint says of itself.
    #[serde(default, deserialize_with = "null_as_default")]
    pub metadata: Metadata,
}

/// The answer to STATS.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stats {
    /// Who answers.
    #[serde(flatten)]
    pub service: Ping,
    /// When the instance started, RFC 3339.
    #[serde(default)]
    pub started: String,
    /// How each endpoint did.
    #[serde(default, deserialize_with = "null_as_default")]
    pub endpoints: Vec<EndpointStats>,
}

/// An endpoint in the answer to STATS. Times are nanoseconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EndpointStats {
    /// Its name.
    pub name: String,
    /// Where it listens.
    pub subject: String,
    /// Its queue group.
    #[serde(default, deserialize_with = "null_as_default")]
    pub queue_group: String,
    /// Requests so far.
    #[serde(default)]
    pub num_requests: u64,
    /// Those answered by a failure.
    #[serde(default)]
    pub num_errors: u64,
    /// The last failure, `code:text`; empty is none.
    #[serde(default, deserialize_with = "null_as_default")]
    pub last_error: String,
    /// The time spent on all of them.
    #[serde(default)]
    pub processing_time: u64,
    /// The time spent on one of them.
    #[serde(default)]
    pub average_processing_time: u64,
    /// Whatever else the service counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<serde_json::Value>,
}

fn null_as_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn ping(kind: &str) -> Ping {
        Ping {
            kind: kind.to_owned(),
            name: "products".to_owned(),
            id: "i1".to_owned(),
            version: "1.0.0".to_owned(),
            metadata: [("graphql.protocol".to_owned(), "1".to_owned())].into(),
        }
    }

    #[test]
    fn info_is_written_as_adr_32_says() {
        let endpoint = Endpoint {
            name: "query".to_owned(),
            subject: "graphql.products.0".to_owned(),
            queue_group: "q".to_owned(),
            metadata: Metadata::new(),
        };
        let info =
            Info { service: ping(INFO_TYPE), description: "Goods".to_owned(), endpoints: vec![endpoint] };
        let expected = json!({
            "type": "io.nats.micro.v1.info_response",
            "name": "products", "id": "i1", "version": "1.0.0",
            "metadata": {"graphql.protocol": "1"},
            "description": "Goods",
            "endpoints": [{"name": "query", "subject": "graphql.products.0", "queue_group": "q", "metadata": {}}],
        });
        assert_eq!(serde_json::to_value(&info).unwrap(), expected);
        assert_eq!(serde_json::from_value::<Info>(expected).unwrap(), info);
    }

    #[test]
    fn other_clients_leave_things_out() {
        let info: Info = serde_json::from_value(json!({
            "type": INFO_TYPE, "name": "a", "id": "b", "version": "1.0.0", "metadata": null,
            "endpoints": [{"name": "query", "subject": "graphql.a", "metadata": null}],
        }))
        .unwrap();
        assert_eq!(info.endpoints[0].queue_group, "");
        assert!(info.service.metadata.is_empty());
    }

    #[test]
    fn verbs_are_read_from_every_form_of_subject() {
        let name = SubgraphName::new("a").unwrap();
        for verb in [Verb::Ping, Verb::Info, Verb::Stats] {
            assert_eq!(Verb::of_subject(&verb.everyone()), Some(verb));
            assert_eq!(Verb::of_subject(&verb.of(&name)), Some(verb));
            assert_eq!(Verb::of_subject(&format!("{}.i1", verb.of(&name))), Some(verb));
        }
        assert_eq!(Verb::of_subject("$SRV.SCHEMA"), None);
        assert_eq!(Verb::of_subject("graphql.INFO"), None);
    }
}
