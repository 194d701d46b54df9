//! Sends messages when they are due, over several connections, and takes the server's answers.
//!
//! ```text
//! source ─► pack ─► schedule (thread) ─┬─► lane: waits until due, hands over ─► answers ─┐
//!                                      └─► lane ...                                      ├─► Outcome
//! ```
//!
//! No lane waits for an answer before it sends the next message, unless more than a window of them is open, and then it says so. A
//! message without an answer is sent again under the same id, which the stream knows, so that it is stored once; how long it took
//! counts from when it was first due.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use async_nats::jetstream::Context as JetStream;
use async_nats::jetstream::context::{PublishAckFuture, PublishError};
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::publish::PublishAck;
use bench::latency::Latencies;
use bench::load::{Lag, Message, Pace, Schedule, pack};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use ingest::Connection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use super::source::Events;
use super::target::{REPLAY_HEADER, Target};

/// Messages that are made ahead of their time, for each connection.
const AHEAD: usize = 4_096;
/// How often a message without an answer is sent again.
const RETRIES: usize = 5;
/// How long before that, each time.
const RETRY_AFTER: Duration = Duration::from_millis(200);
/// Until the first message is due: connections are open and messages made by then.
const RUN_UP: Duration = Duration::from_millis(100);

/// How a run is sent.
#[derive(Clone, Debug)]
pub(super) struct Sending {
    /// Names the run; message ids begin with it.
    pub(super) run: String,
    /// Where to.
    pub(super) target: Target,
    /// When messages are due.
    pub(super) pace: Pace,
    /// Events in a message.
    pub(super) events_per_message: usize,
    /// Messages of a connection that may wait for an answer.
    pub(super) window: usize,
}

/// What became of what was sent.
#[derive(Debug)]
pub(super) struct Outcome {
    /// What 0 nanoseconds are.
    pub(super) start: Instant,
    /// Events sent.
    pub(super) events: u64,
    /// When each message was due, nanoseconds from the start; when it was sent, where there was no schedule.
    pub(super) due: Vec<u64>,
    /// How late they were handed over.
    pub(super) lag: Lag,
    /// From when a message was due to the server's answer that it is stored.
    pub(super) answers: Latencies,
    /// Messages sent again for want of an answer.
    pub(super) sent_again: u64,
    /// Messages that the server never said it has stored, with the last reason.
    pub(super) lost: Vec<(u32, String)>,
    /// From the start to the last answer.
    pub(super) took: Duration,
}

/// One message on its way to a lane.
struct Outgoing {
    index: u32,
    due: Option<u64>,
    subject: String,
    payload: bytes::Bytes,
}

/// What one lane has to say.
#[derive(Default)]
struct Lane {
    due: Vec<(u32, u64)>,
    lag: Lag,
    answers: Answers,
}

/// Answers of one lane.
#[derive(Default)]
struct Answers {
    taken: Latencies,
    sent_again: u64,
    lost: Vec<(u32, String)>,
}

/// A message that was handed over.
struct Open {
    index: u32,
    due: u64,
    first: Result<PublishAckFuture, PublishError>,
    again: (String, PublishMessageParts),
    _permit: OwnedSemaphorePermit,
}

/// What a message is made of, to make it again.
#[derive(Clone)]
struct PublishMessageParts {
    id: String,
    replay: Option<String>,
    payload: bytes::Bytes,
}

impl PublishMessageParts {
    fn message(&self) -> PublishMessage {
        let message = PublishMessage::build().payload(self.payload.clone()).message_id(&self.id);
        match &self.replay {
            Some(run) => message.header(REPLAY_HEADER, run.as_str()),
            None => message,
        }
    }
}

/// The id of the message with this index.
pub(super) fn message_id(run: &str, index: u32) -> String {
    format!("{run}-{index}")
}

/// The index in a message id of this run.
pub(super) fn index_of(run: &str, id: &str) -> Option<u32> {
    id.strip_prefix(run)?.strip_prefix('-')?.parse().ok()
}

/// Sends all `events` over `connections`; `note` sees each message, in order, before it is due.
///
/// # Errors
/// When the source breaks off. What was sent until then stays sent.
pub(super) fn send(
    runtime: &tokio::runtime::Runtime,
    connections: &[Connection],
    sending: &Sending,
    events: Events<'_>,
    note: impl FnMut(u32, &Message) + Send,
) -> anyhow::Result<Outcome> {
    let start = Instant::now() + RUN_UP;
    let mut lanes = Vec::new();
    let mut running = Vec::new();
    for connection in connections {
        let (lane, messages) = mpsc::channel(AHEAD);
        lanes.push(lane);
        running.push(runtime.spawn(run_lane(connection.jetstream.clone(), messages, sending.clone(), start)));
    }
    let (made, told) = std::thread::scope(|scope| {
        let making = scope.spawn(move || make(events, sending, &lanes, note));
        let told = runtime.block_on(futures_util::future::join_all(running));
        (making.join().expect("making messages does not panic"), told)
    });
    let (events, messages) = made?;
    let mut outcome = Outcome {
        start,
        events,
        due: vec![0; messages],
        lag: Lag::default(),
        answers: Latencies::default(),
        sent_again: 0,
        lost: Vec::new(),
        took: start.elapsed(),
    };
    for lane in told {
        let lane = lane.context("a connection's task ended")?;
        for (index, due) in lane.due {
            outcome.due[index as usize] = due;
        }
        outcome.lag.add(&lane.lag);
        outcome.answers.add(&lane.answers.taken);
        outcome.sent_again += lane.answers.sent_again;
        outcome.lost.extend(lane.answers.lost);
    }
    Ok(outcome)
}

