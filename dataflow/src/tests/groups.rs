//! Rules that judge several cases at once: random worlds of cases that share receipts, joint numbers and officers, judged
//! by real rules, against the judgement of all groups from all facts at an instant ([`rules::scenario::group_lights_at`]).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use facts::proof::Lang;
use facts::{Address, Cause, Event, Light, Moment, StandingLight, Transition, line};
use jiff::tz::TimeZone;
use proptest::prelude::*;
use rules::configuration::Configuration;
use rules::judge::{Case, judge};
use rules::scenario::{group_lights_at, lights_at};
use rules::site::{self, Files};

use super::worlds::{assert_chains, fold, rest};
use crate::checkpoint::{SlotSet, case_slot};
use crate::planted::{Fault, with};
use crate::{Closings, CountRow, Entry, ForecastQuestion, Judge, Options, ReadBack, Runner, Waiting};

const HOUR: i64 = 3_600_000;
/// Hours after which nothing changes any more.
const END: i64 = 24 * 40;

/// `hours` into these worlds.
fn at(hours: i64) -> Moment {
    Moment::from_millis(1_767_571_200_000 + hours * HOUR)
}

/// A state, an event, a clock, a count and a ban over several cases, and one rule about a case alone.
const RULES: &str = r#"
[[rule]]
id     = "T-RECEIPT"
family = "irregular-fee"
kind   = "condition"
name   = { zh = "一票两用", en = "One receipt, two cases" }
basis  = "法"
group  = { by = ["event.fee.receipt"], window = "3d", cards_on = "all" }
on     = "fee_charged"
when   = "size(minus(values(fee_charged, case_id), [event.case_id])) > 0"
card   = "red"

[[rule]]
id     = "T-OPEN"
family = "process-skip"
kind   = "condition"
name   = { zh = "并案未结", en = "Two at once" }
basis  = "法"
group  = { by = ["event.case.linked_case"], window = "10d", cards_on = "last" }
on     = "case"
when   = "cases(accepted) >= 2 && !seen(closed)"
cards  = { yellow = { after = "24h" } }

[[rule]]
id        = "T-JOINT"
family    = "overdue"
kind      = "deadline"
name      = { zh = "联办超时", en = "Joint handling late" }
basis     = "法"
group     = { by = ["event.case.linked_case ?? event.case_id"] }
start     = "accepted"
stop_when = "cases(closed) >= cases(accepted)"
limit     = "72h"
cards     = { warning = "due - 24h", red = "due + 48h" }

[[rule]]
id     = "T-BULK"
family = "process-skip"
kind   = "count"
name   = { zh = "集中补录", en = "Entered in bulk" }
basis  = "法"
group  = { by = ["event.officer"], window = "5d", cards_on = "last" }
of     = "stage_completed"
by     = ["officer"]
max    = 2
within = "48h"
cards  = { yellow = {}, red = "count >= 4" }

[[rule]]
id     = "T-AGAIN"
family = "process-skip"
kind   = "forbids"
name   = { zh = "作废重报", en = "Voided and filed again" }
basis  = "法"
group  = { by = ["event.case.linked_case ?? event.case_id"], window = "20d" }
event  = "submitted"
after  = "closed[outcome == 'voided']"
within = "5d"
card   = "yellow"

[[rule]]
id     = "T-ALONE"
family = "overdue"
kind   = "deadline"
name   = { zh = "超时", en = "Late" }
basis  = "法"
start  = "accepted"
stop   = "closed"
limit  = "96h"
card   = "yellow"
"#;

const NATIONAL: &str = r#"
id      = "national"
default = true

[defaults]
counting = "legal"
zone     = "Asia/Shanghai"
calendar = "cn"
issue    = { overdue = "auto", irregular-fee = "auto", process-skip = "auto", data-quality = "auto" }
lights   = { warning = "yellow", yellow = "yellow", red = "red" }
"#;

/// Another place counts otherwise.
const OTHER: &str = r#"
id      = "other"
extends = "national"
regions = ["43"]

[rules.T-JOINT]
limit = "48h"
why   = "本省从严"
"#;

