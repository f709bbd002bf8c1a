//! One run of the tool: calibrate, start, watch, read.

use super::find::{LOG, RESOURCES, RUN, results_in};
use super::progress::Progress;
use super::rig::Rig;
use super::said::{output_in, tail};
use super::watch::Watch;
use crate::cli::codes::{self, Code};
use crate::cli::error::CliError;
use crate::cli::output::say_warnings;
use crate::cli::output::write_file;
use crate::cli::results::{ReadRuns, attach, expand, no_queries, read_files, refuse_empty};
use crate::cli::session::Session;
use crate::config::Policy;
use crate::driver::{
    Ended, Job, Numbers, Sampler, calibrate, fingerprint, prepare, run as run_job, script_hash,
    tool_of,
};
use crate::ingest::ReadOptions;
use crate::model::{Load, Merged, Raw, Run, Warning, merge_shards, now};
use crate::report::harmless;
use crate::schema::RunV1;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

/// How much faster or slower the processor may become during a run before it is said.
const DRIFT: f64 = 1.5;
/// Tools that cannot use more than one core.
const ONE_CORE: [&str; 3] = ["locust", "python", "python3"];

/// One run of a tool.
#[derive(Clone, Copy)]
pub(in crate::cli) struct Attempt<'a> {
    pub(in crate::cli) command: &'a [String],
    pub(in crate::cli) numbers: Numbers,
    /// The name of its folder.
    pub(in crate::cli) folder: &'a str,
    /// The part of the profile that it is.
    pub(in crate::cli) part: Option<&'a str>,
    /// The folder that the tool is called in; none: that of the session.
    pub(in crate::cli) at: Option<&'a Path>,
    /// Whether it is one of many slices: short, and not worth a word or a calibration.
    pub(in crate::cli) slice: bool,
}

impl<'a> Attempt<'a> {
    /// A run with the numbers of the whole profile.
    pub(in crate::cli) fn whole(rig: &Rig<'_>, command: &'a [String], folder: &'a str) -> Self {
        Self { command, numbers: rig.numbers, folder, part: None, at: None, slice: false }
    }
}

/// Runs a command once, and gives the run that it measured. A part of a profile (`spike:recovery`) has baselines of its own, and
/// the profile's budgets.
pub(in crate::cli) fn run_once(
    rig: &Rig<'_>,
    attempt: Attempt<'_>,
    session: &mut Session<'_>,
) -> Result<Run, CliError> {
    rig.refuse_interrupted()?;
    let Attempt { command, numbers, folder, part, at, slice } = attempt;
    let at = at.unwrap_or(session.folder()).to_owned();
    let folder = rig.out.join(folder);
    refuse_old_results(&folder)?;
    std::fs::create_dir_all(&folder)
        .map_err(|source| CliError::File { path: folder.clone(), source })?;
    refuse_no_queries(rig)?;
    let (command, numbers) = prepare(command, numbers, &folder).map_err(|error| {
        CliError::usage(error.to_string(), "write it into the profile in perfgate.yaml")
    })?;
    // As it is before the load: an editor may change it meanwhile.
    let script = script_hash(&command, &at);
    let before = if slice { BTreeMap::new() } else { calibrate() };
    let started = now();
    start(rig, (&command, slice), numbers, (&at, &folder), session)?;
    let read = read(rig, (&at, &folder), started, session)?;
    let Merged { mut run, warnings } = merge_shards(read.runs)?;
    if !slice {
        say_warnings(&read.warnings, session)?;
        say_warnings(&warnings.into_iter().map(Warning::new).collect::<Vec<_>>(), session)?;
    }
    rig.labels.apply(&mut run);
    run.environment = run.environment.take().or_else(|| rig.environment.clone().map(Into::into));
    if let Some(part) = part {
        let whole = run.profile.as_ref().map(Raw::raw).unwrap_or_default();
        run.profile = Some(format!("{whole}:{part}").into());
    }
    let after = if slice { BTreeMap::new() } else { calibrate() };
    for (part, took) in before {
        let later = after.get(&part).copied().unwrap_or(took);
        if part == "cpu" && (later > took * DRIFT || took > later * DRIFT) {
            session.say(&format!(
                "warning: the machine's speed changed while the test ran: the same work took {took:.1} ms before and {later:.1} ms after"
            ))?;
        }
        run.calibration.insert(part.into(), took.min(later));
    }
    run.started_at = run.started_at.or(Some(started));
    plan_users(&mut run.load, numbers.users);
    run.load.spawn_rate = numbers.spawn_rate.or(run.load.spawn_rate);
    run.load.script_sha256 = run.load.script_sha256.or(script.map(Into::into));
    run.load.duration_planned = run.duration_s.is_none() && numbers.duration_s.is_some();
    run.duration_s = run.duration_s.or(numbers.duration_s);
    run.labels.entry("host".into()).or_insert_with(|| fingerprint().into());
    let resources = folder.join(RESOURCES);
    // A test that took less than a second has none.
    if std::fs::read_to_string(&resources).is_ok_and(|text| text.lines().nth(1).is_some()) {
        // perfgate's own are in megabytes, whatever the policy says about others.
        attach(&mut run, &resources, &Policy::default(), session)?;
    }
    let policy = &rig.policies.deciding.policy;
    for file in &rig.load.attach {
        let warnings = attach(&mut run, &session.path(file), policy, session)?;
        say_warnings(&warnings, session)?;
    }
    refuse_empty(std::slice::from_ref(&run))?;
    if !slice {
        say_overload(&run, session)?;
        say_disturbance(&run, session)?;
    }
    let json = serde_json::to_vec_pretty(&RunV1::with_histograms(&run)?)?;
    write_file(&folder.join(RUN), |out| out.write_all(&json))?;
    Ok(run)
}

