//! The same question while something fails: what is there is right, what isn't is null, and each null has its error.

use std::collections::BTreeSet;

use bytes::Bytes;
use serde_json::{Value as Json, json};
use tributary::execute::{ExecuteRequest, FetchFailure, Fetcher, execute};
use tributary_federation::{OperationKind, Plan, SubgraphId};

use super::Counters;
use super::dice::Dice;
use super::question::Question;
use super::serve::Served;
use super::world::Field;

#[derive(Debug)]
enum Failing {
    Subgraph(SubgraphId),
    Field(String),
}

struct Lame<'a> {
    served: &'a Served<'a>,
    failing: Failing,
}

impl Fetcher for Lame<'_> {
    async fn fetch(
        &self,
        subgraph: SubgraphId,
        _: OperationKind,
        body: Bytes,
    ) -> Result<Bytes, FetchFailure> {
        match &self.failing {
            Failing::Subgraph(failing) if *failing == subgraph => Err(FetchFailure {
                code: "SUBGRAPH_UNAVAILABLE".into(),
                message: "nobody is there".into(),
                setting: None,
            }),
            Failing::Subgraph(_) => Ok(self.served.reply(subgraph, &body, None)),
            Failing::Field(name) => Ok(self.served.reply(subgraph, &body, Some(name))),
        }
    }

    fn service(&self, subgraph: SubgraphId) -> &str {
        self.served.service(subgraph)
    }
}

impl Served<'_> {
    pub async fn check_with_a_failure(
        &self,
        plan: &Plan,
        question: &Question,
        request: ExecuteRequest<'_>,
        expected: &Json,
        dice: &mut Dice,
        counters: &mut Counters,
    ) -> Result<(), String> {
        let Some(failing) = self.something(plan, dice) else { return Ok(()) };
        counters.failures += 1;
        let lame = Lame { served: self, failing };
        let body = execute(plan, request, &lame).await.into_body(None);
        let body: Json = serde_json::from_slice(&body).unwrap();
        let errors = body["errors"].as_array().cloned().unwrap_or_default();
        let told = match &lame.failing {
            Failing::Subgraph(_) => Told::Once,
            Failing::Field(name) if self.is_weak(name) => Told::ForEachObject,
            Failing::Field(_) => Told::ForEach,
        };
        let check = Check { errors: &errors, told };
        let mut nulls = 0;
        check.value(&body["data"], expected, &mut Vec::new(), &mut nulls).map_err(|error| {
            let (plan, sdls) = (plan.display(&self.supergraph), self.world.sdls());
            format!(
                "{error} while {:?} fails\n{}\n{}\n{plan}\nexpected {expected}\ngot      {body}\n{sdls}",
                lame.failing, question.text, question.variables
            )
        })?;
        counters.explained_nulls += nulls;
        self.check_to_the_letter(&lame.failing, question, &body, counters).map_err(|error| {
            let (plan, sdls) = (plan.display(&self.supergraph), self.world.sdls());
            format!(
                "{error} while {:?} fails\n{}\n{}\n{plan}\n{sdls}",
                lame.failing, question.text, question.variables
            )
        })
    }

    /// While a field fails, data and errors' paths are those of the single schema.
    fn check_to_the_letter(
        &self,
        failing: &Failing,
        question: &Question,
        got: &Json,
        counters: &mut Counters,
    ) -> Result<(), String> {
        let Failing::Field(name) = failing else { return Ok(()) };
        let loses_more =
            self.has_weak_types() || self.is_of_interface_object(name) || self.requires_objects();
        if !self.is_nullable(name) && loses_more {
            return Ok(());
        }
        let expected = self.in_one_piece_while(question, Some(name));
        let (own, others) = (paths(got), paths(&expected));
        // With so many, some were left out.
        // Of several nulls that take the same place along, one is told.
        let told = own == others || own.len() > 90 || !self.is_nullable(name);
        let equal = got["data"] == expected["data"] && told;
        counters.exact_failures += usize::from(!others.is_empty());
        if equal { Ok(()) } else { Err(format!("expected {expected}\ngot      {got}")) }
    }

    /// Whether all fields of that name may be null wherever they are declared.
    fn is_nullable(&self, name: &str) -> bool {
        self.fields().filter(|field| field.name == name).all(|field| !field.ty.ends_with('!'))
    }

    /// A subgraph that promises more than the others loses more than the single schema.
    fn has_weak_types(&self) -> bool {
        self.fields().any(|field| !field.weak.is_empty())
    }

    /// Whether fields are computed from others of other objects, which may be lost with a field beside those.
    pub(super) fn requires_objects(&self) -> bool {
        self.fields().flat_map(|field| field.requires.iter().flatten()).any(|it| !it.below.is_empty())
    }

    /// Whether a subgraph has that field for all of an interface's objects. Where an object is reached there, it's
    /// asked for what any of its types is selected for, and lost for the others, too.
    fn is_of_interface_object(&self, name: &str) -> bool {
        self.world.interface_object.is_some() && name.starts_with('j')
    }

    /// Whether a field of that name is non-null in one subgraph and nullable in another.
    fn is_weak(&self, name: &str) -> bool {
        self.fields().any(|field| field.name == name && !field.weak.is_empty())
    }

    fn fields(&self) -> impl Iterator<Item = &Field> {
        self.world.objects.iter().chain([&self.world.query]).flat_map(|object| &object.fields)
    }

    /// A subgraph or a field that the plan asks for.
    fn something(&self, plan: &Plan, dice: &mut Dice) -> Option<Failing> {
        if plan.fetches.is_empty() {
            return None;
        }
        if dice.chance(40) {
            return Some(Failing::Subgraph(dice.pick(&plan.fetches).subgraph));
        }
        let fields: Vec<_> = self.fields().collect();
        // What requires a field or is told it is computed from null where that fails, as from any other null.
        let required = |name: &str| {
            if name == "tell" {
                return true;
            }
            let mut all = fields.iter().flat_map(|field| field.requires.iter().flatten());
            all.any(|it| it.names().any(|it| it == name))
        };
        let names = fields.iter().map(|field| field.name.clone()).filter(|name| !required(name));
        let asked = |name: &String| plan.fetches.iter().any(|fetch| fetch.query.contains(name.as_str()));
        let asked: Vec<String> = names.filter(asked).collect();
        if asked.is_empty() { None } else { Some(Failing::Field(dice.pick(&asked).clone())) }
    }
}

