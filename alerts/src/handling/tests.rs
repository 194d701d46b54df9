//! The table against its page, and random sequences of acts against both.
//!
//! The page is the oracle: whatever random people try, a handling moves only as a row of docs/handling.md says, is
//! the fold of its journal, and can always be brought to an end.

use std::collections::BTreeSet;

use facts::{Address, Card, Kind, Moment};
use jiff::civil::{Date, date};
use proptest::prelude::*;

use super::take::REASON_CHARS_MAX;
use super::{Actor, Appeal, CardNow, Entry, Guard, Handling, Need, Refused, Role, Row, State, Step, TABLE, To};
use crate::tests::made_transition;

const PAGE: &str = include_str!("../../../docs/handling.md");
const TODAY: Date = date(2026, 3, 2);

fn code<'a>(tokens: impl IntoIterator<Item = &'a str>) -> String {
    tokens.into_iter().map(|token| format!("`{token}`")).collect::<Vec<_>>().join(", ")
}

/// A row of the table as its page shows it.
fn shown(row: &Row) -> String {
    let to = match row.to {
        To::State(state) => code([state.token()]),
        To::Same => "stays".to_owned(),
    };
    let needs = row.needs.iter().map(|need| match need {
        Need::Reason => "`reason`",
        Need::Office => "`office`",
        Need::Due => "`due`",
        Need::LaterDue => "`due`, later than the one set",
    });
    let cells = [
        code([row.step.token()]),
        row.step.zh().to_owned(),
        code(row.from.iter().map(|state| state.token())),
        to,
        code(row.roles.iter().map(|role| role.token())),
        needs.collect::<Vec<_>>().join(", "),
        row.only_if.iter().map(|guard| guard.en()).collect::<Vec<_>>().join("; "),
    ];
    format!("| {} |", cells.join(" | "))
}

/// The tokens in a cell of the page.
fn tokens(cell: &str) -> BTreeSet<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

/// What a row of the page says of a step: states it begins in, the state it leads to, roles.
struct Said {
    from: BTreeSet<&'static str>,
    to: BTreeSet<&'static str>,
    roles: BTreeSet<&'static str>,
}

fn said(step: Step) -> Said {
    let begin = format!("| `{}` |", step.token());
    let row =
        PAGE.lines().find(|line| line.starts_with(&begin)).unwrap_or_else(|| panic!("{begin} is not on the page"));
    let cells: Vec<_> = row.split(" | ").collect();
    Said { from: tokens(cells[2]), to: tokens(cells[3]), roles: tokens(cells[4]) }
}

#[test]
fn the_table_is_the_one_of_its_page() {
    let on_page: Vec<_> = PAGE.split("\n## Steps\n").nth(1).expect("a section").lines().collect();
    let on_page: Vec<_> = on_page.iter().filter(|line| line.starts_with("| `")).take(TABLE.len()).collect();
    let in_code: Vec<_> = TABLE.iter().map(shown).collect();
    assert_eq!(on_page, in_code.iter().collect::<Vec<_>>(), "docs/handling.md should say:\n{}", in_code.join("\n"));
    for state in State::ALL {
        assert!(PAGE.contains(&format!("| `{}` | {} |", state.token(), state.zh())), "{state:?}");
    }
    for role in Role::ALL {
        assert!(PAGE.contains(&format!("| `{}` | {} |", role.token(), role.zh())), "{role:?}");
    }
    for now in CardNow::ALL {
        assert!(PAGE.contains(&format!("| `{}` |", now.token())), "{now:?}");
    }
}

#[test]
fn each_step_has_one_row_and_each_name_reads_back() {
    let names: BTreeSet<_> = TABLE.iter().map(|row| row.step.token()).collect();
    assert_eq!(names.len(), TABLE.len());
    for row in TABLE {
        assert_eq!(Step::from_token(row.step.token()), Some(row.step));
    }
    for state in State::ALL {
        assert_eq!(State::from_token(state.token()), Some(state));
    }
    for role in Role::ALL {
        assert_eq!(Role::from_token(role.token()), Some(role));
    }
    for now in CardNow::ALL {
        assert_eq!(CardNow::from_token(now.token()), Some(now));
    }
}

