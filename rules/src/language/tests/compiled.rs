//! What good files compile to.

use super::*;
use crate::counting::{Counting, Ends, Span, Unit};
use crate::expression::{Activities, EventField, EventRole, Expr, Name};
use crate::rule::{Clears, Each, Kind, Mark, On, Rule, Start, Status, Stop};
use crate::value::{Type, Value};
use crate::wording::{Format, Piece, Word};
use facts::{Activity, Card, Light};

/// The rules of the site.
fn site() -> Loaded {
    load(&folder(&root().join("config")), None).expect("the site's own rules are good")
}

fn rule<'l>(loaded: &'l Loaded, label: &str) -> &'l Rule {
    loaded.rules.iter().find(|rule| rule.label == label).unwrap_or_else(|| panic!("no rule {label}"))
}

/// A deadline with these keys beside the common ones.
fn deadline(keys: &str) -> String {
    format!(
        "[[rule]]\nid = 'X-1'\nfamily = 'overdue'\nkind = 'deadline'\nname = {{ zh = '超时', en = 'Late' }}\nbasis = '法'\n{keys}\n"
    )
}

/// A condition with these keys beside the common ones.
fn condition(keys: &str) -> String {
    format!(
        "[[rule]]\nid = 'X-1'\nfamily = 'process-skip'\nkind = 'condition'\nname = {{ zh = '条件', en = 'Test' }}\nbasis = '法'\n{keys}\n"
    )
}

