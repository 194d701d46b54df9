//! What several end-to-end tests need: waiting without sleeping blindly, servers of their own, honest skips.

pub(crate) mod eventually;
pub(crate) mod nats;
pub(crate) mod postgres;
pub(crate) mod skip;

use std::path::Path;

/// The project's folder.
pub(crate) fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
