//! Why a card holds: reason, evidence and proof, written only when somebody is told.

use std::collections::BTreeMap;

use compact_str::CompactString;
use facts::proof::{DeadlineProof, ExtensionLine, MarkLine, PauseLine, Proof};
use facts::standing::Text2;
use facts::transition::Evidence;
use facts::{Card, Moment};

use super::deadline::{Instance, limit_of, limit_word, mark_of};
use super::evaluate::{Scope, cite};
use super::fee;
use super::found::{Found, Why};
use super::measured;
use super::reckoning::Reckoning;
use super::view::CaseView;
use super::{condition, separation, workflow};
use crate::counting::{Limit, Mark, Span};
use crate::rule::{Bound, CardSpec, Deadline, Group, Kind, Rule};
use crate::value::Value;
use crate::wording::{Format, Message, Piece, Word};

mod succession;

use succession::{of_count, of_forbids, of_requires};

/// A value in both languages.
type Words = BTreeMap<Word, Text2>;

/// Reason, evidence, proof and warnings of a finding whose worst card at `now` is `card`.
pub(crate) fn explain<'a>(
    view: &CaseView<'a>,
    rule: &Rule,
    reckoning: &Reckoning<'a>,
    found: &Found,
    card: &CardSpec,
    now: Moment,
) -> super::Explanation {
    if let Why::Condition(condition::Hit::Aside { place }) = found.why {
        let (view, place) = view.with_aside(place);
        let why = Why::Condition(condition::Hit::Event { place });
        return explain(&view, rule, reckoning, &Found { why, ..found.clone() }, card, now);
    }
    let (proof, mut words, places, uncovered) = match (&rule.kind, &found.why) {
        (Kind::Deadline(deadline), Why::Deadline(instance)) => {
            of_deadline(view, rule, deadline, reckoning, instance, card, now)
        }
        (Kind::Workflow(workflow), Why::Workflow(breach)) => of_workflow(view, workflow, reckoning, breach),
        (Kind::Fee(spec), Why::Fee(episode)) => {
            let proof = fee::prove(view, spec, reckoning, episode);
            let places = (0..view.upto(episode.begin)).filter(|place| view.facts[*place].event.detail().fee.is_some());
            let words = words_of_fee(&proof);
            (proof, words, places.collect(), false)
        }
        (Kind::Condition(spec), Why::Condition(hit)) => {
            let proof = condition::prove(view, spec, reckoning, hit);
            let places = match hit {
                condition::Hit::Event { place } | condition::Hit::Aside { place } => vec![*place],
                condition::Hit::State { begin } => {
                    (0..view.facts.len()).filter(|place| view.facts[*place].at == *begin).collect()
                }
            };
            let words = words_of_condition(&proof);
            (proof, words, places, false)
        }
        (Kind::Separation(spec), Why::Separation(sharing)) => {
            let acts: Vec<&str> = sharing.acts.iter().map(|(act, _)| spec.acts[*act].text.as_str()).collect();
            let words = Words::from([
                (Word::Person, same(sharing.person.as_str())),
                (Word::Shared, same(sharing.acts.len())),
                (Word::Acts, Text2 { zh: acts.join("、"), en: acts.join(", ") }),
            ]);
            let places = sharing.acts.iter().map(|(_, place)| *place).collect();
            (separation::prove(view, spec, sharing), words, places, false)
        }
        (Kind::Requires(spec), Why::Requires(lack)) => certain(of_requires(view, spec, reckoning, lack)),
        (Kind::Forbids(spec), Why::Forbids(pair)) => certain(of_forbids(view, spec, *pair)),
        (Kind::Count(spec), Why::Count(tally)) => certain(of_count(view, spec, reckoning, tally, card, now)),
        _ => unreachable!("a rule's judge finds in the rule's own kind"),
    };
    let about = places.last().copied();
    let line = match (&rule.kind, &found.why) {
        (Kind::Fee(spec), Why::Fee(episode)) => Some(fee::line_of(view, spec, episode)),
        _ => None,
    };
    let scope = Scope::state(view, reckoning, view.facts.len());
    let scope = Scope { ledger: line.as_ref().map(|(ledger, group)| (ledger, group)), ..scope };
    let scope = about.map_or(scope, |place| Scope { event: Some(place), start: Some(place), ..scope });
    let earlier = match &found.why {
        Why::Forbids(pair) => Some(pair.earlier),
        _ => None,
    };
    let scope = Scope { earlier, ..scope };
    if let Some(group) = &rule.group {
        words.extend(group_words(view, &scope, group, about));
    }
    super::Explanation {
        rule_version: rule.label.clone(),
        basis: rule.basis.clone(),
        reason: reason(rule, card, &scope, &words),
        warnings: if uncovered { vec!["calendar_uncovered".into()] } else { Vec::new() },
        evidence: places.into_iter().flat_map(|place| evidence(view, place)).collect(),
        proof,
    }
}