/// What a tool may take beyond the duration of its load: starting, ramping down, writing.
const SPARE: f64 = 60.0;
/// Time limit of a load without a duration.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

fn limit(rig: &Rig<'_>, duration_s: Option<f64>) -> Duration {
    let usual = |seconds: f64| Duration::from_secs_f64(seconds * 1.5 + SPARE);
    rig.load.timeout.unwrap_or_else(|| duration_s.map_or(LONGEST, usual))
}

/// What Prometheus is to be asked is looked for before the load, not after it.
fn refuse_no_queries(rig: &Rig<'_>) -> Result<(), CliError> {
    let asks = rig.load.attach.iter().any(|file| file.to_string_lossy().starts_with("prometheus:"));
    let policies = &rig.policies;
    let alerts = &policies.deciding.policy.rules.alerts;
    if asks && policies.checkout.policy.prometheus.is_empty() && alerts.is_empty() {
        return Err(no_queries());
    }
    Ok(())
}

/// Puts the users that were asked for where the load is compared, and those that were counted beside them where there were fewer.
fn plan_users(load: &mut Load, asked: Option<u64>) {
    let Some(asked) = asked else { return };
    let reached = load.users_reached();
    load.users = Some(asked);
    load.users_planned = reached.is_none();
    load.peak_users = reached.filter(|reached| *reached != asked);
}

/// Results of another time could be taken for those of this one.
fn refuse_old_results(folder: &Path) -> Result<(), CliError> {
    let empty = std::fs::read_dir(folder).map_or(true, |mut entries| entries.next().is_none());
    if empty {
        return Ok(());
    }
    let problem =
        format!("{} is not empty: old results could be taken for new ones", folder.display());
    Err(CliError::usage(problem, "name a new folder with --out, or none"))
}

