//! Questions on NATS: who is there, and what do they serve. Each runs as a task of its own and reports events.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_nats::{HeaderMap, Message, StatusCode};
use tokio::sync::mpsc::Sender;
use tokio::time::{Instant, timeout_at};
use tributary_federation::OperationKind;
use tributary_protocol::service::{Info, Verb};
use tributary_protocol::{Features, Registration, RegistrationError, SubgraphName, Token};

use super::book::Wanted;
use super::keeper::Event;
use super::sdl::{self, Sdl};
use super::status::Diagnostic;
use crate::transport::{FetchRequest, SubgraphStats, Target, Transport};

/// How long answers to a question are collected.
const COLLECT: Duration = Duration::from_millis(500);
/// The first broadcast has all answers when none came for this time: there is something to serve then.
const QUIET: Duration = Duration::from_millis(100);
/// How long a subgraph may take to give its SDL.
const SDL_DEADLINE: Duration = Duration::from_secs(5);

/// What the tasks need.
#[derive(Clone)]
pub(super) struct Discovery {
    pub(super) transport: Transport,
    pub(super) events: Sender<Event>,
    pub(super) graph: Option<Arc<str>>,
}

/// What came of asking all instances of a name.
#[derive(Debug)]
pub(super) struct Round {
    pub(super) name: Arc<str>,
    pub(super) answered: BTreeSet<Token>,
    pub(super) end: RoundEnd,
    /// Instances that can't be used.
    pub(super) problems: Vec<Diagnostic>,
}

/// How asking ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RoundEnd {
    /// The time was up: who didn't answer missed it.
    TimeUp,
    /// Everyone who was expected answered.
    Complete,
    /// The server says that there is nobody.
    Nobody,
    /// The question or answers to it were lost: it says nothing about anyone.
    Lost,
}

impl Discovery {
    /// Asks all services who they are. Everyone may answer such a question in any name, so the answers
    /// are hints whom to ask.
    pub(super) async fn broadcast(self, first: bool) {
        let mut deadline = Instant::now() + COLLECT;
        if let Ok(inquiry) = self.transport.ask("any", Verb::Info.everyone()).await {
            while let Ok(Ok(message)) = timeout_at(deadline, inquiry.next()).await {
                if message.status == Some(StatusCode::NO_RESPONDERS) {
                    break;
                }
                if let Some((name, instance)) = self.hint(&message) {
                    self.tell(Event::Hint(name, instance)).await;
                }
                if first {
                    deadline = deadline.min(Instant::now() + QUIET);
                }
            }
        }
        self.tell(Event::BroadcastEnded).await;
    }

    /// Asks the instances of one name. Ends early when all `expected` have answered, if any are.
    pub(super) async fn ask(self, name: SubgraphName, expected: BTreeSet<Token>) {
        let mut round = Round {
            name: name.as_str().into(),
            answered: BTreeSet::new(),
            end: RoundEnd::TimeUp,
            problems: Vec::new(),
        };
        round.end = match self.transport.ask(name.as_str(), Verb::Info.of(&name)).await {
            Err(_) => RoundEnd::Lost,
            Ok(inquiry) => {
                let deadline = Instant::now() + COLLECT;
                loop {
                    match timeout_at(deadline, inquiry.next()).await {
                        Err(_) => break RoundEnd::TimeUp,
                        Ok(Err(_)) => break RoundEnd::Lost,
                        Ok(Ok(message)) if message.status == Some(StatusCode::NO_RESPONDERS) => {
                            break RoundEnd::Nobody;
                        }
                        Ok(Ok(message)) => self.answer(&name, &message, &mut round).await,
                    }
                    if !expected.is_empty() && expected.is_subset(&round.answered) {
                        break RoundEnd::Complete;
                    }
                }
            }
        };
        self.tell(Event::RoundEnded(round)).await;
    }