fn configuration(change: impl Fn(&str) -> String) -> Arc<Configuration> {
    let rules = change(RULES);
    let other = if rules.contains("T-JOINT") { OTHER } else { OTHER.split("[rules").next().unwrap_or_default() };
    let files: Files = [
        ("rules/groups.toml", rules.as_str()),
        ("profiles/national.toml", NATIONAL),
        ("profiles/other.toml", other),
        ("calendars/cn/2026.toml", include_str!("../../../config/calendars/cn/2026.toml")),
    ]
    .into_iter()
    .map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec()))
    .collect();
    let zone = TimeZone::get("Asia/Shanghai").expect("the zone is built in");
    let site = site::load(&files, &zone).unwrap_or_else(|faults| {
        let faults: Vec<String> = faults.iter().map(|fault| fault.render(Lang::En)).collect();
        panic!("{}", faults.join("\n"))
    });
    Arc::new(site.configuration)
}

/// Before all others, so that these have other places; few cases are its concern.
const FIRST: &str = r#"
[[rule]]
id         = "T-FIRST"
family     = "overdue"
kind       = "deadline"
name       = { zh = "迟", en = "Late at once" }
basis      = "法"
applies_to = { regions = ["43"] }
start  = "submitted"
stop   = "closed"
limit  = "48h"
card   = "yellow"
"#;

/// Number of configurations.
const CONFIGURATIONS: usize = 6;
/// The one with a rule before all others.
const MOVED: usize = 4;

/// The rules, the same with other limits, with one rule judging one case only, without any rule across cases, with a rule of one
/// case before all others, and with another limit in such a rule: the last two keep groups.
fn configurations() -> &'static [Arc<Configuration>; CONFIGURATIONS] {
    static LOADED: OnceLock<[Arc<Configuration>; CONFIGURATIONS]> = OnceLock::new();
    LOADED.get_or_init(|| {
        let grouped = |line: &str| !line.starts_with("group");
        [
            configuration(str::to_owned),
            configuration(|rules| rules.replace("max    = 2", "max    = 1").replace("\"72h\"", "\"100h\"")),
            configuration(|rules| rules.replace("id     = \"T-RECEIPT\"", "id     = \"T-RECEIPT\"\nstatus = \"off\"")),
            configuration(|rules| {
                let alone = rules.find("[[rule]]\nid     = \"T-ALONE\"").expect("it is the last one");
                rules[alone..].lines().filter(|line| grouped(line)).collect::<Vec<_>>().join("\n")
            }),
            configuration(|rules| format!("{FIRST}{rules}")),
            configuration(|rules| rules.replace("\"96h\"", "\"60h\"")),
        ]
    })
}

/// A world as it is drawn: facts in the order in which they enter.
fn any_world() -> impl Strategy<Value = Vec<Entry>> {
    let activity = prop::sample::select(vec![
        r#""activity":"submitted""#,
        r#""activity":"submitted","linked_case":"J""#,
        r#""activity":"accepted""#,
        r#""activity":"accepted","linked_case":"J""#,
        r#""activity":"accepted","linked_case":"K/1""#,
        r#""activity":"closed","outcome":"granted""#,
        r#""activity":"closed","outcome":"voided""#,
        r#""activity":"closed","outcome":"deleted""#,
        r#""activity":"stage_completed","stage":"handle","officer":"7""#,
        r#""activity":"stage_completed","stage":"approve","officer":"7""#,
        r#""activity":"stage_completed","stage":"approve","officer":"8""#,
        r#""activity":"fee","fee":{"act":"charged","code":"F","amount":"5.00","receipt":"R-7"}"#,
        r#""activity":"fee","fee":{"act":"charged","code":"F","amount":"5.00","receipt":"R-8"}"#,
        r#""activity":"rated""#,
    ]);
    let what = (activity, 0..5_u8, 0..3_u8, 1..4_u32, prop::bool::weighted(0.12), 0..12_u8);
    let when = (1..24 * 12_i64, prop_oneof![4 => Just(0), 2 => 0..24 * 8_i64, 1 => -48..0_i64]);
    let entry = (what, when).prop_map(|((activity, case, id, version, delete, office), (happened, delay))| {
        let enters = at((happened + delay).max(1).unsigned_abs().next_multiple_of(6).cast_signed());
        let region = if office == 0 { "430103" } else { "360902" };
        let op = if delete { "delete" } else { "put" };
        let text = format!(
            r#"{{"id":"r{id}","version":{version},"op":"{op}","source":"oa","case":"case-{case}","at":"{}","level":"county","region":"{region}","dept":"D",{activity}}}"#,
            at(happened)
        );
        let event = line::read(text.as_bytes(), None).expect("a line").event;
        Entry { enters, sequence: None, event }
    });
    prop::collection::vec(entry, 1..40).prop_map(|mut entries| {
        entries.sort_by_key(|entry| entry.enters);
        (1..).zip(&mut entries).for_each(|(sequence, entry)| entry.sequence = Some(sequence));
        entries
    })
}

