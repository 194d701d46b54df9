"use strict";
// The plain page: counts, standing lights, newest changes, one case. It reads the API and writes
// nothing but a login. Text from outside becomes text nodes only, never markup.

// ---------------------------------------------------------------- texts

const TEXTS = {
  zh: {
    login: "登录", account: "账号", password: "密码",
    title: "行政审批实时监察", other: "English", skip: "跳到亮灯列表",
    counts: "各县（市、区）办件亮灯情况", county: "县（市、区）", sum: "合计", asOf: (at) => `截至 ${at}`,
    silentSources: "静默的来源（其办件为灰灯）", silentRow: (source, office, at) => `${office}：${source}，最后一次数据 ${at}`,
    silentCase: (at) => `来源自 ${at} 起静默，情况不明`, heldLight: (card, at) => `${card}，因来源静默暂不亮灯，最迟 ${at}`,
    lights: "当前亮灯", light: "灯色", card: "牌", all: "全部", rule: "规则", ruleHint: "编号，可用 * 结尾",
    case: "办件编号", caseHint: "编号的一部分", reset: "清除条件", lightAndCard: "灯与牌", reason: "事由",
    office: "单位", since: "起自", more: "显示更多", stale: "有新的变化，刷新列表",
    shown: (n, more) => (n === 0 ? "没有符合条件的亮灯。" : `已显示 ${n} 条${more ? "，还有更多" : ""}。`),
    loading: "正在读取……", failed: (why) => `读取失败：${why}`,
    news: "最新变化", noNews: "还没有变化。", pause: "暂停", resume: "继续",
    held: (n) => `${n} 条新消息`, liveOn: "实时连接正常", liveOff: "连接中断，正在重连",
    ready: "系统就绪", notReady: (why) => `系统未就绪：${why}`, unreachable: "服务没有响应", close: "关闭",
    caseTitle: (number) => `办件 ${number}`, owner: "承办单位", item: "事项", open: "在办", closed: "已办结",
    state: "状态", clock: "监察时钟", caseLights: "亮灯与依据", noLights: "当前没有亮灯。", basis: "依据",
    ruleVersion: (rule, version) => `规则 ${rule}（版本 ${version}）`, proof: "计算过程",
    sinceAt: (at) => `自 ${at} 起`, warning: "注意", willBe: (card, at) => `如无变化，${at} 起为${card}`,
    timeline: "办理过程", noFacts: "没有该办件的记录，以下为台账所载。", raw: "原始记录", arrived: (at) => `到达 ${at}`,
    said: "告知记录", revision: (n) => `第 ${n} 次`,
    lamp: { red: "红灯", yellow: "黄灯", green: "绿灯", grey: "灰灯" },
    cards: { red: "红牌", yellow: "黄牌", warning: "预警", none: "无牌" },
    kinds: { raised: "亮灯", escalated: "升级", eased: "降级", cleared: "消除", retracted: "撤回" },
    causes: {
      engine: "引擎更新", rule: "规则变更", catalogue: "目录变更", calendar: "日历变更", appeal: "申诉成立",
      deleted: "记录删除", corrected: "记录更正", late: "记录迟到", event: "办理记录", silence: "来源无数据",
      deadline: "时限届满",
    },
    warnings: { calendar_uncovered: "日历未覆盖该年度，按周一至周五计算", source_silent: "来源静默，可能已办而未报" },
    levels: { province: "省级", city: "市级", county: "县级", township: "乡镇" },
    activities: {
      submitted: "申请", pre_accepted: "预受理", pre_rejected: "预审不通过", accepted: "受理", not_accepted: "不予受理",
      supplement_notified: "补正告知", supplement_received: "补正收件", stage_started: "环节开始",
      stage_completed: "环节完成", stage_returned: "环节退回", special_started: "特别程序开始",
      special_ended: "特别程序结束", forwarded: "上报", returned_from_above: "上级退回", hearing_requested: "听证申请",
      hearing_notified: "听证告知", hearing_held: "听证", fee: "收费", closed: "办结", reopened: "重新办理",
      withdrawn: "撤回申请", certificate_issued: "制证", delivered: "送达", complaint: "投诉",
      complaint_decided: "投诉受理决定", complaint_closed: "投诉办结", consulted: "咨询", consult_answered: "咨询答复",
      rated: "评价", card_issued: "发牌", card_feedback: "反馈", card_supervised: "督办", card_revoked: "撤销",
      waived: "免责",
    },
    fields: {
      stage: "环节", officer: "经办", position: "岗位", outcome: "结果", reason: "理由", item: "事项", source: "来源",
    },
  },
  en: {
    login: "Log in", account: "Account", password: "Password",
    title: "Approvals, supervised live", other: "中文", skip: "Skip to the lights",
    counts: "Cases by county and light", county: "County", sum: "Total", asOf: (at) => `as of ${at}`,
    silentSources: "Silent sources (their cases are grey)", silentRow: (source, office, at) => `${office}: ${source}, last heard ${at}`,
    silentCase: (at) => `the source is silent since ${at}: unknown`, heldLight: (card, at) => `${card}, waits for the silent source, until ${at} at most`,
    lights: "Standing lights", light: "Light", card: "Card", all: "All", rule: "Rule", ruleHint: "id, * at its end",
    case: "Case number", caseHint: "part of the number", reset: "Clear", lightAndCard: "Light and card",
    reason: "Reason", office: "Office", since: "Since", more: "Show more", stale: "Something changed: refresh",
    shown: (n, more) => (n === 0 ? "No light matches." : `${n} shown${more ? ", there are more" : ""}.`),
    loading: "Reading…", failed: (why) => `Could not read: ${why}`,
    news: "Newest changes", noNews: "No change yet.", pause: "Pause", resume: "Go on",
    held: (n) => (n === 1 ? "1 new message" : `${n} new messages`), liveOn: "live", liveOff: "connection lost, trying again",
    ready: "ready", notReady: (why) => `not ready: ${why}`, unreachable: "the service does not answer", close: "Close",
    caseTitle: (number) => `Case ${number}`, owner: "Office", item: "Item", open: "open", closed: "closed",
    state: "State", clock: "Supervision clock", caseLights: "Lights and grounds", noLights: "No light stands.",
    basis: "Basis", ruleVersion: (rule, version) => `Rule ${rule} (version ${version})`, proof: "Reckoning",
    sinceAt: (at) => `since ${at}`, warning: "Note", willBe: (card, at) => `${card} from ${at} if nothing changes`,
    timeline: "Timeline", noFacts: "No record of this case is at hand; what follows is from the ledger.", raw: "record",
    arrived: (at) => `arrived ${at}`, said: "What was said", revision: (n) => `no. ${n}`,
    lamp: { red: "Red", yellow: "Yellow", green: "Green", grey: "Grey" },
    cards: { red: "red card", yellow: "yellow card", warning: "warning", none: "no card" },
    kinds: { raised: "raised", escalated: "escalated", eased: "eased", cleared: "cleared", retracted: "retracted" },
    causes: {
      engine: "new engine", rule: "rule changed", catalogue: "catalogue changed", calendar: "calendar changed",
      appeal: "appeal upheld", deleted: "record deleted", corrected: "record corrected", late: "late record",
      event: "record", silence: "source silent", deadline: "time passed",
    },
    warnings: { calendar_uncovered: "no calendar for that year: Monday to Friday counted", source_silent: "the source is silent: it may have been done" },
    levels: { province: "province", city: "city", county: "county", township: "township" },
    activities: {}, fields: {},
  },
};

