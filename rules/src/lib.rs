//! Not built yet.

pub mod counting;
pub mod pause;
pub mod working_calendar;
