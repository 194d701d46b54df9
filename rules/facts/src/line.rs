//! The line form of a fact: one JSON object, its names read and written in this file only.
//!
//! Reading judges by the bytes and the fixed schema alone (semantics 4 and 5): no setting and no
//! clock makes a line good or bad. The fast path is one typed decode on borrowed text; only a line
//! that fails it is read again, field by field, to say which field is wrong and why.

use compact_str::CompactString;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};

use crate::activity::Activity;
use crate::address::{Address, Department, Level};
use crate::event::{Detail, Event, Fee, FeeAct, Op, Scalar, SpanUnit, Special};
use crate::event_time::EventTime;
use crate::moment::Moment;
use crate::money::Fen;

mod fault;
mod horizon;
mod wire;
mod write;

pub use fault::{LineFault, Reason};
pub use horizon::{HORIZON_DAYS, beyond_horizon};
pub use write::write;

/// The longest line that is read, in bytes.
pub const LINE_BYTES_MAX: usize = 256 * 1024;
/// The deepest nesting of objects and lists that is read.
pub const NESTING_MAX: usize = 16;

/// A line that was read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    /// The fact.
    pub event: Event,
    /// Top-level fields outside the schema: counted, never stored.
    pub unknown_fields: u32,
}

/// Reads one line.
///
/// `subject` is the address the line arrived on. It is the authority: a line whose own address
/// disagrees is refused. In a file (`None`) the line's address is all there is. `arrived` is read as it
/// stands; whoever knows a server's timestamp puts that in its place.
///
/// # Errors
/// The reason, the field and the detail that quarantine reports.
#[inline(never)] // Instructions are counted for it: tools/count_instructions.py.
pub fn read(line: &[u8], subject: Option<&Address>) -> Result<Line, LineFault> {
    if line.len() > LINE_BYTES_MAX {
        return Err(LineFault::new(Reason::LineTooLong, "", format!("{} bytes; at most {LINE_BYTES_MAX}", line.len())));
    }
    let text = std::str::from_utf8(line)
        .map_err(|error| LineFault::new(Reason::NotUtf8, "", format!("first bad byte at {}", error.valid_up_to())))?;
    if nests_too_deep(line) {
        return Err(LineFault::new(Reason::NestingTooDeep, "", format!("more than {NESTING_MAX} levels")));
    }
    match serde_json::from_str::<wire::WireEvent<'_>>(text) {
        Ok(wire) => event_of(wire, subject),
        Err(error) => Err(fault::diagnose(text, &error)),
    }
}

