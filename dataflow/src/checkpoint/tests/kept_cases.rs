//! A start that takes cases kept beside the facts is, to the byte, one that judges the facts: whatever came since, whatever else
//! is damaged, and whoever takes them.

use std::sync::Arc;

use facts::{Activity, Cause, Moment, Record, StandingLight, Transition};
use proptest::prelude::*;
use rules::finding::Judgement;

use crate::checkpoint::storage::Storage;
use crate::checkpoint::storage::simulated::Simulated;
use crate::checkpoint::{
    CaseCut, Checkpoint, ClockMark, Cut, Gathered, SaidTable, SaidThrough, SlotSet, case_slot, verify,
};
use crate::planted::{Fault, with};
use crate::tests::city::City;
use crate::tests::silence;
use crate::tests::worlds::{END, Play, any_world, assert_chains, at, fact, fold, law, options, rest};
use crate::{CaseView, Closings, CountRow, Entry, Options, ReadBack, Runner, Said};

const ENGINE: &str = "this very program";

/// Everything that can be seen of a run.
#[derive(PartialEq, Debug)]
struct Seen {
    said: Vec<String>,
    /// Lights, counts and cases where it went on, and at the end.
    stages: Vec<Stage>,
}

/// What can be seen at one instant.
#[derive(PartialEq, Debug)]
struct Stage {
    lights: Vec<StandingLight>,
    counts: Vec<CountRow>,
    /// Each case that is known.
    cases: Vec<Option<Known>>,
}

/// Of a case its facts, its judgement and what was said of it.
type Known = (Vec<Record>, Judgement, Vec<Said>);

fn start(workers: usize, city: &City, announce: bool) -> (Runner<City>, Closings) {
    let options = Options { announce, ..options(&Play::new(workers, [])) };
    Runner::start(&options, Arc::new(city.clone())).expect("workers start")
}

fn stage(runner: &Runner<City>) -> Stage {
    let lights = runner.lights().expect("running").lights;
    let view = |CaseView { history, judgement, mut said, .. }: CaseView| {
        said.sort_unstable_by(|a, b| (&a.rule, &a.instance).cmp(&(&b.rule, &b.instance)));
        (history.records().to_vec(), judgement, said)
    };
    let cases = ["case-0", "case-1", "C"].map(|id| runner.case(id).expect("running").map(view));
    Stage { lights, counts: runner.counts().rows, cases: cases.into() }
}

/// A checkpoint written by a running service.
struct Written {
    folder: Simulated,
    /// Facts in it.
    taken: usize,
    /// Everything up to here was said, and stands in ALERTS.
    through: Moment,
    /// What ALERTS holds.
    said: Vec<Transition>,
}

/// One cut: so many facts more are taken, and the cases of these slots are written.
#[derive(Clone, Debug)]
struct CutAt {
    taken: usize,
    slots: Vec<u16>,
    /// What the cut brought about is not said when it is made.
    unsaid: bool,
}

/// Runs `world` with cuts, and is killed after the last.
fn write(world: &[Entry], city: &City, cuts: &[CutAt], workers: usize) -> Written {
    let folder = Simulated::default();
    let mut checkpoint = Checkpoint::open(Arc::new(folder.clone())).expect("an empty folder");
    let (runner, closings) = start(workers, city, true);
    let (mut taken, mut through) = (0, at(0));
    for cut in cuts {
        let to = cut.taken.clamp(taken, world.len());
        let mut facts = Gathered::default();
        world[taken..to].iter().for_each(|entry| facts.add(entry, 1));
        let now = world[..to].last().map_or(at(1), |last| last.enters).max(at(1));
        runner.feed(world[taken..to].to_vec(), now).expect("running");
        taken = to;
        let slots: SlotSet = cut.slots.iter().copied().collect();
        let (slots, handed) = runner.ask_cases(slots, ENGINE).expect("running").wait().expect("it speaks");
        assert_eq!(handed.through, now.plus_millis(-1));
        if !cut.unsaid {
            through = handed.through;
        }
        let cut = Cut {
            facts,
            cases: Some(CaseCut { slots, handed }),
            clock: ClockMark { now, highest_at: None },
            streams: Vec::new(),
            sources: runner.sources(),
            said_through: Some(SaidThrough { through, waiting: Vec::new() }),
            said: Some(SaidTable::of(0, 0, &[])),
            configuration: String::new(),
            engine: ENGINE.into(),
        };
        checkpoint.commit(&cut).expect("nothing fails");
    }
    runner.finish().expect("no worker fails");
    let said = rest(&closings).into_iter().filter(|said| said.decided_at <= through).collect();
    Written { folder, taken, through, said }
}

