//! Builds one worker's share of the dataflow; running it is [`crate::worker`]'s part.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use differential_dataflow::AsCollection;
use differential_dataflow::consolidation::consolidate;
use facts::{Moment, Transition};
use timely::container::CapacityContainerBuilder;
use timely::dataflow::channels::pact::{Exchange, Pipeline};
use timely::dataflow::operators::generic::OutputBuilder;
use timely::dataflow::operators::generic::builder_rc::OperatorBuilder;
use timely::dataflow::operators::probe::Handle as ProbeHandle;
use timely::dataflow::operators::{Capability, Concat, Input, Operator, Probe};
use timely::dataflow::{InputHandle, Stream};
use timely::progress::frontier::MutableAntichain;
use timely::worker::Worker;

use crate::case_hash::case_hash;
use crate::closings::Board;
use crate::contribution::GroupNews;
use crate::counts::{self, CountReading, Counted};
use crate::entry::{Control, Entry};
use crate::groups::Groups;
use crate::judge::Judge;
use crate::lit::Lit;
use crate::planted::planted;
use crate::supervise::{Output, Supervisor};

type Handle<D> = InputHandle<u64, CapacityContainerBuilder<Vec<D>>>;

/// What the worker holds of its graph.
pub(crate) struct Graph<J: Judge> {
    /// Facts.
    pub(crate) entries: Handle<Entry>,
    /// Controls with their instants; every worker is given a copy of each.
    pub(crate) controls: Handle<(u64, Control<J>)>,
    /// The operator's state, for questions between steps.
    pub(crate) supervisor: Rc<RefCell<Supervisor<J>>>,
    /// The groups' state, likewise.
    pub(crate) groups: Rc<RefCell<Groups<J>>>,
    /// Passes an instant when everything said and counted at it has been handed over.
    pub(crate) handed_over: ProbeHandle<u64>,
}

/// Where results leave the graph.
#[derive(Clone)]
pub(crate) struct Exits {
    /// Transitions.
    pub(crate) board: Arc<Board>,
    /// Counts.
    pub(crate) counts: Arc<CountReading>,
}

/// Milliseconds of the clock as the dataflow's time. Instants before 1970 are its first.
pub(crate) fn time(at: Moment) -> u64 {
    u64::try_from(at.millis()).unwrap_or(0)
}

/// The clock's instant for a time of the dataflow.
pub(crate) fn moment(time: u64) -> Moment {
    Moment::from_millis(i64::try_from(time).unwrap_or(i64::MAX))
}

/// The whole graph, as the crate's header draws it.
pub(crate) fn build<J: Judge>(
    worker: &mut Worker,
    supervisor: Supervisor<J>,
    groups: Groups<J>,
    exits: Exits,
) -> Graph<J> {
    let index = worker.index();
    let (supervisor, groups) = (Rc::new(RefCell::new(supervisor)), Rc::new(RefCell::new(groups)));
    let handed_over = ProbeHandle::new();
    let (shared, shared_groups) = (Rc::clone(&supervisor), Rc::clone(&groups));
    let probe = handed_over.clone();
    let (entries, controls) = worker.dataflow::<u64, _, _>(move |scope| {
        let (entries_input, entries) = scope.new_input::<Vec<Entry>>();
        let (controls_input, controls) = scope.new_input::<Vec<(u64, Control<J>)>>();
        let (of_cases, lits, news) = supervise(entries, controls.clone(), shared);
        let (of_groups, group_lits) = judge_groups(news, controls, shared_groups);
        hand_over(of_cases.concat(of_groups), index, exits.board).probe_with(&probe);
        let counted = counts::count(lits.concat(group_lits).as_collection());
        read_counts(counted.inner, index, exits.counts).probe_with(&probe);
        (entries_input, controls_input)
    });
    Graph { entries, controls, supervisor, groups, handed_over }
}

type Transitions<'s> = Stream<'s, u64, Vec<Transition>>;
type LitUpdate = (Lit, u64, isize);
type LitUpdates<'s> = Stream<'s, u64, Vec<LitUpdate>>;
type News<'s> = Stream<'s, u64, Vec<GroupNews>>;

/// The keyed operator. It holds one capability an output, kept at its input's frontier, so that future
/// deadlines block nobody; lamps change at the closed instant, net of what happened since the last one.
fn supervise<'s, J: Judge>(
    entries: Stream<'s, u64, Vec<Entry>>,
    controls: Stream<'s, u64, Vec<(u64, Control<J>)>>,
    supervisor: Rc<RefCell<Supervisor<J>>>,
) -> (Transitions<'s>, LitUpdates<'s>, News<'s>) {
    let mut builder = OperatorBuilder::new("supervise".to_owned(), entries.scope());
    let mut entries = builder.new_input(entries, Exchange::new(place_of));
    let mut controls = builder.new_input(controls, Pipeline);
    let (news_out, news) = builder.new_output();
    let mut news_out: OutputBuilder<u64, CapacityContainerBuilder<Vec<GroupNews>>> = OutputBuilder::from(news_out);
    let (transitions_out, transitions) = builder.new_output();
    let (lits_out, lits) = builder.new_output();
    let mut transitions_out: OutputBuilder<u64, CapacityContainerBuilder<Vec<Transition>>> =
        OutputBuilder::from(transitions_out);
    let mut lits_out: OutputBuilder<u64, CapacityContainerBuilder<Vec<LitUpdate>>> = OutputBuilder::from(lits_out);
    builder.build(move |capabilities| {
        let mut capabilities = Some(capabilities);
        move |frontiers| {
            let mut supervisor = supervisor.borrow_mut();
            entries.for_each(|_, batch| supervisor.enter(batch.drain(..)));
            controls.for_each(|_, batch| {
                batch.drain(..).for_each(|(at, control)| supervisor.control(moment(at), control));
            });
            let Some(frontier) = least(frontiers) else {
                capabilities = None;
                return;
            };
            let Some(held) = capabilities.as_mut().filter(|_| moment(frontier) > supervisor.bound()) else { return };
            let mut output = supervisor.close(moment(frontier));
            let closed = frontier - 1;
            held.iter_mut().for_each(|capability: &mut Capability<u64>| capability.downgrade(&closed));
            if !output.group_news.is_empty() {
                news_out.activate().session(&held[0]).give_container(&mut output.group_news);
            }
            give(output, closed, (&held[1], &mut transitions_out), (&held[2], &mut lits_out));
            held.iter_mut().for_each(|capability| capability.downgrade(&frontier));
        }
    });
    (transitions, lits, news)
}

