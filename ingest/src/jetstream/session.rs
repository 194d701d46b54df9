//! One session with the server: from a fresh consumer to its end.

use async_nats::Subject;
use bytes::Bytes;
use facts::Moment;
use tokio::sync::watch;

use super::pull::{Answer, Delivered, Pull};
use super::{Batch, Gap, Intake, IntakeError, Mark, Sequenced, resume};
use crate::decode;
use crate::metric_names;
use crate::quarantine::{Place, RefusedLine};
use crate::streams;

/// Why a session ended.
pub(super) enum SessionEnd {
    /// We were asked to stop, or nobody takes batches any more.
    Stopped,
    /// The stream is not the one we read.
    Fatal(IntakeError),
    /// Anything that another session may cure.
    Broken(String),
}

impl SessionEnd {
    fn broken(error: impl std::fmt::Display) -> SessionEnd {
        SessionEnd::Broken(error.to_string())
    }
}

/// A consumer, and where in it we are.
pub(super) struct Session<'a> {
    intake: &'a mut Intake,
    pull: Pull,
    /// How many messages the consumer has delivered to us: a jump means that some were lost on the way.
    delivered: u64,
    /// The server may have been silent since this was queued: do not take it for a sign of life.
    stale: bool,
}

impl<'a> Session<'a> {
    /// Checks the stream, reports what is missing before it, makes a consumer.
    pub(super) async fn open(intake: &'a mut Intake) -> Result<Session<'a>, SessionEnd> {
        let mut stop = intake.stop.clone();
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => Err(SessionEnd::Stopped),
            session = Session::open_now(intake) => session,
        }
    }

    async fn open_now(intake: &'a mut Intake) -> Result<Session<'a>, SessionEnd> {
        let stream = streams::open(&intake.connection, &intake.stream.name).await.map_err(SessionEnd::broken)?;
        let state = streams::state_of(stream.cached_info());
        let resumed = resume(&intake.stream, intake.position, &mut intake.marks, &stream).await;
        let resumed = resumed.map_err(|error| match error {
            IntakeError::Stream(error) => SessionEnd::broken(error),
            other => SessionEnd::Fatal(other),
        })?;
        if resumed < intake.position {
            intake.quarantine.go_back(resumed);
            intake.position = resumed;
        }
        let missing_until = state.first_sequence - 1;
        if missing_until > intake.position {
            let gaps = vec![gap(intake.position + 1, missing_until)];
            let pending = state.last_sequence - missing_until;
            let batch = Batch {
                facts: Vec::new(),
                gaps,
                last_sequence: missing_until,
                last_timestamp: state.last_timestamp,
                pending,
                messages: 0,
                quarantined: 0,
                mark: None,
            };
            hand_over(intake, batch).await?;
        }
        let pull = Pull::open(&intake.connection, &stream, intake.position + 1, &intake.options).await;
        let (pull, pending) = pull.map_err(SessionEnd::broken)?;
        intake.health.open(pending);
        (intake.wake)();
        metrics::gauge!(metric_names::CONNECTED).set(1.0);
        tracing::info!(stream = %intake.stream.name, after = intake.position, pending, "reading facts");
        Ok(Session { intake, pull, delivered: 0, stale: false })
    }

    /// Reads until something ends it.
    pub(super) async fn run(mut self) -> SessionEnd {
        loop {
            if let Err(end) = self.turn().await {
                return end;
            }
        }
    }

    /// Waits for something, takes what else is at hand, hands it over.
    async fn turn(&mut self) -> Result<(), SessionEnd> {
        self.pull.ask().await.map_err(SessionEnd::broken)?;
        let first = match self.pull.ready() {
            Some(answer) => answer,
            None => {
                self.stale = false;
                self.wait().await?
            }
        };
        let Some(first) = self.sign_of_life(first)? else { return Ok(()) };
        let mut turn = Turn::new(self.intake.position);
        self.take(&mut turn, first)?;
        while turn.lines < self.intake.options.batch_lines {
            self.pull.ask().await.map_err(SessionEnd::broken)?;
            let Some(answer) = self.pull.ready() else { break };
            if let Some(message) = self.sign_of_life(answer)? {
                self.take(&mut turn, message)?;
            }
        }
        self.finish(turn).await
    }

    /// Waits for an answer; silence over two heartbeats ends the session.
    async fn wait(&mut self) -> Result<Answer, SessionEnd> {
        let silence = self.intake.options.heartbeat * 2;
        tokio::select! {
            biased;
            () = stopped(&mut self.intake.stop) => Err(SessionEnd::Stopped),
            () = self.intake.batches.closed() => Err(SessionEnd::Stopped),
            answer = self.pull.next(silence) => {
                answer.ok_or_else(|| SessionEnd::Broken(format!("the server was silent for {} ms", silence.as_millis())))
            }
        }
    }

    /// Notes that the server was heard; gives back the message if it is one.
    fn sign_of_life(&mut self, answer: Answer) -> Result<Option<Delivered>, SessionEnd> {
        if let Answer::Broken(reason) = answer {
            return Err(SessionEnd::Broken(reason));
        }
        if !self.stale {
            self.intake.health.hear();
        }
        Ok(match answer {
            Answer::Message(message) => Some(message),
            Answer::Heartbeat => {
                (self.intake.wake)();
                None
            }
            Answer::RequestEnded | Answer::Broken(_) => None,
        })
    }

    /// Reads one message into the turn.
    fn take(&mut self, turn: &mut Turn, message: Delivered) -> Result<(), SessionEnd> {
        self.delivered += 1;
        if message.count != self.delivered {
            let lost = format!("messages {} to {} were lost on the way", self.delivered, message.count);
            // What this turn has gathered is read again by the next session, which starts after the position.
            return Err(SessionEnd::Broken(lost));
        }
        turn.read(&message, self.intake.options.arrival);
        Ok(())
    }

    /// Stores what was refused, then hands over the rest.
    async fn finish(&mut self, mut turn: Turn) -> Result<(), SessionEnd> {
        turn.count();
        turn.mark_last();
        let Turn { batch, refused, .. } = turn;
        self.intake.health.set_pending(batch.pending.saturating_add(u64::from(batch.messages)));
        if !refused.is_empty() {
            self.intake.quarantine.store(&refused, &mut self.intake.stop).await.map_err(|_| SessionEnd::Stopped)?;
        }
        let pending = batch.pending;
        let began = std::time::Instant::now();
        hand_over(self.intake, batch).await?;
        self.stale = began.elapsed() > self.intake.options.heartbeat / 2;
        self.intake.health.set_pending(pending);
        (self.intake.wake)();
        Ok(())
    }
}

/// Waits until `stop` is true or can never turn true.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    // An error says that the sender is gone: nobody is left to work for.
    let _ = stop.wait_for(|stop| *stop).await;
}

