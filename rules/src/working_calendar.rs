//! placeholder until the calendar module lands
#[derive(Clone, Debug)]
pub struct WorkingCalendar;
