//! The runner: starts the workers, feeds them, advances their clock and ends them.

use std::path::PathBuf;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::Duration;

use facts::transition::StandingLine;
use facts::{Cause, History, Moment, StandingLight};
use rules::configuration::Configuration;
use timely::{CommunicationConfig, WorkerConfig};

use crate::cached::HandedOut;
use crate::case_hash::worker_of;
use crate::checkpoint::SlotSet;
use crate::closings::{Closings, closings};
use crate::counts::{CountReading, Counts};
use crate::entry::{AllWaiting, Control, Entry, ReadBack, Waiting};
use crate::forecast::{Forecast, ForecastQuestion};
use crate::graph::{Exits, moment, time};
use crate::groups::GroupLight;
use crate::groups_then::{GroupsAsked, GroupsThen};
use crate::judge::Judge;
use crate::planted::Planted;
use crate::sources::{SourceBook, SourceNews, SourceState};
use crate::supervise::{CaseView, Keeping, Place, Standing};
use crate::what_if::{WhatIf, WhatIfShare};
use crate::worker::{self, Ask, Failure, Gauges, House, Window, Work};

/// Pieces of work that wait in front of each worker before the feeder waits.
const WORK_MAX: usize = 8;

/// How the dataflow runs. None of it changes what is said, but `late_after` and `settle`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Options {
    /// Worker threads, at least 1.
    pub workers: usize,
    /// A fact dated further back than this from the instant at which it enters came late (cause `late`):
    /// the delay that uploading is allowed.
    pub late_after: Duration,
    /// Differences are said from the start, as a replay does; otherwise from [`Runner::announce`] on.
    pub announce: bool,
    /// How long a difference that a late fact or the end of a silence brought about waits, on the clock, for what else
    /// comes late; then the net is said. Lights and counts do not wait. Zero says it at once, as a replay does.
    pub settle: Duration,
    /// Transitions that may wait for the reader of [`Closings`] before the workers wait.
    pub ready_max: usize,
    /// How long a case stays in memory after it was closed and the last thing happened to it; `None` for ever.
    pub retention: Option<Duration>,
    /// Cases a worker keeps unpacked: those touched lately. Others take a tenth of the memory and a little more time.
    pub awake_max: usize,
    /// Where cases go that leave memory. The folder is made when it is needed; nothing is left in it.
    pub sealed: PathBuf,
}

/// Cases a worker keeps unpacked.
const AWAKE_MAX: usize = 8_192;

impl Default for Options {
    fn default() -> Options {
        let late_after = Duration::from_secs(24 * 60 * 60);
        Options {
            workers: 1,
            late_after,
            announce: true,
            settle: Duration::ZERO,
            ready_max: 65_536,
            retention: None,
            awake_max: AWAKE_MAX,
            sealed: std::env::temp_dir(),
        }
    }
}

/// Why the dataflow cannot go on.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RunnerError {
    /// The threads could not be started.
    #[error("could not start the workers of the dataflow: {0}")]
    Start(String),
    /// A worker's own invariant was broken.
    #[error(
        "worker {worker} of the dataflow failed: {message}. Nothing was said beyond the last closed instant; restart"
    )]
    Worker {
        /// Which worker.
        worker: usize,
        /// What it said.
        message: String,
    },
    /// The runner was finished.
    #[error("the dataflow has ended; it takes no more work")]
    Ended,
}

/// The one gate through which work reaches the workers, so that all get it in the same order.
struct Gate<J> {
    /// Who judges, for how long a source may be silent.
    judge: Arc<J>,
    senders: Vec<SyncSender<Work<J>>>,
    /// The first open instant, as the dataflow counts.
    open: u64,
    /// Which worker gets the next facts: they are exchanged from there.
    turn: usize,
}

/// Questions that may be asked from any thread.
pub struct Desk<J = Configuration> {
    gate: Arc<Mutex<Gate<J>>>,
    house: Arc<House>,
    /// Taken after the gate, where both are.
    sources: Arc<Mutex<SourceBook>>,
}

