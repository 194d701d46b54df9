//! Lights and cards: what is issued, what is shown, what changed and why (design 9).

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! tokens {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $token:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$variant_doc])* $variant),+ }

        impl $name {
            /// All values, in order.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            /// The token in JSON, subjects and queries.
            #[must_use]
            pub const fn token(self) -> &'static str {
                match self { $($name::$variant => $token),+ }
            }

            /// The value that `token` names.
            #[must_use]
            pub fn from_token(token: &str) -> Option<$name> {
                match token { $($token => Some($name::$variant),)+ _ => None }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(self.token())
            }
        }
    };
}

tokens! {
    /// The card that a rule issues, worst last.
    #[derive(Default)]
    Card {
        /// No card.
        #[default]
        None = "none",
        /// 预警
        Warning = "warning",
        /// 黄牌
        Yellow = "yellow",
        /// 红牌
        Red = "red",
    }
}

tokens! {
    /// The lamp that is shown, worst last. Which card lights which lamp is the profile's choice.
    Light {
        /// 灰灯: the source is silent, nothing is known.
        Grey = "grey",
        /// 绿灯
        Green = "green",
        /// 黄灯
        Yellow = "yellow",
        /// 红灯
        Red = "red",
    }
}

tokens! {
    /// How a light changed.
    Kind {
        /// From none to a card.
        Raised = "raised",
        /// To a worse card.
        Escalated = "escalated",
        /// To a lesser card, rightly held before.
        Eased = "eased",
        /// To none, rightly held before.
        Cleared = "cleared",
        /// What was said did not hold by today's knowledge.
        Retracted = "retracted",
    }
}

tokens! {
    /// What made a light change: the first of these that touched the case (semantics 31).
    Cause {
        /// A new version of the engine judges differently.
        Engine = "engine",
        /// A rule changed.
        Rule = "rule",
        /// The catalogue changed.
        Catalogue = "catalogue",
        /// A calendar changed.
        Calendar = "calendar",
        /// An appeal was upheld.
        Appeal = "appeal",
        /// A record was deleted.
        Deleted = "deleted",
        /// A record was corrected.
        Corrected = "corrected",
        /// A record came after its time.
        Late = "late",
        /// A record came.
        Event = "event",
        /// A source fell silent.
        Silence = "silence",
        /// Time passed.
        Deadline = "deadline",
    }
}

impl Card {
    /// 预警, 黄牌, 红牌.
    #[must_use]
    pub const fn zh(self) -> &'static str {
        match self {
            Card::None => "无牌",
            Card::Warning => "预警",
            Card::Yellow => "黄牌",
            Card::Red => "红牌",
        }
    }
}

impl Light {
    /// 灰灯, 绿灯, 黄灯, 红灯.
    #[must_use]
    pub const fn zh(self) -> &'static str {
        match self {
            Light::Grey => "灰灯",
            Light::Green => "绿灯",
            Light::Yellow => "黄灯",
            Light::Red => "红灯",
        }
    }
}
