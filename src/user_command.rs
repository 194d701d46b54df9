//! `watchlight user`: accounts, kept on the machine that holds the ledger. Whoever may write to the database may do this, so
//! there is no account yet when the first one is made.

use std::path::Path;

use alerts::Ledger;
use alerts::ledger::{Deed, GivenKey, KeyKind};
use alerts::login::{Account, Key, Password, PasswordHash};
use anyhow::{Context, bail};
use facts::Moment;

use crate::cli::{Exit, Language, UserAddArgs, UserCommand, UserPasswordArgs, UserTokenArgs};
use crate::clock::Machine;
use crate::service::open_ledger;
use crate::settings::{self, Sources};
use crate::terminal::say;

const DAY_MILLIS: i64 = 24 * 60 * 60 * 1_000;

/// Does what `command` says.
///
/// # Errors
/// When the ledger cannot be opened, or the account cannot be.
pub(crate) fn run(command: &UserCommand, language: Language) -> anyhow::Result<Exit> {
    let config = match command {
        UserCommand::Add(args) => &args.config,
        UserCommand::List(args) => &args.config,
        UserCommand::Password(args) => &args.config,
        UserCommand::Disable(args) | UserCommand::Enable(args) => &args.config,
        UserCommand::Token(args) => &args.config,
    };
    let settings = settings::load(&Sources::of_process(&config.folder, Vec::new()))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.context("could not start the runtime")?.block_on(async {
        let ledger = open_ledger(&settings.ledger.url).await?;
        let done = act(&ledger, command, language).await;
        ledger.close().await;
        done
    })?;
    Ok(Exit::Fine)
}

async fn act(ledger: &Ledger, command: &UserCommand, language: Language) -> anyhow::Result<()> {
    let now = Machine::own().wall();
    note(ledger, command, now).await?;
    match command {
        UserCommand::Add(args) => add(ledger, args, now, language).await,
        UserCommand::List(_) => list(ledger, now).await,
        UserCommand::Password(args) => set_password(ledger, args, language).await,
        UserCommand::Disable(args) => known(ledger.set_disabled(&args.name, true).await?, &args.name),
        UserCommand::Enable(args) => known(ledger.set_disabled(&args.name, false).await?, &args.name),
        UserCommand::Token(args) => token(ledger, args, now).await,
    }
}

/// Notes what is asked, before it is done.
async fn note(ledger: &Ledger, command: &UserCommand, at: Moment) -> anyhow::Result<()> {
    let (action, object) = match command {
        UserCommand::List(_) => return Ok(()),
        UserCommand::Add(args) => ("user add", format!("{} {}", args.name, args.role.token())),
        UserCommand::Password(args) => ("user password", args.name.clone()),
        UserCommand::Disable(args) => ("user disable", args.name.clone()),
        UserCommand::Enable(args) => ("user enable", args.name.clone()),
        UserCommand::Token(args) => ("user token", args.name.clone()),
    };
    let (actor, action, outcome) = ("(machine)".to_owned(), action.to_owned(), "asked".to_owned());
    ledger.note(&Deed { at, actor, action, object, outcome, detail: String::new() }).await?;
    Ok(())
}

fn known(there_is: bool, name: &str) -> anyhow::Result<()> {
    if !there_is {
        bail!("there is no account {name}; watchlight user list tells those there are");
    }
    Ok(())
}

async fn add(ledger: &Ledger, args: &UserAddArgs, now: Moment, language: Language) -> anyhow::Result<()> {
    let account = Account::new(&args.name, args.role, &args.region, &args.dept)?;
    let (hash, made) =
        if args.no_password { (PasswordHash::none(), None) } else { chosen(args.password_file.as_deref())? };
    if !ledger.add_account(&account, &hash, now).await? {
        bail!("there is an account {} already; accounts are disabled, never deleted", account.name);
    }
    tell(made.as_ref(), &account.name, language)
}

async fn set_password(ledger: &Ledger, args: &UserPasswordArgs, language: Language) -> anyhow::Result<()> {
    let (hash, made) = chosen(args.password_file.as_deref())?;
    known(ledger.set_password(&args.name, &hash).await?, &args.name)?;
    tell(made.as_ref(), &args.name, language)
}

/// The password that a file holds, or one that is made and must be told.
fn chosen(file: Option<&Path>) -> anyhow::Result<(PasswordHash, Option<Key>)> {
    let Some(file) = file else {
        let key = Key::new();
        return Ok((Password::new(key.reveal().to_owned())?.hash(), Some(key)));
    };
    let text = std::fs::read_to_string(file).with_context(|| format!("could not read {}", file.display()))?;
    let password = Password::new(text.lines().next().unwrap_or_default().to_owned());
    Ok((password.with_context(|| format!("{} holds no password", file.display()))?.hash(), None))
}

fn tell(made: Option<&Key>, name: &str, language: Language) -> anyhow::Result<()> {
    if let Some(key) = made {
        match language {
            Language::Zh => say!("{name} 的密码（仅显示这一次）：{}", key.reveal())?,
            Language::En => say!("password of {name}, shown this once: {}", key.reveal())?,
        }
    }
    Ok(())
}

async fn list(ledger: &Ledger, now: Moment) -> anyhow::Result<()> {
    for stored in ledger.accounts().await? {
        let Account { name, role, region, dept } = stored.account;
        let scope = match (region.as_str(), dept.as_str()) {
            ("", "") => "*".to_owned(),
            (region, "") => region.to_owned(),
            (region, dept) => format!("{region}/{dept}"),
        };
        let state = match stored.locked_until {
            _ if stored.disabled => "disabled",
            Some(until) if now < until => "locked",
            _ => "active",
        };
        say!("{name}\t{}\t{scope}\t{state}", role.token())?;
    }
    Ok(())
}

async fn token(ledger: &Ledger, args: &UserTokenArgs, now: Moment) -> anyhow::Result<()> {
    let account = ledger.account(&args.name).await?;
    known(account.is_some(), &args.name)?;
    if account.is_some_and(|account| account.disabled) {
        bail!("account {} is disabled; watchlight user enable {} first", args.name, args.name);
    }
    let key = Key::new();
    let given = GivenKey {
        hash: key.hash(),
        kind: KeyKind::Token,
        label: &args.label,
        reads_only: args.read_only,
        at: now,
        expires: now.plus_millis(i64::from(args.days) * DAY_MILLIS),
    };
    ledger.give_key(&args.name, &given).await?;
    say!("{}", key.reveal())?;
    Ok(())
}
