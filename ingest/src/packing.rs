//! Plain, gzip or zstd, told apart by the first bytes. Names of files do not matter.

use std::io::{self, BufRead, BufReader, Read};

/// The bytes in `reader`, unpacked when they start as gzip or zstd do. Neither JSON nor XML starts so.
///
/// # Errors
/// When the first bytes cannot be read. Damage further on is an error where it stands.
pub(crate) fn unpacked<'a>(
    mut reader: impl Read + Send + 'a,
    buffer: usize,
) -> io::Result<Box<dyn BufRead + Send + 'a>> {
    let mut first = Vec::with_capacity(4);
    reader.by_ref().take(4).read_to_end(&mut first)?;
    let gzip = first.starts_with(&[0x1f, 0x8b]);
    let zstd = first == [0x28, 0xb5, 0x2f, 0xfd];
    let whole = BufReader::with_capacity(buffer, io::Cursor::new(first).chain(reader));
    Ok(if gzip {
        Box::new(BufReader::with_capacity(buffer, flate2::bufread::MultiGzDecoder::new(whole)))
    } else if zstd {
        Box::new(BufReader::with_capacity(buffer, zstd::stream::read::Decoder::with_buffer(whole)?))
    } else {
        Box::new(whole)
    })
}