/// How a start goes on.
struct Start<'a> {
    workers: usize,
    city: &'a City,
    engine: &'a str,
    /// What ALERTS holds; `None` when nothing is read.
    alerts: Option<&'a [Transition]>,
}

/// Goes on from a checkpoint; what was seen, and how many cases were taken as they were kept.
fn go_on(written: &Written, world: &[Entry], start_by: &Start<'_>) -> (Seen, u64) {
    let (runner, closings) = start(start_by.workers, start_by.city, false);
    runner.announce(written.through.plus_millis(1)).expect("running");
    let mut checkpoint = Checkpoint::open(Arc::new(written.folder.clone())).expect("a sound folder");
    let later = checkpoint.restore(&runner, start_by.engine).expect("no fact is damaged");
    let kept = later.kept_cases();
    if let Some(said) = start_by.alerts {
        runner.read_back(said.iter().cloned().map(ReadBack::from).collect()).expect("running");
    }
    later.feed(&runner).expect("running");
    runner.advance(written.through.plus_millis(2)).expect("running");
    let mut stages = vec![stage(&runner)];
    runner.feed(world[written.taken..].to_vec(), at(END)).expect("running");
    stages.push(stage(&runner));
    runner.finish().expect("no worker fails");
    (Seen { said: rest(&closings).iter().map(Transition::to_line).collect(), stages }, kept)
}

impl Written {
    fn start<'a>(&'a self, workers: usize, city: &'a City) -> Start<'a> {
        Start { workers, city, engine: ENGINE, alerts: Some(&self.said) }
    }

    /// The same start, from the facts alone.
    fn judged_anew(&self, world: &[Entry], start_by: &Start<'_>) -> Seen {
        let (seen, kept) = go_on(self, world, &Start { engine: "another program", ..*start_by });
        assert_eq!(kept, 0, "cases are another program's");
        seen
    }
}

/// The slots of the cases of these worlds.
fn slots() -> Vec<u16> {
    ["case-0", "case-1", "C"].map(case_slot).into()
}

fn any_cuts() -> impl Strategy<Value = Vec<CutAt>> {
    let slots = prop::sample::subsequence(slots(), 0..=3);
    let cut = (0..24_usize, slots, prop::bool::weighted(0.2));
    let cut = cut.prop_map(|(taken, slots, unsaid)| CutAt { taken, slots, unsaid });
    prop::collection::vec(cut, 1..7).prop_map(|mut cuts| {
        cuts.sort_by_key(|cut| cut.taken);
        cuts
    })
}

