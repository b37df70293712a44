//! Selection sets in normal form: fragments dissolved into sets of runtime types, conditions collected,
//! equal sets stored once.
//!
//! Within a [`Set`] no two entries share a response key and a runtime type, so an entry is one field of one
//! kind of object. Interning makes equality a comparison of numbers, and exponential fragment spreads small.

use typed_arena::Arena;

use crate::TypeSet;
use crate::plan::{Condition, Literal};
use crate::pool::{Layer, Pool};
use crate::supergraph::FieldName;

mod collect;
mod condition;
mod defer;

pub(crate) use collect::{CollectError, Collector, Labels};

macro_rules! number {
    ($name:ident) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub(crate) struct $name(pub u32);
    };
}

number!(SetId);
number!(KeyId);
number!(ArgsId);
number!(CondId);

impl ArgsId {
    /// No arguments.
    pub const NONE: Self = Self(0);
}

impl CondId {
    /// Without a condition.
    pub const ALWAYS: Self = Self(0);
}

/// One field on objects of certain runtime types.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Entry {
    /// The response key.
    pub key: KeyId,
    pub field: FieldName,
    pub args: ArgsId,
    /// Empty in a set that was restricted to one type.
    pub types: TypeSet,
    pub cond: CondId,
    pub sub: Option<SetId>,
}

/// A selection set in normal form.
pub(crate) type Set = Vec<Entry>;

/// Arguments as they are printed, `(a: 1, b: $x)`, in the order of their names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Arguments {
    pub text: String,
    pub variables: Vec<Box<str>>,
}

/// What selections are made of, belonging to a supergraph.
#[derive(Debug, Default)]
pub(crate) struct Sets {
    sets: Pool<Box<[Entry]>>,
    keys: Pool<Box<str>>,
    args: Pool<Arguments>,
}

/// The same for one planning, on top of the supergraph's. Sets live in an arena, so that one can be looked at
/// while others are added.
pub(crate) struct LocalSets<'a> {
    arena: &'a Arena<Entry>,
    sets: Layer<'a, Box<[Entry]>, &'a [Entry]>,
    keys: Layer<'a, Box<str>>,
    args: Layer<'a, Arguments>,
    conds: condition::Conditions,
}

impl Sets {
    pub fn set(&self, id: SetId) -> &[Entry] {
        self.sets.get(id.0)
    }
}

impl<'a> LocalSets<'a> {
    pub fn over(base: Option<&'a Sets>, arena: &'a Arena<Entry>) -> Self {
        let mut local = Self {
            arena,
            sets: Layer::over(base.map(|base| &base.sets)),
            keys: Layer::over(base.map(|base| &base.keys)),
            args: Layer::over(base.map(|base| &base.args)),
            conds: condition::Conditions::default(),
        };
        // Number 0 has a meaning in both; the first of all layers gives it to them.
        if base.is_none() {
            local.intern_args(Arguments::default());
        }
        local
    }

    pub fn into_base(self) -> Sets {
        Sets {
            sets: self.sets.into_own().map(Box::from),
            keys: self.keys.into_own(),
            args: self.args.into_own(),
        }
    }

    pub fn set(&self, id: SetId) -> &'a [Entry] {
        match self.sets.split(id.0) {
            Ok(base) => base,
            Err(own) => own,
        }
    }

    pub fn intern(&mut self, set: Set) -> SetId {
        let arena = self.arena;
        SetId(self.sets.intern::<_, [Entry]>(set, |set| arena.alloc_extend(set)))
    }

    pub fn key(&self, id: KeyId) -> &str {
        self.keys.item(id.0)
    }

    pub fn intern_key(&mut self, key: &str) -> KeyId {
        KeyId(self.keys.intern::<_, str>(key, Box::from))
    }

    pub fn args(&self, id: ArgsId) -> &Arguments {
        self.args.item(id.0)
    }

    pub fn intern_args(&mut self, args: Arguments) -> ArgsId {
        ArgsId(self.args.intern::<_, Arguments>(args, |args| args))
    }

    /// The condition as alternatives; `None`: it has too many.
    pub fn alternatives(&self, id: CondId) -> Option<Condition> {
        self.conds.alternatives(id)
    }

    /// The condition that a variable has a value.
    pub fn literal(&self, literal: Literal) -> CondId {
        self.conds.literal(literal)
    }

    /// Both hold. `None`: that can't be.
    pub fn and(&self, a: CondId, b: CondId) -> Option<CondId> {
        if a == CondId::ALWAYS || a == b {
            return Some(b);
        }
        if b == CondId::ALWAYS {
            return Some(a);
        }
        self.conds.and(a, b)
    }

    /// One of them holds.
    pub fn or(&self, a: CondId, b: CondId) -> CondId {
        if a == b || a == CondId::ALWAYS {
            return a;
        }
        if b == CondId::ALWAYS {
            return b;
        }
        self.conds.or(a, b)
    }

    /// Conditions were too much work to be right.
    pub fn conditions_are_too_complex(&self) -> bool {
        self.conds.are_too_complex()
    }
}
