//! A case as bytes: for cases at rest in memory, and for those on disk.
//!
//! ```text
//! [length of the number, varint][case number][postcard of Head][postcard of Body]
//! ```
//!
//! What repeats from fact to fact (source, office, the day) is written once or as a difference. The head names the rules that found
//! something by their places in a configuration, and findings name them by their places in the head: where a configuration
//! moves rules, the bytes can stay ([`crate::outlines`]). They are read by the process that packed them, or by one of the same
//! program under the configuration whose places they name ([`FORMAT`], [`crate::cached`]).
//!
//! Which configuration gave the judgement is not in the bytes: whoever holds them knows.
//!
//! Invariant: what is unpacked equals what was packed; a test holds it over random worlds.

use std::borrow::Cow;
use std::sync::Arc;

use compact_str::CompactString;
use facts::event::Detail;
use facts::history::{Parts, Version};
use facts::transition::Issue;
use facts::{
    Activity, Address, Card, Event, EventTime, History, Light, Moment, Op, Record, Rival, Tombstone, Transition,
};
use rules::change::Outline;
use rules::finding::{CardSpan, Finding, Judgement, RuleIndex};
use serde::{Deserialize, Serialize};

use crate::case_state::CaseState;
use crate::lit::Rows;
use crate::planted::planted;
use crate::said::{Said, Texts};

/// What is written; another number where the bytes of a case, or what they mean, are others.
pub(crate) const FORMAT: u32 = 2;

/// What is asked of a case without unpacking all of it.
#[derive(Serialize, Deserialize)]
pub(crate) struct Head<'a> {
    judged_through: Moment,
    /// The next instant at which something may change by itself.
    pub(crate) wake: Option<Moment>,
    /// From when on it may be sealed.
    pub(crate) retire: Option<Moment>,
    /// Its rows in the collection of lamps.
    pub(crate) rows: Rows,
    /// It is open.
    pub(crate) open: bool,
    /// It shows a card.
    pub(crate) lit: bool,
    /// The office that owns it.
    #[serde(borrow)]
    pub(crate) owner: Option<Cow<'a, Address>>,
    /// Items that its facts name.
    items: Vec<&'a str>,
    /// Sources of its facts.
    sources: Vec<&'a str>,
    /// The rules that found something in it.
    rules: Vec<u32>,
    /// Place, among the sources, of the one through which that office first spoke of it.
    follows: Option<u32>,
    /// What was last said of its lights.
    pub(crate) said: Vec<Spoken<'a>>,
}

/// Everything else of a case at rest.
#[derive(Serialize, Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    records: Vec<Fact<'a>>,
    tombstones: Vec<(Fact<'a>, Option<Fact<'a>>)>,
    versions: Vec<Told<'a>>,
    item: Option<&'a str>,
    /// A rule's place is that among the rules of the head.
    findings: Vec<(u32, &'a str, Vec<Span>)>,
}

/// An event as it is, with the message that carried it.
type Told<'a> = (Cow<'a, Event>, Option<u64>);

/// A record, as a difference from the one written before it.
#[derive(Serialize, Deserialize)]
struct Fact<'a> {
    id: &'a str,
    version: u32,
    seq: Option<i64>,
    delete: bool,
    /// `None`: that of the record before.
    source: Option<&'a str>,
    activity: Cow<'a, Activity>,
    /// Milliseconds since the record before.
    at: i64,
    /// The civil day, where the fact names one and no instant.
    day: Option<i32>,
    /// `None`: that of the record before.
    address: Option<Cow<'a, Address>>,
    /// Milliseconds since `at`.
    first_arrived: Option<i64>,
    arrived: Arrived,
    sequence: Option<u64>,
    detail: Option<Cow<'a, Detail>>,
    rival: Option<Told<'a>>,
}

/// When the winning version arrived.
#[derive(Serialize, Deserialize)]
enum Arrived {
    /// With the first.
    First,
    /// So many milliseconds after `at`, or unknown.
    Else(Option<i64>),
}

/// A span of a finding; instants are differences from `since`.
#[derive(Serialize, Deserialize)]
struct Span {
    card: Card,
    light: Light,
    since: Moment,
    from: i64,
    until: Option<i64>,
    held: bool,
    absent: bool,
}

/// What was last said of a light.
#[derive(Serialize, Deserialize)]
pub(crate) struct Spoken<'a> {
    pub(crate) rule: &'a str,
    pub(crate) instance: &'a str,
    revision: u32,
    card: Card,
    light: Light,
    since: Moment,
    owner: Cow<'a, Address>,
    decided_at: Moment,
    issue: Issue,
    rule_version: &'a str,
    basis: &'a str,
}

