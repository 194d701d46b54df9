//! One worker: takes its share of the feed, steps the graph, answers questions.
//!
//! A worker owns its OS thread. It takes work while few advances are on their way, steps, and parks
//! when there is nothing to do; whoever gives it work unparks it. A question is answered when everything
//! given before it has been worked through, so that all workers answer at the same closed instant.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, TryRecvError};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::Thread;
use std::time::Duration;

use compact_str::CompactString;
use facts::transition::StandingLine;
use facts::{Moment, StandingLight};
use timely::dataflow::operators::probe::Handle as ProbeHandle;
use timely::worker::Worker;

use crate::cached::HandedOut;
use crate::checkpoint::SlotSet;
use crate::contribution::GroupNews;
use crate::entry::{AllWaiting, Control, Entry};
use crate::forecast::{Forecast, ForecastQuestion, ForecastShare};
use crate::graph::{self, Exits, Graph, moment};
use crate::groups::{GroupLight, Groups};
use crate::groups_then::{BroughtThen, GroupsAsked};
use crate::judge::Judge;
use crate::resting_groups::RestingGroups;
use crate::supervise::{CaseView, Keeping, Place, Sizes, Standing, Supervisor};
use crate::what_if::WhatIfShare;

/// Advances on their way through the graph before a worker takes more work: enough that workers need not
/// wait for each other at every batch, few enough that memory stays bounded.
const ADVANCES_MAX: usize = 4;

/// The longest sleep of an idle worker. Work and peers wake it; this only bounds how long it takes to
/// notice that a peer has failed.
const PARK_MAX: Duration = Duration::from_millis(100);

/// What a worker is given, in the same order as all others.
pub(crate) enum Work<J> {
    /// Facts for any worker's cases, and the time to which the input advances.
    Feed {
        /// Facts.
        entries: Vec<Entry>,
        /// Time.
        advance_to: u64,
    },
    /// All facts of some of this worker's own cases that were known through an instant before it began.
    Restore(Vec<Entry>, Moment),
    /// Some of this worker's own cases as they were handed out, with no fact since, at an instant not after this one.
    TakeIn(Vec<u8>, Moment),
    /// Tells that everything given before was taken.
    Taken(Sender<()>),
    /// A control at a time.
    Control(u64, Control<J>),
    /// A question.
    Ask(Ask<J>),
}

/// Questions about the state at the last closed instant.
pub(crate) enum Ask<J> {
    /// Standing lights.
    Lights(Sender<Standing<StandingLight>>),
    /// Standing lights with reasons.
    Lines(Sender<Standing<StandingLine>>),
    /// What waits to be said.
    Waiting(Sender<AllWaiting>),
    /// The cases of some slots of the checkpoint, for a start of this program; `None` while nothing is said.
    HandOut(Arc<(SlotSet, String)>, Sender<Option<HandedOut>>),
    /// One case.
    Case(CompactString, Sender<Option<CaseView>>),
    /// The lights that groups give one case.
    OfGroups(CompactString, Sender<Vec<GroupLight>>),
    /// What cases brought into groups at an earlier instant.
    BroughtThen(Arc<GroupsAsked>, Sender<BroughtThen>),
    /// What another configuration would change.
    WhatIf(Arc<J>, Sender<WhatIfShare>),
    /// What time alone will change in cases.
    Forecast(ForecastQuestion, Sender<ForecastShare>),
    /// What time, and what cases will bring, will change in groups.
    GroupForecast(ForecastQuestion, Arc<Vec<GroupNews>>, Sender<Forecast>),
}

/// Figures of one worker.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub struct Gauges {
    /// How often a case was given to judgement.
    pub judged: u64,
    /// How many of these because of a change of configuration.
    pub rejudged: u64,
    /// Cases in memory.
    pub cases: u64,
    /// Cases that are open.
    pub open: u64,
    /// Cases on disk.
    pub sealed: u64,
    /// How often one of these was taken back: for a fact, or for a configuration that may concern it.
    pub unsealed: u64,
    /// What cases bring into groups, in memory: one for each case in each group.
    pub contributions: u64,
    /// Wake-ups waiting, stale ones included.
    pub wakes: u64,
    /// Bytes of the cases in memory, and of wake-ups: exact where a case is packed, else without findings and long texts.
    pub bytes: u64,
    /// Bytes of memory for the cases on disk, and for what rests of groups.
    pub sealed_bytes: u64,
}

