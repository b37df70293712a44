//! Which requests are refused before anything is read: methods and foreign sites.

use http::{HeaderMap, Method, header};

use super::media;
use crate::{
    config::CorsOrigins,
    error::{Code, GraphqlError},
};

/// Refuses what no legitimate client sends.
pub(super) fn check(method: &Method, headers: &HeaderMap, origins: &CorsOrigins) -> Result<(), GraphqlError> {
    match *method {
        Method::GET | Method::PUT | Method::DELETE => check_site(headers, origins),
        Method::POST => media::check_body(headers),
        _ => {
            let message =
                format!("{method} isn't allowed; use POST or GET (event streams: PUT and DELETE, too)");
            Err(GraphqlError::new(Code::MethodNotAllowed, message))
        }
    }
}

/// A browser asks nobody before it sends a GET from a foreign page, and it says where it comes from. Before a PUT or a
/// DELETE it asks; should one not ask, it gets no further either.
/// The answer would be unreadable there, but its time and its cost would not be for nothing.
fn check_site(headers: &HeaderMap, origins: &CorsOrigins) -> Result<(), GraphqlError> {
    let cross_site = headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site");
    let listed = match headers.get(header::ORIGIN) {
        Some(origin) => origins.allows(origin),
        None => *origins == CorsOrigins::Any,
    };
    if cross_site && !listed {
        return Err(GraphqlError::new(
            Code::CrossSiteRefused,
            "a request from another site is refused; --cors-origin lists the sites that may",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn get(site: &'static str, origin: Option<&'static str>, origins: &CorsOrigins) -> Option<Code> {
        let mut headers = HeaderMap::new();
        headers.insert("sec-fetch-site", HeaderValue::from_static(site));
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, HeaderValue::from_static(origin));
        }
        check(&Method::GET, &headers, origins).err().map(|error| error.code())
    }

    #[test]
    fn a_foreign_page_may_only_when_listed() {
        let none = CorsOrigins::Listed(vec![]);
        let shop = CorsOrigins::Listed(vec![HeaderValue::from_static("https://shop.example")]);
        let refused = Some(Code::CrossSiteRefused);
        assert_eq!(get("cross-site", Some("https://evil.example"), &none), refused);
        assert_eq!(get("cross-site", None, &shop), refused);
        assert_eq!(get("cross-site", Some("https://evil.example"), &shop), refused);
        assert_eq!(get("cross-site", Some("https://shop.example"), &shop), None);
        assert_eq!(get("cross-site", None, &CorsOrigins::Any), None);
        assert_eq!(get("same-origin", None, &none), None);
        assert_eq!(get("none", None, &none), None);
    }

    #[test]
    fn other_methods_are_refused() {
        let headers = HeaderMap::new();
        let refusal = check(&Method::PATCH, &headers, &CorsOrigins::Any).unwrap_err();
        assert_eq!(refusal.code(), Code::MethodNotAllowed);
    }
}
