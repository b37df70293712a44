//! What composition says about the subgraphs it was given: stable codes, places, and how to mend it.

use std::fmt;

/// A finding of composition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The stable, public name of the rule.
    pub code: Code,
    /// Whether the finding prevents a supergraph.
    pub severity: Severity,
    /// What is wrong, in a sentence that names the elements and the subgraphs.
    pub message: String,
    /// Where, in the order of the subgraphs' names; empty when the finding is about no text.
    pub places: Vec<Place>,
    /// How to mend it, where there is a usual way.
    pub help: Option<String>,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// There is no supergraph.
    Error,
    /// The supergraph is good, but something in it is probably not meant.
    Hint,
}

/// A place in a subgraph's SDL; lines and columns count from 1.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The subgraph's name.
    pub subgraph: String,
    /// Line in the subgraph's SDL.
    pub line: usize,
    /// Column in that line, in characters.
    pub column: usize,
}

impl Diagnostic {
    /// Whether this finding prevents a supergraph.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)?;
        for place in &self.places {
            write!(f, "\n  at {place}")?;
        }
        match &self.help {
            Some(help) => write!(f, "\n  help: {help}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.subgraph, self.line, self.column)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Declares the codes once: the variant, its public name, and what it means.
macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $text:literal,)*) => {
        /// The rule that a [`Diagnostic`] comes from; the names are those that Federation's users know.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Code { $($(#[$doc])* $variant,)* }

        impl Code {
            /// Every code there is.
            pub const ALL: &'static [Code] = &[$(Code::$variant),*];

            /// The public name, such as `INVALID_FIELD_SHARING`.
            pub fn as_str(self) -> &'static str {
                match self { $(Code::$variant => $text,)* }
            }
        }
    };
}