#[test]
fn a_card_is_outgrown_by_a_worse_one_and_what_was_retracted_stays_so() {
    let change = |kind, before, card| {
        let mut change = made_transition("C1", "R-1", 2, before, card);
        change.kind = kind;
        change
    };
    let worse = change(Kind::Escalated, Card::Yellow, Card::Red);
    assert_eq!(CardNow::Standing.after(Card::Yellow, &worse), CardNow::Outgrown);
    let eased = change(Kind::Eased, Card::Red, Card::Yellow);
    assert_eq!(CardNow::Standing.after(Card::Red, &eased), CardNow::Ended);
    assert_eq!(CardNow::Outgrown.after(Card::Yellow, &eased), CardNow::Standing);
    let wrong = change(Kind::Retracted, Card::Red, Card::None);
    assert_eq!(CardNow::Standing.after(Card::Red, &wrong), CardNow::Retracted);
    let again = change(Kind::Raised, Card::None, Card::Red);
    assert_eq!(CardNow::Retracted.after(Card::Red, &again), CardNow::Retracted);
    assert_eq!(CardNow::Ended.after(Card::Yellow, &again), CardNow::Ended);
}

fn office() -> Address {
    Address::from_subject("approval", "approval.county.360902.D01").expect("well formed")
}

/// The step with all that the table asks of it.
fn whole(step: Step, by: &str, role: Role, due: Date) -> Entry {
    let needs = Row::of(step).needs;
    let takes = |field| needs.iter().any(|need| need.field() == field);
    Entry {
        step,
        by: by.to_owned(),
        role,
        at: Moment::from_millis(1_772_420_000_000),
        reason: takes("reason").then(|| "查明".to_owned()),
        office: takes("office").then(office),
        due: takes("due").then_some(due),
    }
}

/// `steps` one after the other, each by somebody who may.
fn after(steps: &[(Step, &str, Role)]) -> Handling {
    steps.iter().fold(Handling::default(), |handling, (step, by, role)| {
        let entry = whole(*step, by, *role, date(2026, 4, 1));
        handling.take(&entry, TODAY, CardNow::Standing).unwrap_or_else(|refused| panic!("{step:?}: {refused:?}"))
    })
}

const RECTIFYING: [(Step, &str, Role); 5] = [
    (Step::Sign, "zhang", Role::Staff),
    (Step::Verify, "zhang", Role::Staff),
    (Step::Confirm, "zhang", Role::Staff),
    (Step::Transfer, "zhang", Role::Staff),
    (Step::Rectify, "zhang", Role::Staff),
];

fn try_on(handling: &Handling, entry: &Entry) -> Result<Handling, Refused> {
    handling.take(entry, TODAY, CardNow::Standing)
}

#[test]
fn whoever_comes_second_to_sign_learns_that_it_is_signed() {
    let signed = after(&RECTIFYING[..1]);
    assert_eq!(signed.holder.as_deref(), Some("zhang"));
    let second = whole(Step::Sign, "wang", Role::Staff, TODAY);
    assert_eq!(try_on(&signed, &second), Err(Refused::NotFrom(State::Signed)));
    let meddling = whole(Step::Verify, "wang", Role::Staff, TODAY);
    assert_eq!(try_on(&signed, &meddling), Err(Refused::HeldBy("zhang".to_owned())));
    let for_them = whole(Step::Verify, "li", Role::Supervisor, TODAY);
    assert_eq!(try_on(&signed, &for_them).map(|next| next.state), Ok(State::Verifying));
}

