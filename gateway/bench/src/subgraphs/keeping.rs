//! For how long answers may be kept, by those who do.

use async_graphql::TypeDirective;

/// Seconds: longer than any measurement.
pub(super) const AGE: i32 = 24 * 3600;

/// The directive that says so.
#[TypeDirective(location = "Object", name = "cacheControl")]
pub(super) fn cache_control(max_age: Option<i32>) {}