codes! {
    /// The SDL doesn't parse or isn't a valid schema.
    InvalidGraphql = "INVALID_GRAPHQL",
    /// Two subgraphs have one name, or a name can't be used.
    InvalidSubgraphName = "INVALID_SUBGRAPH_NAME",
    /// `@link` is used in a way that its specification doesn't allow.
    InvalidLinkDirectiveUsage = "INVALID_LINK_DIRECTIVE_USAGE",
    /// The URL of a `@link` has no name or no version.
    InvalidLinkIdentifier = "INVALID_LINK_IDENTIFIER",
    /// A version of the federation specification that isn't known.
    UnknownFederationLinkVersion = "UNKNOWN_FEDERATION_LINK_VERSION",
    /// A version of another specification that isn't known.
    UnknownLinkVersion = "UNKNOWN_LINK_VERSION",
    /// One specification's element is imported under different names.
    LinkImportNameMismatch = "LINK_IMPORT_NAME_MISMATCH",
    /// A directive that composition can't keep.
    DirectiveCompositionError = "DIRECTIVE_COMPOSITION_ERROR",
    /// A feature that isn't supported by composition.
    UnsupportedFeature = "UNSUPPORTED_FEATURE",
    /// No subgraph has a query.
    NoQueries = "NO_QUERIES",
    /// A type is called `Query` but isn't the query root.
    RootQueryUsed = "ROOT_QUERY_USED",
    /// A type is called `Mutation` but isn't the mutation root.
    RootMutationUsed = "ROOT_MUTATION_USED",
    /// A type is called `Subscription` but isn't the subscription root.
    RootSubscriptionUsed = "ROOT_SUBSCRIPTION_USED",
    /// The query root is `@inaccessible`.
    QueryRootTypeInaccessible = "QUERY_ROOT_TYPE_INACCESSIBLE",
    /// One name is used for types of different kinds.
    TypeKindMismatch = "TYPE_KIND_MISMATCH",
    /// A type is extended everywhere and defined nowhere.
    ExtensionWithNoBase = "EXTENSION_WITH_NO_BASE",
    /// `fields` of `@key` isn't a string.
    KeyInvalidFieldsType = "KEY_INVALID_FIELDS_TYPE",
    /// `fields` of `@key` isn't a valid selection on its type.
    KeyInvalidFields = "KEY_INVALID_FIELDS",
    /// A `@key` selects a field that takes arguments.
    KeyFieldsHasArgs = "KEY_FIELDS_HAS_ARGS",
    /// A `@key` selects a field of a type that can't be part of a key.
    KeyFieldsSelectInvalidType = "KEY_FIELDS_SELECT_INVALID_TYPE",
    /// A directive inside `fields` of `@key`.
    KeyDirectiveInFieldsArg = "KEY_DIRECTIVE_IN_FIELDS_ARG",
    /// `@key` on an interface before federation 2.3.
    KeyUnsupportedOnInterface = "KEY_UNSUPPORTED_ON_INTERFACE",
    /// `fields` of `@requires` isn't a string.
    RequiresInvalidFieldsType = "REQUIRES_INVALID_FIELDS_TYPE",
    /// `fields` of `@requires` isn't a valid selection on its type.
    RequiresInvalidFields = "REQUIRES_INVALID_FIELDS",
    /// A `@requires` selects a field with arguments that it doesn't declare.
    RequiresFieldsHasArgs = "REQUIRES_FIELDS_HAS_ARGS",
    /// A `@requires` selects a field that isn't `@external`.
    RequiresFieldsMissingExternal = "REQUIRES_FIELDS_MISSING_EXTERNAL",
    /// A directive inside `fields` of `@requires`.
    RequiresDirectiveInFieldsArg = "REQUIRES_DIRECTIVE_IN_FIELDS_ARG",
    /// `@requires` on an interface's field.
    RequiresUnsupportedOnInterface = "REQUIRES_UNSUPPORTED_ON_INTERFACE",
    /// `fields` of `@provides` isn't a string.
    ProvidesInvalidFieldsType = "PROVIDES_INVALID_FIELDS_TYPE",
    /// `fields` of `@provides` isn't a valid selection on the field's type.
    ProvidesInvalidFields = "PROVIDES_INVALID_FIELDS",
    /// A `@provides` selects a field that takes arguments.
    ProvidesFieldsHasArgs = "PROVIDES_FIELDS_HAS_ARGS",
    /// A `@provides` selects a field that isn't `@external`.
    ProvidesFieldsMissingExternal = "PROVIDES_FIELDS_MISSING_EXTERNAL",
    /// A directive inside `fields` of `@provides`.
    ProvidesDirectiveInFieldsArg = "PROVIDES_DIRECTIVE_IN_FIELDS_ARG",
    /// `@provides` on an interface's field.
    ProvidesUnsupportedOnInterface = "PROVIDES_UNSUPPORTED_ON_INTERFACE",
    /// `@provides` on a field that returns no object.
    ProvidesOnNonObjectField = "PROVIDES_ON_NON_OBJECT_FIELD",
    /// An `@external` field that nothing uses.
    ExternalUnused = "EXTERNAL_UNUSED",
    /// A field is `@external` wherever it stands.
    ExternalMissingOnBase = "EXTERNAL_MISSING_ON_BASE",
    /// An `@external` field whose type isn't the one of the field it stands for.
    ExternalTypeMismatch = "EXTERNAL_TYPE_MISMATCH",
    /// An `@external` field without an argument of the field it stands for.
    ExternalArgumentMissing = "EXTERNAL_ARGUMENT_MISSING",
    /// An `@external` field with an argument of another type.
    ExternalArgumentTypeMismatch = "EXTERNAL_ARGUMENT_TYPE_MISMATCH",
    /// `@external` on an interface's field.
    ExternalOnInterface = "EXTERNAL_ON_INTERFACE",
    /// `@tag` or `@inaccessible` on an `@external` field.
    MergedDirectiveApplicationOnExternal = "MERGED_DIRECTIVE_APPLICATION_ON_EXTERNAL",
    /// `@shareable` where nothing can be shared.
    InvalidShareableUsage = "INVALID_SHAREABLE_USAGE",
    /// Several subgraphs resolve a field that isn't shareable.
    InvalidFieldSharing = "INVALID_FIELD_SHARING",
    /// A subgraph overrides its own field.
    OverrideFromSelf = "OVERRIDE_FROM_SELF_ERROR",
    /// `@override` beside a directive that contradicts it.
    OverrideCollision = "OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE",
    /// `@override` on an interface's field.
    OverrideOnInterface = "OVERRIDE_ON_INTERFACE",
    /// The overridden field overrides another one.
    OverrideSourceHasOverride = "OVERRIDE_SOURCE_HAS_OVERRIDE",
    /// A label of `@override` that isn't well formed.
    OverrideLabelInvalid = "OVERRIDE_LABEL_INVALID",
    /// The output types of a field don't fit together.
    FieldTypeMismatch = "FIELD_TYPE_MISMATCH",
    /// The types of an argument don't fit together.
    FieldArgumentTypeMismatch = "FIELD_ARGUMENT_TYPE_MISMATCH",
    /// An argument has different defaults.
    FieldArgumentDefaultMismatch = "FIELD_ARGUMENT_DEFAULT_MISMATCH",
    /// A required argument isn't in every subgraph.
    RequiredArgumentMissing = "REQUIRED_ARGUMENT_MISSING_IN_SOME_SUBGRAPH",
    /// An input field has different defaults.
    InputFieldDefaultMismatch = "INPUT_FIELD_DEFAULT_MISMATCH",
    /// A required input field isn't in every subgraph.
    RequiredInputFieldMissing = "REQUIRED_INPUT_FIELD_MISSING_IN_SOME_SUBGRAPH",
    /// The subgraphs have no field of an input type in common.
    EmptyMergedInputType = "EMPTY_MERGED_INPUT_TYPE",
    /// The subgraphs have no value of an enum in common.
    EmptyMergedEnumType = "EMPTY_MERGED_ENUM_TYPE",
    /// An enum that is used for input and output has different values.
    EnumValueMismatch = "ENUM_VALUE_MISMATCH",
    /// An implementation lacks a field that its interface has after merging.
    InterfaceFieldNoImplem = "INTERFACE_FIELD_NO_IMPLEM",
    /// `@interfaceObject` isn't used as it must be.
    InterfaceObjectUsageError = "INTERFACE_OBJECT_USAGE_ERROR",
    /// An implementation lacks the key of its interface.
    InterfaceKeyNotOnImplementation = "INTERFACE_KEY_NOT_ON_IMPLEMENTATION",
    /// A subgraph with a key on an interface lacks implementations that others have.
    InterfaceKeyMissingImplementationType = "INTERFACE_KEY_MISSING_IMPLEMENTATION_TYPE",
    /// A type whose parts are all `@inaccessible`.
    OnlyInaccessibleChildren = "ONLY_INACCESSIBLE_CHILDREN",
    /// An `@inaccessible` type is used by something that isn't.
    ReferencedInaccessible = "REFERENCED_INACCESSIBLE",
    /// An `@inaccessible` field implements one that isn't.
    ImplementedByInaccessible = "IMPLEMENTED_BY_INACCESSIBLE",
    /// A required input is `@inaccessible`.
    RequiredInaccessible = "REQUIRED_INACCESSIBLE",
    /// A default uses an `@inaccessible` element.
    DefaultValueUsesInaccessible = "DEFAULT_VALUE_USES_INACCESSIBLE",
    /// `@authenticated`, `@requiresScopes` or `@policy` on an interface, which takes them from its implementations.
    AuthRequirementsOnInterface = "AUTH_REQUIREMENTS_APPLIED_ON_INTERFACE",
    /// A field whose `@requires` reads what its own demands don't cover.
    MissingTransitiveAuthRequirements = "MISSING_TRANSITIVE_AUTH_REQUIREMENTS",
    /// `@cost` on an interface's field.
    CostAppliedToInterfaceField = "COST_APPLIED_TO_INTERFACE_FIELD",
    /// `@listSize` on a field that is no list.
    ListSizeAppliedToNonList = "LIST_SIZE_APPLIED_TO_NON_LIST",
    /// `assumedSize` of `@listSize` is negative.
    ListSizeInvalidAssumedSize = "LIST_SIZE_INVALID_ASSUMED_SIZE",
    /// `slicingArguments` of `@listSize` names what isn't an integer argument.
    ListSizeInvalidSlicingArgument = "LIST_SIZE_INVALID_SLICING_ARGUMENT",
    /// `sizedFields` of `@listSize` names what isn't a list field.
    ListSizeInvalidSizedField = "LIST_SIZE_INVALID_SIZED_FIELD",
    /// A directive's definition isn't the one of its specification.
    DirectiveDefinitionInvalid = "DIRECTIVE_DEFINITION_INVALID",
    /// A type's definition isn't the one of its specification.
    TypeDefinitionInvalid = "TYPE_DEFINITION_INVALID",
    /// A query of the supergraph that the subgraphs can't answer.
    SatisfiabilityError = "SATISFIABILITY_ERROR",
    /// The satisfiability check stopped at its bound.
    SatisfiabilityLimit = "MAX_VALIDATION_SUBGRAPH_PATHS_EXCEEDED",
    /// An argument that some subgraphs lack is left out.
    InconsistentArgumentPresence = "INCONSISTENT_ARGUMENT_PRESENCE",
    /// An input field that some subgraphs lack is left out.
    InconsistentInputObjectField = "INCONSISTENT_INPUT_OBJECT_FIELD",
    /// A value of an input enum that some subgraphs lack is left out.
    InconsistentEnumValueForInput = "INCONSISTENT_ENUM_VALUE_FOR_INPUT_ENUM",
    /// `@override` names a subgraph that isn't there.
    FromSubgraphDoesNotExist = "FROM_SUBGRAPH_DOES_NOT_EXIST",
    /// The overridden field is gone, so `@override` can go, too.
    OverrideDirectiveCanBeRemoved = "OVERRIDE_DIRECTIVE_CAN_BE_REMOVED",
}

