//! A Bloom filter in blocks of one cache line: is this hash possibly in a run?
//!
//! Sixteen bits a case and six bits set give some three false answers in a thousand, each the price of one frame read.

/// Bits for each case.
const BITS_A_CASE: usize = 16;
/// Bits of a block.
const BLOCK: u64 = 512;
/// Bits set for each case, nine bits of the hash each.
const PROBES: u32 = 6;

/// The filter of a run.
pub(super) struct Filter(Vec<[u64; 8]>);

impl Filter {
    /// An empty filter for `cases`.
    pub(super) fn new(cases: usize) -> Filter {
        Filter(vec![[0; 8]; (cases * BITS_A_CASE).div_ceil(512).max(1)])
    }

    /// Bytes of memory.
    pub(super) fn bytes(&self) -> usize {
        size_of_val(self.0.as_slice())
    }

    /// Adds a hash.
    pub(super) fn add(&mut self, hash: u64) {
        let block = self.block(hash);
        for (word, bit) in probes(hash) {
            self.0[block][word] |= bit;
        }
    }

    /// False: it was never added.
    pub(super) fn may_hold(&self, hash: u64) -> bool {
        let block = &self.0[self.block(hash)];
        probes(hash).all(|(word, bit)| block[word] & bit != 0)
    }

    /// Workers share the lower bits of their cases' hashes, so the upper ones choose.
    fn block(&self, hash: u64) -> usize {
        ((u128::from(hash) * self.0.len() as u128) >> 64) as usize
    }
}

/// Places in a block: word, and bit as a mask. Mixed, since the bits that chose the block would repeat themselves.
fn probes(hash: u64) -> impl Iterator<Item = (usize, u64)> {
    let mixed = hash.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29).wrapping_mul(0xd6e8_feb8_6659_fd93);
    (0..PROBES).map(move |probe| {
        let place = (mixed >> (9 * probe)) % BLOCK;
        ((place / 64) as usize, 1 << (place % 64))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case_hash::case_hash;

    #[test]
    fn what_was_added_is_found_and_little_else() {
        const CASES: usize = 20_000;
        let mut filter = Filter::new(CASES);
        let hash = |number: usize| case_hash(&format!("case-{number}"));
        (0..CASES).for_each(|number| filter.add(hash(number)));
        assert!((0..CASES).all(|number| filter.may_hold(hash(number))));
        let wrong = (CASES..2 * CASES).filter(|number| filter.may_hold(hash(*number))).count();
        assert!(wrong < CASES / 100, "{wrong} of {CASES} are held wrongly");
        assert!(filter.bytes() <= 2 * CASES + 64);
    }
}
