//! From the files of a configuration folder to rules, profiles and clocks: all or nothing, with
//! every fault of every file at once.

use std::collections::BTreeMap;

use compact_str::CompactString;
use jiff::tz::TimeZone;

use super::compile::{Definitions, clock, compile, compile_manual, extension, is_manual, pause};
use super::faults::{Faults, Say};
use super::listed::Listed;
use super::profile::{self, RawProfile, Resolved};
use super::rule_file::{self, RawRule};
use super::source::Sources;
use super::tree::{self, Table};
use super::types::{Checker, ClockName, Params, Seat, Written};
use super::vocabulary::{ListValue, SECTIONS, Vocabulary};
use super::{lints, texts};
use crate::configuration::{DeclaredActivity, NamedClock, Profile};
use crate::expression::{EventRole, LineField};
use crate::fault::{Fault, Severity};
use crate::finding::RuleIndex;
use crate::reads::Reads;
use crate::rule::{Kind, ManualRule, Rule, Status};
use crate::tables::Tables;

/// Codes of names that nobody defines: events, fields, and all others.
const UNKNOWN_NAMES: [&str; 3] = ["RL02", "RL03", "RL33"];
/// The largest file that is read.
const FILE_BYTES_MAX: usize = 4 << 20;

/// Files of a configuration folder: path relative to it, with `/`, and bytes.
pub type ConfigFiles = BTreeMap<String, Vec<u8>>;

/// What the rule files, profiles and vocabulary of a folder say.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// One rule for each profile and part; those that are off are here too.
    pub rules: Vec<Rule>,
    /// Rules that people judge.
    pub manual: Vec<ManualRule>,
    /// Profiles in the order of their files; each names the rules it judges by.
    pub profiles: Vec<Profile>,
    /// Clocks by place; a profile with lists of its own has clocks of its own.
    pub clocks: Vec<NamedClock>,
    /// Closed and declared activities.
    pub activities: BTreeMap<CompactString, DeclaredActivity>,
    /// Zone of the default profile.
    pub zone: TimeZone,
    /// What somebody should look at.
    pub warnings: Vec<Fault>,
}

/// Loads `vocabulary.toml`, `rules/**/*.toml` (but not `*.cases.toml`) and `profiles/*.toml`. With the
/// folder's tables, rules and profiles are also compared with what those list.
///
/// # Errors
/// All faults of all files, warnings among them, by file and place.
pub fn load(files: &ConfigFiles, tables: Option<&Tables>) -> Result<Loaded, Vec<Fault>> {
    let mut sources = Sources::default();
    let mut unread = Vec::new();
    let mut taken: Vec<(u32, Part)> = Vec::new();
    for (name, bytes) in files {
        let Some(part) = Part::of(name) else { continue };
        match text_of(bytes) {
            Ok(text) => taken.push((sources.add(name, text), part)),
            Err(say) => unread.push((name, say)),
        }
    }
    let mut faults = Faults::new(&sources);
    for (name, say) in &unread {
        faults.add_file(name, say.clone());
    }
    if !files.keys().any(|name| Part::of(name) == Some(Part::Rules)) {
        faults.add_file("rules", texts::no_rules());
    }
    let loaded = Loader::read(&taken, &mut faults).compile(tables, &mut faults);
    if let Some((first, _)) = unread.first() {
        // Any file may define the names that another one uses.
        let profile = unread.iter().any(|(name, _)| Part::of(name) == Some(Part::Profile));
        faults.drop_following(first, |file, code| UNKNOWN_NAMES.contains(&code) || profile && file == "profiles");
    }
    faults.drop_lacking_in_broken();
    let faults = faults.sorted();
    match loaded {
        Some(loaded) if faults.iter().all(|fault| fault.severity == Severity::Warning) => {
            Ok(Loaded { warnings: faults, ..loaded })
        }
        _ => Err(faults),
    }
}

/// What a file is, by its path.
#[derive(Copy, Clone, PartialEq, Eq)]
enum Part {
    Vocabulary,
    Rules,
    Profile,
}

impl Part {
    fn of(name: &str) -> Option<Part> {
        if name == "vocabulary.toml" {
            Some(Part::Vocabulary)
        } else if name.starts_with("rules/") && name.ends_with(".toml") && !name.ends_with(".cases.toml") {
            Some(Part::Rules)
        } else if name.starts_with("profiles/") && name.ends_with(".toml") {
            Some(Part::Profile)
        } else {
            None
        }
    }
}

fn text_of(bytes: &[u8]) -> Result<&str, Say> {
    if bytes.len() > FILE_BYTES_MAX {
        return Err(texts::not_text("文件超过 4 MiB", "the file is larger than 4 MiB"));
    }
    let not_utf8 = |_| {
        texts::not_text("文件不是 UTF-8 编码", "the file is not UTF-8")
            .help("用编辑器另存为 UTF-8 编码", "save it as UTF-8 in an editor")
    };
    std::str::from_utf8(bytes).map_err(not_utf8)
}