impl<'a> Head<'a> {
    /// What decides whether a change of configuration can concern the case, but for rules.
    pub(crate) fn outline(&self) -> Outline {
        let texts = |texts: &[&str]| texts.iter().copied().map(CompactString::from).collect();
        Outline { owner: self.owner.as_deref().cloned(), items: texts(&self.items), sources: texts(&self.sources) }
    }

    /// The rules that found something in it, as the bytes name them.
    pub(crate) fn rules(&self) -> impl Iterator<Item = RuleIndex> + use<'_> {
        self.rules.iter().copied().map(RuleIndex)
    }

    /// The source through which the office that owns it first spoke of it.
    pub(crate) fn follows(&self) -> Option<&'a str> {
        self.sources.get(self.follows? as usize).copied()
    }
}

/// The bytes of a case at rest: nothing waits in it, and no cause is left to be told.
pub(crate) fn pack(case: &CaseState) -> Box<[u8]> {
    let CaseState { id, history, judgement, said, judged_through, wake, retire, rows, .. } = case;
    let Outline { items, sources, .. } = Outline::of(None, history.records());
    let mut rules: Vec<u32> = judgement.findings.iter().map(|finding| finding.rule.0).collect();
    rules.sort_unstable();
    rules.dedup();
    let place_of = |source: &CompactString| sources.binary_search(source).ok();
    let follows = case.first_of_owner(*judged_through).and_then(|first| place_of(&first.event.source));
    let findings = judgement.findings.iter().map(|finding| write_finding(finding, &rules)).collect();
    let mut before = Before::of(sources.first().map_or("", CompactString::as_str));
    let records = history.records().iter().map(|record| before.write(record)).collect();
    let tombstones = history.tombstones().iter().map(|Tombstone { delete, put }| {
        let delete = before.write(delete);
        (delete, put.as_deref().map(|put| before.write(put)))
    });
    let head = Head {
        judged_through: *judged_through,
        wake: *wake,
        retire: *retire,
        rows: rows.clone(),
        open: judgement.open,
        lit: case.shows_a_card(),
        owner: judgement.owner.as_ref().map(Cow::Borrowed),
        items: items.iter().map(CompactString::as_str).collect(),
        sources: sources.iter().map(CompactString::as_str).collect(),
        rules: rules.clone(),
        follows: follows.map(|place| place as u32),
        said: said.iter().filter(|_| !planted!(PackedForgetsWhatWasSaid)).map(write_said).collect(),
    };
    let body = Body {
        records,
        tombstones: tombstones.collect(),
        versions: history.several_versions().iter().map(|told| (Cow::Borrowed(&told.event), told.sequence)).collect(),
        item: judgement.item.as_deref(),
        findings,
    };
    let bytes = Vec::with_capacity(64 + 64 * history.records().len());
    let bytes = postcard::to_extend(id, bytes).expect("a text has a known length");
    let bytes = postcard::to_extend(&head, bytes).expect("a case has a known length everywhere");
    postcard::to_extend(&body, bytes).expect("a case has a known length everywhere").into_boxed_slice()
}

/// The number of the case in `bytes`.
///
/// # Panics
/// When they are not what [`pack`] wrote.
pub(crate) fn id_of(bytes: &[u8]) -> &str {
    let (id, _) = postcard::take_from_bytes::<&str>(bytes).expect("a packed case begins with its number");
    id
}

/// The number of the case in `bytes`, what is asked of it without unpacking the rest, and the rest.
///
/// # Panics
/// When they are not what [`pack`] wrote.
fn parts_of(bytes: &[u8]) -> (&str, Head<'_>, &[u8]) {
    let (id, rest) = postcard::take_from_bytes::<&str>(bytes).expect("a packed case begins with its number");
    let (head, rest) = postcard::take_from_bytes::<Head<'_>>(rest).expect("a packed case is read as it was packed");
    (id, head, rest)
}

/// The number of the case in `bytes`, and what is asked of it without unpacking the rest.
///
/// # Panics
/// When they are not what [`pack`] wrote.
pub(crate) fn head_of(bytes: &[u8]) -> (&str, Head<'_>) {
    let (id, head, _) = parts_of(bytes);
    (id, head)
}

