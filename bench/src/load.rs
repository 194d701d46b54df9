//! Load: events packed into messages, and when each of them is due.
//!
//! Open loop: a message is due by the schedule alone. That the one before was late, or is not answered yet, moves nothing, so that a
//! server that stalls is measured as its senders would feel it. Not here: connections and clocks, which are the caller's.

mod lag;
mod message;
mod pace;

pub use lag::{Lag, LagVerdict};
pub use message::{Message, Packed, pack};
pub use pace::{Pace, Schedule};
