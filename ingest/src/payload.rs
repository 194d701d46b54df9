//! A message's payload as lines, without copying (semantics 6).
//!
//! Split at `\n` before decoding, so that a line with broken bytes spoils no other line. One `\r` before
//! the `\n` and a byte order mark before the first line are dropped; empty lines are skipped but counted,
//! so that a line's number is the one an editor shows.

use serde::de::IgnoredAny;

/// The UTF-8 byte order mark.
pub const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The lines of `payload` that are not empty, each with its number from 1.
pub fn lines(payload: &[u8]) -> impl Iterator<Item = (u32, &[u8])> {
    let mut rest = Some(without_mark(payload));
    let mut number = 0_u32;
    std::iter::from_fn(move || {
        let text = rest?;
        let (line, after) = match memchr::memchr(b'\n', text) {
            Some(end) => (&text[..end], Some(&text[end + 1..])),
            None => (text, None),
        };
        rest = after;
        number = number.saturating_add(1);
        Some((number, without_return(line)))
    })
    .filter(|(_, line)| !line.is_empty())
}

/// The payload as one JSON object spread over several lines, or `None` when it is none.
///
/// Only worth asking when no line alone is an object.
#[must_use]
pub fn whole_object(payload: &[u8]) -> Option<&[u8]> {
    let text = without_mark(payload).trim_ascii();
    let spread = memchr::memchr(b'\n', text).is_some();
    (spread && is_object(text)).then_some(text)
}

/// Is this text one JSON object, whatever its fields?
#[must_use]
pub fn is_object(text: &[u8]) -> bool {
    text.trim_ascii_start().first() == Some(&b'{') && serde_json::from_slice::<IgnoredAny>(text).is_ok()
}

/// `text` without a byte order mark at its start.
#[must_use]
pub fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text)
}

/// `line` without one carriage return at its end.
#[must_use]
pub fn without_return(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(payload: &[u8], expected: &[(u32, &[u8])]) {
        assert_eq!(lines(payload).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn lines_keep_the_number_an_editor_shows() {
        check(b"a", &[(1, b"a")]);
        check(b"a\n", &[(1, b"a")]);
        check(b"a\r\n\n\r\nb\n\n", &[(1, b"a"), (4, b"b")]);
        check(b"", &[]);
        check(b"\n\n", &[]);
    }

    #[test]
    fn one_mark_and_one_return_are_dropped_and_no_more() {
        check(b"\xef\xbb\xbfa\nb", &[(1, b"a"), (2, b"b")]);
        check(b"a\r\r\n \n", &[(1, b"a\r"), (2, b" ")]);
        check(b"\xef\xbb\xbf", &[]);
    }

    #[test]
    fn broken_bytes_spoil_only_their_own_line() {
        check(b"a\n\xff\xfe\nb", &[(1, b"a"), (2, b"\xff\xfe"), (3, b"b")]);
    }

    #[test]
    fn an_object_over_several_lines_is_one() {
        assert_eq!(whole_object(b"\xef\xbb\xbf{\n \"a\": 1\n}\r\n"), Some(b"{\n \"a\": 1\n}".as_slice()));
        assert_eq!(whole_object(b"{\"a\":1}"), None, "one line is a line");
        assert_eq!(whole_object(b"[\n1]"), None, "a list is no object");
        assert_eq!(whole_object(b"{\n\"a\": 1"), None);
        assert_eq!(whole_object(b"{\n}\n{\n}"), None, "two objects are not one");
    }

    proptest::proptest! {
        #[test]
        fn no_byte_is_lost_but_line_ends_and_the_mark(payload: Vec<u8>) {
            let kept: Vec<u8> = lines(&payload).flat_map(|(_, line)| line.to_vec()).collect();
            let strip = |bytes: &[u8]| bytes.iter().copied().filter(|b| !matches!(b, b'\r' | b'\n')).collect::<Vec<_>>();
            proptest::prop_assert_eq!(strip(&kept), strip(without_mark(&payload)));
        }
    }
}
