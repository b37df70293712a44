//! `@link`: which specifications a subgraph uses, and under which names it writes their directives.

use std::collections::HashMap;

use apollo_compiler::ast::{Definition, Directive, DirectiveList, Document, Value};
use apollo_compiler::parser::SourceSpan;
use apollo_compiler::{Name, Node};

use super::diagnostic::Code;
use super::model::Version;
use super::spec::{self, Known};

/// Specifications whose directives speak to the gateway; they survive composition as `@join__directive`.
const JOINED_SPECS: &[&str] = &["https://tributary.dev/events"];

const FEDERATION: &str = "https://specs.apollo.dev/federation";
const LINK: &str = "https://specs.apollo.dev/link";
const APOLLO: &str = "https://specs.apollo.dev/";

/// Other specifications of Apollo that can be linked for themselves, with the directive that each has.
const SEPARATE_SPECS: &[(&str, &[&str], &[Known])] = &[
    ("link", &["v1.0"], &[Known::Link]),
    ("core", &["v0.1", "v0.2"], &[]),
    ("join", &["v0.1", "v0.2", "v0.3", "v0.4", "v0.5"], &[]),
    ("tag", &["v0.1", "v0.2", "v0.3"], &[Known::Tag]),
    ("inaccessible", &["v0.1", "v0.2"], &[Known::Inaccessible]),
    ("authenticated", &["v0.1"], &[Known::Authenticated]),
    ("requiresScopes", &["v0.1"], &[Known::RequiresScopes]),
    ("policy", &["v0.1"], &[Known::Policy]),
    ("context", &["v0.1"], &[Known::Context, Known::FromContext]),
    ("cost", &["v0.1"], &[Known::Cost, Known::ListSize]),
];

/// What a subgraph's `@link`s and `@composeDirective`s say.
#[derive(Default)]
pub(super) struct Links {
    pub(super) federation: Version,
    /// Where federation is linked.
    pub(super) federation_span: Option<SourceSpan>,
    /// The directives with a meaning for composition, by the name that they have in this subgraph.
    known: HashMap<Name, Known>,
    /// Every specification that isn't Apollo's.
    pub(super) foreign: Vec<Link>,
    /// What `@composeDirective` names (without `@`), and where.
    pub(super) composed: Vec<(String, Option<SourceSpan>)>,
    /// What it names that survives without.
    pub(super) composed_anyway: Vec<(String, Option<SourceSpan>)>,
    /// What federation's scalars are called here.
    pub(super) scalars: Vec<Name>,
    /// Names under which elements of Apollo's specifications are imported: (element, name here).
    pub(super) imports: Vec<Import>,
}

/// One `@link`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Link {
    /// The URL without its version.
    pub(super) identity: String,
    pub(super) version: Option<String>,
    /// The prefix of what isn't imported by name.
    pub(super) prefix: String,
    pub(super) imports: Vec<Import>,
    /// As it stands in the subgraph, for those that survive.
    pub(super) directive: Node<Directive>,
}

/// An imported element: `"@key"`, or `{ name: "@key", as: "@k" }`. Directives keep their `@`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Import {
    pub(super) element: String,
    pub(super) local: String,
}

impl Default for Version {
    fn default() -> Self {
        Version::V1
    }
}

impl Link {
    /// Whether the specification's directives go to the gateway as `@join__directive`.
    pub(super) fn is_joined(&self) -> bool {
        JOINED_SPECS.contains(&self.identity.as_str())
    }

    /// The specification's own name for a directive that is written `@local` here.
    pub(super) fn element_of(&self, local: &str) -> Option<&str> {
        let imported = self.imports.iter().find(|import| import.local.strip_prefix('@') == Some(local));
        match imported {
            Some(import) => import.element.strip_prefix('@'),
            None => None,
        }
        .or_else(|| (local == self.prefix).then_some(self.prefix.as_str()))
    }

    /// Whether `@local` is one of this specification's directives, imported or by prefix.
    pub(super) fn owns(&self, local: &str) -> bool {
        self.element_of(local).is_some()
            || local.split_once("__").is_some_and(|(prefix, _)| prefix == self.prefix)
    }
}

impl Links {
    /// What `@name` means to composition here.
    pub(super) fn known(&self, name: &str) -> Option<Known> {
        self.known.get(name).copied()
    }

    /// The names that have a meaning here, in a fixed order.
    pub(super) fn known_names(&self) -> Vec<(&Name, Known)> {
        let mut names: Vec<_> = self.known.iter().map(|(name, known)| (name, *known)).collect();
        names.sort();
        names
    }

    pub(super) fn is_composed(&self, name: &str) -> bool {
        self.composed.iter().any(|(composed, _)| composed == name)
    }

    /// The link to a gateway specification that owns `@name`.
    pub(super) fn joined(&self, name: &str) -> Option<&Link> {
        self.foreign.iter().find(|link| link.is_joined() && link.owns(name))
    }

