//! The READMEs, typed in by a stranger: every `sh` block is run in a fresh copy of the project's folder, one after the
//! other in one shell, and what a `text` block right after it shows must come out.
//!
//! In an output `…` stands for anything, and lines may be left out; what is shown must come in the order shown. Blocks of
//! `make` are not run here, since they would run these tests again: that the Makefile knows their targets is asked instead.
//! Ports are exchanged for free ones, in the blocks and in the copied configuration, so that nothing else is disturbed.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};

use watchlight::nats_server::{SERVER_VARIABLE, find_for_process};

use crate::support::skip::skip;
use crate::support::{program, project};

/// The longest that all blocks of one page may take, in seconds.
const PATIENCE_SECS: &str = "120";
/// The ports that pages and shipped settings name.
const PORTS: [&str; 3] = ["4222", "8222", "8600"];
/// Files of the copy that name ports.
const FILES_WITH_PORTS: [&str; 2] = ["config/nats/server.conf", "config/watchlight.toml"];
/// What a fresh copy does not have.
const NOT_COPIED: [&str; 6] = ["target", ".git", ".tools", "data", "watchlight-data", "artifacts"];

/// Commands, and the output shown right after them.
#[derive(Debug, PartialEq, Eq)]
struct Block {
    commands: String,
    shown: Option<String>,
}

impl Block {
    /// The targets that it makes, if making is all it does.
    fn make_targets(&self) -> Option<Vec<&str>> {
        self.commands.lines().map(|line| line.strip_prefix("make ")?.split_whitespace().next()).collect()
    }
}

/// The `sh` blocks of a page.
fn blocks(page: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut lines = page.lines();
    // True while nothing but empty lines stands between a block and an output.
    let mut follows = false;
    while let Some(line) = lines.next() {
        let fenced = |lines: &mut std::str::Lines<'_>| {
            lines.take_while(|line| *line != "```").map(|line| format!("{line}\n")).collect::<String>()
        };
        match line.strip_prefix("```") {
            Some("sh") => {
                blocks.push(Block { commands: fenced(&mut lines), shown: None });
                follows = true;
            }
            Some(_) => {
                let text = fenced(&mut lines);
                if let Some(block) = blocks.last_mut().filter(|_| follows && line == "```text") {
                    block.shown = Some(text);
                }
                follows = false;
            }
            None => follows &= line.is_empty(),
        }
    }
    blocks
}

/// Does `line` read as `shown` does, where `…` stands for anything?
fn reads_as(line: &str, shown: &str) -> bool {
    let mut pieces = shown.split('…');
    let first = pieces.next().expect("splitting gives at least one piece");
    let Some(mut rest) = line.strip_prefix(first) else { return false };
    let mut open = false;
    for piece in pieces {
        let Some(at) = rest.find(piece) else { return false };
        rest = &rest[at + piece.len()..];
        open = piece.is_empty();
    }
    rest.is_empty() || open
}

/// The first line of `shown` that `output` lacks, in the order shown.
fn missing<'a>(shown: &'a str, output: &str) -> Option<&'a str> {
    let mut lines = output.lines();
    shown.lines().filter(|line| *line != "…").find(|expected| !lines.any(|line| reads_as(line, expected)))
}

/// Copies the project's folder without what building and running left there.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("the copy's folder can be made");
    for entry in fs::read_dir(from).expect("the project can be read") {
        let entry = entry.expect("the project can be read");
        let name = entry.file_name();
        if NOT_COPIED.iter().any(|left_out| name == *left_out) {
            continue;
        }
        if entry.path().is_dir() {
            copy(&entry.path(), &to.join(name));
        } else {
            fs::copy(entry.path(), to.join(name)).expect("a file of the project can be copied");
        }
    }
}