impl<J> Clone for Desk<J> {
    fn clone(&self) -> Desk<J> {
        Desk { gate: Arc::clone(&self.gate), house: Arc::clone(&self.house), sources: Arc::clone(&self.sources) }
    }
}

/// The running dataflow.
pub struct Runner<J: Judge = Configuration> {
    desk: Desk<J>,
    /// The hash of the configuration that judges from the clock's first instant on.
    first: String,
    /// Behind a lock only so that threads can share a runner.
    guards: Mutex<Option<timely::communication::WorkerGuards<()>>>,
}

impl<J: Judge> Runner<J> {
    /// Starts the workers at the clock's first instant, with nothing known.
    ///
    /// The closings must be read while the runner is fed, from another thread or in turn with feeding.
    ///
    /// # Errors
    /// When the threads cannot be started.
    pub fn start(options: &Options, judge: Arc<J>) -> Result<(Runner<J>, Closings), RunnerError> {
        let workers = options.workers.max(1);
        let (board, reader) = closings(workers, options.ready_max);
        let counts = Arc::new(CountReading::new(workers));
        let house = Arc::new(House {
            windows: std::iter::repeat_with(Window::default).take(workers).collect(),
            failure: Failure::default(),
            exits: Exits { board, counts },
        });
        let (senders, receivers): (Vec<_>, Vec<_>) = (0..workers).map(|_| sync_channel(WORK_MAX)).unzip();
        let receivers = Mutex::new(receivers.into_iter().map(Some).collect::<Vec<_>>());
        let late_after_ms = i64::try_from(options.late_after.as_millis()).unwrap_or(i64::MAX);
        let settle_ms = i64::try_from(options.settle.as_millis()).unwrap_or(i64::MAX);
        let announcing = options.announce;
        let retention_ms = options.retention.map(|retention| i64::try_from(retention.as_millis()).unwrap_or(i64::MAX));
        let keeping = Keeping { retention_ms, awake_max: options.awake_max, folder: options.sealed.clone() };
        let config =
            timely::Config { communication: CommunicationConfig::Process(workers), worker: WorkerConfig::default() };
        let shared = Arc::clone(&house);
        let judges = Arc::clone(&judge);
        let planted = Planted::here();
        let guards = timely::execute(config, move |worker| {
            planted.plant();
            let place = Place { index: worker.index(), peers: worker.peers(), late_after_ms, settle_ms, announcing };
            let taken = lock(&receivers)[place.index].take();
            let work = taken.expect("each worker is started once and takes its own receiver");
            worker::run(worker, place, Arc::clone(&judge), &keeping, work, &shared);
        });
        let guards = guards.map_err(RunnerError::Start)?;
        tracing::info!(workers, "dataflow started");
        let first = judges.hash().to_owned();
        let gate = Arc::new(Mutex::new(Gate { judge: judges, senders, open: 0, turn: 0 }));
        let sources = Arc::new(Mutex::new(SourceBook::default()));
        Ok((Runner { desk: Desk { gate, house, sources }, first, guards: Mutex::new(Some(guards)) }, reader))
    }

    /// Feeds facts in the order in which they enter, then advances the clock: after this, no fact enters before
    /// `advance_to`. Progress reports are of no case; they tell that their source speaks.
    ///
    /// Facts that enter at one instant may come in several feeds, as long as the clock has not been
    /// advanced past it. Waits while the workers have much to do. An `advance_to` that does not lie
    /// ahead leaves the clock where it is.
    ///
    /// # Errors
    /// When the runner was finished or a worker has failed.
    pub fn feed(&self, mut entries: Vec<Entry>, advance_to: Moment) -> Result<(), RunnerError> {
        let gate = lock(&self.desk.gate);
        let (open, to) = (moment(gate.open), moment(gate.open).max(advance_to));
        let news = lock(&self.desk.sources).hear(&entries, open, to, gate.judge.as_ref());
        self.desk.send_news(&gate, news)?;
        // Heard; they belong to no case.
        entries.retain(|entry| !entry.event.case.is_empty());
        self.give(gate, entries, advance_to)
    }

