use tributary_federation::{
    SubgraphId,
    plan::{Cacheable, Dependencies, EntityName},
};

use super::*;

const EVERYBODY: CacheConfig = CacheConfig { bytes: 1 << 20, without_events: false };

fn cache() -> EntityCache {
    let cache = EntityCache::new(EVERYBODY);
    cache.begin();
    cache
}

fn asker(who: u8) -> Asker {
    Asker { everybody: [0; 32], alone: [who; 32] }
}

fn entity(typename: &str, key: Option<&str>) -> EntityName {
    let names = vec![typename.into(), "Node".into()];
    EntityName { typename: typename.into(), names, key: key.map(Into::into) }
}

fn cacheable(dependencies: Dependencies) -> Cacheable {
    Cacheable { max_age: 60, private: false, selection: "{name}".into(), dependencies }
}

/// Users by their id.
fn users() -> Cacheable {
    cacheable(Dependencies { entities: vec![entity("User", Some("id"))], ..Dependencies::default() })
}

const ALPHA: (SubgraphId, &str) = (SubgraphId(0), "alpha");

/// Asks for an entity, and keeps the answer if there is none. Whether there was.
fn ask(cache: &EntityCache, who: u8, cacheable: &Cacheable, representation: &str) -> bool {
    let view = View::new(Some(cache), 1, asker(who));
    let Some(question) = view.question(ALPHA, cacheable, b"") else { return false };
    match view.find_entity(&question, &cacheable.dependencies, representation.as_bytes()) {
        Ok(_) => true,
        Err(expected) => {
            view.keep(&question, expected, Bytes::from_static(b"{}"));
            false
        }
    }
}

