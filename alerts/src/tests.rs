//! The crate against real servers: a nats-server, SQLite and PostgreSQL, HTTP over a real socket, a browser.

mod admitted;
mod audited;
mod browsed;
mod chain;
mod feed;
mod follower;
mod handled;
mod handling;
mod projection;
mod served;
mod support;

pub(crate) use support::transition as made_transition;
