//! An account: a name, a role, and what it may see.

use crate::handling::Role;
use crate::ledger::{RegionPrefix, Scope};

/// Somebody, or a program, that the service knows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Account {
    /// How it logs in, and what the journal and the audit call it.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// The first digits of the regions it is confined to; empty for all.
    pub region: String,
    /// The department it is confined to; empty for all.
    pub dept: String,
}

/// An account that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccountFault {
    /// The name is too short, too long or not made of plain characters.
    #[error("account name {0:?} is not 2 to 32 letters, digits, Chinese characters, \"-\", \"_\" or \".\"")]
    Name(String),
    /// The region is no prefix of a code.
    #[error("region {0:?} is not the first 2 to 12 digits of a region code")]
    Region(String),
    /// Whoever answers for an office must have one.
    #[error("a contact answers for one office: name its region and its department")]
    ContactWithoutOffice,
}

impl Account {
    /// The account, if it can be.
    ///
    /// # Errors
    /// When the name or the region cannot be, or a contact has no office.
    pub fn new(name: &str, role: Role, region: &str, dept: &str) -> Result<Account, AccountFault> {
        let plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
        if !(2..=32).contains(&name.chars().count()) || !name.chars().all(plain) {
            return Err(AccountFault::Name(name.to_owned()));
        }
        if !region.is_empty() && region.parse::<RegionPrefix>().is_err() {
            return Err(AccountFault::Region(region.to_owned()));
        }
        if role == Role::Contact && (region.is_empty() || dept.is_empty()) {
            return Err(AccountFault::ContactWithoutOffice);
        }
        Ok(Account { name: name.to_owned(), role, region: region.to_owned(), dept: dept.to_owned() })
    }

    /// What it may see.
    ///
    /// # Panics
    /// When the account was not made by [`Account::new`].
    #[must_use]
    pub fn scope(&self) -> Scope {
        let prefix = |digits: &str| digits.parse().expect("an account's region was checked when it was made");
        Scope {
            region: Some(self.region.as_str()).filter(|digits| !digits.is_empty()).map(prefix),
            dept: Some(self.dept.clone()).filter(|dept| !dept.is_empty()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_has_a_plain_name_and_a_contact_an_office() {
        for name in ["zhang", "张伟", "li.na-2", "ab"] {
            assert!(Account::new(name, Role::Staff, "", "").is_ok(), "{name}");
        }
        for name in ["", "a", "a b", "a\n", "a\"b", "x".repeat(33).as_str()] {
            assert_eq!(Account::new(name, Role::Staff, "", ""), Err(AccountFault::Name(name.to_owned())));
        }
        assert_eq!(Account::new("chen", Role::Contact, "3609", ""), Err(AccountFault::ContactWithoutOffice));
        assert_eq!(Account::new("chen", Role::Staff, "36x", ""), Err(AccountFault::Region("36x".to_owned())));
        let contact = Account::new("chen", Role::Contact, "360902", "D01").expect("sound");
        let scope = contact.scope();
        assert!(scope.holds("360902".parse().expect("a code"), "D01"));
        assert!(!scope.holds("360902".parse().expect("a code"), "D02"));
        assert!(!scope.holds("360921".parse().expect("a code"), "D01"));
    }
}
