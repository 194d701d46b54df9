//! The commands that keep accounts.

use std::path::PathBuf;

use alerts::handling::Role;
use clap::builder::PossibleValuesParser;
use clap::builder::TypedValueParser as _;
use clap::{Args, Subcommand};

use super::ConfigArgs;

/// `user`: who may log in. With the first account the service asks everybody for a login.
#[derive(Subcommand, Debug, Clone, PartialEq, Eq)]
pub enum UserCommand {
    /// Add an account; prints a password unless a file holds one
    Add(UserAddArgs),
    /// List accounts
    List(UserListArgs),
    /// Set another password, which ends every session and token of the account
    Password(UserPasswordArgs),
    /// Disable an account, which ends its sessions and tokens
    Disable(UserNamedArgs),
    /// Enable it again
    Enable(UserNamedArgs),
    /// Print a token by which a program shows that it is this account
    Token(UserTokenArgs),
}

/// `user add`.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
pub struct UserAddArgs {
    /// Its name: 2 to 32 letters, digits, Chinese characters, `-`, `_` or `.`
    #[arg(value_name = "NAME")]
    pub name: String,
    /// What it may do
    #[arg(long, value_name = "ROLE", value_parser = role())]
    pub role: Role,
    /// Confine it to a region: the first 2 to 12 digits of its code
    #[arg(long, value_name = "DIGITS", default_value = "")]
    pub region: String,
    /// Confine it to a department
    #[arg(long, value_name = "CODE", default_value = "")]
    pub dept: String,
    /// A file whose first line is the password [default: one is made and printed]
    #[arg(long, value_name = "FILE", conflicts_with = "no_password")]
    pub password_file: Option<PathBuf>,
    /// It has no password, and shows tokens only
    #[arg(long)]
    pub no_password: bool,
    /// The configuration.
    #[command(flatten)]
    pub config: ConfigArgs,
}

/// `user list`.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
pub struct UserListArgs {
    /// The configuration.
    #[command(flatten)]
    pub config: ConfigArgs,
}

/// `user password`.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
pub struct UserPasswordArgs {
    /// Its name
    #[arg(value_name = "NAME")]
    pub name: String,
    /// A file whose first line is the password [default: one is made and printed]
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
    /// The configuration.
    #[command(flatten)]
    pub config: ConfigArgs,
}

/// `user disable` and `user enable`.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
pub struct UserNamedArgs {
    /// Its name
    #[arg(value_name = "NAME")]
    pub name: String,
    /// The configuration.
    #[command(flatten)]
    pub config: ConfigArgs,
}

/// `user token`.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
pub struct UserTokenArgs {
    /// The account
    #[arg(value_name = "NAME")]
    pub name: String,
    /// What the token is for, for people
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub label: String,
    /// It may only look
    #[arg(long)]
    pub read_only: bool,
    /// Days until it is worth nothing
    #[arg(long, value_name = "N", default_value_t = 365, value_parser = clap::value_parser!(u32).range(1..=3_650))]
    pub days: u32,
    /// The configuration.
    #[command(flatten)]
    pub config: ConfigArgs,
}

fn role() -> impl clap::builder::TypedValueParser<Value = Role> {
    PossibleValuesParser::new(Role::ALL.map(Role::token))
        .map(|token| Role::from_token(&token).expect("clap takes the names of roles only"))
}
