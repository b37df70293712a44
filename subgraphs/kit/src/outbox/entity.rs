//! An entity as its events tell of it.

use serde_json::{Map, Value};
use tributary_protocol::SubgraphName;
use tributary_protocol::event::event_subject;

/// What an event says: a representation of the entity, as `_entities` takes it, and whatever else is cheap and public.
///
/// ```
/// use tributary_subgraph::outbox::Entity;
///
/// let product = Entity::of("Product", "id", 7).with("stock", 3).with("version", 12);
/// assert_eq!(product.payload(), r#"{"__typename":"Product","id":"7","stock":3,"version":12}"#);
/// ```
///
/// Fields have the names and values that they have in the graph. Those that are there needn't be looked up for a
/// subscription; those that aren't come from the subgraph when a client asks for them.
#[derive(Debug, Clone, PartialEq)]
pub struct Entity {
    type_name: String,
    id: String,
    payload: Map<String, Value>,
}

impl Entity {
    /// The entity of that type whose `key` is `id`, an opaque one: it stands in the subject too.
    pub fn of(type_name: &str, key: &str, id: impl ToString) -> Self {
        let (type_name, id) = (type_name.to_owned(), id.to_string());
        let payload = Map::from_iter([
            ("__typename".to_owned(), Value::from(type_name.as_str())),
            (key.to_owned(), Value::from(id.as_str())),
        ]);
        Self { type_name, id, payload }
    }

    /// Says what a field is.
    #[must_use]
    pub fn with(mut self, field: &str, value: impl Into<Value>) -> Self {
        self.payload.insert(field.to_owned(), value.into());
        self
    }

    /// The event's payload.
    #[must_use]
    pub fn payload(&self) -> String {
        Value::Object(self.payload.clone()).to_string()
    }

    pub(super) fn type_name(&self) -> &str {
        &self.type_name
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// `None`: it can't have one.
    pub(super) fn subject(&self, subgraph: &SubgraphName, verb: &str) -> Option<String> {
        event_subject(subgraph.as_str(), &self.type_name, &self.id, verb)
    }
}
