//! What an account may see, as a part of the statement that reads it.

use facts::{Address, Region};

use super::clauses::Clauses;
use super::query::RegionPrefix;
use super::write::key;

/// Region and department that somebody is confined to; left empty, nobody is.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Scope {
    /// Offices in this region and below.
    pub region: Option<RegionPrefix>,
    /// Offices with this code.
    pub dept: Option<String>,
}

impl Scope {
    /// Does it confine nothing?
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.region.is_none() && self.dept.is_none()
    }

    /// Does an office lie in it?
    #[must_use]
    pub fn holds(&self, region: Region, dept: &str) -> bool {
        self.region.is_none_or(|prefix| prefix.holds(region)) && self.dept.as_deref().is_none_or(|own| own == dept)
    }

    /// As [`Scope::holds`], of an address.
    #[must_use]
    pub fn holds_office(&self, office: &Address) -> bool {
        self.holds(office.region, office.dept.as_str())
    }

    /// Narrows a statement whose rows have an owner in `region` and `dept`.
    pub(super) fn narrow(&self, sql: &mut Clauses, region: &'static str, dept: &'static str) {
        if let Some(prefix) = self.region {
            sql.and(region, prefix.bounds());
        }
        if let Some(own) = &self.dept {
            sql.and(dept, [key(own).into()]);
        }
    }

    /// Narrows a statement about alerts: their owner, or the office that answers for them, is in it.
    pub(super) fn narrow_alerts(&self, sql: &mut Clauses) {
        let bounds = |prefix: RegionPrefix| prefix.bounds();
        match (self.region, &self.dept) {
            (None, None) => {}
            (Some(region), None) => {
                let [from, until] = bounds(region);
                let [from_again, until_again] = bounds(region);
                sql.and(
                    "((alerts.region >= ? AND alerts.region < ?) OR \
                     (handlings.office_region >= ? AND handlings.office_region < ?))",
                    [from, until, from_again, until_again],
                );
            }
            (None, Some(dept)) => {
                sql.and("(alerts.dept = ? OR handlings.office_dept = ?)", [key(dept).into(), key(dept).into()]);
            }
            (Some(region), Some(dept)) => {
                let [from, until] = bounds(region);
                let [from_again, until_again] = bounds(region);
                sql.and(
                    "((alerts.region >= ? AND alerts.region < ? AND alerts.dept = ?) OR \
                     (handlings.office_region >= ? AND handlings.office_region < ? AND handlings.office_dept = ?))",
                    [from, until, key(dept).into(), from_again, until_again, key(dept).into()],
                );
            }
        }
    }
}