/// Collects findings, so that all of them are told at once.
#[derive(Debug, Default)]
pub(super) struct Report {
    diagnostics: Vec<Diagnostic>,
}

impl Report {
    /// Adds an error; the result takes places and help.
    pub(super) fn error(&mut self, code: Code, message: impl Into<String>) -> &mut Diagnostic {
        self.add(code, Severity::Error, message.into())
    }

    /// Adds a hint; the result takes places and help.
    pub(super) fn hint(&mut self, code: Code, message: impl Into<String>) -> &mut Diagnostic {
        self.add(code, Severity::Hint, message.into())
    }

    pub(super) fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }

    /// Errors first, otherwise in the order of finding, which follows the subgraphs' names.
    pub(super) fn into_diagnostics(mut self) -> Vec<Diagnostic> {
        self.diagnostics.sort_by_key(|d| !d.is_error());
        self.diagnostics
    }

    fn add(&mut self, code: Code, severity: Severity, message: String) -> &mut Diagnostic {
        let at = self.diagnostics.len();
        self.diagnostics.push(Diagnostic { code, severity, message, places: Vec::new(), help: None });
        &mut self.diagnostics[at]
    }
}

impl Diagnostic {
    pub(super) fn at(&mut self, places: impl IntoIterator<Item = Place>) -> &mut Self {
        self.places.extend(places);
        self
    }

    pub(super) fn help(&mut self, text: impl Into<String>) -> &mut Self {
        self.help = Some(text.into());
        self
    }
}

/// `"a"`, `"a" and "b"`, `"a", "b" and "c"`.
pub(super) fn and_list<T: fmt::Display>(items: impl IntoIterator<Item = T>) -> String {
    let mut quoted: Vec<String> = items.into_iter().map(|item| format!("\"{item}\"")).collect();
    let Some(last) = quoted.pop() else { return String::new() };
    if quoted.is_empty() { last } else { format!("{} and {last}", quoted.join(", ")) }
}