const address = new URL(location.href);
let language = address.searchParams.get("lang") ?? remembered("language") ?? "zh";
if (!(language in TEXTS)) language = "zh";
const t = (key) => TEXTS[language][key];
const word = (group, name) => TEXTS[language][group][name] ?? name;

function remembered(key) {
  try { return localStorage.getItem(key); } catch { return null; }
}

function remember(key, value) {
  try { localStorage.setItem(key, value); } catch { /* a page without storage forgets */ }
}

// ---------------------------------------------------------------- small helpers

const $ = (id) => document.getElementById(id);

/** An element with attributes and children; strings become text nodes. */
function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "on") for (const [event, act] of Object.entries(value)) element.addEventListener(event, act);
    else if (value !== null && value !== undefined) element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

/** Shape, word and colour of a lamp. */
const lamp = (light) => el("span", { class: `lamp ${light}` }, word("lamp", light));

async function read(path) {
  const response = await fetch(path, { headers: { accept: "application/json" } });
  const body = await response.json().catch(() => ({}));
  if (response.status === 401) askLogin();
  if (!response.ok) throw new Error((language === "zh" ? body.detail_zh : body.detail) ?? String(response.status));
  return body;
}

/** Shown when the service asks who is there; a login begins the page anew. */
function askLogin() {
  $("login").hidden = false;
}