#[test]
fn the_shipped_rules_load_under_both_profiles_without_a_warning() {
    let loaded = site();
    assert_eq!(loaded.warnings, []);
    let mut ids: Vec<&str> = loaded.rules.iter().map(|rule| rule.id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    let of = |family: &str| ids.iter().filter(|id| id.starts_with(family)).count();
    assert_eq!(["DQ-", "FE-", "OD-", "PS-", "TR-"].map(of), [11, 22, 26, 31, 41], "parts are counted each");
    let judged: Vec<(&str, usize)> = loaded
        .profiles
        .iter()
        .map(|profile| (profile.id.as_str(), profile.rules.len() + profile.groups.len()))
        .collect();
    assert_eq!(judged, [("hunan-2018", ids.len()), ("national", ids.len())]);
    assert_eq!(loaded.zone.iana_name(), Some("Asia/Shanghai"));
}

#[test]
fn every_rule_of_the_site_speaks_for_itself_in_both_languages() {
    for rule in site().rules {
        let message = rule.message.as_ref().unwrap_or_else(|| panic!("{} has no message", rule.label));
        assert!(!message.zh.is_empty() && !message.en.is_empty());
        assert!(!rule.basis.is_empty() && !rule.name.zh.is_empty() && !rule.name.en.is_empty());
    }
}

#[test]
fn the_receipt_example_reads_the_deadline_of_the_case() {
    let loaded = load(&folder(&root().join("config/examples/receipt")), None).expect("the example is good");
    assert_eq!(loaded.zone.iana_name(), Some("Europe/Amsterdam"));
    for (label, ty, ends) in
        [("RC-01@1+receipt", Type::Instant, Ends::Instant), ("RC-02@1+receipt", Type::Date, Ends::Day)]
    {
        let rule = rule(&loaded, label);
        let Kind::Deadline(deadline) = &rule.kind else { panic!("{label} is a deadline") };
        assert_eq!(deadline.start, Start::Case);
        assert_eq!(deadline.limit.as_ref().map(|limit| &limit.ty), Some(&ty));
        assert_eq!(rule.ends, Some(ends));
        assert_eq!(rule.cards[0].clears, Clears::Never);
    }
}

#[test]
fn a_profile_overrides_cards_and_counting_and_shows_in_the_label() {
    let loaded = site();
    let (national, hunan) = (rule(&loaded, "OD-04@1+national"), rule(&loaded, "OD-04@1+hunan-2018"));
    assert_eq!(national.cards[0].mark, Mark::Due(-1, Unit::WorkingDays));
    assert_eq!(hunan.cards[0].mark, Mark::Over(-2));
    assert_eq!(hunan.cards[0].mark_text, "over >= -2");
    assert_eq!((national.counting, hunan.counting), (Counting::Legal, Counting::Elapsed));
    assert!(!rule(&loaded, "FE-01@1+national").cards[0].held);
    assert!(rule(&loaded, "FE-01@1+hunan-2018").cards[0].held);
}

#[test]
fn a_clock_brings_start_stop_pauses_and_extension() {
    let loaded = site();
    let Kind::Deadline(deadline) = &rule(&loaded, "OD-05@1+national").kind else { panic!("a deadline") };
    let Start::Events(start) = &deadline.start else { panic!("starts with an event") };
    assert_eq!(start.terms[0].activities, Activities::One(Activity::Accepted));
    assert_eq!(deadline.pauses.iter().map(|pause| pause.name.as_str()).collect::<Vec<_>>(), ["special", "supplement"]);
    assert_eq!(deadline.pauses[0].pair_by, [EventField::SpecialNo]);
    assert_eq!(deadline.pauses[1].max_times, Some(1));
    assert_eq!(deadline.extension.as_ref().map(|extension| extension.times), Some(Some(1)));
    assert_eq!(loaded.clocks.iter().map(|clock| clock.name.as_str()).collect::<Vec<_>>(), ["promise", "statutory"]);
}

#[test]
fn cards_have_the_clearing_of_their_kind_unless_the_rule_says_otherwise() {
    let loaded = site();
    let clears = |label: &str| -> Vec<(Card, Clears)> {
        rule(&loaded, label).cards.iter().map(|card| (card.card, card.clears.clone())).collect()
    };
    assert_eq!(clears("OD-01@1+national"), [(Card::Warning, Clears::Ended), (Card::Red, Clears::Ended)]);
    assert_eq!(
        clears("OD-08@1+national"),
        [(Card::Warning, Clears::Ended), (Card::Yellow, Clears::Never), (Card::Red, Clears::Never)]
    );
    assert_eq!(clears("FE-01@1+national"), [(Card::Red, Clears::Ended)]);
    assert_eq!(clears("PS-07@1+national"), [(Card::Yellow, Clears::Never), (Card::Red, Clears::Never)]);
    assert_eq!(rule(&loaded, "OD-04@1+national").cards[0].light, Light::Yellow);
}

#[test]
fn named_sets_are_put_in_place_and_their_tests_joined() {
    let loaded = good(&condition(
        "on = \"normal_close[known(reason)] | 'closed'\"\nwhen = \"empty(event.officer)\"\ncard = 'yellow'",
    ));
    let Kind::Condition(rule) = &loaded.rules[0].kind else { panic!("a condition") };
    let On::Events(set) = &rule.on else { panic!("on events") };
    assert_eq!(set.terms.len(), 2);
    let test = set.terms[0].test.as_ref().expect("has a test");
    assert_eq!(test.text, "outcome in list.normal_outcomes && known(reason)");
    assert!(matches!(test.expr, Expr::And(..)));
    assert_eq!(set.terms[1].test, None);
}

#[test]
fn a_deadline_may_carry_limits_of_its_own_cards() {
    let loaded = good(&deadline(
        "start = 'accepted'\nstop = \"closed[outcome == 'forwarded']\"\n\
         cards.yellow = { at = 'due', limit = 'item.promise' }\ncards.red = { at = 'due', limit = '20个工作日' }",
    ));
    let rule = &loaded.rules[0];
    let Kind::Deadline(deadline) = &rule.kind else { panic!("a deadline") };
    assert_eq!(deadline.limit, None);
    let red = rule.cards[1].limit.as_ref().expect("the red card has a limit");
    assert_eq!(red.expr, Expr::Literal(Value::Span(Span { number: 20, unit: Unit::WorkingDays })));
}

#[test]
fn at_the_start_of_a_deadline_event_and_start_are_one() {
    let loaded = good(&deadline(
        "start = 'stage_started'\nstop = 'stage_completed'\neach = 'last'\nlimit = 'stage.limit'\n\
         where = \"event.stage == start.stage\"\ncard = 'yellow'",
    ));
    let Kind::Deadline(deadline) = &loaded.rules[0].kind else { panic!("a deadline") };
    assert_eq!(deadline.each, Each::Last);
    let Some(Expr::Compare(_, a, b)) = deadline.condition.as_ref().map(|node| &node.expr) else {
        panic!("a comparison")
    };
    assert_eq!(a.expr, Expr::Name(Name::Event(EventRole::Start, EventField::Stage)));
    assert_eq!(a.expr, b.expr);
    let Some(Expr::Name(Name::Stage(code, _))) = deadline.limit.as_ref().map(|node| &node.expr) else {
        panic!("a lookup")
    };
    assert_eq!(code.as_ref().as_ref().map(|code| code.text.as_str()), Some("start.stage"));
}

#[test]
fn stops_may_be_sets_instants_and_a_state() {
    let loaded = good(&deadline(
        "start = 'accepted'\nstop = ['closed | withdrawn', 'case.promise_date']\nstop_when = 'count(stage_completed) > 3'\n\
         limit = '5wd'\ncard = 'red'",
    ));
    let Kind::Deadline(deadline) = &loaded.rules[0].kind else { panic!("a deadline") };
    assert!(matches!(deadline.stops.as_slice(), [Stop::Events(_), Stop::Instant(_), Stop::When(_)]));
}

#[test]
fn parts_share_the_keys_of_their_rule_and_override_them() {
    let loaded = good(
        "[[rule]]\nid = 'PS-13'\nversion = 2\nfamily = 'process-skip'\nname = { zh = '规避', en = 'Escape' }\nbasis = '法'\ncard = 'yellow'\nkind = 'condition'\n\
         [[rule.part]]\nid = 'near'\non = 'abnormal_close'\nwhen = 'clock.promise.left <= 1wd'\n\
         [[rule.part]]\nid = 'quiet'\non = 'abnormal_close'\nwhen = 'empty(event.reason)'\ncards.red = {}\nstatus = 'off'\n",
    );
    let told: Vec<(&str, Status, Vec<Card>)> = loaded
        .rules
        .iter()
        .map(|rule| (rule.label.as_str(), rule.status, rule.cards.iter().map(|card| card.card).collect()))
        .collect();
    assert_eq!(
        told,
        [
            ("PS-13.near@2+national", Status::On, vec![Card::Yellow]),
            ("PS-13.quiet@2+national", Status::Off, vec![Card::Yellow, Card::Red])
        ]
    );
    assert_eq!(loaded.profiles[0].rules.len(), 1, "a rule that is off is not judged");
}

#[test]
fn parameters_are_literals_that_profiles_may_change() {
    let mut files = with_rules(&condition(
        "on = 'closed'\nparams = { least = '5min', most = '40万元', word = '5 道', few = 3 }\n\
         when = \"event.at - first(accepted).at < param.least || ledger.net > param.most || event.reason == param.word || event.version > param.few\"\ncard = 'red'",
    ));
    files.insert(
        "profiles/city.toml".to_owned(),
        b"id = 'city'\nextends = 'national'\nregions = ['3609']\n[rules.X-1]\nparams.least = '10min'\nwhy = 'x'\n"
            .to_vec(),
    );
    let loaded = load(&files, None).expect("good");
    let literals = |label: &str| format!("{:?}", rule(&loaded, label).kind);
    assert!(literals("X-1@1+national").contains("Span { number: 5, unit: Minutes }"));
    assert!(literals("X-1@1+city").contains("Span { number: 10, unit: Minutes }"));
    assert!(literals("X-1@1+city").contains("Fen(40000000)"));
}

#[test]
fn a_list_of_a_profile_replaces_the_declared_one_in_rules_and_clocks() {
    let mut files = with_rules(&condition("on = 'normal_close'\nwhen = \"clock.promise.over > 0wd\"\ncard = 'red'"));
    files.insert(
        "profiles/city.toml".to_owned(),
        "id = 'city'\nregions = ['36']\n[lists]\nnormal_outcomes = ['granted']\nlawful_grounds = ['hearing']\n".into(),
    );
    let loaded = load(&files, None).expect("good");
    let kind = |label: &str| format!("{:?}", rule(&loaded, label).kind);
    assert!(kind("X-1@1+national").contains("certified") && !kind("X-1@1+city").contains("certified"));
    assert_eq!(loaded.clocks.len(), 4);
    let tender = |place: usize| format!("{:?}", loaded.clocks[place].deadline).contains("tender");
    assert!(tender(0) != tender(2), "each profile has the clocks of its own lists");
}

#[test]
fn a_message_is_words_paths_and_plain_text() {
    let loaded = good(&deadline(
        "start = 'accepted'\nstop = 'closed'\nlimit = '5wd'\ncard = 'red'\n\
         message.zh = '{{{case.id}}} 应于 {due|date}，{first(closed | withdrawn).at|time}'\nmessage.en = '{over}'",
    ));
    let message = loaded.rules[0].message.as_ref().expect("has a message");
    let [
        Piece::Text(brace),
        Piece::Value(id, Format::Plain),
        Piece::Text(between),
        Piece::Word(Word::Due, Format::Date),
        _,
        Piece::Value(at, Format::Time),
    ] = message.zh.as_slice()
    else {
        panic!("{:?}", message.zh)
    };
    assert_eq!((brace.as_str(), id.text.as_str(), between.as_str()), ("{", "case.id", "} 应于 "));
    assert_eq!(at.text, "first(closed | withdrawn).at");
    assert_eq!(message.en, [Piece::Word(Word::Over, Format::Plain)]);
}

#[test]
fn conditions_bind_as_people_read_them() {
    let text = |when: &str| {
        let loaded = good(&condition(&format!("on = 'closed'\nwhen = \"{when}\"\ncard = 'red'")));
        let Kind::Condition(rule) = &loaded.rules[0].kind else { panic!("a condition") };
        shape(&rule.grounds[0])
    };
    assert_eq!(text("seen(accepted) || seen(closed) && !seen(fee)"), "(seen || (seen && !seen))");
    assert_eq!(text("!event.version == 2"), "!(version == 2)");
    assert_eq!(text("event.version + 2 * 3 > 1 - 2 - 3"), "((version + (2 * 3)) > ((1 - 2) - 3))");
    assert_eq!(text("event.fee.amount ?? 0元 > 1元"), "((amount ?? 0.00元) > 1.00元)");
    assert_eq!(text("seen(fee) ? seen(closed) : true"), "(seen ? seen : true)");
}

/// An expression with all its brackets.
fn shape(node: &crate::expression::Node) -> String {
    use crate::expression::{Arithmetic, Comparison, HistoryFunction};
    match &node.expr {
        Expr::Literal(value) => value.to_string(),
        Expr::Name(_) => node.text.rsplit('.').next().unwrap_or_default().to_owned(),
        Expr::History(HistoryFunction::Seen, ..) => "seen".to_owned(),
        Expr::Not(inner) => format!("!{}", shape(inner)),
        Expr::And(a, b) => format!("({} && {})", shape(a), shape(b)),
        Expr::Or(a, b) => format!("({} || {})", shape(a), shape(b)),
        Expr::Coalesce(a, b) => format!("({} ?? {})", shape(a), shape(b)),
        Expr::Choose(c, a, b) => format!("({} ? {} : {})", shape(c), shape(a), shape(b)),
        Expr::Compare(Comparison::Equal, a, b) => format!("({} == {})", shape(a), shape(b)),
        Expr::Compare(_, a, b) => format!("({} > {})", shape(a), shape(b)),
        Expr::Arithmetic(Arithmetic::Add, a, b) => format!("({} + {})", shape(a), shape(b)),
        Expr::Arithmetic(Arithmetic::Multiply, a, b) => format!("({} * {})", shape(a), shape(b)),
        Expr::Arithmetic(_, a, b) => format!("({} - {})", shape(a), shape(b)),
        other => format!("{other:?}"),
    }
}

#[test]
fn an_event_touches_the_rules_that_read_it_and_no_others() {
    let loaded = site();
    let event = |activity: Activity, attr: Option<&str>| facts::Event {
        id: "1".into(),
        version: 1,
        seq: None,
        op: facts::Op::Put,
        source: "s".into(),
        case: "c".into(),
        activity,
        at: facts::EventTime::Instant(facts::Moment::from_millis(0)),
        arrived: None,
        address: facts::Address {
            level: facts::Level::City,
            region: "360900".parse().expect("a code"),
            dept: facts::Department::new("d").expect("a code"),
        },
        detail: attr.map(|name| {
            Box::new(facts::event::Detail {
                attrs: vec![(name.into(), facts::event::Scalar::Flag(true))],
                ..Default::default()
            })
        }),
    };
    let paid = |activity: Activity| {
        let text = format!(
            r#"{{"id":"1","source":"s","case":"c","activity":"{}","at":"2026-03-02","level":"city","region":"360900","dept":"d","fee":{{"act":"charged"}}}}"#,
            activity.name()
        );
        facts::line::read(text.as_bytes(), None).expect("a line of the schema").event
    };
    let touched = |label: &str, activity: Activity| rule(&loaded, label).reads.touched_by(&event(activity, None));
    let charging = &rule(&loaded, "FE-01@1+national").reads;
    assert!(charging.touched_by(&paid(Activity::Fee)) && !touched("FE-01@1+national", Activity::StageStarted));
    assert!(charging.touched_by(&paid(Activity::StageStarted)), "whatever activity carries the fee");
    assert!(touched("OD-07@1+national", Activity::StageStarted) && !touched("OD-07@1+national", Activity::Fee));
    assert!(touched("OD-05@1+national", Activity::SpecialEnded));
    assert!(touched("PS-04@1+national", Activity::SupplementNotified), "deemed acceptance turns on it");
    let example = load(&folder(&root().join("config/examples/receipt")), None).expect("the example is good");
    let reads = &rule(&example, "RC-01@1+receipt").reads;
    assert!(
        reads.touched_by(&event(Activity::Rated, Some("deadline")))
            && !reads.touched_by(&event(Activity::Rated, Some("x")))
    );
}

#[test]
fn a_state_that_may_begin_with_any_event_reads_them_all() {
    let state = |when: &str| {
        let loaded = good(&condition(&format!("on = 'case'\nwhen = \"{when}\"\ncards.red = {{ after = '5wd' }}")));
        format!("{:?}", loaded.rules[0].reads).contains("any: true")
    };
    assert!(state("!seen(closed)"));
    assert!(state("seen(closed) || case.level == 'city'"));
    assert!(!state("seen(not_accepted) && !seen(fee_refunded)"));
}

#[test]
fn versions_tile_and_a_gap_may_be_meant() {
    let version = |version: u32, force: &str| {
        deadline(&format!("version = {version}\nin_force = {force}\nclock = 'promise'\ncard = 'red'"))
    };
    let tiled = version(1, "{ until = 2026-07-01 }") + &version(2, "{ from = 2026-07-01 }");
    assert_eq!(good(&tiled).rules.len(), 2);
    let meant = version(1, "{ until = 2026-07-01 }") + &version(2, "{ from = 2026-08-01 }\ngap_before = '暂停实施'");
    assert_eq!(good(&meant).rules.len(), 2);
    let gap = version(1, "{ until = 2026-07-01 }") + &version(2, "{ from = 2026-07-02 }");
    assert_eq!(faults(&gap), ["18:12 RL23 versions 1 and 2 of X-1 leave a gap on 2026-07-01"]);
}

#[test]
fn facts_that_the_law_makes_do_not_stand_on_each_other() {
    let deeming = |id: &str, start: &str, activity: &str| {
        deadline(&format!(
            "start = '{start}'\nstop = 'closed'\nlimit = '5wd'\ncard = 'red'\ndeems = {{ activity = '{activity}', dated = 'due' }}"
        ))
        .replace("X-1", id)
    };
    assert_eq!(good(&(deeming("A", "submitted", "accepted") + &deeming("B", "submitted", "delivered"))).rules.len(), 2);
    let told = faults(&(deeming("A", "submitted", "accepted") + &deeming("B", "accepted", "delivered")));
    assert_eq!(told, ["13:6 RL38 a rule with `deems` cannot stand on accepted, which A makes"]);
}

#[test]
fn a_set_without_profiles_is_refused_yet_its_rules_are_checked() {
    let mut files = with_rules(&deadline("start = 'acepted'\nstop = 'closed'\nlimit = '5wd'\ncard = 'red'"));
    files.remove("profiles/national.toml");
    let faults = load(&files, None).expect_err("there is no profile");
    let codes: Vec<&str> = faults.iter().map(|fault| fault.code).collect();
    assert_eq!(codes, ["RL35", "RL02"]);
}

#[test]
fn a_faulty_rule_is_told_once_however_many_profiles_there_are() {
    let mut files = with_rules(&deadline("start = 'acepted'\nstop = 'closed'\nlimit = '5wd'\ncard = 'red'"));
    files.insert("profiles/city.toml".to_owned(), b"id = 'city'\nregions = ['36']\n".to_vec());
    assert_eq!(load(&files, None).expect_err("the start is misspelt").len(), 1);
}

#[test]
fn a_condition_over_facts_to_come_says_from_when_its_card_holds() {
    let keys =
        "on = 'any | held'\nwhen = 'event.at - event.received > 5min'\ncards.warning = { from = 'event.received' }";
    let loaded = good(&condition(keys));
    let rule = rule(&loaded, "X-1@1+national");
    let from = rule.cards[0].from.as_ref().expect("the card says from when it holds");
    assert_eq!(from.expr, Expr::Name(Name::Event(EventRole::Event, EventField::Received)));
    assert!(rule.reads.reads_aside());
}

#[test]
fn a_rule_that_compares_ids_reads_every_activity() {
    let loaded = good(&condition("on = 'closed'\nwhen = 'size(event.namesakes) > 0'\ncard = 'warning'"));
    let reads = &rule(&loaded, "X-1@1+national").reads;
    assert!(reads.reads(&Activity::Submitted) && !reads.reads_aside());
}
