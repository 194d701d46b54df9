//! Controls that wait until the clock passes their instant.

use facts::Moment;
use rules::change::ConfigurationChange;

use crate::causes::Causes;
use crate::entry::Control;
use crate::judge::Judge;

/// What is to change an operator, in the order in which it was given.
pub(crate) struct Controls<J>(Vec<(Moment, Control<J>)>);

/// All controls of one instant.
pub(crate) struct SameInstant<J> {
    /// The instant.
    pub(crate) at: Moment,
    /// The controls, in the order in which they were given.
    pub(crate) controls: Vec<Control<J>>,
}

impl<J> Default for Controls<J> {
    fn default() -> Controls<J> {
        Controls(Vec::new())
    }
}

impl<J> Controls<J> {
    /// Keeps a control until its instant.
    pub(crate) fn keep(&mut self, at: Moment, control: Control<J>) {
        self.0.push((at, control));
    }

    /// Hands out those before `bound`, instant by instant.
    pub(crate) fn due(&mut self, bound: Moment) -> Vec<SameInstant<J>> {
        // Stable: controls of one instant act in the order in which they were given.
        self.0.sort_by_key(|(at, _)| *at);
        let due = self.0.partition_point(|(at, _)| *at < bound);
        let mut instants: Vec<SameInstant<J>> = Vec::new();
        for (at, control) in self.0.drain(..due) {
            match instants.last_mut().filter(|instant| instant.at == at) {
                Some(instant) => instant.controls.push(control),
                None => instants.push(SameInstant { at, controls: vec![control] }),
            }
        }
        instants
    }
}

impl<J> SameInstant<J> {
    /// A configuration comes into force.
    pub(crate) fn configures(&self) -> bool {
        self.controls.iter().any(|control| matches!(control, Control::Configure(..)))
    }

    /// Nothing is to be said of whoever is not named.
    pub(crate) fn is_quiet(&self) -> bool {
        self.controls.iter().all(|control| matches!(control, Control::Hush | Control::Source(_)))
    }
}

/// What `judge` changes, when it takes over from `before`. Where another configuration came at the same instant, which
/// `configured` tells, nobody was judged by that one.
pub(crate) fn change_at_instant<J: Judge>(judge: &J, before: &J, configured: Causes) -> ConfigurationChange {
    if configured == Causes::default() { judge.change_from(before) } else { ConfigurationChange::Everything }
}
