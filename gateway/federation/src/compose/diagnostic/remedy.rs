//! How to mend what a rule finds, where the finding itself doesn't say it better.

use super::Code::{self, *};

/// The usual way to mend an error; hints only tell.
pub(super) fn remedy(code: Code) -> Option<&'static str> {
    REMEDIES.iter().find(|(codes, _)| codes.contains(&code)).map(|(_, text)| *text)
}

const REMEDIES: &[(&[Code], &str)] = &[
    (&[InvalidGraphql], "correct the SDL at this place; what it hides shows afterwards"),
    (&[InvalidSubgraphName], "give every subgraph a name of its own"),
    (&[InvalidLinkDirectiveUsage], "link each specification once, and import what its version has"),
    (&[InvalidLinkIdentifier], "end the URL with the specification's name and version: https://…/name/v1.0"),
    (&[UnknownFederationLinkVersion], "link a version of federation from v2.0 to v2.13"),
    (&[UnknownLinkVersion], "link a published version of the specification"),
    (&[LinkImportNameMismatch], "import the directive under one name in all subgraphs"),
    (
        &[DirectiveCompositionError],
        "compose a directive of a linked specification, under one name everywhere",
    ),
    (&[NoQueries], "give one of the subgraphs a type Query with a field"),
    (
        &[RootQueryUsed, RootMutationUsed, RootSubscriptionUsed],
        "rename the type, or make it the root type of its operation",
    ),
    (&[QueryRootTypeInaccessible], "put @inaccessible on single fields of Query"),
    (&[TypeKindMismatch], "define the type as one kind in all subgraphs, or rename it in some"),
    (&[ExtensionWithNoBase], "define the type without `extend` or @extends in the subgraph that owns it"),
    (
        &[KeyInvalidFieldsType, RequiresInvalidFieldsType, ProvidesInvalidFieldsType],
        "write the fields as one string: fields: \"id name\"",
    ),
    (&[KeyInvalidFields], "select fields that the type has in this subgraph"),
    (
        &[RequiresInvalidFields, ProvidesInvalidFields],
        "select fields that the type has in this subgraph, and declare there what is @external",
    ),
    (&[KeyFieldsHasArgs, ProvidesFieldsHasArgs], "select fields without arguments"),
    (&[KeyFieldsSelectInvalidType], "select scalars, enums and objects"),
    (
        &[KeyDirectiveInFieldsArg, RequiresDirectiveInFieldsArg, ProvidesDirectiveInFieldsArg],
        "remove the directive from the selection",
    ),
    (&[KeyUnsupportedOnInterface], "link federation v2.3 or later, or remove the @key"),
    (
        &[RequiresUnsupportedOnInterface, ProvidesUnsupportedOnInterface, OverrideOnInterface],
        "put the directive on the fields of the implementing objects",
    ),
    (
        &[RequiresFieldsMissingExternal, ProvidesFieldsMissingExternal],
        "mark the field @external if another subgraph resolves it, else take it out of the selection",
    ),
    (
        &[ProvidesOnNonObjectField],
        "remove @provides, or let the field return the object it provides fields of",
    ),
    (&[ExternalUnused], "remove the field, or the @external"),
    (&[ExternalMissingOnBase], "define the field without @external in the subgraph that resolves it"),
    (
        &[ExternalTypeMismatch, ExternalArgumentMissing, ExternalArgumentTypeMismatch],
        "declare the external field as it is where it is resolved",
    ),
    (&[ExternalArgumentDefaultMismatch], "give the argument the default that it has where it is resolved"),
    (&[ExternalOnInterface], "mark the fields of the implementing objects @external instead"),
    (&[ExternalCollision], "remove one of the two directives"),
    (&[TypeWithOnlyUnusedExternal], "give the type the @key by which its owner knows it"),
    (
        &[MergedDirectiveApplicationOnExternal],
        "put the directive on the field in the subgraph that resolves it",
    ),
    (&[InvalidShareableUsage], "remove @shareable: only fields of objects can be shared"),
    (&[InvalidFieldSharing], "mark the field @shareable wherever it is resolved, or keep it in one subgraph"),
    (&[ShareableHasMismatchedRuntimeTypes], "let all subgraphs return the same types"),
    (&[OverrideFromSelf], "name the subgraph that had the field before"),
    (&[OverrideCollision], "remove one of the two directives"),
    (&[OverrideSourceHasOverride], "keep one @override, on the subgraph that the field moves to"),
    (&[OverrideLabelInvalid], "use a label such as percent(10)"),
    (&[FieldTypeMismatch], "give the field one type, or types of which one contains the others"),
    (&[FieldArgumentTypeMismatch], "give the argument one type, or types that only differ in `!`"),
    (&[FieldArgumentDefaultMismatch, InputFieldDefaultMismatch], "use one default, or none"),
    (
        &[RequiredArgumentMissing, RequiredInputFieldMissing],
        "make it optional, or add it in the other subgraphs",
    ),
    (&[EmptyMergedInputType], "give the subgraphs a field in common, or let each have a type of its own"),
    (&[EmptyMergedEnumType], "give the subgraphs a value in common, or let each have an enum of its own"),
    (&[EnumValueMismatch], "add the value in the other subgraphs"),
    (&[InterfaceFieldNoImplem], "add the field to the type in one of its subgraphs"),
    (
        &[InterfaceObjectUsageError],
        "give the type a @key, and define the interface with its objects in another subgraph",
    ),
    (&[InterfaceKeyNotOnImplementation], "give every implementing object the interface's @key"),
    (
        &[InterfaceKeyMissingImplementationType],
        "define the missing types there, or make it an @interfaceObject",
    ),
    (&[OnlyInaccessibleChildren], "mark the type @inaccessible, too, or leave a part of it visible"),
    (&[ReferencedInaccessible], "mark what refers to the type @inaccessible, too"),
    (&[ImplementedByInaccessible], "mark the interface's field @inaccessible, too"),
    (&[RequiredInaccessible], "make it nullable, or give it a default"),
    (&[DefaultValueUsesInaccessible], "use a visible value as the default"),
    (&[DisallowedInaccessible], "remove @inaccessible from what a specification defines"),
    (&[AuthRequirementsOnInterface], "put the directive on the implementing objects and their fields"),
    (&[MissingTransitiveAuthRequirements], "demand of the field what its sources demand"),
    (&[CostAppliedToInterfaceField], "put @cost on the fields of the implementing objects"),
    (&[ListSizeAppliedToNonList], "name fields that are lists"),
    (&[ListSizeInvalidAssumedSize], "use a size that isn't negative"),
    (&[ListSizeInvalidSlicingArgument], "name arguments of the field that are integers"),
    (&[ListSizeInvalidSizedField], "name list fields of the returned type, or return a list"),
    (&[CacheTagInvalidFormat], "fill in single values: \"user-{$key.id}\", \"user-{$args.id}\""),
    (
        &[CacheTagAppliedToNonRootField],
        "put @cacheTag on a field of a root type, or on a type that has a @key",
    ),
    (&[CacheTagInvalidFormatArgumentOnRootField], "fill in arguments of the field: {$args.id}"),
    (
        &[CacheTagInvalidFormatArgumentOnEntity],
        "fill in fields that every @key of the type has in this subgraph: {$key.id}",
    ),
    (&[CacheTagEntityNotResolvable], "give the type a @key that this subgraph resolves"),
    (&[ContextNameInvalid], "use letters and digits, beginning with a letter"),
    (&[ContextNotSet], "set the context above, on an object type: @context(name: …)"),
    (&[ContextInvalidSelection], "select one field of the argument's type"),
    (&[NoContextInSelection], "write the context's name before the selection: \"$name { field }\""),
    (&[ContextNoResolvableKey], "give the type a @key that this subgraph resolves"),
    (&[ContextualArgumentNotContextual], "make the argument nullable, or set it from a context there, too"),
    (
        &[RenamedRootInAbstractType],
        "call the root type Query, Mutation or Subscription, or take it out of the union or interface",
    ),
    (&[EventUsageInvalid], "put @event on a field of Subscription that returns an object"),
    (&[EventSubjectInvalid], "write a subject such as events.orders.Order.{args.id}.>"),
    (&[EventFilterInvalid], "compare fields that the event's type has in this subgraph"),
    (&[EventVersionInvalid], "name a field with one value that only grows"),
    (
        &[DirectiveDefinitionInvalid, TypeDefinitionInvalid],
        "leave the definition out, or write it as the specification does",
    ),
    (&[SatisfiabilityError], "add a @key by which the subgraphs can reach the field"),
];
