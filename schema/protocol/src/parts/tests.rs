use proptest::prelude::*;

use super::*;

fn headers(filler: usize) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(header::INSTANCE, "i".repeat(filler));
    headers
}

fn number(n: usize, total: usize) -> PartNumber {
    PartNumber { n, total }
}

/// Puts parts together, as a receiver would.
fn assemble(parts: &[Part], max_total: usize) -> Result<Option<Bytes>, PartsError> {
    let read = |part: &Part| {
        PartNumber::from_headers(Some(&part.headers)).map(|number| number.expect("every part is numbered"))
    };
    let (mut assembler, mut assembled) = Assembler::start(read(&parts[0])?, &parts[0].payload, max_total)?;
    for part in &parts[1..] {
        assembled = assembler.push(read(part)?, &part.payload)?;
    }
    Ok(match assembled {
        Assembled::Complete(payload) => Some(payload),
        Assembled::Pending => None,
    })
}

#[test]
fn numbers_have_one_form() {
    assert_eq!("2/3".parse(), Ok(number(2, 3)));
    for value in [
        "",
        "1",
        "/",
        "0/1",
        "2/1",
        "01/2",
        "+1/2",
        "1/2/3",
        "1 /2",
        "-1/2",
        "1/x",
        "1/99999999999999999999999",
    ] {
        assert!(value.parse::<PartNumber>().is_err(), "{value:?} was taken");
    }
}

#[test]
fn a_message_without_the_header_is_no_part() {
    assert_eq!(PartNumber::from_headers(None), Ok(None));
    assert_eq!(PartNumber::from_headers(Some(&HeaderMap::new())), Ok(None));
}

#[test]
fn a_total_over_the_limit_is_refused_on_both_sides() {
    let limits = Limits { max_payload: 1024, max_total: 100 };
    assert!(matches!(
        split(HeaderMap::new(), vec![0; 101].into(), limits),
        Err(PartsError::TooLarge { size: 101, limit: 100 })
    ));
    let parts =
        split(HeaderMap::new(), vec![0; 1000].into(), Limits { max_payload: 200, max_total: 1000 }).unwrap();
    assert!(matches!(assemble(&parts, 999), Err(PartsError::TooLarge { limit: 999, .. })));
    assert!(matches!(Assembler::start(number(1, 5000), b"x", 1000), Err(PartsError::TooLarge { .. })));
}

#[test]
fn headers_that_fill_a_part_are_refused() {
    let limits = Limits::new(1024);
    assert!(matches!(
        split(headers(2000), Bytes::from_static(b"x"), limits),
        Err(PartsError::Headers { .. })
    ));
}

#[test]
fn a_large_server_limit_does_not_make_large_parts() {
    let limits = Limits { max_payload: 8 * 1024 * 1024, max_total: 4 * MAX_PART };
    let parts = split(headers(10), vec![7; 3 * MAX_PART].into(), limits).unwrap();
    assert!(parts.iter().all(|part| header::wire_size(&part.headers) + part.payload.len() <= MAX_PART));
    assert_eq!(parts.len(), 4);
}

#[test]
fn only_the_first_part_carries_the_headers() {
    let parts = split(headers(10), vec![7; 4000].into(), Limits::new(1024)).unwrap();
    let has = |part: &Part| part.headers.get(header::INSTANCE).is_some();
    assert!(has(&parts[0]) && !parts[1..].iter().any(has));
}

#[test]
fn nothing_comes_after_the_last_part() {
    let (mut assembler, assembled) = Assembler::start(number(1, 1), b"x", 10).unwrap();
    assert_eq!(assembled, Assembled::Complete(Bytes::from_static(b"x")));
    assert!(matches!(assembler.push(number(1, 1), b"x"), Err(PartsError::Sequence { .. })));
}

#[test]
fn an_empty_part_is_an_error() {
    assert!(matches!(Assembler::start(number(1, 2), b"", 10), Err(PartsError::Empty(_))));
    assert_eq!(Assembler::start(number(1, 1), b"", 10).unwrap().1, Assembled::Complete(Bytes::new()));
}

prop_compose! {
    fn cut()(
        payload in proptest::collection::vec(any::<u8>(), 0..6000),
        max_payload in 200..2000_usize,
        filler in 0..60_usize,
    ) -> (Vec<u8>, Vec<Part>, usize) {
        let parts = split(headers(filler), payload.clone().into(), Limits::new(max_payload)).unwrap();
        (payload, parts, max_payload)
    }
}

proptest! {
    #[test]
    fn payloads_survive((payload, parts, max_payload) in cut()) {
        for part in &parts {
            prop_assert!(header::wire_size(&part.headers) + part.payload.len() <= max_payload);
        }
        prop_assert_eq!(assemble(&parts, DEFAULT_MAX_TOTAL).unwrap(), Some(payload.into()));
    }

    #[test]
    fn a_missing_part_is_noticed((_, mut parts, _) in cut(), at in any::<prop::sample::Index>()) {
        prop_assume!(parts.len() > 1);
        let gone = at.index(parts.len());
        let was_last = gone == parts.len() - 1;
        parts.remove(gone);
        let assembled = assemble(&parts, DEFAULT_MAX_TOTAL);
        // Without the last part the payload is never complete, and its receiver's timeout ends it.
        let noticed = if was_last { assembled == Ok(None) } else { matches!(assembled, Err(PartsError::Sequence { .. })) };
        prop_assert!(noticed);
    }

    #[test]
    fn a_repeated_part_is_an_error((_, mut parts, _) in cut(), at in any::<prop::sample::Index>()) {
        let at = at.index(parts.len());
        parts.insert(at, parts[at].clone());
        prop_assert!(assemble(&parts, DEFAULT_MAX_TOTAL).is_err());
    }

    #[test]
    fn two_parts_swapped_are_an_error((_, mut parts, _) in cut(), a in any::<prop::sample::Index>(), b in any::<prop::sample::Index>()) {
        let (a, b) = (a.index(parts.len()), b.index(parts.len()));
        prop_assume!(a != b);
        parts.swap(a, b);
        prop_assert!(assemble(&parts, DEFAULT_MAX_TOTAL).is_err());
    }

    #[test]
    fn numbers_survive(total in 1..usize::MAX, n in any::<prop::sample::Index>()) {
        let number = number(1 + n.index(total), total);
        prop_assert_eq!(number.to_string().parse::<PartNumber>(), Ok(number));
    }

    #[test]
    fn no_number_makes_the_parser_panic(value in ".*") {
        let _ = value.parse::<PartNumber>();
    }
}
