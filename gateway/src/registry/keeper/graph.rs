//! From what is known to what is live: what to compose, when, and the swap.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::{Event, Keeper};
use crate::registry::compose::{Composed, Outcome, compose_best};
use crate::registry::directory::most_frequent;
use crate::registry::live::Live;
use crate::registry::sdl::Sdl;
use crate::registry::select::SdlSet;
use crate::registry::status::{Diagnostic, StoreStatus};
use crate::registry::store::StoreError;
use crate::registry::targets::Chooser;

/// How long what prepares for a new supergraph may keep it from becoming live.
const PREPARATION: Duration = Duration::from_secs(5);

impl Keeper {
    /// Starts what has become due. Does nothing when nothing has changed.
    pub(super) fn advance(&mut self) {
        if self.options.fixed.is_none() {
            for wanted in self.book.follow(&self.directory, [&self.good, &self.remembered], Instant::now()) {
                self.tasks.spawn(self.discovery.clone().fetch_sdl(wanted));
            }
            self.compose_if_due();
        }
        let settled = self.boot.broadcast && self.is_settled() && !self.composing;
        self.boot.done |= settled && self.boot.loaded;
        self.complain();
        self.refresh_targets();
        let pending: BTreeSet<Arc<str>> = self.pending();
        let live = self.shared.live.load_full();
        if let Some(live) = &live {
            self.missing.retain(|name| live.target_of(name.as_str()).is_none());
        }
        self.waiters.answer(live.as_ref(), |name| self.asking.contains_key(name) || pending.contains(name));
        self.report();
    }

    /// A fixed supergraph is live from the start.
    pub(super) fn serve_fixed(&mut self) {
        if let Some(fixed) = self.options.fixed.clone() {
            let composed = Composed { sdl: fixed.sdl, supergraph: fixed.supergraph };
            self.swap(SdlSet::new(), composed);
            if let (Some(hook), Some(live)) = (&self.options.before_swap, self.shared.live.load_full()) {
                self.tasks.spawn(hook(live));
            }
        }
    }

    pub(super) fn on_composed(&mut self, outcome: Result<Outcome, String>) {
        self.shared.metrics.compositions.add(1);
        let (accepted, diagnostics) = match outcome {
            Ok(outcome) => (outcome.accepted, outcome.diagnostics),
            Err(panic) => (None, vec![crash(panic)]),
        };
        self.note_composition(diagnostics, accepted.is_some());
        match accepted {
            Some((set, composed)) if set != self.good || self.shared.live.load().is_none() => {
                self.prepare(set, composed);
            }
            _ => self.composing = false,
        }
    }

    /// Makes a supergraph live.
    pub(super) fn swap(&mut self, set: SdlSet, composed: Composed) {
        self.composing = false;
        self.good = set;
        self.remembered.clear();
        self.forgotten.retain(|name| self.good.contains_key(name));
        let live = self.next_live(&composed);
        let (generation, subgraphs) = (live.generation, live.supergraph.subgraphs().len());
        tracing::info!(code = "SUPERGRAPH_LIVE", generation, subgraphs, "a supergraph is live");
        self.shared.metrics.swaps.add(1);
        self.publish(live);
        self.unsaved = true;
        self.save();
    }

    /// Writes the good set to the bucket, unless that is under way. What other gateways wrote since is
    /// replaced only where what is live here has changed, so two that differ don't write in turns.
    pub(super) fn save(&mut self) {
        if self.storing || self.options.fixed.is_some() || self.good.is_empty() {
            return;
        }
        self.storing = true;
        let replace = std::mem::take(&mut self.unsaved);
        let (store, events, set) = (self.store.clone(), self.events.clone(), self.good.clone());
        let present: BTreeSet<Arc<str>> = self.directory.names().cloned().collect();
        self.tasks.spawn(async move {
            let stored = store.save(&set, &present, replace).await;
            let _ = events.send(Event::Stored(stored)).await;
        });
    }

    pub(super) fn on_stored(&mut self, stored: Result<BTreeSet<Arc<str>>, StoreError>) {
        self.storing = false;
        match stored {
            Ok(forgotten) => {
                self.store_status = StoreStatus::Good;
                forgotten.into_iter().for_each(|name| self.forget(name));
            }
            // The next look around tries again.
            Err(error) => {
                self.unsaved = true;
                return self.store_failed(&error);
            }
        }
        if self.unsaved {
            self.save();
        }
    }

