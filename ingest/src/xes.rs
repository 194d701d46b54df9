//! An XES event log (IEEE 1849) as traces, one at a time, in bounded memory.
//!
//! Holds one trace, never more; markup, nesting, texts and traces have limits, so a hostile file costs an error
//! and no memory. Faults inside a trace are kept with their byte offset and spoil that trace only; broken XML
//! ends the reading, since nobody can tell where the next trace would start.
//!
//! Read of a trace: its own attributes and its events with theirs. Not read: attributes nested in attributes,
//! globals (they are defaults for tools, not statements), classifiers, extensions.
//! Not here: what an attribute means (`xes_map`), facts (`xes_events`).

use std::io::{self, BufRead};

use compact_str::CompactString;
use quick_xml::events::attributes::AttrError;
use quick_xml::events::{BytesDecl, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

mod bounded;

use bounded::Bounded;

/// The longest piece of markup, text or comment, in bytes.
pub const MARKUP_BYTES_MAX: usize = 1024 * 1024;
/// The longest value of an attribute, in bytes.
pub const VALUE_BYTES_MAX: usize = 64 * 1024;
/// The deepest nesting of elements.
pub const DEPTH_MAX: usize = 64;
/// The most XML attributes of one element; XES needs two.
pub const XML_ATTRIBUTES_MAX: usize = 16;
/// The longest trace, in bytes of the file; 32 MiB become at most some 100 MB in memory.
pub const TRACE_BYTES_MAX: u64 = 32 * 1024 * 1024;
/// Faults kept of one trace.
const FAULTS_MAX: usize = 10;

/// One case of a log.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Trace {
    /// Place in the log, from 1.
    pub number: u64,
    /// Byte offset of its start in the unpacked file.
    pub offset: u64,
    /// What is said of the case as a whole.
    pub attributes: Attributes,
    /// Its events in the log's order.
    pub events: Vec<LoggedEvent>,
    /// What is wrong with it; the trace is incomplete when there is anything.
    pub faults: Vec<XesFault>,
}

/// One event of a trace.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct LoggedEvent {
    /// Byte offset of its start in the unpacked file.
    pub offset: u64,
    /// What is said of it.
    pub attributes: Attributes,
}

/// The attributes of a trace or an event, in the log's order, keys once each.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Attributes(Vec<(CompactString, CompactString)>);

impl Attributes {
    /// The value of `key`.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// Key and value of each attribute.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }
}

/// What is wrong at one place of a log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct XesFault {
    /// Byte offset in the unpacked file.
    pub offset: u64,
    /// What stands there and what may.
    pub detail: String,
}

impl std::fmt::Display for XesFault {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "byte {}: {}", self.offset, self.detail)
    }
}

/// Why a log cannot be read any further.
#[derive(Debug, thiserror::Error)]
pub enum XesError {
    /// Not XML, or not within the limits.
    #[error("byte {offset}: {detail}")]
    Broken {
        /// Byte offset in the unpacked file.
        offset: u64,
        /// What stands there.
        detail: String,
    },
    /// The bytes ran out or could not be unpacked.
    #[error("byte {offset}: the file cannot be read further")]
    Unreadable {
        /// Byte offset in the unpacked file.
        offset: u64,
        /// The system's reason.
        source: io::Error,
    },
}

/// Reads traces from XML.
pub struct XesReader<R> {
    reader: Reader<Bounded<R>>,
    buffer: Vec<u8>,
    version: XmlVersion,
    /// Was `<log>` seen?
    began: bool,
    /// Open elements.
    depth: usize,
    traces: u64,
    /// The trace that is open.
    trace: Option<Trace>,
    /// Is an event of it open?
    in_event: bool,
}

/// Depth of a trace, and of an event or an attribute in it; the log itself has depth 1.
const TRACE_DEPTH: usize = 2;
const EVENT_DEPTH: usize = 3;

impl<R: BufRead> XesReader<R> {
    /// Reads a log that is not packed.
    pub fn new(reader: R) -> XesReader<R> {
        XesReader {
            reader: Reader::from_reader(Bounded::new(reader, MARKUP_BYTES_MAX)),
            buffer: Vec::new(),
            version: XmlVersion::Implicit1_0,
            began: false,
            depth: 0,
            traces: 0,
            trace: None,
            in_event: false,
        }
    }

