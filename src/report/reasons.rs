//! What stands behind the verdict on a finding, in a few words.

use super::escape::Show;
use super::few_compared;
use super::number::{grouped, limit, probability, significant};
use crate::config::Threshold;
use crate::gate::{Finding, Missing, Reason, Report, Role, Sides};
use crate::model::{Direction, Kind, Untrusted};

/// From this change on, the figure of what could be seen says no more: ten times the value.
pub(super) const ANY: f64 = 10.0;

/// The longest name of a kind of failure or of a part of a request in a table, in characters; `--explain` has more of it.
const LONGEST_NAME: usize = 40;

/// How many times as many requests still count as much the same number.
const MOST_UNALIKE: f64 = 1.25;

/// The verdict on a finding, and what stands behind it where that is not plain.
pub(super) fn verdict(finding: &Finding, report: &Report, show: Show<'_>) -> String {
    let p = finding.p.map(probability).unwrap_or_default();
    let text = match finding.reason {
        Reason::WithinLimit => "ok".to_owned(),
        Reason::OverThreshold => {
            let most = grown(finding, show).or_else(|| most_failures(finding, show));
            format!("fail{}", most.unwrap_or_default())
        }
        Reason::MeasureAgain => match finding.further_runs {
            Some(n) => format!("measure again ({p}; {} would settle it)", more_runs(n)),
            None => format!("measure again ({p})"),
        },
        Reason::WithinNoise => format!("within noise ({})", noise(finding, &p)),
        Reason::BelowResolution => "within rounding".to_owned(),
        Reason::WarnOnly => "warn only".to_owned(),
        Reason::Control => "control: the machine differs".to_owned(),
        Reason::Accepted => finding.accepted.as_ref().map_or_else(String::new, |own| {
            let (author, reason) = (show(&own.author), show(&own.reason));
            let upto =
                own.ceiling.map(|ceiling| format!(" up to {}", ceiling_of(finding, ceiling)));
            let upto = upto.unwrap_or_default();
            format!("accepted{upto} in {} by {author}: {reason}", own.commit.short())
        }),
        Reason::WholeRun => "moved with the whole run".to_owned(),
        Reason::AlreadyOnMain => match report.requested() {
            Some(branch) => format!("already on {}", show(branch)),
            None => "already in the baseline".to_owned(),
        },
        _ => not_compared(finding),
    };
    match report.anchor() {
        Some(anchor) if finding.role == Role::Drift => {
            format!("{text} since the anchor {}", show(&anchor.requested))
        }
        _ => text,
    }
}

/// How far somebody lets a measurement move: `+60 %`.
fn ceiling_of(finding: &Finding, ceiling: Threshold) -> String {
    let higher = finding.direction == Direction::Higher;
    limit(ceiling, &finding.metric, &finding.unit, higher)
}

/// The part of the response time that grew, where it is most of what grew: `, mostly waiting +5.12 ms`.
fn grown(finding: &Finding, show: Show<'_>) -> Option<String> {
    let growth = |(name, ms): &(Untrusted, Sides<f64>)| (part(name), ms.current - ms.baseline);
    let grown: Vec<(Untrusted, f64)> =
        finding.working.parts.iter().map(growth).filter(|(_, ms)| *ms > 0.0).collect();
    let all: f64 = grown.iter().map(|(_, ms)| ms).sum();
    let (name, most) = grown.into_iter().max_by(|a, b| a.1.total_cmp(&b.1))?;
    (most > all / 2.0)
        .then(|| format!(", mostly {} +{} ms", show(&short(&name)), significant(most)))
}

/// A part of a request as people read it: `tls_handshaking` is `tls handshaking`.
pub(super) fn part(name: &Untrusted) -> Untrusted {
    name.map(|name| name.replace('_', " "))
}

fn short(name: &Untrusted) -> Untrusted {
    name.map(|name| match name.char_indices().nth(LONGEST_NAME) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_owned(),
    })
}

