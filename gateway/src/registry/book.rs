//! The SDLs of the instances that are there, and which of them have to be asked for.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tributary_protocol::SdlHash;

use super::directory::{Directory, Instance};
use super::sdl::Sdl;
use super::select::SdlSet;
use super::status::Diagnostic;

/// How long to leave a subgraph alone that didn't give its SDL.
const RETRY: Duration = Duration::from_secs(2);

/// What an SDL is asked and known by: an instance that names its SDL's hash shares it with all that
/// name the same; the others share what their subject serves.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Source {
    Hash(SdlHash),
    Subject(Arc<str>),
}

/// A question for an SDL that has to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) name: Arc<str>,
    pub(super) source: Source,
    pub(super) subject: Arc<str>,
}

/// SDLs by subgraph and source.
#[derive(Debug, Default)]
pub(super) struct Book {
    pages: BTreeMap<(Arc<str>, Source), Page>,
}

#[derive(Debug)]
struct Page {
    sdl: Option<Arc<Sdl>>,
    state: State,
    /// What was last complained about, so that a repetition isn't news.
    complaint: Option<Diagnostic>,
}

#[derive(Debug)]
enum State {
    Needed,
    Asked,
    Known,
    Failed { again: Instant },
}

impl Instance {
    fn source(&self) -> Source {
        self.hash.map_or_else(|| Source::Subject(self.subject.clone()), Source::Hash)
    }
}

impl Book {
    /// The SDL that an instance serves, when it is known.
    pub(super) fn sdl(&self, name: &Arc<str>, instance: &Instance) -> Option<&Arc<Sdl>> {
        self.pages.get(&(name.clone(), instance.source()))?.sdl.as_ref()
    }

    /// A new instance without a hash: what its subject serves may be something else from now on.
    pub(super) fn doubt(&mut self, name: &Arc<str>, subject: &Arc<str>) {
        if let Some(page) = self.pages.get_mut(&(name.clone(), Source::Subject(subject.clone()))) {
            page.state = State::Needed;
        }
    }

    /// Follows the directory: forgets what nobody serves, and returns what has to be asked. What is
    /// in one of the `known` sets needn't be.
    pub(super) fn follow(&mut self, directory: &Directory, known: [&SdlSet; 2], now: Instant) -> Vec<Wanted> {
        self.pages.retain(|(name, source), _| {
            directory.instances(name).any(|(_, instance)| instance.source() == *source)
        });
        let mut wanted = Vec::new();
        for name in directory.names() {
            for (_, instance) in directory.instances(name) {
                let source = instance.source();
                let page = self.pages.entry((name.clone(), source.clone())).or_insert_with(|| {
                    Page::new(
                        known
                            .iter()
                            .find_map(|set| set.get(name))
                            .filter(|sdl| source == Source::Hash(sdl.hash)),
                    )
                });
                if page.is_due(now) {
                    page.state = State::Asked;
                    wanted.push(Wanted { name: name.clone(), source, subject: instance.subject.clone() });
                }
            }
        }
        wanted
    }

    /// Takes what came of a question; returns what is newly wrong.
    pub(super) fn answered(
        &mut self,
        wanted: &Wanted,
        answer: Result<Sdl, Diagnostic>,
        now: Instant,
    ) -> Option<Diagnostic> {
        let page = self.pages.get_mut(&(wanted.name.clone(), wanted.source.clone()))?;
        let checked = answer.and_then(|sdl| match wanted.source {
            Source::Hash(hash) if hash != sdl.hash => Err(mismatch(wanted, &sdl)),
            _ => Ok(sdl),
        });
        match checked {
            Ok(sdl) => {
                *page = Page::new(Some(&Arc::new(sdl)));
                None
            }
            Err(problem) => {
                page.state = State::Failed { again: now + RETRY };
                let before = page.complaint.replace(problem.clone());
                (before.as_ref() != Some(&problem)).then_some(problem)
            }
        }
    }

    /// Whether a question for an SDL of that name is under way.
    pub(super) fn is_asking(&self, name: &str) -> bool {
        self.pages.iter().any(|((of, _), page)| &**of == name && matches!(page.state, State::Asked))
    }

    /// Whether any question is under way.
    pub(super) fn is_asking_any(&self) -> bool {
        self.pages.values().any(|page| matches!(page.state, State::Asked))
    }

    /// What is wrong with SDLs that were asked for.
    pub(super) fn problems(&self) -> impl Iterator<Item = &Diagnostic> {
        self.pages.values().filter_map(|page| page.complaint.as_ref())
    }
}