    /// Traces read so far.
    #[must_use]
    pub fn traces(&self) -> u64 {
        self.traces
    }

    /// The next trace, with its faults; `None` at the end of the log.
    ///
    /// # Errors
    /// When the XML is broken, beyond the limits, or cannot be read further.
    pub fn next_trace(&mut self) -> Result<Option<Trace>, XesError> {
        let mut buffer = std::mem::take(&mut self.buffer);
        let result = self.read_trace(&mut buffer);
        self.buffer = buffer;
        result
    }

    fn read_trace(&mut self, buffer: &mut Vec<u8>) -> Result<Option<Trace>, XesError> {
        loop {
            buffer.clear();
            self.reader.get_mut().start_piece();
            let offset = self.reader.buffer_position();
            let markup = match self.reader.read_event_into(buffer) {
                Ok(markup) => markup,
                Err(error) => return Err(self.broken(error)),
            };
            let done = match markup {
                Event::Start(element) => {
                    self.open(&element, offset)?;
                    None
                }
                Event::Empty(element) => {
                    self.open(&element, offset)?;
                    self.close()
                }
                Event::End(_) => self.close(),
                Event::Decl(declaration) => {
                    self.version = declaration.xml_version().unwrap_or(XmlVersion::Implicit1_0);
                    check_encoding(&declaration, offset)?;
                    None
                }
                Event::DocType(_) => {
                    let detail = "a document type is not read: it could define texts without end".to_owned();
                    return Err(XesError::Broken { offset, detail });
                }
                Event::Eof if self.depth > 0 => {
                    let detail = format!("the file ends inside {} open elements", self.depth);
                    return Err(XesError::Broken { offset, detail });
                }
                Event::Eof if !self.began => {
                    let detail = "the file is no XES log: there is no element <log> in it".to_owned();
                    return Err(XesError::Broken { offset, detail });
                }
                Event::Eof => return Ok(None),
                Event::Text(_) | Event::CData(_) | Event::Comment(_) | Event::PI(_) | Event::GeneralRef(_) => None,
            };
            if done.is_some() {
                return Ok(done);
            }
        }
    }

    fn broken(&self, error: quick_xml::Error) -> XesError {
        let offset = self.reader.error_position();
        match error {
            quick_xml::Error::Io(source) if !bounded::is_too_long(&source) => {
                let source = io::Error::new(source.kind(), source.to_string());
                XesError::Unreadable { offset: self.reader.buffer_position(), source }
            }
            quick_xml::Error::Io(_) => XesError::Broken {
                offset: self.reader.buffer_position(),
                detail: format!("a piece of markup or text is longer than {MARKUP_BYTES_MAX} bytes"),
            },
            error => XesError::Broken { offset, detail: error.to_string() },
        }
    }

    /// An element begins.
    fn open(&mut self, element: &BytesStart<'_>, offset: u64) -> Result<(), XesError> {
        let broken = |detail: String| Err(XesError::Broken { offset, detail });
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return broken(format!("elements are nested more than {DEPTH_MAX} deep"));
        }
        let name = element.local_name();
        match (self.depth, name.as_ref()) {
            (1, "log") => self.began = true,
            (1, other) => return broken(format!("the file is no XES log: it starts with <{other}>, not with <log>")),
            (TRACE_DEPTH, "trace") => {
                self.traces += 1;
                self.trace = Some(Trace { number: self.traces, offset, ..Trace::default() });
            }
            (depth, name) => {
                let version = self.version;
                if let Some(trace) = &mut self.trace {
                    let in_event = self.in_event;
                    self.in_event |= depth == EVENT_DEPTH && name == "event";
                    trace.take(depth, name, in_event, element, offset, version);
                }
            }
        }
        Ok(())
    }

    /// An element ends; the trace, when it was one.
    fn close(&mut self) -> Option<Trace> {
        let depth = self.depth;
        self.depth -= 1;
        if depth == EVENT_DEPTH {
            self.in_event = false;
        }
        if depth == TRACE_DEPTH { self.trace.take() } else { None }
    }
}

