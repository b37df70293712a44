//! `@context` and `@fromContext`: values that a field takes from an object above it.

use apollo_compiler::Node;
use apollo_compiler::ast::{Directive, DirectiveList};

use super::super::fieldset;
use super::super::model::{ContextSource, FromContext, TypeDef};
use super::super::spec::Known;
use super::Reader;

impl Reader<'_> {
    /// Adds the contexts that one definition or extension of a type sets.
    pub(super) fn contexts(&self, def: &mut TypeDef, directives: &DirectiveList) {
        for directive in self.all(directives, Known::Context) {
            if let Some(name) = directive.specified_argument_by_name("name").and_then(|name| name.as_str()) {
                def.contexts.entry(name.to_owned()).or_insert(directive.location());
            }
        }
    }

    /// The context that an argument is set from.
    pub(super) fn contextual(&self, directives: &DirectiveList) -> Option<FromContext> {
        let directive = self.all(directives, Known::FromContext).next()?;
        let field = directive.specified_argument_by_name("field").and_then(|field| field.as_str());
        let text = field.unwrap_or_default().to_owned();
        let mut source = source(&text);
        if let Some(ContextSource { text, selections: Ok(selections), .. }) = &mut source
            && !self.roots.is_empty()
        {
            fieldset::rename_selections(selections, &self.roots);
            *text = format!("{{ {} }}", fieldset::print(selections));
        }
        Some(FromContext { text, span: directive.location(), source })
    }

    fn all<'d>(
        &'d self,
        directives: &'d DirectiveList,
        known: Known,
    ) -> impl Iterator<Item = &'d Node<Directive>> {
        directives.iter().filter(move |directive| self.links().known(&directive.name) == Some(known))
    }
}

/// Reads `$name { selection }`; the braces may be missing around fragments.
fn source(text: &str) -> Option<ContextSource> {
    let rest = skip_ignored(skip_ignored(text).strip_prefix('$')?);
    let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
    let (context, selection) = rest.split_at(end);
    if selection.is_empty() || !context.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        return None;
    }
    let trimmed = selection.trim();
    let selections = match trimmed {
        "" => Err("no selection is made".to_owned()),
        text if text.starts_with('{') => fieldset::selections(text),
        text => fieldset::selections(&format!("{{ {text} }}")),
    };
    Some(ContextSource { context: context.to_owned(), text: selection.to_owned(), selections })
}

/// What GraphQL ignores between two tokens.
fn skip_ignored(text: &str) -> &str {
    let rest = text.trim_start_matches([' ', '\t', '\n', '\r', ',', '\u{feff}']);
    match rest.strip_prefix('#') {
        Some(comment) => skip_ignored(comment.find(['\n', '\r']).map_or("", |end| &comment[end..])),
        None => rest,
    }
}

#[cfg(test)]
mod tests {
    use super::source;

    #[test]
    fn references() {
        let read = |text| source(text).map(|source| (source.context, source.text));
        let owned = |context: &str, text: &str| Some((context.to_owned(), text.to_owned()));
        assert_eq!(read("$c { prop }"), owned("c", " { prop }"));
        assert_eq!(read(" # why\n $ c1... on T { a }"), owned("c1", "... on T { a }"));
        for none in ["", "{ prop }", "c { prop }", "$ { prop }", "$c", "$1c { prop }", "# $c { prop }"] {
            assert_eq!(read(none), None, "{none}");
        }
    }
}
