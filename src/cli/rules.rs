//! The commands about the rules themselves.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use facts::Moment;

use super::{ConfigArgs, WorkersArgs};

/// `rules`: work on the rules themselves.
#[derive(Subcommand, Debug, Clone, PartialEq, Eq)]
pub enum RulesCommand {
    /// List the rules under each profile, those on trial and those that people judge too, with their law
    List(ListArgs),
    /// Print the JSON Schema of the files that analysts write, for editors that complete and check keys
    Schema(SchemaArgs),
    /// Run the scenarios that stand beside the rules, and say what they leave untried
    Test(TestArgs),
    /// What a changed folder would change: in the lights that a file of events leads to, or in those of a running service
    Diff(DiffArgs),
    /// Write a page for each rule, for people, with an index: its law, its cards, a firing example drawn, its scenarios
    Doc(DocArgs),
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

/// `rules diff`: what a changed folder would change.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
pub struct DiffArgs {
    /// The folder as it is and the changed one; with --server the changed one only
    #[arg(required = true, num_args = 1..=2, value_name = "DIR")]
    pub folders: Vec<PathBuf>,
    /// A file of events, judged by both; .gz and .zst are unpacked. May be given several times
    #[arg(long, value_name = "FILE", required_unless_present = "server", conflicts_with = "server")]
    pub events: Vec<PathBuf>,
    /// At which instant, RFC 3339 with an offset [default: the highest `at` of the events]
    #[arg(long, value_name = "INSTANT", conflicts_with = "server")]
    pub until: Option<Moment>,
    /// The service whose open and closed cases are judged by both
    #[arg(long, value_name = "URL")]
    pub server: Option<String>,
    /// Lights that are listed at most
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub rows: usize,
    /// Write all that differs here as JSON
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Write all that differs here as a workbook: a summary, tallies by rule, by region and department, and the cases
    #[arg(long, value_name = "FILE.xlsx")]
    pub xlsx: Option<PathBuf>,
    /// Threads that judge.
    #[command(flatten)]
    pub workers: WorkersArgs,
}

/// `rules doc`: a page for each rule, for people.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
pub struct DocArgs {
    /// The configuration.
    #[command(flatten)]
    pub config: ConfigArgs,
    /// The folder that the pages go into; files of the same names are written over
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// The form of the pages
    #[arg(long, value_enum, default_value = "html")]
    pub format: DocFormat,
}

/// The form of pages.
#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum DocFormat {
    /// Pages for a browser and for paper, each complete in itself
    Html,
    /// Markdown, the example as a text drawing
    Md,
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
