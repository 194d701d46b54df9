//! Errors as `application/problem+json` (RFC 9457): a stable code, what is wrong, what is allowed.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::handling::{Entry, Handling, Step};
use crate::ledger::LedgerFault;
use crate::rules_desk::{FaultShown, RulesRefused};

/// An error as a client sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Problem(Box<Body>);

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Body {
    #[serde(rename = "type")]
    kind: String,
    title: &'static str,
    title_zh: &'static str,
    status: u16,
    /// Stable name of the error.
    code: &'static str,
    detail: String,
    detail_zh: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameter: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    allowed: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    faults: Vec<FaultShown>,
    /// Where a handling stands that a step was refused on.
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'static str>,
    /// Who has signed for the card.
    #[serde(skip_serializing_if = "Option::is_none")]
    holder: Option<String>,
}

impl Problem {
    fn new(
        status: StatusCode,
        code: &'static str,
        (title, title_zh): (&'static str, &'static str),
        (detail, detail_zh): (String, String),
    ) -> Problem {
        let kind = format!("urn:watchlight:problem:{code}");
        Problem(Box::new(Body {
            kind,
            title,
            title_zh,
            status: status.as_u16(),
            code,
            detail,
            detail_zh,
            parameter: None,
            allowed: Vec::new(),
            faults: Vec::new(),
            state: None,
            holder: None,
        }))
    }

    /// The same problem, told of a parameter.
    fn of(mut self, parameter: &str, allowed: &[&str]) -> Problem {
        self.0.parameter = Some(parameter.to_owned());
        self.0.allowed = allowed.iter().map(ToString::to_string).collect();
        self
    }

