//! The cases of a worker, each where it costs least: awake, packed in memory, or sealed on disk.
//!
//! ```text
//! awake ──rest: longest awake first──► packed ──seal: closed long ago──► cold store
//!   ▲──────────────── get_mut, slot ─────┘ ◄────────── slot ─────────────────┘
//! ```
//!
//! - A live case (awake or packed) keeps its slot; a sealed one has none, and gets one when somebody names it.
//! - Only a case at rest is packed: nothing waits in it, and what was said of it is what holds.
//! - Where a case is can be told from sizes and times alone: whoever asks for it gets it.
//!
//! - Live cases are found by the slot of the checkpoint that they belong to, for those who keep some slots' cases there.
//!
//! Not here: when a case is at rest, or old enough to be sealed ([`crate::supervise`]).

use std::collections::VecDeque;
use std::path::Path;

use compact_str::CompactString;
use facts::event::Detail;
use facts::{Moment, Record, StandingLight};
use hashbrown::{HashMap, HashTable};
use rustc_hash::FxBuildHasher;

use crate::case_hash::case_hash;
use crate::case_state::CaseState;
use crate::checkpoint::case_slot;
use crate::cold_store::ColdStore;
use crate::outlines::{Outlined, Outlines};
use crate::packed_case::{Head, at_places, head_of, id_of, pack, unpack, unpack_at};
use crate::planted::planted;
use crate::said::Texts;

/// Cases that are asked each time whether they are at rest, beside those that woke.
const REST_TURNS: usize = 512;

/// Configurations are counted from here.
pub(crate) const FIRST_CONFIGURATION: u32 = 1;

mod kept;
mod reach;

pub(crate) use reach::{SealedReach, Step};

/// The state of a case in a slot.
enum Place {
    /// Taken out: the slot waits for another case.
    Free,
    /// As structures.
    Awake(Box<CaseState>),
    /// As bytes.
    Packed(Packed),
}

/// A case at rest.
struct Packed {
    /// What the case says of itself: its next instant, and when it may be sealed.
    wake: Option<Moment>,
    retire: Option<Moment>,
    /// The configuration that gave its judgement, or kept it.
    judged_under: u32,
    /// What a change of configuration is compared with, and the places of its rules under `judged_under`.
    outlined: Outlined,
    /// The source that it follows.
    source: Option<u32>,
    /// It shows a card.
    lit: bool,
    bytes: Box<[u8]>,
}

impl Packed {
    /// As structures.
    fn case(&self, outlines: &Outlines, texts: &mut Texts) -> CaseState {
        let case = unpack_at(&self.bytes, Some(outlines.rules(self.outlined)), texts);
        CaseState { judged_under: self.judged_under, source: self.source, ..case }
    }
}

impl Place {
    fn id(&self) -> &str {
        match self {
            Place::Free => "",
            Place::Awake(case) => &case.id,
            Place::Packed(packed) => id_of(&packed.bytes),
        }
    }

    /// Hands the case to `each`, without waking it; `None` where there is none.
    fn show<R>(&self, outlines: &Outlines, texts: &mut Texts, each: impl FnOnce(&CaseState) -> R) -> Option<R> {
        match self {
            Place::Free => None,
            Place::Awake(case) => Some(each(case)),
            Place::Packed(packed) => Some(each(&packed.case(outlines, texts))),
        }
    }

    /// The case may show a card.
    fn may_be_lit(&self) -> bool {
        match self {
            Place::Free => false,
            Place::Awake(_) => true,
            Place::Packed(packed) => packed.lit,
        }
    }
}

/// All cases of a worker.
pub(crate) struct CaseTable {
    places: Vec<Place>,
    /// The checkpoint's slot of the case at each place.
    kept_in: Vec<u16>,
    free: Vec<u32>,
    by_hash: HashTable<u32>,
    /// Slots of awake cases, longest awake first; one that was packed or sealed meanwhile may still be named.
    awake: VecDeque<u32>,
    /// Awake cases that may stay so.
    awake_max: usize,
    /// Cases that woke since some were packed.
    woken: usize,
    /// Records in awake cases.
    awake_records: usize,
    packed_bytes: usize,
    outlines: Outlines,
    /// A change of configuration has moved rules: packed bytes may name other places than their case has them at.
    moved: bool,
    cold: ColdStore,
    /// The configuration that gave the judgement of every sealed case.
    sealed_under: u32,
    /// How many lights stand in sealed cases.
    sealed_lit: usize,
    /// These lights, by case number.
    cold_lights: HashMap<CompactString, Box<[StandingLight]>, FxBuildHasher>,
    /// How often a sealed case was taken back.
    unsealed: u64,
    texts: Texts,
}

