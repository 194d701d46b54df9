//! The commands about the rules themselves.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::ConfigArgs;

/// `rules`: work on the rules themselves.
#[derive(Subcommand, Debug, Clone, PartialEq, Eq)]
pub enum RulesCommand {
    /// List the rules under each profile, those on trial and those that people judge too, with their law
    List(ListArgs),
    /// Print the JSON Schema of the files that analysts write, for editors that complete and check keys
    Schema(SchemaArgs),
    /// Run the scenarios that stand beside the rules, and say what they leave untried
    Test(TestArgs),
    /// Which rules cannot judge what these events tell, since what they need was never observed
    Coverage(CoverageArgs),
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

/// `rules test`: the scenarios beside the rules.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
pub struct TestArgs {
    /// The configuration.
    #[command(flatten)]
    pub config: ConfigArgs,
    /// Only this rule and its parts
    #[arg(long, value_name = "ID")]
    pub rule: Option<String>,
    /// Also change one thing of each rule after the other (a number, a unit, a comparison, an activity, a pause, a card
    /// ...) and tell which changes no scenario notices
    #[arg(long)]
    pub mutate: bool,
    /// Write the results here in the form of JUnit
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// Write the results here as JSON
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

/// `rules coverage`: what the rules need, against what events show.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
pub struct CoverageArgs {
    /// The configuration.
    #[command(flatten)]
    pub config: ConfigArgs,
    /// A file of events, one JSON object a line; .gz and .zst are unpacked. May be given several times
    #[arg(long, required = true, value_name = "FILE")]
    pub events: Vec<PathBuf>,
    /// Write the results here as JSON
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}