$("login-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const { name, password } = event.target.elements;
  const response = await fetch("/api/session", {
    method: "POST", headers: { "content-type": "application/json" },
    body: JSON.stringify({ name: name.value, password: password.value }),
  });
  if (response.ok) { location.reload(); return; }
  const body = await response.json().catch(() => ({}));
  $("login-failed").textContent = (language === "zh" ? body.detail_zh : body.detail) ?? String(response.status);
});

let zone = "Asia/Shanghai";
let clockFormat = null;
/** An instant as people of the site read it; a civil day stays as it is. */
function time(text) {
  if (!text) return "";
  if (text.length === 10) return text;
  clockFormat ??= new Intl.DateTimeFormat("sv-SE", {
    timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit",
  });
  return clockFormat.format(new Date(text));
}

let regionNames = {};
const regionName = (code) => regionNames[code] ?? regionNames[code.slice(0, 6)] ?? code;
const office = (row) => `${regionName(row.region)} ${row.dept}`;

// ---------------------------------------------------------------- language

function speak() {
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  document.title = t("title");
  for (const element of document.querySelectorAll("[data-text]")) element.textContent = t(element.dataset.text);
  for (const element of document.querySelectorAll("[data-placeholder]")) element.placeholder = t(element.dataset.placeholder);
  for (const element of document.querySelectorAll("[data-lamp]")) element.textContent = word("lamp", element.dataset.lamp);
  for (const option of document.querySelectorAll("[data-lamp-option]")) option.textContent = word("lamp", option.dataset.lampOption);
  for (const option of document.querySelectorAll("[data-card-option]")) option.textContent = word("cards", option.dataset.cardOption);
  $("language").textContent = t("other");
  $("language").lang = language === "zh" ? "en" : "zh-CN";
}

$("language").addEventListener("click", () => {
  language = language === "zh" ? "en" : "zh";
  remember("language", language);
  speak();
  showPause();
  showLive();
  showNews();
  refreshCounts();
  refreshSources();
  refreshReady();
  lights.reload();
});

// ---------------------------------------------------------------- state of the service

async function refreshReady() {
  let text, good = false;
  try {
    const response = await fetch("/ready");
    const body = await response.json();
    good = body.ready;
    text = good ? t("ready") : t("notReady")(body.reasons.map((reason) => reason[language]).join("；"));
  } catch {
    text = t("unreachable");
  }
  const pill = $("ready");
  if (pill.textContent !== text) pill.textContent = text;
  pill.classList.toggle("bad", !good);
}

// ---------------------------------------------------------------- counts

const LAMPS = ["red", "yellow", "green", "grey"];

async function refreshCounts() {
  let counts;
  try {
    counts = await read("/api/counts?by=county");
  } catch {
    return; // the state of the service already says so
  }
  $("as-of").textContent = t("asOf")(time(counts.as_of));
  const sum = (lamps) => LAMPS.reduce((total, light) => total + lamps[light], 0);
  const cells = (lamps) => [...LAMPS.map((light) => lamps[light]), sum(lamps)];
  const shown = (number) => el("td", { class: "number" }, number.toLocaleString(language));
  const filterBy = (region, light, number) => {
    if (number === 0 || light === "green" || light === "grey") return shown(number);
    const label = `${regionName(region)} ${word("lamp", light)} ${number}`;
    const choose = { click: () => lights.choose({ region, light }) };
    const button = el("button", { type: "button", class: "plain", "aria-label": label, on: choose });
    button.textContent = number.toLocaleString(language);
    return el("td", { class: "number" }, button);
  };
  const rows = counts.rows.map((row) => el("tr", {},
    el("th", { scope: "row" }, regionName(row.region)),
    ...LAMPS.map((light) => filterBy(row.region, light, row.lights[light])),
    shown(sum(row.lights))));
  replaceKeepingFocus($("counts").tBodies[0], rows);
  $("counts").tFoot.replaceChildren(el("tr", {}, el("th", { scope: "row" }, t("sum")), ...cells(counts.total).map(shown)));
}

