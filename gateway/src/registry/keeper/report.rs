//! Telling what is known: the status and the log.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::time::Instant;

use super::Keeper;
use crate::registry::discover::Round;
use crate::registry::status::{Diagnostic, Status, SubgraphStatus};

impl Keeper {
    /// Keeps the status up to date; who awaits it is woken by changes alone.
    pub(super) fn report(&self) {
        let status = self.status();
        self.shared.status.send_if_modified(|current| {
            let changed = **current != status;
            if changed {
                *current = Arc::new(status);
            }
            changed
        });
    }

    /// Remembers what a round found unusable, and logs what is new about it.
    pub(super) fn note_unusable(&mut self, round: &Round) {
        let before = self.unusable.remove(&round.name).unwrap_or_default();
        for problem in round.problems.iter().filter(|problem| !before.contains(problem)) {
            tracing::error!(code = problem.code, subgraph = %round.name, "{}", problem.message);
        }
        if !round.problems.is_empty() {
            self.unusable.insert(round.name.clone(), round.problems.clone());
        }
    }

    /// Remembers what composition found, and tells what is new about it.
    pub(super) fn note_composition(&mut self, found: Vec<Diagnostic>, usable: bool) {
        if !found.is_empty() {
            self.shared.metrics.failed_compositions.add(1);
        }
        for news in self.composition.replace(found, Instant::now()) {
            let subgraph = news.subgraph.as_deref().unwrap_or_default();
            tracing::info!(code = news.code, subgraph, usable, "composition, for now: {}", news.message);
        }
    }

    /// Logs as errors what composition found and nobody has mended since.
    pub(super) fn complain(&mut self) {
        for found in self.composition.due(Instant::now()) {
            let subgraph = found.subgraph.as_deref().unwrap_or_default();
            tracing::error!(code = found.code, subgraph, "composition: {}", found.message);
        }
    }

    fn status(&self) -> Status {
        let live = self.shared.live.load();
        let connected = self.transport.link().is_up();
        let mut diagnostics: Vec<Diagnostic> = self.unusable.values().flatten().cloned().collect();
        diagnostics.extend(self.book.problems().cloned());
        diagnostics.extend(self.composition.iter().cloned());
        if !self.transport.hears_replies() {
            diagnostics.push(no_rights());
        }
        Status {
            ready: connected && self.boot.done && live.is_some() && self.missing.is_empty(),
            connected,
            generation: live.as_ref().map_or(0, |live| live.generation),
            missing: self.missing.iter().map(ToString::to_string).collect(),
            stored: self.store_status,
            subgraphs: self.subgraphs(),
            diagnostics,
        }
    }

    fn subgraphs(&self) -> BTreeMap<Arc<str>, SubgraphStatus> {
        let live = self.shared.live.load();
        let composed =
            live.iter().flat_map(|live| live.supergraph.subgraphs()).map(|subgraph| (*subgraph.name).into());
        let names = self.directory.names().cloned().chain(composed);
        let status = |name: Arc<str>| {
            let target = live.as_ref().and_then(|live| live.target_of(&name));
            let instance_ids: Vec<_> = self.directory.instances(&name).map(|(id, _)| id.clone()).collect();
            let status = SubgraphStatus {
                instances: instance_ids.len(),
                instance_ids,
                subject: target.map(|target| target.subject.to_string()),
                sdl: self.good.get(&name).map(|sdl| sdl.hash),
            };
            (name, status)
        };
        names.map(status).collect()
    }
}

fn no_rights() -> Diagnostic {
    Diagnostic {
        code: "NATS_NO_RIGHTS".to_owned(),
        subgraph: None,
        message: "NATS refuses this gateway its replies: the credential is bound to another gateway id"
            .to_owned(),
    }
}
