//! Every kind of error by a code that stays: what causes it, and what to do. `perfgate explain` prints it, and docs/errors.md
//! is printed by it.

use crate::ingest::{IngestError, Problem};
use crate::store::{ObjectError, ObjectProblem, StoreError};

/// A kind of error.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Code {
    pub(super) number: &'static str,
    /// What is wrong, as the beginning of a sentence.
    pub(super) title: &'static str,
    pub(super) cause: &'static str,
    pub(super) fix: &'static str,
}

/// One static per code, and all of them in order.
macro_rules! codes {
    ($($name:ident $number:literal $title:literal $cause:literal $fix:literal)*) => {
        $(pub(super) static $name: Code =
            Code { number: $number, title: $title, cause: $cause, fix: $fix };)*
        /// All codes, in order.
        pub(super) static ALL: &[&Code] = &[$(&$name),*];
    };
}

codes! {
    ARGUMENTS "P001" "The arguments do not fit together"
        "Options exclude each other, one is missing, or what they name does not suit the command."
        "Do what the line below the error says; `perfgate COMMAND --help` has all options."
    NO_RESULTS "P002" "There is no result file to read"
        "No file was named and the policy names none, or a name or pattern matches nothing."
        "Name the files that the load tool wrote, or set `results` in perfgate.yaml. Check the folder that perfgate runs in."
    UNKNOWN_PROFILE "P003" "The profile is not in the policy"
        "`--profile` names a profile that perfgate.yaml does not have, or that has no targets."
        "Use one of the names that the error lists, or add the profile to perfgate.yaml."
    NO_BASELINE_NAMED "P004" "There is nothing to compare with"
        "Neither a revision nor a baseline file was given, and the policy names no branch."
        "Add `--baseline main` or `--baseline-file FILE`, or set `baseline: { branch: main }` in perfgate.yaml."
    UNKNOWN_MEASUREMENT "P005" "No measurement is called that"
        "An endpoint, metric, statistic or column that was asked for is in no run."
        "Use a name of `perfgate compare --all` or `perfgate baseline show`, with its statistic: `POST /api/chat p95`."
    NOTHING_RECORDED "P006" "Nothing is recorded there"
        "The branch or commit has no record that this clone or the remote knows."
        "Record a run after the load test: `perfgate record RESULTS --push`. `perfgate baseline list` shows what is there."
    IN_THE_WAY "P007" "Something is there already"
        "perfgate overwrites no file that it did not write for this purpose."
        "Name another file or folder, or remove the old one."
    EVENT "P008" "The CI's event does not allow this"
        "The event is `pull_request_target`, whose token may write while the load test runs the pull request's code; or the event's file cannot be read."
        "Measure on `pull_request`, and publish from a `workflow_run` job: docs/github.md has both workflows."
    POLICY "P101" "The policy is wrong"
        "perfgate.yaml, a rule file or an accept line has an unknown key, a value of the wrong kind, or YAML that cannot be read."
        "Correct the line that the error shows. Unknown keys are errors, so that a slip removes no limit; docs/policy.md has all keys."
    UNREADABLE "P201" "A result file cannot be opened"
        "The file is a folder, is gone, or may not be read."
        "Check the path and its rights; give the file, not its folder."
    EMPTY "P202" "A result file is empty"
        "The load tool was killed before it wrote, or it writes elsewhere."
        "Look at the load tool's own output, and give the file that it fills."
    UNRECOGNISED "P203" "No known format begins like this"
        "The file is of a tool or a form that perfgate does not read."
        "`perfgate normalize --list-formats` lists what it reads and how to get it; --format-in NAME overrules the recognition. A script can write perfgate's own format: docs/formats.md."
    OTHER_FILE "P204" "The file holds no results"
        "The tool writes several files, and this one is another: a history, failures, a log."
        "Give the file that the error names."
    CUT "P205" "A result file ends in the middle"
        "The load test was killed, the disk was full, or an upload was cut."
        "Run the test again. `--lenient` judges what is there and says so."
    MALFORMED "P206" "A result file is not what its format says"
        "A value cannot be, a column is missing, or the file was edited or joined."
        "Look at the line that the error names. `--lenient` passes over broken lines of raw samples and says how many."
    TOO_LARGE "P207" "An input is larger than perfgate takes"
        "Every reader stops at a documented size (docs/limits.md). Most often requests that differ only in an id were given names of their own."
        "Give such requests one name: `collapse: [\"/users/*\"]` in perfgate.yaml, or in the load script."
    TWICE "P208" "Something is in the file more than once"
        "The file was appended to itself, or an endpoint has two rows."
        "Remove the old file before the test, and give each result once."
    NOT_RAW "P209" "The option needs raw samples"
        "--trim-start, --from, --to and --by need every request; this file holds sums, or nothing of it is left."
        "Give raw samples, such as k6's --out json, Locust's or JMeter's rows; or leave out the option."
    MERGE "P210" "The shards cannot be merged"
        "They are of different load tests, or hold percentiles alone, which cannot be added up."
        "Merge raw results, or run files with histograms, of one test."
    NO_REPOSITORY "P301" "There is no repository to work in"
        "The folder is in no git repository, in a bare one, in one of another user, or in one of a kind that perfgate cannot read."
        "Run perfgate in a clone; or compare plain files, which need none: --baseline-file FILE."
    UNKNOWN_REVISION "P302" "The revision is unknown"
        "No branch, tag or commit of that name is in this clone or on the remote."
        "Check the spelling, and that CI fetches the branch."
    NO_COMMIT "P303" "There is no commit yet"
        "The repository is empty, or its branch is gone; records belong to commits."
        "Commit something, or check out a branch that exists."
    NO_HISTORY "P304" "The history does not reach that far"
        "The clone is shallow and its remote cannot be asked, or two commits have no common history."
        "Fetch more (`git fetch --unshallow`; in GitHub Actions `fetch-depth: 0`), or compare with a revision that the commit descends from."
    REMOTE "P305" "The remote cannot be reached"
        "There is no remote, no network, no right to read or write, or the server does not answer."
        "What was recorded is kept in this clone: `perfgate baseline push` sends it later. `--offline` works with what is here. In GitHub Actions, reading needs `contents: read`, pushing `contents: write`."
    REFUSED "P306" "The server refuses the records"
        "It does not let refs/perfgate be written, or hides it from readers."
        "Ask whoever runs the server, or keep the records in a folder: `store: { kind: directory, path: baselines }`. docs/store.md has more."
    DAMAGED "P307" "The store or a record is damaged"
        "An object is missing or not as it was written, for example after a full disk."
        "`perfgate baseline verify` names what is broken, `perfgate baseline repair` mends it from the remote. Nothing was changed."
    NEWER "P308" "A newer perfgate wrote this"
        "The store or the record has a version that this program does not know."
        "Update perfgate."
    NOT_A_STORE "P309" "The ref is no store of perfgate"
        "refs/perfgate/runs holds something else."
        "If it is none of yours, remove it: `git push REMOTE --delete refs/perfgate/runs`."
    GIT "P310" "git failed"
        "libgit2 or the git program could not do what the error names, or another process has been writing to the store for minutes."
        "Try the same with git by hand. If the folder belongs to another user: `git config --global --add safe.directory \"$PWD\"`."
    NOTHING_KEPT "P311" "Nothing is kept under that name"
        "Removed records are kept for 90 days, under the names that prune and fetch print."
        "`perfgate baseline restore` lists them."
    CREDENTIALS "P312" "The object storage takes no such credentials"
        "The environment has none for this service, or the service does not know them: mistyped, of another account, or expired."
        "Set the variables that the error names; docs/store.md has all of them. perfgate looks for credentials nowhere else, and writes them nowhere."
    NO_RIGHT "P313" "The credentials may not do this"
        "The service knows them, and a policy of the bucket or the account forbids what was tried."
        "Grant the rights of docs/store.md: list and get to compare, put to record, delete to prune."
    NO_BUCKET "P314" "There is no such bucket"
        "`store.url` names a bucket or container that does not exist, or one of another account."
        "Check the name, or make the bucket: perfgate makes none."
    REGION "P315" "The bucket is in another region"
        "Requests are signed for one region, and the bucket is in another one."
        "Set `AWS_REGION` to the region of the bucket."
    NO_ANSWER "P316" "The object storage does not answer as it should"
        "It cannot be reached, is silent for as long as `store.timeout`, answers with errors of its own (5xx), or its answers end in the middle, all several times."
        "Run the same again: what was written is whole, and only what is missing is added."
    BUSY "P401" "The machine is busy"
        "Something else uses the processor, so that a load test would measure that as well."
        "Stop it, wait with --wait-for-quiet 5m, or measure anyway with --busy-ok."
    NO_TOOL "P402" "The load tool could not be started"
        "There is no program of that name, or it may not be run: not installed, not in PATH, or misspelt."
        "Install it in this job, or give its path. perfgate starts programs and no shell: `sh -c '…'` runs a line with pipes."
    TOOL_FAILED "P403" "The load test did not end by itself"
        "The load tool was killed, took longer than its limit, or a rule of the load ended it; nothing was recorded."
        "Read its output, whose last lines the error shows. --timeout gives it longer."
    NO_RESULT_WRITTEN "P404" "The load tool wrote no results"
        "It failed before it measured anything, or it writes elsewhere."
        "Read its output; let it write into `{out}`, or name its files with --results GLOB."
    NOT_READY "P405" "The service does not respond"
        "It ended, it listens on another port than the one in `PORT`, it answers with an error, or it takes longer to start."
        "Read its output; --ready names a URL to ask, --ready-within gives it longer."
    BUILD "P406" "A version does not build"
        "The command of --build failed or took too long."
        "Read its output; the same command has to work in a fresh checkout of that commit. --build-within gives it longer."
    INTERRUPTED "P407" "perfgate was interrupted"
        "Somebody pressed Ctrl-C, or the CI canceled the job. The load tool was ended, and nothing was recorded."
        "Run it again."
    BUNDLE "P501" "The bundle is refused"
        "It was not written by perfgate for this pull request, is too large, or holds numbers that are recorded already. Nothing was published."
        "Measure again, with the workflow of docs/github.md."
    NOTIFY "P502" "Nobody could be told"
        "There is no forge and no webhook, or they refuse."
        "Set the token or the webhook that the error names: docs/history.md."
    FILE "P901" "A file or the output cannot be read or written"
        "The path is wrong, a right is missing, or the disk is full."
        "Check the path that the error names."
}

