//! `watchlight rules doc`: a page for each rule, for people: what it watches, its law, its cards, a firing example drawn on
//! the days of a calendar, its scenarios.
//!
//! What a rule says is read off the compiled rule, as it is judged, and the example off the proof of a scenario's light; the
//! file as written stands at the end. Nothing is started and the network is not touched.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use anyhow::Context;
use facts::proof::Lang;
use rules::scenario::ScenarioFile;

use crate::check::SCENARIO_ENDING;
use crate::cli::{DocArgs, DocFormat, Exit, Language};
use crate::config_folder;
use crate::output_file::create;
use crate::settings::{self, Sources};
use crate::terminal::say;

mod drawing;
mod html;
mod markdown;
mod page;
mod words;

use page::{Book, RulePage};

/// How files are named, the index, and a page.
type Layout = (&'static str, fn(&Book) -> String, fn(&Book, &RulePage) -> String);

/// Writes the pages that `args` ask for.
///
/// # Errors
/// When the configuration is refused, or a page cannot be written.
pub(crate) fn run(args: &DocArgs, language: Language) -> anyhow::Result<Exit> {
    let (folder, lang) = (args.config.folder.as_path(), Lang::from(language));
    let zone = settings::load(&Sources::of_process(folder, Vec::new()))?.zone;
    let configuration = config_folder::load(folder, &zone, lang)?.configuration;
    let mut scenarios = Vec::new();
    for (name, bytes) in config_folder::read_where(folder, |name| name.ends_with(SCENARIO_ENDING))? {
        let file = ScenarioFile::parse(&name, &bytes).map_err(|fault| anyhow::anyhow!("{}", fault.render(lang)))?;
        scenarios.push((name, file));
    }
    let files = config_folder::read(folder)?;
    let book = Book::of(&configuration, &files, &scenarios, lang)?;
    let (ending, index, one): Layout = match args.format {
        DocFormat::Html => ("html", html::index, html::page),
        DocFormat::Md => ("md", markdown::index, markdown::page),
    };
    fs::create_dir_all(&args.out).with_context(|| format!("could not make the folder {}", args.out.display()))?;
    write(&args.out.join(format!("index.{ending}")), &index(&book))?;
    for page in &book.pages {
        write(&args.out.join(format!("{}.{ending}", page.id)), &one(&book, page))?;
    }
    let (count, out) = (book.pages.len(), args.out.join(format!("index.{ending}")));
    say!("{}", lang.pick(format!("{count} 条规则，{}", out.display()), format!("{count} rules, {}", out.display())))?;
    Ok(Exit::Fine)
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let unwritable = || format!("could not write {}", path.display());
    let mut out = create(path)?;
    out.write_all(text.as_bytes()).with_context(unwritable)?;
    out.flush().with_context(unwritable)
}