/// What others may see of a worker.
#[derive(Default)]
pub(crate) struct Window {
    thread: OnceLock<Thread>,
    judged: AtomicU64,
    rejudged: AtomicU64,
    cases: AtomicU64,
    open: AtomicU64,
    sealed: AtomicU64,
    unsealed: AtomicU64,
    contributions: AtomicU64,
    wakes: AtomicU64,
    bytes: AtomicU64,
    sealed_bytes: AtomicU64,
}

impl Window {
    /// Wakes the worker if it sleeps.
    pub(crate) fn unpark(&self) {
        if let Some(thread) = self.thread.get() {
            thread.unpark();
        }
    }

    pub(crate) fn gauges(&self) -> Gauges {
        let read = |cell: &AtomicU64| cell.load(Ordering::Relaxed);
        Gauges {
            judged: read(&self.judged),
            rejudged: read(&self.rejudged),
            cases: read(&self.cases),
            open: read(&self.open),
            sealed: read(&self.sealed),
            unsealed: read(&self.unsealed),
            contributions: read(&self.contributions),
            wakes: read(&self.wakes),
            bytes: read(&self.bytes),
            sealed_bytes: read(&self.sealed_bytes),
        }
    }

    fn show<J: Judge>(&self, supervisor: &Supervisor<J>, groups: &Groups<J>) {
        let Sizes { cases, open, sealed, wakes, bytes, sealed_bytes } = supervisor.sizes();
        let (wakes, bytes) = (wakes + groups.wakes(), bytes + groups.bytes());
        let sealed_bytes = sealed_bytes + groups.resting_bytes();
        let (judged, rejudged) = supervisor.judged();
        self.judged.store(judged, Ordering::Relaxed);
        self.rejudged.store(rejudged, Ordering::Relaxed);
        self.unsealed.store(supervisor.taken_back(), Ordering::Relaxed);
        let cells = [
            (&self.cases, cases),
            (&self.open, open),
            (&self.sealed, sealed),
            (&self.contributions, groups.contributions()),
            (&self.wakes, wakes),
            (&self.bytes, bytes),
            (&self.sealed_bytes, sealed_bytes),
        ];
        cells.into_iter().for_each(|(cell, value)| cell.store(value as u64, Ordering::Relaxed));
    }
}

/// The first failure of any worker: one worker's end is the end of all.
#[derive(Default)]
pub(crate) struct Failure {
    failed: AtomicBool,
    first: Mutex<Option<(usize, String)>>,
}

impl Failure {
    /// Notes a failure; the first one counts.
    pub(crate) fn note(&self, worker: usize, message: String) {
        self.first.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert((worker, message));
        self.failed.store(true, Ordering::Release);
    }

    fn happened(&self) -> bool {
        self.failed.load(Ordering::Acquire)
    }

    /// Which worker failed first, and with what words.
    pub(crate) fn first(&self) -> Option<(usize, String)> {
        self.first.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What all workers share.
pub(crate) struct House {
    /// A window a worker.
    pub(crate) windows: Vec<Window>,
    /// The first failure.
    pub(crate) failure: Failure,
    /// Where results go.
    pub(crate) exits: Exits,
}

/// Runs one worker to the end of its work, or of any worker's.
pub(crate) fn run<J: Judge>(
    worker: &mut Worker,
    place: Place,
    judge: Arc<J>,
    keeping: &Keeping,
    work: Receiver<Work<J>>,
    house: &House,
) {
    let window = &house.windows[place.index];
    window.thread.set(std::thread::current()).expect("a worker has one thread");
    // Held out here, so that nobody can find the worker gone before its failure is noted.
    let mut asked: Option<Ask<J>> = None;
    let ran = catch_unwind(AssertUnwindSafe(|| {
        // Where no case is ever sealed, nothing of a group rests.
        let resting = keeping.retention_ms.map(|_| RestingGroups::new(keeping.folder.clone()));
        let groups = Groups::new(place, Arc::clone(&judge), resting);
        let graph = graph::build(worker, Supervisor::new(place, judge, keeping), groups, house.exits.clone());
        Shift { graph, work: &work, window, failure: &house.failure, advances: VecDeque::new(), asked: &mut asked }
            .run(worker)
    }));
    if let Err(panic) = ran {
        let message = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
        let message = message.unwrap_or("no message");
        tracing::error!(worker = place.index, message, "a worker of the dataflow failed");
        house.failure.note(place.index, message.to_owned());
        house.exits.board.release();
        house.windows.iter().for_each(Window::unpark);
    }
    // After a failure the graph can never complete; without it the worker would wait for ever.
    for dataflow in worker.installed_dataflows() {
        worker.drop_dataflow(dataflow);
    }
    house.exits.board.end();
}

struct Shift<'a, J: Judge> {
    graph: Graph<J>,
    work: &'a Receiver<Work<J>>,
    window: &'a Window,
    failure: &'a Failure,
    /// Advances that have not come through.
    advances: VecDeque<u64>,
    /// A question that waits for what was given before it.
    asked: &'a mut Option<Ask<J>>,
}

impl<J: Judge> Shift<'_, J> {
    fn run(mut self, worker: &mut Worker) {
        while !self.failure.happened() {
            self.come_through();
            if self.asked.is_some() && self.advances.is_empty() {
                self.answer();
            }
            if !self.take() {
                break;
            }
            if self.asked.is_none() || !self.advances.is_empty() {
                worker.step_or_park(Some(PARK_MAX));
            }
        }
        self.drain(worker);
    }