    /// As [`Runner::feed`], of facts that were heard in an earlier run: they do not tell that their source speaks, which
    /// [`Runner::restore_sources`] knows.
    ///
    /// # Errors
    /// As [`Runner::feed`].
    pub fn feed_again(&self, entries: Vec<Entry>, advance_to: Moment) -> Result<(), RunnerError> {
        self.give(lock(&self.desk.gate), entries, advance_to)
    }

    fn give(
        &self,
        mut gate: MutexGuard<'_, Gate<J>>,
        entries: Vec<Entry>,
        advance_to: Moment,
    ) -> Result<(), RunnerError> {
        gate.open = gate.open.max(time(advance_to));
        let advance_to = gate.open;
        gate.turn = (gate.turn + 1) % gate.senders.len().max(1);
        let turn = gate.turn;
        let mut entries = Some(entries);
        self.desk.send_all(&gate, |worker| {
            let entries = if worker == turn { entries.take().unwrap_or_default() } else { Vec::new() };
            Work::Feed { entries, advance_to }
        })
    }

    /// How many workers there are.
    #[must_use]
    pub fn workers(&self) -> usize {
        self.desk.house.windows.len()
    }

    /// Hands facts that were known before this runner was started to the workers that hold their cases: of each case all
    /// that are known through `through`, at once. Each case is judged there. Several threads may do so; nothing may have
    /// been fed yet, and [`Runner::restored`] comes after the last of them. Waits while the workers have much to do.
    ///
    /// # Errors
    /// When the runner was finished or a worker has failed.
    pub fn restore(&self, entries: Vec<Entry>, through: Moment) -> Result<(), RunnerError> {
        // Copies: a worker with much to do must not keep others from theirs.
        let senders = lock(&self.desk.gate).senders.clone();
        let mut shares: Vec<Vec<Entry>> = senders.iter().map(|_| Vec::new()).collect();
        for entry in entries {
            let worker = worker_of(&entry.event.case, shares.len());
            shares[worker].push(entry);
        }
        for (worker, (sender, share)) in
            senders.iter().zip(shares).enumerate().filter(|(_, (_, share))| !share.is_empty())
        {
            sender.send(Work::Restore(share, through)).map_err(|_| self.ended())?;
            self.desk.house.windows[worker].unpark();
        }
        Ok(())
    }

    /// Hands cases as they were handed out at an instant not after `through`, with no fact since, to the workers that hold
    /// them; then [`Runner::restore`] brings the facts of these cases that entered later. As there, several threads may do so.
    /// How many they are; `None`, with nothing done, when `cases` are not what was handed out.
    ///
    /// # Errors
    /// When the runner was finished or a worker has failed.
    pub(crate) fn take_in(&self, cases: &[u8], through: Moment) -> Result<Option<u32>, RunnerError> {
        let senders = lock(&self.desk.gate).senders.clone();
        let Some((shares, count)) = crate::cached::shares(cases, senders.len().max(1)) else { return Ok(None) };
        for (worker, (sender, share)) in
            senders.iter().zip(shares).enumerate().filter(|(_, (_, share))| !share.is_empty())
        {
            sender.send(Work::TakeIn(share, through)).map_err(|_| self.ended())?;
            self.desk.house.windows[worker].unpark();
        }
        Ok(Some(count))
    }

    /// The hash of the configuration that judges from the clock's first instant on.
    pub(crate) fn first_configuration(&self) -> &str {
        &self.first
    }

    /// Says that everything known through `at` was handed over, and that all that it gives at `at` was said but what is
    /// `waiting`: what is said later is the difference from there. Nothing enters before `at` any more. Waits until the workers
    /// have taken what was handed to them.
    ///
    /// # Errors
    /// As [`Runner::restore`].
    pub fn restored(&self, at: Moment, waiting: Vec<Waiting>) -> Result<(), RunnerError> {
        self.wait_until_taken()?;
        self.advance(at)?;
        self.control(at, Control::Restored(Arc::new(waiting))).map(drop)
    }

