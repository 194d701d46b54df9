//! What touched a case since it was last settled.

use facts::Cause;
use serde::{Deserialize, Serialize};

/// A set of causes; the first in the order of [`Cause`] is the one that is told.
///
/// Checkpoints hold it as a number: bit n is the n-th cause.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Causes(u16);

impl Causes {
    /// Adds one.
    pub(crate) fn add(&mut self, cause: Cause) {
        self.0 |= 1 << cause as u16;
    }

    /// Is this one among them?
    pub(crate) fn holds(self, cause: Cause) -> bool {
        self.0 & (1 << cause as u16) != 0
    }

    /// Adds all of `other`.
    pub(crate) fn extend(&mut self, other: Causes) {
        self.0 |= other.0;
    }

    /// The first; where nothing else touched the case, time did.
    pub(crate) fn first(self) -> Cause {
        Cause::ALL.get(self.0.trailing_zeros() as usize).copied().unwrap_or(Cause::Deadline)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_cause_in_order_is_told_and_time_where_there_is_none() {
        let mut causes = Causes::default();
        assert_eq!(causes.first(), Cause::Deadline);
        for (added, told) in
            [(Cause::Event, Cause::Event), (Cause::Corrected, Cause::Corrected), (Cause::Late, Cause::Corrected)]
        {
            causes.add(added);
            assert_eq!(causes.first(), told);
        }
    }
}
