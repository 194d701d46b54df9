//! Facts to play with, a runner played through, and the plain evaluation of the law beside it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use facts::event::Detail;
use facts::{Activity, Address, Card, Event, EventTime, History, Light, Moment, Op, StandingLight, Transition};
use proptest::prelude::*;
use rules::finding::{CardSpan, Finding};
use rules::judge::Case;

use super::city::City;
use crate::{Closings, CountRow, Entry, Holding, Judge, Options, Runner};

/// After everything in these worlds: the last deadline has passed.
pub(crate) const END: i64 = 400;

/// `millis` into these worlds, which begin on Monday, 2026-01-05, at midnight UTC.
pub(crate) fn at(millis: i64) -> Moment {
    Moment::from_millis(1_767_571_200_000 + millis)
}

pub(crate) fn office(name: &str) -> Address {
    Address::from_subject("approval", &format!("approval.county.360902.{name}")).expect("an address")
}

/// A fact `id` of case `C` at office `D1`, entering when it happened.
pub(crate) fn fact(id: &str, activity: Activity, happened: i64) -> Entry {
    let event = Event {
        id: id.into(),
        version: 1,
        seq: None,
        op: Op::Put,
        source: "oa".into(),
        case: "C".into(),
        activity,
        at: EventTime::Instant(at(happened)),
        arrived: None,
        address: office("D1"),
        detail: None,
    };
    Entry { enters: at(happened), sequence: None, event }
}

impl Entry {
    pub(crate) fn entering(mut self, enters: i64) -> Entry {
        self.enters = at(enters);
        self
    }

    pub(crate) fn version(mut self, version: u32) -> Entry {
        self.event.version = version;
        self
    }

    pub(crate) fn delete(mut self) -> Entry {
        self.event.op = Op::Delete;
        self
    }

    pub(crate) fn case(mut self, case: &str) -> Entry {
        self.event.case = case.into();
        self
    }

    pub(crate) fn by(mut self, name: &str) -> Entry {
        self.event.address = office(name);
        self
    }

    pub(crate) fn grounded(mut self) -> Entry {
        self.event.detail = Some(Box::new(Detail { reason: Some("by law".into()), ..Detail::default() }));
        self
    }
}

/// Facts enter at few clock values, so that several versions of one record often enter together.
const CLOCK_STEP: u64 = 15;

/// A history of a few cases: late facts, facts dated ahead, corrections, deletions, duplicates.
pub(crate) fn any_world() -> impl Strategy<Value = Vec<Entry>> {
    let activity = prop_oneof![
        3 => Just(Activity::Submitted),
        3 => Just(Activity::Accepted),
        3 => Just(Activity::Closed),
        4 => Just(Activity::Fee),
        1 => Just(Activity::Waived),
        1 => Just(Activity::Rated),
    ];
    let what = (activity, 0..2_u8, 0..3_u8, 1..4_u32, prop::bool::weighted(0.15), prop::bool::ANY);
    let when = (1..120_i64, prop_oneof![2 => Just(0), 2 => 0..120_i64, 1 => -40..0_i64], 0..9_u8);
    let entry = (what, when).prop_map(|((activity, case, id, version, delete, ground), (happened, delay, office))| {
        let entry = fact(&format!("r{id}"), activity, happened)
            .entering(((happened + delay).max(1) as u64).next_multiple_of(CLOCK_STEP) as i64)
            .case(&format!("case-{case}"))
            .version(version)
            .by(if office == 0 { "D2" } else { "D1" });
        let entry = if ground { entry.grounded() } else { entry };
        if delete { entry.delete() } else { entry }
    });
    prop::collection::vec(entry, 1..24).prop_map(|mut entries| {
        entries.sort_by_key(|entry| entry.enters);
        (1..).zip(&mut entries).for_each(|(sequence, entry)| entry.sequence = Some(sequence));
        entries
    })
}

/// How a world is played.
#[derive(Clone, Debug)]
pub(crate) struct Play {
    pub(crate) workers: usize,
    /// The clock values to which the runner is advanced, before [`END`].
    pub(crate) cuts: BTreeSet<i64>,
    /// Everything before this is silent.
    pub(crate) announce_at: Option<i64>,
    /// A rule set that takes over at an instant.
    pub(crate) change: Option<(i64, City)>,
}

impl Play {
    pub(crate) fn new(workers: usize, cuts: impl IntoIterator<Item = i64>) -> Play {
        Play { workers, cuts: cuts.into_iter().collect(), announce_at: None, change: None }
    }

    /// Everything in one feed.
    pub(crate) fn whole() -> Play {
        Play::new(1, [])
    }
}

/// What was seen at one closed instant.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Seen {
    pub(crate) through: Moment,
    pub(crate) lights: Vec<StandingLight>,
    pub(crate) counts: Vec<CountRow>,
}

/// What came of a play.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Played {
    pub(crate) transitions: Vec<Transition>,
    pub(crate) seen: Vec<Seen>,
}

impl Played {
    /// What goes out, byte by byte.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.transitions.iter().map(Transition::to_line).collect()
    }
}

/// One worker keeps all cases in memory and unpacked; several seal each case as soon as they may, and pack all others. What
/// they say is the same.
pub(crate) fn options(play: &Play) -> Options {
    let one = play.workers == 1;
    Options {
        workers: play.workers,
        late_after: std::time::Duration::from_millis(30),
        announce: play.announce_at.is_none(),
        retention: (!one).then_some(std::time::Duration::ZERO),
        awake_max: if one { usize::MAX } else { 0 },
        ..Options::default()
    }
}

