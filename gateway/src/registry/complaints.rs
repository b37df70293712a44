//! What composition finds wrong, and when that is worth an operator's attention.
//!
//! Services that start together are found one after the other, so for a moment each lacks what the others
//! bring. Such a complaint is news, but no error: it becomes one when it has outlived that moment. Nothing is
//! hidden meanwhile, since the status shows complaints from the start.

use std::time::Duration;

use tokio::time::Instant;

use super::status::Diagnostic;

/// Until then services that started together have found each other.
const SETTLING: Duration = Duration::from_secs(2);

/// The complaints of the last composition.
#[derive(Debug, Default)]
pub(super) struct Complaints {
    list: Vec<Complaint>,
}

#[derive(Debug)]
struct Complaint {
    found: Diagnostic,
    since: Instant,
    /// It was told as an error.
    told: bool,
}

impl Complaints {
    /// Takes what a new composition found; returns what is new in it.
    pub(super) fn replace(&mut self, found: Vec<Diagnostic>, now: Instant) -> Vec<&Diagnostic> {
        let before = std::mem::take(&mut self.list);
        self.list = found
            .into_iter()
            .map(|found| {
                let known = before.iter().find(|known| known.found == found);
                let (since, told) = known.map_or((now, false), |known| (known.since, known.told));
                Complaint { found, since, told }
            })
            .collect();
        self.list
            .iter()
            .filter(|complaint| complaint.since == now)
            .map(|complaint| &complaint.found)
            .collect()
    }

    /// What has stood for so long that it is an error; each is returned once.
    pub(super) fn due(&mut self, now: Instant) -> impl Iterator<Item = &Diagnostic> {
        self.list
            .iter_mut()
            .filter(move |complaint| !complaint.told && now >= complaint.since + SETTLING)
            .map(|complaint| {
                complaint.told = true;
                &complaint.found
            })
    }

    /// All of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.list.iter().map(|complaint| &complaint.found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(message: &str) -> Diagnostic {
        Diagnostic { code: "X".to_owned(), subgraph: None, message: message.to_owned() }
    }

    fn due(complaints: &mut Complaints, now: Instant) -> Vec<String> {
        complaints.due(now).map(|found| found.message.clone()).collect()
    }

    #[test]
    fn what_passes_is_never_an_error() {
        let (mut complaints, start) = (Complaints::default(), Instant::now());
        assert_eq!(complaints.replace(vec![found("a")], start).len(), 1);
        assert_eq!(complaints.iter().count(), 1, "the status shows it at once");
        assert!(due(&mut complaints, start).is_empty());
        complaints.replace(vec![], start + SETTLING / 2);
        assert!(due(&mut complaints, start + SETTLING).is_empty());
    }

    #[test]
    fn what_stays_is_told_once_counted_from_its_beginning() {
        let (mut complaints, start) = (Complaints::default(), Instant::now());
        complaints.replace(vec![found("a")], start);
        let later = start + SETTLING / 2;
        assert_eq!(complaints.replace(vec![found("b"), found("a")], later), [&found("b")]);
        assert_eq!(due(&mut complaints, start + SETTLING), ["a"]);
        assert_eq!(due(&mut complaints, later + SETTLING), ["b"]);
        complaints.replace(vec![found("a"), found("b")], later + SETTLING);
        assert!(due(&mut complaints, later + 2 * SETTLING).is_empty());
    }
}