/// The same case with its rules at other places; `None` where they are at these.
///
/// # Panics
/// When `bytes` are not what [`pack`] wrote.
pub(crate) fn at_places(bytes: &[u8], rules: &[RuleIndex]) -> Option<Box<[u8]>> {
    let (id, head, rest) = parts_of(bytes);
    if head.rules().eq(rules.iter().copied()) {
        return None;
    }
    let head = Head { rules: rules.iter().map(|rule| rule.0).collect(), ..head };
    let moved = postcard::to_extend(id, Vec::with_capacity(bytes.len() + 16)).expect("a text has a known length");
    let mut moved = postcard::to_extend(&head, moved).expect("a case has a known length everywhere");
    moved.extend_from_slice(rest);
    Some(moved.into_boxed_slice())
}

/// The case in `bytes`, which no configuration has judged.
///
/// # Panics
/// When they are not what [`pack`] wrote.
pub(crate) fn unpack(bytes: &[u8], texts: &mut Texts) -> CaseState {
    unpack_at(bytes, None, texts)
}

/// The case in `bytes`, whose rules are at these places where they are given.
///
/// # Panics
/// When they are not what [`pack`] wrote.
pub(crate) fn unpack_at(bytes: &[u8], rules: Option<&[RuleIndex]>, texts: &mut Texts) -> CaseState {
    let (id, head, rest) = parts_of(bytes);
    let packed: Body<'_> = postcard::from_bytes(rest).expect("a packed case is read as it was packed");
    let case = CompactString::from(id);
    let rule = |place: u32| rules.map_or_else(|| RuleIndex(head.rules[place as usize]), |rules| rules[place as usize]);
    let findings =
        packed.findings.into_iter().map(|(place, instance, spans)| read_finding(rule(place), instance, spans));
    let mut findings: Vec<Finding> = findings.collect();
    if !findings.is_sorted_by_key(|finding| finding.rule) {
        findings.sort_by(|a, b| a.rule.cmp(&b.rule).then_with(|| a.instance.cmp(&b.instance)));
    }
    let mut before = Before::of(head.sources.first().copied().unwrap_or_default());
    let records = packed.records.into_iter().map(|fact| before.read(fact, &case)).collect();
    let tombstones = packed.tombstones.into_iter().map(|(delete, put)| {
        let delete = before.read(delete, &case);
        Tombstone { delete, put: put.map(|put| Box::new(before.read(put, &case))) }
    });
    let tombstones = tombstones.collect();
    let told = |(event, sequence): Told<'_>| Version { event: event.into_owned(), sequence };
    let versions = packed.versions.into_iter().map(told).collect();
    let judgement = Judgement {
        owner: head.owner.map(Cow::into_owned),
        item: packed.item.map(CompactString::from),
        open: head.open,
        findings,
    };
    CaseState {
        history: History::of_parts(Parts { records, tombstones, versions }),
        judgement,
        said: head.said.into_iter().map(|said| read_said(said, texts)).collect(),
        judged_through: head.judged_through,
        wake: head.wake,
        retire: head.retire,
        rows: head.rows,
        ..CaseState::new(&case)
    }
}

/// The bytes of some records of one case.
pub(crate) fn pack_records(records: &[Record]) -> Vec<u8> {
    let mut before = Before::default();
    let facts: Vec<Fact<'_>> = records.iter().map(|record| before.write(record)).collect();
    let bytes = Vec::with_capacity(64 * records.len());
    postcard::to_extend(&facts, bytes).expect("a record has a known length everywhere")
}

/// The records of a case in `bytes`.
///
/// # Panics
/// When they are not what [`pack_records`] wrote.
pub(crate) fn unpack_records(bytes: &[u8], case: &CompactString) -> Vec<Record> {
    let facts: Vec<Fact<'_>> = postcard::from_bytes(bytes).expect("records are read by the process that packed them");
    let mut before = Before::default();
    facts.into_iter().map(|fact| before.read(fact, case)).collect()
}

/// What the record before said.
#[derive(Default)]
struct Before<'a> {
    source: &'a str,
    address: Option<Cow<'a, Address>>,
    at: i64,
}

