//! An answer in parts: what isn't deferred first, then each deferred fragment as soon as it is there.

use std::ops::ControlFlow;

use tributary_federation::plan::{DeferredId, Plan};

use super::project::Open;
use super::run::Run;
use super::{ExecuteRequest, ExecutionError, ExecutionResult, Fetcher, drive};
use crate::error::PathSegment;

/// One part of an answer.
#[derive(Debug)]
pub struct Part {
    /// The first part's data and errors; later parts have none.
    pub result: Option<ExecutionResult>,
    /// Deferred fragments that are announced: each comes in a later part.
    pub pending: Vec<Pending>,
    /// Deferred fragments that are there.
    pub increments: Vec<Increment>,
    /// Whether another part follows.
    pub has_next: bool,
}

/// A deferred fragment on one object of the answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Pending {
    /// Tells it from the others of the answer.
    pub id: u32,
    /// As the client named it.
    pub label: Option<Box<str>>,
    /// The object.
    pub path: Vec<PathSegment>,
}

/// What a deferred fragment came to.
#[derive(Debug)]
pub struct Increment {
    /// Which.
    pub pending: Pending,
    /// The fields that the first part didn't have, or null, and the errors.
    pub result: ExecutionResult,
}

/// Answers a query or mutation in parts; the last has no next. `deliver` breaks off when nobody wants any more.
pub async fn execute_incrementally<F: Fetcher>(
    plan: &Plan,
    request: ExecuteRequest<'_>,
    fetcher: &F,
    mut deliver: impl FnMut(Part) -> ControlFlow<()>,
) {
    let mut run = Run::new(plan, request, fetcher);
    let ready = run.without_dependencies();
    let mut later = Later::new(plan);
    drive(plan, &mut run, ready, fetcher, |run| {
        while let Some(part) = later.part(run) {
            let is_last = !part.has_next;
            if deliver(part).is_break() || is_last {
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    })
    .await;
}

/// What is still to be delivered.
struct Later<'p> {
    plan: &'p Plan,
    /// The first part has been written.
    begun: bool,
    /// By deferred fragment.
    announced: Vec<Vec<(Pending, Open<'p>)>>,
    /// How many they are.
    left: usize,
    next_id: u32,
}

impl<'p> Later<'p> {
    fn new(plan: &'p Plan) -> Self {
        let announced = plan.deferred.iter().map(|_| Vec::new()).collect();
        Self { plan, begun: false, announced, left: 0, next_id: 0 }
    }

    /// What can be delivered now, if anything can.
    fn part<F: Fetcher>(&mut self, run: &mut Run<'p, F>) -> Option<Part> {
        if !self.begun {
            return run.is_there(None).then(|| self.first(run));
        }
        let (mut increments, mut pending) = (Vec::new(), Vec::new());
        // What a fragment brings can have fragments of its own that are there already.
        while let Some(at) = self
            .announced
            .iter()
            .enumerate()
            .position(|(at, open)| !open.is_empty() && run.is_there(Some(DeferredId(at as u32))))
        {
            let open = std::mem::take(&mut self.announced[at]);
            self.left -= open.len();
            let from = increments.len();
            for (of, open) in open {
                let (result, inner) = run.finish_deferred(&open);
                increments.push(Increment { pending: of, result });
                pending.extend(self.announce(inner));
            }
            hand_out(run.errors_of(DeferredId(at as u32)), &mut increments[from..]);
        }
        let has_next = self.left > 0;
        (!increments.is_empty()).then_some(Part { result: None, pending, increments, has_next })
    }

    fn first<F: Fetcher>(&mut self, run: &mut Run<'p, F>) -> Part {
        self.begun = true;
        let (result, open) = run.finish();
        let pending = self.announce(open);
        Part { result: Some(result), pending, increments: Vec::new(), has_next: self.left > 0 }
    }

    fn announce(&mut self, open: Vec<Open<'p>>) -> Vec<Pending> {
        let mut pending = Vec::with_capacity(open.len());
        for open in open {
            let at = open.deferred.index();
            let label = self.plan.deferred[at].label.clone();
            let path = open.path.iter().map(|&segment| segment.into()).collect();
            let of = Pending { id: self.next_id, label, path };
            self.next_id += 1;
            self.left += 1;
            pending.push(of.clone());
            self.announced[at].push((of, open));
        }
        pending
    }
}

/// Gives each error to the object that it is about, or to the last; and a null that none explains one of its own,
/// where a failed fetch has one error for all of its objects.
fn hand_out(errors: Vec<ExecutionError>, increments: &mut [Increment]) {
    let mut general: Option<ExecutionError> = None;
    for error in errors {
        general.get_or_insert_with(|| error.clone());
        let about = |it: &Increment| error.path.starts_with(&it.pending.path);
        let at = increments.iter().position(about).unwrap_or(increments.len().saturating_sub(1));
        if let Some(increment) = increments.get_mut(at) {
            increment.result.errors.push(error);
        }
    }
    let Some(general) = general else { return };
    for increment in increments.iter_mut().filter(|it| it.result.data() == b"null") {
        if increment.result.errors.is_empty() {
            let path = increment.pending.path.clone();
            increment.result.errors.push(ExecutionError { path, ..general.clone() });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One increment for each object of a list, by its data.
    fn increments(data: &[&str]) -> Vec<Increment> {
        let of = |(at, data): (usize, &&str)| {
            let path = vec![PathSegment::Key("items".into()), PathSegment::Index(at)];
            let body = format!("{{\"data\":{data}").into_bytes();
            let pending = Pending { id: at as u32, label: None, path };
            Increment { pending, result: ExecutionResult::written(body, Vec::new()) }
        };
        data.iter().enumerate().map(of).collect()
    }

    fn error(at: usize) -> ExecutionError {
        let path =
            vec![PathSegment::Key("items".into()), PathSegment::Index(at), PathSegment::Key("x".into())];
        ExecutionError::new("CODE", "it fails").at(path)
    }

    fn paths(increments: &[Increment]) -> Vec<Vec<usize>> {
        let lengths = |it: &Increment| it.result.errors.iter().map(|error| error.path.len()).collect();
        increments.iter().map(lengths).collect()
    }

    #[test]
    fn an_error_goes_to_the_object_that_it_is_about() {
        let mut all = increments(&["{}", "{\"x\":null}", "{}"]);
        hand_out(vec![error(1)], &mut all);
        assert_eq!(paths(&all), [vec![], vec![3], vec![]]);
    }

    #[test]
    fn a_null_is_never_without_an_error() {
        let mut all = increments(&["null", "{}", "null"]);
        hand_out(vec![error(0)], &mut all);
        assert_eq!(
            paths(&all),
            [vec![3], vec![], vec![2]],
            "the third object has the first one's error, at itself"
        );
        assert_eq!(all[2].result.errors[0].path, all[2].pending.path);
    }

    #[test]
    fn an_error_about_no_object_is_told_with_the_last() {
        let mut all = increments(&["{}", "{}"]);
        hand_out(vec![ExecutionError::new("CODE", "somewhere")], &mut all);
        assert_eq!(paths(&all), [vec![], vec![0]]);
    }
}
