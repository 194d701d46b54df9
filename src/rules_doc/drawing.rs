//! An example drawn on the days of a calendar: which days count, which do not, what happened, what was due, which cards came.
//!
//! All of it is read off a scenario that fires and the proof of its light: nothing is reckoned here.

use std::collections::BTreeMap;

use facts::proof::{DayLine, Proof};
use facts::{Card, EventTime, History, Light, Moment};
use jiff::civil::Date;
use jiff::{SignedDuration, ToSpan as _};
use rules::counting::Counting;
use rules::finding::RuleIndex;
use rules::judge::{Case, explain};
use rules::scenario::{Scenario, ScenarioFile, Shows, lights_at};

use super::words::Words;

/// Weeks drawn at most; the rest is told by a gap.
const WEEKS_MAX: usize = 14;

/// An example.
pub(super) struct Drawing {
    /// The scenario's name.
    pub(super) scenario: String,
    /// What stands on the days, in order of time.
    pub(super) marks: Vec<Mark>,
    /// Weeks from Monday; `None` for a gap.
    pub(super) weeks: Vec<Option<[Day; 7]>>,
}

/// What is at an instant.
pub(super) struct Mark {
    pub(super) at: String,
    pub(super) date: Date,
    pub(super) shape: Shape,
    pub(super) text: String,
}

/// How it is drawn: colour is never alone.
#[derive(Copy, Clone, PartialEq, Eq)]
pub(super) enum Shape {
    /// A fact.
    Fact,
    /// The last instant in time.
    Due,
    /// A card, with its lamp.
    Card(Card, Light),
}

/// A day of the calendar.
#[derive(Clone)]
pub(super) struct Day {
    pub(super) date: Date,
    /// Counted so far, where the day counts: days, or hours and minutes of office time.
    pub(super) counted: Option<String>,
    pub(super) state: DayState,
    /// Name of the holiday, ground of the pause.
    pub(super) note: String,
}

/// What a day is to the clock.
#[derive(Copy, Clone, PartialEq, Eq)]
pub(super) enum DayState {
    /// Outside of the reckoning.
    Outside,
    /// The clock starts on it.
    Start,
    /// It counts.
    Counted,
    /// A day off.
    Off,
    /// The clock is stopped.
    Paused,
}

impl Drawing {
    /// The first scenario of a file in which a rule of this page lights, drawn.
    pub(super) fn of(words: &Words<'_>, file: &ScenarioFile, of_rule: &impl Fn(&str) -> bool) -> Option<Drawing> {
        let firing = file.scenarios.iter().filter(|scenario| scenario.shows == Shows::Fires);
        firing.filter_map(|scenario| Drawing::of_scenario(words, file, scenario, of_rule)).next()
    }

    fn of_scenario(
        words: &Words<'_>,
        file: &ScenarioFile,
        scenario: &Scenario,
        of_rule: &impl Fn(&str) -> bool,
    ) -> Option<Drawing> {
        let configuration = words.configuration;
        let events = file.facts(scenario, &configuration.zone).ok()?;
        let mut marks: Vec<(Moment, Mark)> = Vec::new();
        let mut days: Vec<(DayLine, String)> = Vec::new();
        let zone = &configuration.zone;
        let mark = |at: Moment, shape: Shape, text: String| {
            let at_text = at.civil(zone).strftime("%Y-%m-%d %H:%M:%S%.f").to_string();
            (at, Mark { at: at_text, date: at.date(zone), shape, text })
        };
        for expected in &scenario.expect {
            let now: Moment = expected.at.parse().ok()?;
            for light in lights_at(&events, configuration, now).into_iter().filter(|light| of_rule(&light.rule)) {
                let text = format!("{} {}", light.rule, words.lang.pick(light.card.zh(), light.card.token()));
                let known = |held: &(Moment, Mark)| held.1.text == text;
                if !marks.iter().any(known) {
                    marks.push(mark(light.since, Shape::Card(light.card, light.light), text));
                }
                let mut history = History::new();
                let known = events.iter().filter(|(arrived, event)| *arrived <= now && event.case == light.case);
                known.for_each(|(_, event)| drop(history.join(event.clone(), None, zone)));
                let rule = configuration.profile(&light.owner).rules.iter().copied();
                let rule: Option<RuleIndex> = rule.into_iter().find(|rule| configuration.rule(*rule).id == light.rule);
                let case = Case::at(&light.case, &history, now);
                let told = explain(&case, configuration, rule?, &light.instance, light.card, now);
                if let Some(Proof::Deadline(proof)) = told.map(|told| told.proof).filter(|_| days.is_empty()) {
                    if let Some(due) = proof.due {
                        let text = words.lang.pick(format!("期限 {}", proof.limit), format!("due, {}", proof.limit));
                        marks.push(mark(due, Shape::Due, text));
                    }
                    days = summed(proof.days, &proof.counting);
                }
            }
        }
        if !marks.iter().any(|(_, mark)| matches!(mark.shape, Shape::Card(..))) {
            return None;
        }
        for (_, event) in &events {
            let at = event.at.moment(zone);
            let mut named = mark(at, Shape::Fact, words.activity(event.activity.name()));
            if let EventTime::Day(..) = event.at {
                named.1.at = named.1.date.to_string();
            }
            marks.push(named);
        }
        marks.sort_by(|(a, one), (b, other)| (a, rank(one.shape)).cmp(&(b, rank(other.shape))));
        let marks: Vec<Mark> = marks.into_iter().map(|(_, mark)| mark).collect();
        let weeks = weeks(&marks, &days)?;
        Some(Drawing { scenario: scenario.name.clone(), marks, weeks })
    }