    fn compose_if_due(&mut self) {
        // At the start it waits for everyone who is there, except that what is remembered is served at once.
        let due = self.boot.done || self.is_settled() || !self.remembered.is_empty();
        if self.composing || !due {
            return;
        }
        let wanted = self.wanted();
        if wanted.is_empty() || self.attempted.as_ref() == Some(&wanted) {
            return;
        }
        self.attempted = Some(wanted.clone());
        if wanted == self.good {
            self.note_composition(Vec::new(), true);
            return;
        }
        self.composing = true;
        let (events, good) = (self.events.clone(), self.good.clone());
        self.tasks.spawn(async move {
            let composed = tokio::task::spawn_blocking(move || compose_best(&wanted, &good)).await;
            let _ = events.send(Event::Composed(composed.map_err(|error| error.to_string()))).await;
        });
    }

    /// Lets the hook work before the swap.
    fn prepare(&mut self, set: SdlSet, composed: Composed) {
        let Some(hook) = self.options.before_swap.clone() else { return self.swap(set, composed) };
        let preparing = hook(Arc::new(self.next_live(&composed)));
        let events = self.events.clone();
        self.tasks.spawn(async move {
            if tokio::time::timeout(PREPARATION, preparing).await.is_err() {
                tracing::warn!(
                    code = "PREPARATION_SLOW",
                    "a supergraph becomes live before plans for it are ready"
                );
            }
            let _ = events.send(Event::Prepared(set, composed)).await;
        });
    }

    /// The SDLs that should be live: what most instances of each name serve, and for a name without
    /// instances what was good last.
    fn wanted(&self) -> SdlSet {
        let mut wanted = self.remembered.clone();
        wanted.extend(self.good.iter().map(|(name, sdl)| (name.clone(), sdl.clone())));
        for name in self.directory.names() {
            if let Some(sdl) = self.elected(name) {
                wanted.insert(name.clone(), sdl);
            }
        }
        wanted.retain(|name, _| !self.forgotten.contains(name));
        wanted
    }

    fn elected(&self, name: &Arc<str>) -> Option<Arc<Sdl>> {
        let served =
            || self.directory.instances(name).filter_map(|(_, instance)| self.book.sdl(name, instance));
        let current = self.good.get(name).map(|sdl| sdl.hash);
        let hash = most_frequent(served().map(|sdl| sdl.hash), current.as_ref())?;
        served().find(|sdl| sdl.hash == hash).cloned()
    }

    /// Whether everyone who was heard of has been asked, and has answered.
    fn is_settled(&self) -> bool {
        self.boot.broadcast && self.boot.loaded && self.asking.is_empty() && !self.book.is_asking_any()
    }

    /// Names whose successor of an SDL is being fetched or composed.
    fn pending(&self) -> BTreeSet<Arc<str>> {
        let wanted = self.wanted();
        let changed = |name: &Arc<str>| self.composing && wanted.get(name) != self.good.get(name);
        let known = self.directory.names().chain(self.good.keys());
        known.filter(|name| changed(name) || self.book.is_asking(name)).cloned().collect()
    }

    /// Follows the instances without touching the supergraph.
    fn refresh_targets(&mut self) {
        let Some(live) = self.shared.live.load_full() else { return };
        let composed = Composed { sdl: live.sdl.clone(), supergraph: live.supergraph.clone() };
        let next = Live { generation: live.generation, ..self.next_live(&composed) };
        let same = |(a, b): (&Option<Arc<_>>, &Option<Arc<_>>)| match (a, b) {
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            (None, None) => true,
            _ => false,
        };
        if !live.targets.iter().zip(&next.targets).all(same) {
            self.publish(next);
        }
    }

    fn next_live(&self, composed: &Composed) -> Live {
        let current = self.shared.live.load_full();
        let pending = self.pending();
        let chooser = Chooser {
            directory: &self.directory,
            book: &self.book,
            set: self.options.fixed.is_none().then_some(&self.good),
            stats: &self.shared.stats,
            current: current.as_deref(),
        };
        Live {
            generation: current.as_ref().map_or(0, |live| live.generation) + 1,
            supergraph: composed.supergraph.clone(),
            sdl: composed.sdl.clone(),
            targets: chooser.choose(&composed.supergraph, |name| pending.contains(name)),
        }
    }

    fn publish(&self, live: Live) {
        let live = Arc::new(live);
        self.shared.live.store(Some(live.clone()));
        self.shared.changes.send_replace(Some(live));
    }
}

fn crash(panic: String) -> Diagnostic {
    Diagnostic { code: "COMPOSITION_CRASHED".to_owned(), subgraph: None, message: panic }
}