/// Writes free ports in place of those that the pages name.
struct Ports(Vec<(&'static str, String)>);

impl Ports {
    fn free() -> Ports {
        // All held at once, so that no two are the same.
        let held = PORTS.map(|_| TcpListener::bind("127.0.0.1:0").expect("the loopback has free ports"));
        let number = |held: &TcpListener| held.local_addr().expect("it is bound").port().to_string();
        Ports(PORTS.into_iter().zip(held.iter().map(number)).collect())
    }

    fn of(&self, named: &str) -> &str {
        self.0.iter().find(|(port, _)| *port == named).map(|(_, free)| free.as_str()).expect("it is among the ports")
    }

    fn put_into(&self, text: &str) -> String {
        self.0
            .iter()
            .fold(text.to_owned(), |text, (named, free)| text.replace(&format!(":{named}"), &format!(":{free}")))
    }
}

fn mark(block: usize) -> String {
    format!("<<block {block}>>")
}

/// All blocks as one program: it stops at the first command that fails and leaves no server behind.
fn script(blocks: &[Block]) -> String {
    let mut script = "set -eu -o pipefail\ntrap 'jobs -p | xargs -r kill 2>/dev/null || true' EXIT\n".to_owned();
    for (number, block) in blocks.iter().enumerate() {
        let commands = if block.make_targets().is_some() { "" } else { &block.commands };
        script.push_str(&format!("printf '\\n%s\\n' '{}'\n{commands}", mark(number)));
    }
    script
}

/// Runs every block of `page`.
#[track_caller]
fn follow(test: &str, page: &str) {
    let server = match find_for_process() {
        Ok(server) => server,
        Err(error) => return skip(test, &error.to_string()),
    };
    for needed in ["bash", "curl", "python3", "timeout"] {
        let found = Command::new(needed).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        if found.is_err() {
            return skip(test, &format!("there is no {needed}"));
        }
    }
    let text = fs::read_to_string(project().join(page)).expect("the page is part of the project");
    let blocks = blocks(&text);
    assert!(blocks.len() > 5, "{page} shows only {} blocks", blocks.len());
    let ports = Ports::free();
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    copy(project(), folder.path());
    for file in FILES_WITH_PORTS.map(|file| folder.path().join(file)) {
        let text = fs::read_to_string(&file).expect("the settings are part of the project");
        fs::write(&file, ports.put_into(&text)).expect("the copy can be written");
    }
    let built = program();
    let beside = Path::new(built.get_program()).parent().expect("the program stands in a folder");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths([beside.to_path_buf()].into_iter().chain(std::env::split_paths(&path)));
    // The environment of `program`, for a shell: no setting of whoever runs the tests, and English.
    let mut shell = Command::new("timeout");
    built.get_envs().for_each(|(name, value)| {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    });
    let output = shell
        .args(["--kill-after=10", PATIENCE_SECS, "bash", "-c", &ports.put_into(&script(&blocks))])
        .env("PATH", path.expect("folders of a path have no colon"))
        .env(SERVER_VARIABLE, &server.path)
        .env("NATS_URL", format!("nats://127.0.0.1:{}", ports.of("4222")))
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .output()
        .expect("a shell can be started");
    let (told, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let outputs: Vec<&str> = (0..blocks.len())
        .filter_map(|number| told.split_once(&mark(number)).map(|(_, rest)| rest))
        .map(|rest| rest.split("\n<<block ").next().unwrap_or(rest))
        .collect();
    assert!(
        output.status.success(),
        "{page}: block {} failed ({}):\n{}\n{}\n{errors}",
        outputs.len(),
        output.status,
        blocks[outputs.len().saturating_sub(1)].commands,
        outputs.last().unwrap_or(&"")
    );
    for (block, output) in blocks.iter().zip(outputs) {
        if let Some(line) = block.shown.as_deref().and_then(|shown| missing(shown, output)) {
            panic!("{page}: these commands\n{}\nare said to show\n{line}\nbut show\n{output}", block.commands);
        }
    }
}

#[test]
fn every_block_of_the_readme_runs_and_shows_what_it_says() {
    follow("every_block_of_the_readme_runs_and_shows_what_it_says", "README.md");
}

#[test]
fn every_block_of_the_chinese_readme_runs_and_shows_what_it_says() {
    follow("every_block_of_the_chinese_readme_runs_and_shows_what_it_says", "README.zh-CN.md");
}

#[test]
fn every_block_of_the_page_on_writing_a_rule_runs_and_shows_what_it_says() {
    follow("every_block_of_the_page_on_writing_a_rule_runs_and_shows_what_it_says", "docs/writing-a-rule.md");
}

#[test]
fn the_makefile_knows_every_target_that_the_readmes_make() {
    let makefile = fs::read_to_string(project().join("Makefile")).expect("the Makefile is part of the project");
    for page in ["README.md", "README.zh-CN.md"] {
        let text = fs::read_to_string(project().join(page)).expect("the page is part of the project");
        let blocks = blocks(&text);
        let targets: Vec<&str> = blocks.iter().filter_map(Block::make_targets).flatten().collect();
        assert_eq!(targets, ["demo", "test"], "{page}");
        for target in targets {
            assert!(makefile.lines().any(|line| line.starts_with(&format!("{target}:"))), "{page}: make {target}");
        }
    }
}

#[test]
fn both_readmes_show_the_same_commands() {
    let commands = |page: &str| -> Vec<String> {
        let text = fs::read_to_string(project().join(page)).expect("the page is part of the project");
        let words = |block: Block| {
            let lines = block.commands.lines().map(|line| line.split("   #").next().unwrap_or(line).to_owned());
            lines.collect::<Vec<_>>().join("\n").replace(" --lang zh", "").replace("退出码", "exit code")
        };
        blocks(&text).into_iter().map(words).collect()
    };
    assert_eq!(commands("README.md"), commands("README.zh-CN.md"));
}

#[test]
fn a_page_is_read_as_blocks_with_their_outputs() {
    let page = "a\n```sh\nls\n```\n\n```text\nx\n```\n```text\ny\n```\n```sh\npwd\n```\nwords\n```text\nz\n```\n";
    let block = |commands: &str, shown: Option<&str>| Block {
        commands: commands.to_owned(),
        shown: shown.map(ToOwned::to_owned),
    };
    assert_eq!(blocks(page), [block("ls\n", Some("x\n")), block("pwd\n", None)]);
    assert_eq!(block("make a   # b\nmake c\n", None).make_targets(), Some(vec!["a", "c"]));
    assert_eq!(block("make a\nls\n", None).make_targets(), None);
}

#[test]
fn an_output_that_differs_is_found() {
    assert!(reads_as("cases 400  events 9", "cases 400  events …"));
    assert!(reads_as("cases 400  events 9", "…events…"));
    assert!(!reads_as("cases 400  events 9", "cases 400"));
    assert!(!reads_as("cases 40", "cases …0x"));
    assert_eq!(missing("a\n…\nc\n", "a\nb\nc\n"), None);
    assert_eq!(missing("c\na\n", "a\nb\nc\n"), Some("a"), "the order counts");
}