/// True when brackets outside strings nest deeper than [`NESTING_MAX`].
fn nests_too_deep(line: &[u8]) -> bool {
    if memchr::memchr2_iter(b'{', b'[', line).nth(NESTING_MAX).is_none() {
        return false;
    }
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in line {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' | b'[' => {
                depth += 1;
                if depth > NESTING_MAX {
                    return true;
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

/// Trims and normalises what identifies a record (semantics 2).
#[must_use]
pub fn identity(text: &str) -> CompactString {
    let text = text.trim();
    if text.is_ascii() || is_nfkc_quick(text.chars()) == IsNormalized::Yes {
        return text.into();
    }
    text.nfkc().collect::<String>().trim().into()
}

fn event_of(wire: wire::WireEvent<'_>, subject: Option<&Address>) -> Result<Line, LineFault> {
    let op = match wire.op.as_deref() {
        None | Some("put") => Op::Put,
        Some("delete") => Op::Delete,
        Some(other) => return Err(LineFault::mistyped("op", format!("\"{other}\" is neither put nor delete"))),
    };
    let activity = wire.activity.as_deref().map(str::trim).filter(|name| !name.is_empty());
    let progress = activity == Some("progress");
    let required = |field, value: &Option<wire::Text<'_>>| match value.as_deref().map(identity) {
        Some(text) if !text.is_empty() => Ok(text),
        _ => Err(LineFault::missing(field)),
    };
    let id = if progress { CompactString::default() } else { required("id", &wire.id)? };
    let case = if progress { CompactString::default() } else { required("case", &wire.case)? };
    let source = required("source", &wire.source)?;
    let address = address_of(&wire, subject)?;
    let activity = match (activity, op) {
        (Some(name), _) => Activity::from_name(name),
        (None, Op::Delete) => Activity::Other(CompactString::default()),
        (None, Op::Put) => return Err(LineFault::missing("activity")),
    };
    let at = match (&wire.at, op) {
        (Some(at), _) => event_time(at, "at")?,
        (None, Op::Delete) => EventTime::Instant(Moment::from_millis(0)),
        (None, Op::Put) => return Err(LineFault::missing("at")),
    };
    let version = match (wire.version, op) {
        (Some(0), _) => return Err(LineFault::mistyped("version", "is 0; versions start at 1".into())),
        (Some(Event::FINAL), _) => {
            return Err(LineFault::mistyped("version", format!("is {}; at most {}", Event::FINAL, Event::FINAL - 1)));
        }
        (Some(version), _) => version,
        (None, Op::Put) => 1,
        (None, Op::Delete) => Event::FINAL,
    };
    let arrived = match wire.arrived.as_ref().map(|at| event_time(at, "arrived")).transpose()? {
        Some(EventTime::Instant(moment)) => Some(moment),
        Some(EventTime::Day(_)) => {
            return Err(LineFault::mistyped("arrived", "is a day; it must be an instant".into()));
        }
        None => None,
    };
    let (seq, unknown_fields) = (wire.seq, wire.unknown.0);
    let detail = detail_of(wire)?;
    let detail = (detail != Detail::default()).then(|| Box::new(detail));
    let event = Event { id, version, seq, op, source, case, activity, at, arrived, address, detail };
    Ok(Line { event, unknown_fields })
}

/// The address: the subject's, which the line's own fields may repeat but not contradict.
fn address_of(wire: &wire::WireEvent<'_>, subject: Option<&Address>) -> Result<Address, LineFault> {
    fn given<'a>(value: &'a Option<wire::Text<'_>>) -> Option<&'a str> {
        value.as_deref().map(str::trim).filter(|text| !text.is_empty())
    }
    let level = match given(&wire.level) {
        Some(text) => Some(Level::from_token(text).ok_or_else(|| {
            LineFault::mistyped("level", format!("\"{text}\" is none of province, city, county, township"))
        })?),
        None => None,
    };
    let region = match given(&wire.region) {
        Some(text) => Some(
            text.parse().map_err(|bad: crate::address::BadRegion| LineFault::mistyped("region", bad.to_string()))?,
        ),
        None => None,
    };
    let dept = match given(&wire.dept) {
        Some(text) => Some(
            Department::new(text)
                .ok_or_else(|| LineFault::mistyped("dept", format!("\"{text}\" cannot be a subject token")))?,
        ),
        None => None,
    };
    let level = level.ok_or_else(|| LineFault::missing("level"))?;
    let region = region.ok_or_else(|| LineFault::missing("region"))?;
    let dept = dept.ok_or_else(|| LineFault::missing("dept"))?;
    let own = Address { level, region, dept };
    match subject {
        Some(subject) if own != *subject => Err(LineFault::disagrees(&own, subject)),
        _ => Ok(own),
    }
}

fn event_time(at: &wire::WireTime<'_>, field: &'static str) -> Result<EventTime, LineFault> {
    let time = match at {
        wire::WireTime::Millis(millis) => EventTime::Instant(Moment::from_millis(*millis)),
        wire::WireTime::Text(text) => EventTime::parse(text.trim()).ok_or_else(|| {
            LineFault::mistyped(field, format!("\"{text}\" is neither RFC 3339 with an offset nor a civil date"))
        })?,
    };
    // 1990-01-01 and 2100-01-01, both in UTC: far wider than any case, narrower than any overflow.
    let (first, end) = (Moment::from_millis(631_152_000_000), Moment::from_millis(4_102_444_800_000));
    if (first..end).contains(&time.moment(&jiff::tz::TimeZone::UTC)) {
        Ok(time)
    } else {
        let seconds = matches!(at, wire::WireTime::Millis(number) if (first.millis() / 1_000..end.millis() / 1_000).contains(number));
        let meant = if seconds { "; a number counts milliseconds, this one looks like seconds" } else { "" };
        let detail = format!("{time} is outside 1990-01-01 to 2100-01-01{meant}");
        Err(LineFault::new(Reason::TimeOutOfRange, field, detail))
    }
}

fn amount(raw: Option<wire::Amount<'_>>, field: &'static str) -> Result<Option<Fen>, LineFault> {
    let Some(raw) = raw else { return Ok(None) };
    let text = raw.text();
    Fen::parse(text).map(Some).map_err(|bad| LineFault::new(Reason::BadAmount, field, format!("\"{text}\" {bad}")))
}

fn owned(value: Option<wire::Text<'_>>) -> Option<CompactString> {
    value.map(|text| CompactString::from(text.trim())).filter(|text| !text.is_empty())
}

fn detail_of(wire: wire::WireEvent<'_>) -> Result<Detail, LineFault> {
    let list =
        |values: Option<Vec<wire::Text<'_>>>| values.map(|list| list.iter().map(|text| text.trim().into()).collect());
    let reported_limit = wire.reported_limit.map(|limit| (limit.number, limit.unit.unwrap_or_default().0));
    let promise_date = wire.promise_date.as_ref().map(|at| event_time(at, "promise_date")).transpose()?;
    Ok(Detail {
        item: owned(wire.item),
        item_version: owned(wire.item_version),
        case_type: owned(wire.case_type),
        linked_case: wire.linked_case.as_deref().map(identity).filter(|text| !text.is_empty()),
        stage: owned(wire.stage),
        officer: owned(wire.officer),
        position: owned(wire.position),
        outcome: owned(wire.outcome),
        reason: owned(wire.reason),
        materials: list(wire.materials),
        materials_missing: list(wire.materials_missing),
        reported_limit,
        promise_date,
        fee: wire.fee.map(fee_of).transpose()?.map(Box::new),
        special: wire.special.map(special_of).transpose()?.map(Box::new),
        attrs: wire.attrs.map(wire::Attrs::into_sorted).unwrap_or_default(),
    })
}

fn fee_of(wire: wire::WireFee<'_>) -> Result<Fee, LineFault> {
    let act = wire.act.as_deref().ok_or_else(|| LineFault::missing("fee.act"))?;
    let act = FeeAct::from_name(act.trim())
        .ok_or_else(|| LineFault::mistyped("fee.act", format!("\"{act}\" is no act of a fee's life")))?;
    let quantity = wire.quantity.map(|quantity| CompactString::from(quantity.text().trim()));
    if let Some(quantity) = quantity.as_deref().filter(|text| !is_plain_decimal(text)) {
        return Err(LineFault::mistyped("fee.quantity", format!("\"{quantity}\" is not a decimal number from 0")));
    }
    Ok(Fee {
        act,
        code: owned(wire.code),
        amount: amount(wire.amount, "fee.amount")?,
        quantity,
        period: owned(wire.period),
        class: owned(wire.class),
        receipt: owned(wire.receipt),
        payee: owned(wire.payee),
        approver: owned(wire.approver),
    })
}

/// Digits with at most one point and at most 12 + 6 places: what exact arithmetic can hold.
fn is_plain_decimal(text: &str) -> bool {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str, most: usize| part.len() <= most && part.bytes().all(|byte| byte.is_ascii_digit());
    !whole.is_empty() && digits(whole, 12) && digits(fraction, 6)
}

fn special_of(wire: wire::WireSpecial<'_>) -> Result<Special, LineFault> {
    Ok(Special {
        kind: owned(wire.kind),
        no: wire.no.as_deref().map(identity).filter(|text| !text.is_empty()),
        ground: owned(wire.ground),
        granted: wire.granted,
        unit: wire.unit.map_or(SpanUnit::WorkingDays, |unit| unit.0),
        approver: owned(wire.approver),
        fee: amount(wire.fee, "special.fee")?,
    })
}

/// The canonical text of a scalar, for messages and comparison.
#[must_use]
pub fn scalar_text(scalar: &Scalar) -> &str {
    match scalar {
        Scalar::Text(text) | Scalar::Number(text) => text,
        Scalar::Flag(true) => "true",
        Scalar::Flag(false) => "false",
    }
}

#[cfg(test)]
mod tests;