impl Trace {
    /// Takes what an element inside the trace says.
    fn take(
        &mut self,
        depth: usize,
        name: &str,
        in_event: bool,
        element: &BytesStart<'_>,
        offset: u64,
        version: XmlVersion,
    ) {
        if offset - self.offset > TRACE_BYTES_MAX {
            self.give_up(offset);
            return;
        }
        match (depth, in_event) {
            (EVENT_DEPTH, _) if name == "event" => {
                self.events.push(LoggedEvent { offset, attributes: Attributes::default() });
            }
            // Directly in the trace or in its event; deeper ones belong to other attributes.
            (EVENT_DEPTH, false) => self.take_attribute(name, false, element, offset, version),
            (depth, true) if depth == EVENT_DEPTH + 1 => self.take_attribute(name, true, element, offset, version),
            _ => {}
        }
    }

    fn take_attribute(
        &mut self,
        name: &str,
        of_event: bool,
        element: &BytesStart<'_>,
        offset: u64,
        version: XmlVersion,
    ) {
        // Lists and containers hold attributes of attributes; other elements are none of XES.
        if !matches!(name, "string" | "date" | "int" | "float" | "boolean" | "id") {
            return;
        }
        let target = match self.events.last_mut().filter(|_| of_event) {
            Some(event) => &mut event.attributes,
            None => &mut self.attributes,
        };
        match key_and_value(element, version) {
            Ok((key, _)) if target.get(&key).is_some() => {
                self.fault(offset, format!("<{name}> gives \"{key}\" a second time"));
            }
            Ok(pair) => target.0.push(pair),
            Err(detail) => self.fault(offset, format!("<{name}> {detail}")),
        }
    }

    fn fault(&mut self, offset: u64, detail: String) {
        if self.faults.len() < FAULTS_MAX {
            self.faults.push(XesFault { offset, detail });
        }
    }

    /// Lets go of a trace that is too long to hold.
    fn give_up(&mut self, offset: u64) {
        if !(self.events.is_empty() && self.attributes.0.is_empty()) {
            self.fault(offset, format!("the trace is longer than {TRACE_BYTES_MAX} bytes"));
            self.events = Vec::new();
            self.attributes = Attributes::default();
        }
    }
}

/// Only UTF-8 is read: where a piece stands must be told in bytes of the file itself.
fn check_encoding(declaration: &BytesDecl<'_>, offset: u64) -> Result<(), XesError> {
    match declaration.encoding() {
        Some(Ok(encoding)) if !encoding.eq_ignore_ascii_case("utf-8") => {
            let detail = format!("the log is in {encoding}; convert it first: iconv -f {encoding} -t UTF-8");
            Err(XesError::Broken { offset, detail })
        }
        _ => Ok(()),
    }
}

/// The key and the value of an attribute element.
fn key_and_value(element: &BytesStart<'_>, version: XmlVersion) -> Result<(CompactString, CompactString), String> {
    let (mut key, mut value) = (None, None);
    for (count, attribute) in element.attributes().enumerate() {
        if count >= XML_ATTRIBUTES_MAX {
            return Err(format!("has more than {XML_ATTRIBUTES_MAX} XML attributes"));
        }
        let attribute = attribute.map_err(|error: AttrError| error.to_string())?;
        let place = match attribute.key.local_name().as_ref() {
            "key" => &mut key,
            "value" => &mut value,
            _ => continue,
        };
        if attribute.value.len() > VALUE_BYTES_MAX {
            return Err(format!("has a text of {} bytes; at most {VALUE_BYTES_MAX}", attribute.value.len()));
        }
        let text = attribute.normalized_value(version).map_err(|error| error.to_string())?;
        *place = Some(CompactString::from(text));
    }
    let key = key.ok_or("has no key")?;
    let value = value.ok_or_else(|| format!("with key \"{key}\" has no value"))?;
    Ok((key, value))
}

impl<R> std::fmt::Debug for XesReader<R> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("XesReader").field("traces", &self.traces).field("depth", &self.depth).finish()
    }
}

#[cfg(test)]
mod tests;