/// How a world is played.
#[derive(Clone, Debug)]
struct Play {
    workers: usize,
    /// Hours at which it is looked.
    cuts: BTreeSet<i64>,
    /// Another configuration from this hour on.
    change: Option<(i64, usize)>,
    /// Nothing is said before.
    announce_at: Option<i64>,
}

fn start(workers: usize, announce: bool, settle: i64, judge: &Arc<Configuration>) -> (Runner, Closings) {
    let one = workers == 1;
    let options = Options {
        workers,
        announce,
        settle: Duration::from_millis(settle.unsigned_abs()),
        retention: (!one).then_some(Duration::ZERO),
        awake_max: if one { usize::MAX } else { 0 },
        ..Options::default()
    };
    Runner::start(&options, Arc::clone(judge)).expect("workers start")
}

struct Seen {
    through: Moment,
    lights: Vec<StandingLight>,
    counts: Vec<CountRow>,
}

fn play(world: &[Entry], play: &Play) -> (Vec<Transition>, Vec<Seen>) {
    let (runner, closings) = start(play.workers, play.announce_at.is_none(), 0, &configurations()[0]);
    if let Some(hour) = play.announce_at {
        runner.announce(at(hour)).expect("running");
    }
    if let Some((hour, to)) = play.change {
        runner.configure(Arc::clone(&configurations()[to]), Cause::Rule, at(hour)).expect("running");
    }
    let (mut left, mut seen) = (world.to_vec(), Vec::new());
    for cut in play.cuts.iter().copied().chain([END]) {
        let fed = left.extract_if(.., |entry| entry.enters < at(cut)).collect();
        runner.feed(fed, at(cut)).expect("running");
        let standing = runner.lights().expect("running");
        seen.push(Seen { through: standing.as_of, lights: standing.lights, counts: runner.counts().rows });
    }
    runner.finish().expect("no worker fails");
    (rest(&closings), seen)
}

/// lights(T), and the cases by office and worst lamp, from all facts.
fn law(world: &[Entry], judge_by: &Configuration, through: Moment) -> (Vec<StandingLight>, Vec<CountRow>) {
    let known: Vec<(Moment, Event)> = world.iter().map(|entry| (entry.enters, entry.event.clone())).collect();
    let mut lights = lights_at(&known, judge_by, through);
    lights.extend(group_lights_at(&known, judge_by, through));
    lights.sort();
    let mut worst: BTreeMap<&str, (Address, Light)> = BTreeMap::new();
    let mut histories: BTreeMap<&str, facts::History> = BTreeMap::new();
    for (_, event) in known.iter().filter(|(enters, _)| *enters <= through) {
        histories.entry(&event.case).or_default().join(event.clone(), None, judge_by.zone());
    }
    for (id, history) in &histories {
        let judged = judge(&Case::at(id, history, through), judge_by);
        let lamps = lights.iter().filter(|light| light.case == *id).map(|light| light.light);
        let lamp = lamps.max().or(judged.open.then_some(Light::Green));
        if let (Some(owner), Some(lamp)) = (judged.owner, lamp) {
            worst.insert(id, (owner, lamp));
        }
    }
    let mut counts: BTreeMap<(Address, Light), u64> = BTreeMap::new();
    worst.into_values().for_each(|row| *counts.entry(row).or_default() += 1);
    let counts = counts.into_iter().map(|((owner, light), cases)| CountRow { owner, light, cases });
    (lights, counts.collect())
}