/// Makes messages and deals them out, those of one office to one lane. Returns how many events and messages there were.
fn make(
    events: Events<'_>,
    sending: &Sending,
    lanes: &[mpsc::Sender<Outgoing>],
    mut note: impl FnMut(u32, &Message),
) -> anyhow::Result<(u64, usize)> {
    let mut schedule = Schedule::new(sending.pace);
    let (mut count, mut index) = (0, 0_u32);
    for message in pack(events, sending.events_per_message) {
        let message = message?;
        note(index, &message);
        let mut hasher = DefaultHasher::new();
        message.address.hash(&mut hasher);
        let lane = usize::try_from(hasher.finish() % lanes.len() as u64).expect("a place in a list");
        count += u64::from(message.events());
        let outgoing = Outgoing {
            index,
            due: schedule.due(&message),
            subject: message.address.subject(&sending.target.prefix),
            payload: message.payload.into(),
        };
        // A lane that is gone has told why by the time all are waited for.
        let _ = lanes[lane].blocking_send(outgoing);
        index = index.checked_add(1).context("one run can send 4,294,967,295 messages at most")?;
    }
    Ok((count, index as usize))
}

fn nanos_since(start: Instant) -> u64 {
    u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

async fn run_lane(
    jetstream: JetStream,
    mut messages: mpsc::Receiver<Outgoing>,
    sending: Sending,
    start: Instant,
) -> Lane {
    let window = Arc::new(Semaphore::new(sending.window));
    let (open, answers) = mpsc::unbounded_channel();
    let answers = tokio::spawn(take_answers(jetstream.clone(), answers, start));
    let mut lane = Lane::default();
    while let Some(Outgoing { index, due, subject, payload }) = messages.recv().await {
        if let Some(due) = due {
            tokio::time::sleep_until((start + Duration::from_nanos(due)).into()).await;
        }
        let permit = room(&window, &mut lane.lag).await;
        let replay = sending.target.replay.then(|| sending.run.clone());
        let parts = PublishMessageParts { id: message_id(&sending.run, index), replay, payload };
        let unscheduled = nanos_since(start);
        let first = jetstream.send_publish(subject.clone(), parts.message()).await;
        if let Some(due) = due {
            lane.lag.sent(due, nanos_since(start));
        }
        let due = due.unwrap_or(unscheduled);
        lane.due.push((index, due));
        let handed_over = Open { index, due, first, again: (subject, parts), _permit: permit };
        open.send(handed_over).expect("answers are taken until the last message is handed over");
    }
    drop(open);
    lane.answers = answers.await.unwrap_or_default();
    lane
}

/// Room for one more message without an answer.
async fn room(window: &Arc<Semaphore>, lag: &mut Lag) -> OwnedSemaphorePermit {
    if let Ok(permit) = Arc::clone(window).try_acquire_owned() {
        return permit;
    }
    let stood = Instant::now();
    let permit = Arc::clone(window).acquire_owned().await.expect("the window is never closed");
    lag.window_full(nanos_since(stood));
    permit
}

async fn take_answers(jetstream: JetStream, mut open: mpsc::UnboundedReceiver<Open>, start: Instant) -> Answers {
    let mut answers = Answers::default();
    let mut waiting = FuturesUnordered::new();
    let mut more = true;
    while more || !waiting.is_empty() {
        tokio::select! {
            handed_over = open.recv(), if more => match handed_over {
                Some(handed_over) => waiting.push(settle(&jetstream, handed_over)),
                None => more = false,
            },
            Some((index, due, tries, settled)) = waiting.next(), if !waiting.is_empty() => {
                answers.sent_again += tries;
                match settled {
                    Ok(_) => answers.taken.record(due, nanos_since(start)),
                    Err(error) => answers.lost.push((index, error.to_string())),
                }
            }
        }
    }
    answers
}

/// Waits for the answer; asks again when there is none. Returns how often.
async fn settle(jetstream: &JetStream, open: Open) -> (u32, u64, u64, Result<PublishAck, PublishError>) {
    let Open { index, due, mut first, again: (subject, parts), _permit } = open;
    let mut tries = 0;
    loop {
        let settled = match first {
            Ok(waiting) => waiting.await,
            Err(error) => Err(error),
        };
        if settled.is_ok() || tries == RETRIES {
            return (index, due, tries as u64, settled);
        }
        tries += 1;
        tokio::time::sleep(RETRY_AFTER).await;
        first = jetstream.send_publish(subject.clone(), parts.message()).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_id_tells_its_run_and_its_place() {
        assert_eq!(index_of("r1", &message_id("r1", 4_000_000_000)), Some(4_000_000_000));
        assert_eq!(index_of("r1", &message_id("r12", 7)), None);
        assert_eq!(index_of("r1", "r1-x"), None);
    }
}