/// The kind of failure that most of the new ones are of: `, mostly HTTP 500 (25 vs 3)`.
fn most_failures(finding: &Finding, show: Show<'_>) -> Option<String> {
    let more = |(_, kind): &&(Untrusted, Sides<u64>)| {
        let share = kind
            .zip(finding.counts)
            .map(|(n, counts)| n as f64 / counts.requests.unwrap_or(1).max(1) as f64);
        share.current - share.baseline
    };
    let kinds = &finding.working.kinds;
    let all: f64 = kinds.iter().map(|kind| more(&kind).max(0.0)).sum();
    let most = kinds.iter().max_by(|a, b| more(a).total_cmp(&more(b)))?;
    let (kind, Sides { baseline: before, current: after }) = most;
    let Sides { baseline: old, current: new } = in_requests(finding);
    (more(&most) > all / 2.0)
        .then(|| format!(", mostly {} ({after}{new} vs {before}{old})", show(&short(kind))))
}

/// ` in 1083` behind a number of failures, for both sides, where those made so different numbers of requests that the failures
/// alone would mislead.
fn in_requests(finding: &Finding) -> Sides<String> {
    let Some(requests) = finding.counts.map(|counts| counts.requests).both() else {
        return Sides::default();
    };
    let Sides { baseline: old, current: new } = requests;
    let alike = old.max(new) as f64 <= MOST_UNALIKE * old.min(new) as f64;
    requests.map(|n| if alike { String::new() } else { format!(" in {}", grouped(n)) })
}

fn more_runs(n: usize) -> String {
    if n == 1 { "1 more run".to_owned() } else { format!("{n} more runs") }
}

/// Why a crossing is within noise: counts for an error rate, else the smallest change that could have been seen.
fn noise(finding: &Finding, p: &str) -> String {
    let change = finding.change().and_then(|change| change.relative).unwrap_or_default();
    match (finding.counts.map(|counts| counts.failures).both(), finding.visible) {
        (Some(Sides { baseline: before, current: after }), _) => {
            let Sides { baseline: old, current: new } = in_requests(finding);
            let requests = if new.is_empty() { "" } else { " requests" };
            format!("{after} failures{new}{requests} vs {before}{old}; {p}")
        }
        // A change that could have been seen is within noise for what the other tests show.
        (None, Some(least)) if change.abs() < least => {
            format!("{p}; {}", not_visible(finding))
        }
        (None, _) => p.to_owned(),
    }
}

/// Why a measurement was not compared, in a few words.
pub(super) fn not_compared(finding: &Finding) -> String {
    match finding.reason {
        Reason::Missing(Missing::NotMeasured) => "not measured".to_owned(),
        Reason::Missing(Missing::NoData) => match finding.counts.current.requests {
            Some(requests) if requests > 0 => "no response times".to_owned(),
            _ => "no requests".to_owned(),
        },
        Reason::Missing(Missing::TooFewRequests { needs }) => {
            if let Some(text) =
                finding.few.as_ref().and_then(|few| few_compared::missing(few, needs))
            {
                return text;
            }
            let fewest = finding.counts.iter().filter_map(|counts| counts.requests).min();
            let what = counted(finding.endpoint.kind());
            let has = fewest.map_or(format!("too few {what}s"), |n| {
                format!("{} {what}{}", grouped(n), if n == 1 { "" } else { "s" })
            });
            format!("{has}, needs {}", grouped(needs))
        }
        Reason::Missing(Missing::AllFailed) => "every request failed".to_owned(),
        Reason::TooNoisy => format!("too noisy: {}", not_visible(finding)),
        Reason::ZeroBaseline => "the baseline is 0".to_owned(),
        Reason::NewEndpoint => "new".to_owned(),
        Reason::Removed(_) => "gone".to_owned(),
        _ => finding.reason.name().to_owned(),
    }
}

/// The smallest change that would have failed, where that is known.
pub(super) fn visible(finding: &Finding) -> String {
    let sign = finding.direction.worse_sign();
    let text = |visible: f64| match visible {
        v if v > ANY => "> tenfold".to_owned(),
        v => format!("{} %", super::number::signed(sign * v * 100.0, 0)),
    };
    finding.visible.map(text).unwrap_or_default()
}

/// Which changes could not have been seen.
fn not_visible(finding: &Finding) -> String {
    if finding.visible.is_some_and(|visible| visible > ANY) {
        return "not even a tenfold change is visible".to_owned();
    }
    format!("changes below {} are not visible", visible(finding))
}

/// What is counted of such an endpoint.
fn counted(kind: Option<Kind>) -> &'static str {
    match kind {
        Some(Kind::Page) => "load",
        Some(Kind::Bench) => "round",
        _ => "request",
    }
}
