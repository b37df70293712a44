//! Reads `@cacheControl`.

use apollo_compiler::schema::Directive;

use super::super::directives::{argument, string};
use super::{Reader, SupergraphError, fields_of};
use crate::supergraph::{CacheHint, CacheHints, FieldName};
use crate::{SubgraphId, TypeId};

impl Reader<'_> {
    /// What subgraphs say of how long their types and fields may be kept.
    pub(super) fn cache_hints(&self) -> Result<CacheHints, SupergraphError> {
        let mut hints = CacheHints::default();
        for at in 0..self.names.len() as u32 {
            let ty = TypeId(at);
            let name = self.names.name(ty);
            let definition = &self.schema.types[name];
            for directive in definition.directives().iter() {
                let (graphs, hint) = self.cache_hint(directive, name)?;
                hints.types.extend(graphs.into_iter().map(|graph| ((graph, ty), hint)));
            }
            for (field, definition) in fields_of(definition).into_iter().flatten() {
                let Some(id) = self.fields.id(field).map(|id| FieldName(id.0)) else { continue };
                for directive in definition.directives.iter() {
                    let (graphs, hint) = self.cache_hint(directive, name)?;
                    hints.fields.extend(graphs.into_iter().map(|graph| ((graph, ty, id), hint)));
                }
            }
        }
        Ok(hints)
    }

    /// What a directive says, and in which subgraphs: in none where it is another directive.
    fn cache_hint(
        &self,
        directive: &Directive,
        place: &str,
    ) -> Result<(Vec<SubgraphId>, CacheHint), SupergraphError> {
        let is_it = directive.name == "join__directive" && string(directive, "name") == Some("cacheControl");
        let graphs = argument(directive, "graphs").filter(|_| is_it);
        let graphs = graphs.and_then(|graphs| graphs.as_list()).unwrap_or_default();
        let graphs = graphs.iter().filter_map(|graph| graph.as_enum());
        let graphs: Result<Vec<_>, _> = graphs.map(|graph| self.graph(graph, place)).collect();
        let args = argument(directive, "args").and_then(|args| args.as_object()).unwrap_or_default();
        let get = |name: &str| args.iter().find(|(known, _)| known == name).map(|(_, value)| value);
        let scope = get("scope").and_then(|scope| scope.as_enum());
        let hint = CacheHint {
            // What may be kept for less than no time may not be kept.
            max_age: get("maxAge").and_then(|age| age.to_i32()).map(|age| age.max(0).unsigned_abs()),
            private: scope.map(|scope| scope == "PRIVATE"),
            inherit: get("inheritMaxAge").and_then(|it| it.to_bool()).unwrap_or(false),
        };
        Ok((graphs?, hint))
    }
}
