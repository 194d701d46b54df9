//! Judgement by kind, on rules written out as the language compiles them.
