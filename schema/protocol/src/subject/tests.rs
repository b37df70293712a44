use proptest::prelude::*;

use super::*;

fn name(name: &str) -> SubgraphName {
    SubgraphName::new(name).unwrap()
}

#[test]
fn forms_are_the_documented_ones() {
    let sdl = SdlHash::of("type Query { a: Int }");
    assert_eq!(QuerySubject::plain(name("products")).to_string(), "graphql.products");
    assert_eq!(
        QuerySubject::pinned(name("products"), &sdl).to_string(),
        format!("graphql.products.{}", &sdl.to_string()[..16])
    );
    assert_eq!(announce(&name("products")), "graphql.announce.products");
    let token = Token::new("t1").unwrap();
    assert_eq!(ControlSubject::all_of(&name("products"), &token), "graphql.products.ctl.t1.*");
    assert_eq!(ReplySubject::all_of(&GatewayId::new("gw1").unwrap()), "_GQL.*.gw1.>");
    assert_eq!(ReplySubject::nobody(&name("products"), &token), "_GQL.products._.t1");
    assert_eq!(inbox_prefix("gw1"), "_JS.gw1");
}

#[test]
fn a_rogue_subject_is_no_query_subject() {
    for subject in [
        "internal.auth.login",
        "graphql",
        "graphql.",
        "graphql.a.b.c",
        "graphql.*",
        "graphql.>",
        "graphql.announce.x",
        "$SRV.INFO",
        "graphql.a b",
    ] {
        assert!(subject.parse::<QuerySubject>().is_err(), "{subject:?} was taken");
    }
}

#[test]
fn a_reply_subject_says_who_may_answer() {
    let any: ReplySubject = "_GQL.any.gw1.x".parse().unwrap();
    assert_eq!(any.from, ReplyAddress::Any);
    let own: ReplySubject = "_GQL.products.gw1.x".parse().unwrap();
    assert_eq!(own.from, ReplyAddress::Subgraph(name("products")));
    assert!("_GQL.products._.x".parse::<ReplySubject>().is_err());
}

#[test]
fn an_id_has_one_token_only() {
    assert_eq!(encode_id("a.b/ü"), "a%2Eb%2F%C3%BC");
    assert_eq!(decode_id("a%2Eb"), Some("a.b".to_owned()));
    for token in ["a%2eb", "a.b", "%61", "%", "%FF", "a b"] {
        assert_eq!(decode_id(token), None, "{token:?} was taken");
    }
}

const TOKEN: &str = "[A-Za-z0-9_-]{1,24}";
const NAME: &str = "[B-Zb-z][A-Za-z0-9_-]{0,24}";

proptest! {
    #[test]
    fn ids_survive(id in ".*") {
        let token = encode_id(&id);
        prop_assert!(token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-%".contains(&byte)));
        prop_assert_eq!(decode_id(&token), Some(id));
    }

    #[test]
    fn query_subjects_survive(subgraph in NAME, token in proptest::option::of(TOKEN)) {
        let subject = QuerySubject { name: name(&subgraph), token: token.map(|token| Token::new(token).unwrap()) };
        prop_assert_eq!(subject.to_string().parse::<QuerySubject>().unwrap(), subject);
    }

    #[test]
    fn control_subjects_survive(subgraph in NAME, instance in TOKEN, token in TOKEN) {
        let subject = ControlSubject { name: name(&subgraph), instance: Token::new(instance).unwrap(), token: Token::new(token).unwrap() };
        prop_assert_eq!(subject.to_string().parse::<ControlSubject>().unwrap(), subject);
    }

    #[test]
    fn reply_subjects_survive(subgraph in NAME, gateway in "[A-Za-z0-9][A-Za-z0-9_-]{0,24}", token in TOKEN) {
        let subject = ReplySubject {
            from: ReplyAddress::Subgraph(name(&subgraph)),
            gateway: GatewayId::new(gateway).unwrap(),
            token: Token::new(token).unwrap(),
        };
        prop_assert_eq!(subject.to_string().parse::<ReplySubject>().unwrap(), subject);
    }

    #[test]
    fn internal_subjects_survive(service in TOKEN, caller in TOKEN, token in TOKEN) {
        let service = ServiceName::new(service).unwrap();
        let verb = InternalSubject { service: service.clone(), verb: Token::new(token.clone()).unwrap() };
        prop_assert_eq!(verb.to_string().parse::<InternalSubject>().unwrap(), verb);
        let reply = InternalReply { service, caller: ServiceName::new(caller).unwrap(), token: Token::new(token).unwrap() };
        prop_assert_eq!(reply.to_string().parse::<InternalReply>().unwrap(), reply);
    }

    #[test]
    fn no_subject_makes_a_parser_panic(subject in ".*") {
        let _ = subject.parse::<QuerySubject>();
        let _ = subject.parse::<ControlSubject>();
        let _ = subject.parse::<ReplySubject>();
        let _ = subject.parse::<InternalReply>();
        let _ = decode_id(&subject);
    }
}
