//! Variables: the specification's `CoerceVariableValues`, compiled when an operation is planned.
//!
//! [`InputTypes`] holds a schema's input types once; a [`VariableProgram`] is an operation's variable
//! definitions over it. Neither keeps anything of the parser's. Values stay JSON text from the client to the
//! subgraph: only defaults, single items that become lists, and integers written as `1.0` change it.

mod coerce;
mod input_types;
mod one_of;

use std::fmt;
use std::sync::Arc;

use apollo_compiler::executable::Operation;

pub use input_types::InputTypes;
pub use one_of::check_one_of;

use crate::plan::VariableId;
use coerce::Coercion;
use input_types::TypeRef;

/// How an operation's variables become values.
#[derive(Clone, Debug)]
pub struct VariableProgram {
    types: Arc<InputTypes>,
    definitions: Box<[Definition]>,
}

#[derive(Clone, Debug)]
struct Definition {
    name: Box<str>,
    ty: TypeRef,
    /// Coerced already.
    default: Option<Box<str>>,
}

/// The coerced values of an operation's variables, by [`VariableId`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Variables {
    values: Vec<Option<Box<str>>>,
}

/// Why a value doesn't fit its variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoercionError {
    /// For people.
    pub message: String,
    /// The variable's name; empty when the variables as a whole are wrong.
    pub variable: Box<str>,
    /// From the variable's value to the wrong part of it.
    pub path: Vec<InputPath>,
}

/// One step into an input value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InputPath {
    /// An input object's field.
    Field(Box<str>),
    /// A list's item.
    Index(usize),
}

impl VariableProgram {
    /// Compiles the variable definitions of a validated operation.
    pub fn compile(types: &Arc<InputTypes>, operation: &Operation) -> Self {
        let definitions = operation.variables.iter().map(|variable| {
            let ty = types.resolve(&variable.ty);
            let default = variable.default_value.as_ref().map(|value| types.constant(&ty, value));
            Definition { name: variable.name.as_str().into(), ty, default }
        });
        Self { definitions: definitions.collect(), types: Arc::clone(types) }
    }

    /// The names, in the order of the definitions.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.definitions.iter().map(|definition| &*definition.name)
    }

    /// Coerces the request's `variables`, a JSON object (`null` is as good as none). Variables that the
    /// operation doesn't define are ignored, as the specification says.
    ///
    /// # Errors
    /// Everything that doesn't fit, up to a limit.
    pub fn coerce(&self, variables: Option<&str>) -> Result<Variables, Vec<CoercionError>> {
        let mut coercion = Coercion::new(&self.types);
        let mut values = vec![None; self.definitions.len()];
        if let Some(text) = variables {
            self.read(text, &mut coercion, &mut values);
        }
        for (value, definition) in
            values.iter_mut().zip(&self.definitions).filter(|(value, _)| value.is_none())
        {
            *value = definition.default.clone();
            if value.is_none() && definition.ty.non_null {
                let ty = self.types.display(&definition.ty);
                coercion.missing_variable(&definition.name, &ty);
            }
        }
        if coercion.errors.is_empty() { Ok(Variables { values }) } else { Err(coercion.errors) }
    }

    fn read(&self, text: &str, coercion: &mut Coercion<'_>, values: &mut [Option<Box<str>>]) {
        let find = |name: &str| self.definitions.iter().position(|definition| *definition.name == *name);
        let outcome = coercion.variables(text, |coercion, name, reader| {
            let Some(index) = find(name) else {
                reader.skip()?;
                return Ok(());
            };
            values[index] = Some(coercion.variable(name, &self.definitions[index].ty, reader)?);
            Ok(())
        });
        if let Err(error) = outcome {
            coercion.errors.push(CoercionError {
                message: format!("The variables aren't a JSON object: {error}"),
                variable: Box::default(),
                path: Vec::new(),
            });
        }
    }
}

impl Variables {
    /// Values in the order of the definitions, as JSON text; for tests and tools, since it checks nothing.
    pub fn from_raw(values: Vec<Option<Box<str>>>) -> Self {
        Self { values }
    }

    /// A variable's value as JSON; `None` where the client left it out and it has no default.
    pub fn get(&self, variable: VariableId) -> Option<&str> {
        self.values.get(variable.index())?.as_deref()
    }

    /// How many variables the operation has, with a value or without.
    pub fn count(&self) -> usize {
        self.values.len()
    }

    /// A Boolean variable's value, for conditions.
    pub fn bool(&self, variable: VariableId) -> bool {
        self.get(variable) == Some("true")
    }
}

impl fmt::Display for InputPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(name) => write!(f, ".{name}"),
            Self::Index(index) => write!(f, "[{index}]"),
        }
    }
}

#[cfg(test)]
mod tests;