/// What differs between a play and the law, or between what it says and what it shows.
fn differs(world: &[Entry], played: &Play) -> Option<String> {
    let (said, seen) = play(world, played);
    assert_chains(&said);
    for Seen { through, lights, counts } in &seen {
        let changed = played.change.filter(|(hour, _)| at(*hour) <= *through);
        let by = &configurations()[changed.map_or(0, |(_, to)| to)];
        let (expected, expected_counts) = law(world, by, *through);
        if *lights != expected {
            return Some(format!("at {through} {lights:#?} and not {expected:#?}"));
        }
        if *counts != expected_counts {
            return Some(format!("counts at {through} {counts:#?} and not {expected_counts:#?}"));
        }
        let speaking = played.announce_at.is_none_or(|hour| at(hour) <= *through);
        if speaking && fold(said.iter().filter(|said| said.decided_at <= *through)) != expected {
            return Some(format!("at {through} what was said is not what stands"));
        }
        if let Some(bare) = said.iter().find(|said| said.card != facts::Card::None && said.proof.is_none()) {
            return Some(format!("it proves nothing: {}", bare.to_line()));
        }
    }
    None
}

fn lines(said: &[Transition]) -> Vec<String> {
    said.iter().map(Transition::to_line).collect()
}

fn any_cuts() -> impl Strategy<Value = BTreeSet<i64>> {
    prop::collection::btree_set(1..END, 0..12)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, ..ProptestConfig::default() })]

    #[test]
    fn what_is_shown_and_said_is_the_judgement_of_all_groups(
        world in any_world(),
        cuts in any_cuts(),
        workers in 1..4_usize,
        change in prop::option::of((1..24 * 15_i64, 1..CONFIGURATIONS)),
        announce_at in prop::option::weighted(0.3, 1..24 * 15_i64),
    ) {
        let found = differs(&world, &Play { workers, cuts, change, announce_at });
        prop_assert!(found.is_none(), "{}", found.unwrap_or_default());
    }

    #[test]
    fn neither_workers_nor_batches_nor_sealing_change_a_byte(
        world in any_world(),
        cuts in any_cuts(),
        others in any_cuts(),
        change in prop::option::of((1..24 * 15_i64, 1..CONFIGURATIONS)),
        announce_at in prop::option::weighted(0.3, 1..24 * 15_i64),
    ) {
        let whole = Play { workers: 1, cuts: BTreeSet::new(), change, announce_at };
        let (said, _) = play(&world, &whole);
        for (workers, cuts) in [(1, &cuts), (2, &cuts), (3, &others)] {
            let (other, _) = play(&world, &Play { workers, cuts: cuts.clone(), ..whole.clone() });
            prop_assert_eq!(lines(&other), lines(&said));
        }
    }

    #[test]
    fn a_start_goes_on_where_the_run_before_ended(
        world in any_world(),
        ended in 1..24 * 16_i64,
        workers in 1..4_usize,
        settle in prop_oneof![Just(0), Just(7 * HOUR)],
    ) {
        let judge = &configurations()[0];
        let (undisturbed, closings) = start(1, true, settle, judge);
        let (known, later): (Vec<Entry>, Vec<Entry>) = world.iter().cloned().partition(|entry| entry.enters <= at(ended));
        let through = at(ended);
        undisturbed.feed(known.clone(), through.plus_millis(1)).expect("running");
        let waiting = undisturbed.ask_waiting().expect("running").wait().expect("it answers").cases;
        // As it is stored.
        let stored = serde_json::to_string(&waiting).expect("it can be written");
        let waiting: Vec<Waiting> = serde_json::from_str(&stored).expect("it can be read");
        undisturbed.feed(later.clone(), at(END)).expect("running");
        undisturbed.finish().expect("no worker fails");
        let said = rest(&closings);
        let (before, after): (Vec<_>, Vec<_>) = said.into_iter().partition(|said| said.decided_at <= through);

        let (runner, closings) = start(workers, false, settle, judge);
        runner.restore(known, through).expect("running");
        runner.restored(through, waiting).expect("running");
        runner.read_back(before.into_iter().map(ReadBack::from).collect()).expect("running");
        runner.announce(through.plus_millis(1)).expect("running");
        runner.feed(later, at(END)).expect("running");
        runner.finish().expect("no worker fails");
        prop_assert_eq!(lines(&rest(&closings)), lines(&after));
    }

    #[test]
    fn cases_kept_in_a_checkpoint_bring_to_their_groups_what_their_facts_would(
        world in any_world(),
        kept in 1..24 * 16_i64,
        since in 0..24 * 4_i64,
        workers in 1..4_usize,
    ) {
        let judge = &configurations()[0];
        let (undisturbed, closings) = start(3, true, 0, judge);
        let (before, after): (Vec<Entry>, Vec<Entry>) = world.iter().cloned().partition(|entry| entry.enters <= at(kept));
        undisturbed.feed(before, at(kept).plus_millis(1)).expect("running");
        let slots: SlotSet = (0..5).map(|case| case_slot(&format!("case-{case}"))).collect();
        let (_, handed) = undisturbed.ask_cases(slots, "this very program").expect("running").wait().expect("it speaks");
        prop_assert_eq!(handed.through, at(kept));
        let through = at(kept + since);
        let (meanwhile, later): (Vec<Entry>, Vec<Entry>) = after.into_iter().partition(|entry| entry.enters <= through);
        undisturbed.feed(meanwhile.clone(), through.plus_millis(1)).expect("running");
        undisturbed.feed(later.clone(), at(END)).expect("running");
        let lights = undisturbed.lights().expect("running");
        undisturbed.finish().expect("no worker fails");
        let (before, after): (Vec<_>, Vec<_>) = rest(&closings).into_iter().partition(|said| said.decided_at <= through);

        let (runner, closings) = start(workers, false, 0, judge);
        for piece in handed.slots.values().flatten() {
            prop_assert_eq!(runner.take_in(&piece.bytes, through).expect("running"), Some(piece.cases));
        }
        runner.restore(meanwhile, through).expect("running");
        runner.restored(through, Vec::new()).expect("running");
        runner.read_back(before.into_iter().map(ReadBack::from).collect()).expect("running");
        runner.announce(through.plus_millis(1)).expect("running");
        runner.feed(later, at(END)).expect("running");
        prop_assert_eq!(runner.lights().expect("running"), lights);
        runner.finish().expect("no worker fails");
        prop_assert_eq!(lines(&rest(&closings)), lines(&after));
    }

    /// To the byte: identity, revision, kind, cause, reason and proof, with facts that are dated ahead, too.
    #[test]
    fn what_is_foreseen_is_what_is_said_when_the_clock_gets_there(
        world in any_world(),
        now in 1..24 * 16_i64,
        ahead in 0..24 * 20_i64,
        workers in 1..4_usize,
    ) {
        let (runner, closings) = start(workers, true, 0, &configurations()[0]);
        let known: Vec<Entry> = world.iter().filter(|entry| entry.enters <= at(now)).cloned().collect();
        runner.feed(known, at(now).plus_millis(1)).expect("running");
        let until = at(now + ahead);
        let asked = ForecastQuestion { until, wanted: Arc::new(|_| true), after: None, rows_max: usize::MAX };
        let foreseen = runner.forecast(&asked).expect("running");
        runner.advance(until.plus_millis(1)).expect("running");
        runner.finish().expect("no worker fails");
        let said: Vec<Transition> = rest(&closings).into_iter().filter(|said| said.decided_at > at(now)).collect();
        prop_assert_eq!(foreseen.as_of, at(now));
        prop_assert_eq!(lines(&foreseen.changes), lines(&said));
    }

    #[test]
    fn what_a_change_would_bring_is_what_it_brings(
        world in any_world(),
        looked in 1..24 * 16_i64,
        workers in 1..4_usize,
        to in 1..4_usize,
    ) {
        let (runner, _closings) = start(workers, false, 0, &configurations()[0]);
        let known: Vec<Entry> = world.iter().filter(|entry| entry.enters <= at(looked)).cloned().collect();
        runner.feed(known, at(looked).plus_millis(1)).expect("running");
        let before = runner.lights().expect("running").lights;
        let found = runner.what_if(&configurations()[to]).expect("running");
        prop_assert_eq!(&runner.lights().expect("running").lights, &before, "a question changes nothing");
        let (after, _) = law(&world, &configurations()[to], at(looked));
        let key = |light: &StandingLight| (light.case.clone(), light.rule.clone(), light.instance.clone());
        let of = |lights: &[StandingLight]| -> BTreeMap<_, _> {
            lights.iter().map(|light| (key(light), (light.card, light.light, light.since))).collect()
        };
        let (before, after) = (of(&before), of(&after));
        let names: BTreeSet<_> = before.keys().chain(after.keys()).collect();
        let differ: Vec<_> = names.into_iter().filter(|name| before.get(*name) != after.get(*name)).cloned().collect();
        let told: Vec<_> = found.differences.iter()
            .map(|told| (told.case.clone(), told.rule.clone(), told.instance.clone()))
            .collect();
        prop_assert_eq!(told, differ);
    }
}