    /// Asks a subgraph for its SDL.
    pub(super) async fn fetch_sdl(self, wanted: Wanted) {
        let answer = self.ask_sdl(&wanted).await.map_err(|message| Diagnostic {
            code: "SDL_UNAVAILABLE".to_owned(),
            subgraph: Some(wanted.name.clone()),
            message,
        });
        self.tell(Event::Sdl(wanted, answer)).await;
    }

    async fn ask_sdl(&self, wanted: &Wanted) -> Result<Sdl, String> {
        let subgraph: SubgraphName = wanted.name.parse().map_err(|error| format!("{error}"))?;
        let target = Target {
            subgraph,
            name: wanted.name.clone(),
            subject: async_nats::Subject::from(&*wanted.subject),
            features: Features::default(),
            // Questions of ours say nothing about the time that clients' queries take.
            stats: Arc::new(SubgraphStats::default()),
        };
        let request = FetchRequest {
            target: Arc::new(target),
            payload: sdl::query(),
            kind: OperationKind::Query,
            deadline: Instant::now() + SDL_DEADLINE,
            headers: Arc::new(HeaderMap::new()),
            idempotency_key: None,
            resent: false,
        };
        let reply = self.transport.fetch(request).await.map_err(|error| error.to_string())?;
        Sdl::from_reply(&reply.payload).map_err(|error| error.to_string())
    }

    fn hint(&self, message: &Message) -> Option<(SubgraphName, Token)> {
        let info: Info = serde_json::from_slice(&message.payload).ok()?;
        // Even an unusable one is asked: the answer in its own name is what a diagnostic can rely on.
        match Registration::from_info(&info, self.graph.as_deref()) {
            Ok(None) => None,
            Ok(Some(_)) | Err(_) => Some((info.service.name.parse().ok()?, info.service.id.parse().ok()?)),
        }
    }

    async fn answer(&self, name: &SubgraphName, message: &Message, round: &mut Round) {
        let info: Info = match serde_json::from_slice(&message.payload) {
            Ok(info) => info,
            Err(error) => {
                let message = format!("an answer to $SRV.INFO can't be read: {error}");
                return round.problems.push(problem(&round.name, "INFO_MALFORMED", message));
            }
        };
        let instance = info.service.id.parse::<Token>();
        match Registration::from_info(&info, self.graph.as_deref()) {
            Ok(None) => {}
            Ok(Some(registration)) if registration.name == *name => {
                round.answered.insert(registration.instance.clone());
                self.tell(Event::Heard(registration)).await;
            }
            Ok(Some(registration)) => {
                let message = format!("a service of this name calls itself {:?}", registration.name.as_str());
                round.problems.push(problem(&round.name, "NAME_MISMATCH", message));
            }
            Err(error) => {
                round.problems.push(problem(&round.name, code(&error), error.to_string()));
                if let Ok(instance) = instance {
                    round.answered.insert(instance.clone());
                    self.tell(Event::Unusable(round.name.clone(), instance)).await;
                }
            }
        }
    }

    async fn tell(&self, event: Event) {
        // The keeper ends its tasks when it ends, so nobody is left to tell when this fails.
        let _ = self.events.send(event).await;
    }
}

fn problem(name: &Arc<str>, code: &str, message: String) -> Diagnostic {
    Diagnostic { code: code.to_owned(), subgraph: Some(name.clone()), message }
}

fn code(error: &RegistrationError) -> &'static str {
    match error {
        RegistrationError::Protocol { .. } => "PROTOCOL_UNSUPPORTED",
        RegistrationError::Name(_) => "SUBGRAPH_NAME_INVALID",
        RegistrationError::Instance { .. } => "INSTANCE_INVALID",
        RegistrationError::Endpoints { .. } => "ENDPOINT_INVALID",
        RegistrationError::Subject { .. } => "SUBJECT_INVALID",
        RegistrationError::Foreign { .. } => "FOREIGN_SUBJECT",
        RegistrationError::QueueGroup { .. } => "WRONG_QUEUE_GROUP",
        RegistrationError::Sdl { .. } => "SDL_HASH_INVALID",
    }
}