/// Plays a world to [`END`], looking at the lights at each cut.
pub(crate) fn play(entries: &[Entry], city: &City, play: &Play) -> Played {
    let (runner, closings) = Runner::start(&options(play), Arc::new(city.clone())).expect("workers start");
    if let Some(announce_at) = play.announce_at {
        runner.announce(at(announce_at)).expect("a running dataflow");
    }
    if let Some((from, city)) = &play.change {
        runner.configure(Arc::new(city.clone()), facts::Cause::Catalogue, at(*from)).expect("a running dataflow");
    }
    let mut left = entries.to_vec();
    let mut seen = Vec::new();
    for cut in play.cuts.iter().copied().chain([END]) {
        let fed = left.extract_if(.., |entry| entry.enters < at(cut)).collect();
        runner.feed(fed, at(cut)).expect("a running dataflow");
        let standing = runner.lights().expect("a running dataflow");
        let counts = runner.counts();
        assert_eq!(standing.as_of, at(cut - 1), "a question is answered at the instant fed last");
        seen.push(Seen { through: standing.as_of, lights: standing.lights, counts: counts.rows });
    }
    runner.finish().expect("no worker fails");
    Played { transitions: rest(&closings), seen }
}

/// Everything that is left to read, in the order in which it is read.
pub(crate) fn rest(closings: &Closings) -> Vec<Transition> {
    let mut transitions = Vec::new();
    while let Some(closed) = closings.recv() {
        assert!(closed.transitions.iter().all(|transition| transition.decided_at <= closed.through));
        transitions.extend(closed.transitions);
    }
    transitions
}

/// lights(T) as the law has it, and the cases by office and worst lamp.
pub(crate) fn law(entries: &[Entry], city: &City, through: Moment) -> (Vec<StandingLight>, Vec<CountRow>) {
    law_in_silence(entries, city, through, |_, _| None)
}

/// The same where sources may be silent: `holding` tells of an office and a source.
pub(crate) fn law_in_silence(
    entries: &[Entry],
    city: &City,
    through: Moment,
    holding: impl Fn(&Address, &str) -> Option<Holding>,
) -> (Vec<StandingLight>, Vec<CountRow>) {
    let mut cases: BTreeMap<&str, History> = BTreeMap::new();
    // Progress is of no case.
    let of_cases = entries.iter().filter(|entry| !entry.event.case.is_empty());
    for entry in of_cases.filter(|entry| entry.enters <= through) {
        let history = cases.entry(&entry.event.case).or_default();
        history.join(entry.event.clone(), entry.sequence, city.zone());
    }
    let mut lights = Vec::new();
    let mut counts: BTreeMap<(Address, Light), u64> = BTreeMap::new();
    for (id, history) in &cases {
        let records = history.reached(through);
        if records.is_empty() {
            continue;
        }
        let judgement = city.judge(&Case::of(id, records));
        let owner = judgement.owner.expect("a case with facts has an owner");
        let first = records.iter().find(|record| record.event.address == owner).expect("whose fact made it the owner");
        let holding = holding(&owner, &first.event.source);
        let base = if holding.is_some() { Light::Grey } else { Light::Green };
        let mut worst = None;
        for finding in &judgement.findings {
            let waits = |span: &CardSpan| {
                let holding = holding.filter(|holding| span.absent && span.from >= holding.since);
                holding.is_some_and(|holding| through < span.from.plus_millis(holding.hold_ms))
            };
            let spans = finding.spans.iter().filter(|span| !waits(span)).cloned().collect();
            let finding = Finding { spans, ..finding.clone() };
            let Some(span) = finding.at(through) else { continue };
            worst = worst.max(Some(span.light));
            lights.push(StandingLight {
                case: (*id).into(),
                rule: city.rule(finding.rule).id.into(),
                instance: finding.instance.clone(),
                card: span.card,
                light: span.light,
                since: span.since,
                owner: owner.clone(),
            });
        }
        if let Some(worst) = worst.or(judgement.open.then_some(base)) {
            *counts.entry((owner, worst)).or_default() += 1;
        }
    }
    lights.sort();
    let counts = counts.into_iter().map(|((owner, light), cases)| CountRow { owner, light, cases });
    (lights, counts.collect())
}

/// The lights that stand after these transitions.
pub(crate) fn fold<'a>(transitions: impl IntoIterator<Item = &'a Transition>) -> Vec<StandingLight> {
    let mut last: BTreeMap<(&str, &str, &str), &Transition> = BTreeMap::new();
    for transition in transitions {
        last.insert((&transition.case, &transition.rule, &transition.instance), transition);
    }
    let mut lights: Vec<_> = last.values().filter_map(|transition| transition.standing()).collect();
    lights.sort();
    lights
}

/// Each light's transitions count up by one and start from what was said before.
pub(crate) fn assert_chains(transitions: &[Transition]) {
    let mut last: BTreeMap<(&str, &str, &str), (u32, Card, Light)> = BTreeMap::new();
    for said in transitions {
        let before = last.insert((&said.case, &said.rule, &said.instance), (said.revision, said.card, said.light));
        let (revision, card, light) = before.unwrap_or((0, Card::None, Light::Green));
        assert_eq!(said.revision, revision + 1, "revisions count up: {}", said.to_line());
        assert_eq!((said.card_before, said.light_before), (card, light), "an unbroken chain: {}", said.to_line());
        assert_eq!(said.id, facts::transition::transition_id(&said.case, &said.rule, &said.instance, said.revision));
        assert_ne!((said.card, said.kind), (Card::None, facts::Kind::Raised), "{}", said.to_line());
    }
}