#[test]
fn what_a_step_must_bring_is_asked_for_and_what_it_does_not_take_is_refused() {
    let verifying = after(&RECTIFYING[..2]);
    for reason in [None, Some(" \n".to_owned())] {
        let silent = Entry { reason, ..whole(Step::Dismiss, "zhang", Role::Staff, TODAY) };
        assert_eq!(try_on(&verifying, &silent), Err(Refused::Needs(Need::Reason)));
    }
    let endless = Some("长".repeat(REASON_CHARS_MAX + 1));
    let endless = Entry { reason: endless, ..whole(Step::Confirm, "zhang", Role::Staff, TODAY) };
    assert_eq!(try_on(&verifying, &endless), Err(Refused::Needs(Need::Reason)));
    let confused = Entry { due: Some(TODAY), ..whole(Step::Confirm, "zhang", Role::Staff, TODAY) };
    assert_eq!(try_on(&verifying, &confused), Err(Refused::TakesNo("due")));
    let assigned = after(&RECTIFYING[..4]);
    let past = whole(Step::Rectify, "zhang", Role::Staff, date(2026, 3, 1));
    assert_eq!(try_on(&assigned, &past), Err(Refused::Needs(Need::Due)));
}

#[test]
fn a_day_is_put_off_in_time_and_forward_only() {
    let rectifying = after(&RECTIFYING);
    let extend = |due| whole(Step::Extend, "wu", Role::Approver, due);
    assert_eq!(try_on(&rectifying, &extend(date(2026, 4, 1))), Err(Refused::Needs(Need::LaterDue)));
    let longer = try_on(&rectifying, &extend(date(2026, 4, 2))).expect("a day later");
    assert_eq!((longer.due, longer.extensions, longer.state), (Some(date(2026, 4, 2)), 1, State::Rectifying));
    let too_late = rectifying.take(&extend(date(2026, 5, 1)), date(2026, 4, 2), CardNow::Standing);
    assert_eq!(too_late, Err(Refused::OnlyIf(Guard::InTime)));
}

#[test]
fn four_eyes_see_an_answer() {
    let mut steps = RECTIFYING.to_vec();
    steps.push((Step::Reply, "li", Role::Supervisor));
    let replied = after(&steps);
    let own = whole(Step::Approve, "li", Role::Supervisor, TODAY);
    assert_eq!(try_on(&replied, &own), Err(Refused::OnlyIf(Guard::OtherThanReplier)));
    let others = whole(Step::Approve, "wu", Role::Approver, TODAY);
    assert_eq!(try_on(&replied, &others).map(|next| next.state), Ok(State::Reviewed));
}

#[test]
fn slips_are_numbered_and_a_card_has_one_appeal() {
    let mut steps = RECTIFYING.to_vec();
    steps.extend([(Step::Supervise, "li", Role::Supervisor), (Step::Supervise, "li", Role::Supervisor)]);
    steps.extend([(Step::Appeal, "chen", Role::Contact), (Step::RejectAppeal, "wu", Role::Approver)]);
    let handling = after(&steps);
    assert_eq!((handling.slips, handling.appeal, handling.state), (2, Appeal::Rejected, State::Rectifying));
    let again = whole(Step::Appeal, "chen", Role::Contact, TODAY);
    assert_eq!(try_on(&handling, &again), Err(Refused::OnlyIf(Guard::NeverAppealed)));
}

#[test]
fn only_a_retracted_card_is_revoked() {
    let rectifying = after(&RECTIFYING);
    let revoke = whole(Step::Revoke, "zhang", Role::Staff, TODAY);
    assert_eq!(try_on(&rectifying, &revoke), Err(Refused::OnlyIf(Guard::CardRetracted)));
    let taken_back = rectifying.take(&revoke, TODAY, CardNow::Retracted).expect("the engine took it back");
    assert_eq!(taken_back.state, State::FalseAlarm);
}

/// What random people try, at random times.
#[derive(Clone, Debug)]
struct Tried {
    entry: Entry,
    today: Date,
    card: CardNow,
}