fn start(
    rig: &Rig<'_>,
    (command, slice): (&[String], bool),
    numbers: Numbers,
    (at, folder): (&Path, &Path),
    session: &mut Session<'_>,
) -> Result<(), CliError> {
    if !slice {
        let shown = harmless(&shell_words::join(command));
        session.say(&format!("running: {shown}"))?;
    }
    let mut progress =
        (!slice).then(|| Progress::new(numbers.duration_s, folder, session.terminal_err));
    let told: &Session<'_> = session;
    let log = folder.join(LOG);
    let limit = limit(rig, numbers.duration_s.or(rig.numbers.duration_s));
    let pass = &rig.load.pass_env;
    let job = Job { command, folder: at, log: &log, limit, pass };
    let one_core = tool_of(command).is_some_and(|tool| ONE_CORE.contains(&tool.as_str()));
    let mut sampler = None;
    let file = folder.join(RESOURCES);
    let wrap = |source| CliError::File { path: folder.to_owned(), source };
    let mut watch = rig.load.stop_when.map(|rule| Watch::new(rule, folder));
    let ended = run_job(
        &job,
        &rig.interrupts,
        |pid| {
            sampler =
                Some(Sampler::start(&file, pid, one_core, rig.watched.clone(), rig.kernel.clone()))
        },
        |elapsed| {
            if let Some(line) = progress.as_mut().and_then(|own| own.at(elapsed)) {
                told.say(&line).unwrap_or_default();
            }
            watch.as_mut().is_none_or(|watch| watch.goes_on(elapsed))
        },
    );
    progress.into_iter().for_each(Progress::finish);
    if let Some(sampler) = sampler {
        sampler.map_err(wrap)?.finish().map_err(wrap)?;
    }
    let ended = ended.map_err(wrap)?;
    let code = code_of(ended);
    let problem = match ended {
        Ended::Exited(0) => return Ok(()),
        Ended::Exited(_) if slice => return Ok(()),
        Ended::Exited(code) => {
            // Tools tell failed requests and crossed thresholds so; whether there is a result decides.
            let text = format!("note: {} ended with exit code {code}", command[0]);
            return session.say(&text);
        }
        Ended::Killed(signal) => format!("{} was ended by signal {signal}", command[0]),
        Ended::NotStarted => format!("{} could not be started", command[0]),
        Ended::TimedOut => {
            format!("{} took longer than {} s and was ended", command[0], limit.as_secs())
        }
        Ended::Interrupted => "interrupted: the load tool was ended".to_owned(),
        Ended::Stopped => {
            let text = watch.map(|watch| watch.text()).unwrap_or_default();
            // What a slice has shown by then tells which version it is.
            if slice {
                return session.say(&text);
            }
            text
        }
    };
    let (problem, said) = (format!("{problem}; nothing was recorded"), tail(&log));
    Err(CliError::driven(code, problem, output_in(&log, &said), said))
}

/// The kind of error that an end without results is.
fn code_of(ended: Ended) -> &'static Code {
    match ended {
        Ended::NotStarted => &codes::NO_TOOL,
        Ended::Interrupted => &codes::INTERRUPTED,
        Ended::Exited(_) | Ended::Killed(_) | Ended::TimedOut | Ended::Stopped => {
            &codes::TOOL_FAILED
        }
    }
}

fn read(
    rig: &Rig<'_>,
    (at, folder): (&Path, &Path),
    started: jiff::Timestamp,
    session: &Session<'_>,
) -> Result<ReadRuns, CliError> {
    let collapse = rig.policies.deciding.policy.collapse.clone().into();
    let options = ReadOptions { collapse, ..ReadOptions::default() };
    if rig.load.results.is_empty() {
        let log = folder.join(LOG);
        return results_in(folder, &options, session).map_err(|error| match tail(&log) {
            said if said.is_empty() => error,
            said => {
                let help = output_in(&log, &said);
                CliError::driven(error.code(), error.to_string(), help, said)
            }
        });
    }
    let paths = expand(&rig.load.results, at, session)?;
    for path in &paths {
        let written = path.metadata().and_then(|about| about.modified()).ok();
        let written = written.and_then(|at| jiff::Timestamp::try_from(at).ok());
        if written.is_some_and(|at| at < started) {
            let problem = format!("{} was not written by this run: it is older", path.display());
            return Err(CliError::coded(
                &codes::NO_RESULT_WRITTEN,
                problem,
                "nothing was recorded; does the tool write elsewhere?",
            ));
        }
    }
    read_files(&paths, &options, session)
}

/// A generator that could not keep up measured itself.
fn say_overload(run: &Run, session: &mut Session<'_>) -> Result<(), CliError> {
    match run.overload() {
        Some(why) => session.say(&format!(
            "warning: the load generator was overloaded ({why}): this run will not be compared with others"
        )),
        None => Ok(()),
    }
}

/// Says of a run that it was disturbed.
fn say_disturbance(run: &Run, session: &mut Session<'_>) -> Result<(), CliError> {
    let Some(why) = run.disturbance() else { return Ok(()) };
    let hint =
        if run.is_watched() { "" } else { " (if that was the service, name it with --watch)" };
    session.say(&format!("warning: the machine was busy with something else: {why}{hint}"))
}
