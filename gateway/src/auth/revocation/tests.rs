use std::time::Duration;

use super::*;

const KEEP: Option<Duration> = Some(Duration::from_secs(900));

fn revocations(set: impl FnOnce(&mut RevocationConfig)) -> Revocations {
    let mut config = RevocationConfig {
        bucket: revocation::BUCKET.into(),
        claim: "sid".into(),
        accept_without: false,
        max_age: None,
        most: 3,
    };
    set(&mut config);
    Revocations::new(config)
}

fn code(revocations: &Revocations, sid: Option<&str>) -> Option<Code> {
    let session = sid.and_then(|sid| revocations.session(sid));
    revocations.check(session.as_deref()).err().map(|error| error.code())
}

#[tokio::test]
async fn a_session_is_good_until_it_is_revoked() {
    let known = revocations(|_| ());
    assert_eq!(code(&known, Some("a")), Some(Code::AuthUnavailable), "nothing was read");
    known.complete();
    let session = known.session("a").unwrap();
    assert_eq!((code(&known, Some("a")), code(&known, Some("b"))), (None, None));
    known.learn("a", KEEP).unwrap();
    session.revoked().await;
    assert_eq!((code(&known, Some("a")), code(&known, Some("b"))), (Some(Code::SessionRevoked), None));
    drop(session);
    assert_eq!(code(&known, Some("a")), Some(Code::SessionRevoked), "no token of it was left");
}

#[tokio::test]
async fn tokens_without_a_session_are_taken_only_where_that_is_allowed() {
    let strict = revocations(|_| ());
    let lenient = revocations(|config| config.accept_without = true);
    assert_eq!(code(&lenient, None), Some(Code::AuthUnavailable));
    for known in [&strict, &lenient] {
        known.complete();
    }
    assert_eq!(
        (code(&strict, None), code(&strict, Some(""))),
        (Some(Code::TokenInvalid), Some(Code::TokenInvalid))
    );
    assert_eq!((code(&lenient, None), code(&lenient, Some(""))), (None, None));
}

#[tokio::test(start_paused = true)]
async fn entries_go_when_their_time_is_over() {
    let known = revocations(|_| ());
    known.complete();
    known.learn("a", Some(Duration::from_secs(60))).unwrap();
    known.learn("for-ever", None).unwrap();
    tokio::time::advance(Duration::from_secs(50)).await;
    known.complete();
    assert_eq!(known.status().sessions, 2);
    known.learn("a", Some(Duration::from_secs(60))).unwrap();
    tokio::time::advance(Duration::from_secs(31)).await;
    known.complete();
    // Its tokens expire no later because the bucket was read again.
    assert_eq!((known.status().sessions, code(&known, Some("for-ever"))), (1, Some(Code::SessionRevoked)));
}

#[tokio::test(start_paused = true)]
async fn more_than_may_be_remembered_is_known_to_be_too_many() {
    let known = revocations(|_| ());
    known.complete();
    for key in ["a", "b", "c"] {
        known.learn(key, KEEP).unwrap();
    }
    assert_eq!((known.learn("d", KEEP), known.learn("a", KEEP)), (Err(TooMany), Ok(())));
    known.turn(RevocationState::TooMany);
    assert_eq!(
        (code(&known, Some("d")), code(&known, Some("a"))),
        (Some(Code::AuthUnavailable), Some(Code::SessionRevoked))
    );
    tokio::time::advance(Duration::from_secs(901)).await;
    known.learn("d", KEEP).unwrap();
    known.complete();
    assert_eq!(code(&known, Some("e")), None);
}

#[tokio::test]
async fn sessions_without_tokens_are_forgotten() {
    let known = revocations(|_| ());
    let kept = known.session("kept").unwrap();
    for number in 0..5 * FEW_SESSIONS {
        known.session(&number.to_string()).unwrap();
    }
    assert!(known.lock().sessions.len() <= FEW_SESSIONS, "{}", known.lock().sessions.len());
    assert!(Arc::ptr_eq(&kept, &known.session("kept").unwrap()));
}

#[tokio::test(start_paused = true)]
async fn what_is_too_old_is_not_believed_until_it_is_current_again() {
    let known = Arc::new(revocations(|config| config.max_age = Some(Duration::from_secs(10))));
    let growing = known.clone();
    let task = tokio::spawn(async move { growing.grow_old().await });
    let mut states = known.states();
    known.complete();
    states.wait_for(|state| *state == RevocationState::TooOld).await.unwrap();
    assert_eq!(known.status().age_seconds, Some(10.0));
    assert_eq!(code(&known, Some("a")), Some(Code::AuthUnavailable));
    known.complete();
    assert_eq!(code(&known, Some("a")), None);
    task.abort();
}
