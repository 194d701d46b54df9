//! Cases as bytes, on their way into a checkpoint and out of it.

use facts::{Moment, StandingLight};

use super::{CaseTable, Packed, Place};
use crate::cached::Form;
use crate::case_state::CaseState;
use crate::checkpoint::SlotSet;
use crate::packed_case::{Head, pack, unpack};

impl CaseTable {
    /// Hands every case of these slots of the checkpoint, live or sealed, to `each`: its slot, what it is and its bytes.
    /// `form` tells of an awake case what it is, or that it is none.
    pub(crate) fn hand_out(
        &self,
        slots: &SlotSet,
        form: impl Fn(&CaseState) -> Option<Form>,
        mut each: impl FnMut(u16, Form, &[u8]),
    ) {
        for (place, slot) in self.places.iter().zip(&self.kept_in).filter(|(_, slot)| slots.holds(**slot)) {
            match place {
                Place::Free => {}
                Place::Packed(packed) => {
                    let own = self.at_own_places(packed);
                    each(*slot, Form::AtRest, own.as_deref().unwrap_or(&packed.bytes));
                }
                Place::Awake(case) => form(case).into_iter().for_each(|form| each(*slot, form, &pack(case))),
            }
        }
        for slot in slots.iter().filter(|_| self.cold.len() > 0) {
            // What a run still holds of a case that is live again is old.
            let sealed =
                self.cold.in_slot(slot).filter(|packed| self.live(crate::packed_case::id_of(packed)).is_none());
            sealed.for_each(|packed| each(slot, Form::Sealed, &packed));
        }
    }

    /// Gives a packed case, which is not known, a slot. It follows no source.
    pub(crate) fn put_packed(&mut self, bytes: &[u8], head: &Head<'_>, judged_under: u32) -> u32 {
        let packed = self.packed(bytes, head, judged_under, None);
        self.occupy(Place::Packed(Packed { bytes: bytes.into(), ..packed }))
    }

    /// Lets the packed case in a slot follow the source at `place`.
    pub(crate) fn follow(&mut self, slot: u32, place: u32) {
        if let Place::Packed(packed) = &mut self.places[slot as usize] {
            packed.source = Some(place);
        }
    }

    /// Gives the facts of a packed case, which is not known, and what was said of it a slot; it was not judged.
    pub(crate) fn put_facts(&mut self, bytes: &[u8]) -> u32 {
        let CaseState { id, history, said, .. } = unpack(bytes, &mut self.texts);
        self.awake_records += history.records().len();
        self.put(CaseState { history, said, ..CaseState::new(&id) })
    }

    /// Seals a packed case, which is not known; `lights` tells which lights stand in it.
    pub(crate) fn put_sealed(
        &mut self,
        id: &str,
        bytes: &[u8],
        lit: bool,
        lights: impl FnOnce(&CaseState, Moment) -> Vec<StandingLight>,
    ) {
        let lights = if lit {
            let case = unpack(bytes, &mut self.texts);
            let through = case.judged_through;
            lights(&case, through)
        } else {
            Vec::new()
        };
        self.seal_packed(id, bytes.into(), lights);
    }
}