/** Which sources say nothing: what is not lit there is unknown. */
async function refreshSources() {
  let page;
  try {
    page = await read("/api/sources?silent=true");
  } catch {
    return; // the state of the service already says so
  }
  const rows = page.sources.map((row) => el("li", {}, t("silentRow")(row.source, office(row), time(row.last_arrived))));
  $("silent-rows").replaceChildren(...rows);
  $("silent").hidden = rows.length === 0;
}

/** New rows in place of old; the button that had the focus has it again. */
function replaceKeepingFocus(parent, rows) {
  const label = parent.contains(document.activeElement) ? document.activeElement.getAttribute("aria-label") : null;
  parent.replaceChildren(...rows);
  if (label === null) return;
  const place = label.replace(/\s\d+$/, "");
  [...parent.querySelectorAll("button")].find((button) => button.getAttribute("aria-label").startsWith(place))?.focus();
}

// ---------------------------------------------------------------- standing lights

const lights = {
  form: $("filters"), body: $("light-rows").tBodies[0], next: null, count: 0, pages: 0, asked: 0, timer: 0,

  query() {
    const query = new URLSearchParams();
    for (const [name, value] of new FormData(this.form)) if (value.trim() !== "") query.set(name, value.trim());
    return query;
  },

  async load(more) {
    const asked = ++this.asked;
    const query = this.query();
    const page = new URLSearchParams(query);
    page.set("limit", "50");
    if (more) page.set("cursor", this.next);
    try {
      const answer = await read(`/api/lights?${page}`);
      if (asked !== this.asked) return; // a later question was asked meanwhile
      const rows = answer.lights.map(lightRow);
      if (more) this.body.append(...rows); else this.body.replaceChildren(...rows);
      this.count = more ? this.count + rows.length : rows.length;
      this.pages = more ? this.pages + 1 : 1;
      this.next = answer.next;
      $("lights-state").textContent = t("shown")(this.count, this.next !== null);
      $("more").hidden = this.next === null;
      if (!more) $("refresh").hidden = true;
      const shared = new URL(location.pathname, location.href);
      shared.search = query.toString();
      history.replaceState(null, "", shared);
    } catch (error) {
      if (asked === this.asked) $("lights-state").textContent = t("failed")(error.message);
    }
  },

  reload() { return this.load(false); },

  soon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.reload(), 300);
  },

  choose({ region, light }) {
    this.form.reset();
    this.form.elements.region.value = region;
    this.form.elements.light.value = light;
    this.reload();
    $("lights").focus();
  },

  /** Something was said: read again unless a person is busy with the list. */
  changed() {
    const busy = this.pages > 1 || $("light-rows").matches(":hover, :focus-within");
    if (busy) $("refresh").hidden = false; else this.soonQuiet();
  },

  quiet: 0,
  soonQuiet() {
    if (this.quiet) return;
    this.quiet = setTimeout(() => {
      this.quiet = 0;
      if ($("light-rows").matches(":hover, :focus-within")) $("refresh").hidden = false; else this.reload();
    }, 2000);
  },
};

function lightRow(row) {
  const cell = (label, attributes, ...children) => el("td", { "data-label": t(label), ...attributes }, ...children);
  return el("tr", {},
    cell("lightAndCard", {}, el("span", { class: "lamps" }, lamp(row.light), word("cards", row.card))),
    cell("case", { class: "case" }, caseButton(row.case)),
    cell("reason", {}, row.reason[language]),
    cell("rule", { class: "rule", title: row.basis }, row.rule),
    cell("office", {}, office(row)),
    cell("since", { class: "time" }, el("time", { datetime: row.since }, time(row.since))));
}

const caseButton = (number) =>
  el("button", { type: "button", class: "plain", on: { click: () => showCase(number) } }, number);

lights.form.addEventListener("input", () => lights.soon());
lights.form.addEventListener("submit", (event) => { event.preventDefault(); lights.reload(); });
lights.form.addEventListener("reset", () => setTimeout(() => lights.reload()));
$("more").addEventListener("click", () => lights.load(true));
$("refresh").addEventListener("click", () => lights.reload());

// ---------------------------------------------------------------- newest changes

const NEWS_MAX = 100;
const news = { shown: [], waiting: [], paused: false, last: null, source: null, live: false };

