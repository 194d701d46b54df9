//! Cases of a worker as a checkpoint keeps them beside the facts: a cache, from which a start goes on without judging.
//!
//! ```text
//! record*     [form u8, and 0x80 where the case is in groups][length u32][packed case]
//! ```
//!
//! A record holds a case as it was when the clock had passed one closed instant, with all facts that had entered by then. It is
//! read only by the program that wrote it, under the configuration that judged it: [`JudgedBy`] names both.

use std::collections::BTreeMap;

use facts::Moment;
use serde::{Deserialize, Serialize};

use crate::case_hash::worker_of;
use crate::packed_case::id_of;

/// A slot's records are divided into pieces of about this many bytes.
const PIECE: usize = 256 * 1024;
/// Form and length.
const HEADER: usize = 5;
/// Beside the form: the case is in groups.
const IN_GROUPS: u8 = 0x80;

/// Who judged: what must be equal for a judgement to be taken for one's own.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JudgedBy {
    /// Hash of the configuration.
    pub configuration: String,
    /// The program, and what else of its settings a packed case depends on.
    pub engine: String,
    /// The form of a packed case.
    pub format: u32,
}

/// What a case was.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Form {
    /// Everything was said of it, and nothing waited.
    AtRest,
    /// Something waited in it: of what is packed only the facts and what was said count.
    Restless,
    /// It had left memory.
    Sealed,
}

impl Form {
    fn of(byte: u8) -> Option<Form> {
        [Form::AtRest, Form::Restless, Form::Sealed].into_iter().find(|form| *form as u8 == byte)
    }
}

/// A case on its way.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) struct Kept<'a> {
    /// What it was.
    pub(crate) form: Form,
    /// It brings something into groups, which do not travel: whoever takes it in has it bring that again.
    pub(crate) in_groups: bool,
    /// As bytes.
    pub(crate) packed: &'a [u8],
}

/// Records of one slot, one after the other.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Piece {
    /// How many.
    pub(crate) cases: u32,
    pub(crate) bytes: Vec<u8>,
}

/// Cases of some slots at one closed instant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HandedOut {
    /// The instant: every fact that entered by then is in its case.
    pub through: Moment,
    /// Who judged them.
    pub judged_by: JudgedBy,
    /// The records of each slot that has a case.
    pub(crate) slots: BTreeMap<u16, Vec<Piece>>,
}

impl HandedOut {
    /// Adds a case.
    pub(crate) fn add(&mut self, slot: u16, kept: Kept<'_>) {
        let pieces = self.slots.entry(slot).or_default();
        if pieces.last().is_none_or(|piece| piece.bytes.len() >= PIECE) {
            pieces.push(Piece::default());
        }
        let piece = pieces.last_mut().expect("one was pushed where there was none");
        piece.cases += 1;
        write(kept, &mut piece.bytes);
    }

    /// What all workers handed out; `None` where they do not tell of one instant and one configuration.
    pub(crate) fn join(parts: Vec<HandedOut>) -> Option<HandedOut> {
        let mut parts = parts.into_iter();
        let mut all = parts.next()?;
        for part in parts {
            if (part.through, &part.judged_by) != (all.through, &all.judged_by) {
                return None;
            }
            for (slot, mut pieces) in part.slots {
                all.slots.entry(slot).or_default().append(&mut pieces);
            }
        }
        Some(all)
    }
}

/// Appends a record.
fn write(kept: Kept<'_>, bytes: &mut Vec<u8>) {
    let Kept { form, in_groups, packed } = kept;
    let length = u32::try_from(packed.len()).expect("a case is far below 4 GiB");
    bytes.push(form as u8 | if in_groups { IN_GROUPS } else { 0 });
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(packed);
}

/// The records in `bytes`; `None` for what is none, which is the last.
pub(crate) fn records(bytes: &[u8]) -> impl Iterator<Item = Option<Kept<'_>>> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let record = rest.split_at_checked(HEADER).and_then(|(header, after)| {
            let length = u32::from_le_bytes(header[1..].try_into().expect("4 bytes are left"));
            let (packed, after) = after.split_at_checked(length as usize)?;
            let (form, in_groups) = (Form::of(header[0] & !IN_GROUPS)?, header[0] & IN_GROUPS != 0);
            Some((Kept { form, in_groups, packed }, after))
        });
        rest = record.map_or(&[], |(_, after)| after);
        Some(record.map(|(kept, _)| kept))
    })
}

/// Divides records among workers, and counts them; `None` when `bytes` are not made of records.
pub(crate) fn shares(bytes: &[u8], workers: usize) -> Option<(Vec<Vec<u8>>, u32)> {
    let mut shares = vec![Vec::new(); workers];
    let mut cases = 0;
    for record in records(bytes) {
        let kept = record?;
        write(kept, &mut shares[worker_of(id_of(kept.packed), workers)]);
        cases += 1;
    }
    Some((shares, cases))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(id: &str) -> Vec<u8> {
        [postcard::to_stdvec(id).expect("a text"), vec![7; 20]].concat()
    }

    #[test]
    fn records_are_read_as_written_and_each_goes_to_the_worker_of_its_case() {
        let mut bytes = Vec::new();
        let cases: Vec<Vec<u8>> = (0..20).map(|number| packed(&format!("case-{number}"))).collect();
        let forms = [Form::AtRest, Form::Restless, Form::Sealed];
        for (number, (packed, form)) in cases.iter().zip(forms.into_iter().cycle()).enumerate() {
            write(Kept { form, in_groups: number % 2 == 1, packed }, &mut bytes);
        }
        let (shares, count) = shares(&bytes, 3).expect("as written");
        assert_eq!(count, 20);
        let mut found = 0;
        for (worker, share) in shares.iter().enumerate() {
            for Kept { form, in_groups, packed } in records(share).map(|record| record.expect("as written")) {
                assert_eq!(worker_of(id_of(packed), 3), worker);
                let number = cases.iter().position(|case| case == packed).expect("one of them");
                assert_eq!((form, in_groups), (forms[number % 3], number % 2 == 1));
                found += 1;
            }
        }
        assert_eq!(found, 20);
    }

    #[test]
    fn what_is_cut_off_or_of_no_known_form_is_no_record() {
        let mut bytes = Vec::new();
        write(Kept { form: Form::AtRest, in_groups: false, packed: &packed("C") }, &mut bytes);
        assert!(shares(&bytes[..bytes.len() - 1], 1).is_none());
        assert!(shares(&bytes[..3], 1).is_none());
        bytes[0] = 3;
        assert!(shares(&bytes, 1).is_none());
    }
}