/// Everything that is written, before it is compiled.
struct Loader {
    vocabulary: Vocabulary,
    rules: Vec<RawRule>,
    profiles: Vec<RawProfile>,
}

/// Clocks under one set of lists.
struct Clocks {
    lists: BTreeMap<String, ListValue>,
    names: Vec<ClockName>,
}

impl Loader {
    fn read(taken: &[(u32, Part)], faults: &mut Faults<'_>) -> Loader {
        let trees: Vec<(Part, Table)> = taken.iter().map(|(file, part)| (*part, tree::read(*file, faults))).collect();
        let of = |wanted: Part| trees.iter().filter(move |(part, _)| *part == wanted).map(|(_, tree)| tree);
        let mut vocabulary = Vocabulary::built_in();
        for file in of(Part::Vocabulary) {
            faults.unknown_keys(file, "vocabulary", SECTIONS);
            vocabulary.read(file, faults);
        }
        for file in of(Part::Rules) {
            vocabulary.read(file, faults);
        }
        let rules: Vec<RawRule> = of(Part::Rules).flat_map(|file| rule_file::read(file, faults)).collect();
        rule_file::check_versions(&rules, faults);
        let profiles = of(Part::Profile).filter_map(|file| profile::read(file, faults)).collect();
        Loader { vocabulary, rules, profiles }
    }

    fn compile(mut self, tables: Option<&Tables>, faults: &mut Faults<'_>) -> Option<Loaded> {
        self.vocabulary.listed = tables.map(Listed::of).unwrap_or_default();
        let catalogue = tables.map(|tables| &tables.catalogue);
        self.check_definitions(faults);
        let manual = self.rules.iter().filter(|raw| is_manual(raw));
        let manual: Vec<ManualRule> = manual.filter_map(|raw| compile_manual(raw, faults)).collect();
        let resolved = profile::resolve(&self.profiles, &self.vocabulary, &self.rules, faults);
        let mut clocks = Vec::new();
        let mut sets: Vec<Clocks> = Vec::new();
        let mut rules = Vec::new();
        let mut profiles = Vec::new();
        for profile in &resolved {
            let set = self.clocks_for(&profile.lists, &mut sets, &mut clocks, faults);
            let first = rules.len();
            rules.extend(self.rules_of(profile, &sets[set].names, faults));
            check_derived(&rules[first..], &self.rules, faults);
            lints::found_twice(&rules[first..], &self.rules, faults);
            if let Some(catalogue) = catalogue {
                lints::room_for_stages(&rules[first..], &self.rules, catalogue, faults);
            }
            finish_reads(&mut rules[first..], &clocks);
            let of_status = |status: Status| {
                let alone = |place: &usize| rules[*place].group.is_none() && rules[*place].status == status;
                let places = (first..rules.len()).filter(alone);
                places.map(|place| RuleIndex(place as u32)).collect()
            };
            let grouping = |place: &usize| rules[*place].group.is_some() && rules[*place].status == Status::On;
            let groups = (first..rules.len()).filter(grouping).map(|place| RuleIndex(place as u32));
            profiles.push(Profile {
                id: profile.id.as_str().into(),
                regions: profile.regions.clone(),
                default: profile.default,
                zone: profile.zone.clone(),
                rules: of_status(Status::On),
                groups: groups.collect(),
                shadow: of_status(Status::Shadow),
            });
        }
        if resolved.is_empty() {
            self.compile_alone(faults);
        }
        for (prefix, at) in self.profiles.iter().flat_map(|profile| &profile.regions) {
            self.vocabulary.listed.profile_region(prefix, *at, faults);
        }
        if let Some(catalogue) = catalogue {
            for rule in &self.rules {
                lints::items_reached(rule, catalogue, faults);
                lints::types_reached(rule, catalogue, faults);
            }
        }
        let zone = resolved.iter().find(|profile| profile.default)?.zone.clone();
        Some(Loaded {
            rules,
            manual,
            profiles,
            clocks,
            activities: self.vocabulary.activities,
            zone,
            warnings: Vec::new(),
        })
    }

    /// The place in `sets` of the clocks under these lists, compiled when new.
    fn clocks_for(
        &self,
        lists: &BTreeMap<String, ListValue>,
        sets: &mut Vec<Clocks>,
        clocks: &mut Vec<NamedClock>,
        faults: &mut Faults<'_>,
    ) -> usize {
        if let Some(place) = sets.iter().position(|set| set.lists == *lists) {
            return place;
        }
        let definitions = Definitions { vocabulary: &self.vocabulary, lists, clocks: &[] };
        let mut names = Vec::new();
        for (name, table) in &self.vocabulary.clocks {
            if let Some((deadline, units)) = clock(name, table, definitions, faults) {
                names.push(ClockName { name: name.clone(), place: clocks.len(), units });
                clocks.push(NamedClock { name: name.as_str().into(), deadline });
            }
        }
        sets.push(Clocks { lists: lists.clone(), names });
        sets.len() - 1
    }

