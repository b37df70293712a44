//! The pages that are built into the binary: the playground at `/`, and the shop as it changes at `/live`.

use axum::body::Body;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, Uri, header};
use rust_embed::{EmbeddedFile, RustEmbed};

/// What `npm run build` made, if it ran before the binary was built. A debug build reads the files when they
/// are asked for, so that a page built later is found.
#[derive(RustEmbed)]
#[folder = "../web-playground/dist/"]
#[allow_missing = true]
struct Files;

/// Everything comes from here and nothing may be loaded from elsewhere; the editor makes its workers from
/// blobs and its styles in place. Products' images may be anywhere.
const POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
                      img-src 'self' data: blob: http: https:; font-src 'self' data:; worker-src 'self' blob:; \
                      connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; object-src 'none'";

const PLAYGROUND: &str = "index.html";
const DASHBOARD: &str = "live.html";

const NOT_BUILT: &str = include_str!("pages/not-built.html");

/// Answers everything that has no route of its own.
pub(super) async fn page(method: Method, uri: Uri, headers: HeaderMap) -> Response<Body> {
    if method != Method::GET && method != Method::HEAD {
        let mut response = plain(StatusCode::METHOD_NOT_ALLOWED, "only GET is allowed here\n");
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
        return response;
    }
    let path = match uri.path().trim_start_matches('/') {
        "" => PLAYGROUND,
        "live" => DASHBOARD,
        path => path,
    };
    match Files::get(path) {
        Some(file) => serve(path, &file, &headers),
        None if [PLAYGROUND, DASHBOARD].contains(&path) => not_built(),
        None => plain(StatusCode::NOT_FOUND, "not found; the graph is at /graphql\n"),
    }
}

fn serve(path: &str, file: &EmbeddedFile, headers: &HeaderMap) -> Response<Body> {
    let tag = entity_tag(file);
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|seen| seen.as_bytes() == tag.as_bytes());
    let (status, body) = if known {
        (StatusCode::NOT_MODIFIED, Body::empty())
    } else {
        (StatusCode::OK, file.data.clone().into())
    };
    // The build puts a hash into the names below assets/, so those never change.
    let cache = if path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    let mut response = page_response(status, body, media_type(path), cache);
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

fn not_built() -> Response<Body> {
    page_response(StatusCode::OK, NOT_BUILT.into(), "text/html; charset=utf-8", "no-cache")
}

fn plain(status: StatusCode, text: &'static str) -> Response<Body> {
    page_response(status, text.into(), "text/plain; charset=utf-8", "no-cache")
}

fn page_response(status: StatusCode, body: Body, media: &'static str, cache: &'static str) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = [
        (header::CONTENT_TYPE, media),
        (header::CACHE_CONTROL, cache),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    for (name, value) in headers {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

fn entity_tag(file: &EmbeddedFile) -> String {
    let hex: String = file.metadata.sha256_hash()[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("\"{hex}\"")
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff" => "font/woff",
        "woff2" => "font/woff2",
        "ttf" => "font/ttf",
        "wasm" => "application/wasm",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn get(path: &str) -> Response<Body> {
        page(Method::GET, path.parse().unwrap(), HeaderMap::new()).await
    }

    #[tokio::test]
    async fn both_pages_are_there_with_a_policy() {
        for path in ["/", "/live"] {
            let response = get(path).await;
            assert_eq!(response.status(), StatusCode::OK, "{path}");
            assert_eq!(response.headers()[header::CONTENT_TYPE], "text/html; charset=utf-8");
            assert!(response.headers().contains_key(header::CONTENT_SECURITY_POLICY));
        }
    }

    /// Where there were no folder while the gateway is compiled, a debug build would find no page later.
    #[test]
    fn the_folder_of_the_pages_is_there_before_they_are() {
        assert!(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../web-playground/dist").is_dir());
    }

    #[tokio::test]
    async fn other_paths_and_other_folders_are_not_found() {
        for path in ["/nothing", "/assets/../../Cargo.toml", "/../package.json", "/%2e%2e/package.json"] {
            assert_eq!(get(path).await.status(), StatusCode::NOT_FOUND, "{path}");
        }
    }

    #[tokio::test]
    async fn pages_are_only_read() {
        let response = page(Method::POST, "/".parse().unwrap(), HeaderMap::new()).await;
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    }

    #[test]
    fn the_stand_in_says_how_to_build() {
        assert!(NOT_BUILT.contains("npm run build"));
    }
}
