//! What others see of a clock that stands still, and what they say to it.
//!
//! A freeze has a number, so that a person confirms the one that was read and not one that came since.

use std::sync::{Mutex, MutexGuard, PoisonError};

use alerts::{ClockDesk, StandingClock};

use crate::clock::Freeze;

/// The freeze that lasts, if one does.
#[derive(Default)]
pub(crate) struct FreezeBoard(Mutex<Board>);

#[derive(Default)]
struct Board {
    /// Freezes so far.
    count: u64,
    lasting: Option<Freeze>,
    confirmed: bool,
}

impl FreezeBoard {
    fn lock(&self) -> MutexGuard<'_, Board> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The clock stands. Returns whether a person has confirmed that it may go on.
    pub(crate) fn stands(&self, freeze: Freeze) -> bool {
        let mut board = self.lock();
        if board.lasting.is_none_or(|lasting| !lasting.covers(&freeze)) {
            *board = Board { count: board.count + 1, lasting: Some(freeze), confirmed: false };
            drop(board);
            tracing::error!(%freeze, "the supervision clock stands still");
            return false;
        }
        std::mem::take(&mut board.confirmed)
    }

    /// The clock goes on. Returns whether it stood.
    pub(crate) fn runs(&self) -> bool {
        self.lock().lasting.take().is_some()
    }

    /// The freeze that lasts.
    pub(crate) fn lasting(&self) -> Option<Freeze> {
        self.lock().lasting
    }
}

impl ClockDesk for FreezeBoard {
    fn standing(&self) -> Option<StandingClock> {
        let board = self.lock();
        let freeze = board.lasting?;
        let (kind, secs) = freeze.kind();
        Some(StandingClock { freeze: board.count, kind, secs, zh: freeze.zh(), en: freeze.to_string() })
    }

    fn confirm(&self, freeze: u64) -> bool {
        let mut board = self.lock();
        let lasts = board.lasting.is_some() && board.count == freeze;
        board.confirmed |= lasts;
        if lasts {
            tracing::warn!(freeze, "a person confirmed that the clocks are right");
        }
        lasts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_freeze_that_was_read_can_be_confirmed() {
        let board = FreezeBoard::default();
        let hour = Freeze::WallMoved { moved_secs: 3600 };
        assert!(!board.confirm(1), "nothing stands");
        assert!(!board.stands(hour));
        let read = board.standing().expect("it stands");
        assert_eq!((read.freeze, read.kind, read.secs), (1, "wall_moved", 3600));
        // It becomes worse before anybody answers.
        assert!(!board.stands(Freeze::WallMoved { moved_secs: 7200 }));
        assert!(!board.confirm(read.freeze), "that one is over");
        assert!(board.confirm(2));
        assert!(board.stands(Freeze::WallMoved { moved_secs: 7201 }));
        assert!(board.runs() && !board.runs());
        assert_eq!(board.standing(), None);
    }
}
