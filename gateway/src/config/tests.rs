use super::*;

fn check(arguments: &str) -> Result<Arc<Config>, Vec<String>> {
    let arguments = std::iter::once("serve").chain(arguments.split_whitespace());
    Config::check(&flags::parse_for_tests(arguments)).map_err(|errors| errors.0)
}

#[test]
fn defaults_are_complete_and_on() {
    let config = check("").unwrap();
    assert_eq!(config.listen.to_string(), "127.0.0.1:4000");
    assert_eq!(config.limits.body_bytes, 1 << 20);
    assert_eq!(config.graph.timeouts.of("products"), Duration::from_secs(10));
    assert_eq!(config.http.cors, CorsOrigins::Listed(vec![]));
    assert!(config.http.introspection);
    assert!(config.http.forward_headers.is_empty() && config.http.trusted_proxies.is_empty());
}

#[test]
fn every_mistake_is_reported_at_once() {
    let mistakes = check(
        "--listen nowhere --nats http://x --max-depth 0 --request-timeout soon --cors-origin https://a/b \
         --forward-header graphql-identity --trusted-proxy 10.0.0.0/40 --jwt-algorithm HS256 --log-format xml \
         --subgraph-timeout a.b=2s --max-body-bytes 1XB --supergraph no/such/file --jwks no/such/keys \
         --trusted no/such/folder --dedupe all",
    )
    .unwrap_err();
    for flag in [
        "--listen",
        "--nats",
        "--max-depth",
        "--request-timeout",
        "--cors-origin",
        "--forward-header",
        "--trusted-proxy",
        "--jwt-algorithm",
        "--log-format",
        "--dedupe",
        "--subgraph-timeout",
        "--max-body-bytes",
        "--supergraph",
        "--jwks",
        "--trusted",
    ] {
        assert!(mistakes.iter().any(|mistake| mistake.starts_with(flag)), "{flag} in {mistakes:#?}");
    }
    assert_eq!(mistakes.len(), 15);
}

#[test]
fn a_subgraph_has_its_own_timeout() {
    let config = check("--subgraph-timeout 3s --subgraph-timeout orders=250ms").unwrap();
    assert_eq!(config.graph.timeouts.of("orders"), Duration::from_millis(250));
    assert_eq!(config.graph.timeouts.of("products"), Duration::from_secs(3));
}

#[test]
fn sizes_have_units() {
    assert_eq!(check("--max-body-bytes 2MiB").unwrap().limits.body_bytes, 2 << 20);
    assert_eq!(check("--max-body-bytes 300").unwrap().limits.body_bytes, 300);
}

#[test]
fn a_password_is_not_repeated() {
    let mistakes = check("--nats amqp://me:secret@host").unwrap_err();
    assert!(!mistakes[0].contains("secret"), "{mistakes:?}");
}

#[test]
fn revocation_is_off_unless_a_bucket_is_named() {
    assert!(check("").unwrap().auth.revocation.is_none());
    let revocation = check("--revoked-bucket AUTH_REVOKED").unwrap().auth.revocation.clone().unwrap();
    assert_eq!((&*revocation.bucket, &*revocation.claim, revocation.most), ("AUTH_REVOKED", "sid", 200_000));
    assert!(revocation.max_age.is_none() && !revocation.accept_without);
    for wrong in [
        "--revoked-bucket a.b",
        "--revoked-max-age 10s",
        "--revoked-bucket A --revoked-max-age 1s",
        "--revoked-bucket A --max-revoked-sessions 0",
    ] {
        assert_eq!(check(wrong).unwrap_err().len(), 1, "{wrong}");
    }
}