/// The code of this number, in any case.
pub(super) fn of_number(number: &str) -> Option<&'static Code> {
    ALL.iter().copied().find(|code| code.number.eq_ignore_ascii_case(number))
}

/// What is wrong with a result file.
pub(super) fn of_ingest(error: &IngestError) -> &'static Code {
    match &error.problem {
        Problem::Io(_) => &UNREADABLE,
        Problem::Empty => &EMPTY,
        Problem::Unrecognised => &UNRECOGNISED,
        Problem::OtherFile(_) => &OTHER_FILE,
        Problem::Truncated { .. } | Problem::CutRecord { .. } | Problem::CutDocument => &CUT,
        Problem::Malformed(_) | Problem::MissingColumn(_) | Problem::BadValue { .. } => &MALFORMED,
        Problem::TooLarge { .. }
        | Problem::Exceeded(_)
        | Problem::TooLong(_)
        | Problem::TooManyEndpoints { .. } => &TOO_LARGE,
        Problem::Duplicate { .. } | Problem::Repeated { .. } => &TWICE,
        Problem::NotRaw { .. } | Problem::NothingLeft => &NOT_RAW,
    }
}

/// What is wrong with a repository or a store.
pub(super) fn of_store(error: &StoreError) -> &'static Code {
    match error {
        StoreError::NoRepository { .. }
        | StoreError::BareRepository { .. }
        | StoreError::OtherRepository { .. }
        | StoreError::NotUtf8 { .. } => &NO_REPOSITORY,
        StoreError::UnknownRevision { .. } => &UNKNOWN_REVISION,
        StoreError::NoCommit { .. } | StoreError::NoCommitForRun => &NO_COMMIT,
        StoreError::HistoryUnknown { .. } | StoreError::NoCommonHistory { .. } => &NO_HISTORY,
        StoreError::Unreachable { .. }
        | StoreError::Silent { .. }
        | StoreError::NoRemote { .. } => &REMOTE,
        StoreError::Rejected { .. } | StoreError::Hidden { .. } => &REFUSED,
        StoreError::Damaged { .. }
        | StoreError::BrokenRecord { .. }
        | StoreError::TooLarge { .. }
        | StoreError::NotHere { .. }
        | StoreError::TooManyMissing { .. } => &DAMAGED,
        StoreError::NewerStore { .. } | StoreError::OtherVersion { .. } => &NEWER,
        StoreError::NotAStore { .. } => &NOT_A_STORE,
        StoreError::Git { .. } | StoreError::GitProgram { .. } | StoreError::Held { .. } => &GIT,
        StoreError::NothingKept(_) => &NOTHING_KEPT,
        StoreError::Io { .. } => &FILE,
        StoreError::Object(error) => of_objects(error),
    }
}

/// What is wrong with object storage.
fn of_objects(error: &ObjectError) -> &'static Code {
    match error.problem {
        ObjectProblem::NotBuilt => &ARGUMENTS,
        ObjectProblem::NoCredentials | ObjectProblem::WrongCredentials => &CREDENTIALS,
        ObjectProblem::Denied => &NO_RIGHT,
        ObjectProblem::NoBucket => &NO_BUCKET,
        ObjectProblem::WrongRegion => &REGION,
        ObjectProblem::Busy
        | ObjectProblem::Silent
        | ObjectProblem::Unreachable
        | ObjectProblem::Cut
        | ObjectProblem::Other => &NO_ANSWER,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_in_order_and_found_in_any_case() {
        assert!(ALL.windows(2).all(|pair| pair[0].number < pair[1].number));
        assert_eq!(of_number("p205"), Some(&CUT));
        assert_eq!(of_number("P999"), None);
    }
}
