//! The same with a cache: everything may be kept, and what was kept for one question answers the next.

use std::sync::atomic::{AtomicUsize, Ordering};

use apollo_compiler::ExecutableDocument;
use bytes::Bytes;
use serde_json::Value as Json;
use tributary::cache::{Asker, CacheConfig, EntityCache, View};
use tributary::execute::{ExecuteRequest, FetchFailure, Fetcher, Limits, execute};
use tributary_federation::{OperationKind, PlanOptions, SubgraphId, plan_operation};

use super::dice::Dice;
use super::question::ask;
use super::serve::Served;
use super::world::World;
use super::{question_seed, setting};

/// Asks the subgraphs of a world for what isn't kept.
struct Remembering<'a> {
    served: &'a Served<'a>,
    view: View<'a>,
    sent: AtomicUsize,
}

impl Fetcher for Remembering<'_> {
    async fn fetch(
        &self,
        subgraph: SubgraphId,
        _: OperationKind,
        body: Bytes,
    ) -> Result<Bytes, FetchFailure> {
        self.sent.fetch_add(1, Ordering::Relaxed);
        Ok(self.served.reply(subgraph, &body, None))
    }

    fn service(&self, subgraph: SubgraphId) -> &str {
        self.served.service(subgraph)
    }

    fn cache(&self) -> Option<&View<'_>> {
        Some(&self.view)
    }
}

/// What became of a question that was asked twice: how many requests were sent for it each time.
type Sent = [usize; 2];

/// `None`: no valid question. An error describes how an answer differs.
async fn check(served: &Served<'_>, cache: &EntityCache, dice: &mut Dice) -> Result<Option<Sent>, String> {
    let api = served.supergraph.api_schema();
    let question = ask(api, dice);
    let Ok(document) = ExecutableDocument::parse_and_validate(api, &question.text, "question.graphql") else {
        return Ok(None);
    };
    if !served.is_valid_in_one_piece(&question) {
        return Ok(None);
    }
    let expected = served.in_one_piece(&question);
    let plan = plan_operation(&served.supergraph, &document, None, &PlanOptions::default())
        .map_err(|error| error.to_string())?;
    let variables = served.variables(&question, &document);
    let request = ExecuteRequest { variables: &variables, introspection: &[], limits: Limits::default() };
    let mut sent = [0; 2];
    for sent in &mut sent {
        let view = View::new(Some(cache), 1, Asker { everybody: [0; 32], alone: [0; 32] });
        let fetcher = Remembering { served, view, sent: AtomicUsize::new(0) };
        let body = execute(&plan, request, &fetcher).await.into_body(None);
        let body: Json = serde_json::from_slice(&body).unwrap();
        if body.get("errors").is_some() || body["data"] != expected {
            let plan = plan.display(&served.supergraph);
            let (text, variables) = (&question.text, &question.variables);
            let sdls = served.world.sdls();
            return Err(format!(
                "{text}\nvariables {variables}\n{plan}\nexpected {expected}\ngot {body}\n{sdls}"
            ));
        }
        *sent = fetcher.sent.into_inner();
    }
    Ok(Some(sent))
}

/// Other amounts: see [`super::answers_like_a_single_schema`].
#[tokio::test]
async fn what_was_kept_answers_like_a_single_schema() {
    let alone = std::env::var_os("TRIBUTARY_RANDOM_SEED").is_some();
    let worlds = setting("TRIBUTARY_RANDOM_WORLDS", if alone { 1 } else { 60 });
    let (questions, first) = (setting("TRIBUTARY_RANDOM_QUESTIONS", 25), setting("TRIBUTARY_RANDOM_SEED", 0));
    let (mut asked, mut sent) = (0, [0; 2]);
    let mut hits = 0;
    for seed in first..first + worlds {
        let world = World::new(&mut Dice::new(seed));
        let Ok(served) = Served::new(&world) else { continue };
        let cache = EntityCache::new(CacheConfig { bytes: 1 << 28, without_events: true });
        for number in 0..questions {
            let mut dice = Dice::new(question_seed(seed, number));
            match check(&served, &cache, &mut dice).await {
                Ok(None) => {}
                Ok(Some([before, after])) => {
                    asked += 1;
                    sent = [sent[0] + before, sent[1] + after];
                    assert!(after <= before, "seed {seed}, question {number}: {before} and {after} requests");
                }
                Err(difference) => panic!("seed {seed}, question {number}\n{difference}"),
            }
        }
        hits += cache.status().hits;
    }
    println!("{asked} questions, {sent:?} requests, {hits} hits");
    // What isn't there is asked for again.
    assert!(
        asked > 0 && sent[1] * 4 < sent[0] && hits > asked,
        "{asked} questions, {sent:?} requests, {hits} hits"
    );
}
