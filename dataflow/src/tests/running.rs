//! The runner as others meet it: what ALERTS says is believed, failures are told, the reader is waited
//! for, questions are answered.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use facts::{Activity, Change, Event, Kind, Moment, Transition};
use jiff::tz::TimeZone;
use rules::finding::{Judgement, RuleIndex};
use rules::judge::{Case, Explanation, Touched};

use super::city::{ANSWER, City};
use super::worlds::{Play, assert_chains, at, fact, options, play, rest};
use crate::{Judge, Options, ReadBack, RuleName, Runner, RunnerError};

const NOT_FOR_EVER: Duration = Duration::from_secs(60);

fn city() -> Arc<City> {
    Arc::new(City::new(30))
}

/// Everything said about a case that is submitted at 0 and left alone.
fn red_case() -> Vec<Transition> {
    play(&[fact("s", Activity::Submitted, 0)], &City::new(30), &Play::whole()).transitions
}

fn silent() -> Options {
    Options { announce: false, ..options(&Play::whole()) }
}

#[test]
fn a_restart_says_nothing_again() {
    let said = red_case();
    assert_eq!(said.len(), 2);
    let (runner, closings) = Runner::start(&silent(), city()).expect("workers start");
    runner.read_back(said.into_iter().map(ReadBack::from).collect()).expect("running");
    runner.feed(vec![fact("s", Activity::Submitted, 0)], at(100)).expect("running");
    runner.announce(at(100)).expect("running");
    runner.feed(vec![fact("c", Activity::Closed, 120)], at(200)).expect("running");
    runner.finish().expect("no failure");
    let said = rest(&closings);
    let [cleared] = said.as_slice() else { panic!("only the clearing is new: {said:?}") };
    assert_eq!((cleared.kind, cleared.revision, cleared.decided_at), (Kind::Cleared, 3, at(120)));
}

#[test]
fn what_was_said_of_a_case_that_is_gone_is_retracted() {
    let (runner, closings) = Runner::start(&silent(), city()).expect("workers start");
    runner.read_back(red_case().into_iter().map(ReadBack::from).collect()).expect("running");
    runner.announce(at(100)).expect("running");
    runner.advance(at(200)).expect("running");
    runner.finish().expect("no failure");
    let said = rest(&closings);
    assert_eq!(said.len(), 1);
    assert_eq!((said[0].kind, said[0].revision, said[0].decided_at), (Kind::Retracted, 3, at(100)));
}

#[test]
fn after_a_refused_publish_the_chain_goes_on_from_what_is_stored() {
    let (runner, closings) = Runner::start(&options(&Play::whole()), city()).expect("workers start");
    runner.feed(vec![fact("s", Activity::Submitted, 0)], at(100)).expect("running");
    let ours = closings.recv().expect("the warning and the red card").transitions;
    // Somebody else, started from the same position, had said more.
    let theirs = Transition { revision: 7, card: facts::Card::Warning, light: facts::Light::Yellow, ..ours[0].clone() };
    let from = runner.read_back(vec![ReadBack::from(theirs.clone())]).expect("running");
    assert_eq!(from, at(100), "the first open instant");
    runner.advance(at(200)).expect("running");
    // And then nothing at all was found to be stored.
    let none = ReadBack { last: None, ..ReadBack::from(theirs) };
    runner.read_back(vec![none]).expect("running");
    runner.advance(at(300)).expect("running");
    runner.finish().expect("no failure");
    let said = rest(&closings);
    let told: Vec<_> = said.iter().map(|said| (said.decided_at, said.kind, said.revision)).collect();
    assert_eq!(told, [(at(100), Kind::Escalated, 8), (at(200), Kind::Raised, 1)]);
}

#[test]
fn a_changed_configuration_tells_its_cause_and_withdraws_by_the_old_name() {
    let change = Some((60, City { label: "T@2+test", ..City::new(300) }));
    let played = play(&[fact("s", Activity::Submitted, 0)], &City::new(30), &Play { change, ..Play::whole() });
    assert_chains(&played.transitions);
    let last = &played.transitions[2];
    assert_eq!((last.kind, last.cause, last.decided_at), (Kind::Retracted, facts::Cause::Catalogue, at(60)));
    assert_eq!((last.rule.as_str(), last.rule_version.as_str()), (ANSWER, "T@1+test"));
}

