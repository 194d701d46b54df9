//! What happened: the closed vocabulary of approval supervision, and names a site declares.

use std::fmt;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

macro_rules! vocabulary {
    ($($(#[$doc:meta])* $name:ident = $text:literal),+ $(,)?) => {
        /// The activity of a fact (semantics 9).
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
        pub enum Activity {
            $($(#[$doc])* $name,)+
            /// A name outside the closed vocabulary; config/vocabulary.toml should declare it.
            Other(CompactString),
        }

        impl Activity {
            /// The closed vocabulary, in its canonical order.
            pub const CLOSED: &'static [(&'static str, Activity)] = &[$(($text, Activity::$name)),+];

            /// The name in events and rules.
            #[must_use]
            pub fn name(&self) -> &str {
                match self {
                    $(Activity::$name => $text,)+
                    Activity::Other(name) => name,
                }
            }

            /// The activity with this name.
            #[must_use]
            pub fn from_name(name: &str) -> Activity {
                match name {
                    $($text => Activity::$name,)+
                    other => Activity::Other(other.into()),
                }
            }

            /// Place in the closed vocabulary, or `None` for a declared name.
            #[must_use]
            pub fn closed_index(&self) -> Option<usize> {
                enum Place {
                    $($name,)+
                }
                match self {
                    $(Activity::$name => Some(Place::$name as usize),)+
                    Activity::Other(_) => None,
                }
            }
        }
    };
}

vocabulary! {
    /// 申请
    Submitted = "submitted",
    /// 预受理通过
    PreAccepted = "pre_accepted",
    /// 预受理未通过
    PreRejected = "pre_rejected",
    /// 受理
    Accepted = "accepted",
    /// 不予受理
    NotAccepted = "not_accepted",
    /// 补正告知
    SupplementNotified = "supplement_notified",
    /// 补正受理
    SupplementReceived = "supplement_received",
    /// 环节开始
    StageStarted = "stage_started",
    /// 环节完成
    StageCompleted = "stage_completed",
    /// 环节退回
    StageReturned = "stage_returned",
    /// 特别程序开始
    SpecialStarted = "special_started",
    /// 特别程序结束
    SpecialEnded = "special_ended",
    /// 转报
    Forwarded = "forwarded",
    /// 上级退回
    ReturnedFromAbove = "returned_from_above",
    /// 听证申请
    HearingRequested = "hearing_requested",
    /// 听证通知
    HearingNotified = "hearing_notified",
    /// 听证举行
    HearingHeld = "hearing_held",
    /// 收费
    Fee = "fee",
    /// 办结
    Closed = "closed",
    /// 重开
    Reopened = "reopened",
    /// 撤回申请
    Withdrawn = "withdrawn",
    /// 出证
    CertificateIssued = "certificate_issued",
    /// 送达
    Delivered = "delivered",
    /// 投诉
    Complaint = "complaint",
    /// 投诉受理决定
    ComplaintDecided = "complaint_decided",
    /// 投诉办结
    ComplaintClosed = "complaint_closed",
    /// 咨询
    Consulted = "consulted",
    /// 咨询答复
    ConsultAnswered = "consult_answered",
    /// 评价
    Rated = "rated",
    /// 进度心跳
    Progress = "progress",
    /// 发牌
    CardIssued = "card_issued",
    /// 反馈
    CardFeedback = "card_feedback",
    /// 督办
    CardSupervised = "card_supervised",
    /// 撤牌
    CardRevoked = "card_revoked",
    /// 豁免
    Waived = "waived",
}

impl fmt::Display for Activity {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_closed_name_is_its_own_activity() {
        for (name, activity) in Activity::CLOSED {
            assert_eq!(Activity::from_name(name), *activity);
            assert_eq!(activity.name(), *name);
            assert_eq!(activity.closed_index().map(|place| &Activity::CLOSED[place].1), Some(activity));
        }
        assert_eq!(Activity::from_name("现场勘验").closed_index(), None);
    }
}
