//! The same question with deferred fragments: all parts together are the answer in one piece.

use std::ops::ControlFlow;

use apollo_compiler::ExecutableDocument;
use serde_json::Value as Json;
use tributary::error::PathSegment;
use tributary::execute::{ExecuteRequest, Part, execute_incrementally};
use tributary_checks::missing;
use tributary_federation::{Fact, PlanOptions, plan_operation};

use super::Counters;
use super::question::Question;
use super::serve::Served;

impl Served<'_> {
    pub async fn check_in_parts(
        &self,
        question: &Question,
        request: ExecuteRequest<'_>,
        expected: &Json,
        counters: &mut Counters,
    ) -> Result<(), String> {
        let Some(text) = &question.deferred else { return Ok(()) };
        let api = self.supergraph.api_schema();
        let document = ExecutableDocument::parse_and_validate(api, text, "deferred.graphql")
            .map_err(|error| format!("{}\n{text}", error.errors))?;
        let incremental = |fact: Fact| fact == Fact::Incremental;
        let options = PlanOptions { facts: &incremental, ..PlanOptions::default() };
        let plan = plan_operation(&self.supergraph, &document, None, &options)
            .map_err(|error| format!("{error}\n{text}\n{}", self.world.sdls()))?;
        // What is fetched for the first part may come once more with a later one, so nothing is called needless.
        let missing = if self.shows_what_is_asked() { missing(&self.supergraph, &plan) } else { Vec::new() };
        if !missing.is_empty() {
            return Err(format!("{text}\n{missing:?}\n{}", self.world.sdls()));
        }
        counters.deferred += usize::from(!plan.deferred.is_empty());
        counters.deferred_fetches += plan.fetches.iter().filter(|fetch| fetch.deferred.is_some()).count();
        let mut parts = Vec::new();
        let keep = |part| {
            parts.push(part);
            ControlFlow::Continue(())
        };
        execute_incrementally(&plan, request, self, keep).await;
        counters.later_parts += parts.len() - 1;
        let story: Vec<String> = parts.iter().map(told).collect();
        let story = story.join("\n");
        joined(parts)
            .and_then(|got| if got == *expected { Ok(()) } else { Err(format!("got {got}")) })
            .map_err(|error| {
                let (plan, sdls) = (plan.display(&self.supergraph), self.world.sdls());
                format!(
                    "{text}\n{}\n{plan}\nexpected {expected}\n{error}\n{story}\n{sdls}",
                    question.variables
                )
            })
    }
}

fn told(part: &Part) -> String {
    let first = part.result.iter().map(|result| String::from_utf8_lossy(result.data()).into_owned());
    let later = part
        .increments
        .iter()
        .map(|it| format!("{:?} {}", it.pending, String::from_utf8_lossy(it.result.data())));
    first.chain(later).collect::<Vec<_>>().join("\n")
}

/// The answer that the parts make. Each announced fragment comes once, after it was announced, and contradicts
/// nothing that is there already.
fn joined(parts: Vec<Part>) -> Result<Json, String> {
    let mut whole = Json::Null;
    let mut announced = Vec::new();
    let last = parts.len() - 1;
    for (at, part) in parts.into_iter().enumerate() {
        if part.has_next == (at == last) {
            return Err(format!("part {at} of {last} is wrong about what follows"));
        }
        if let Some(result) = part.result {
            whole = data(result.data(), &result.errors)?;
        }
        announced.extend(part.pending);
        for increment in part.increments {
            let known = announced.iter().position(|pending| *pending == increment.pending);
            announced.remove(known.ok_or("a fragment that wasn't announced")?);
            let data = data(increment.result.data(), &increment.result.errors)?;
            let target = place(&mut whole, &increment.pending.path).ok_or("no object at the path")?;
            merge(target, data)?;
        }
    }
    if announced.is_empty() { Ok(whole) } else { Err(format!("never came: {announced:?}")) }
}

fn data(json: &[u8], errors: &[tributary::execute::ExecutionError]) -> Result<Json, String> {
    if errors.is_empty() { Ok(serde_json::from_slice(json).unwrap()) } else { Err(format!("{errors:?}")) }
}

fn place<'j>(whole: &'j mut Json, path: &[PathSegment]) -> Option<&'j mut Json> {
    path.iter().try_fold(whole, |at, segment| match segment {
        PathSegment::Key(key) => at.get_mut(&**key),
        PathSegment::Index(index) => at.get_mut(*index),
    })
}

fn merge(into: &mut Json, new: Json) -> Result<(), String> {
    match (into, new) {
        (Json::Object(into), Json::Object(new)) => {
            for (key, value) in new {
                match into.get_mut(&key) {
                    Some(known) => merge(known, value)?,
                    None => drop(into.insert(key, value)),
                }
            }
            Ok(())
        }
        (Json::Array(into), Json::Array(new)) if into.len() == new.len() => {
            into.iter_mut().zip(new).try_for_each(|(into, new)| merge(into, new))
        }
        // Two fragments can have a field in common, and so can the first part under a condition.
        (into, new) if *into == new => Ok(()),
        (into, new) => Err(format!("{new} is delivered where {into} is")),
    }
}
