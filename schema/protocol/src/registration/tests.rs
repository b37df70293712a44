use proptest::prelude::*;

use super::*;

fn registration() -> Registration {
    let name = SubgraphName::new("products").unwrap();
    let sdl = SdlHash::of("type Query { a: Int }");
    Registration {
        instance: Token::new("i1").unwrap(),
        version: "1.0.0".to_owned(),
        description: String::new(),
        subject: QuerySubject::pinned(name.clone(), &sdl),
        sdl: Some(sdl),
        features: Features { parts: true, streams: false },
        graph: None,
        name,
    }
}

fn read(change: impl FnOnce(&mut Info)) -> Result<Option<Registration>, RegistrationError> {
    let mut info = registration().to_info();
    change(&mut info);
    Registration::from_info(&info, None)
}

#[test]
fn what_is_written_is_read() {
    assert_eq!(read(|_| ()), Ok(Some(registration())));
}

#[test]
fn other_services_are_none_of_our_business() {
    let unmarked = |info: &mut Info| {
        info.service.metadata.clear();
        info.endpoints[0].metadata.clear();
    };
    assert_eq!(read(unmarked), Ok(None));
    assert_eq!(Registration::from_info(&registration().to_info(), Some("shop")), Ok(None));
}

#[test]
fn one_mark_is_enough() {
    assert!(read(|info| info.service.metadata.clear()).unwrap().is_some());
    assert!(read(|info| info.endpoints[0].metadata.clear()).unwrap().is_some());
}

#[test]
fn a_subgraph_without_the_kit_is_usable() {
    let plain = |info: &mut Info| {
        info.endpoints[0].subject = "graphql.products".to_owned();
        info.endpoints[0].metadata = Metadata::from([(PROTOCOL.to_owned(), "1".to_owned())]);
        info.service.metadata.clear();
    };
    let read = read(plain).unwrap().unwrap();
    assert_eq!((read.sdl, read.features, read.subject.token), (None, Features::default(), None));
}

#[test]
fn what_cannot_be_used_says_why() {
    type Change = fn(&mut Info);
    type Expected = fn(&RegistrationError) -> bool;
    let cases: [(Change, Expected); 9] = [
        (
            |info| info.endpoints[0].metadata.insert(PROTOCOL.into(), "2".into()).map_or((), drop),
            |e| matches!(e, RegistrationError::Protocol { .. }),
        ),
        (|info| info.service.name = "any".into(), |e| matches!(e, RegistrationError::Name(_))),
        (|info| info.service.id = "a.b".into(), |e| matches!(e, RegistrationError::Instance { .. })),
        (
            |info| info.endpoints.push(info.endpoints[0].clone()),
            |e| matches!(e, RegistrationError::Endpoints { found: 2, .. }),
        ),
        (
            |info| info.endpoints[0].name = "other".into(),
            |e| matches!(e, RegistrationError::Endpoints { found: 0, .. }),
        ),
        (
            |info| info.endpoints[0].subject = "internal.auth.jwks".into(),
            |e| matches!(e, RegistrationError::Subject { .. }),
        ),
        (
            |info| info.endpoints[0].subject = "graphql.auth".into(),
            |e| matches!(e, RegistrationError::Foreign { .. }),
        ),
        (
            |info| info.endpoints[0].queue_group = "other".into(),
            |e| matches!(e, RegistrationError::QueueGroup { .. }),
        ),
        (
            |info| info.endpoints[0].metadata.insert(SDL_SHA256.into(), "abc".into()).map_or((), drop),
            |e| matches!(e, RegistrationError::Sdl { .. }),
        ),
    ];
    for (at, (change, expected)) in cases.into_iter().enumerate() {
        let error = read(change).expect_err("it was taken");
        assert!(expected(&error), "case {at}: {error}");
    }
}

proptest! {
    #[test]
    fn registrations_survive(parts in any::<bool>(), streams in any::<bool>(), graph in proptest::option::of(".+"), sdl in proptest::option::of(".*"), description in ".*") {
        let mut one = registration();
        one.features = Features { parts, streams };
        one.sdl = sdl.map(|sdl| SdlHash::of(&sdl));
        one.graph.clone_from(&graph);
        one.description = description;
        let json = serde_json::to_vec(&one.to_info()).unwrap();
        let info: Info = serde_json::from_slice(&json).unwrap();
        prop_assert_eq!(Registration::from_info(&info, graph.as_deref()), Ok(Some(one)));
    }
}