    /// A fact that is fed next may come to the worker of its case by way of another one, and overtake what waits in that
    /// worker's own queue: the case would be made anew while the one that was handed over is still on its way.
    fn wait_until_taken(&self) -> Result<(), RunnerError> {
        let (reply, taken) = mpsc::channel();
        self.desk.send_all(&lock(&self.desk.gate), |_| Work::Taken(reply.clone()))?;
        drop(reply);
        if taken.iter().count() == self.workers() { Ok(()) } else { Err(self.ended()) }
    }

    /// Advances the clock: every deadline before `to` fires at its own instant.
    ///
    /// # Errors
    /// As [`Runner::feed`].
    pub fn advance(&self, to: Moment) -> Result<(), RunnerError> {
        self.feed(Vec::new(), to)
    }

    /// Judges every case by `judge` from `at` on, before the facts of that instant. What differs is said
    /// with `cause`: which part of the configuration changed. Returns the instant at which it takes effect: `at`, or the first open one.
    ///
    /// # Errors
    /// As [`Runner::feed`].
    pub fn configure(&self, judge: Arc<J>, cause: Cause, at: Moment) -> Result<Moment, RunnerError> {
        let mut gate = lock(&self.desk.gate);
        gate.judge = Arc::clone(&judge);
        let at = moment(gate.open).max(at);
        self.desk.send_all(&gate, |_| Work::Control(time(at), Control::Configure(Arc::clone(&judge), cause)))?;
        let news = lock(&self.desk.sources).configure(at, judge.as_ref());
        self.desk.send_news(&gate, news)?;
        Ok(at)
    }

    /// Tells what was known of the sources when an earlier run ended; before anything is fed. What is silent is so
    /// from the first open instant.
    ///
    /// # Errors
    /// As [`Runner::feed`].
    pub fn restore_sources(&self, sources: Vec<SourceState>) -> Result<(), RunnerError> {
        let gate = lock(&self.desk.gate);
        let news = lock(&self.desk.sources).restore(moment(gate.open), sources, gate.judge.as_ref());
        self.desk.send_news(&gate, news)
    }

    /// Ends the silence of a catch-up: from `at` on differences are said, first the net of all that
    /// differs there. Returns the instant at which it takes effect: `at`, or the first open one.
    ///
    /// # Errors
    /// As [`Runner::feed`].
    pub fn announce(&self, at: Moment) -> Result<Moment, RunnerError> {
        self.control(at, Control::Announce)
    }

    /// Falls silent at the first open instant, as before a catch-up: lights and counts go on, and what differs is
    /// said from the next [`Runner::announce`] on. Returns the instant at which it takes effect.
    ///
    /// # Errors
    /// As [`Runner::feed`].
    pub fn hush(&self) -> Result<Moment, RunnerError> {
        self.control(Moment::MIN, Control::Hush)
    }

    /// Tells what ALERTS holds, at the start and after a refused publish: it replaces what the operator
    /// believes to have said of these lights; where one is named twice the later counts. What differs is
    /// said again from there. Returns the instant at which it takes effect: the first open one.
    ///
    /// Transitions closed before that instant may rest on what was refused: whoever publishes drops
    /// those that do not continue the chain it has read.
    ///
    /// # Errors
    /// As [`Runner::feed`].
    pub fn read_back(&self, read: Vec<ReadBack>) -> Result<Moment, RunnerError> {
        self.control(Moment::MIN, Control::ReadBack(Arc::new(read)))
    }

    fn control(&self, at: Moment, control: Control<J>) -> Result<Moment, RunnerError> {
        let gate = lock(&self.desk.gate);
        let at = gate.open.max(time(at));
        self.desk.send_all(&gate, |_| Work::Control(at, control.clone()))?;
        Ok(moment(at))
    }

    /// Questions, for other threads.
    #[must_use]
    pub fn desk(&self) -> Desk<J> {
        self.desk.clone()
    }

