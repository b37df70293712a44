//! A small set cover: for each field one of its places, so that all together cost least.

use super::PlanError;
use super::cost::Cost;
use super::solve::{FragId, ValueId};
use crate::selection::{Entry, SetId};

/// An index into the ways from a node; 0 is the node itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place(pub usize);

/// One place that a field can come from.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Choice {
    pub place: Place,
    pub level: u8,
    pub cost: Cost,
    pub child: Option<ValueId>,
    /// What of the field's selection that place can't answer.
    pub missing: Option<SetId>,
    pub requires: Option<(SetId, FragId)>,
    /// The field needs what it requires, or what is taken from a context.
    pub brings: bool,
}

/// Fields that have the same choices: leaves that the same subgraphs resolve are one decision.
pub(super) struct Decision {
    pub entries: Vec<Entry>,
    pub choices: Vec<Choice>,
}

impl Decision {
    pub fn add(decisions: &mut Vec<Self>, entry: Entry, choices: Vec<Choice>) {
        let same = |known: &&mut Self| entry.sub.is_none() && known.choices == choices;
        match decisions.iter_mut().find(same) {
            Some(known) => known.entries.push(entry),
            None => decisions.push(Self { entries: vec![entry], choices }),
        }
    }
}

/// Steps of the search for something better than greedy, for one selection set.
const SEARCH: u32 = 4_000;

/// For each decision the index of the choice to take.
pub(super) fn best(
    decisions: &[Decision],
    base: &Cost,
    mut step: impl FnMut(u64) -> Result<(), PlanError>,
) -> Result<Vec<usize>, PlanError> {
    let mut order: Vec<usize> = (0..decisions.len()).collect();
    order.sort_by_key(|&at| decisions[at].choices.len());
    let mut search =
        Search { decisions, order: &order, best: None, picks: vec![0; decisions.len()], left: SEARCH };
    search.descend(0, base.clone());
    step(u64::from(SEARCH - search.left))?;
    Ok(search.best.map(|(_, picks)| picks).unwrap_or_default())
}

struct Search<'a> {
    decisions: &'a [Decision],
    order: &'a [usize],
    best: Option<(Cost, Vec<usize>)>,
    picks: Vec<usize>,
    left: u32,
}

impl Search<'_> {
    /// Depth first, cheapest choice first: the first leaf is the greedy answer, and a cost that has already
    /// reached the best known can only grow.
    fn descend(&mut self, depth: usize, cost: Cost) {
        if let Some((best, _)) = &self.best
            && !cost.is_less(best)
        {
            return;
        }
        let Some(&at) = self.order.get(depth) else {
            self.best = Some((cost, self.picks.clone()));
            return;
        };
        let mut next: Vec<(Cost, usize)> = Vec::with_capacity(self.decisions[at].choices.len());
        for (pick, choice) in self.decisions[at].choices.iter().enumerate() {
            let mut sum = cost.clone();
            sum.add(&choice.cost);
            next.push((sum, pick));
        }
        next.sort_by(|(a, _), (b, _)| match (a.is_less(b), b.is_less(a)) {
            (true, _) => std::cmp::Ordering::Less,
            (_, true) => std::cmp::Ordering::Greater,
            _ => std::cmp::Ordering::Equal,
        });
        for (sum, pick) in next {
            if self.left == 0 && self.best.is_some() {
                return;
            }
            self.left = self.left.saturating_sub(1);
            self.picks[at] = pick;
            self.descend(depth + 1, sum);
        }
    }
}
