//! The standing lights against the truth.

use std::collections::BTreeMap;
use std::fmt;

use facts::StandingLight;

/// Differences told by name; the rest are counted.
const NAMED_MAX: usize = 10;

/// Equal, missing and extra lights.
#[derive(Debug)]
pub(crate) struct Verdict {
    equal: usize,
    missing: Vec<StandingLight>,
    extra: Vec<StandingLight>,
    /// Lights of rules that the truth does not cover.
    beside: usize,
}

type Key<'a> = (&'a str, &'a str, &'a str);

fn by_key(lights: &[StandingLight]) -> BTreeMap<Key<'_>, &StandingLight> {
    lights.iter().map(|light| ((light.case.as_str(), light.rule.as_str(), light.instance.as_str()), light)).collect()
}

impl Verdict {
    /// Holds `found` against `truth`, which covers these rules; a light that differs in card, lamp, instant or owner
    /// is missing and extra.
    pub(crate) fn of(truth: &[StandingLight], found: &[StandingLight], covered: &[&str]) -> Verdict {
        let (expected, mut told) = (by_key(truth), by_key(found));
        let all = told.len();
        told.retain(|(_, rule, _), _| covered.contains(rule));
        let beside = all - told.len();
        let missing: Vec<_> = expected
            .iter()
            .filter(|(key, light)| told.get(*key) != Some(light))
            .map(|(_, light)| (*light).clone())
            .collect();
        let extra = told
            .iter()
            .filter(|(key, light)| expected.get(*key) != Some(light))
            .map(|(_, light)| (*light).clone())
            .collect();
        Verdict { equal: expected.len() - missing.len(), missing, extra, beside }
    }

    /// How many are equal, missing, extra, and of rules that the truth does not cover.
    pub(crate) fn counts(&self) -> [u64; 4] {
        [self.equal, self.missing.len(), self.extra.len(), self.beside].map(|count| count as u64)
    }

    /// True when nothing is missing and nothing is extra.
    pub(crate) fn is_equal(&self) -> bool {
        self.missing.is_empty() && self.extra.is_empty()
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, lights) in [("缺 missing", &self.missing), ("多 extra", &self.extra)] {
            for light in lights.iter().take(NAMED_MAX) {
                writeln!(out, "{name}: {}", light.row().replace('\t', "  "))?;
            }
        }
        let (equal, missing, extra) = (self.equal, self.missing.len(), self.extra.len());
        if self.beside > 0 {
            writeln!(out, "真值不含的规则亮灯 lights of rules that the truth does not cover: {}", self.beside)?;
        }
        writeln!(out, "与真值比较 against the truth: 相同 equal {equal}  缺 missing {missing}  多 extra {extra}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_light_with_another_card_is_missing_and_extra() {
        let light = |case: &str, card| StandingLight {
            case: case.into(),
            rule: "R".into(),
            instance: "-".into(),
            card,
            light: facts::Light::Yellow,
            since: facts::Moment::from_millis(0),
            owner: facts::Address::from_subject("approval", "approval.city.360900.D").expect("an address"),
        };
        let truth = [light("A", facts::Card::Yellow), light("B", facts::Card::Warning)];
        let found = [light("A", facts::Card::Yellow), light("B", facts::Card::Yellow), light("C", facts::Card::Red)];
        let verdict = Verdict::of(&truth, &found, &["R"]);
        assert_eq!((verdict.equal, verdict.missing.len(), verdict.extra.len()), (1, 1, 2));
        assert!(Verdict::of(&truth, &truth, &["R"]).is_equal());
        let beside = Verdict::of(&[], &found, &["S"]);
        assert!(beside.is_equal() && beside.beside == 3, "{beside}");
    }
}