/// A rule that judged one case when it was said, and now judges several: what it said before ends.
#[test]
fn what_a_rule_said_of_a_case_alone_ends_when_it_groups() {
    let accepted = r#"{"id":"a","source":"oa","case":"A","at":"2026-01-05T08:00:00Z","level":"county","region":"360902","dept":"D","activity":"accepted"}"#;
    let event = line::read(accepted.as_bytes(), None).expect("a line").event;
    let facts = vec![Entry { enters: at(8), sequence: Some(1), event }];
    let alone = configuration(|rules| {
        rules
            .replace("group     = { by = [\"event.case.linked_case ?? event.case_id\"] }", "")
            .replace("cases(closed) >= cases(accepted)", "seen(closed)")
    });
    let (before, closings) = start(1, true, 0, &alone);
    before.feed(facts.clone(), at(24 * 10)).expect("running");
    before.finish().expect("no worker fails");
    let said: Vec<Transition> = rest(&closings).into_iter().filter(|said| said.rule == "T-JOINT").collect();
    assert_eq!(said.last().map(|said| (said.instance.as_str(), said.card)), Some(("-", facts::Card::Red)));

    let (now, closings) = start(2, false, 0, &configurations()[0]);
    now.restore(facts, at(24 * 10)).expect("running");
    now.restored(at(24 * 10), Vec::new()).expect("running");
    now.read_back(said.into_iter().map(ReadBack::from).collect()).expect("running");
    now.announce(at(24 * 10).plus_millis(1)).expect("running");
    now.advance(at(24 * 11)).expect("running");
    now.finish().expect("no worker fails");
    let rows: Vec<_> = rest(&closings)
        .into_iter()
        .filter(|said| said.rule == "T-JOINT")
        .map(|said| (said.instance.to_string(), said.card))
        .collect();
    assert_eq!(rows, [("-".to_owned(), facts::Card::None), ("A/-".to_owned(), facts::Card::Red)]);
}