/** Rows under the pointer or the focus do not move: what comes meanwhile waits. */
const newsBusy = () => news.paused || $("news-area").matches(":hover, :focus-within");

function hear(sequence, said) {
  if (news.last !== null && sequence <= news.last) return;
  news.last = sequence;
  news.waiting.push({ sequence, said });
  if (news.waiting.length > NEWS_MAX) news.waiting.shift();
  if (newsBusy()) showHeld(); else flush();
  lights.changed();
}

function flush() {
  if (news.waiting.length > 0) {
    const rows = news.waiting.map(newsRow).reverse();
    $("news-rows").prepend(...rows);
    news.shown.unshift(...news.waiting.reverse());
    news.waiting = [];
    news.shown.length = Math.min(news.shown.length, NEWS_MAX);
    while ($("news-rows").children.length > NEWS_MAX) $("news-rows").lastElementChild.remove();
  }
  showHeld();
}

function showHeld() {
  const button = $("held");
  button.hidden = news.waiting.length === 0;
  button.textContent = button.hidden ? "" : t("held")(news.waiting.length);
  $("news-empty").hidden = news.shown.length + news.waiting.length > 0;
}

function showNews() {
  $("news-rows").replaceChildren(...news.shown.map(newsRow));
  showHeld();
}

function newsRow({ sequence, said }) {
  const moved = said.light === said.light_before && said.card === said.card_before
    ? [lamp(said.light)]
    : [lamp(said.light_before), "→", lamp(said.light)];
  return el("li", { "data-sequence": sequence },
    el("span", { class: "line" }, el("strong", {}, word("kinds", said.kind)), el("span", { class: "lamps" }, ...moved),
      word("cards", said.card === "none" ? said.card_before : said.card),
      el("time", { datetime: said.decided_at }, time(said.decided_at))),
    el("span", { class: "line" }, caseButton(said.case), el("span", { class: "quiet" }, `${said.rule} · ${office(said)}`)),
    el("span", {}, said.reason[language]),
    el("span", { class: "quiet" }, word("causes", said.cause)));
}

function showLive() {
  $("live").textContent = news.live ? t("liveOn") : t("liveOff");
  $("live").classList.toggle("bad", !news.live);
}

function showPause() {
  $("pause").textContent = news.paused ? t("resume") : t("pause");
  $("pause").setAttribute("aria-pressed", String(news.paused));
}

/** Opens the event stream after the last change known; the browser resumes by itself with its last id. */
function listen() {
  news.source?.close();
  const source = new EventSource(news.last === null ? "/api/events" : `/api/events?after=${news.last}`);
  news.source = source;
  source.addEventListener("open", () => { news.live = true; showLive(); });
  source.addEventListener("transition", (event) => hear(Number(event.lastEventId), JSON.parse(event.data)));
  source.addEventListener("error", () => {
    news.live = false;
    showLive();
    // Refused rather than lost: a browser gives up then, so it is opened anew.
    if (source.readyState === EventSource.CLOSED) setTimeout(() => { if (news.source === source) listen(); }, 3000);
  });
}

$("held").addEventListener("click", () => {
  flush();
  $("news-rows").querySelector("button")?.focus({ preventScroll: true });
});
$("pause").addEventListener("click", () => { news.paused = !news.paused; showPause(); if (!news.paused) flush(); });
const mayFlush = () => { if (!newsBusy()) flush(); };
$("news-area").addEventListener("mouseleave", mayFlush);
$("news-area").addEventListener("focusout", () => setTimeout(mayFlush));

// ---------------------------------------------------------------- one case

let caseAsked = 0;
async function showCase(number) {
  const asked = ++caseAsked;
  const dialog = $("case");
  $("case-title").textContent = t("caseTitle")(number);
  $("case-body").replaceChildren(el("p", { role: "status" }, t("loading")));
  if (!dialog.open) dialog.showModal();
  try {
    const page = await read(`/api/cases/${encodeURIComponent(number)}?lang=${language}`);
    if (asked === caseAsked) $("case-body").replaceChildren(...caseParts(page));
  } catch (error) {
    if (asked === caseAsked) $("case-body").replaceChildren(el("p", { role: "alert" }, t("failed")(error.message)));
  }
}

