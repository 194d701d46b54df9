//! Whether the service can do its work, in words. The binary keeps it in a watch channel.

use facts::standing::Text2;
use serde::Serialize;

/// One condition of being ready; `waiting` tells what it waits for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Gate {
    /// Short stable name: `nats`, `caught_up`, `ledger`.
    pub name: &'static str,
    /// What is missing; `None` when the gate is open.
    pub waiting: Option<Text2>,
}

impl Gate {
    /// A gate that waits.
    #[must_use]
    pub fn waiting(name: &'static str, zh: impl Into<String>, en: impl Into<String>) -> Gate {
        Gate { name, waiting: Some(Text2 { zh: zh.into(), en: en.into() }) }
    }

    /// A gate that is open.
    #[must_use]
    pub const fn open(name: &'static str) -> Gate {
        Gate { name, waiting: None }
    }
}

/// All gates; ready when every one is open.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Readiness {
    /// The gates, in the order a person would look at them.
    pub gates: Vec<Gate>,
}

impl Readiness {
    /// True when every gate is open.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.gates.iter().all(|gate| gate.waiting.is_none())
    }
}