/// What the cases of a group share, and which they are.
fn group_words(view: &CaseView<'_>, scope: &Scope<'_, '_>, group: &Group, about: Option<usize>) -> Words {
    let ids: Vec<&str> = view.members.iter().map(|member| member.id).collect();
    let key = about.and_then(|place| super::group::key_words(scope, place, group)).unwrap_or_default();
    Words::from([(Word::Key, same(key)), (Word::Cases, Text2 { zh: ids.join("、"), en: ids.join(", ") })])
}

/// Nothing in it rests on a calendar that may end.
fn certain((proof, words, places): (Proof, Words, Vec<usize>)) -> (Proof, Words, Vec<usize>, bool) {
    (proof, words, places, false)
}

fn same(value: impl ToString) -> Text2 {
    let text = value.to_string();
    Text2 { zh: text.clone(), en: text }
}

/// The fact at `place`, with the other content of its version or the delete that bars it.
fn evidence(view: &CaseView<'_>, place: usize) -> impl Iterator<Item = Evidence> {
    let fact = &view.facts[place];
    let of = |event: &facts::Event, sequence| Evidence {
        source: event.source.clone(),
        id: event.id.clone(),
        version: event.version,
        sequence,
    };
    let rival = fact.rival.map(|rival| of(&rival.event, rival.sequence));
    let delete = fact.deleted_by.map(|delete| of(&delete.event, delete.sequence));
    [Some(of(fact.event, fact.sequence)), rival, delete].into_iter().flatten()
}

fn span_words(span: Span) -> Text2 {
    Text2 { zh: span.zh(), en: span.en() }
}

fn moment_words(view: &CaseView<'_>, at: Moment) -> Text2 {
    let civil = at.civil(&view.profile.zone);
    Text2 {
        zh: civil.strftime("%Y年%-m月%-d日 %H:%M").to_string(), en: civil.strftime("%Y-%m-%d %H:%M").to_string()
    }
}

fn limit_words(limit: &Limit, view: &CaseView<'_>) -> Text2 {
    match limit {
        Limit::Span(span) => span_words(*span),
        Limit::Date(day) => Text2 { zh: day.strftime("%Y年%-m月%-d日").to_string(), en: day.to_string() },
        Limit::Instant(at) => moment_words(view, *at),
    }
}

