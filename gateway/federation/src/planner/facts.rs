//! What a plan depends on besides the operation and the supergraph: what is true of one request.

use std::cell::RefCell;
use std::fmt;

use crate::plan::VariableId;
use crate::supergraph::RequirementId;

/// Something that is true of a request or isn't.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fact {
    /// A label of progressive overrides is on: an index into [`crate::Supergraph::override_labels`].
    Label(u16),
    /// The client takes an answer in parts. Without it `@defer` changes nothing.
    Incremental,
    /// A Boolean variable is true: asked for where it is the `if` of a `@defer`, since that decides about
    /// fetches. (`@skip` and `@include` are conditions inside of a plan.)
    Variable(VariableId),
    /// Who asks meets a requirement of the schema's.
    Granted(RequirementId),
}

/// The facts that planning asked for, each at most once.
pub(super) struct Facts<'a> {
    holds: &'a dyn Fn(Fact) -> bool,
    asked: RefCell<Vec<(Fact, bool)>>,
}

impl<'a> Facts<'a> {
    pub fn new(holds: &'a dyn Fn(Fact) -> bool) -> Self {
        Self { holds, asked: RefCell::default() }
    }

    pub fn holds(&self, fact: Fact) -> bool {
        let known = self.asked.borrow().iter().find(|(known, _)| *known == fact).map(|(_, holds)| *holds);
        known.unwrap_or_else(|| {
            let holds = (self.holds)(fact);
            self.asked.borrow_mut().push((fact, holds));
            holds
        })
    }

    /// All that was asked for, sorted.
    pub fn asked(&self) -> Vec<(Fact, bool)> {
        let mut asked = self.asked.borrow().clone();
        asked.sort_unstable();
        asked
    }
}

impl fmt::Debug for Facts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.asked.borrow().iter()).finish()
    }
}
