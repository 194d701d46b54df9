//! A proof in words: the one renderer that console, `explain` and notices share.

use jiff::tz::TimeZone;

use super::{
    Cited, ConditionProof, CountProof, DeadlineProof, FeeProof, ForbidsProof, Proof, RequiresProof, SeparationProof,
    WorkflowProof,
};
use crate::moment::Moment;

/// Language of a text for people.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub enum Lang {
    /// zh-CN
    #[default]
    Zh,
    /// English
    En,
}

impl Lang {
    /// `zh` or `en`, whichever this is.
    #[must_use]
    pub fn pick<T>(self, zh: T, en: T) -> T {
        match self {
            Lang::Zh => zh,
            Lang::En => en,
        }
    }
}

impl Proof {
    /// The proof as lines of text, instants shown in `zone`.
    #[must_use]
    pub fn lines(&self, lang: Lang, zone: &TimeZone) -> Vec<String> {
        let words = Words { lang, zone };
        match self {
            Proof::Deadline(proof) => words.deadline(proof),
            Proof::Fee(proof) => words.fee(proof),
            Proof::Workflow(proof) => words.workflow(proof),
            Proof::Condition(proof) => words.condition(proof),
            Proof::Separation(proof) => words.separation(proof),
            Proof::Requires(proof) => words.requires(proof),
            Proof::Forbids(proof) => words.forbids(proof),
            Proof::Count(proof) => words.count(proof),
        }
    }
}

struct Words<'a> {
    lang: Lang,
    zone: &'a TimeZone,
}

