//! What few calls say about a change of a quantile: in words, and in files.

use super::number::{Scale, grouped, probability};
use crate::gate::{FewCompared, Sides};
use crate::model::{Quantile, Unit};
use crate::schema::FewComparedV1;

/// What it would take to show that the limit is kept; none where a run with as many calls as the quantile `needs` as measured would
/// be shorter.
pub(super) fn missing(few: &FewCompared, needs: u64) -> Option<String> {
    if let Some(needs) = few.baseline_needs {
        let calls = grouped(few.calls.baseline);
        return Some(format!("{calls} calls in the baseline, needs {}", grouped(needs)));
    }
    let shorter = |more: &u64| few.calls.current + more < needs;
    let (more, near) = few.more.filter(shorter).zip(few.near)?;
    let calls = grouped(few.calls.current);
    Some(format!("{calls} calls; {} more below {} would show it", grouped(more), ms(near)))
}

/// How few calls were judged, in rows of a head and a text; `open` where they decided nothing.
pub(super) fn rows(few: &FewCompared, open: bool) -> Vec<(&'static str, String)> {
    let Sides { baseline, current } = few.calls.map(grouped);
    let slowest = match few.rank {
        1 => "the slowest".to_owned(),
        rank => format!("number {} of the slowest", grouped(rank)),
    };
    let beyond = format!(
        "{} of {current} take longer than {}: {}",
        grouped(few.beyond),
        ms(few.far),
        probability(few.p)
    );
    let source = format!(
        "(the limit on {slowest} of the baseline, and a slow machine; Fisher's exact test)"
    );
    let mut rows = vec![
        ("calls", format!("{baseline} in the baseline, {current} in this run")),
        ("beyond", beyond),
        ("", source),
    ];
    if !open && !few.kept {
        return rows;
    }
    match (few.near, few.within) {
        (Some(near), Some(within)) => {
            let shown =
                if few.kept { "shows the limit to be kept" } else { "does not show it yet" };
            let within = grouped(within);
            rows.push(("within", format!("{within} of {current} below {}: {shown}", ms(near))));
            let least = few.level;
            rows.push(("", format!("(the limit on the least that the baseline's {least} is)")));
        }
        _ => {
            let needs = few
                .baseline_needs
                .map_or_else(String::new, |n| format!(": {} would be enough", grouped(n)));
            rows.push(("within", format!("the baseline has too few calls to tell{needs}")));
        }
    }
    if let Some((more, near)) = few.more.zip(few.near).filter(|_| open) {
        let text = format!("{} more calls below {} would show it", grouped(more), ms(near));
        rows.push(("more", text));
    }
    rows
}

fn ms(value: f64) -> String {
    Scale::of(&Unit::Milliseconds, &[value]).show(value)
}

/// As a file has it.
pub(super) fn to_wire(few: &FewCompared) -> FewComparedV1 {
    FewComparedV1 {
        baseline_calls: few.calls.baseline,
        current_calls: few.calls.current,
        quantile: few.level.to_string(),
        rank: few.rank,
        far_ms: few.far,
        beyond: few.beyond,
        p: few.p,
        near_ms: few.near,
        within: few.within,
        kept: few.kept,
        more_calls: few.more,
        baseline_needs: few.baseline_needs,
    }
}

/// From a file; the error is what should be a quantile.
pub(super) fn from_wire(file: FewComparedV1) -> Result<FewCompared, String> {
    let level: Quantile = file.quantile.parse().map_err(|()| file.quantile.clone())?;
    Ok(FewCompared {
        calls: Sides { baseline: file.baseline_calls, current: file.current_calls },
        level,
        rank: file.rank,
        far: file.far_ms,
        beyond: file.beyond,
        p: file.p,
        near: file.near_ms,
        within: file.within,
        kept: file.kept,
        more: file.more_calls,
        baseline_needs: file.baseline_needs,
    })
}