    /// Marks of a day.
    pub(super) fn on(&self, date: Date) -> impl Iterator<Item = &Mark> {
        self.marks.iter().filter(move |mark| mark.date == date)
    }
}

fn rank(shape: Shape) -> u8 {
    match shape {
        Shape::Fact => 0,
        Shape::Due => 1,
        Shape::Card(..) => 2,
    }
}

/// The weeks in which something stands or counts; a gap where more than one in between says nothing.
fn weeks(marks: &[Mark], days: &[(DayLine, String)]) -> Option<Vec<Option<[Day; 7]>>> {
    let by_date: BTreeMap<Date, &(DayLine, String)> = days.iter().map(|day| (day.0.date, day)).collect();
    let dates = marks.iter().map(|mark| mark.date).chain(by_date.keys().copied());
    let mut mondays: Vec<Date> = dates.filter_map(monday).collect();
    mondays.sort();
    mondays.dedup();
    let mut weeks: Vec<Option<[Day; 7]>> = Vec::new();
    let mut before: Option<Date> = None;
    let long = mondays.len() > WEEKS_MAX;
    for (place, monday) in mondays.iter().enumerate() {
        let gap = before.is_some_and(|before| monday.duration_since(before) > SignedDuration::from_hours(24 * 7));
        let in_the_middle = long && place >= WEEKS_MAX / 2 && place + WEEKS_MAX / 2 < mondays.len();
        if (gap || in_the_middle) && weeks.last().is_some_and(Option::is_some) {
            weeks.push(None);
        }
        before = Some(*monday);
        if in_the_middle {
            continue;
        }
        let day = |offset: i64| -> Option<Day> {
            let date = monday.checked_add(offset.days()).ok()?;
            Some(day_of(date, by_date.get(&date).copied()))
        };
        let days: Option<Vec<Day>> = (0..7).map(day).collect();
        weeks.push(days?.try_into().ok());
    }
    (!weeks.is_empty()).then_some(weeks)
}

fn monday(date: Date) -> Option<Date> {
    date.checked_sub(i64::from(date.weekday().to_monday_zero_offset()).days()).ok()
}

fn day_of(date: Date, line: Option<&(DayLine, String)>) -> Day {
    let outside = Day { date, counted: None, state: DayState::Outside, note: String::new() };
    let Some((line, so_far)) = line else { return outside };
    let state = match line.why.as_str() {
        why if why.starts_with("pause") => DayState::Paused,
        why if why.starts_with("weekend") || why.starts_with("holiday") => DayState::Off,
        why if why.starts_with("start") => DayState::Start,
        _ => DayState::Counted,
    };
    let counted = (line.counted > 0).then(|| so_far.clone());
    Day { counted, state, note: line.note.as_ref().map(ToString::to_string).unwrap_or_default(), ..outside }
}

/// Each day with what is counted up to its end.
fn summed(days: Vec<DayLine>, counting: &str) -> Vec<(DayLine, String)> {
    let mut so_far = 0;
    let with_sum = days.into_iter().map(|day| {
        so_far += day.counted;
        let minutes = so_far / 60;
        let text = match counting == Counting::Elapsed.token() {
            true => format!("{}:{:02}", minutes / 60, minutes % 60),
            false => so_far.to_string(),
        };
        (day, text)
    });
    with_sum.collect()
}