impl CaseTable {
    /// An empty table; sealed cases go to `folder`.
    pub(crate) fn new(awake_max: usize, folder: &Path) -> CaseTable {
        CaseTable {
            places: Vec::new(),
            kept_in: Vec::new(),
            free: Vec::new(),
            by_hash: HashTable::new(),
            awake: VecDeque::new(),
            awake_max,
            woken: 0,
            awake_records: 0,
            packed_bytes: 0,
            outlines: Outlines::default(),
            moved: false,
            cold: ColdStore::new(folder),
            sealed_under: FIRST_CONFIGURATION,
            sealed_lit: 0,
            cold_lights: HashMap::default(),
            unsealed: 0,
            texts: Texts::default(),
        }
    }

    /// The slot of a case: a sealed one is read back, one that is not known is made.
    pub(crate) fn slot(&mut self, id: &str) -> u32 {
        if let Some(slot) = self.live(id) {
            return slot;
        }
        match self.cold.take(id).filter(|_| !planted!(SealedCaseMadeAnew)) {
            Some(packed) => self.put_back(id, &packed),
            None => self.put(CaseState::new(id)),
        }
    }

    /// Gives a case that was sealed a slot.
    fn put_back(&mut self, id: &str, packed: &[u8]) -> u32 {
        self.sealed_lit -= self.cold_lights.remove(id).map_or(0, |lights| lights.len());
        self.unsealed += 1;
        let case = unpack(packed, &mut self.texts);
        self.awake_records += case.history.records().len();
        // Whoever looks at it next finds out again when it may be sealed.
        self.put(CaseState { retire: None, judged_under: self.sealed_under, ..case })
    }

    /// Gives a case that is not live a slot.
    fn put(&mut self, case: CaseState) -> u32 {
        let slot = self.occupy(Place::Awake(Box::new(case)));
        self.awake.push_back(slot);
        self.woken += 1;
        slot
    }

    /// Gives a case a slot.
    fn occupy(&mut self, place: Place) -> u32 {
        let (hash, kept_in) = (table_hash(place.id()), case_slot(place.id()));
        let slot = match self.free.pop() {
            Some(slot) => {
                (self.places[slot as usize], self.kept_in[slot as usize]) = (place, kept_in);
                slot
            }
            None => {
                self.places.push(place);
                self.kept_in.push(kept_in);
                u32::try_from(self.places.len() - 1).expect("a worker holds fewer than 2^32 cases")
            }
        };
        let places = &self.places;
        self.by_hash.insert_unique(hash, slot, |slot| table_hash(places[*slot as usize].id()));
        slot
    }

    /// The slot of a case that is not sealed.
    fn live(&self, id: &str) -> Option<u32> {
        self.by_hash.find(table_hash(id), |slot| self.places[*slot as usize].id() == id).copied()
    }

    /// The case in a slot, awake from now on.
    ///
    /// # Panics
    /// When there is none.
    pub(crate) fn get_mut(&mut self, slot: u32) -> &mut CaseState {
        let place = &mut self.places[slot as usize];
        if let Place::Packed(packed) = place {
            self.packed_bytes -= packed.bytes.len();
            let case = packed.case(&self.outlines, &mut self.texts);
            self.outlines.release(packed.outlined);
            self.awake_records += case.history.records().len();
            *place = Place::Awake(Box::new(case));
            self.awake.push_back(slot);
            self.woken += 1;
        }
        match place {
            Place::Awake(case) => case,
            Place::Packed(_) | Place::Free => unreachable!("whoever holds a slot holds that of a live case"),
        }
    }

    /// The case in a slot, awake from now on, and the long texts that cases share.
    pub(crate) fn get_with_texts(&mut self, slot: u32) -> (&mut CaseState, &mut Texts) {
        self.get_mut(slot);
        match &mut self.places[slot as usize] {
            Place::Awake(case) => (case, &mut self.texts),
            Place::Packed(_) | Place::Free => unreachable!("the case was woken"),
        }
    }

    /// The long texts that cases share.
    pub(crate) fn texts(&mut self) -> &mut Texts {
        &mut self.texts
    }

    /// The source that the case in a slot follows.
    pub(crate) fn source(&self, slot: u32) -> Option<u32> {
        match &self.places[slot as usize] {
            Place::Free => None,
            Place::Awake(case) => case.source,
            Place::Packed(packed) => packed.source,
        }
    }

