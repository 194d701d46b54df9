//! Random histories (to come).
