//! What a person sees in the terminal: results, remarks, a progress bar, and a screen that is redrawn in place.
//!
//! Results go to standard output with `say!`, and only there are they printed: `println!` panics when nobody reads
//! any more, as in `watchlight check | head -1`. All else goes to standard error or to a writer handed in. Where
//! nobody looks (no terminal), the bar is silent and the screen is not used.

use std::fmt;
use std::io::{self, IsTerminal, Write};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Prints one line of results, with the arguments of `println!`.
///
/// # Errors
/// [`OutputLost`], which a command hands on.
macro_rules! say {
    ($($text:tt)*) => { $crate::terminal::print(format_args!("{}\n", format_args!($($text)*))) };
}
pub(crate) use say;

/// Standard output took no more: whoever read it has gone, or its disk is full.
#[derive(Debug, thiserror::Error)]
#[error("could not write to standard output")]
pub struct OutputLost(#[source] io::Error);

/// Prints results as they are.
///
/// # Errors
/// When standard output takes no more.
pub fn print(text: fmt::Arguments<'_>) -> Result<(), OutputLost> {
    let mut out = io::stdout().lock();
    out.write_fmt(text).and_then(|()| out.flush()).map_err(OutputLost)
}

/// Tells a remark on standard error. One that nobody reads is lost, and stops nothing.
pub fn remark(text: impl fmt::Display) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// True when `error` says that whoever read the output has gone. `written` says whether all else that the command
/// writes is output as well (a file may be a pipe, such as /dev/stdout), and not a server's connection.
#[must_use]
pub fn nobody_reads(error: &anyhow::Error, written: bool) -> bool {
    let closed = |error: &io::Error| error.kind() == io::ErrorKind::BrokenPipe;
    error.chain().any(|cause| {
        cause.downcast_ref::<OutputLost>().is_some_and(|lost| closed(&lost.0))
            || written && cause.downcast_ref::<io::Error>().is_some_and(closed)
    })
}

/// A bar over `total` bytes of input, on standard error; silent when that is no terminal.
///
/// `what` is the noun of what is counted beside it, set with [`ProgressBar::set_message`].
#[must_use]
pub fn bytes_bar(total: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr_with_hz(10));
    bar.set_style(bytes_style());
    bar
}

fn bytes_style() -> ProgressStyle {
    ProgressStyle::with_template("{bar:32} {percent:>3}%  {bytes}/{total_bytes}  {msg}  {eta} left")
        .expect("the template is fixed and a test makes the bar")
        .progress_chars("=> ")
}

/// True when standard output is a terminal, so that a screen can be redrawn on it.
#[must_use]
pub fn is_watched() -> bool {
    io::stdout().is_terminal()
}

/// A block of lines at the cursor that each [`Screen::draw`] puts in the place of the one before.
///
/// Lines must not be wider than the terminal: whoever makes them cuts them.
#[derive(Debug)]
pub struct Screen<W: Write> {
    out: W,
    lines_drawn: usize,
}

impl<W: Write> Screen<W> {
    /// A screen on `out`, at its cursor.
    pub fn new(out: W) -> Screen<W> {
        Screen { out, lines_drawn: 0 }
    }

    /// Puts `text` in the place of what was drawn before.
    ///
    /// # Errors
    /// When `out` cannot be written.
    pub fn draw(&mut self, text: &str) -> io::Result<()> {
        let mut frame = String::with_capacity(text.len() + 64);
        if self.lines_drawn > 0 {
            frame.push_str(&format!("\x1b[{}A", self.lines_drawn));
        }
        frame.push('\r');
        for line in text.lines() {
            frame.push_str(line);
            frame.push_str("\x1b[K\n");
        }
        frame.push_str("\x1b[J");
        self.lines_drawn = text.lines().count();
        self.out.write_all(frame.as_bytes())?;
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_drawing_takes_the_place_of_the_first() {
        let mut written = Vec::new();
        let mut screen = Screen::new(&mut written);
        screen.draw("one\ntwo\n").expect("a vector takes everything");
        screen.draw("three\n").expect("a vector takes everything");
        let text = String::from_utf8(written).expect("the screen writes UTF-8");
        assert_eq!(text, "\rone\x1b[K\ntwo\x1b[K\n\x1b[J\x1b[2A\rthree\x1b[K\n\x1b[J");
    }

    #[test]
    fn the_bar_counts_where_nobody_looks() {
        let bar = bytes_bar(200);
        bar.set_message("40 events");
        bar.set_position(100);
        bar.tick();
        assert_eq!(bar.position(), 100);
    }
}