function caseParts({ live, transitions }) {
  const said = el("ol", { class: "news" }, ...transitions.map(({ sequence, transition }) => {
    const row = newsRow({ sequence, said: transition });
    row.lastElementChild.append(` · ${t("revision")(transition.revision)}`);
    return row;
  }));
  const saidPart = [el("h3", {}, t("said")), said];
  if (live === null) return [el("p", { class: "quiet" }, t("noFacts")), ...saidPart];
  const fact = (label, value) => (value ? [el("dt", {}, t(label)), el("dd", {}, value)] : []);
  return [
    el("dl", { class: "facts" },
      ...fact("owner", `${word("levels", live.owner.level)} ${office(live.owner)}`), ...fact("item", live.item),
      ...fact("state", live.open ? t("open") : t("closed")),
      ...(live.silent_since ? fact("warning", t("silentCase")(time(live.silent_since))) : []), ...fact("clock", time(live.clock))),
    el("h3", {}, t("caseLights")),
    ...(live.lights.length > 0 ? live.lights.map(finding) : [el("p", {}, t("noLights"))]),
    el("h3", {}, t("timeline")),
    el("ol", { class: "timeline" }, ...live.events.map(timelineRow)),
    ...saidPart,
  ];
}

function finding(light) {
  const head = el("div", { class: "lamps" }, lamp(light.light), el("strong", {}, word("cards", light.card)),
    el("span", { class: "quiet" }, t("sinceAt")(time(light.since))));
  const notes = light.warnings.map((name) => el("p", {}, `${t("warning")}：${word("warnings", name)}`));
  const waits = light.held_until ? [el("p", {}, t("heldLight")(word("cards", light.card), time(light.held_until)))] : [];
  const schedule = light.schedule.map((next) => el("p", {}, t("willBe")(word("cards", next.card), time(next.from))));
  const proof = light.proof_lines.length === 0 ? null
    : el("details", { open: "" }, el("summary", {}, t("proof")), el("pre", { class: "proof" }, light.proof_lines.join("\n")));
  return el("article", { class: `finding ${light.light}` }, head,
    el("p", {}, light.reason[language]),
    el("p", { class: "quiet" }, `${t("basis")}：${light.basis}　${t("ruleVersion")(light.rule, light.rule_version)}`),
    ...notes, ...waits, ...schedule, proof);
}

const TIMELINE_FIELDS = ["stage", "officer", "position", "outcome", "reason", "item", "source"];

function timelineRow(event) {
  const told = TIMELINE_FIELDS.filter((name) => event.line[name]).map((name) => `${word("fields", name)} ${event.line[name]}`);
  return el("li", {},
    el("div", { class: "lamps" }, el("time", { datetime: event.at }, time(event.at)),
      el("strong", {}, word("activities", event.activity)),
      event.arrived ? el("span", { class: "quiet" }, t("arrived")(time(event.arrived))) : null),
    told.length > 0 ? el("div", { class: "quiet" }, told.join("　")) : null,
    el("details", {}, el("summary", {}, t("raw")), el("pre", { class: "proof" }, JSON.stringify(event.line, null, 1))));
}

$("case-close").addEventListener("click", () => $("case").close());
$("case").addEventListener("click", (event) => { if (event.target === $("case")) $("case").close(); });

// ---------------------------------------------------------------- begin

/** Repeats while the page is looked at. */
function every(millis, act) {
  setInterval(() => { if (!document.hidden) act(); }, millis);
}

async function begin() {
  speak();
  showPause();
  refreshReady();
  try {
    const site = await read("/api/regions");
    regionNames = site.regions;
    zone = site.zone ?? zone;
  } catch { /* codes are shown instead of names */ }
  const counties = Object.keys(regionNames).filter((code) => code.length === 6 && !code.endsWith("0000")).sort();
  lights.form.elements.region.append(...counties.map((code) => el("option", { value: code }, regionNames[code])));
  for (const [name, value] of address.searchParams) {
    const field = lights.form.elements.namedItem(name);
    if (field) field.value = value;
  }
  refreshCounts();
  refreshSources();
  lights.reload();
  try {
    const newest = await read("/api/transitions?limit=30");
    news.last = newest.sequence;
    news.shown = newest.transitions.map(({ sequence, transition }) => ({ sequence, said: transition }));
  } catch { /* then only what is new is shown */ }
  showNews();
  listen();
  every(5000, refreshCounts);
  every(5000, refreshSources);
  every(5000, refreshReady);
}

begin();