fn any_try() -> impl Strategy<Value = Tried> {
    let steps = proptest::sample::select(TABLE.iter().map(|row| row.step).collect::<Vec<_>>());
    let roles = proptest::sample::select(Role::ALL.to_vec());
    let people = proptest::sample::select(vec!["zhang", "wang", "li"]);
    let cards = proptest::sample::select(CardNow::ALL.to_vec());
    // Mostly with all that is asked for, so that walks get far; sometimes with something left out or too much.
    let spoilt = prop_oneof![8 => Just(0), 1 => 1..=3_u8];
    (steps, roles, people, cards, 0..60_i64, -5..90_i64, spoilt).prop_map(
        |(step, role, by, card, today, due, spoilt)| {
            let day = |offset| TODAY.checked_add(jiff::Span::new().days(offset)).expect("a day of this century");
            let mut entry = whole(step, by, role, day(due));
            match spoilt {
                1 => entry.reason = None,
                2 => entry.office = entry.office.is_none().then(office),
                3 => entry.due = entry.due.is_none().then_some(TODAY),
                _ => {}
            }
            Tried { entry, today: day(today), card }
        },
    )
}

/// A walk that is likely to get far: after each random try the main line goes on by one step.
fn any_walk() -> impl Strategy<Value = Vec<Tried>> {
    let forward = |(step, by, role): (Step, &str, Role)| Tried {
        entry: whole(step, by, role, date(2026, 6, 1)),
        today: TODAY,
        card: CardNow::Standing,
    };
    let main: Vec<_> = RECTIFYING.into_iter().map(forward).collect();
    (0..=main.len(), proptest::collection::vec(any_try(), 0..60))
        .prop_map(move |(ahead, tries)| main[..ahead].iter().cloned().chain(tries).collect())
}

/// The way to the end from `handling`, by people who may go it.
fn next_to_the_end(handling: &Handling) -> (Step, &'static str, Role) {
    let supervisor = |step| (step, "li", Role::Supervisor);
    match handling.state {
        _ if handling.appeal == Appeal::Open => (Step::RejectAppeal, "wu", Role::Approver),
        _ if handling.sent_up => supervisor(Step::Instruct),
        State::New => supervisor(Step::Sign),
        State::Signed => supervisor(Step::Verify),
        State::Verifying => supervisor(Step::Confirm),
        State::Confirmed => supervisor(Step::SelfHandle),
        State::Assigned => supervisor(Step::Rectify),
        State::Rectifying => (Step::Reply, "chen", Role::Contact),
        State::Replied => (Step::Approve, "wu", Role::Approver),
        State::Reviewed | State::FalseAlarm | State::Closed => supervisor(Step::Close),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_of_steps_leaves_the_table(walk in any_walk()) {
        let (mut handling, mut journal) = (Handling::default(), Vec::new());
        for Tried { entry, today, card } in walk {
            let actor = Actor { name: &entry.by, role: entry.role, today, card };
            let allowed = handling.allowed(&actor).contains(&entry.step);
            let page = said(entry.step);
            match handling.take(&entry, today, card) {
                Ok(next) => {
                    prop_assert!(allowed, "taken, but not told as allowed: {entry:?}");
                    prop_assert!(page.from.contains(handling.state.token()) && page.roles.contains(entry.role.token()));
                    let leads_to = page.to.first().copied().unwrap_or(handling.state.token());
                    prop_assert_eq!(next.state.token(), leads_to);
                    journal.push(entry);
                    handling = next;
                }
                Err(Refused::Needs(_) | Refused::TakesNo(_)) => prop_assert!(allowed, "{entry:?}"),
                Err(_) => prop_assert!(!allowed, "refused, but told as allowed: {entry:?}"),
            }
            prop_assert_eq!(&Handling::of(&journal), &handling);
            prop_assert_eq!(handling.steps as usize, journal.len());
        }
        for _ in 0..12 {
            if handling.state == State::Closed {
                break;
            }
            let (step, by, role) = next_to_the_end(&handling);
            let entry = whole(step, by, role, date(2027, 1, 1));
            let next = handling.take(&entry, TODAY, CardNow::Standing);
            prop_assert!(next.is_ok(), "{step:?} from {handling:?}: {next:?}");
            handling = next.unwrap_or(handling);
        }
        prop_assert_eq!(handling.state, State::Closed);
    }
}