    /// Takes no more work: the workers go through what was fed and end, and the closings end after them.
    /// For a runner that several threads share; whoever owns it last still joins the workers.
    pub fn close(&self) {
        lock(&self.desk.gate).senders.clear();
        self.desk.house.windows.iter().for_each(Window::unpark);
    }

    /// Works through everything fed, ends the workers and joins their threads. What was closed remains
    /// to be read from the closings.
    ///
    /// # Errors
    /// When a worker has failed.
    pub fn finish(mut self) -> Result<(), RunnerError> {
        self.end();
        self.desk.failure().map_or(Ok(()), Err)
    }

    fn end(&mut self) {
        lock(&self.desk.gate).senders.clear();
        let House { windows, exits, failure } = &*self.desk.house;
        exits.board.release();
        windows.iter().for_each(Window::unpark);
        let guards = lock(&self.guards).take();
        if let Some(guards) = guards {
            for (worker, joined) in guards.join().into_iter().enumerate() {
                if let Err(message) = joined {
                    failure.note(worker, message);
                }
            }
        }
    }
}

impl<J: Judge> Drop for Runner<J> {
    fn drop(&mut self) {
        self.end();
    }
}

/// How often a forecast is asked for before the clock may have moved on between its two parts.
const FORECAST_TRIES: usize = 5;

/// The questions a runner answers itself are those of its desk.
impl<J: Judge> std::ops::Deref for Runner<J> {
    type Target = Desk<J>;

    fn deref(&self) -> &Desk<J> {
        &self.desk
    }
}

impl<J: Judge> Desk<J> {
    /// The lights that stand at the last closed instant, sorted: what digests are made of.
    ///
    /// # Errors
    /// When the runner was finished or a worker has failed.
    pub fn lights(&self) -> Result<Standing<StandingLight>, RunnerError> {
        let mut standing = self.gather(Ask::Lights)?;
        standing.lights.sort_unstable();
        Ok(standing)
    }

    /// The lights that stand at the last closed instant, sorted, with the reason for each.
    ///
    /// # Errors
    /// When the runner was finished or a worker has failed.
    pub fn standing(&self) -> Result<Standing<StandingLine>, RunnerError> {
        let mut standing = self.gather(Ask::Lines)?;
        standing.lights.sort_unstable_by(|a, b| (&a.case, &a.rule, &a.instance).cmp(&(&b.case, &b.rule, &b.instance)));
        Ok(standing)
    }

    /// Asks what waits to be said when all that was given so far is worked through. Does not wait for the answer.
    ///
    /// # Errors
    /// When the runner was finished or a worker has failed.
    pub fn ask_waiting(&self) -> Result<AskedWaiting, RunnerError> {
        let (reply, answers) = mpsc::channel();
        let gate = lock(&self.gate);
        self.send_all(&gate, |_| Work::Ask(Ask::Waiting(reply.clone())))?;
        Ok(AskedWaiting { answers, workers: gate.senders.len() })
    }

    /// Asks for the cases of some slots of the checkpoint when all that was given so far is worked through, for a start of
    /// the program `engine`. Does not wait for the answer.
    ///
    /// # Errors
    /// When the runner was finished or a worker has failed.
    pub fn ask_cases(&self, slots: SlotSet, engine: &str) -> Result<AskedCases, RunnerError> {
        let (reply, answers) = mpsc::channel();
        let asked = Arc::new((slots, engine.to_owned()));
        let gate = lock(&self.gate);
        self.send_all(&gate, |_| Work::Ask(Ask::HandOut(Arc::clone(&asked), reply.clone())))?;
        Ok(AskedCases { answers, workers: gate.senders.len(), slots: asked.0.clone() })
    }

    /// What `other` would change at the last closed instant, if it were put in force there: for each case the lights
    /// of both. Only cases that the difference of the two can touch are judged. The workers do nothing else meanwhile.
    ///
    /// # Errors
    /// When the runner was finished or a worker has failed.
    pub fn what_if(&self, other: &Arc<J>) -> Result<WhatIf, RunnerError> {
        let shares = self.ask_all(|reply| Ask::WhatIf(Arc::clone(other), reply))?;
        Ok(WhatIfShare::join(shares, other))
    }