fn of_deadline<'a>(
    view: &CaseView<'a>,
    rule: &Rule,
    deadline: &Deadline,
    reckoning: &Reckoning<'a>,
    instance: &Instance,
    card: &CardSpec,
    now: Moment,
) -> (Proof, Words, Vec<usize>, bool) {
    let scope = Scope::state(view, reckoning, view.facts.len());
    let (cuts, grants) = (instance.cuts(), instance.grants());
    let clock = reckoning.clock(instance.from, &cuts);
    let limit = limit_of(&scope, deadline, card, instance);
    let due = limit.as_ref().and_then(|limit| clock.mark(limit, Mark::Due, &grants));
    let now = instance.ended().map_or(now, |end| end.min(now));
    let measured = limit.as_ref().and_then(|limit| measured::at(&clock, limit, &grants, now));
    let mut words = Words::new();
    words.insert(Word::Start, moment_words(view, clock.counted_from()));
    if let Some(limit) = &limit {
        words.insert(Word::Limit, limit_words(limit, view));
    }
    if let Some(due) = due {
        words.insert(Word::Due, moment_words(view, due.at));
    }
    if let Some(stop) = instance.stop {
        words.insert(Word::Stop, moment_words(view, stop.at));
    }
    if let Some(measured) = measured {
        words.insert(Word::Used, span_words(measured.used));
        words.insert(Word::Left, span_words(measured.left));
        words.insert(Word::Over, span_words(measured.over));
    }
    words.insert(Word::Paused, same(instance.pauses.len()));
    let places = places_of(instance);
    let acting = limit.as_ref().map(|limit| clock.acting_extensions(limit, &grants)).unwrap_or_default();
    let calendar = reckoning.calendar;
    let start = instance.start.or_else(|| (!view.facts.is_empty()).then_some(0)).expect("a view has a fact");
    let proof = DeadlineProof {
        counting: counting_word(reckoning, limit.as_ref()).into(),
        calendar: calendar.id().into(),
        zone: calendar.zone_name().into(),
        start: cite(&view.facts[start]),
        counted_from: (clock.counted_from() != view.facts[start].at).then(|| clock.counted_from()),
        stop: instance.stop.and_then(|stop| stop.place).map(|place| cite(&view.facts[place])),
        limit: limit.as_ref().map(limit_word).unwrap_or_default(),
        limit_from: limit_source(view, deadline, card),
        due: due.map(|due| due.at),
        pauses: instance
            .pauses
            .iter()
            .map(|pause| PauseLine {
                name: pause.name.clone(),
                id: view.facts[pause.place].event.id.clone(),
                from: pause.cut.from,
                to: pause.cut.to,
                cap: pause.cap.map(|cap| cap.to_string().into()),
            })
            .collect(),
        extensions: instance
            .extensions
            .iter()
            .filter(|(_, extension)| acting.contains(extension))
            .map(|(place, extension)| ExtensionLine {
                id: view.facts[*place].event.id.clone(),
                at: extension.at,
                by: extension.by.to_string().into(),
            })
            .collect(),
        marks: rule
            .cards
            .iter()
            .map(|spec| MarkLine {
                card: spec.card,
                mark: spec.mark_text.clone(),
                limit: limit_of(&scope, deadline, spec, instance).as_ref().map(limit_word).unwrap_or_default(),
                at: mark_of(&scope, deadline, spec, instance).map(|mark| mark.at),
            })
            .collect(),
        days: match (&limit, due) {
            (Some(limit @ Limit::Span(_)), Some(due)) => clock.ledger(limit, &grants, due.at),
            _ => Vec::new(),
        },
    };
    let uncovered = limit.is_some_and(|limit| clock.calendar_uncovered(&limit, due.map(|due| due.at)));
    (Proof::Deadline(Box::new(proof)), words, places, uncovered)
}

/// The places of the facts that a run of the clock rests on.
pub(crate) fn places_of(instance: &Instance) -> Vec<usize> {
    let mut places: Vec<usize> = instance.start.into_iter().collect();
    places.extend(instance.pauses.iter().map(|pause| pause.place));
    places.extend(instance.extensions.iter().map(|(place, _)| *place));
    places.extend(instance.stop.and_then(|stop| stop.place));
    places
}

