//! `watchlight import xes`: the facts of an event log, in the order in which they become known.
//!
//! A replay's clock stands at the highest business time so far, so what is known late must come late: the lines are
//! sorted by `arrived`, else `at`, and lines of one instant keep the order of the log. Memory is bounded whatever the
//! size of the log. The log's facts come whole or not at all: the file is written after the last trace was read.

use std::fs::{self, File};
use std::io::{BufReader, Write};
use std::path::Path;

use anyhow::Context;
use facts::Moment;
use facts::money::Rounding;
use facts::proof::Lang;
use ingest::{MapError, Report, XesMap, import_xes};
use jiff::tz::TimeZone;
use rules::fault::{Fault, Place};

use crate::cli::{Exit, ImportCommand, ImportXesArgs, Language};
use crate::output_file::{create, refuse_overwriting};
use crate::terminal::{self, say};

mod time_order;

use time_order::TimeOrder;

/// Bytes of lines held in memory before they are sorted and put aside.
const RUN_BYTES: usize = 64 << 20;
/// Faults of traces that are printed; all are counted.
const FAULTS_PRINTED_MAX: usize = 20;

/// Imports what `command` names.
///
/// # Errors
/// When a file cannot be read or written, or the log is broken.
pub(crate) fn run(command: &ImportCommand, language: Language) -> anyhow::Result<Exit> {
    match command {
        ImportCommand::Xes(args) => xes(args, language.into()),
    }
}

fn xes(args: &ImportXesArgs, lang: Lang) -> anyhow::Result<Exit> {
    let text = fs::read_to_string(&args.map).with_context(|| format!("could not read {}", args.map.display()))?;
    let map = match XesMap::parse(&args.map.display().to_string(), &text) {
        Ok(map) => map,
        Err(refused) => {
            for fault in faults(&refused, &text) {
                say!("{}", fault.render(lang))?;
            }
            return Ok(Exit::FaultsFound);
        }
    };
    refuse_overwriting([&args.out], [&args.log, &args.map])?;
    let log = File::open(&args.log).with_context(|| format!("could not open {}", args.log.display()))?;
    let mut out = create(&args.out)?;
    let bar = terminal::bytes_bar(log.metadata().map_or(0, |about| about.len()));
    let beside = args.out.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut lines = TimeOrder::new(beside, RUN_BYTES);
    let read = bar.wrap_read(BufReader::new(log));
    let report = import_xes(read, &map, |known, line| lines.add(known, line))
        .with_context(|| format!("{} was not imported, and {} is empty", args.log.display(), args.out.display()))?;
    bar.finish_and_clear();
    let unwritable = || format!("could not write {}", args.out.display());
    lines.write(&mut out).with_context(unwritable)?;
    out.flush().with_context(unwritable)?;
    for fault in report.faults.iter().take(FAULTS_PRINTED_MAX) {
        terminal::remark(fault);
    }
    terminal::print(format_args!("{}", summary(&report, &map, lang)))?;
    Ok(if report.traces_refused == 0 { Exit::Fine } else { Exit::FaultsFound })
}

/// The faults of a map in the form of all other faults.
fn faults(refused: &MapError, text: &str) -> Vec<Fault> {
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let one = |fault: &ingest::MapFault| {
        let place = Place { line: number(fault.line), column: number(fault.column), width: number(fault.width) };
        let source = text.lines().nth(fault.line - 1).map(str::to_owned);
        let (zh, en) = (fault.text.zh.clone(), fault.text.en.clone());
        Fault { source, ..Fault::error(&refused.name, Some(place), fault.code, zh, en) }
    };
    refused.faults.iter().map(one).collect()
}

/// What was done, in lines.
fn summary(report: &Report, map: &XesMap, lang: Lang) -> String {
    let Report { traces, traces_refused, events, events_skipped, facts, faults_total, .. } = report;
    let mut lines = vec![lang.pick(
        format!("办件 {traces}，拒收 {traces_refused}（问题 {faults_total} 处）；事件 {events}，略过 {events_skipped}"),
        format!("traces {traces}, refused {traces_refused} ({faults_total} faults); events {events}, left out {events_skipped}"),
    )];
    let span = report.span.map_or_else(|| "-".to_owned(), |(first, last)| span(first, last, map.zone()));
    lines.push(lang.pick(format!("事实 {facts}，{span}"), format!("facts {facts}, {span}")));
    lines.extend(report.activities.iter().map(|(activity, count)| format!("  {count:>9}  {activity}")));
    for (made, rounding) in map.roundings() {
        let of = made.unwrap_or(lang.pick("日志事件", "events of the log"));
        lines.push(match lang {
            Lang::Zh => format!("金额取整（{of}）：{}", rounding_words(rounding, lang)),
            Lang::En => format!("amounts of {of}: {}", rounding_words(rounding, lang)),
        });
    }
    if report.amounts_rounded > 0 {
        let rounded = report.amounts_rounded;
        lines.push(lang.pick(format!("已取整的金额：{rounded}"), format!("amounts rounded: {rounded}")));
    }
    lines.join("\n") + "\n"
}

/// In the map's zone, where it names one, else in UTC.
fn span(first: Moment, last: Moment, zone: Option<&TimeZone>) -> String {
    match zone {
        Some(zone) => {
            let shown = |moment: Moment| moment.civil(zone).strftime("%Y-%m-%d %H:%M:%S").to_string();
            format!("{} … {} ({})", shown(first), shown(last), zone.iana_name().unwrap_or("UTC"))
        }
        None => format!("{first} … {last}"),
    }
}

fn rounding_words(rounding: Rounding, lang: Lang) -> &'static str {
    match rounding {
        Rounding::Refuse => {
            lang.pick("不取整，超过两位小数即拒收", "never rounded; more than two decimals are refused")
        }
        Rounding::HalfUp => lang.pick("四舍五入到分", "half_up, half a fen goes away from zero"),
        Rounding::HalfEven => lang.pick("四舍六入五成双到分", "half_even, half a fen goes to the even neighbour"),
        Rounding::Down => lang.pick("舍去分以下", "down, digits beyond the fen are cut"),
    }
}