    /// What will be said up to an instant ahead, if no more facts enter. The workers do nothing else meanwhile.
    ///
    /// Groups are asked after the cases. Where the clock has moved on between the two, both are asked again; of a service whose
    /// clock always does, facts that entered between them show in the lights of groups only.
    ///
    /// # Errors
    /// When the runner was finished or a worker has failed.
    pub fn forecast(&self, asked: &ForecastQuestion) -> Result<Forecast, RunnerError> {
        let mut tries = 0;
        loop {
            let shares = self.ask_all(|reply| Ask::Forecast(asked.clone(), reply))?;
            let (mut found, mut news) = (Vec::new(), Vec::new());
            for share in shares {
                found.push(share.found);
                news.extend(share.news);
            }
            if lock(&self.gate).judge.has_groups() {
                let news = Arc::new(news);
                found.extend(self.ask_all(|reply| Ask::GroupForecast(asked.clone(), Arc::clone(&news), reply))?);
            }
            tries += 1;
            if tries == FORECAST_TRIES || found.iter().all(|part| part.as_of == found[0].as_of) {
                return Ok(Forecast::join(found, asked.rows_max));
            }
        }
    }

    /// The answers of all workers to one question.
    fn ask_all<Answer>(&self, ask: impl Fn(mpsc::Sender<Answer>) -> Ask<J>) -> Result<Vec<Answer>, RunnerError> {
        let (reply, answers) = mpsc::channel();
        let workers = {
            let gate = lock(&self.gate);
            self.send_all(&gate, |_| Work::Ask(ask(reply.clone())))?;
            gate.senders.len()
        };
        drop(reply);
        let answers: Vec<Answer> = answers.iter().collect();
        if answers.len() < workers { Err(self.ended()) } else { Ok(answers) }
    }

    /// All that is held of a case; `None` when no fact of it has entered.
    ///
    /// # Errors
    /// When the runner was finished or a worker has failed.
    pub fn case(&self, id: &str) -> Result<Option<CaseView>, RunnerError> {
        let (reply, answer) = mpsc::channel();
        let (group_reply, of_groups) = mpsc::channel();
        let workers = {
            let gate = lock(&self.gate);
            let worker = worker_of(id, gate.senders.len().max(1));
            let sender = gate.senders.get(worker).ok_or(RunnerError::Ended)?;
            sender.send(Work::Ask(Ask::Case(id.into(), reply))).map_err(|_| self.ended())?;
            self.house.windows[worker].unpark();
            // A group may be held anywhere.
            if gate.judge.has_groups() {
                self.send_all(&gate, |_| Work::Ask(Ask::OfGroups(id.into(), group_reply.clone())))?;
                gate.senders.len()
            } else {
                0
            }
        };
        drop(group_reply);
        let held = answer.recv().map_err(|_| self.ended())?;
        let answers: Vec<Vec<GroupLight>> = of_groups.iter().collect();
        if answers.len() < workers {
            return Err(self.ended());
        }
        let mut of_groups = answers.concat();
        of_groups.sort_by(|a, b| (a.finding.rule, &a.finding.instance).cmp(&(b.finding.rule, &b.finding.instance)));
        Ok(held.map(|held| CaseView { of_groups, ..held }))
    }

    /// The lights that groups gave a case with this history at an earlier instant, by what was known then and by what is
    /// known now. The workers do nothing else meanwhile.
    ///
    /// # Errors
    /// When the runner was finished or a worker has failed.
    pub fn groups_then(&self, case: &str, history: &History, at: Moment) -> Result<GroupsThen, RunnerError> {
        let judge = Arc::clone(&lock(&self.gate).judge);
        let Some(asked) = GroupsAsked::of(case, history, judge.as_ref(), at) else { return Ok(GroupsThen::default()) };
        let asked = Arc::new(asked);
        let brought = self.ask_all(|reply| Ask::BroughtThen(Arc::clone(&asked), reply))?;
        Ok(asked.lights(case, judge.as_ref(), brought))
    }

