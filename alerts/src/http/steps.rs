//! `POST /api/alerts/{id}/steps`: one step of handling. `POST /api/alerts/steps`: the same step on many alerts, each taken
//! or refused for itself.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use facts::{Address, Department, Level};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::Desk;
use super::alert_view::HandlingView;
use super::params::Params;
use super::problem::Problem;
use super::visitor::Visitor;
use crate::handling::{Actor, Entry, Guard, Handling, Need, Refused, Row, Step};
use crate::ledger::{NotTaken, Scope, Wanted};

/// Alerts of one request at most.
const ALERTS_MAX: usize = 500;
/// So many ids and a long reason.
pub(super) const BODY_BYTES_MAX: usize = 64 * 1024;

/// A step that somebody wants to take.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AskedStep {
    step: String,
    /// Steps taken when they looked; refused if there are more by now.
    seen: Option<u32>,
    reason: Option<String>,
    office: Option<AskedOffice>,
    due: Option<Date>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AskedOffice {
    level: Level,
    region: facts::Region,
    dept: String,
}

/// The same for many.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AskedSteps {
    alerts: Vec<String>,
    step: String,
    reason: Option<String>,
    office: Option<AskedOffice>,
    due: Option<Date>,
}

/// A step that was taken.
#[derive(Debug, Serialize)]
pub(super) struct TakenStep {
    id: String,
    handling: HandlingView,
}

/// What became of each.
#[derive(Debug, Serialize)]
pub(super) struct StepsOutcome {
    taken: usize,
    results: Vec<StepOutcome>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum StepOutcome {
    Taken(TakenStep),
    Refused { id: String, problem: Problem },
}

pub(super) async fn one(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    id: Result<Path<String>, PathRejection>,
    params: Params,
    body: Bytes,
) -> Result<Json<TakenStep>, Problem> {
    let Path(id) = id.map_err(|_| Problem::bad_parameter("id", "", &["the id of an alert"]))?;
    params.known(&[])?;
    let asked: AskedStep = read(&body)?;
    let entry = entry(&desk, &visitor, &asked.step, asked.reason, asked.office, asked.due)?;
    take(&desk, &visitor.scope(), id, entry, asked.seen).await.map(Json)
}

pub(super) async fn many(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    params: Params,
    body: Bytes,
) -> Result<Json<StepsOutcome>, Problem> {
    params.known(&[])?;
    let asked: AskedSteps = read(&body)?;
    if asked.alerts.is_empty() || asked.alerts.len() > ALERTS_MAX {
        return Err(Problem::bad_body(&format!("\"alerts\" lists 1 to {ALERTS_MAX} ids")));
    }
    let entry = entry(&desk, &visitor, &asked.step, asked.reason, asked.office, asked.due)?;
    let scope = visitor.scope();
    let mut results = Vec::with_capacity(asked.alerts.len());
    for id in asked.alerts {
        let outcome = take(&desk, &scope, id.clone(), entry.clone(), None).await;
        results.push(outcome.map_or_else(|problem| StepOutcome::Refused { id, problem }, StepOutcome::Taken));
    }
    let taken = results.iter().filter(|result| matches!(result, StepOutcome::Taken(_))).count();
    Ok(Json(StepsOutcome { taken, results }))
}

fn read<T: serde::de::DeserializeOwned>(body: &Bytes) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(|error| Problem::bad_body(&error.to_string()))
}

fn entry(
    desk: &Desk,
    visitor: &Visitor,
    step: &str,
    reason: Option<String>,
    office: Option<AskedOffice>,
    due: Option<Date>,
) -> Result<Entry, Problem> {
    let account = visitor.account()?;
    let known: Vec<_> = crate::handling::TABLE.iter().map(|row| row.step.token()).collect();
    let step = Step::from_token(step).ok_or_else(|| Problem::bad_parameter("step", step, &known))?;
    let office = office.map(|AskedOffice { level, region, dept }| {
        let dept =
            Department::new(&dept).ok_or_else(|| Problem::bad_body("\"office.dept\" is no organisation code"))?;
        Ok::<_, Problem>(Address { level, region, dept })
    });
    // PostgreSQL takes no NUL in text.
    let reason = reason.map(|reason| reason.trim().replace('\0', "\u{fffd}")).filter(|reason| !reason.is_empty());
    Ok(Entry {
        step,
        by: account.name.clone(),
        role: account.role,
        at: (desk.site.now)(),
        reason,
        office: office.transpose()?,
        due,
    })
}

async fn take(desk: &Desk, scope: &Scope, id: String, entry: Entry, seen: Option<u32>) -> Result<TakenStep, Problem> {
    let today = desk.today();
    let (step, by, role) = (entry.step, entry.by.clone(), entry.role);
    match desk.site.ledger.take(&id, &Wanted { entry, today, scope, seen }).await {
        Ok(handling) => Ok(TakenStep { id, handling: HandlingView::of(handling, today) }),
        Err(NotTaken::NoAlert) => Err(desk.no_alert(&by, &id).await?),
        Err(NotTaken::Ledger(fault)) => Err(fault.into()),
        Err(NotTaken::GoneOn(handling, last)) => Err(Problem::gone_on(handling.steps, last.as_deref())),
        Err(NotTaken::Refused(refused, handling, card)) => {
            let allowed = handling.allowed(&Actor { name: &by, role, today, card });
            Err(told(step, &refused, &handling, &allowed))
        }
    }
}

/// Why a step was refused, and what is allowed instead.
fn told(step: Step, refused: &Refused, handling: &Handling, allowed: &[Step]) -> Problem {
    match refused {
        Refused::Needs(need) => {
            let (en, zh) = match need {
                Need::Reason => ("a \"reason\" of 1 to 2,000 characters", "理由（reason，1 至 2000 字）"),
                Need::Office => ("the \"office\" that answers from now on", "承办单位（office）"),
                Need::Due => ("a day (\"due\"), today or later", "期限（due，不早于今天）"),
                Need::LaterDue => ("a day (\"due\") later than the one set", "晚于现有期限的期限（due）"),
            };
            Problem::step_needs(need.field(), (step.token(), step.zh()), (en, zh))
        }
        Refused::TakesNo(field) => Problem::bad_body(&format!("{} takes no \"{field}\"", step.token())),
        Refused::NotFrom(_) | Refused::NotBy(_) | Refused::HeldBy(_) | Refused::OnlyIf(_) => {
            let why = match refused {
                Refused::NotBy(role) => {
                    (format!("it is no step of the role {}", role.token()), format!("“{}”不能办理此步骤", role.zh()))
                }
                Refused::OnlyIf(Guard::Holder) | Refused::HeldBy(_) => {
                    let holder = handling.holder.as_deref().unwrap_or("nobody");
                    (format!("{holder} has signed for it"), format!("已由 {holder} 签收"))
                }
                Refused::OnlyIf(guard) => (format!("it asks that {}", guard.en()), format!("条件：{}", guard.zh())),
                _ => {
                    let from = Row::of(step).from;
                    let (en, zh): (Vec<_>, Vec<_>) = from.iter().map(|state| (state.token(), state.zh())).unzip();
                    (format!("it begins in {}", en.join(", ")), format!("只能在“{}”时办理", zh.join("、")))
                }
            };
            Problem::step_not_allowed((step.token(), step.zh()), handling, why, allowed)
        }
    }
}
