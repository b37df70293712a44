//! What an answer to `$SRV.INFO` means: a usable instance of a subgraph, none of our business, or a diagnostic.

use std::str::FromStr;

use crate::service::{Endpoint, INFO_TYPE, Info, Metadata, Ping};
use crate::{
    ENDPOINT_NAME, NameError, PROTOCOL_VERSION, QUEUE_GROUP, QuerySubject, SdlHash, SdlHashError,
    SubgraphName, SubjectError, Token,
};

const PROTOCOL: &str = "graphql.protocol";
const SDL_SHA256: &str = "graphql.sdl.sha256";
const FEATURES: &str = "graphql.features";
const GRAPH: &str = "graphql.graph";

/// What a peer can do beyond a plain request and reply. Unknown features are ignored: a newer subgraph still works
/// with an older gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Features {
    /// Payloads over `max_payload`.
    pub parts: bool,
    /// Subscriptions that the subgraph runs.
    pub streams: bool,
}

impl Features {
    fn read(text: &str) -> Self {
        let has = |name| text.split(',').any(|item| item.trim() == name);
        Self { parts: has("parts"), streams: has("streams") }
    }

    fn write(self) -> String {
        let names = [(self.parts, "parts"), (self.streams, "streams")];
        let present: Vec<&str> = names.into_iter().filter_map(|(has, name)| has.then_some(name)).collect();
        present.join(",")
    }
}

/// A subgraph's instance as its INFO describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// The subgraph.
    pub name: SubgraphName,
    /// The instance.
    pub instance: Token,
    /// The service's own version.
    pub version: String,
    /// For people.
    pub description: String,
    /// Where it takes queries.
    pub subject: QuerySubject,
    /// The hash of its SDL, where the instance says it.
    pub sdl: Option<SdlHash>,
    /// What else it can do.
    pub features: Features,
    /// Which graph it belongs to, where several share an account.
    pub graph: Option<String>,
}

/// Why an instance that says it is a subgraph can't be used. Each is worth a diagnostic.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegistrationError {
    /// It speaks another version.
    #[error("service {name:?} speaks protocol {version:?}, not {PROTOCOL_VERSION:?}")]
    Protocol {
        /// The service's name.
        name: String,
        /// What it speaks.
        version: String,
    },
    /// The service's name is no subgraph's name.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The instance's id can't be part of a subject.
    #[error("subgraph {name}: its instance's id is unusable: {source}")]
    Instance {
        /// The subgraph.
        name: SubgraphName,
        /// What is wrong with it.
        #[source]
        source: NameError,
    },
    /// No endpoint or several are named `query`.
    #[error("subgraph {name} has {found} endpoints named `{ENDPOINT_NAME}` instead of one")]
    Endpoints {
        /// The subgraph.
        name: SubgraphName,
        /// How many.
        found: usize,
    },
    /// The endpoint's subject isn't one that a gateway would publish to.
    #[error("subgraph {name} listens where no subgraph may: {source}")]
    Subject {
        /// The subgraph.
        name: SubgraphName,
        /// What is wrong with it.
        #[source]
        source: SubjectError,
    },
    /// The endpoint's subject belongs to another subgraph: requests would be drawn to the wrong one.
    #[error("subgraph {name} announces the subject {subject} of another subgraph")]
    Foreign {
        /// The subgraph that announces it.
        name: SubgraphName,
        /// The other's subject.
        subject: String,
    },
    /// Another queue group, or none: mutations would run twice.
    #[error(
        "subgraph {name}: an instance has the queue group {group:?} instead of {QUEUE_GROUP:?}, so it would run what others run, too"
    )]
    QueueGroup {
        /// The subgraph.
        name: SubgraphName,
        /// The group.
        group: String,
    },
    /// The hash is no hash.
    #[error("subgraph {name}: {SDL_SHA256}: {source}")]
    Sdl {
        /// The subgraph.
        name: SubgraphName,
        /// What is wrong with it.
        #[source]
        source: SdlHashError,
    },
}

