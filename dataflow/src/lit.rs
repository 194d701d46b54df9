//! The rows behind every count: one green row while a case is open (grey while its source is silent), one row a
//! standing card.

use compact_str::CompactString;
use facts::{Address, Light};
use serde::{Deserialize, Serialize};

use crate::planted::planted;

/// A lamp of a case. The collection of these at a closed instant is the state of the whole site.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Lit {
    /// Case number.
    pub case: CompactString,
    /// The office that owns the case.
    pub owner: Address,
    /// Lamp.
    pub light: Light,
}

/// Rows of one case by lamp.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Rows {
    owner: Option<Address>,
    by_light: [u32; Light::ALL.len()],
}

impl Rows {
    /// The rows of a case with these lamps; `base` is what it shows without any.
    pub(crate) fn of(owner: Option<&Address>, base: Option<Light>, lamps: impl Iterator<Item = Light>) -> Rows {
        let mut by_light = [0; Light::ALL.len()];
        if let Some(base) = base {
            by_light[base as usize] += 1;
        }
        for light in lamps {
            by_light[light as usize] += 1;
        }
        let owner = owner.filter(|_| by_light.iter().any(|rows| *rows > 0)).cloned();
        Rows { owner, by_light }
    }

    /// Hands each change from `before` to `self` to `emit`.
    pub(crate) fn since(&self, before: &Rows, case: &CompactString, mut emit: impl FnMut(Lit, isize)) {
        let moved = self.owner != before.owner
            && !(planted!(CountsKeepTheOldOffice) && self.owner.is_some() && before.owner.is_some());
        for light in Light::ALL.iter().copied() {
            let (old, new) = (before.by_light[light as usize] as isize, self.by_light[light as usize] as isize);
            let mut row = |owner: &Option<Address>, diff: isize| {
                if let (Some(owner), true) = (owner, diff != 0) {
                    emit(Lit { case: case.clone(), owner: owner.clone(), light }, diff);
                }
            };
            if moved {
                row(&before.owner, -old);
                row(&self.owner, new);
            } else {
                row(&self.owner, new - old);
            }
        }
    }
}
