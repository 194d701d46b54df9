//! placeholder until the counting module lands
use std::fmt;
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Unit {
    WorkingDays,
    Days,
    Months,
    Hours,
    Minutes,
}
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Span {
    pub number: i64,
    pub unit: Unit,
}
impl fmt::Display for Span {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {:?}", self.number, self.unit)
    }
}
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Counting {
    Legal,
    Elapsed,
}
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Ends {
    Instant,
    Day,
    Office,
}