#[test]
fn a_question_is_answered_at_the_instant_fed_last() {
    let play = Play::new(2, []);
    let (runner, closings) = Runner::start(&options(&play), city()).expect("workers start");
    let cases: Vec<_> = (0..20).map(|case| fact("s", Activity::Submitted, 0).case(&format!("case-{case}"))).collect();
    runner.feed(cases, at(26)).expect("running");
    let desk = runner.desk();
    let standing = std::thread::spawn(move || desk.standing()).join().expect("a question").expect("an answer");
    assert_eq!((standing.as_of, standing.lights.len()), (at(25), 20));
    assert!(standing.lights.is_sorted_by_key(|light| light.case.clone()));
    assert_eq!(standing.lights[0].reason.zh, "预警");
    let view = runner.case("case-7").expect("running").expect("a known case");
    assert_eq!((view.as_of, view.history.records().len(), view.said.len()), (at(25), 1, 1));
    assert_eq!(runner.case("nobody").expect("running"), None);
    let counted: u64 = runner.counts().rows.iter().map(|row| row.cases).sum();
    assert_eq!(counted, 20);
    let judged = runner.judged_by_worker();
    assert_eq!(judged.iter().sum::<u64>(), 20, "each case once: {judged:?}");
    assert!(judged.iter().all(|cases| *cases > 0), "cases are spread: {judged:?}");
    let desk = runner.desk();
    runner.finish().expect("no failure");
    assert_eq!(desk.case("case-7"), Err(RunnerError::Ended));
    assert_eq!(rest(&closings).len(), 20);
}

#[test]
fn the_clock_does_not_go_back_and_what_comes_too_late_enters_at_the_first_open_instant() {
    let (runner, closings) = Runner::start(&options(&Play::whole()), city()).expect("workers start");
    runner.advance(at(100)).expect("running");
    runner.feed(vec![fact("s", Activity::Submitted, 0).entering(5)], at(50)).expect("running");
    runner.advance(at(101)).expect("running");
    assert_eq!(runner.lights().expect("running").as_of, at(100));
    runner.finish().expect("no failure");
    let said = rest(&closings);
    assert_eq!(said.iter().map(|said| said.decided_at).collect::<Vec<_>>(), [at(100)]);
}

/// Judges like the city, after something else was done with the case.
struct After<F>(City, F);

impl<F: Fn(&Case<'_>) + Send + Sync + 'static> Judge for After<F> {
    fn judge(&self, case: &Case<'_>) -> Judgement {
        (self.1)(case);
        self.0.judge(case)
    }

    fn rejudge(&self, case: &Case<'_>, before: Judgement, touched: &Touched) -> Judgement {
        self.0.rejudge(case, before, touched)
    }

    fn touched(&self, case: &Case<'_>, event: &Event, change: &Change) -> Touched {
        self.0.touched(case, event, change)
    }

    fn explain(
        &self,
        case: &Case<'_>,
        rule: RuleIndex,
        instance: &str,
        card: facts::Card,
        now: Moment,
    ) -> Option<Explanation> {
        self.0.explain(case, rule, instance, card, now)
    }

    fn rule(&self, rule: RuleIndex) -> RuleName<'_> {
        self.0.rule(rule)
    }

    fn zone(&self) -> &TimeZone {
        self.0.zone()
    }

    fn hash(&self) -> &str {
        self.0.hash()
    }
}