    /// The sources heard so far, by office and name.
    #[must_use]
    pub fn sources(&self) -> Vec<SourceState> {
        lock(&self.sources).states()
    }

    /// Cases by office and lamp at the last closed instant, read from the differential counts.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.house.exits.counts.read()
    }

    /// Figures of each worker.
    #[must_use]
    pub fn gauges(&self) -> Vec<Gauges> {
        self.house.windows.iter().map(Window::gauges).collect()
    }

    /// How often each worker gave a case to judgement.
    #[must_use]
    pub fn judged_by_worker(&self) -> Vec<u64> {
        self.gauges().into_iter().map(|gauges| gauges.judged).collect()
    }

    /// The failure that ended the dataflow, if one did.
    #[must_use]
    pub fn failure(&self) -> Option<RunnerError> {
        self.house.failure.first().map(|(worker, message)| RunnerError::Worker { worker, message })
    }

    /// Asks every worker the same at the same point of the feed.
    fn gather<Row>(&self, ask: impl Fn(mpsc::Sender<Standing<Row>>) -> Ask<J>) -> Result<Standing<Row>, RunnerError> {
        let answers = self.ask_all(ask)?;
        let as_of = answers.iter().map(|answer| answer.as_of).min().unwrap_or_default();
        Ok(Standing { as_of, lights: answers.into_iter().flat_map(|answer| answer.lights).collect() })
    }

    fn send_news(&self, gate: &Gate<J>, news: Vec<(Moment, SourceNews)>) -> Result<(), RunnerError> {
        news.into_iter().try_for_each(|(at, news)| {
            let news = Arc::new(news);
            self.send_all(gate, |_| Work::Control(time(at), Control::Source(Arc::clone(&news))))
        })
    }

    fn send_all(&self, gate: &Gate<J>, mut work: impl FnMut(usize) -> Work<J>) -> Result<(), RunnerError> {
        if gate.senders.is_empty() {
            return Err(self.ended());
        }
        for (worker, sender) in gate.senders.iter().enumerate() {
            sender.send(work(worker)).map_err(|_| self.ended())?;
            self.house.windows[worker].unpark();
        }
        Ok(())
    }

    fn ended(&self) -> RunnerError {
        self.failure().unwrap_or(RunnerError::Ended)
    }
}

/// A question that was asked.
pub struct AskedWaiting {
    answers: mpsc::Receiver<AllWaiting>,
    workers: usize,
}

impl AskedWaiting {
    /// Waits for the answer; `None` when the dataflow ended without one.
    #[must_use]
    pub fn wait(self) -> Option<AllWaiting> {
        let answers: Vec<AllWaiting> = self.answers.iter().take(self.workers).collect();
        let as_of = answers.iter().map(|answer| answer.as_of).min().filter(|_| answers.len() == self.workers)?;
        let speaking = answers.iter().all(|answer| answer.speaking);
        let mut cases: Vec<Waiting> = answers.into_iter().flat_map(|answer| answer.cases).collect();
        cases.sort_unstable_by(|a, b| (&a.case, &a.group).cmp(&(&b.case, &b.group)));
        Some(AllWaiting { as_of, speaking, cases })
    }
}

/// Cases that were asked for.
pub struct AskedCases {
    answers: mpsc::Receiver<Option<HandedOut>>,
    workers: usize,
    slots: SlotSet,
}

impl AskedCases {
    /// Waits for all cases of the slots that were asked for; `None` when nothing is said at present, or the dataflow ended
    /// without an answer.
    #[must_use]
    pub fn wait(self) -> Option<(SlotSet, HandedOut)> {
        let answers: Vec<HandedOut> = self.answers.iter().take(self.workers).flatten().collect();
        let all = HandedOut::join(answers.len().eq(&self.workers).then_some(answers)?)?;
        Some((self.slots, all))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
