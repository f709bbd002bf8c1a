//! What comes out: the commit, how likely it is, and the command that shows it.

use super::line::Line;
use super::series::Observations;
use crate::cli::args::BisectArgs;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::session::Session;
use crate::model::CommitId;
use crate::report::{Bisected, Shift, Suspect, plural, render_bisected};
use crate::stats::Posterior;

/// How a search ended.
pub(super) enum End {
    /// A step came with these commits, first and last.
    Named((usize, usize), Posterior),
    NoChange(Posterior),
    /// Neither, and the measurements or the time are spent.
    Open(Posterior),
}

/// Writes the answer.
pub(super) fn write(
    args: &BisectArgs,
    line: &Line,
    seen: &Observations,
    end: &End,
    session: &mut Session<'_>,
) -> Result<Exit, CliError> {
    let (named, posterior) = match end {
        End::Named(own, posterior) => (Some(*own), posterior),
        End::NoChange(posterior) | End::Open(posterior) => (None, posterior),
    };
    let mut groups = seen.bisection().groups();
    // What is named comes first although another step may be as likely.
    let rank = |group: &(usize, usize)| (Some(*group) == named, posterior.probability(*group));
    groups.sort_by(|a, b| {
        let ((a, p), (b, q)) = (rank(a), rank(b));
        b.cmp(&a).then(q.total_cmp(&p))
    });
    let suspect = |group: (usize, usize)| {
        let shift = posterior.likeliest(group).map(|(series, size)| Shift {
            column: seen.columns.get(series).cloned(),
            size,
            levels: seen.columns.get(series).and_then(|_| seen.levels(series, group)),
        });
        Suspect {
            commits: line.commits[group.0..=group.1].to_vec(),
            probability: posterior.probability(group).min(1.0),
            change: shift,
            command: command(args, line.commits[group.0 - 1].id, line.commits[group.1].id),
        }
    };
    let bisected = Bisected {
        named: named.is_some(),
        suspects: groups.into_iter().map(suspect).collect(),
        none: posterior.none,
        effort: effort(seen),
    };
    session.print(|out| render_bisected(&bisected, out))?;
    Ok(if named.is_some() { Exit::Pass } else { Exit::NoVerdict })
}

fn effort(seen: &Observations) -> String {
    let measured = plural(seen.count() - seen.recorded, "measurement");
    let recorded = match seen.recorded {
        0 => String::new(),
        n => format!(" and {}", plural(n, "recorded run")),
    };
    let broken = match seen.broken().len() {
        0 => String::new(),
        n => format!("; {} cannot be measured", plural(n, "commit")),
    };
    format!("{measured}{recorded} of {}{broken}", plural(seen.commits_seen(), "commit"))
}

/// The command that measures both sides of a suspect: as pairs where perfgate starts them, else once more each.
fn command(args: &BisectArgs, before: CommitId, after: CommitId) -> String {
    let (before, after) = (before.short(), after.short());
    let mut words: Vec<String> = vec!["perfgate".to_owned()];
    if args.versions.serve.is_some() {
        words.extend(["ab", "--baseline", &before, "--head", &after].map(str::to_owned));
    } else {
        words.extend(["bisect", &before, &after].map(str::to_owned));
    }
    let names = args.load.run.labels().test;
    let given = [
        ("--build", &args.versions.build),
        ("--serve", &args.versions.serve),
        ("--ready", &args.versions.ready),
        ("--suite", &names.suite),
        ("--profile", &names.profile),
        ("--environment", &names.environment),
    ];
    for (option, value) in given {
        words.extend(value.iter().flat_map(|value| [option.to_owned(), value.clone()]));
    }
    words.push("--".to_owned());
    words.extend(args.command.iter().cloned());
    shell_words::join(words)
}