impl Registration {
    /// Reads an INFO. `Ok(None)` is a service that isn't a subgraph, or one of another graph.
    ///
    /// # Errors
    /// When it says that it is a subgraph but can't be used as one.
    pub fn from_info(info: &Info, graph: Option<&str>) -> Result<Option<Self>, RegistrationError> {
        let endpoints: Vec<&Endpoint> =
            info.endpoints.iter().filter(|endpoint| endpoint.name == ENDPOINT_NAME).collect();
        let described = |key: &str| {
            let of_endpoint = endpoints.iter().find_map(|endpoint| endpoint.metadata.get(key));
            of_endpoint.or_else(|| info.service.metadata.get(key)).map(String::as_str)
        };
        let Some(version) = described(PROTOCOL) else {
            return Ok(None);
        };
        if described(GRAPH) != graph {
            return Ok(None);
        }
        if version != PROTOCOL_VERSION {
            return Err(RegistrationError::Protocol {
                name: info.service.name.clone(),
                version: version.to_owned(),
            });
        }
        let name = SubgraphName::new(info.service.name.as_str())?;
        let subject = checked_subject(&name, &endpoints)?;
        let sdl = described(SDL_SHA256).map(SdlHash::from_str).transpose();
        Ok(Some(Self {
            instance: Token::new(info.service.id.as_str())
                .map_err(|source| RegistrationError::Instance { name: name.clone(), source })?,
            version: info.service.version.clone(),
            description: info.description.clone(),
            subject,
            sdl: sdl.map_err(|source| RegistrationError::Sdl { name: name.clone(), source })?,
            features: described(FEATURES).map(Features::read).unwrap_or_default(),
            graph: graph.map(str::to_owned),
            name,
        }))
    }

    /// Writes the INFO of an instance.
    #[must_use]
    pub fn to_info(&self) -> Info {
        let metadata = self.metadata();
        let endpoint = Endpoint {
            name: ENDPOINT_NAME.to_owned(),
            subject: self.subject.to_string(),
            queue_group: QUEUE_GROUP.to_owned(),
            metadata: metadata.clone(),
        };
        let service = Ping {
            kind: INFO_TYPE.to_owned(),
            name: self.name.to_string(),
            id: self.instance.to_string(),
            version: self.version.clone(),
            metadata,
        };
        Info { service, description: self.description.clone(), endpoints: vec![endpoint] }
    }

    fn metadata(&self) -> Metadata {
        let mut metadata = Metadata::from([(PROTOCOL.to_owned(), PROTOCOL_VERSION.to_owned())]);
        let mut add = |key: &str, value: String| metadata.insert(key.to_owned(), value);
        if let Some(sdl) = self.sdl {
            add(SDL_SHA256, sdl.to_string());
        }
        if self.features != Features::default() {
            add(FEATURES, self.features.write());
        }
        if let Some(graph) = &self.graph {
            add(GRAPH, graph.clone());
        }
        metadata
    }
}

fn checked_subject(name: &SubgraphName, endpoints: &[&Endpoint]) -> Result<QuerySubject, RegistrationError> {
    let [endpoint] = endpoints else {
        return Err(RegistrationError::Endpoints { name: name.clone(), found: endpoints.len() });
    };
    if endpoint.queue_group != QUEUE_GROUP {
        return Err(RegistrationError::QueueGroup {
            name: name.clone(),
            group: endpoint.queue_group.clone(),
        });
    }
    let subject = QuerySubject::from_str(&endpoint.subject)
        .map_err(|source| RegistrationError::Subject { name: name.clone(), source })?;
    if subject.name != *name {
        return Err(RegistrationError::Foreign { name: name.clone(), subject: endpoint.subject.clone() });
    }
    Ok(subject)
}

#[cfg(test)]
mod tests;