    fn rules_of(&self, profile: &Resolved<'_>, clocks: &[ClockName], faults: &mut Faults<'_>) -> Vec<Rule> {
        let definitions = Definitions { vocabulary: &self.vocabulary, lists: &profile.lists, clocks };
        let mut rules = Vec::new();
        for raw in self.rules.iter().filter(|raw| !is_manual(raw)) {
            let applied = profile.applied(raw, faults);
            lints::widened(raw, &applied, faults);
            lints::law_by_seconds(&applied, faults);
            self.vocabulary.listed.scope(&applied, faults);
            let rule = compile(&applied, definitions, &profile.defaults, faults);
            rule.iter().for_each(|rule| lints::reach(rule, raw.at, faults));
            rules.extend(rule);
        }
        rules
    }

    /// Without a good profile the rules are still checked, so that their faults are told.
    fn compile_alone(&self, faults: &mut Faults<'_>) {
        let mut sets = Vec::new();
        let mut clocks = Vec::new();
        let set = self.clocks_for(&self.vocabulary.lists, &mut sets, &mut clocks, faults);
        let definitions =
            Definitions { vocabulary: &self.vocabulary, lists: &self.vocabulary.lists, clocks: &sets[set].names };
        for raw in self.rules.iter().filter(|raw| !is_manual(raw)) {
            compile(raw, definitions, &super::compile::Defaults::plain(), faults);
        }
    }

    /// Definitions are checked where they stand, also those that no rule uses yet.
    fn check_definitions(&self, faults: &mut Faults<'_>) {
        let vocabulary = &self.vocabulary;
        let params = Params::new();
        let mut checker = Checker::new(vocabulary, &vocabulary.lists, &params, &[], faults);
        for named in vocabulary.events.values() {
            if let Some(ast) = &named.ast {
                checker.defined_set(ast, Written { text: &named.text, origin: &named.origin });
            }
        }
        for (name, table) in &vocabulary.pauses {
            pause(name, table, &mut checker);
        }
        for (name, table) in &vocabulary.extensions {
            extension(name, table, &mut checker);
        }
        // A value is checked where it is used; alone it is checked unless it depends on that place.
        let seat = Seat {
            event: Some(EventRole::Event),
            start: true,
            earlier: true,
            case: true,
            history: true,
            lines: vec![LineField::Code, LineField::Period, LineField::Payee, LineField::Receipt],
            ..Seat::default()
        };
        for named in vocabulary.values.values() {
            let depends = named.text.contains("param.") || named.text.contains("clock.") || named.ast.is_none();
            if !depends {
                checker.written(Written { text: &named.text, origin: &named.origin }, &seat);
            }
        }
    }
}

/// A rule that makes facts must not stand on facts that another rule makes: the two could go round
/// in a circle.
fn check_derived(rules: &[Rule], raw: &[RawRule], faults: &mut Faults<'_>) {
    let deems = |rule: &Rule| match &rule.kind {
        Kind::Deadline(deadline) => deadline.deems.as_ref().map(|deems| deems.activity.clone()),
        _ => None,
    };
    for rule in rules.iter().filter(|rule| deems(rule).is_some()) {
        for other in rules.iter().filter(|other| other.id != rule.id) {
            let Some(activity) = deems(other) else { continue };
            let at = raw.iter().find(|raw| rule.id == raw.full_id()).map(|raw| raw.at);
            if let (Some(at), true) = (at, Reads::of_rule(rule, &[]).reads(&activity)) {
                let say = texts::not_together(
                    format!("有 deems 的规则不能依据 {} 推定的 {activity}", other.id),
                    format!("a rule with `deems` cannot stand on {activity}, which {} makes", other.id),
                );
                faults.add(at, say);
            }
        }
    }
}

/// What each rule reads. A fact that the law makes of silence changes with what its rule reads.
fn finish_reads(rules: &mut [Rule], clocks: &[NamedClock]) {
    let mut deemed = Reads::default();
    for rule in rules.iter_mut() {
        rule.reads = Reads::of_rule(rule, clocks);
        rule.begins = Reads::beginning(rule);
        if matches!(&rule.kind, Kind::Deadline(deadline) if deadline.deems.is_some()) {
            deemed.extend(&rule.reads);
        }
    }
    for rule in rules {
        rule.reads.extend(&deemed);
    }
}
