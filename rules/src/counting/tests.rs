//! Counting as a specification: the published vectors, the boundaries, and naive models that walk
//! day by day and second by second.

mod golden;
mod ledgers;
mod limits;
mod marks;
mod models;
mod pauses;

use facts::moment::Moment;

use super::{Clock, Counting, Due, Extension, Limit, Span, Start};
use crate::pause::CutPause;
use crate::working_calendar::WorkingCalendar;
use crate::working_calendar::samples::{at, cn};

pub(super) fn instant(moment: Moment) -> Start {
    Start { moment, is_day: false }
}

pub(super) fn span(text: &str) -> Limit {
    Limit::Span(text.parse().unwrap_or_else(|_| panic!("\"{text}\" is a span")))
}

pub(super) fn pause(from: &str, to: &str) -> CutPause {
    CutPause { from: at(from), to: Some(at(to)), ground: "hearing".into() }
}

pub(super) fn open_pause(from: &str) -> CutPause {
    CutPause { from: at(from), to: None, ground: "hearing".into() }
}

pub(super) fn extension(moment: &str, by: &str) -> Extension {
    Extension { at: at(moment), by: by.parse().expect("a span") }
}

pub(super) fn clock<'a>(start: &str, counting: Counting, pauses: &'a [CutPause]) -> Clock<'a> {
    clock_in(cn(), start, counting, pauses)
}

pub(super) fn clock_in<'a>(
    calendar: &'a WorkingCalendar,
    start: &str,
    counting: Counting,
    pauses: &'a [CutPause],
) -> Clock<'a> {
    Clock { pauses, ..Clock::plain(instant(at(start)), counting, calendar) }
}

/// What an instant is in Shanghai, for messages and comparison: `2018-10-24 10:00:00`.
pub(super) fn shown(moment: Moment) -> String {
    moment.civil(cn().zone()).to_string().replace('T', " ")
}

/// The instant of a mark, as text; `never` while an open pause holds it.
pub(super) fn mark_at(clock: &Clock<'_>, limit: &str, mark: &str) -> String {
    mark_extended(clock, limit, mark, &[])
}

pub(super) fn mark_extended(clock: &Clock<'_>, limit: &str, mark: &str, extensions: &[Extension]) -> String {
    let mark = mark.parse().unwrap_or_else(|_| panic!("\"{mark}\" is a mark"));
    clock.mark(&span(limit), mark, extensions).map_or_else(|| "never".to_owned(), |due| shown(due.at))
}

pub(super) fn due(clock: &Clock<'_>, limit: &Limit) -> Due {
    clock.due(limit).expect("no open pause")
}

pub(super) fn wd(number: i64) -> Limit {
    Limit::Span(Span::working_days(number))
}
