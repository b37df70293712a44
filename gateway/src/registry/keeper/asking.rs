//! When to ask whom, and what silence means.

use std::collections::BTreeSet;
use std::sync::Arc;

use tributary_protocol::{SubgraphName, Token};

use super::{Asked, Event, Keeper};
use crate::registry::discover::{Round, RoundEnd};

/// Names that may be heard of at once: whoever invents them costs us a question each.
const MAX_HINTED: usize = 1024;

impl Keeper {
    /// Asks everyone, and reads the bucket as long as it wasn't read.
    pub(super) fn look_around(&mut self) {
        if self.link_changes.0 == 0 {
            return;
        }
        self.tasks.spawn(self.discovery.clone().broadcast(!self.boot.done));
        if self.options.fixed.is_some() {
            return;
        }
        if self.loaded {
            // Also learns what was forgotten while nothing could be heard.
            return self.save();
        }
        let (store, events) = (self.store.clone(), self.events.clone());
        self.tasks.spawn(async move {
            let loaded = store.load().await;
            let _ = events.send(Event::Loaded(loaded)).await;
        });
    }

    /// Asks the instances of every name that is known, unless they are being asked.
    pub(super) fn ask_known(&mut self) {
        if self.transport.link().is_up() {
            let known = self.directory.names().chain(self.good.keys()).chain(self.remembered.keys());
            let known: BTreeSet<Arc<str>> =
                known.filter(|name| !self.asking.contains_key(*name)).cloned().collect();
            known.iter().for_each(|name| self.ask_name(name));
        }
    }

    fn ask_name(&mut self, name: &Arc<str>) {
        if let Ok(name) = name.parse() {
            self.ask(&name);
        }
    }

    /// Asks the instances of a name: at once, or once more after the question that is under way.
    pub(super) fn ask(&mut self, name: &SubgraphName) {
        let key: Arc<str> = name.as_str().into();
        if let Some(asked) = self.asking.get_mut(&key) {
            asked.again = true;
            return;
        }
        // Somebody waits for these answers, so their number decides when there are enough of them.
        let hurry = !self.boot.done || self.hinted.contains_key(&key) || self.waiters.wait_for(&key);
        let mut expected = BTreeSet::new();
        if hurry {
            expected.extend(self.hinted.get(&key).into_iter().flatten().cloned());
            expected.extend(self.directory.instances(&key).map(|(id, _)| id.clone()));
        }
        let life = self.shared.stats.of(&key).signs_of_life();
        self.asking.insert(key, Asked { again: false, life });
        self.tasks.spawn(self.discovery.clone().ask(name.clone(), expected));
    }

    /// Somebody says that there is such an instance: only an answer in its own name counts.
    pub(super) fn on_hint(&mut self, name: &SubgraphName, instance: Token) {
        let known = self.directory.instances(name.as_str()).any(|(id, _)| *id == instance);
        if !known && self.hinted.len() >= MAX_HINTED {
            tracing::warn!(code = "TOO_MANY_NAMES", subgraph = %name, "a name is ignored: too many are heard of at once");
        } else if !known {
            self.hinted.entry(name.as_str().into()).or_default().insert(instance);
            self.ask(name);
        }
    }

    /// What a name's instances answered, and what it means that some didn't.
    pub(super) fn on_round_ended(&mut self, round: Round) {
        let asked = self.asking.remove(&round.name);
        let again = asked.as_ref().is_some_and(|asked| asked.again);
        // With too much to do an instance answers questions late, and requests, too. Then all are silent, and it is no
        // time to send them nothing any more.
        let life = self.shared.stats.of(&round.name).signs_of_life();
        let is_busy = round.answered.is_empty() && asked.is_some_and(|asked| asked.life != life);
        if let Some(hinted) = self.hinted.get_mut(&round.name) {
            hinted.retain(|id| !round.answered.contains(id));
            if hinted.is_empty() || round.end != RoundEnd::Complete {
                self.hinted.remove(&round.name);
            }
        }
        let gone = match round.end {
            RoundEnd::Complete | RoundEnd::Lost => 0,
            RoundEnd::Nobody => self.directory.nobody(&round.name),
            // Silence while the connection is away isn't the instances'.
            RoundEnd::TimeUp if !self.transport.link().is_up() || is_busy => 0,
            RoundEnd::TimeUp => self.directory.round_ended(&round.name, &round.answered),
        };
        if gone > 0 {
            self.shared.metrics.instances_down.add(gone as u64);
            tracing::warn!(code = "INSTANCE_LOST", subgraph = %round.name, gone, "instances don't answer any more");
        }
        self.note_unusable(&round);
        if again && let Ok(name) = round.name.parse() {
            self.ask(&name);
        }
    }
}
