//! One client's part in a subscription: how far it has come, and where its results go.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tributary_federation::event::SlowConsumer;

use super::Place;
use super::mailbox::{Delivery, Ending, Entry, Full, Mailbox, Tag};
use super::stream::Gap;
use super::topic::{Seat, Topic};
use super::version::KnownVersions;
use crate::error::{Code, GraphqlError, Rejection};
use crate::telemetry::Metrics;

/// One client's part in a subscription.
#[derive(Debug)]
pub struct Member {
    mailbox: Arc<Mailbox>,
    tag: Tag,
    metrics: Arc<Metrics>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// The place of the last result that it was given, or from where it began.
    after: Place,
    /// What has to wait until what it missed has been told.
    held: Option<VecDeque<Arc<Delivery>>>,
    /// Which of those who tell it what it missed is the last.
    turn: Turn,
    /// What it knows from its snapshot, which events needn't tell again.
    known: Option<Box<KnownVersions>>,
    /// What it is part of, or will be when it has what it missed, and as which of its askers.
    aim: Option<(Arc<Topic>, Asker)>,
    asker: Asker,
    seat: Option<Seat>,
    over: bool,
}

/// Tells apart those for whom a member was, one after the other: a client may bring another token in the middle of
/// anything, and whatever was begun for the one before must not have the last word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Asker(u64);

/// Tells those apart who tell a member what it missed: where it is seated anew in the middle of that, somebody else
/// begins from its place, and whoever told it before has nothing more to say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Turn(u64);

/// What became of a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given {
    /// It will get it, or has it already.
    Taken,
    /// It has no room for it.
    TooMuch,
    /// Somebody else tells it what it missed.
    Superseded,
}

/// What may wait while something that was missed is told. It is shared with others, so that it takes little.
const MOST_HELD: usize = 8192;

impl Member {
    /// Whose results go there, from that place on.
    pub fn new(mailbox: Arc<Mailbox>, tag: Tag, after: Place, metrics: Arc<Metrics>) -> Arc<Self> {
        let state = State {
            after,
            held: None,
            turn: Turn::default(),
            known: None,
            aim: None,
            asker: Asker::default(),
            seat: None,
            over: false,
        };
        metrics.subscriptions.inc();
        Arc::new(Self { mailbox, tag, metrics, state: Mutex::new(state) })
    }

    /// Where its results go.
    pub fn mailbox(&self) -> &Arc<Mailbox> {
        &self.mailbox
    }

    /// Up to where it has everything.
    pub fn place(&self) -> Place {
        self.lock().after
    }

    /// Whether nobody wants it any more, or it was told that this is the end.
    pub(super) fn is_over(&self) -> bool {
        self.lock().over || self.mailbox.is_closed()
    }

    /// It begins there.
    pub(super) fn begin(&self, place: Place) {
        self.lock().after = place;
    }

    /// Tells the client from where it goes on live: what is published from now on, it gets.
    pub(super) fn is_live(&self) {
        let state = self.lock();
        if !state.over {
            self.mailbox.tell(Entry::Progress { tag: self.tag, place: state.after });
        }
    }

    /// The same, for one that came back and now has what it missed.
    pub(super) fn is_live_again(&self, turn: Turn) {
        let state = self.lock();
        if state.turn == turn && !state.over {
            self.mailbox.tell(Entry::Progress { tag: self.tag, place: state.after });
        }
    }

    /// A result, in the order of the stream. What it has already isn't given again.
    pub(super) fn give(&self, delivery: Arc<Delivery>, slow: SlowConsumer) -> Given {
        let mut state = self.lock();
        match &mut state.held {
            Some(held) if held.len() >= MOST_HELD => Given::TooMuch,
            Some(held) => {
                held.push_back(delivery);
                Given::Taken
            }
            None => self.give_now(&mut state, delivery, slow),
        }
    }

    fn give_now(&self, state: &mut State, delivery: Arc<Delivery>, slow: SlowConsumer) -> Given {
        let place = delivery.place;
        let has =
            |place: Place| place.created == state.after.created && place.sequence <= state.after.sequence;
        if state.over || place.is_some_and(has) {
            return Given::Taken;
        }
        if !state.knows(&delivery) {
            if self.mailbox.give(self.tag, delivery, slow).is_err() {
                return Given::TooMuch;
            }
            self.metrics.subscription_results.inc();
        }
        state.after = place.unwrap_or(state.after);
        Given::Taken
    }

    /// The state at a place, and what events needn't tell again because of it.
    ///
    /// # Errors
    /// Where it has no room for it.
    pub(super) fn give_snapshot(&self, snapshot: Delivery, known: KnownVersions) -> Result<(), Full> {
        let mut state = self.lock();
        state.after = snapshot.place.unwrap_or(state.after);
        state.known = (!known.is_empty()).then(|| Box::new(known));
        self.mailbox.give(self.tag, Arc::new(snapshot), SlowConsumer::All)
    }

