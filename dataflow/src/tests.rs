//! The law of the system, on the operator: what is said and what stands depend on the facts, the
//! configuration and the clock, and on nothing else. Judgement here is a small rule set ([`city`]), so
//! that these tests speak of the operator alone.

pub(crate) mod city;
mod convergence;
mod groups;
mod kinds;
mod laws;
mod retiring;
mod running;
mod settling;
pub(crate) mod silence;
pub(crate) mod worlds;