    fn add(&mut self, local: &str, known: Known) {
        if let Ok(name) = Name::new(local) {
            self.known.insert(name, known);
        }
    }

    fn add_scalar(&mut self, local: &str) {
        if let Ok(name) = Name::new(local)
            && !self.scalars.contains(&name)
        {
            self.scalars.push(name);
        }
    }
}

/// A finding about a link, before the subgraph that it stands in is there to say the place.
pub(super) struct LinkError {
    pub(super) code: Code,
    pub(super) message: String,
    pub(super) span: Option<SourceSpan>,
}

/// Reads the links of a document. What is wrong is told, and left out of the result.
pub(super) fn read(document: &Document) -> (Links, Vec<LinkError>) {
    let mut reader = Reader::default();
    let all = || schema_directives(document).flat_map(|list| list.iter());
    let renamed = all().find(|directive| names_itself(directive)).map(|directive| directive.name.as_str());
    let link = renamed.unwrap_or(Known::Link.name());
    for directive in all().filter(|directive| directive.name == link) {
        reader.read(directive);
    }
    reader.links.add(link, Known::Link);
    reader.finish(document)
}

/// Whether it links the specification of links, under the name that it has itself.
fn names_itself(directive: &Directive) -> bool {
    let argument = |name| directive.specified_argument_by_name(name);
    let text = |name| argument(name).and_then(|value| value.as_str());
    let items = argument("import").and_then(|list| list.as_list()).unwrap_or_default();
    let mut imports = items.iter().filter_map(|item| import(item));
    let imported = imports.find(|import| import.element == "@link");
    let local = imported.as_ref().and_then(|import| import.local.strip_prefix('@')).or(text("as"));
    let links_links = text("url").is_some_and(|url| split_version(url).0 == LINK);
    links_links && local.is_some_and(|local| directive.name == local)
}

/// The directives of the schema and of its extensions.
pub(super) fn schema_directives(document: &Document) -> impl Iterator<Item = &DirectiveList> {
    document.definitions.iter().filter_map(|definition| match definition {
        Definition::SchemaDefinition(schema) => Some(&schema.directives),
        Definition::SchemaExtension(schema) => Some(&schema.directives),
        _ => None,
    })
}

#[derive(Default)]
struct Reader {
    links: Links,
    seen: Vec<String>,
    errors: Vec<LinkError>,
}

impl Reader {
    fn read(&mut self, directive: &Node<Directive>) {
        let Some(url) = directive.specified_argument_by_name("url").and_then(|url| url.as_str()) else {
            return self.error(
                directive,
                Code::InvalidLinkDirectiveUsage,
                "a @link needs a url that is a string",
            );
        };
        let (identity, version) = split_version(url);
        if self.seen.contains(&identity) {
            let message = format!("Duplicate inclusion of feature {identity}");
            return self.error(directive, Code::InvalidLinkDirectiveUsage, message);
        }
        self.seen.push(identity.clone());
        let Some(imports) = self.imports(directive) else { return };
        let alias = directive.specified_argument_by_name("as").and_then(|name| name.as_str());
        let spec = identity.rsplit('/').next().unwrap_or_default();
        let prefix = alias.unwrap_or(spec).to_owned();
        let link = Link { identity, version, prefix, imports, directive: directive.clone() };
        if link.identity.starts_with(APOLLO) || format!("{}/", link.identity) == APOLLO {
            self.apollo(&link);
        } else {
            self.links.foreign.push(link);
        }
    }

    fn imports(&mut self, directive: &Node<Directive>) -> Option<Vec<Import>> {
        let Some(list) = directive.specified_argument_by_name("import") else { return Some(Vec::new()) };
        let Some(items) = list.as_list() else {
            self.error(directive, Code::InvalidLinkDirectiveUsage, "the import of a @link must be a list");
            return None;
        };
        let mut imports = Vec::new();
        for item in items {
            match import(item) {
                Some(import) => imports.push(import),
                None => {
                    let message = format!("Invalid import binding in @link: {item}");
                    self.error(directive, Code::InvalidLinkDirectiveUsage, message);
                }
            }
        }
        Some(imports)
    }

