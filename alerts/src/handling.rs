//! What people do with a card: the table of allowed steps, and what each does to the handling.
//!
//! ```text
//! new ─► signed ─► verifying ─► confirmed ─► assigned ─► rectifying ─► replied ─► reviewed ─► closed
//!                       │                                     ▲────sent back──┘                 ▲
//!                       └──────────► false_alarm ───────────────────────────────────────────────┘
//! ```
//!
//! Beside the state run an appeal, supervised handling (督办), extensions, sending up (上报) and reopening (重开).
//! Pure: no clock, no database; who acts, when, and what has become of the card are handed in. Invariants: a
//! handling moves only by a row of [`TABLE`]; it is the fold of its journal; from wherever it stands a way leads to
//! `closed`. The engine never writes handling, and no step changes a light.

mod card_now;
mod role;
mod state;
mod step;
mod table;
mod take;

#[cfg(test)]
mod tests;

pub use card_now::CardNow;
pub use role::Role;
pub use state::{Appeal, Handling, State};
pub use step::Step;
pub use table::{Guard, Need, Row, TABLE, To};
pub use take::{Actor, Entry, Refused};