/// The paths of errors, each once.
fn paths(body: &Json) -> BTreeSet<String> {
    body["errors"].as_array().into_iter().flatten().map(|error| error["path"].to_string()).collect()
}

/// Of which nulls an error is told.
enum Told {
    /// Of any that a failed fetch should have brought.
    Once,
    /// Of one in each object: a subgraph where the field can't be null loses the object, and says so once. For the
    /// client, who knows it as nullable, that is all fields of it.
    ForEachObject,
    ForEach,
}

struct Check<'a> {
    errors: &'a [Json],
    told: Told,
}

impl Check<'_> {
    fn value(
        &self,
        got: &Json,
        expected: &Json,
        at: &mut Vec<Json>,
        nulls: &mut usize,
    ) -> Result<(), String> {
        match (got, expected) {
            (Json::Null, Json::Null) => Ok(()),
            (Json::Null, _) if self.is_explained(at) => {
                *nulls += 1;
                Ok(())
            }
            (Json::Null, _) => Err(format!("no error explains the null at {}", json!(at))),
            (Json::Object(got), Json::Object(expected)) if got.len() == expected.len() => {
                got.iter().try_for_each(|(key, value)| {
                    at.push(json!(key));
                    self.value(value, &expected[key], at, nulls)?;
                    at.pop();
                    Ok(())
                })
            }
            (Json::Array(got), Json::Array(expected)) if got.len() == expected.len() => {
                got.iter().zip(expected).enumerate().try_for_each(|(index, (value, expected))| {
                    at.push(json!(index));
                    self.value(value, expected, at, nulls)?;
                    at.pop();
                    Ok(())
                })
            }
            (got, expected) if got == expected => Ok(()),
            // Made of other objects' fields, of which those that were lost with what failed are null.
            (Json::String(_), Json::String(made)) if made.contains('{') => Ok(()),
            (got, expected) => Err(format!("{got} instead of {expected} at {}", json!(at))),
        }
    }

    fn is_explained(&self, at: &[Json]) -> bool {
        // With so many, some were left out.
        if matches!(self.told, Told::Once) || self.errors.len() > 90 {
            return !self.errors.is_empty();
        }
        let last = usize::from(matches!(self.told, Told::ForEachObject));
        self.errors.iter().any(|error| {
            let path = error["path"].as_array().map(Vec::as_slice).unwrap_or_default();
            path.iter().take(path.len().saturating_sub(last)).zip(at).all(|(a, b)| a == b)
        })
    }
}
