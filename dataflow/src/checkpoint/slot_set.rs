//! A set of case slots; in a manifest 256 hexadecimal digits, slot 0 being the least bit of the first byte.

use facts::digest::hex;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::case_slot::SLOTS;

const BYTES: usize = SLOTS as usize / 8;

/// A set of slots.
#[derive(Clone, PartialEq, Eq)]
pub struct SlotSet([u8; BYTES]);

impl Default for SlotSet {
    fn default() -> SlotSet {
        SlotSet::EMPTY
    }
}

impl SlotSet {
    /// No slot.
    pub(crate) const EMPTY: SlotSet = SlotSet([0; BYTES]);

    /// Adds a slot.
    pub(crate) fn add(&mut self, slot: u16) {
        self.0[usize::from(slot / 8)] |= 1 << (slot % 8);
    }

    /// Takes out what `other` holds.
    pub(crate) fn remove_all(&mut self, other: &SlotSet) {
        self.0.iter_mut().zip(other.0).for_each(|(byte, other)| *byte &= !other);
    }

    /// Is the slot in it?
    pub(crate) fn holds(&self, slot: u16) -> bool {
        self.0[usize::from(slot / 8)] & 1 << (slot % 8) != 0
    }

    /// Is no slot in it?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == SlotSet::EMPTY
    }

    /// How many slots are in it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.iter().map(|byte| byte.count_ones() as usize).sum()
    }

    /// Its slots, ascending.
    pub(crate) fn iter(&self) -> impl Iterator<Item = u16> {
        (0..SLOTS).filter(|slot| self.holds(*slot))
    }
}

impl FromIterator<u16> for SlotSet {
    fn from_iter<I: IntoIterator<Item = u16>>(slots: I) -> SlotSet {
        let mut set = SlotSet::EMPTY;
        slots.into_iter().for_each(|slot| set.add(slot));
        set
    }
}

impl std::fmt::Debug for SlotSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl Serialize for SlotSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex(&self.0))
    }
}

impl<'de> Deserialize<'de> for SlotSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<SlotSet, D::Error> {
        let text = String::deserialize(deserializer)?;
        let wrong = || serde::de::Error::custom(format!("a set of slots is {} hexadecimal digits", 2 * BYTES));
        let digits: Option<Vec<u8>> =
            text.chars().map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
        let digits = digits.filter(|digits| digits.len() == 2 * BYTES).ok_or_else(wrong)?;
        let mut set = SlotSet::EMPTY;
        set.0.iter_mut().zip(digits.chunks(2)).for_each(|(byte, pair)| *byte = pair[0] << 4 | pair[1]);
        Ok(set)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_reads_as_it_was_written_and_holds_what_was_added() {
        let slots = [0, 7, 8, 300, SLOTS - 1];
        let mut set: SlotSet = slots.into_iter().collect();
        let text = serde_json::to_string(&set).expect("a text");
        assert!(text.starts_with(r#""8101"#), "slot 0 is the least bit of the first byte: {text}");
        assert_eq!(serde_json::from_str::<SlotSet>(&text).expect("as it was written"), set);
        assert_eq!((set.iter().collect::<Vec<u16>>(), set.len()), (slots.to_vec(), 5));
        set.remove_all(&[0, 1, 300].into_iter().collect());
        assert_eq!(set.iter().collect::<Vec<u16>>(), [7, 8, SLOTS - 1]);
        for bad in [r#""00""#, r#""xy""#, "3"] {
            assert!(serde_json::from_str::<SlotSet>(bad).is_err(), "{bad}");
        }
    }
}
