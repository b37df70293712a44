//! What is true of a request, as far as its plan can depend on it: who asks, which overrides are on for it, and
//! whether its client takes an answer in parts.

use std::sync::Arc;

use tributary_federation::{Fact, Plan, Supergraph, plan::VariableId};

use crate::auth::Identity;

/// What is true of one request.
#[derive(Debug, Clone)]
pub struct RequestFacts {
    /// Who asks; `None` is anonymous.
    pub identity: Option<Arc<Identity>>,
    /// Where among all requests it falls, 0 to 100: `percent(x)` is on below x. Drawn once for each request, so
    /// that it sees each field moved or not moved throughout.
    pub share: f64,
    /// The client takes an answer in parts.
    pub incremental: bool,
}

impl RequestFacts {
    /// Whether a fact holds. `labels`: those that are on for everyone.
    pub(super) fn holds(
        &self,
        fact: Fact,
        supergraph: &Supergraph,
        labels: &[String],
        variable: impl Fn(VariableId) -> bool,
    ) -> bool {
        match fact {
            Fact::Incremental => self.incremental,
            Fact::Variable(id) => variable(id),
            Fact::Label(label) => self.is_on(&supergraph.override_labels()[usize::from(label)], labels),
            Fact::Granted(id) => {
                let requirement = &supergraph.requirements()[id.0 as usize];
                let identity = self.identity.as_deref();
                let has = |names: Option<&[Box<str>]>, name: &str| {
                    names.is_some_and(|names| names.iter().any(|known| **known == *name))
                };
                requirement.is_met(
                    identity.is_some(),
                    |scope| has(identity.map(|it| &*it.scopes), scope),
                    |policy| has(identity.map(|it| &*it.policies), policy),
                )
            }
        }
    }

    fn is_on(&self, label: &str, labels: &[String]) -> bool {
        let percent = label.strip_prefix("percent(").and_then(|rest| rest.strip_suffix(')'));
        match percent.and_then(|number| number.parse::<f64>().ok()) {
            Some(percent) => self.share < percent,
            None => labels.iter().any(|on| on == label),
        }
    }
}

/// Whether what rests upon these facts is for a request of which those hold.
pub(super) fn fit(facts: &[(Fact, bool)], holds: impl Fn(Fact) -> bool) -> bool {
    facts.iter().all(|&(fact, held)| holds(fact) == held)
}

/// The same fact of another supergraph, where numbers differ: what an old plan rested upon.
pub(super) fn held_before(fact: Fact, new: &Supergraph, plan: &Plan, old: &Supergraph) -> bool {
    plan.facts.iter().any(|&(known, held)| {
        let same = match (fact, known) {
            (Fact::Label(a), Fact::Label(b)) => {
                new.override_labels()[usize::from(a)] == old.override_labels()[usize::from(b)]
            }
            (Fact::Granted(a), Fact::Granted(b)) => {
                new.requirements()[a.0 as usize] == old.requirements()[b.0 as usize]
            }
            (a, b) => a == b,
        };
        same && held
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_and_names_decide_about_labels() {
        let facts = |share| RequestFacts { identity: None, share, incremental: false };
        let labels = ["new-price".to_owned()];
        let cases = [
            (10.0, "percent(25)", true),
            (25.0, "percent(25)", false),
            (0.0, "percent(0)", false),
            (99.9, "percent(100)", true),
            (0.5, "percent(0.75)", true),
            (50.0, "new-price", true),
            (50.0, "other", false),
        ];
        for (share, label, on) in cases {
            assert_eq!(facts(share).is_on(label, &labels), on, "{label} at {share}");
        }
    }
}