/// How the limit comes to its due instant: a day or an instant is one, nothing is counted.
fn counting_word(reckoning: &Reckoning<'_>, limit: Option<&Limit>) -> &'static str {
    match limit {
        Some(Limit::Date(_)) => "date",
        Some(Limit::Instant(_)) => "instant",
        Some(Limit::Span(_)) | None => reckoning.counting.token(),
    }
}

/// Where the limit comes from: the expression, and the catalogue row it reads.
fn limit_source(view: &CaseView<'_>, deadline: &Deadline, card: &CardSpec) -> CompactString {
    let Some(node) = card.limit.as_ref().or(deadline.limit.as_ref()) else { return CompactString::default() };
    match view.item {
        Some(item) if node.text.contains("item.") || node.text.contains("stage_of") => {
            format!("{} ({}@{})", node.text, item.code, item.version).into()
        }
        _ => node.text.clone(),
    }
}

fn of_workflow<'a>(
    view: &CaseView<'a>,
    spec: &crate::rule::Workflow,
    reckoning: &Reckoning<'a>,
    breach: &workflow::Breach,
) -> (Proof, Words, Vec<usize>, bool) {
    let stage_name = |code: &str| {
        let stage = view.item.and_then(|item| item.stage(code));
        stage.map_or_else(
            || same(code),
            |stage| {
                let (zh, en) = crate::wording::name_or(&stage.name, code);
                Text2 { zh: zh.to_owned(), en: en.to_owned() }
            },
        )
    };
    let (words, place) = match breach {
        workflow::Breach::Missing { stage, at } => (Words::from([(Word::Missing, stage_name(stage))]), *at),
        workflow::Breach::Edge { from, to, step } => {
            (Words::from([(Word::From, stage_name(from)), (Word::To, stage_name(to))]), *step)
        }
        workflow::Breach::Order { stage, step } | workflow::Breach::Unknown { stage, step } => {
            (Words::from([(Word::To, stage_name(stage))]), *step)
        }
    };
    (workflow::prove(view, spec, reckoning, breach), words, vec![place], false)
}

fn words_of_fee(proof: &Proof) -> Words {
    let Proof::Fee(proof) = proof else { return Words::new() };
    let yuan = |fen: facts::Fen| Text2 { zh: format!("{fen}元"), en: format!("{fen} yuan") };
    let mut words = Words::from([(Word::Line, same(&proof.line)), (Word::Ledger, yuan(proof.net))]);
    if let Some(most) = proof.tariff.as_ref().and_then(|tariff| tariff.max) {
        words.insert(Word::Tariff, yuan(most));
        words.insert(Word::Excess, yuan(proof.net - most));
    }
    words.insert(Word::Grounds, same(&proof.condition.expression));
    words
}

fn words_of_condition(proof: &Proof) -> Words {
    let Proof::Condition(proof) = proof else { return Words::new() };
    Words::from([(Word::Grounds, same(&proof.expression))])
}

/// The rule's message, or what its kind says.
fn reason(rule: &Rule, card: &CardSpec, scope: &Scope<'_, '_>, words: &Words) -> Text2 {
    let message = rule.message.clone().unwrap_or_else(|| own_words(&rule.kind));
    let body = written(&message, scope, words);
    let own = rule.message.is_some();
    let view = scope.view;
    let prefix = |card: &str, name: &str, separator: &str| format!("{card} {name}{separator}");
    if own {
        return body;
    }
    Text2 {
        zh: format!("{}{} {}", prefix(card.card.zh(), &rule.name.zh, "："), view.id, body.zh),
        en: format!("{}{} {}", prefix(card.card.token(), &rule.name.en, ": "), view.id, body.en),
    }
}

