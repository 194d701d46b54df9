//! Which worker, and which slot of a checkpoint, a case belongs to: XXH3-64 with seed 0 over the bytes
//! of its number. The hash is part of stored checkpoints (semantics 36), so it never changes.

/// The hash of a case number.
#[must_use]
pub fn case_hash(case: &str) -> u64 {
    xxhash_rust::xxh3::xxh3_64(case.as_bytes())
}

/// The worker that holds a case when there are `workers` of them.
///
/// # Panics
/// When `workers` is 0.
#[must_use]
pub fn worker_of(case: &str, workers: usize) -> usize {
    (case_hash(case) % workers as u64) as usize
}