/// A case view has the lights of its groups, each explained.
#[test]
fn a_case_shows_the_lights_of_its_groups_with_their_proofs() {
    let (runner, _closings) = start(3, true, 0, &configurations()[0]);
    runner.feed(vec![charged("A", "R/7", 1, 1), charged("B", "R/7", 2, 2)], at(3)).expect("running");
    for case in ["A", "B"] {
        let view = runner.case(case).expect("running").expect("it is known");
        let [light] = &view.of_groups[..] else { panic!("{:?}", view.of_groups) };
        assert_eq!(light.finding.instance, "R\\-7/B/county.360902.D/oa/f");
        assert_eq!(light.explained.len(), 1);
        assert_eq!(light.explained[0].card, facts::Card::Red);
    }
}

/// A charge with a receipt; it enters at `enters` and happened at `happened`, in hours.
fn charged(case: &str, receipt: &str, enters: i64, happened: i64) -> Entry {
    let text = format!(
        r#"{{"id":"f","source":"oa","case":"{case}","at":"{}","level":"county","region":"360902","dept":"D","activity":"fee","fee":{{"act":"charged","code":"F","amount":"5.00","receipt":"{receipt}"}}}}"#,
        at(happened)
    );
    Entry { enters: at(enters), sequence: None, event: line::read(text.as_bytes(), None).expect("a line").event }
}

/// One rule, with a window of three days: one receipt, two cases.
fn receipts_only() -> Arc<Configuration> {
    configuration(|rules| rules.split("[[rule]]").take(2).collect::<Vec<_>>().join("[[rule]]"))
}