/// What a kind says for itself.
fn own_words(kind: &Kind) -> Message {
    let text = |text: &str| Piece::Text(text.into());
    let word = |word: Word| Piece::Word(word, Format::Plain);
    let (zh, en) = match kind {
        Kind::Deadline(_) => (
            vec![text("时限 "), word(Word::Limit), text("，应于 "), word(Word::Due), text(" 前完成")],
            vec![text("limit "), word(Word::Limit), text(", due "), word(Word::Due)],
        ),
        Kind::Fee(_) => (
            vec![word(Word::Line), text(" 净收 "), word(Word::Ledger), text("，标准 "), word(Word::Tariff)],
            vec![word(Word::Line), text(" net "), word(Word::Ledger), text(", tariff "), word(Word::Tariff)],
        ),
        Kind::Workflow(_) => (
            vec![word(Word::Missing), word(Word::From), text(" "), word(Word::To)],
            vec![word(Word::Missing), word(Word::From), text(" "), word(Word::To)],
        ),
        Kind::Condition(_) => (vec![word(Word::Grounds)], vec![word(Word::Grounds)]),
        Kind::Separation(_) => (
            vec![text("人员 "), word(Word::Person), text(" 兼办 "), word(Word::Acts)],
            vec![text("person "), word(Word::Person), text(" did "), word(Word::Acts)],
        ),
        Kind::Requires(_) => {
            (vec![text("此前应有 "), word(Word::Missing)], vec![text("needed before: "), word(Word::Missing)])
        }
        Kind::Forbids(_) => (
            vec![text("不得在 "), word(Word::Earlier), text(" 之后，相隔 "), word(Word::Distance)],
            vec![text("must not follow "), word(Word::Earlier), text("; distance "), word(Word::Distance)],
        ),
        Kind::Count(count) => {
            let (zh, en, bound) = match count.bound {
                Bound::Max(_) => ("，至多 ", ", at most ", Word::Max),
                Bound::Min(..) => ("，至少 ", ", at least ", Word::Min),
            };
            let key = |zh: bool| match (count.by.is_empty(), zh) {
                (true, _) => vec![],
                (false, true) => vec![text("（"), word(Word::Key), text("）")],
                (false, false) => vec![text(" ("), word(Word::Key), text(")")],
            };
            let all = |begin: &str, middle: &str, zh: bool| {
                let mut pieces = vec![text(begin), word(Word::Count)];
                pieces.extend(key(zh));
                pieces.extend([text(middle), word(bound)]);
                pieces
            };
            (all("次数 ", zh, true), all("count ", en, false))
        }
    };
    Message { zh, en }
}

fn written(message: &Message, scope: &Scope<'_, '_>, words: &Words) -> Text2 {
    let pieces = |pieces: &[Piece], zh: bool| -> String {
        pieces.iter().map(|piece| piece_text(piece, scope, words, zh)).collect()
    };
    Text2 { zh: pieces(&message.zh, true), en: pieces(&message.en, false) }
}

fn piece_text(piece: &Piece, scope: &Scope<'_, '_>, words: &Words, zh: bool) -> String {
    match piece {
        Piece::Text(text) => text.to_string(),
        Piece::Word(word, format) => {
            let text = words.get(word).map(|text| if zh { text.zh.clone() } else { text.en.clone() });
            let text = text.unwrap_or_else(|| "-".to_owned());
            match format {
                Format::Date => text.split(' ').next().unwrap_or(&text).to_owned(),
                Format::Time => text.split(' ').next_back().unwrap_or(&text).to_owned(),
                Format::Plain | Format::Yuan | Format::List => text,
            }
        }
        Piece::Value(node, format) => value_text(&scope.value(node), *format, scope, zh),
    }
}

fn value_text(value: &Value, format: Format, scope: &Scope<'_, '_>, zh: bool) -> String {
    let pick = |text: Text2| if zh { text.zh } else { text.en };
    match (value, format) {
        (Value::Missing, _) => "-".to_owned(),
        (Value::Instant(at), Format::Date) => at.date(&scope.view.profile.zone).to_string(),
        (Value::Instant(at), Format::Time) => at.civil(&scope.view.profile.zone).strftime("%H:%M:%S").to_string(),
        (Value::Instant(at), _) => pick(moment_words(scope.view, *at)),
        (Value::Money(fen), _) => {
            if zh {
                format!("{fen}元")
            } else {
                format!("{fen} yuan")
            }
        }
        (Value::Span(span), _) => pick(span_words(*span)),
        (Value::List(members), _) => {
            let members: Vec<String> = members.iter().map(|member| value_text(member, format, scope, zh)).collect();
            members.join(if zh { "、" } else { ", " })
        }
        (value, _) => value.to_string(),
    }
}

/// The card spec behind the span that holds: of specs with the card, the first.
pub(crate) fn spec_of(rule: &Rule, card: Card) -> Option<&CardSpec> {
    rule.cards.iter().find(|spec| spec.card == card)
}
