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

#[cfg(test)]
mod tests {
    use super::*;

    /// Taken from the reference implementation: every branch of the algorithm by length.
    #[test]
    fn the_hash_of_a_case_never_changes() {
        let long = ["x".repeat(129), "x".repeat(241)];
        let golden: [(&str, u64); 20] = [
            ("", 0x2d06800538d394c2),
            ("-", 0xde2fb8d1c1a20f76),
            ("C", 0x616e98f5aa1c80c0),
            ("A1", 0xaf62adb79d3769fd),
            ("360902-2026-000001", 0xea3776d41640a665),
            ("360902-2026-000002", 0xd71c97becc420638),
            ("360902202601050001", 0xe12cefec0bd4e235),
            ("3609000000002026010512345678", 0x95a69a3a95571d0a),
            ("2d06800538d394c2", 0xa3ec9b03f71aeb91),
            ("办件-2026-001", 0x4236ba05049b0ae8),
            ("宜春市行政审批局202601050001", 0x2ac514a3caf900c5),
            ("360981-JS-0001/2", 0xa2996d81f4e94e22),
            ("YC2010-08-17-0042", 0x71dd217afe7581c9),
            ("0123456789abcdef", 0x64439946d8fa212d),
            ("0123456789abcdef0", 0xc92e2385daf36034),
            ("case-0", 0x53b16af4abb9698f),
            ("case-1", 0xdd6a44ab0ff65607),
            ("case-2", 0x43518fef36dec945),
            (&long[0], 0xe4f9742108fe27dc),
            (&long[1], 0x14da9e5c301a6a1d),
        ];
        for (case, hash) in golden {
            assert_eq!(case_hash(case), hash, "{case}");
        }
    }
}