impl<'a> Before<'a> {
    /// Of a case whose first fact likely has this source.
    fn of(source: &'a str) -> Before<'a> {
        Before { source, ..Before::default() }
    }

    fn write(&mut self, record: &'a Record) -> Fact<'a> {
        let Record { event, at, first_arrived, arrived, sequence, rival } = record;
        let since = |moment: &Option<Moment>| moment.map(|moment| moment.millis().wrapping_sub(at.millis()));
        let source = (self.source != event.source).then_some(event.source.as_str());
        let address = (self.address.as_deref() != Some(&event.address)).then_some(Cow::Borrowed(&event.address));
        let apart = at.millis().wrapping_sub(self.at);
        *self = Before { source: &event.source, address: Some(Cow::Borrowed(&event.address)), at: at.millis() };
        Fact {
            id: &event.id,
            version: event.version,
            seq: event.seq,
            delete: event.op == Op::Delete,
            source,
            activity: Cow::Borrowed(&event.activity),
            at: apart,
            day: match event.at {
                EventTime::Day(day) => Some(day),
                EventTime::Instant(_) => None,
            },
            address,
            first_arrived: since(first_arrived),
            arrived: if arrived == first_arrived { Arrived::First } else { Arrived::Else(since(arrived)) },
            sequence: *sequence,
            detail: event.detail.as_deref().map(Cow::Borrowed),
            rival: rival.as_deref().map(|Rival { event, sequence }| (Cow::Borrowed(event), *sequence)),
        }
    }

    fn read(&mut self, fact: Fact<'a>, case: &CompactString) -> Record {
        let at = Moment::from_millis(self.at.wrapping_add(fact.at));
        let moment = |since: i64| Moment::from_millis(at.millis().wrapping_add(since));
        self.at = at.millis();
        self.source = fact.source.unwrap_or(self.source);
        self.address = fact.address.or_else(|| self.address.take());
        let address = self.address.as_deref().expect("the first record names its office").clone();
        let first_arrived = fact.first_arrived.map(moment);
        let event = Event {
            id: fact.id.into(),
            version: fact.version,
            seq: fact.seq,
            op: if fact.delete { Op::Delete } else { Op::Put },
            source: self.source.into(),
            case: case.clone(),
            activity: fact.activity.into_owned(),
            at: fact.day.map_or(EventTime::Instant(at), EventTime::Day),
            arrived: None,
            address,
            detail: fact.detail.map(|detail| Box::new(detail.into_owned())),
        };
        let arrived = match fact.arrived {
            Arrived::First => first_arrived,
            Arrived::Else(since) => since.map(moment),
        };
        let rival = fact.rival.map(|(event, sequence)| Box::new(Rival { event: event.into_owned(), sequence }));
        Record { event, at, first_arrived, arrived, sequence: fact.sequence, rival }
    }
}

fn write_finding<'f>(finding: &'f Finding, rules: &[u32]) -> (u32, &'f str, Vec<Span>) {
    let place = rules.binary_search(&finding.rule.0).expect("these are the rules of the findings");
    let span = |span: &CardSpan| {
        let after = |moment: Moment| moment.millis().wrapping_sub(span.since.millis());
        let CardSpan { card, light, since, from, until, held, absent } = *span;
        Span { card, light, since, from: after(from), until: until.map(after), held, absent }
    };
    (place as u32, &finding.instance, finding.spans.iter().map(span).collect())
}

fn read_finding(rule: RuleIndex, instance: &str, spans: Vec<Span>) -> Finding {
    let span = |Span { card, light, since, from, until, held, absent }| {
        let moment = |after: i64| Moment::from_millis(since.millis().wrapping_add(after));
        CardSpan { card, light, since, from: moment(from), until: until.map(moment), held, absent }
    };
    Finding { rule, instance: instance.into(), spans: spans.into_iter().map(span).collect() }
}

fn write_said(said: &Said) -> Spoken<'_> {
    Spoken {
        rule: &said.rule,
        instance: &said.instance,
        revision: said.revision,
        card: said.card,
        light: said.light,
        since: said.since,
        owner: Cow::Borrowed(&said.owner),
        decided_at: said.decided_at,
        issue: said.issue,
        rule_version: &said.rule_version,
        basis: &said.basis,
    }
}

impl<'a> Spoken<'a> {
    /// What `transition` leaves behind.
    pub(crate) fn by(transition: &'a Transition) -> Spoken<'a> {
        Spoken {
            rule: &transition.rule,
            instance: &transition.instance,
            revision: transition.revision,
            card: transition.card,
            light: transition.light,
            since: transition.since,
            owner: Cow::Owned(transition.owner()),
            decided_at: transition.decided_at,
            issue: transition.issue,
            rule_version: &transition.rule_version,
            basis: &transition.basis,
        }
    }
}

fn read_said(spoken: Spoken<'_>, texts: &mut Texts) -> Said {
    let basis: Arc<str> = texts.share(spoken.basis);
    Said {
        rule: spoken.rule.into(),
        instance: spoken.instance.into(),
        revision: spoken.revision,
        card: spoken.card,
        light: spoken.light,
        since: spoken.since,
        owner: spoken.owner.into_owned(),
        decided_at: spoken.decided_at,
        issue: spoken.issue,
        rule_version: spoken.rule_version.into(),
        basis,
    }
}
