//! The configuration in force, for those who explain what it judged.

use std::sync::{Arc, PoisonError, RwLock};

use rules::configuration::Configuration;

/// One configuration at a time, shared.
#[derive(Clone)]
pub(crate) struct InForce(Arc<RwLock<Arc<Configuration>>>);

impl InForce {
    /// `configuration` is in force.
    pub(crate) fn new(configuration: Arc<Configuration>) -> InForce {
        InForce(Arc::new(RwLock::new(configuration)))
    }

    /// The one in force.
    pub(crate) fn get(&self) -> Arc<Configuration> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Another one takes its place.
    pub(crate) fn set(&self, configuration: Arc<Configuration>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = configuration;
    }
}
