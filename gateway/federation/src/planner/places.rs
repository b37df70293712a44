//! Where each field of a selection set can come from, and which of those places are taken.

use std::rc::Rc;

use super::PlanError;
use super::choose::{self, Choice, Decision, Place};
use super::cost::Cost;
use super::node::Node;
use super::solve::{Frag, Solver};
use super::ways::Way;
use crate::selection::{Entry, Set};
use crate::supergraph::FieldName;

impl Solver<'_> {
    /// Chooses places for fields that cost something, and records the visits that follow. Returns the fields
    /// that have none.
    pub(super) fn place(
        &mut self,
        mut open: Vec<Entry>,
        node: Node,
        frag: &mut Frag,
        cost: &mut Cost,
    ) -> Result<Set, PlanError> {
        let mut ways = self.ways(Node { later: false, ..node })?;
        let again = self.way_back(node, &ways)?;
        let elsewhere = node.later && again.is_some();
        if let Some(again) = again {
            Rc::make_mut(&mut ways).push(again);
        }
        let mut chosen: Vec<(Entry, Choice)> = Vec::new();
        let mut missing: Set = Vec::new();
        let mut tried: Vec<(Entry, Vec<Place>)> = Vec::new();
        while !open.is_empty() {
            let mut decisions: Vec<Decision> = Vec::new();
            for entry in open.drain(..) {
                let seen =
                    tried.iter().find(|(known, _)| known.key == entry.key && known.types == entry.types);
                let seen = seen.map(|(_, places)| places.clone()).unwrap_or_default();
                let mut choices = self.choices(&entry, node, &ways, &seen)?;
                if elsewhere {
                    choices.retain(|choice| choice.place != Place(0));
                }
                if choices.is_empty() {
                    missing.push(entry);
                } else {
                    Decision::add(&mut decisions, entry, choices);
                }
            }
            let picks = choose::best(&decisions, cost, |steps| self.step(steps))?;
            for (decision, pick) in decisions.into_iter().zip(picks) {
                let choice = &decision.choices[pick];
                cost.add(&choice.cost);
                for entry in decision.entries {
                    if let Some(rest) = choice.missing {
                        let known =
                            tried.iter_mut().find(|(it, _)| it.key == entry.key && it.types == entry.types);
                        match known {
                            Some((_, places)) => places.push(choice.place),
                            None => tried.push((entry.clone(), vec![choice.place])),
                        }
                        open.push(Entry { sub: Some(rest), ..entry.clone() });
                    }
                    chosen.push((entry, choice.clone()));
                }
            }
        }
        // What was missing somewhere and then found elsewhere isn't missing any more.
        cost.missing = self.fields_of(&missing);
        self.record(&chosen, &ways, frag)?;
        Ok(missing)
    }

    /// Everywhere that the field can come from.
    fn choices(
        &mut self,
        entry: &Entry,
        node: Node,
        ways: &[Way],
        seen: &[Place],
    ) -> Result<Vec<Choice>, PlanError> {
        let mut choices = Vec::new();
        for (at, way) in ways.iter().enumerate() {
            let place = Place(at);
            if seen.contains(&place) {
                continue;
            }
            self.step(1)?;
            let choice = if way.is_interface {
                self.choice_by_interface(entry, way, place)?
            } else {
                self.choice_by_field(entry, node, way, place)?
            };
            // A place that answers nothing of it is none.
            let useless = |choice: &Choice| entry.sub.is_some() && choice.missing == entry.sub;
            choices.extend(choice.filter(|choice| !useless(choice)));
        }
        Ok(choices)
    }

    fn choice_by_interface(
        &mut self,
        entry: &Entry,
        way: &Way,
        place: Place,
    ) -> Result<Option<Choice>, PlanError> {
        let mut cost = way.cost.clone();
        cost.weight += self.weight(entry);
        if entry.field == FieldName::TYPENAME {
            return Ok(Some(Choice { place, level: way.level, cost, ..Choice::default() }));
        }
        let set = self.sets.intern(vec![entry.clone()]);
        let value = self.solve_value(set, way.node.ty, way.node.subgraph, None)?;
        let value = self.value(value);
        cost.add_below(&value.cost, way.level);
        let missing = match value.missing {
            Some(missing) => match self.sets.set(missing).first() {
                Some(Entry { sub: Some(sub), .. }) => Some(*sub),
                _ => return Ok(None),
            },
            None => None,
        };
        Ok(Some(Choice { place, level: way.level, cost, missing, ..Choice::default() }))
    }

    fn choice_by_field(
        &mut self,
        entry: &Entry,
        node: Node,
        way: &Way,
        place: Place,
    ) -> Result<Option<Choice>, PlanError> {
        if entry.field == FieldName::TYPENAME {
            return Ok(None);
        }
        let Some(local) = self.joins.local(way.node, entry.field, &mut self.sets) else { return Ok(None) };
        let mut choice = Choice { place, level: way.level, cost: way.cost.clone(), ..Choice::default() };
        choice.brings = local.brings();
        if choice.brings && (place == Place(0) || way.root) {
            // Without a key there is no way to bring along what the field needs.
            return Ok(None);
        }
        if let Some(requires) = local.requires {
            let requires = self.restrict(requires, node.ty);
            let frag = self.solve(requires, node)?;
            if self.frag(frag).missing.is_some() {
                return Ok(None);
            }
            let before = self.cost(frag).clone();
            choice.level = way.level.max(before.depth().saturating_add(1));
            choice.cost = way.cost_before.clone();
            choice.cost.add(&before);
            choice.cost.add_fetch(choice.level, way.node.subgraph);
            choice.requires = Some((requires, frag));
        } else if way.back && !node.later && !choice.brings {
            return Ok(None);
        }
        if place != Place(0) {
            choice.cost.weight += self.weight(entry);
        }
        if let Some(sub) = entry.sub {
            let child = self.solve_value(sub, local.ty.named, local.below, local.provided)?;
            let value = self.value(child);
            choice.cost.add_below(&value.cost, choice.level);
            choice.child = Some(child);
            choice.missing = value.missing;
        }
        Ok(Some(choice))
    }
}