    /// It becomes part of a topic as that asker, or will when it has what it missed (`held`: results wait for that).
    /// Wherever it was before, it no longer is. `None`: somebody else asks by now, or it is over.
    pub(super) fn turn(
        self: &Arc<Self>,
        asker: Asker,
        topic: Option<&Arc<Topic>>,
        held: bool,
    ) -> Option<(Turn, Place)> {
        let mut state = self.lock();
        if state.over || state.asker != asker {
            return None;
        }
        state.turn.0 += 1;
        state.aim = topic.map(|topic| (topic.clone(), asker));
        // What waited comes after its place, too.
        state.held = held.then(VecDeque::new);
        let (turn, after, before) = (state.turn, state.after, state.seat.take());
        drop(state);
        if let Some(before) = before {
            before.leave(self);
        }
        Some((turn, after))
    }

    /// As whom it is part of that topic, if it is.
    pub(super) fn asker_at(&self, topic: &Arc<Topic>) -> Option<Asker> {
        let state = self.lock();
        state.aim.as_ref().filter(|(aim, _)| Arc::ptr_eq(aim, topic)).map(|(_, asker)| *asker)
    }

    /// For whom it is now.
    pub(super) fn asker(&self) -> Asker {
        self.lock().asker
    }

    /// Whether it is for that one, and not over.
    pub(super) fn is_for(&self, asker: Asker) -> bool {
        let state = self.lock();
        !state.over && state.asker == asker && !self.mailbox.is_closed()
    }

    /// It is for somebody else from now on.
    pub(super) fn next_asker(&self) -> Asker {
        let mut state = self.lock();
        state.asker.0 += 1;
        state.asker
    }

    /// Whether it is still that one who tells it what it missed.
    pub(super) fn has_turn(&self, turn: Turn) -> bool {
        self.lock().turn == turn
    }

    /// Something that it missed.
    pub(super) fn give_missed(&self, turn: Turn, delivery: Arc<Delivery>, slow: SlowConsumer) -> Given {
        let mut state = self.lock();
        match state.turn == turn {
            true => self.give_now(&mut state, delivery, slow),
            false => Given::Superseded,
        }
    }

    /// It has what it missed: gives some of what waited for that. Returns how much room the next needs, if there is more.
    pub(super) fn release(&self, turn: Turn, slow: SlowConsumer) -> Option<usize> {
        const AT_A_TIME: usize = 32;
        let mut state = self.lock();
        if state.turn != turn {
            return None;
        }
        for _ in 0..AT_A_TIME {
            let Some(delivery) = state.held.as_mut().and_then(VecDeque::pop_front) else { break };
            if self.give_now(&mut state, delivery.clone(), slow) == Given::TooMuch {
                let size = delivery.size();
                state.held.get_or_insert_default().push_front(delivery);
                return Some(size);
            }
        }
        if state.held.as_ref().is_some_and(|held| !held.is_empty()) {
            return Some(0);
        }
        state.held = None;
        None
    }

    /// Nothing more comes up to that place.
    pub(super) fn progress(&self, place: Place) {
        let mut state = self.lock();
        let further = place.created == state.after.created && place.sequence > state.after.sequence;
        if further && !state.over && state.held.is_none() {
            state.after = place;
            self.mailbox.tell(Entry::Progress { tag: self.tag, place });
        }
    }

    /// It sits there from now on, if it still is its turn.
    pub(super) fn sits(self: &Arc<Self>, seat: Seat, turn: Turn) {
        let mut state = self.lock();
        let leaves = match state.over || state.turn != turn {
            true => Some(seat),
            false => state.seat.replace(seat),
        };
        drop(state);
        if let Some(seat) = leaves {
            seat.leave(self);
        }
    }

    /// What it is part of, or will be.
    pub(super) fn topic(&self) -> Option<Arc<Topic>> {
        self.lock().aim.as_ref().map(|(topic, _)| topic.clone())
    }

    /// It is part of nothing any more.
    fn stands_up(self: &Arc<Self>) {
        let mut state = self.lock();
        let (seat, aim) = (state.seat.take(), state.aim.take());
        drop(state);
        if let Some(seat) = seat {
            seat.leave(self);
        }
        drop(aim);
    }

    /// The client wants no more.
    pub fn leave(self: &Arc<Self>) {
        if !std::mem::replace(&mut self.lock().over, true) {
            self.metrics.subscription_ended(None);
        }
        self.stands_up();
    }

    /// The client is told that this is the end, after everything that waits for it.
    pub fn end(self: &Arc<Self>, ending: Ending) {
        self.end_at(|_| ending);
    }

    /// The same, with the place from which it can be gone on.
    pub fn fail(self: &Arc<Self>, error: GraphqlError) {
        // What a subgraph serves has no places.
        self.end_at(|place| match place == Place::NONE {
            true => Ending::Failed(error.into()),
            false => Ending::Failed(error.with("place", place.to_string()).into()),
        });
    }