/// Waits for room and hands the batch over; the position moves with it.
async fn hand_over(intake: &mut Intake, batch: Batch) -> Result<(), SessionEnd> {
    let (position, mark) = (batch.last_sequence, batch.mark);
    tokio::select! {
        biased;
        () = stopped(&mut intake.stop) => return Err(SessionEnd::Stopped),
        room = intake.batches.reserve() => match room {
            Ok(room) => room.send(batch),
            Err(_) => return Err(SessionEnd::Stopped),
        },
    }
    intake.position = position;
    if let Some(mark) = mark {
        intake.marks.add(mark);
    }
    (intake.wake)();
    metrics::gauge!(metric_names::SEQUENCE).set(as_gauge(position));
    Ok(())
}

/// A count as a gauge holds it: exact up to 2^53.
#[allow(clippy::cast_precision_loss)]
fn as_gauge(count: u64) -> f64 {
    count as f64
}

fn gap(first: u64, last: u64) -> Gap {
    tracing::error!(first, last, "the stream does not hold these sequences any more; facts may be missing");
    metrics::counter!(metric_names::MISSING).increment(last - first + 1);
    Gap { first, last }
}

/// What one turn of reading gathers.
struct Turn {
    batch: Batch,
    refused: Vec<RefusedLine>,
    /// Subject and payload of the last message.
    last: Option<(Subject, Bytes)>,
    lines: usize,
    bytes: u64,
    unknown_fields: u64,
}

impl Turn {
    fn new(position: u64) -> Turn {
        let batch = Batch {
            facts: Vec::new(),
            gaps: Vec::new(),
            last_sequence: position,
            last_timestamp: Moment::default(),
            pending: 0,
            messages: 0,
            quarantined: 0,
            mark: None,
        };
        Turn { batch, refused: Vec::new(), last: None, lines: 0, bytes: 0, unknown_fields: 0 }
    }

    fn read(&mut self, message: &Delivered, arrival: decode::Arrival) {
        let batch = &mut self.batch;
        let Delivered { sequence, published, .. } = *message;
        if sequence > batch.last_sequence + 1 {
            batch.gaps.push(gap(batch.last_sequence + 1, sequence - 1));
        }
        let decoded = decode::message(&message.subject, &message.payload, published, arrival);
        batch.facts.extend(decoded.facts.into_iter().map(|(line, event)| Sequenced { sequence, line, event }));
        for refusal in decoded.refused {
            let place =
                Place { origin: message.subject.to_string(), sequence: Some(sequence), line: u64::from(refusal.line) };
            self.refused.push(RefusedLine::new(place, refusal.fault, &message.payload.slice_ref(refusal.text)));
            batch.quarantined += 1;
        }
        batch.last_sequence = sequence;
        batch.last_timestamp = published;
        batch.pending = message.pending;
        batch.messages += 1;
        // An empty message counts, too, or a flood of them would make a turn without end.
        self.lines += usize::try_from(decoded.lines).unwrap_or(usize::MAX).max(1);
        self.bytes += message.payload.len() as u64;
        self.unknown_fields += decoded.unknown_fields;
        self.last = Some((message.subject.clone(), message.payload.clone()));
    }

    fn mark_last(&mut self) {
        let batch = &mut self.batch;
        let mark = |(subject, payload): (Subject, Bytes)| {
            Mark::new(batch.last_sequence, batch.last_timestamp, &subject, &payload)
        };
        batch.mark = self.last.take().map(mark);
    }

    fn count(&self) {
        metrics::counter!(metric_names::MESSAGES).increment(u64::from(self.batch.messages));
        metrics::counter!(metric_names::LINES)
            .increment(self.batch.facts.len() as u64 + u64::from(self.batch.quarantined));
        metrics::counter!(metric_names::BYTES).increment(self.bytes);
        metrics::counter!(metric_names::UNKNOWN_FIELDS).increment(self.unknown_fields);
        metrics::gauge!(metric_names::PENDING).set(as_gauge(self.batch.pending));
    }
}