    /// The stable name of the error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.0.code
    }

    /// A query parameter whose value is not allowed.
    pub(crate) fn bad_parameter(name: &str, value: &str, allowed: &[&str]) -> Problem {
        let (list, list_zh) = (allowed.join(", "), allowed.join("、"));
        let detail = format!("{name} is \"{value}\"; allowed: {list}");
        let detail_zh = format!("参数 {name} 的值是“{value}”；允许：{list_zh}");
        let titles = ("parameter not allowed", "参数值不允许");
        Problem::new(StatusCode::BAD_REQUEST, "bad_parameter", titles, (detail, detail_zh)).of(name, allowed)
    }

    pub(crate) fn unknown_parameter(name: &str, allowed: &[&str]) -> Problem {
        let known = if allowed.is_empty() { "none".to_owned() } else { allowed.join(", ") };
        let detail = format!("there is no parameter {name} here; known: {known}");
        let detail_zh = format!("此处没有参数 {name}；可用：{}", allowed.join("、"));
        let titles = ("unknown parameter", "未知参数");
        Problem::new(StatusCode::BAD_REQUEST, "unknown_parameter", titles, (detail, detail_zh)).of(name, allowed)
    }

    pub(crate) fn repeated_parameter(name: &str) -> Problem {
        let detail = format!("{name} is given more than once; give it once, several values joined with commas");
        let detail_zh = format!("参数 {name} 重复；请只写一次，多个值用逗号连接");
        let titles = ("parameter repeated", "参数重复");
        Problem::new(StatusCode::BAD_REQUEST, "repeated_parameter", titles, (detail, detail_zh)).of(name, &[])
    }

    pub(crate) fn unknown_case(case: &str) -> Problem {
        let detail = format!("no record and no light of case {case} is known; check the number");
        let detail_zh = format!("没有办件 {case} 的记录和亮灯信息；请核对办件编号");
        Problem::new(StatusCode::NOT_FOUND, "unknown_case", ("unknown case", "没有这个办件"), (detail, detail_zh))
    }

    pub(crate) fn login_needed() -> Problem {
        let detail = "log in (POST /api/session), or show a token as \"Authorization: Bearer\"";
        let detail_zh = "请先登录（POST /api/session），或以 Authorization: Bearer 出示令牌";
        let titles = ("login needed", "需要登录");
        Problem::new(StatusCode::UNAUTHORIZED, "login_needed", titles, (detail.to_owned(), detail_zh.to_owned()))
    }

    pub(crate) fn bad_login() -> Problem {
        let detail = "name or password is wrong, or the account is disabled, or five wrong passwords have locked it for \
                      fifteen minutes";
        let detail_zh = "账号或密码错误，或账号已停用；连续输错五次密码，账号锁定十五分钟";
        let titles = ("not logged in", "登录失败");
        Problem::new(StatusCode::UNAUTHORIZED, "bad_login", titles, (detail.to_owned(), detail_zh.to_owned()))
    }

    pub(crate) fn too_many_logins() -> Problem {
        let detail = "more than ten logins were tried from this address within a minute; wait a minute";
        let detail_zh = "该地址一分钟内尝试登录超过十次；请一分钟后再试";
        let titles = ("too many logins", "登录过于频繁");
        Problem::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too_many_logins",
            titles,
            (detail.to_owned(), detail_zh.to_owned()),
        )
    }

    pub(crate) fn not_yours() -> Problem {
        let detail = "this account may not ask this; docs/access.md tells who may";
        let detail_zh = "本账号无权访问；各角色的权限见 docs/access.md";
        let titles = ("not allowed for this account", "无权访问");
        Problem::new(StatusCode::FORBIDDEN, "not_yours", titles, (detail.to_owned(), detail_zh.to_owned()))
    }

    pub(crate) fn out_of_scope() -> Problem {
        let detail = "it belongs to an office outside the region or department of this account";
        let detail_zh = "该信息不在本账号的行政区划或部门范围内";
        let titles = ("out of scope", "超出管辖范围");
        Problem::new(StatusCode::FORBIDDEN, "out_of_scope", titles, (detail.to_owned(), detail_zh.to_owned()))
    }

    pub(crate) fn cross_site() -> Problem {
        let detail = "the request comes from a page of another site; a proxy must pass Host and Origin unchanged";
        let detail_zh = "请求来自其他网站的页面；反向代理须原样传递 Host 和 Origin";
        let titles = ("from another site", "跨站请求");
        Problem::new(StatusCode::FORBIDDEN, "cross_site", titles, (detail.to_owned(), detail_zh.to_owned()))
    }

    pub(crate) fn step_not_allowed(
        (step, step_zh): (&str, &str),
        handling: &Handling,
        (why, why_zh): (String, String),
        allowed: &[Step],
    ) -> Problem {
        let state = handling.state;
        let names = |name: fn(Step) -> &'static str| allowed.iter().map(|step| name(*step)).collect::<Vec<_>>();
        let (en, zh) = (names(Step::token), names(Step::zh));
        let or_none = |list: String, none: &str| if list.is_empty() { none.to_owned() } else { list };
        let (list, list_zh) = (or_none(en.join(", "), "none"), or_none(zh.join("、"), "无"));
        let detail = format!("{step} is not allowed while it is {}: {why}; allowed to you now: {list}", state.token());
        let detail_zh = format!("“{}”时不能{step_zh}：{why_zh}；您现在可以办理：{list_zh}", state.zh());
        let titles = ("step not allowed", "不允许的步骤");
        let mut problem = Problem::new(StatusCode::CONFLICT, "step_not_allowed", titles, (detail, detail_zh));
        problem.0.allowed = en.into_iter().map(ToOwned::to_owned).collect();
        problem.0.state = Some(state.token());
        problem.0.holder.clone_from(&handling.holder);
        problem
    }

    pub(crate) fn step_needs(field: &str, (step, step_zh): (&str, &str), (what, what_zh): (&str, &str)) -> Problem {
        let titles = ("step incomplete", "步骤不完整");
        let told = (format!("{step} needs {what}"), format!("{step_zh}须写明{what_zh}"));
        Problem::new(StatusCode::BAD_REQUEST, "step_needs", titles, told).of(field, &[])
    }

    pub(crate) fn gone_on(steps: u32, last: Option<&Entry>) -> Problem {
        let (by, step, step_zh) =
            last.map_or(("", "", ""), |entry| (entry.by.as_str(), entry.step.token(), entry.step.zh()));
        let detail = format!("{steps} steps have been taken by now, the last one {step} by {by}; look at it again");
        let detail_zh = format!("该件已有 {steps} 个步骤，最近一步为 {by} 的“{step_zh}”；请重新查看");
        let titles = ("handling has gone on", "处置已有新进展");
        Problem::new(StatusCode::CONFLICT, "gone_on", titles, (detail, detail_zh))
    }

    pub(crate) fn unknown_alert(id: &str) -> Problem {
        let detail = format!("there is no alert {id}; /api/alerts lists those there are");
        let detail_zh = format!("没有编号为 {id} 的发牌记录；/api/alerts 可列出现有记录");
        Problem::new(StatusCode::NOT_FOUND, "unknown_alert", ("unknown alert", "没有这条发牌记录"), (detail, detail_zh))
    }

    pub(crate) fn unavailable(what: &str, what_zh: &str) -> Problem {
        let detail = format!("{what}; try again in a moment, /ready tells the state");
        let detail_zh = format!("{what_zh}；请稍后重试，/ready 可查看状态");
        let titles = ("not available just now", "暂时不可用");
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", titles, (detail, detail_zh))
    }

    pub(crate) fn too_many_listeners(most: usize) -> Problem {
        let detail = format!("{most} event streams are open, which is the most; close one or try again later");
        let detail_zh = format!("事件流已达上限 {most} 个；请关闭一个或稍后重试");
        let titles = ("too many event streams", "事件流过多");
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too_many_listeners", titles, (detail, detail_zh))
    }

    pub(crate) fn timed_out(secs: u64) -> Problem {
        let detail = format!("no answer within {secs} s; narrow the request or try again");
        let detail_zh = format!("{secs} 秒内没有结果；请缩小查询范围或稍后重试");
        let titles = ("timed out", "处理超时");
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "timed_out", titles, (detail, detail_zh))
    }

    pub(crate) fn bad_confirmation() -> Problem {
        let detail =
            "a confirmation is {\"freeze\": NUMBER}, sent as application/json to this machine's loopback address";
        let detail_zh = "确认内容为 {\"freeze\": 编号}，以 application/json 发往本机回环地址";
        let titles = ("not a confirmation", "不是确认");
        Problem::new(StatusCode::BAD_REQUEST, "bad_confirmation", titles, (detail.to_owned(), detail_zh.to_owned()))
    }

    pub(crate) fn not_frozen(freeze: u64) -> Problem {
        let detail = format!("freeze {freeze} is not the one that lasts; /api/clock tells why the clock stands now");
        let detail_zh = format!("停走 {freeze} 已不是当前的停走；/api/clock 说明现在的原因");
        Problem::new(StatusCode::CONFLICT, "not_frozen", ("not this freeze", "不是当前的停走"), (detail, detail_zh))
    }

    pub(crate) fn not_local() -> Problem {
        let detail = "what changes something is sent as application/json to this machine's loopback address";
        let detail_zh = "有变更的请求须以 application/json 发往本机回环地址";
        let titles = ("not from this machine", "不是本机请求");
        Problem::new(StatusCode::FORBIDDEN, "not_local", titles, (detail.to_owned(), detail_zh.to_owned()))
    }

    pub(crate) fn bad_body(why: &str) -> Problem {
        let (detail, detail_zh) =
            (format!("the body is not what is asked for: {why}"), format!("请求内容不符合要求：{why}"));
        Problem::new(
            StatusCode::BAD_REQUEST,
            "bad_body",
            ("body not understood", "无法理解请求内容"),
            (detail, detail_zh),
        )
    }

    pub(crate) fn body_too_large() -> Problem {
        let detail =
            "the body is larger than this route takes; a whole configuration may have 16 MiB, other bodies 4 KiB";
        let detail_zh = "请求内容超过上限：整套配置不超过 16 MiB，其他不超过 4 KiB";
        Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "body_too_large",
            ("body too large", "请求内容过大"),
            (detail.to_owned(), detail_zh.to_owned()),
        )
    }

    pub(crate) fn rules_refused(refused: &RulesRefused) -> Problem {
        let detail = refused.to_string();
        let (status, code, detail_zh) = match refused {
            RulesRefused::Faulty(faults) => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "rules_refused",
                format!("配置有 {} 处错误，原配置继续有效", faults.len()),
            ),
            RulesRefused::OtherDifference { .. } => {
                (StatusCode::CONFLICT, "preview_differs", "变化已与预览不同，请重新预览".to_owned())
            }
            RulesRefused::NoFolder => (StatusCode::CONFLICT, "no_folder", "服务启动时没有配置目录".to_owned()),
            RulesRefused::CatchingUp => {
                (StatusCode::SERVICE_UNAVAILABLE, "catching_up", "正在判定积压的事件，之后生效".to_owned())
            }
            RulesRefused::NotLogged(why) => {
                (StatusCode::SERVICE_UNAVAILABLE, "not_logged", format!("配置无法写入检查点，原配置继续有效：{why}"))
            }
            RulesRefused::Stopping => (StatusCode::SERVICE_UNAVAILABLE, "stopping", "服务正在停止".to_owned()),
        };
        let titles = ("configuration not in force", "配置未生效");
        let mut problem = Problem::new(status, code, titles, (detail, detail_zh));
        if let RulesRefused::Faulty(faults) = refused {
            problem.0.faults.clone_from(faults);
        }
        problem
    }

    pub(crate) fn internal() -> Problem {
        let detail = "the service failed on this request; its log says why".to_owned();
        let detail_zh = "处理该请求时出错；原因见服务日志".to_owned();
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", ("internal error", "内部错误"), (detail, detail_zh))
    }
}