    /// When the case in a slot wants to be looked at.
    pub(crate) fn wake(&self, slot: u32) -> Option<Moment> {
        match &self.places[slot as usize] {
            Place::Free => None,
            Place::Awake(case) => case.wake,
            Place::Packed(packed) => packed.wake,
        }
    }

    /// When the case in a slot may be sealed.
    pub(crate) fn retire(&self, slot: u32) -> Option<Moment> {
        match &self.places[slot as usize] {
            Place::Free => None,
            Place::Awake(case) => case.retire,
            Place::Packed(packed) => packed.retire,
        }
    }

    /// Hands the case of this number to `each`, wherever it is, without moving it.
    pub(crate) fn look<R>(&self, id: &str, each: impl FnOnce(&CaseState) -> R) -> Option<R> {
        if let Some(slot) = self.live(id) {
            return self.look_at(slot, each);
        }
        let packed = self.cold.read(id)?;
        let case = unpack(&packed, &mut Texts::default());
        Some(each(&CaseState { judged_under: self.sealed_under, ..case }))
    }

    /// Hands the case in a slot to `each`, without waking it.
    pub(crate) fn look_at<R>(&self, slot: u32, each: impl FnOnce(&CaseState) -> R) -> Option<R> {
        self.places[slot as usize].show(&self.outlines, &mut Texts::default(), each)
    }

    /// Hands the cases in these slots to `each`, without moving them.
    pub(crate) fn each_of(&self, slots: impl IntoIterator<Item = u32>, mut each: impl FnMut(&CaseState)) {
        let mut texts = Texts::default();
        for slot in slots {
            self.places[slot as usize].show(&self.outlines, &mut texts, &mut each).unwrap_or_default();
        }
    }

    /// Hands every live case that may show a card to `each`.
    pub(crate) fn each_lit(&self, mut each: impl FnMut(&CaseState)) {
        let mut texts = Texts::default();
        for place in self.places.iter().filter(|place| place.may_be_lit()) {
            place.show(&self.outlines, &mut texts, &mut each).unwrap_or_default();
        }
    }

    /// Slots of the cases that are awake, ascending.
    pub(crate) fn awake(&self) -> Vec<u32> {
        let awake = |slot: &u32| matches!(self.places[*slot as usize], Place::Awake(_));
        let mut slots: Vec<u32> = self.awake.iter().copied().filter(awake).collect();
        slots.sort_unstable();
        slots.dedup();
        slots
    }

    /// Slots of all live cases, ascending.
    pub(crate) fn all(&self) -> Vec<u32> {
        let live = (0..).zip(&self.places).filter(|(_, place)| !matches!(place, Place::Free));
        live.map(|(slot, _)| slot).collect()
    }

    /// The case in a slot, if it is awake.
    pub(crate) fn if_awake(&self, slot: u32) -> Option<&CaseState> {
        match &self.places[slot as usize] {
            Place::Awake(case) => Some(case),
            Place::Packed(_) | Place::Free => None,
        }
    }

    /// So many more records are held in the awake cases.
    pub(crate) fn note_records(&mut self, more: usize) {
        self.awake_records += more;
    }

    /// Packs cases that have been awake longest, until few are left. Those that are not at rest stay and are asked
    /// again later. The work is in proportion to what woke since the last time, however many cannot rest.
    pub(crate) fn rest(&mut self, at_rest: impl Fn(&CaseState) -> bool) {
        let mut turns = 2 * std::mem::take(&mut self.woken) + REST_TURNS;
        while self.awake.len() > self.awake_max && turns > 0 {
            turns -= 1;
            let Some(slot) = self.awake.pop_front() else { return };
            match self.if_awake(slot).map(&at_rest) {
                Some(true) => self.pack(slot),
                Some(false) => self.awake.push_back(slot),
                None => {}
            }
        }
    }

    /// Packs the case in a slot, which is at rest.
    pub(crate) fn pack(&mut self, slot: u32) {
        let place = &mut self.places[slot as usize];
        let Place::Awake(case) = place else { return };
        let CaseState { judged_under, source, .. } = **case;
        let (records, bytes) = (case.history.records().len(), pack(case));
        let (_, head) = head_of(&bytes);
        let packed = self.packed(&bytes, &head, judged_under, source);
        drop(head);
        self.awake_records -= records;
        self.places[slot as usize] = Place::Packed(Packed { bytes, ..packed });
    }

    /// A case of these bytes, which are still to be given to it, with this head.
    fn packed(&mut self, bytes: &[u8], head: &Head<'_>, judged_under: u32, source: Option<u32>) -> Packed {
        self.packed_bytes += bytes.len();
        let outlined = self.outlines.hold(head.outline(), head.rules().collect());
        let Head { wake, retire, lit, .. } = *head;
        Packed { wake, retire, judged_under, outlined, source, lit, bytes: Box::default() }
    }

