//! The codes: one for each rule, with its public name.

use std::fmt;

/// Declares the codes once: the variant, its public name, and what it means.
macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $text:literal,)*) => {
        /// The rule that a [`Diagnostic`](super::Diagnostic) comes from; the names are those that Federation's users know.
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
    /// An `@external` field with an argument of another default.
    ExternalArgumentDefaultMismatch = "EXTERNAL_ARGUMENT_DEFAULT_MISMATCH",
    /// `@external` beside a directive that only a field's own subgraph can use.
    ExternalCollision = "EXTERNAL_COLLISION_WITH_ANOTHER_DIRECTIVE",
    /// A type of federation 1 of which nothing is left without its unused `@external` fields.
    TypeWithOnlyUnusedExternal = "TYPE_WITH_ONLY_UNUSED_EXTERNAL",
    /// `@external` on an interface's field.
    ExternalOnInterface = "EXTERNAL_ON_INTERFACE",
    /// `@tag` or `@inaccessible` on an `@external` field.
    MergedDirectiveApplicationOnExternal = "MERGED_DIRECTIVE_APPLICATION_ON_EXTERNAL",
    /// `@shareable` where nothing can be shared.
    InvalidShareableUsage = "INVALID_SHAREABLE_USAGE",
    /// Several subgraphs resolve a field that isn't shareable.
    InvalidFieldSharing = "INVALID_FIELD_SHARING",
    /// A shared field whose subgraphs can't return objects of one type.
    ShareableHasMismatchedRuntimeTypes = "SHAREABLE_HAS_MISMATCHED_RUNTIME_TYPES",
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
    /// `@inaccessible` on what GraphQL or a specification defines.
    DisallowedInaccessible = "DISALLOWED_INACCESSIBLE",
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
    /// A format of `@cacheTag` that doesn't make one string.
    CacheTagInvalidFormat = "CACHE_TAG_INVALID_FORMAT",
    /// `@cacheTag` on a field whose type is no root.
    CacheTagAppliedToNonRootField = "CACHE_TAG_APPLIED_TO_NON_ROOT_FIELD",
    /// `@cacheTag` on a root field uses something else than its arguments.
    CacheTagInvalidFormatArgumentOnRootField = "CACHE_TAG_INVALID_FORMAT_ARGUMENT_ON_ROOT_FIELD",
    /// `@cacheTag` on a type uses something else than what all of its keys have.
    CacheTagInvalidFormatArgumentOnEntity = "CACHE_TAG_INVALID_FORMAT_ARGUMENT_ON_ENTITY",
    /// `@cacheTag` on a type that can't be looked up by a key.
    CacheTagEntityNotResolvable = "CACHE_TAG_ENTITY_NOT_RESOLVABLE",
    /// A root type under another name that is a union's member or implements an interface.
    RenamedRootInAbstractType = "RENAMED_ROOT_IN_ABSTRACT_TYPE",
    /// `@event` where no event can be.
    EventUsageInvalid = "EVENT_USAGE_INVALID",
    /// `subject` of `@event` isn't a subject of events.
    EventSubjectInvalid = "EVENT_SUBJECT_INVALID",
    /// `where` of `@event` can't be evaluated on the event's payload.
    EventFilterInvalid = "EVENT_FILTER_INVALID",
    /// `version` of `@event` doesn't name a field with one value.
    EventVersionInvalid = "EVENT_VERSION_INVALID",
    /// A name of `@context` that isn't made of letters and digits.
    ContextNameInvalid = "CONTEXT_NAME_INVALID",
    /// `@fromContext` where no context can be, or of one that nothing sets.
    ContextNotSet = "CONTEXT_NOT_SET",
    /// `@fromContext` selects something else than one value of the argument's type.
    ContextInvalidSelection = "CONTEXT_INVALID_SELECTION",
    /// `@fromContext` doesn't name a context.
    NoContextInSelection = "NO_CONTEXT_IN_SELECTION",
    /// A type with an argument from a context can't be looked up by key, as setting the argument may need.
    ContextNoResolvableKey = "CONTEXT_NO_RESOLVABLE_KEY",
    /// An argument comes from a context in one subgraph, and from the client in another.
    ContextualArgumentNotContextual = "CONTEXTUAL_ARGUMENT_NOT_CONTEXTUAL_IN_ALL_SUBGRAPHS",
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
    /// A shared field whose subgraphs can return objects of different types, some of them the same.
    InconsistentRuntimeTypes = "INCONSISTENT_RUNTIME_TYPES_FOR_SHAREABLE_RETURN",
    /// The output types of a field differ, and fit together.
    InconsistentButCompatibleFieldType = "INCONSISTENT_BUT_COMPATIBLE_FIELD_TYPE",
    /// The types of an argument or input field differ, and fit together.
    InconsistentButCompatibleArgumentType = "INCONSISTENT_BUT_COMPATIBLE_ARGUMENT_TYPE",
    /// Only some subgraphs give a default, so there is none.
    InconsistentDefaultValuePresence = "INCONSISTENT_DEFAULT_VALUE_PRESENCE",
    /// A type has a `@key` in some of its subgraphs only.
    InconsistentEntity = "INCONSISTENT_ENTITY",
    /// An object type without a `@key` has a field in some of its subgraphs only.
    InconsistentObjectValueTypeField = "INCONSISTENT_OBJECT_VALUE_TYPE_FIELD",
    /// An interface without a `@key` has a field in some of its subgraphs only.
    InconsistentInterfaceValueTypeField = "INCONSISTENT_INTERFACE_VALUE_TYPE_FIELD",
    /// One element has several descriptions, of which the most frequent one is kept.
    InconsistentDescription = "INCONSISTENT_DESCRIPTION",
    /// A directive that can stand once has different arguments, of which the first are kept.
    InconsistentNonRepeatableDirectiveArguments = "INCONSISTENT_NON_REPEATABLE_DIRECTIVE_ARGUMENTS",
    /// A directive that can stand once has different arguments, which are merged.
    MergedNonRepeatableDirectiveArguments = "MERGED_NON_REPEATABLE_DIRECTIVE_ARGUMENTS",
    /// A directive for queries that some subgraphs lack is left out.
    InconsistentExecutableDirectivePresence = "INCONSISTENT_EXECUTABLE_DIRECTIVE_PRESENCE",
    /// A directive for queries that may stand elsewhere in each subgraph.
    InconsistentExecutableDirectiveLocations = "INCONSISTENT_EXECUTABLE_DIRECTIVE_LOCATIONS",
    /// A directive for queries that may stand nowhere in all subgraphs, and is left out.
    NoExecutableDirectiveIntersection = "NO_EXECUTABLE_DIRECTIVE_INTERSECTION",
    /// A directive for queries that only some subgraphs let repeat.
    InconsistentExecutableDirectiveRepeatable = "INCONSISTENT_EXECUTABLE_DIRECTIVE_REPEATABLE",
    /// `@composeDirective` names a directive that survives without.
    DirectiveCompositionInfo = "DIRECTIVE_COMPOSITION_INFO",
    /// A directive for the gateway stands where the supergraph can't say it, and is left out.
    DirectiveCompositionWarn = "DIRECTIVE_COMPOSITION_WARN",
    /// A field that another subgraph has taken over can go.
    OverriddenFieldCanBeRemoved = "OVERRIDDEN_FIELD_CAN_BE_REMOVED",
    /// A field is being taken over, for some of the requests.
    OverrideMigrationInProgress = "OVERRIDE_MIGRATION_IN_PROGRESS",
    /// `@override` names a subgraph that isn't there.
    FromSubgraphDoesNotExist = "FROM_SUBGRAPH_DOES_NOT_EXIST",
    /// The overridden field is gone, so `@override` can go, too.
    OverrideDirectiveCanBeRemoved = "OVERRIDE_DIRECTIVE_CAN_BE_REMOVED",
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
