//! One push to a remote, and what the remote says of it.

use super::error::StoreError;
use super::remote::{NAME, Remote, said_by_server};
use super::talk::Talk;
use git2::Oid;

/// How a push ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PushOutcome {
    /// The remote took all of it.
    Accepted,
    /// Somebody else was faster, as far as can be told.
    Late(Refusal),
    /// The remote does not want it.
    Refused(Refusal),
}

/// Why a remote does not take a push.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Refusal {
    /// What git says.
    pub(super) why: String,
    /// What the server says, a line each.
    pub(super) said: Vec<String>,
}

/// What is to become of one ref.
#[derive(Debug, Clone)]
pub(super) enum Change {
    /// It follows what is there, or is new.
    Follow(Oid),
    /// It begins anew, where this is what is there.
    Replace {
        /// What is there.
        old: Oid,
        /// What it becomes.
        new: Oid,
    },
    /// It goes.
    Delete,
}

/// Pushes changes of refs, all or none. The first is the one that tells who was faster.
pub(super) fn push(
    remote: &Remote,
    talk: &Talk,
    changes: &[(String, Change)],
) -> Result<PushOutcome, StoreError> {
    let mut arguments = vec![
        "push".to_owned(),
        "--progress".to_owned(),
        "--porcelain".to_owned(),
        "--no-verify".to_owned(),
    ];
    if changes.len() > 1 {
        arguments.push("--atomic".to_owned());
    }
    let leases = changes.iter().filter_map(|(name, change)| match change {
        Change::Replace { old, .. } => Some(format!("--force-with-lease={name}:{old}")),
        Change::Follow(_) | Change::Delete => None,
    });
    arguments.extend(leases);
    arguments.push(NAME.to_owned());
    arguments.extend(changes.iter().map(|(name, change)| match change {
        Change::Follow(new) | Change::Replace { new, .. } => format!("{new}:{name}"),
        Change::Delete => format!(":{name}"),
    }));
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let output = remote.run(talk, &arguments, &[])?;
    if output.status.success() {
        return Ok(PushOutcome::Accepted);
    }
    let (report, stderr) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let said = said_by_server(&stderr);
    if let Some(outcome) = outcome(&report, changes.first().map_or("", |(name, _)| name), &said) {
        return Ok(outcome);
    }
    if stderr.contains("does not support --atomic") {
        let why = "it takes one ref at a time".to_owned();
        return Ok(PushOutcome::Refused(Refusal { why, said }));
    }
    Err(remote.unreachable(&output))
}

/// Reads the report that is made for programs: a line that begins with `!` is a ref that was not taken.
fn outcome(report: &str, first: &str, said: &[String]) -> Option<PushOutcome> {
    let refused: Vec<(&str, &str)> = report
        .lines()
        .filter_map(|line| {
            let mut parts = line.strip_prefix("!\t")?.split('\t');
            let name = parts.next()?.rsplit(':').next()?;
            Some((name, parts.next()?.trim()))
        })
        .collect();
    // In an atomic push, a ref that would have been taken is named as well; what stopped it says most.
    let other = |(_, why): &&(&str, &str)| !why.contains("atomic");
    let own = refused.iter().find(|(name, why)| *name == first && !why.contains("atomic"));
    let (name, why) = own.or_else(|| refused.iter().find(other)).or_else(|| refused.first())?;
    let race = *name == first && is_race(why);
    let why = why.trim_start_matches("[remote rejected]").trim_start_matches("[rejected]").trim();
    let why = why.trim_start_matches('(').trim_end_matches(')').to_owned();
    let refusal = Refusal { why, said: said.to_vec() };
    Some(if race { PushOutcome::Late(refusal) } else { PushOutcome::Refused(refusal) })
}

/// Whether a ref was not taken because it moved meanwhile: git saw that before it sent anything, or the server when it
/// wrote the ref.
fn is_race(why: &str) -> bool {
    const MOVED: [&str; 7] = [
        "failed to update ref",
        "failed to lock",
        "cannot lock ref",
        "incorrect old value",
        "reference already exists",
        "fetch first",
        "stale info",
    ];
    let seen_here = why.starts_with("[rejected]") && !why.contains("no match");
    seen_here || MOVED.iter().any(|text| why.contains(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUNS: &str = "refs/perfgate/runs";

    fn said(line: &str) -> Option<PushOutcome> {
        outcome(&format!("To file:///r.git\n{line}\nDone\n"), RUNS, &["no".to_owned()])
    }

    #[test]
    fn whoever_is_late_tries_again_and_whoever_is_refused_hears_why() {
        for late in [
            "!\tabc:refs/perfgate/runs\t[rejected] (fetch first)",
            "!\tabc:refs/perfgate/runs\t[rejected] (stale info)",
            "!\tabc:refs/perfgate/runs\t[remote rejected] (failed to update ref)",
            "!\tabc:refs/perfgate/runs\t[remote rejected] (cannot lock ref 'refs/perfgate/runs': is at 1 but expected 2)",
        ] {
            assert!(matches!(said(late), Some(PushOutcome::Late(_))), "{late}");
        }
        let hook = said("!\tabc:refs/perfgate/runs\t[remote rejected] (pre-receive hook declined)");
        let refusal =
            Refusal { why: "pre-receive hook declined".to_owned(), said: vec!["no".to_owned()] };
        assert_eq!(hook, Some(PushOutcome::Refused(refusal)));
        assert_eq!(said("fatal: unable to access"), None);
    }

    #[test]
    fn in_an_atomic_push_what_stopped_it_says_most() {
        let both = "!\tabc:refs/perfgate/runs\t[remote rejected] (atomic transaction failed)\n\
                    !\t:refs/perfgate/inbox/1\t[remote rejected] (deletion prohibited)";
        let refusal =
            Refusal { why: "deletion prohibited".to_owned(), said: vec!["no".to_owned()] };
        assert_eq!(said(both), Some(PushOutcome::Refused(refusal)));
        let late = "!\tabc:refs/perfgate/runs\t[rejected] (fetch first)\n\
                    !\t:refs/perfgate/inbox/1\t[rejected] (atomic push failed)";
        assert!(matches!(said(late), Some(PushOutcome::Late(_))));
    }
}