impl Page {
    fn new(sdl: Option<&Arc<Sdl>>) -> Self {
        let state = if sdl.is_some() { State::Known } else { State::Needed };
        Self { sdl: sdl.cloned(), state, complaint: None }
    }

    fn is_due(&self, now: Instant) -> bool {
        match self.state {
            State::Needed => true,
            State::Failed { again, .. } => now >= again,
            State::Asked | State::Known => false,
        }
    }
}

fn mismatch(wanted: &Wanted, sdl: &Sdl) -> Diagnostic {
    Diagnostic {
        code: "SDL_MISMATCH".to_owned(),
        subgraph: Some(wanted.name.clone()),
        message: format!("{} serves another SDL ({}) than it announces", wanted.subject, sdl.hash),
    }
}

#[cfg(test)]
mod tests {
    use tributary_protocol::{Features, QuerySubject, Registration};

    use super::*;

    fn instance(id: &str, sdl: Option<&str>) -> Registration {
        let name: tributary_protocol::SubgraphName = "a".parse().unwrap();
        let hash = sdl.map(SdlHash::of);
        let pinned = |hash| QuerySubject::pinned(name.clone(), hash);
        Registration {
            subject: hash.as_ref().map_or_else(|| QuerySubject::plain(name.clone()), pinned),
            name: name.clone(),
            instance: id.parse().unwrap(),
            version: String::new(),
            description: String::new(),
            sdl: hash,
            features: Features::default(),
            graph: None,
        }
    }

    struct Fixture {
        directory: Directory,
        book: Book,
        now: Instant,
        known: SdlSet,
    }

    impl Fixture {
        fn new(instances: &[Registration]) -> Self {
            let mut directory = Directory::default();
            for instance in instances {
                directory.heard(&"a".into(), instance);
            }
            Self { directory, book: Book::default(), now: Instant::now(), known: SdlSet::new() }
        }

        fn follow(&mut self) -> Vec<Wanted> {
            self.book.follow(&self.directory, [&self.known, &SdlSet::new()], self.now)
        }

        fn sdls(&self) -> Vec<Option<&str>> {
            let instances = self.directory.instances("a");
            instances
                .map(|(_, instance)| self.book.sdl(&"a".into(), instance).map(|sdl| &*sdl.text))
                .collect()
        }
    }

    #[test]
    fn one_question_for_each_sdl() {
        let mut fixture =
            Fixture::new(&[instance("i1", Some("x")), instance("i2", Some("x")), instance("i3", Some("y"))]);
        let wanted = fixture.follow();
        assert_eq!(wanted.len(), 2);
        assert!(fixture.follow().is_empty() && fixture.book.is_asking("a"));
        for wanted in wanted {
            let text = if wanted.source == Source::Hash(SdlHash::of("x")) { "x" } else { "y" };
            assert_eq!(fixture.book.answered(&wanted, Ok(Sdl::new(text)), fixture.now), None);
        }
        assert_eq!(fixture.sdls(), [Some("x"), Some("x"), Some("y")]);
        assert!(!fixture.book.is_asking_any());
    }

    #[test]
    fn what_is_known_is_not_asked() {
        let mut fixture = Fixture::new(&[instance("i1", Some("x"))]);
        fixture.known.insert("a".into(), Arc::new(Sdl::new("x")));
        assert!(fixture.follow().is_empty());
        assert_eq!(fixture.sdls(), [Some("x")]);
    }

    #[test]
    fn another_sdl_than_announced_is_not_taken() {
        let mut fixture = Fixture::new(&[instance("i1", Some("x"))]);
        let wanted = fixture.follow().remove(0);
        let answer = || Ok(Sdl::new("z"));
        let problem = fixture.book.answered(&wanted, answer(), fixture.now).unwrap();
        assert_eq!(problem.code, "SDL_MISMATCH");
        assert_eq!(fixture.book.answered(&wanted, answer(), fixture.now), None, "it isn't news any more");
        assert_eq!((fixture.sdls(), fixture.book.problems().count()), (vec![None], 1));
        assert!(fixture.follow().is_empty());
        fixture.now += RETRY;
        assert_eq!(fixture.follow().len(), 1);
    }

    #[test]
    fn a_plain_subject_is_asked_again_for_a_new_instance() {
        let mut fixture = Fixture::new(&[instance("i1", None)]);
        let wanted = fixture.follow().remove(0);
        fixture.book.answered(&wanted, Ok(Sdl::new("x")), fixture.now);
        fixture.book.doubt(&"a".into(), &"graphql.a".into());
        assert_eq!(fixture.sdls(), [Some("x")], "it serves what it served until it says otherwise");
        assert_eq!(fixture.follow().len(), 1);
    }
}
