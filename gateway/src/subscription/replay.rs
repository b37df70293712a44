//! What a client missed, told before it goes on live.
//!
//! ```text
//! place ──▶ recent events of the feed? ──yes──▶ seated, what comes meanwhile waits ──▶ live
//!                    │no                                      ▲
//!                    └──▶ a consumer of its own ──up to the recent ones──┘
//! ```

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use super::Place;
use super::feed::{Event, Feed};
use super::handled::Handled;
use super::hub::Hub;
use super::mailbox::Ending;
use super::member::{Asker, Given, Member, Turn, resume_gap};
use super::stream::{EventStream, Events, StreamError, StreamState};
use super::topic::{Asking, Topic};
use crate::error::{Code, GraphqlError, Rejection};
use crate::pipeline::Request;

/// Between attempts to read a stream that can't be read.
const PAUSE: Duration = Duration::from_millis(500);
/// How long a client that doesn't read holds a consumer of its own.
const PATIENCE: Duration = Duration::from_secs(1);

/// Why a replay ends before its time.
enum Stopped {
    /// Nobody wants it any more.
    Left,
    /// Too much is missing.
    Gap(Rejection),
    /// The state couldn't be asked for instead.
    Failed(Rejection),
}

/// Tells a member what it missed after its place, and seats it.
pub(super) struct Replay {
    pub hub: Arc<Hub>,
    pub topic: Arc<Topic>,
    pub feed: Arc<Feed>,
    pub asking: Asking,
    pub asker: Asker,
    pub member: Arc<Member>,
    pub turn: Turn,
}

impl Replay {
    /// `otherwise`: a query for the state, which is told where too much is missing after the place.
    pub(super) async fn catch_up(self, after: Place, otherwise: Option<Request>) {
        match self.run(after, otherwise).await {
            // The schema may have changed meanwhile, and nobody was seated to be moved.
            Ok(()) => self.hub.settle(&self.topic, &self.asking, &self.member, self.asker).await,
            Err(Stopped::Left) => {}
            Err(Stopped::Gap(why) | Stopped::Failed(why)) => self.member.end(Ending::Failed(why)),
        }
    }

    async fn run(&self, mut after: Place, mut otherwise: Option<Request>) -> Result<(), Stopped> {
        let mut handled = Handled::default();
        let missed = loop {
            match self.try_join(after)? {
                Some(missed) => break missed,
                None => {
                    self.room(0).await?;
                    after = match (self.read_on(after, &mut handled).await, otherwise.take()) {
                        (Err(Stopped::Gap(_)), Some(query)) => self.state(query).await?,
                        (read, query) => {
                            otherwise = query;
                            read?
                        }
                    };
                }
            }
        };
        for event in missed.iter().filter(|event| handled.is_new(event.id)) {
            self.room(0).await?;
            self.tell(event).await?;
        }
        while let Some(size) = self.member.release(self.turn, self.topic.slow()) {
            self.room(size).await?;
        }
        // Where nothing was missed the client wouldn't hear otherwise that this is all.
        self.member.is_live_again(self.turn);
        Ok(())
    }

    /// Tells the state instead of what was missed.
    async fn state(&self, query: Request) -> Result<Place, Stopped> {
        self.is_wanted()?;
        let told = self.hub.snapshot(&self.topic, &self.feed, &self.member, query).await;
        told.map_err(Stopped::Failed)
    }

    /// Seats the member, if everything after the place is still at hand. What it missed comes back.
    fn try_join(&self, after: Place) -> Result<Option<Vec<Arc<Event>>>, Stopped> {
        let key = self.asking.caller.key();
        let joined = self.feed.join_after(after, |missed, _| {
            if !self.member.has_turn(self.turn) {
                return Err(Stopped::Left);
            }
            self.topic.seat(&key, &self.asking, &self.member, self.turn);
            Ok(missed)
        });
        joined.transpose()
    }

    /// Reads from the stream until that has come to its end. Returns up to where.
    async fn read_on(&self, after: Place, handled: &mut Handled) -> Result<Place, Stopped> {
        let _slot = self.hub.replay_slot().await;
        let (stream, pattern) = (self.hub.stream(), self.feed.pattern());
        let (found, mut events) = match begin(stream, pattern, after).await {
            Ok(Some(begun)) => begun,
            Ok(None) => return Ok(after),
            // It comes back, and the subscription stays open for as long.
            Err(error) => {
                tracing::debug!(pattern, %error, "what was missed can't be read; trying again");
                tokio::time::sleep(PAUSE).await;
                return self.is_wanted().map(|()| after);
            }
        };
        found.check(after).map_err(|gap| Stopped::Gap(resume_gap(gap)))?;
        let most = self.hub.settings().replay_events;
        if events.pending() > most {
            let message = format!(
                "{} events came since that place, more than the {most} that are told again \
                 (--max-replay-events). Ask for the state anew, and subscribe again",
                events.pending()
            );
            let error = GraphqlError::new(Code::ResumeGap, message).with("setting", "--max-replay-events");
            return Err(Stopped::Gap(error.into()));
        }
        let mut place = after;
        while !events.has_caught_up() {
            // It is made again from here if it breaks.
            let Ok(raw) = events.next().await else { return Ok(place) };
            // A client that doesn't read must not keep others from catching up.
            match timeout(PATIENCE, self.room(0)).await {
                Ok(room) => room?,
                Err(_) => return Ok(place),
            }
            let event = Event::read(raw, after.created);
            place = event.place();
            if handled.is_new(event.id) {
                self.tell(&event).await?;
            }
        }
        // Up to where the stream was before, nothing else is on the pattern.
        Ok(Place { sequence: place.sequence.max(found.last), ..place })
    }

    async fn tell(&self, event: &Event) -> Result<(), Stopped> {
        if !self.topic.means(event) {
            return Ok(());
        }
        let answer = self.topic.answer_for(event, &self.asking.caller).await.ok_or(Stopped::Left)?;
        loop {
            match self.member.give_missed(self.turn, answer.clone(), self.topic.slow()) {
                Given::Taken => return Ok(()),
                Given::TooMuch => self.room(answer.size()).await?,
                Given::Superseded => return Err(Stopped::Left),
            }
        }
    }

    /// Waits until the client has read so much that a result of that size can wait for it.
    async fn room(&self, size: usize) -> Result<(), Stopped> {
        self.member.mailbox().has_room(size).await;
        self.is_wanted()
    }

    fn is_wanted(&self) -> Result<(), Stopped> {
        match self.member.is_over() || !self.member.has_turn(self.turn) {
            true => Err(Stopped::Left),
            false => Ok(()),
        }
    }
}

/// The stream's last event, and a consumer of those after a place; `None`: the stream was made anew in between, and
/// the consumer began anywhere.
async fn begin(
    stream: &EventStream,
    pattern: &str,
    after: Place,
) -> Result<Option<(StreamState, Events)>, StreamError> {
    let found = stream.state().await?;
    let events = stream.read(pattern, after.sequence).await?;
    Ok((stream.state().await?.created == found.created).then_some((found, events)))
}
