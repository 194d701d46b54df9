//! A frame: a piece of a file that proves itself.
//!
//! ```text
//! [length u32][crc32 u32][version u8][zstd]      little endian; length = 1 + bytes of zstd; crc32 over version and zstd
//! ```
//!
//! The length comes before its proof: a reader bounds it by what is left of the file.

use std::ops::Range;

/// The format written, and the only one read.
pub(crate) const VERSION: u8 = 1;
/// Bytes before the packed content.
pub(crate) const HEADER: usize = 9;
/// Light compression: the greatest gain for the least time.
const LEVEL: i32 = 1;

/// Why bytes are no frame.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum FrameFault {
    /// It ends before its length.
    #[error("the frame is cut off: {left} bytes are left, {needed} are needed")]
    Torn {
        /// Bytes there.
        left: usize,
        /// Bytes needed.
        needed: usize,
    },
    /// Its bytes are not those that were written.
    #[error("the check sum does not fit: a byte was changed after it was written")]
    Changed,
    /// Another program wrote it.
    #[error("the format is version {0}, this program reads version {VERSION}: use the program that wrote it")]
    Version(u8),
    /// The check sum fits, the content does not.
    #[error("the content cannot be read: {0}")]
    Content(String),
}

/// `content` as a frame.
///
/// # Panics
/// For a content of 4 GiB and more, which nobody writes.
pub(crate) fn pack(content: &[u8]) -> Vec<u8> {
    let packed = zstd::bulk::compress(content, LEVEL).expect("packing in memory fails only for want of memory");
    let length = u32::try_from(packed.len() + 1).expect("writers keep contents far below 4 GiB");
    let mut frame = Vec::with_capacity(packed.len() + HEADER);
    frame.extend_from_slice(&length.to_le_bytes());
    frame.extend_from_slice(&[0; 4]);
    frame.push(VERSION);
    frame.extend_from_slice(&packed);
    let sum = crc32fast::hash(&frame[8..]);
    frame[4..8].copy_from_slice(&sum.to_le_bytes());
    frame
}

/// That a whole and sound frame begins `bytes`, without unpacking it: its packed content, and its length.
///
/// # Errors
/// When there is none.
pub(crate) fn prove(bytes: &[u8]) -> Result<(&[u8], usize), FrameFault> {
    let Some((length, sum)) = header(bytes) else {
        return Err(FrameFault::Torn { left: bytes.len(), needed: HEADER });
    };
    let end = 8_usize.saturating_add(length as usize);
    let body = bytes.get(Range { start: 8, end }).ok_or(FrameFault::Torn { left: bytes.len(), needed: end })?;
    let Some((version, packed)) = body.split_first() else { return Err(FrameFault::Changed) };
    if crc32fast::hash(body) != sum {
        return Err(FrameFault::Changed);
    }
    if *version != VERSION {
        return Err(FrameFault::Version(*version));
    }
    Ok((packed, end))
}

/// The content of the frame at the beginning of `bytes`, at most `content_max` bytes, and the frame's length.
///
/// # Errors
/// When there is no whole and sound frame.
pub fn unpack(bytes: &[u8], content_max: usize) -> Result<(Vec<u8>, usize), FrameFault> {
    let (packed, end) = prove(bytes)?;
    let content =
        zstd::bulk::decompress(packed, content_max).map_err(|error| FrameFault::Content(error.to_string()))?;
    Ok((content, end))
}

/// Length and check sum.
fn header(bytes: &[u8]) -> Option<(u32, u32)> {
    let word = |range| Some(u32::from_le_bytes(bytes.get::<Range<usize>>(range)?.try_into().ok()?));
    Some((word(0..4)?, word(4..8)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_gives_back_its_content_and_its_length() {
        for content in [&b""[..], b"x", &[7; 100_000]] {
            let mut bytes = pack(content);
            let length = bytes.len();
            bytes.extend_from_slice(b"what follows");
            assert_eq!(unpack(&bytes, 100_000), Ok((content.to_vec(), length)));
        }
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_noticed() {
        let frame = pack(b"a fact");
        for bit in 0..frame.len() * 8 {
            let mut changed = frame.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(unpack(&changed, 1_000).is_err(), "bit {bit}");
        }
        for length in 0..frame.len() {
            assert!(matches!(unpack(&frame[..length], 1_000), Err(FrameFault::Torn { .. })), "{length} bytes");
        }
    }

    #[test]
    fn a_content_larger_than_allowed_is_refused() {
        let frame = pack(&[0; 10_000]);
        assert!(matches!(unpack(&frame, 9_999), Err(FrameFault::Content(_))));
    }

    #[test]
    fn another_version_is_told_apart_from_damage() {
        let mut frame = pack(b"a fact");
        frame[8] = 2;
        let sum = crc32fast::hash(&frame[8..]);
        frame[4..8].copy_from_slice(&sum.to_le_bytes());
        assert_eq!(unpack(&frame, 1_000), Err(FrameFault::Version(2)));
    }
}
