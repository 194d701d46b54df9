//! Who asks: an account, or, while there is none, whoever sits at this machine.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use facts::Moment;

use super::problem::Problem;
use crate::ledger::{Scope, Shown};
use crate::login::{Account, KeyHash};

/// Who asks, as `admission` found out.
#[derive(Clone, Debug)]
pub(super) struct Visitor(Option<Arc<Known>>);

/// An account, and the key it showed.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) shown: Shown,
    pub(super) key: KeyHash,
}

impl Visitor {
    /// Somebody at this machine, while there is no account.
    pub(super) fn local() -> Visitor {
        Visitor(None)
    }

    pub(super) fn known(shown: Shown, key: KeyHash) -> Visitor {
        Visitor(Some(Arc::new(Known { shown, key })))
    }

    pub(super) fn get(&self) -> Option<&Known> {
        self.0.as_deref()
    }

    /// The account, which whatever is signed for needs.
    pub(super) fn account(&self) -> Result<&Account, Problem> {
        self.get().map(|known| &known.shown.account).ok_or_else(Problem::login_needed)
    }

    /// What the audit calls it.
    pub(super) fn name(&self) -> &str {
        self.get().map_or("(local)", |known| &known.shown.account.name)
    }

    /// What it may see.
    pub(super) fn scope(&self) -> Scope {
        self.get().map(|known| known.shown.account.scope()).unwrap_or_default()
    }

    /// From when on it is nobody any more.
    pub(super) fn expires(&self) -> Option<Moment> {
        self.get().map(|known| known.shown.expires)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Visitor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Visitor, Problem> {
        // A route that admission did not see is nobody's.
        parts.extensions.get::<Visitor>().cloned().ok_or_else(Problem::login_needed)
    }
}
