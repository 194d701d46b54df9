//! From workers to one reader: what was said at closed instants, sorted, from all workers.
//!
//! An instant is closed when every worker has passed it. What is closed but not yet taken is merged,
//! which loses nothing, since the order over all instants is the order of output. When much is waiting
//! the workers wait for the reader, and with them whoever feeds them.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use facts::{Moment, Transition};

use crate::planted::planted;

/// Everything said up to an instant.
#[derive(Clone, PartialEq, Debug)]
pub struct Closed {
    /// The last closed instant: nothing more can be said at it or before.
    pub through: Moment,
    /// What was said since the last one, sorted by (clock, case, rule, instance, revision).
    pub transitions: Vec<Transition>,
}

struct Shared {
    /// Per worker: everything before this is final. One that failed stays behind, and closes nothing more.
    bounds: Vec<Moment>,
    /// Workers that have ended.
    ended: usize,
    /// The least bound.
    closed: Moment,
    /// Up to where the reader knows.
    taken: Moment,
    /// Closed and not taken.
    ready: Vec<Transition>,
    /// Said at instants that another worker may still speak at.
    open: Vec<Transition>,
    /// Nobody waits for the reader any more.
    released: bool,
}

pub(crate) struct Board {
    shared: Mutex<Shared>,
    changed: Condvar,
    ready_max: usize,
}

impl Board {
    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What `worker` says, and the bound before which it has said everything. Waits for the reader while
    /// much is ready.
    pub(crate) fn put(&self, worker: usize, bound: Moment, transitions: &mut Vec<Transition>) {
        let mut shared = self.lock();
        shared.open.append(transitions);
        shared.bounds[worker] = bound;
        self.advance(&mut shared);
        let full = |shared: &mut Shared| shared.ready.len() > self.ready_max && !shared.released;
        drop(self.changed.wait_while(shared, full).unwrap_or_else(PoisonError::into_inner));
    }

    /// One more worker says nothing more.
    pub(crate) fn end(&self) {
        self.lock().ended += 1;
        self.changed.notify_all();
    }

    /// Lets workers end although nobody reads.
    pub(crate) fn release(&self) {
        self.lock().released = true;
        self.changed.notify_all();
    }

    fn advance(&self, shared: &mut Shared) {
        let bounds = shared.bounds.iter().copied();
        let least = if planted!(ClosedByTheFirstWorker) { bounds.max() } else { bounds.min() };
        let Some(closed) = least.filter(|closed| *closed > shared.closed) else { return };
        shared.closed = closed;
        let mut open = std::mem::take(&mut shared.open);
        shared.ready.extend(open.extract_if(.., |transition| transition.decided_at < closed));
        shared.open = open;
        self.changed.notify_all();
    }
}

/// The reading end. One reader; it must keep reading while the runner is fed.
pub struct Closings {
    board: Arc<Board>,
}

/// A board for `workers`, and its reading end.
pub(crate) fn closings(workers: usize, ready_max: usize) -> (Arc<Board>, Closings) {
    let start = Moment::from_millis(0);
    let shared = Shared {
        bounds: vec![start; workers],
        ended: 0,
        closed: start,
        taken: start,
        ready: Vec::new(),
        open: Vec::new(),
        released: false,
    };
    let board = Arc::new(Board { shared: Mutex::new(shared), changed: Condvar::new(), ready_max });
    (Arc::clone(&board), Closings { board })
}

impl Closings {
    /// The next closed instants; `None` when all workers have ended and everything is taken.
    pub fn recv(&self) -> Option<Closed> {
        let waiting = |shared: &mut Shared| !shared.news() && !shared.ended();
        let shared = self.board.changed.wait_while(self.board.lock(), waiting);
        self.take(shared.unwrap_or_else(PoisonError::into_inner))
    }

    /// The next closed instants if they come before `timeout` passes; `None` otherwise, and at the end.
    pub fn recv_timeout(&self, timeout: Duration) -> Option<Closed> {
        let deadline = Instant::now() + timeout;
        let mut shared = self.board.lock();
        while !shared.news() && !shared.ended() {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            shared = self.board.changed.wait_timeout(shared, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        self.take(shared)
    }

    /// Closed instants that nobody has taken yet, if there are any.
    pub fn try_recv(&self) -> Option<Closed> {
        self.take(self.board.lock())
    }

    /// True when all workers have ended and everything is taken.
    #[must_use]
    pub fn is_ended(&self) -> bool {
        let shared = self.board.lock();
        shared.ended() && !shared.news()
    }

    fn take(&self, mut shared: MutexGuard<'_, Shared>) -> Option<Closed> {
        if !shared.news() {
            return None;
        }
        shared.taken = shared.closed;
        let mut transitions = std::mem::take(&mut shared.ready);
        let through = shared.closed.plus_millis(-1);
        drop(shared);
        self.board.changed.notify_all();
        transitions.sort_unstable_by(|a, b| a.order_key().cmp(&b.order_key()));
        Some(Closed { through, transitions })
    }
}

impl Drop for Closings {
    fn drop(&mut self) {
        self.board.release();
    }
}

impl Shared {
    fn news(&self) -> bool {
        self.closed > self.taken
    }

    fn ended(&self) -> bool {
        self.ended == self.bounds.len()
    }
}