/// Runs `days` of a window that is three days long, each with its own receipts, and looks at the end of each.
fn contributions_held(days: i64) -> u64 {
    let (runner, _closings) = start(2, true, 0, &receipts_only());
    let mut most = 0;
    for day in 0..days {
        let receipts = (0..10).map(|number| {
            let receipt = format!("R-{day}-{number}");
            charged(&format!("case {receipt}"), &receipt, day * 24 + 1, day * 24 + 1)
        });
        runner.feed(receipts.collect(), at(day * 24 + 2)).expect("running");
        runner.lights().expect("running");
        most = most.max(runner.gauges().iter().map(|gauges| gauges.contributions).sum());
    }
    runner.finish().expect("no worker fails");
    most
}

#[test]
fn what_is_held_follows_the_open_windows_and_not_all_history() {
    // Ten of today and of each day whose charges one of today sees: three, and as many as holidays put off their end.
    let most = 10 * (1 + 3 + 10);
    let (month, year) = (contributions_held(30), contributions_held(300));
    assert!((40..=most).contains(&month), "{month}");
    assert!((40..=most).contains(&year), "{year} of 3000");
}

#[test]
fn a_late_record_meets_what_rests_of_its_group() {
    let (runner, closings) = start(2, true, 0, &receipts_only());
    runner.feed(vec![charged("A", "R", 1, 1)], at(24 * 100)).expect("running");
    runner.lights().expect("running");
    assert_eq!(runner.gauges().iter().map(|gauges| gauges.contributions).sum::<u64>(), 0, "its window has passed");
    runner.feed(vec![charged("B", "R", 24 * 100, 2)], at(24 * 101)).expect("running");
    let lit: Vec<_> = runner.lights().expect("running").lights.into_iter().map(|light| light.case).collect();
    assert_eq!(lit, ["A", "B"]);
    assert_eq!(runner.gauges().iter().map(|gauges| gauges.contributions).sum::<u64>(), 0, "and rests again");
    let lines = runner.standing().expect("running").lights;
    assert!(lines.iter().all(|line| !line.reason.zh.is_empty()), "{lines:#?}");
    let view = runner.case("A").expect("running").expect("it is known");
    assert_eq!(view.of_groups[0].explained.len(), 1, "what rests explains its lights");
    runner.finish().expect("no worker fails");
    assert_eq!(rest(&closings).len(), 2);
}

/// Worlds in which a fault must have shown itself.
const TRIED: u32 = 400;

#[test]
fn every_fault_planted_in_groups_is_found() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
    for fault in Fault::OF_GROUPS {
        let found = with(fault, || {
            let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
            let mut draw = TestRunner::new_with_rng(Config::default(), rng);
            let cuts: BTreeSet<i64> = (1..END / 12).map(|step| step * 12).collect();
            (0..TRIED).find(|_| {
                let world = any_world().new_tree(&mut draw).expect("a world").current();
                let change = (fault == Fault::GroupKeepsOldPlaces).then_some((24 * 8, MOVED));
                differs(&world, &Play { workers: 2, cuts: cuts.clone(), change, announce_at: None }).is_some()
            })
        });
        println!("{fault:?} after {found:?} worlds");
        assert!(found.is_some(), "{fault:?} was not noticed");
    }
}

#[test]
fn the_office_of_a_fact_to_come_owns_a_case_whose_other_facts_name_none() {
    let fact = |enters: i64, happened: i64, activity: &str| {
        let text = format!(
            r#"{{"id":"{activity}","source":"oa","case":"C","activity":"{activity}","at":"{}","level":"county","region":"360902","dept":"D"}}"#,
            at(happened)
        );
        let event = line::read(text.as_bytes(), None).expect("a line").event;
        Entry { enters: at(enters), sequence: None, event }
    };
    let world = [fact(6, 1, "rated"), fact(48, 54, "submitted")];
    let cuts = BTreeSet::from([7, 49, 55]);
    let found = differs(&world, &Play { workers: 1, cuts, change: None, announce_at: None });
    assert!(found.is_none(), "{}", found.unwrap_or_default());
}
