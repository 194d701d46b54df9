//! The rule language: from TOML text to compiled rules, with all faults of all files at once.
//!
//! Three steps with three types. [`tree`](self) reads a file with the place of every key;
//! `rule_file`, `profile` and `vocabulary` take apart what is written and merge what overrides what;
//! `compile` checks it and builds [`crate::rule::Rule`], after which nothing is checked again.
//! Conditions go the same way: `token`, `condition` (syntax), `types` (meaning).
//!
//! Never panics, whatever the bytes. Not here: reading folders (the binary), tables of the catalogue
//! ([`crate::catalogue`]), judging ([`crate::judge`]).

mod compile;
mod condition;
mod constant;
mod faults;
mod keys;
mod lints;
mod listed;
mod load;
mod message;
mod profile;
mod rule_file;
mod schema;
mod source;
mod span_text;
mod spoken;
mod texts;
mod token;
mod tree;
mod types;
mod vocabulary;

#[cfg(test)]
mod tests;

pub use load::{ConfigFiles, Loaded, load};
pub use schema::{SchemaOf, schema};
pub(crate) use texts::nearest;

/// Every key, field and function there is, for the page that describes them.
#[cfg(test)]
fn all_names() -> Vec<&'static str> {
    compile::key_names().chain(types::field_names()).chain(types::function_names()).collect()
}
