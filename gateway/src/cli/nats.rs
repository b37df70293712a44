//! The SDLs that are served on NATS at this moment.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use anyhow::{Context, bail};
use async_nats::{HeaderMap, Message};
use bytes::Bytes;
use serde::Deserialize;
use tokio::time::{Instant, timeout_at};
use tributary_federation::OperationKind;
use tributary_protocol::{
    Features, Registration, SubgraphName,
    service::{Info, Verb},
};

use super::inputs::{Input, Inputs};
use crate::transport::{FetchRequest, SubgraphStats, Target, Transport};

/// How long answers are collected.
const COLLECT: Duration = Duration::from_millis(500);
/// How long a subgraph may take to give its SDL.
const SDL_DEADLINE: Duration = Duration::from_secs(5);

/// What serves at that URL at this moment.
pub(super) fn inputs(url: &str, gateway_id: Option<&str>, graph: Option<&str>) -> anyhow::Result<Inputs> {
    let found = super::on_nats(url, gateway_id, async |transport| subgraphs(&transport, graph).await)?;
    Ok(found.into_iter().map(|(name, sdl)| (name, Input { sdl, file: None })).collect())
}

/// Every subgraph's name and SDL. Where instances serve different ones, that of most instances counts.
async fn subgraphs(transport: &Transport, graph: Option<&str>) -> anyhow::Result<Vec<(String, String)>> {
    // Everyone may answer a broadcast in any name, so it only says whom to ask.
    let hints = registrations(transport, "any", Verb::Info.everyone(), graph).await?;
    let mut names: Vec<SubgraphName> = hints.into_iter().map(|registration| registration.name).collect();
    names.sort();
    names.dedup();
    let mut found = Vec::new();
    for name in names {
        let instances = registrations(transport, name.as_str(), Verb::Info.of(&name), graph).await?;
        let mut subjects = BTreeMap::<String, usize>::new();
        for instance in instances.into_iter().filter(|instance| instance.name == name) {
            *subjects.entry(instance.subject.to_string()).or_default() += 1;
        }
        if let Some((subject, _)) = subjects.into_iter().max_by_key(|(_, count)| *count) {
            let sdl = sdl(transport, &name, subject).await.with_context(|| format!("the SDL of {name}"))?;
            found.push((name.to_string(), sdl));
        }
    }
    if found.is_empty() {
        bail!("no subgraph answers on NATS");
    }
    Ok(found)
}

async fn registrations(
    transport: &Transport,
    from: &str,
    subject: String,
    graph: Option<&str>,
) -> anyhow::Result<Vec<Registration>> {
    let inquiry = transport.ask(from, subject).await.map_err(|_| anyhow::anyhow!("NATS doesn't answer"))?;
    let deadline = Instant::now() + COLLECT;
    let mut found = Vec::new();
    while let Ok(Ok(message)) = timeout_at(deadline, inquiry.next()).await {
        found.extend(registration(&message, graph));
    }
    Ok(found)
}

fn registration(message: &Message, graph: Option<&str>) -> Option<Registration> {
    let info: Info = serde_json::from_slice(&message.payload).ok()?;
    match Registration::from_info(&info, graph) {
        Ok(registration) => registration,
        Err(error) => {
            crate::cli::complain(format_args!(
                "hint: the service {:?} is left out: {error}",
                info.service.name
            ));
            None
        }
    }
}

async fn sdl(transport: &Transport, name: &SubgraphName, subject: String) -> anyhow::Result<String> {
    #[derive(Deserialize)]
    struct Reply {
        data: Data,
    }
    #[derive(Deserialize)]
    struct Data {
        #[serde(rename = "_service")]
        service: Service,
    }
    #[derive(Deserialize)]
    struct Service {
        sdl: String,
    }
    let target = Target {
        subgraph: name.clone(),
        name: name.as_str().into(),
        subject: subject.into(),
        features: Features::default(),
        stats: Arc::new(SubgraphStats::default()),
    };
    let request = FetchRequest {
        target: Arc::new(target),
        payload: Bytes::from_static(br#"{"query":"{ _service { sdl } }"}"#),
        kind: OperationKind::Query,
        deadline: Instant::now() + SDL_DEADLINE,
        headers: Arc::new(HeaderMap::new()),
        idempotency_key: None,
        resent: false,
    };
    let reply = transport.fetch(request).await?;
    let reply: Reply = serde_json::from_slice(&reply.payload).context("the reply has none")?;
    Ok(reply.data.service.sdl)
}