    fn apollo(&mut self, link: &Link) {
        let Some(version) = &link.version.as_ref().filter(|_| link.identity.starts_with(APOLLO)) else {
            let message = format!("Missing version in feature url '{}'; it ends with /vX.Y", link.identity);
            return self.error(&link.directive, Code::InvalidLinkIdentifier, message);
        };
        for import in &link.imports {
            if spec::SCALARS.contains(&import.element.as_str()) {
                self.links.add_scalar(&import.local);
            }
            self.links.imports.push(import.clone());
        }
        if link.identity == FEDERATION {
            return self.federation(link, version);
        }
        let spec = link.identity.strip_prefix(APOLLO).unwrap_or_default();
        let Some((_, versions, elements)) = SEPARATE_SPECS.iter().find(|(name, ..)| *name == spec) else {
            self.links.foreign.push(link.clone());
            return;
        };
        if !versions.contains(&version.as_str()) {
            let message = format!("Schema uses unknown version {version} of the {spec} spec");
            return self.error(&link.directive, Code::UnknownLinkVersion, message);
        }
        for &known in *elements {
            let element = known.name();
            let imported =
                link.imports.iter().find(|import| import.element.strip_prefix('@') == Some(element));
            let local = match imported {
                Some(import) => import.local.trim_start_matches('@').to_owned(),
                // A specification's directive of the same name is there without being imported.
                None if element == spec => link.prefix.clone(),
                None => format!("{}__{element}", link.prefix),
            };
            self.links.add(&local, known);
        }
    }

    fn federation(&mut self, link: &Link, version: &str) {
        let Some(version) = spec::federation_version(version) else {
            let message =
                format!("Invalid version {version} for the federation feature in @link directive on schema");
            return self.error(&link.directive, Code::UnknownFederationLinkVersion, message);
        };
        self.links.federation = version;
        self.links.federation_span = link.directive.location();
        for known in spec::directives(version) {
            self.links.add(&format!("{}__{}", link.prefix, known.name()), known);
        }
        for scalar in spec::SCALARS {
            self.links.add_scalar(&format!("{}__{scalar}", link.prefix));
        }
        for import in &link.imports {
            let Some(element) = import.element.strip_prefix('@') else {
                if !spec::TYPES.contains(&import.element.as_str()) {
                    self.unknown_import(link, import);
                }
                continue;
            };
            match spec::directives(version).find(|known| known.name() == element) {
                Some(known) => self.links.add(import.local.trim_start_matches('@'), known),
                None => self.unknown_import(link, import),
            }
        }
    }

    fn unknown_import(&mut self, link: &Link, import: &Import) {
        let message = format!("Cannot import unknown element \"{}\".", import.element);
        self.error(&link.directive, Code::InvalidLinkDirectiveUsage, message);
    }

    fn finish(mut self, document: &Document) -> (Links, Vec<LinkError>) {
        if self.links.federation == Version::V1 {
            for known in spec::directives(Version::V1) {
                self.links.add(known.name(), known);
            }
        }
        for known in [Known::Deprecated, Known::SpecifiedBy, Known::OneOf] {
            self.links.add(known.name(), known);
        }
        for directive in schema_directives(document).flat_map(|list| list.iter()) {
            if self.links.known(&directive.name) == Some(Known::ComposeDirective) {
                let named = directive.specified_argument_by_name("name").and_then(|name| name.as_str());
                match named.and_then(|name| name.strip_prefix('@')) {
                    Some(name) => {
                        let anyway = self.links.known(name).is_some_and(Known::is_carried_over);
                        let list =
                            if anyway { &mut self.links.composed_anyway } else { &mut self.links.composed };
                        list.push((name.to_owned(), directive.location()));
                    }
                    None => {
                        let message = "Argument to @composeDirective in subgraph must be the name of a directive, with a leading \"@\"";
                        self.error(directive, Code::DirectiveCompositionError, message);
                    }
                }
            }
        }
        let cache = Known::CacheControl.name();
        // It is no specification's, unless somebody says of which.
        if !self.links.is_composed(cache) && !self.links.foreign.iter().any(|link| link.owns(cache)) {
            self.links.add(cache, Known::CacheControl);
        }
        (self.links, self.errors)
    }

    fn error(&mut self, directive: &Node<Directive>, code: Code, message: impl Into<String>) {
        self.errors.push(LinkError { code, message: message.into(), span: directive.location() });
    }
}

fn import(item: &Value) -> Option<Import> {
    if let Some(name) = item.as_str() {
        return Some(Import { element: name.to_owned(), local: name.to_owned() });
    }
    let fields = item.as_object()?;
    let get = |key: &str| fields.iter().find(|(name, _)| name == key).and_then(|(_, value)| value.as_str());
    let element = get("name")?;
    let local = get("as").unwrap_or(element);
    // A directive can't be imported as a type, nor the other way round.
    (element.starts_with('@') == local.starts_with('@'))
        .then(|| Import { element: element.to_owned(), local: local.to_owned() })
}

/// `https://x/y/v1.0` is the identity `https://x/y` in version `v1.0`.
fn split_version(url: &str) -> (String, Option<String>) {
    let url = url.trim_end_matches('/');
    match url.rsplit_once('/') {
        Some((identity, version)) if spec::is_version(version) => {
            (identity.to_owned(), Some(version.to_owned()))
        }
        _ => (url.to_owned(), None),
    }
}