impl From<LedgerFault> for Problem {
    fn from(fault: LedgerFault) -> Problem {
        tracing::error!(error = &fault as &dyn std::error::Error, "ledger could not answer");
        Problem::unavailable("the ledger could not answer", "台账暂时无法读取")
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status).expect("made from a status");
        let body = serde_json::to_vec(&self.0).expect("a problem holds only text and numbers");
        let content_type = HeaderValue::from_static("application/problem+json");
        (status, [(header::CONTENT_TYPE, content_type)], body).into_response()
    }
}

pub(super) async fn no_such_page(uri: axum::http::Uri) -> Problem {
    let detail = format!("there is nothing at {}", uri.path());
    let detail_zh = format!("没有 {} 这个地址", uri.path());
    Problem::new(StatusCode::NOT_FOUND, "not_found", ("not found", "地址不存在"), (detail, detail_zh))
}

pub(super) async fn wrong_method(method: axum::http::Method, uri: axum::http::Uri) -> Response {
    let allowed = super::access::methods(uri.path());
    let allow = allowed.join(", ");
    let detail = format!("{method} is not allowed here; use {allow}");
    let detail_zh = format!("此处不允许 {method}；请用 {allow}");
    let titles = ("method not allowed", "方法不允许");
    let mut problem = Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", titles, (detail, detail_zh));
    problem.0.allowed = allowed.into_iter().map(ToOwned::to_owned).collect();
    let allow = HeaderValue::try_from(allow).expect("methods are plain");
    ([(header::ALLOW, allow)], problem).into_response()
}