/// The second keyed operator: what cases bring into groups comes to the worker that holds the group, and its lights leave
/// beside those of the cases.
fn judge_groups<'s, J: Judge>(
    news: News<'s>,
    controls: Stream<'s, u64, Vec<(u64, Control<J>)>>,
    groups: Rc<RefCell<Groups<J>>>,
) -> (Transitions<'s>, LitUpdates<'s>) {
    let mut builder = OperatorBuilder::new("groups".to_owned(), news.scope());
    let mut news = builder.new_input(news, Exchange::new(|news: &GroupNews| news.group.hash()));
    let mut controls = builder.new_input(controls, Pipeline);
    let (transitions_out, transitions) = builder.new_output();
    let (lits_out, lits) = builder.new_output();
    let mut transitions_out = OutputBuilder::from(transitions_out);
    let mut lits_out = OutputBuilder::from(lits_out);
    builder.build(move |capabilities| {
        let mut capabilities = Some(capabilities);
        move |frontiers| {
            let mut groups = groups.borrow_mut();
            news.for_each(|_, batch| groups.enter(batch.drain(..)));
            controls.for_each(|_, batch| {
                batch.drain(..).for_each(|(at, control)| groups.control(moment(at), control));
            });
            let Some(frontier) = least(frontiers) else {
                capabilities = None;
                return;
            };
            let Some(held) = capabilities.as_mut().filter(|_| moment(frontier) > groups.bound()) else { return };
            let output = groups.close(moment(frontier));
            let closed = frontier - 1;
            held.iter_mut().for_each(|capability: &mut Capability<u64>| capability.downgrade(&closed));
            give(output, closed, (&held[0], &mut transitions_out), (&held[1], &mut lits_out));
            held.iter_mut().for_each(|capability| capability.downgrade(&frontier));
        }
    });
    (transitions, lits)
}

type Out<D> = OutputBuilder<u64, CapacityContainerBuilder<Vec<D>>>;

/// Gives out what was said, and the lamps as they changed by the instant `closed`.
fn give(
    mut output: Output,
    closed: u64,
    (said_at, transitions): (&Capability<u64>, &mut Out<Transition>),
    (lit_at, lits): (&Capability<u64>, &mut Out<LitUpdate>),
) {
    if !output.transitions.is_empty() {
        transitions.activate().session(said_at).give_container(&mut output.transitions);
    }
    consolidate(&mut output.lits);
    if !output.lits.is_empty() {
        let mut updates = output.lits.into_iter().map(|(lit, diff)| (lit, closed, diff)).collect();
        lits.activate().session(lit_at).give_container(&mut updates);
    }
}

/// Which worker a fact belongs to: that of its case.
fn place_of(entry: &Entry) -> u64 {
    if planted!(SpreadByRecord) {
        return case_hash(&entry.event.id);
    }
    case_hash(&entry.event.case)
}

/// The first time at which either input may still bring something; `None` when both have ended.
fn least(frontiers: &[MutableAntichain<u64>]) -> Option<u64> {
    frontiers.iter().filter_map(|frontier| frontier.frontier().first().copied()).min()
}

/// Gives what was said to the board, and tells it how far this worker's view has closed.
fn hand_over<'s>(transitions: Transitions<'s>, worker: usize, board: Arc<Board>) -> Stream<'s, u64, Vec<()>> {
    transitions.unary_frontier::<CapacityContainerBuilder<Vec<()>>, _, _, _>(
        Pipeline,
        "hand over",
        move |capability, _| {
            drop(capability);
            let mut said = Vec::new();
            let mut bound = 0;
            move |(input, frontier), _output| {
                input.for_each(|_, batch| said.append(batch));
                if let Some(next) = frontier.frontier().first().copied().filter(|next| *next > bound) {
                    bound = next;
                    board.put(worker, moment(bound), &mut said);
                }
            }
        },
    )
}

/// Gives changes of counts to the reading.
fn read_counts<'s>(
    counted: Stream<'s, u64, Vec<(Counted, u64, isize)>>,
    worker: usize,
    counts: Arc<CountReading>,
) -> Stream<'s, u64, Vec<()>> {
    counted.unary_frontier::<CapacityContainerBuilder<Vec<()>>, _, _, _>(Pipeline, "counts", move |capability, _| {
        drop(capability);
        let mut changes = Vec::new();
        move |(input, frontier), _output| {
            input.for_each(|_, batch| changes.append(batch));
            let bound = frontier.frontier().first().copied().map(moment);
            counts.put(worker, bound, &mut changes);
        }
    })
}
