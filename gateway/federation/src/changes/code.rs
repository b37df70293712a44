//! The kinds of changes and what each means for clients.

use std::fmt;

/// What a change means for clients; the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Operations that were valid can be refused now, or answers have a form that they didn't have.
    Breaking,
    /// Every operation stays valid, but a client may meet what it isn't prepared for.
    Dangerous,
    /// No client notices.
    Safe,
}

impl Severity {
    /// In lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Breaking => "breaking",
            Self::Dangerous => "dangerous",
            Self::Safe => "safe",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Declares the codes once: the variant, its public name, its severity, and what it means.
macro_rules! codes {
    ($($severity:ident { $($(#[$doc:meta])* $variant:ident = $text:literal,)* })*) => {
        /// What kind of change a [`Change`](super::Change) is; the names are stable.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Code { $($($(#[$doc])* $variant,)*)* }

        impl Code {
            /// Every code there is.
            pub const ALL: &'static [Code] = &[$($(Code::$variant),*),*];

            /// The public name, such as `FIELD_REMOVED`.
            pub fn as_str(self) -> &'static str {
                match self { $($(Code::$variant => $text,)*)* }
            }

            /// What such a change means for clients.
            pub fn severity(self) -> Severity {
                match self { $($(Code::$variant)|* => Severity::$severity,)* }
            }
        }
    };
}

codes! {
    Breaking {
        /// A type is gone.
        TypeRemoved = "TYPE_REMOVED",
        /// A type is of another kind: an object became an interface, say.
        TypeChangedKind = "TYPE_CHANGED_KIND",
        /// The root type of queries, mutations or subscriptions is gone or another one.
        RootTypeChanged = "ROOT_TYPE_CHANGED",
        /// A union lost a member.
        TypeRemovedFromUnion = "TYPE_REMOVED_FROM_UNION",
        /// An enum lost a value.
        ValueRemovedFromEnum = "VALUE_REMOVED_FROM_ENUM",
        /// A type no longer implements an interface.
        ImplementedInterfaceRemoved = "IMPLEMENTED_INTERFACE_REMOVED",
        /// A field of an output or input type is gone.
        FieldRemoved = "FIELD_REMOVED",
        /// A field's type doesn't fit what clients expect (output) or send (input).
        FieldChangedKind = "FIELD_CHANGED_KIND",
        /// An argument is gone.
        ArgRemoved = "ARG_REMOVED",
        /// An argument's type doesn't take what clients send.
        ArgChangedKind = "ARG_CHANGED_KIND",
        /// A new argument must be given.
        RequiredArgAdded = "REQUIRED_ARG_ADDED",
        /// An argument lost its default and must be given now.
        ArgBecameRequired = "ARG_BECAME_REQUIRED",
        /// A new input field must be given.
        RequiredInputFieldAdded = "REQUIRED_INPUT_FIELD_ADDED",
        /// An input field lost its default and must be given now.
        InputFieldBecameRequired = "INPUT_FIELD_BECAME_REQUIRED",
        /// Exactly one field of an input type must be given now.
        InputBecameOneOf = "INPUT_BECAME_ONE_OF",
        /// A directive is gone.
        DirectiveRemoved = "DIRECTIVE_REMOVED",
        /// A directive can't be used in a place where it could.
        DirectiveLocationRemoved = "DIRECTIVE_LOCATION_REMOVED",
        /// A directive can't be repeated any more.
        DirectiveRepeatableRemoved = "DIRECTIVE_REPEATABLE_REMOVED",
        /// An argument of a directive is gone.
        DirectiveArgRemoved = "DIRECTIVE_ARG_REMOVED",
        /// The type of a directive's argument doesn't take what clients send.
        DirectiveArgChangedKind = "DIRECTIVE_ARG_CHANGED_KIND",
        /// A directive has a new argument that must be given.
        RequiredDirectiveArgAdded = "REQUIRED_DIRECTIVE_ARG_ADDED",
        /// An argument of a directive lost its default and must be given now.
        DirectiveArgBecameRequired = "DIRECTIVE_ARG_BECAME_REQUIRED",
    }
    Dangerous {
        /// Clients may meet a new value of an enum.
        ValueAddedToEnum = "VALUE_ADDED_TO_ENUM",
        /// Clients may meet a new member of a union.
        TypeAddedToUnion = "TYPE_ADDED_TO_UNION",
        /// Clients may meet a new implementation of an interface.
        ImplementedInterfaceAdded = "IMPLEMENTED_INTERFACE_ADDED",
        /// A new argument, which clients don't give.
        OptionalArgAdded = "OPTIONAL_ARG_ADDED",
        /// Where clients don't give an argument, it means something else.
        ArgDefaultValueChange = "ARG_DEFAULT_VALUE_CHANGE",
        /// A new input field, which clients don't give.
        OptionalInputFieldAdded = "OPTIONAL_INPUT_FIELD_ADDED",
        /// Where clients don't give an input field, it means something else.
        InputFieldDefaultValueChange = "INPUT_FIELD_DEFAULT_VALUE_CHANGE",
        /// Where clients don't give an argument of a directive, it means something else.
        DirectiveArgDefaultValueChange = "DIRECTIVE_ARG_DEFAULT_VALUE_CHANGE",
        /// A scalar is specified elsewhere, so its values may have another form.
        SpecifiedByChanged = "SPECIFIED_BY_CHANGED",
    }
    Safe {
        /// A new type.
        TypeAdded = "TYPE_ADDED",
        /// The schema has a new kind of operations.
        RootTypeAdded = "ROOT_TYPE_ADDED",
        /// A type implements an interface that is new, too.
        NewInterfaceImplemented = "NEW_INTERFACE_IMPLEMENTED",
        /// A new field of an output type.
        FieldAdded = "FIELD_ADDED",
        /// A field's type promises more (output) or takes more (input).
        FieldChangedKindSafe = "FIELD_CHANGED_KIND_SAFE",
        /// An argument's type takes more.
        ArgChangedKindSafe = "ARG_CHANGED_KIND_SAFE",
        /// An argument has a default now and needn't be given.
        ArgBecameOptional = "ARG_BECAME_OPTIONAL",
        /// An input field has a default now and needn't be given.
        InputFieldBecameOptional = "INPUT_FIELD_BECAME_OPTIONAL",
        /// Any number of an input type's fields may be given now.
        InputNoLongerOneOf = "INPUT_NO_LONGER_ONE_OF",
        /// A new directive.
        DirectiveAdded = "DIRECTIVE_ADDED",
        /// A directive can be used in a further place.
        DirectiveLocationAdded = "DIRECTIVE_LOCATION_ADDED",
        /// A directive can be repeated.
        DirectiveRepeatableAdded = "DIRECTIVE_REPEATABLE_ADDED",
        /// A directive has a new argument that needn't be given.
        OptionalDirectiveArgAdded = "OPTIONAL_DIRECTIVE_ARG_ADDED",
        /// The type of a directive's argument takes more.
        DirectiveArgChangedKindSafe = "DIRECTIVE_ARG_CHANGED_KIND_SAFE",
        /// An argument of a directive has a default now and needn't be given.
        DirectiveArgBecameOptional = "DIRECTIVE_ARG_BECAME_OPTIONAL",
        /// Something is deprecated now.
        DeprecationAdded = "DEPRECATION_ADDED",
        /// Something is deprecated no longer.
        DeprecationRemoved = "DEPRECATION_REMOVED",
        /// Something is deprecated for another reason.
        DeprecationReasonChanged = "DEPRECATION_REASON_CHANGED",
        /// A description reads differently.
        DescriptionChanged = "DESCRIPTION_CHANGED",
    }
}