    /// Seals the case in a slot, which is at rest and shows these lights; its slot goes to another one.
    pub(crate) fn seal(&mut self, slot: u32, lights: Vec<StandingLight>) {
        let place = std::mem::replace(&mut self.places[slot as usize], Place::Free);
        let (id, bytes): (CompactString, _) = match place {
            Place::Free => return,
            Place::Awake(case) => {
                self.awake_records -= case.history.records().len();
                (case.id.clone(), pack(&case))
            }
            Place::Packed(packed) => {
                self.packed_bytes -= packed.bytes.len();
                let own = self.at_own_places(&packed);
                self.outlines.release(packed.outlined);
                (id_of(&packed.bytes).into(), own.unwrap_or(packed.bytes))
            }
        };
        if let Ok(entry) = self.by_hash.find_entry(table_hash(&id), |held| *held == slot) {
            entry.remove();
        }
        self.free.push(slot);
        self.seal_packed(&id, bytes, lights);
    }

    /// Seals a case that is neither live nor sealed.
    fn seal_packed(&mut self, id: &str, bytes: Box<[u8]>, lights: Vec<StandingLight>) {
        if !lights.is_empty() {
            self.sealed_lit += lights.len();
            self.cold_lights.insert(id.into(), lights.into_boxed_slice());
        }
        self.cold.seal(id, bytes);
    }

    /// The bytes of a case that name its rules by the places where it has them; `None` where its own do.
    fn at_own_places(&self, packed: &Packed) -> Option<Box<[u8]>> {
        self.moved.then(|| at_places(&packed.bytes, self.outlines.rules(packed.outlined)))?
    }

    /// Every sealed case was judged by this configuration.
    pub(crate) fn note_sealed_under(&mut self, generation: u32) {
        self.sealed_under = generation;
    }

    /// The configuration that gave the judgement of every sealed case.
    pub(crate) fn sealed_under(&self) -> u32 {
        self.sealed_under
    }

    /// Hands out all sealed cases: none is sealed any more, and each that is not live must be given to
    /// [`CaseTable::unsealed`] or [`CaseTable::keep_sealed`]. Those that are live come as they were once, too.
    pub(crate) fn unseal_all(&mut self) -> impl Iterator<Item = Box<[u8]>> + use<> {
        self.cold.emptied().into_cases()
    }

    /// Is the packed case, which was handed out as a sealed one, live? Then its bytes are old.
    pub(crate) fn is_live(&self, packed: &[u8]) -> bool {
        self.live(id_of(packed)).is_some()
    }

    /// The slot of a case that [`CaseTable::unseal_all`] handed out and that is not live.
    pub(crate) fn unsealed(&mut self, packed: &[u8]) -> u32 {
        self.put_back(id_of(packed), packed)
    }

    /// How often a sealed case was taken back.
    pub(crate) fn taken_back(&self) -> u64 {
        self.unsealed
    }

    /// The lights that stand in sealed cases, by case number, in no order.
    pub(crate) fn sealed_lights(&self) -> impl Iterator<Item = (&CompactString, &[StandingLight])> {
        self.cold_lights.iter().map(|(id, lights)| (id, &**lights))
    }

    /// Live cases.
    pub(crate) fn len(&self) -> usize {
        self.by_hash.len()
    }

    /// Sealed cases.
    pub(crate) fn sealed(&self) -> usize {
        self.cold.len()
    }

    /// Bytes that live cases take: exact for packed ones; of those that are awake without findings and texts longer than
    /// 24 bytes.
    pub(crate) fn bytes(&self) -> usize {
        let fixed = self.places.len() * (size_of::<Place>() + size_of::<u32>() + size_of::<u16>());
        let awake = self.awake.len() * size_of::<CaseState>();
        fixed
            + self.packed_bytes
            + self.outlines.bytes()
            + awake
            + self.awake_records * (size_of::<Record>() + size_of::<Detail>())
    }

    /// Bytes of memory that sealed cases take, without what stands of them.
    pub(crate) fn sealed_bytes(&self) -> usize {
        let lights = self.sealed_lit;
        self.cold.bytes() + lights * (size_of::<StandingLight>() + size_of::<CompactString>())
    }
}

/// The upper half first: all cases of a worker agree in the lower bits that chose the worker.
fn table_hash(id: &str) -> u64 {
    case_hash(id).rotate_left(32)
}