impl Words<'_> {
    fn at(&self, moment: Moment) -> String {
        let format = self.lang.pick("%Y年%-m月%-d日 %H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f");
        moment.civil(self.zone).strftime(format).to_string()
    }

    fn cited(&self, cited: &Cited) -> String {
        let fields =
            if cited.fields.is_empty() { String::new() } else { format!("（{}）", cited.fields.join("，")) };
        let fields = self.lang.pick(fields.clone(), fields.replace('（', " (").replace('）', ")").replace('，', ", "));
        format!("{} {} [{}]{fields}", self.at(cited.at), cited.activity, cited.id)
    }

    fn deadline(&self, proof: &DeadlineProof) -> Vec<String> {
        let pick = |zh: &str, en: &str| self.lang.pick(zh.to_owned(), en.to_owned());
        let counting = match (proof.counting.as_str(), self.lang) {
            ("legal", Lang::Zh) => "法定计日（起始日不计）",
            ("legal", Lang::En) => "legal days (the first day is not counted)",
            ("date", Lang::Zh) => "期限为日期，当日之内",
            ("date", Lang::En) => "a date, in the course of that day",
            ("instant", Lang::Zh) => "期限为时刻",
            ("instant", Lang::En) => "an instant",
            (_, Lang::Zh) => "按工作秒累计",
            (_, Lang::En) => "elapsed working seconds",
        };
        let mut lines = vec![format!("{}{}", pick("起算：", "start: "), self.cited(&proof.start))];
        if let Some(from) = proof.counted_from {
            lines.push(format!("{}{}", pick("计算起点：", "counted from: "), self.at(from)));
        }
        let calendar = if proof.days.is_empty() { String::new() } else { format!(" {}", proof.calendar) };
        let from = if proof.limit_from == proof.limit { String::new() } else { format!(" {}", proof.limit_from) };
        let source = format!("{}{from} {counting}{calendar} {}", proof.limit, proof.zone);
        lines.push(format!("{}{source}", pick("时限：", "limit: ")));
        for pause in &proof.pauses {
            let to = pause.to.map_or_else(|| pick("未结束", "still open"), |to| self.at(to));
            let cap =
                pause.cap.as_ref().map(|cap| format!("{}{cap}", pick("，批准 ", ", granted "))).unwrap_or_default();
            lines.push(format!(
                "{}{} [{}] {} → {to}{cap}",
                pick("暂停：", "pause: "),
                pause.name,
                pause.id,
                self.at(pause.from)
            ));
        }
        for extension in &proof.extensions {
            lines.push(format!(
                "{}[{}] {} +{}",
                pick("延长：", "extension: "),
                extension.id,
                self.at(extension.at),
                extension.by
            ));
        }
        for day in &proof.days {
            let note = day.note.as_ref().map(|note| format!(" {note}")).unwrap_or_default();
            lines.push(format!("  {} {} {}{note}", day.date, day.counted, self.day_reason(&day.why)));
        }
        let due = proof.due.map_or_else(|| pick("暂停中，尚无到期时刻", "none while paused"), |due| self.at(due));
        lines.push(format!("{}{due}", pick("到期：", "due: ")));
        for mark in &proof.marks {
            let at = mark.at.map_or_else(|| pick("尚无", "none yet"), |at| self.at(at));
            let card = self.lang.pick(mark.card.zh(), mark.card.token());
            lines.push(format!("{card}{}{} ({}) {at}", self.lang.pick("：", ": "), mark.mark, mark.limit));
        }
        if let Some(stop) = &proof.stop {
            lines.push(format!("{}{}", pick("止算：", "stop: "), self.cited(stop)));
        }
        lines
    }

    fn day_reason<'w>(&self, why: &'w str) -> &'w str {
        if self.lang == Lang::En {
            return why;
        }
        match why {
            "start" => "起始日不计",
            "work" => "工作日",
            "makeup" => "调休上班",
            "weekend" => "周末",
            "holiday" => "节假日",
            "pause" => "暂停",
            "calendar" => "自然日",
            other => other,
        }
    }

    fn fee(&self, proof: &FeeProof) -> Vec<String> {
        let pick = |zh: &str, en: &str| self.lang.pick(zh.to_owned(), en.to_owned());
        let mut lines = Vec::new();
        if !proof.line.is_empty() {
            lines.push(format!("{}{}", pick("收费项：", "line: "), proof.line));
        }
        for entry in &proof.ledger {
            let left_out = entry.left_out.as_ref().map(|why| format!(" ({why})")).unwrap_or_default();
            let code = entry.code.as_deref().unwrap_or("-");
            lines.push(format!("  {} [{}] {} {code} {}{left_out}", self.at(entry.at), entry.id, entry.act, entry.fen));
        }
        lines.push(format!("{}{}", pick("净收（元）：", "net (yuan): "), proof.net));
        if let Some(tariff) = &proof.tariff {
            let bound =
                |amount: Option<crate::money::Fen>| amount.map_or_else(|| "-".to_owned(), |fen| fen.to_string());
            let quantity = tariff.quantity.as_deref().unwrap_or("1");
            let basis = tariff.basis.as_deref().unwrap_or("");
            lines.push(format!(
                "{}{} {} .. {} × {quantity} {basis}",
                pick("标准：", "tariff: "),
                tariff.code,
                bound(tariff.min),
                bound(tariff.max)
            ));
        }
        lines.extend(self.condition(&proof.condition));
        lines
    }

    fn condition(&self, proof: &ConditionProof) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(event) = &proof.event {
            lines.push(format!("{}{}", self.lang.pick("事件：", "event: "), self.cited(event)));
        }
        lines.push(format!("{}{}", self.lang.pick("条件：", "condition: "), proof.expression));
        for leaf in &proof.leaves {
            let value = leaf.value.as_deref().unwrap_or(self.lang.pick("缺", "missing"));
            lines.push(format!("  {} = {value}", leaf.name));
        }
        lines
    }

    fn workflow(&self, proof: &WorkflowProof) -> Vec<String> {
        let mut lines = vec![format!("{}{}", self.lang.pick("流程图：", "graph: "), proof.graph)];
        lines.push(format!("{}{}", self.lang.pick("必经环节：", "required: "), proof.required.join(" → ")));
        lines.extend(proof.path.iter().map(|step| format!("  {}", self.cited(step))));
        if !proof.missing.is_empty() {
            lines.push(format!("{}{}", self.lang.pick("缺少环节：", "missing: "), proof.missing.join(", ")));
        }
        if let Some((from, to)) = &proof.edge {
            lines.push(format!("{}{from} → {to}", self.lang.pick("图中没有的流转：", "not an edge of the graph: ")));
        }
        if let Some(at) = &proof.at {
            lines.push(format!("{}{}", self.lang.pick("判定于：", "judged at: "), self.cited(at)));
        }
        lines
    }

    fn separation(&self, proof: &SeparationProof) -> Vec<String> {
        let mut lines = vec![format!("{}{}", self.lang.pick("人员：", "person: "), proof.person)];
        lines.extend(proof.acts.iter().map(|(act, event)| format!("  {act}: {}", self.cited(event))));
        lines
    }

    fn requires(&self, proof: &RequiresProof) -> Vec<String> {
        let mut lines = vec![format!("{}{}", self.lang.pick("事件：", "event: "), self.cited(&proof.event))];
        for (set, nearest) in &proof.missing {
            let nearest =
                nearest.as_ref().map_or_else(|| self.lang.pick("无", "none").to_owned(), |event| self.cited(event));
            lines.push(format!("{}{set}: {nearest}", self.lang.pick("此前应有：", "needed before: ")));
        }
        lines
    }

    fn forbids(&self, proof: &ForbidsProof) -> Vec<String> {
        let pick = |zh, en| self.lang.pick(zh, en);
        let mut lines = vec![
            format!("{}{}", pick("事件：", "event: "), self.cited(&proof.event)),
            format!("{}{}", pick("不得在其后：", "must not follow: "), self.cited(&proof.earlier)),
        ];
        let limits = [
            (pick("仅在此时限内禁止：", "forbidden only within: "), &proof.within),
            (pick("仅在此时限后禁止：", "forbidden only later than: "), &proof.later_than),
            (pick("其间没有：", "none between: "), &proof.unless),
        ];
        lines.extend(limits.iter().filter_map(|(label, value)| Some(format!("{label}{}", value.as_ref()?))));
        lines
    }

    fn count(&self, proof: &CountProof) -> Vec<String> {
        let pick = |zh, en| self.lang.pick(zh, en);
        let mut lines =
            vec![format!("{}{} {}", pick("计数：", "count: "), proof.counted.len(), proof.key).trim_end().to_owned()];
        let bound = if proof.at.is_some() { pick("至少：", "at least: ") } else { pick("至多：", "at most: ") };
        lines.push(format!("{bound}{}", proof.bound));
        lines.extend(proof.within.as_ref().map(|within| format!("{}{within}", pick("时间范围：", "within: "))));
        lines.extend(proof.at.as_ref().map(|at| format!("{}{}", pick("判定于：", "judged at: "), self.cited(at))));
        lines.extend(proof.counted.iter().map(|event| format!("  {}", self.cited(event))));
        lines
    }
}