/// A cut of everything after all of `world`.
fn whole(world: &[Entry]) -> Vec<CutAt> {
    vec![CutAt { taken: world.len(), slots: slots(), unsaid: false }]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_start_from_kept_cases_is_one_judged_anew(
        world in any_world(), cuts in any_cuts(), writers in 1..4_usize, workers in 1..4_usize,
    ) {
        let city = City::new(30);
        let written = write(&world, &city, &cuts, writers);
        let start_by = written.start(workers, &city);
        let (seen, _) = go_on(&written, &world, &start_by);
        prop_assert_eq!(&seen, &written.judged_anew(&world, &start_by));
        let after: Vec<Transition> =
            seen.said.iter().map(|line| serde_json::from_str(line).expect("a transition")).collect();
        let all: Vec<Transition> = written.said.iter().cloned().chain(after).collect();
        assert_chains(&all);
        prop_assert_eq!(fold(&all), law(&world, &city, at(END - 1)).0);
    }

    #[test]
    fn what_alerts_holds_counts_and_not_what_cases_remember(
        world in any_world(), cuts in any_cuts(), workers in 1..4_usize, lost in 0..4_usize, nothing_read in any::<bool>(),
    ) {
        let city = City::new(30);
        let written = write(&world, &city, &cuts, 2);
        // ALERTS was restored from a copy: its last messages are gone.
        let left = &written.said[..written.said.len().saturating_sub(lost)];
        let start_by = Start { alerts: (!nothing_read).then_some(left), ..written.start(workers, &city) };
        prop_assert_eq!(go_on(&written, &world, &start_by).0, written.judged_anew(&world, &start_by));
    }

    #[test]
    fn cases_of_silent_sources_are_as_judged_anew(
        world in any_world(), cuts in any_cuts(), workers in 1..4_usize,
    ) {
        let city = silence::city();
        let written = write(&world, &city, &cuts, 2);
        let start_by = written.start(workers, &city);
        prop_assert_eq!(go_on(&written, &world, &start_by).0, written.judged_anew(&world, &start_by));
    }

    #[test]
    fn another_configuration_judges_all_cases_anew(
        world in any_world(), cuts in any_cuts(), workers in 1..4_usize,
    ) {
        let written = write(&world, &City::new(30), &cuts, 2);
        let other = City::new(60);
        let start_by = written.start(workers, &other);
        let (seen, kept) = go_on(&written, &world, &start_by);
        prop_assert_eq!(kept, 0);
        prop_assert_eq!(seen, written.judged_anew(&world, &start_by));
    }

    #[test]
    fn damage_to_kept_cases_costs_time_and_nothing_else(
        world in any_world(), cuts in any_cuts(), workers in 1..3_usize, file in any::<prop::sample::Index>(),
        place in any::<prop::sample::Index>(), how in 0..3_u8,
    ) {
        let city = City::new(30);
        let written = write(&world, &city, &cuts, 2);
        let start_by = written.start(workers, &city);
        let expected = written.judged_anew(&world, &start_by);
        let files = written.folder.named("cases-");
        let name = &files[file.index(files.len())];
        match how {
            0 => written.folder.flip(name, place.index(written.folder.size(name) * 8)),
            1 => {
                let size = place.index(written.folder.size(name)) as u64;
                written.folder.truncate(name, size).expect("a folder in memory");
            }
            _ => written.folder.remove(name).expect("a folder in memory"),
        }
        let verified = verify(&written.folder).expect("the folder can be listed");
        prop_assert_eq!(verified.costing_time.len(), 1, "{}", name);
        prop_assert!(verified.costing_time[0].error.to_string().contains(name.as_str()));
        let damaged = |finding: &crate::checkpoint::Finding| !finding.error.to_string().contains("does not hold the configuration");
        prop_assert!(!verified.findings.iter().any(damaged), "{:?}", verified.findings);
        prop_assert_eq!(go_on(&written, &world, &start_by).0, expected);
    }
}

/// The facts are proved even where none of them is needed: damage is told at the next start, and not at the one, perhaps months
/// later, that has to judge anew.
#[test]
fn damaged_facts_are_told_at_a_start_that_needs_none_of_them() {
    let (world, city) = (two_cases(), City::new(30));
    let mut cuts = whole(&world);
    cuts[0].taken = 3;
    let written = write(&world[..3], &city, &cuts, 2);
    let name = written.folder.named("facts-").pop().expect("facts were written");
    let mut refused = 0;
    for bit in (0..written.folder.size(&name) * 8).step_by(61) {
        written.folder.flip(&name, bit);
        for workers in 1..3 {
            let (runner, _closings) = start(workers, &city, false);
            let opened = Checkpoint::open(Arc::new(written.folder.clone()));
            let fault = opened.and_then(|mut checkpoint| checkpoint.restore(&runner, ENGINE).map(drop)).err();
            let told = fault.map(|fault| fault.to_string()).unwrap_or_default();
            assert!(told.contains(&name), "bit {bit}: {told:?}");
            refused += 1;
        }
        written.folder.flip(&name, bit);
    }
    assert!(refused > 40, "{refused}");
}

/// Two cases: one that is open with a light, one that is closed and sealed with a light that stands for ever.
fn two_cases() -> Vec<Entry> {
    vec![
        fact("s", Activity::Submitted, 0).case("case-0"),
        fact("a", Activity::Accepted, 1).case("case-1"),
        fact("c", Activity::Closed, 60).case("case-1"),
        fact("f", Activity::Fee, 70).case("case-0"),
    ]
}

