//! What is read of a log, and that neither broken nor hostile logs cost more than an error.

use super::*;

fn read(log: &str) -> (Vec<Trace>, Option<XesError>) {
    read_bytes(log.as_bytes())
}

fn read_bytes(log: &[u8]) -> (Vec<Trace>, Option<XesError>) {
    // A small buffer, so that every piece of markup spans several of them.
    let mut reader = XesReader::new(io::BufReader::with_capacity(16, log));
    let mut traces = Vec::new();
    loop {
        match reader.next_trace() {
            Ok(Some(trace)) => traces.push(trace),
            Ok(None) => return (traces, None),
            Err(error) => return (traces, Some(error)),
        }
    }
}

#[track_caller]
fn check_error(log: &str, traces: usize, expected: &str) {
    let (found, error) = read(log);
    assert_eq!((found.len(), error.expect("the log is broken").to_string().as_str()), (traces, expected));
}

const LOG: &str = r#"<?xml version="1.0" encoding="UTF-8" ?>
<!-- a log -->
<log xes.version="1.0" xmlns="http://www.xes-standard.org/">
  <extension name="Concept" prefix="concept" uri="c"/>
  <global scope="trace"><string key="concept:name" value="UNKNOWN"/></global>
  <string key="about" value="x"/>
  <trace>
    <string key="concept:name" value="a &amp; &quot;b&quot;">
      <string key="concept:name" value="nested"/>
    </string>
    <date key="enddate" value="2011-10-11T13:42:22.688+02:00"/>
    <event>
      <string key="concept:name" value="受理"/>
      <list key="l"><values><string key="concept:name" value="in a list"/></values></list>
      <int key="n" value="7"/>
    </event>
    <event/>
    <string key="late" value="after the events"/>
  </trace>
  <trace/>
</log>
"#;

#[test]
fn a_trace_is_its_own_attributes_and_its_events() {
    let (traces, error) = read(LOG);
    assert!(error.is_none(), "{error:?}");
    let pairs = |attributes: &Attributes| -> Vec<String> {
        attributes.iter().map(|(key, value)| format!("{key}={value}")).collect()
    };
    let first = &traces[0];
    assert_eq!(
        pairs(&first.attributes),
        ["concept:name=a & \"b\"", "enddate=2011-10-11T13:42:22.688+02:00", "late=after the events"]
    );
    assert_eq!(pairs(&first.events[0].attributes), ["concept:name=受理", "n=7"]);
    assert_eq!((first.events.len(), first.faults.len(), first.number), (2, 0, 1));
    assert_eq!(first.offset as usize, LOG.find("<trace>").expect("it stands there"));
    assert_eq!((traces.len(), traces[1].events.len()), (2, 0));
}

#[test]
fn a_log_in_another_encoding_is_refused_with_what_to_do() {
    check_error(
        "<?xml version='1.0' encoding='GB18030'?><log/>",
        0,
        "byte 0: the log is in GB18030; convert it first: iconv -f GB18030 -t UTF-8",
    );
}

#[test]
fn faults_spoil_their_own_trace_and_say_where_they_stand() {
    let log = "<log><trace><string value='x'/><int key='n'/><string key='a' value='1'/><string key='a' value='2'/><string key='b' value='&who;'/></trace><trace><string key='a' value='1'/></trace></log>";
    let (traces, error) = read(log);
    assert!(error.is_none(), "{error:?}");
    let faults: Vec<String> = traces[0].faults.iter().map(ToString::to_string).collect();
    assert_eq!(
        faults,
        [
            "byte 12: <string> has no key",
            "byte 31: <int> with key \"n\" has no value",
            "byte 72: <string> gives \"a\" a second time",
            "byte 99: <string> at 1..4: unrecognized entity `who`",
        ]
    );
    assert!(traces[1].faults.is_empty());
}

#[test]
fn broken_logs_end_with_the_place() {
    check_error("<log><trace/><trace>", 1, "byte 20: the file ends inside 2 open elements");
    check_error("<html/>", 0, "byte 0: the file is no XES log: it starts with <html>, not with <log>");
    check_error(
        "<!DOCTYPE log [<!ENTITY a 'x'>]><log/>",
        0,
        "byte 0: a document type is not read: it could define texts without end",
    );
    let (traces, error) = read("<log><trace></log>");
    assert_eq!(traces.len(), 0);
    assert!(error.expect("crossed elements").to_string().starts_with("byte 12: "));
    let (_, error) = read_bytes(b"<log><trace><string key='a' value='\xff'/></trace></log>");
    assert!(error.expect("not UTF-8").to_string().starts_with("byte "));
}

#[test]
fn depth_markup_and_texts_have_limits() {
    check_error(&"<log>".repeat(100_000), 0, &format!("byte {}: elements are nested more than 64 deep", DEPTH_MAX * 5));
    let endless = format!("<log><!-- {} --></log>", "x".repeat(3 * MARKUP_BYTES_MAX));
    let (_, error) = read(&endless);
    let error = error.expect("a comment without end").to_string();
    assert!(error.ends_with(": a piece of markup or text is longer than 1048576 bytes"), "{error}");
    let long = format!("<log><trace><string key='a' value='{}'/></trace></log>", "x".repeat(VALUE_BYTES_MAX + 1));
    let (traces, _) = read(&long);
    assert_eq!(traces[0].faults[0].detail, "<string> has a text of 65537 bytes; at most 65536");
    let many: String = (0..50).map(|n| format!(" a{n}='x'")).collect();
    let (traces, _) = read(&format!("<log><trace><string{many}/></trace></log>"));
    assert_eq!(traces[0].faults[0].detail, "<string> has more than 16 XML attributes");
}

#[test]
fn a_trace_too_long_to_hold_is_let_go_and_the_next_one_read() {
    let event = format!("<event><string key='a' value='{}'/></event>", "x".repeat(60_000));
    let events = event.repeat(600);
    let (traces, error) = read(&format!("<log><trace>{events}</trace><trace><event/></trace></log>"));
    assert!(error.is_none(), "{error:?}");
    assert_eq!((traces[0].events.len(), traces[1].events.len()), (0, 1));
    assert_eq!(traces[0].faults.len(), 1);
    assert_eq!(traces[0].faults[0].detail, "the trace is longer than 33554432 bytes");
}

proptest::proptest! {
    #[test]
    fn any_bytes_end_without_a_panic(bytes: Vec<u8>) {
        let log = [b"<log><trace>".as_slice(), &bytes, b"</trace></log>"].concat();
        let (traces, _) = read_bytes(&log);
        proptest::prop_assert!(traces.len() <= 1 + bytes.len() / 7);
    }
}
