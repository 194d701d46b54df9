//! What a person sees in the terminal: a progress bar, and a screen that is redrawn in place.
//!
//! Everything goes to standard error or to a writer handed in, so that standard output stays clean for results.
//! Where nobody looks (no terminal), the bar is silent and the screen is not used.

use std::io::{self, IsTerminal, Write};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

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