    fn end_at(self: &Arc<Self>, ending: impl FnOnce(Place) -> Ending) {
        let mut state = self.lock();
        let (was_over, place) = (std::mem::replace(&mut state.over, true), state.after);
        drop(state);
        if !was_over {
            let ending = ending(place);
            match &ending {
                Ending::Complete => self.metrics.subscription_ended(None),
                Ending::Failed(why) => {
                    let (code, why) = (why.code().as_str(), &why.errors()[0].message);
                    tracing::info!(code, %place, %why, "a subscription ended");
                    self.metrics.subscription_ended(Some(code));
                }
            }
            self.mailbox.tell(Entry::End { tag: self.tag, ending });
        }
        self.stands_up();
    }

    /// It can't follow.
    pub(super) fn fall_behind(self: &Arc<Self>) {
        let message = "The events come faster than they are read. Subscribe again with this place \
                       (extensions.resumeAfter) to go on from here";
        self.fail(GraphqlError::new(Code::SlowConsumer, message).with("setting", "--max-waiting-results"));
    }

    /// Events were lost.
    pub(super) fn lose(self: &Arc<Self>, gap: Gap) {
        self.end(Ending::Failed(resume_gap(gap)));
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.metrics.subscriptions.dec();
    }
}

impl State {
    /// Whether a result says nothing that its snapshot didn't.
    fn knows(&mut self, delivery: &Delivery) -> bool {
        let Some((known, version)) = self.known.as_mut().zip(delivery.version.as_ref()) else { return false };
        let knows = known.have(version);
        if known.is_empty() {
            self.known = None;
        }
        knows
    }
}

/// It can't be gone on from a place.
pub(super) fn resume_gap(gap: Gap) -> Rejection {
    let message = format!(
        "The subscription can't go on from its place: {gap}. Ask for the state anew, and subscribe again"
    );
    GraphqlError::new(Code::ResumeGap, message).into()
}

#[cfg(test)]
mod tests {
    use super::super::mailbox::MailboxLimits;
    use super::*;

    fn place(sequence: u64) -> Place {
        Place { created: 1, sequence }
    }

    fn result(sequence: u64) -> Arc<Delivery> {
        Arc::new(Delivery::new(Some(place(sequence)), 0, b"{}".to_vec()))
    }

    fn told(mailbox: &Mailbox) -> Vec<u64> {
        let sequences = std::iter::from_fn(|| mailbox.take()).map(|entry| match entry {
            Entry::Next { delivery, .. } => delivery.place.unwrap().sequence,
            other => panic!("{other:?}"),
        });
        sequences.collect()
    }

    fn turn(member: &Arc<Member>) -> Turn {
        member.turn(member.asker(), None, true).unwrap().0
    }

    fn member(after: u64) -> (Arc<Mailbox>, Arc<Member>) {
        let mailbox = Arc::new(Mailbox::new(MailboxLimits { results: 100, bytes: 10_000 }));
        (mailbox.clone(), Member::new(mailbox, 0, place(after), Arc::default()))
    }

    #[test]
    fn what_is_new_waits_for_what_was_missed() {
        let (mailbox, member) = member(2);
        let turn = turn(&member);
        for sequence in [5, 6] {
            assert_eq!(member.give(result(sequence), SlowConsumer::All), Given::Taken);
        }
        // The fifth is among what was missed as well.
        for sequence in 1..=5 {
            assert_eq!(member.give_missed(turn, result(sequence), SlowConsumer::All), Given::Taken);
        }
        assert_eq!(member.release(turn, SlowConsumer::All), None);
        member.give(result(7), SlowConsumer::All);
        assert_eq!(told(&mailbox), [3, 4, 5, 6, 7]);
        assert_eq!(member.place(), place(7));
    }

    /// A client that brings a fresh token meanwhile: what was begun for the one before comes to nothing.
    #[test]
    fn what_was_begun_for_an_earlier_asker_has_no_turn() {
        let (_, member) = member(0);
        let before = member.asker();
        let now = member.next_asker();
        assert!(member.turn(before, None, true).is_none() && member.turn(now, None, true).is_some());
        member.leave();
        assert!(member.turn(now, None, true).is_none(), "it is over");
    }

    /// Seated anew while it is told what it missed: the first who told it must not let anything new through.
    #[test]
    fn who_is_superseded_says_nothing_more() {
        let (mailbox, member) = member(0);
        let first = turn(&member);
        member.give_missed(first, result(1), SlowConsumer::All);
        let second = turn(&member);
        assert!(!member.has_turn(first) && member.has_turn(second));
        assert_eq!(member.give_missed(first, result(2), SlowConsumer::All), Given::Superseded);
        assert_eq!(member.release(first, SlowConsumer::All), None);
        member.give(result(9), SlowConsumer::All);
        for sequence in 2..=9 {
            member.give_missed(second, result(sequence), SlowConsumer::All);
        }
        assert_eq!(member.release(second, SlowConsumer::All), None);
        assert_eq!(told(&mailbox), (1..=9).collect::<Vec<_>>());
    }
}