fn user(id: &str) -> String {
    format!(r#"{{"__typename":"User","id":{id}}}"#)
}

#[test]
fn an_event_drops_the_entity_that_it_tells_of() {
    let (cache, users) = (cache(), users());
    for (id, subject) in [
        (r#""1""#, "events.alpha.User.1.renamed"),
        (r#""1""#, "events.beta.User.1.moved.away"),
        ("7", "events.alpha.User.7.renamed"),
        (r#""a.b""#, "events.alpha.User.a%2Eb.renamed"),
        ("\"\\u0061.b\"", "events.alpha.User.a%2Eb.renamed"),
        (r#""1""#, "events.alpha.Node.1.renamed"),
    ] {
        assert!(!ask(&cache, 0, &users, &user(id)), "{id}");
        assert!(ask(&cache, 0, &users, &user(id)), "{id}");
        cache.changed("events.alpha.User.2.renamed");
        cache.changed("events.alpha.Order.1.placed");
        assert!(ask(&cache, 0, &users, &user(id)), "others' events don't matter to {id}");
        cache.changed(subject);
        assert!(!ask(&cache, 0, &users, &user(id)), "{subject}");
        cache.changed(subject);
    }
}

#[test]
fn an_event_means_all_of_a_type_whose_ids_cannot_be_told() {
    let entities = vec![entity("User", None)];
    let by_several = cacheable(Dependencies { entities, ..Dependencies::default() });
    for (cacheable, representation) in [
        (&by_several, user(r#""1""#)),
        (&users(), r#"{"__typename":"User","id":{"of":"1"}}"#.to_owned()),
        (&users(), r#"{"__typename":"User","id":""}"#.to_owned()),
    ] {
        let cache = cache();
        ask(&cache, 0, cacheable, &representation);
        assert!(ask(&cache, 0, cacheable, &representation), "{representation}");
        cache.changed("events.alpha.User.99.made");
        assert!(!ask(&cache, 0, cacheable, &representation), "{representation}");
    }
    let cache = cache();
    ask(&cache, 0, &users(), r#"{"__typename":"Stranger","id":"1"}"#);
    assert!(!ask(&cache, 0, &users(), r#"{"__typename":"Stranger","id":"1"}"#), "no event could tell of it");
}

#[test]
fn what_is_shown_besides_counts_by_its_type() {
    let shown = |types: &[&str], own_types: &[&str], subgraph| {
        let names = |names: &[&str]| names.iter().map(|name| Box::from(*name)).collect();
        let (types, own_types) = (names(types), names(own_types));
        cacheable(Dependencies { types, own_types, subgraph, ..users().dependencies })
    };
    for (cacheable, subject, drops) in [
        (shown(&["Order"], &[], false), "events.beta.Order.5.placed", true),
        (shown(&["Order"], &[], false), "events.alpha.Item.5.sold", false),
        (shown(&[], &["Order"], false), "events.beta.Order.5.placed", false),
        (shown(&[], &["Order"], false), "events.alpha.Order.5.placed", true),
        (shown(&[], &[], true), "events.alpha.Anything.5.happened", true),
        (shown(&[], &[], true), "events.beta.Anything.5.happened", false),
        (shown(&[], &[], false), "events.alpha.User", true),
        (shown(&[], &[], false), "something else", true),
    ] {
        let cache = cache();
        ask(&cache, 0, &cacheable, &user("1"));
        cache.changed(subject);
        assert_eq!(ask(&cache, 0, &cacheable, &user("1")), !drops, "{subject}: {cacheable:?}");
    }
}

#[test]
fn an_answer_that_was_under_way_while_its_event_came_is_not_kept() {
    let (cache, users) = (cache(), users());
    let view = View::new(Some(&cache), 1, asker(0));
    for between in
        [&(|| cache.changed("events.alpha.User.1.renamed")) as &dyn Fn(), &|| cache.forget(), &|| {
            cache.pause();
            cache.changed("events.alpha.User.1.renamed");
            cache.begin();
        }]
    {
        let question = view.question(ALPHA, &users, b"").unwrap();
        let representation = user("1");
        let expected =
            view.find_entity(&question, &users.dependencies, representation.as_bytes()).unwrap_err();
        between();
        view.keep(&question, expected, Bytes::from_static(b"{}"));
        let question = view.question(ALPHA, &users, b"").unwrap();
        assert!(view.find_entity(&question, &users.dependencies, representation.as_bytes()).is_err());
    }
}

#[test]
fn nothing_is_read_while_events_may_be_missed() {
    let (cache, users) = (EntityCache::new(EVERYBODY), users());
    assert!(!ask(&cache, 0, &users, &user("1")) && !ask(&cache, 0, &users, &user("1")), "not begun");
    cache.begin();
    ask(&cache, 0, &users, &user("1"));
    cache.pause();
    assert!(!ask(&cache, 0, &users, &user("1")));
    cache.begin();
    assert!(ask(&cache, 0, &users, &user("1")), "nothing was missed");
    cache.pause();
    cache.changed("events.alpha.User.1.renamed");
    cache.begin();
    assert!(!ask(&cache, 0, &users, &user("1")), "it was told late");
    assert!(ask(&cache, 0, &users, &user("1")));
    cache.forget();
    assert!(!ask(&cache, 0, &users, &user("1")));
    assert_eq!(cache.status().forgotten, 1);

    let cache = EntityCache::new(CacheConfig { without_events: true, ..EVERYBODY });
    cache.pause();
    ask(&cache, 0, &users, &user("1"));
    assert!(ask(&cache, 0, &users, &user("1")), "its age alone counts");
}

#[test]
fn what_is_private_is_for_who_asked() {
    let (cache, users) = (cache(), users());
    let private = Cacheable { private: true, ..self::users() };
    ask(&cache, 1, &private, &user("1"));
    assert!(ask(&cache, 1, &private, &user("1")));
    assert!(!ask(&cache, 2, &private, &user("1")));
    assert!(!ask(&cache, 3, &users, &user("1")), "nor is it for everybody");
    assert!(ask(&cache, 4, &users, &user("1")));
}

#[test]
fn what_is_asked_tells_entries_apart() {
    let (cache, users) = (cache(), users());
    let view = View::new(Some(&cache), 1, asker(0));
    let question = view.question(ALPHA, &users, b"a").unwrap();
    let expected = view.find(&question).unwrap_err();
    view.keep(&question, expected, Bytes::from_static(b"{}"));
    assert!(view.find(&question).is_ok());
    let other = Cacheable { selection: "{nam".into(), ..self::users() };
    let elsewhere = (SubgraphId(1), "beta");
    let later = View::new(Some(&cache), 2, asker(0));
    for (view, of, cacheable, asked) in [
        (&view, ALPHA, &users, &b"b"[..]),
        (&view, ALPHA, &other, b"e}a"),
        (&view, elsewhere, &users, b"a"),
        (&later, ALPHA, &users, b"a"),
    ] {
        let question = view.question(of, cacheable, asked).unwrap();
        assert!(view.find(&question).is_err(), "{cacheable:?} {asked:?}");
    }
}

#[test]
fn bytes_are_bounded() {
    let (cache, users) = (EntityCache::new(CacheConfig { bytes: 10_000, ..EVERYBODY }), users());
    cache.begin();
    for number in 0..1_000 {
        ask(&cache, 0, &users, &user(&number.to_string()));
    }
    cache.store.settle();
    let status = cache.status();
    assert!(status.entries > 0 && status.bytes <= 10_000, "{status:?}");
}

/// Marks are as many as things that somebody depends on, not as many as were ever asked for.
#[test]
fn marks_that_nobody_holds_go() {
    let marks = Marks::default();
    for number in 0..100_000 {
        marks.of(marks::Thing::Entity { ty: "User", id: &number.to_string() });
    }
    assert!(marks.len() <= 16 * 1024, "{}", marks.len());
    let held = marks.of(marks::Thing::Type("User"));
    assert!(Arc::ptr_eq(&held, &marks.of(marks::Thing::Type("User"))));
    let subject = Subject::read("events.alpha.User.1.made").unwrap();
    assert_eq!((marks.drop_told(&subject), held.is_dropped()), (1, true));
    assert!(!marks.of(marks::Thing::Type("User")).is_dropped(), "as it is from now on");
}