    /// Takes what may be taken now; false when no more will ever come.
    fn take(&mut self) -> bool {
        while self.asked.is_none() && self.advances.len() < ADVANCES_MAX {
            match self.work.try_recv() {
                Ok(Work::Feed { entries, advance_to }) => self.feed(entries, advance_to),
                Ok(Work::Restore(entries, through)) => self.graph.supervisor.borrow_mut().restore(entries, through),
                Ok(Work::TakeIn(cases, through)) => self.graph.supervisor.borrow_mut().take_in(&cases, through),
                // Whoever asked may have gone.
                Ok(Work::Taken(reply)) => drop(reply.send(())),
                Ok(Work::Control(at, control)) => self.graph.controls.send((at, control)),
                Ok(Work::Ask(ask)) => *self.asked = Some(ask),
                Err(TryRecvError::Empty) => return true,
                Err(TryRecvError::Disconnected) => return false,
            }
        }
        true
    }

    fn feed(&mut self, mut entries: Vec<Entry>, advance_to: u64) {
        let open = *self.graph.entries.time();
        for entry in &mut entries {
            entry.enters = entry.enters.max(moment(open));
        }
        if !entries.is_empty() {
            self.graph.entries.send_batch(&mut entries);
        }
        if advance_to > open {
            self.graph.entries.advance_to(advance_to);
            self.graph.controls.advance_to(advance_to);
            self.advances.push_back(advance_to);
        }
    }

    /// Forgets the advances that have come through, and shows the worker's figures.
    fn come_through(&mut self) {
        let passed = |probe: &ProbeHandle<u64>, time: u64| !probe.less_than(&time);
        let mut any = false;
        while self.advances.front().is_some_and(|time| passed(&self.graph.handed_over, *time)) {
            self.advances.pop_front();
            any = true;
        }
        if any {
            self.window.show(&self.graph.supervisor.borrow(), &self.graph.groups.borrow());
        }
    }

    fn answer(&mut self) {
        let Graph { supervisor, groups, .. } = &self.graph;
        let (mut supervisor, mut groups) = (supervisor.borrow_mut(), groups.borrow_mut());
        // Whoever asked may have gone; that is no matter to the worker.
        match self.asked.take() {
            Some(Ask::Lights(reply)) => drop(reply.send(supervisor.lights().and(groups.lights()))),
            Some(Ask::Lines(reply)) => drop(reply.send(supervisor.lines().and(groups.lines()))),
            Some(Ask::Waiting(reply)) => drop(reply.send(supervisor.waiting().and(groups.waiting()))),
            Some(Ask::OfGroups(id, reply)) => drop(reply.send(groups.of_case(&id))),
            Some(Ask::HandOut(asked, reply)) => drop(reply.send(supervisor.hand_out(&asked.0, &asked.1))),
            Some(Ask::BroughtThen(asked, reply)) => drop(reply.send(supervisor.brought_then(&asked))),
            Some(Ask::Case(id, reply)) => drop(reply.send(supervisor.case(&id))),
            Some(Ask::WhatIf(judge, reply)) => {
                let found = supervisor.what_if(&judge).beside(groups.lights());
                drop(reply.send(found));
            }
            Some(Ask::Forecast(asked, reply)) => drop(reply.send(supervisor.forecast(&asked))),
            Some(Ask::GroupForecast(asked, news, reply)) => drop(reply.send(groups.forecast(&asked, &news))),
            None => {}
        }
    }

    /// Lets everything given come through, then closes the inputs and waits for the graph to end.
    fn drain(mut self, worker: &mut Worker) {
        while !self.advances.is_empty() && !self.failure.happened() {
            worker.step_or_park(Some(PARK_MAX));
            self.come_through();
        }
        let Shift { graph, failure, .. } = self;
        drop(graph);
        while worker.has_dataflows() && !failure.happened() {
            worker.step_or_park(Some(PARK_MAX));
        }
    }
}
