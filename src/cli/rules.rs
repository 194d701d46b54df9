//! The commands about the rules themselves.

use clap::{Args, Subcommand, ValueEnum};

use super::ConfigArgs;

/// `rules`: work on the rules themselves.
#[derive(Subcommand, Debug, Clone, PartialEq, Eq)]
pub enum RulesCommand {
    /// List the rules under each profile, those on trial and those that people judge too, with their law
    List(ListArgs),
    /// Print the JSON Schema of the files that analysts write, for editors that complete and check keys
    Schema(SchemaArgs),
}

/// `rules list`: what is judged, by which profile.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
pub struct ListArgs {
    /// The configuration.
    #[command(flatten)]
    pub config: ConfigArgs,
}

/// `rules schema`: JSON Schema of a kind of file.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
pub struct SchemaArgs {
    /// Of which files
    #[arg(value_enum, default_value = "rules")]
    pub of: SchemaFile,
}

/// A kind of file that analysts write.
#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum SchemaFile {
    /// `rules/**/*.toml`
    Rules,
    /// `vocabulary.toml`
    Vocabulary,
    /// `profiles/*.toml`
    Profile,
}
