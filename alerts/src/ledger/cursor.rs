//! Where a walk through the standing lights stands.

use std::fmt;
use std::str::FromStr;

/// A place in the list of lights: the last one shown. Its text is opaque to clients.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Cursor {
    /// Rank of lamp and card.
    pub(super) severity: i64,
    /// Legal instant, milliseconds since 1970.
    pub(super) since: i64,
    /// Place in ALERTS of what was last said of it.
    pub(super) sequence: u64,
}

/// A cursor that this program did not give out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no cursor of this list; begin again without one")]
pub struct BadCursor(pub String);

impl fmt::Display for Cursor {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "1_{:x}_{:x}_{:x}", self.severity, self.since, self.sequence)
    }
}

impl FromStr for Cursor {
    type Err = BadCursor;

    fn from_str(text: &str) -> Result<Cursor, BadCursor> {
        let bad = || BadCursor(text.to_owned());
        let mut parts = text.strip_prefix("1_").ok_or_else(bad)?.split('_');
        let mut next = || parts.next().and_then(|part| u64::from_str_radix(part, 16).ok()).ok_or_else(bad);
        let (severity, since, sequence) = (next()?, next()?, next()?);
        let severity = i64::try_from(severity).map_err(|_| bad())?;
        let cursor = Cursor { severity, since: since.cast_signed(), sequence };
        (cursor.to_string() == text && sequence <= i64::MAX as u64).then_some(cursor).ok_or_else(bad)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_and_foreign_text_is_refused() {
        for since in [0, 1_767_000_000_000, -5, i64::MIN] {
            let cursor = Cursor { severity: 15, since, sequence: 42 };
            assert_eq!(cursor.to_string().parse(), Ok(cursor));
        }
        for foreign in ["", "1", "1_f_0", "1_f_0_2a_", "1_F_0_2a", "2_f_0_2a", "1_f_0_ffffffffffffffff", "1_+f_0_2a"] {
            assert_eq!(foreign.parse::<Cursor>(), Err(BadCursor(foreign.into())), "{foreign}");
        }
    }
}