#[test]
fn a_worker_that_breaks_is_an_error_for_all_and_nobody_hangs() {
    for workers in [1, 3] {
        let judge = Arc::new(After(City::new(30), |case: &Case<'_>| {
            assert_ne!(case.id, "boom", "the judgement of case boom is broken");
        }));
        let (runner, closings) = Runner::start(&options(&Play::new(workers, [])), judge).expect("workers start");
        runner.feed(vec![fact("s", Activity::Submitted, 0)], at(25)).expect("running");
        let first = closings.recv().expect("the warning");
        assert_eq!(first.transitions.len(), 1);
        runner.feed(vec![fact("s", Activity::Submitted, 30).case("boom")], at(40)).expect("taken");
        let deadline = Instant::now() + NOT_FOR_EVER;
        let failure = loop {
            match runner.advance(at(50)) {
                Err(error) => break error,
                Ok(()) => assert!(Instant::now() < deadline, "a failure must surface"),
            }
        };
        let RunnerError::Worker { message, .. } = &failure else { panic!("{failure}") };
        assert!(message.contains("case boom"), "{message}");
        assert!(runner.lights().is_err());
        assert_eq!(closings.recv(), None, "nothing is said beyond the last closed instant");
        assert_eq!(runner.finish(), Err(failure));
    }
}

#[test]
fn what_was_handed_over_is_taken_before_a_start_goes_on() {
    let (go_on, held) = mpsc::channel();
    let (held, overtaken) = (Mutex::new(Some(held)), Arc::new(AtomicBool::new(false)));
    let noted = Arc::clone(&overtaken);
    let judge = After(City::new(30), move |_: &Case<'_>| {
        if let Some(held) = held.lock().expect("not poisoned").take() {
            // Whoever goes on before the first judgement is through is seen here; who waits for it lets the time pass.
            noted.store(held.recv_timeout(Duration::from_millis(100)).is_ok(), Ordering::SeqCst);
        }
    });
    let (runner, closings) = Runner::start(&options(&Play::new(2, [])), Arc::new(judge)).expect("workers start");
    runner.restore(vec![fact("s", Activity::Submitted, 0)], at(10)).expect("running");
    runner.restored(at(10), vec![]).expect("running");
    // Nobody listens any more when all was taken.
    go_on.send(()).unwrap_or_default();
    runner.finish().expect("no failure");
    assert!(
        !overtaken.load(Ordering::SeqCst),
        "a fact fed now could have entered before the case that was handed over"
    );
    assert_eq!(rest(&closings), [], "the case was known, and is green");
}

#[test]
fn the_feeder_waits_for_a_slow_reader() {
    const FEEDS: usize = 200;
    let options = Options { ready_max: 1, ..options(&Play::whole()) };
    let (runner, closings) = Runner::start(&options, city()).expect("workers start");
    let fed = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&fed);
    let feeder = std::thread::spawn(move || {
        for feed in 0..FEEDS {
            // Already red when it enters: one transition a feed.
            let entry = fact("s", Activity::Submitted, 0).case(&format!("case-{feed}")).entering(100 + feed as i64);
            runner.feed(vec![entry], at(101 + feed as i64)).expect("running");
            counter.fetch_add(1, Ordering::SeqCst);
        }
        runner.finish()
    });
    let deadline = Instant::now() + NOT_FOR_EVER;
    let (mut last, mut still) = (usize::MAX, 0);
    while still < 2_000 {
        assert!(Instant::now() < deadline, "the feeder neither waits nor ends");
        let now = fed.load(Ordering::SeqCst);
        still = if now == last { still + 1 } else { 0 };
        last = now;
        std::thread::park_timeout(Duration::from_micros(100));
    }
    assert!(last < FEEDS, "the feeder ran on although nobody read");
    let said = rest(&closings);
    assert_eq!(said.len(), FEEDS, "and nothing was lost");
    assert!(said.is_sorted_by(|a, b| a.order_key() < b.order_key()));
    feeder.join().expect("the feeder ends").expect("no failure");
}

#[test]
fn a_runner_that_is_dropped_ends_its_threads() {
    let (runner, closings) = Runner::start(&options(&Play::new(2, [])), city()).expect("workers start");
    runner.feed(vec![fact("s", Activity::Submitted, 0)], at(25)).expect("running");
    drop(runner);
    assert_eq!(rest(&closings).len(), 1);
    assert!(closings.is_ended());
}