#[test]
fn nothing_is_judged_at_a_start_after_which_nothing_came() {
    let (world, city) = (two_cases(), City::new(30));
    let mut cuts = whole(&world);
    cuts[0].taken = 3;
    let mut written = write(&world[..3], &city, &cuts, 2);
    written.taken = 3;
    let judged = |engine: &str| {
        let (runner, _closings) = start(2, &city, false);
        let mut checkpoint = Checkpoint::open(Arc::new(written.folder.clone())).expect("sound");
        let later = checkpoint.restore(&runner, engine).expect("sound");
        let kept = later.kept_cases();
        runner.read_back(written.said.iter().cloned().map(ReadBack::from).collect()).expect("running");
        later.feed(&runner).expect("running");
        runner.lights().expect("running");
        (runner.judged_by_worker().iter().sum::<u64>(), kept)
    };
    let (all, none) = judged("another program");
    assert_eq!((all > 0, none), (true, 0));
    assert_eq!(judged(ENGINE), (0, 2), "the fact of the open instant waits");
}

#[test]
fn a_configuration_that_takes_over_later_judges_kept_cases() {
    let (world, city) = (two_cases(), City::new(30));
    let written = write(&world[..2], &city, &whole(&world[..2]), 2);
    let said_by = |engine: &str| {
        let (runner, closings) = start(2, &city, false);
        runner.announce(written.through.plus_millis(1)).expect("running");
        runner.configure(Arc::new(City::new(200)), Cause::Catalogue, at(80)).expect("running");
        let mut checkpoint = Checkpoint::open(Arc::new(written.folder.clone())).expect("sound");
        let later = checkpoint.restore(&runner, engine).expect("sound");
        let kept = later.kept_cases();
        runner.read_back(written.said.iter().cloned().map(ReadBack::from).collect()).expect("running");
        later.feed(&runner).expect("running");
        runner.feed(world[2..].to_vec(), at(END)).expect("running");
        let lights = runner.lights().expect("running").lights;
        runner.finish().expect("no failure");
        (rest(&closings).iter().map(Transition::to_line).collect::<Vec<_>>(), lights, kept > 0)
    };
    let (said, lights, kept) = said_by(ENGINE);
    assert!(kept && said.iter().any(|line| line.contains("catalogue")), "{said:?}");
    assert_eq!((said, lights, false), said_by("another program"));
}

#[test]
fn silent_workers_hand_nothing_out() {
    let (runner, _closings) = start(2, &City::new(30), false);
    runner.feed(two_cases(), at(100)).expect("running");
    let asked = runner.ask_cases(slots().into_iter().collect(), ENGINE).expect("running");
    assert!(asked.wait().is_none());
}

#[test]
fn later_cases_take_the_place_of_earlier_ones_and_files_go_when_no_slot_needs_them() {
    let (world, city) = (two_cases(), City::new(30));
    let [open, closed] = ["case-0", "case-1"].map(case_slot);
    let cut = |taken, slots: &[u16]| CutAt { taken, slots: slots.to_vec(), unsaid: false };
    let cuts = [cut(1, &[open, closed]), cut(2, &[closed]), cut(3, &[closed]), cut(3, &[closed])];
    let written = write(&world, &city, &cuts, 2);
    let checkpoint = Checkpoint::open(Arc::new(written.folder.clone())).expect("sound");
    let manifest = checkpoint.manifest().expect("four cuts");
    let slots: Vec<Vec<u16>> = manifest.cases.iter().map(|cases| cases.slots.iter().collect()).collect();
    assert_eq!(slots, [[open], [closed]]);
    assert_eq!(written.folder.named("cases-").len(), 3, "those of two manifests");
}

/// The runs in which the planted faults must show themselves.
fn agree(other: &City) -> bool {
    let (world, city) = (two_cases(), City::new(30));
    let cut = |taken, slots| CutAt { taken, slots, unsaid: false };
    let more = [world, vec![fact("f2", Activity::Fee, 90).case("case-0")]].concat();
    let written = write(&more, &city, &[cut(4, slots()), cut(5, Vec::new())], 2);
    // All of what was said, and the first of two messages of a light.
    [&written.said[..], &written.said[..1]].into_iter().all(|alerts| {
        let start_by = Start { alerts: Some(alerts), ..written.start(2, other) };
        go_on(&written, &more, &start_by).0 == written.judged_anew(&more, &start_by)
    })
}

#[test]
fn planted_faults_of_starts_are_found() {
    let cities = [City::new(30), City::new(60)];
    assert!(cities.iter().all(agree), "without a fault they agree");
    for fault in Fault::OF_STARTS {
        let found = with(fault, || !cities.iter().all(agree));
        assert!(found, "{fault:?} is not noticed");
    }
}
