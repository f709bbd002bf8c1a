//! `perfgate init --from` and what `perfgate doctor` says about documents: every statement of a document is found in the policy with
//! its number, unit, sign and scope, and whatever has no single meaning is listed.

use crate::support::{Ended, perfgate};
use perfgate::config::{Policy, Threshold, Tier};
use perfgate::model::{EndpointKey, Kind};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A document of tests/fixtures/documents.
fn document(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/documents");
    fs::read_to_string(folder.join(name)).unwrap()
}

/// A folder with a document and the policy that was made from it.
struct Made {
    folder: TempDir,
    ended: Ended,
}

impl Made {
    fn of(name: &str, text: &str) -> Self {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join(name), text).unwrap();
        let ended = perfgate(folder.path(), &["init", "--from", name]).expect(0);
        Self { folder, ended }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn written(&self) -> String {
        fs::read_to_string(self.path("perfgate.yaml")).unwrap()
    }

    fn policy(&self) -> Policy {
        Policy::parse("perfgate.yaml", &self.written()).unwrap()
    }

    fn replace(&self, file: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.path(file)).unwrap();
        assert!(text.contains(from), "{text}");
        fs::write(self.path(file), text.replace(from, to)).unwrap();
    }

    /// What `doctor` says about documents, a line each.
    fn doctor(&self) -> String {
        let said = perfgate(self.folder.path(), &["doctor"]).stdout;
        let of_documents = said
            .lines()
            .skip_while(|line| !line.contains(" documents "))
            .take_while(|line| line.contains(" documents ") || line.starts_with("   "));
        of_documents.map(|line| format!("{line}\n")).collect()
    }
}

/// The budgets of a policy, resolved: `PROFILE/NAME: SIGN VALUE (KIND)`, each tier with its name.
fn budgets(policy: &Policy) -> Vec<String> {
    let everywhere = policy.rules.budgets(None).into_iter().map(|budget| ("", budget));
    let profiles = policy.rules.profiles.iter().flat_map(|(name, profile)| {
        profile.budgets.iter().map(move |budget| (name.as_str(), budget))
    });
    let shown = |(profile, budget): (&str, &perfgate::config::Budget)| {
        let tier = |(tier, bound): &(Tier, perfgate::config::Bound)| {
            let name = match tier {
                Tier::Acceptable => String::new(),
                other => format!("{} ", other.name()),
            };
            format!("{name}{} {} ({})", bound.comparison.sign(), bound.value, bound.kind)
        };
        let tiers: Vec<String> = budget.tiers.iter().map(tier).collect();
        let slash = if profile.is_empty() { "" } else { "/" };
        format!("{profile}{slash}{}: {}", budget.name, tiers.join(", "))
    };
    everywhere.chain(profiles).map(shown).collect()
}

/// The lines that the policy lists as not understood.
fn unread(policy: &str) -> Vec<u64> {
    let (_, list) = policy.split_once("# Not understood").unwrap_or_default();
    let line = |line: &str| line.split(".md:").nth(1)?.split(':').next()?.parse().ok();
    list.lines().filter(|own| !own.starts_with("#  ")).filter_map(line).collect()
}

/// The policy has these budgets and no others, and these lines are listed and no others.
#[track_caller]
fn holds(name: &str, expected: &[&str], listed: &[u64]) -> Made {
    let made = Made::of(name, &document(name));
    assert_eq!(budgets(&made.policy()), expected);
    assert_eq!(unread(&made.written()), listed);
    let said = made.doctor();
    assert!(said.starts_with("✓ documents "), "{said}");
    made
}

#[test]
fn profiles_thresholds_queries_and_cadence_are_taken_as_they_stand() {
    let made = holds(
        "profiles.md",
        &[
            "api_response_time_p95: < 400 (a time)",
            "api_response_time_p99: < 900 (a time)",
            "websocket_latency_p95: < 80 (a time)",
            "websocket_latency_p99: < 150 (a time)",
            "throughput: > 750 (a rate)",
            "cost_per_booking: < 0.02 (an amount of money)",
            "overnight/api_response_time_p99: < 1200 (a time)",
            "overnight/memory_leak: ",
            "regular/api_response_time_p95: < 400 (a time)",
            "regular/error_rate: < 0.002 (a percentage)",
            "regular/throughput: > 90 (a rate)",
            "rush/api_response_time_p95: < 900 (a time)",
            "rush/websocket_latency_p95: < 250 (a time)",
            "rush/error_rate: < 0.02 (a percentage)",
        ],
        &[],
    );
    let policy = made.policy();
    let loads: Vec<_> = policy
        .rules
        .profiles
        .iter()
        .map(|(name, own)| (name.as_str(), own.users, own.spawn_rate, own.duration_s))
        .collect();
    assert_eq!(
        loads,
        [
            ("overnight", Some(150), Some(15.0), Some(3.0 * 3600.0)),
            ("regular", Some(80), Some(8.0), Some(8.0 * 60.0)),
            ("rush", Some(600), Some(60.0), Some(6.0 * 60.0)),
        ]
    );
    let api = policy.rules.for_endpoint(&EndpointKey::named(Kind::Http, None, "/search"));
    let limits: Vec<String> = api
        .latency
        .iter()
        .map(|(statistic, own)| {
            let Threshold::Relative(share) = own else { panic!("{own:?}") };
            format!("{statistic} {share}")
        })
        .collect();
    assert_eq!(limits, ["p95 0.18", "p99 0.22"]);
    assert_eq!(api.error_rate, Some(Threshold::Absolute(0.002)));
    let queries: Vec<_> =
        policy.prometheus.iter().map(|own| (own.name.as_str(), own.promql.as_str())).collect();
    assert_eq!(
        queries,
        [("open_seats_sockets", "seat_sockets_open"), ("queue_depth", "sum(booking_queue_depth)")]
    );
    let cadence: Vec<String> =
        policy.cadence.iter().map(|own| format!("{} {}", own.profile, own.when)).collect();
    assert_eq!(cadence, ["regular every pr", "rush nightly", "overnight weekly"]);
    // The comment names the line, and both of them where two lines say the same.
    assert!(
        made.written().contains("- error_rate: \"< 0.2%\"  # profiles.md:8, 34\n"),
        "{}",
        made.written()
    );
}

#[test]
fn tables_of_baselines_become_a_file_that_is_compared_with() {
    let made = Made::of("profiles.md", &document("profiles.md"));
    assert!(made.ended.stderr.contains("wrote perfgate-baseline.json"), "{}", made.ended.stderr);
    let run =
        perfgate(made.folder.path(), &["normalize", "perfgate-baseline.json"]).expect(0).stdout;
    for name in ["search_endpoint", "booking_endpoint", "seat_update"] {
        assert!(run.contains(name), "{run}");
    }
}

#[test]
fn requirement_tables_are_rows_and_counts() {
    holds(
        "requirements.md",
        &[
            "* Parcel Intake p95: target < 2500 (a time), < 3000 (a time)",
            "websocket_latency_p95: < 400 (a time)",
            "* Scanner Login p95: target < 3000 (a time), < 4000 (a time)",
            "concurrent_scanners: ≥ 12 (a number)",
            "concurrent_parcels: ≥ 30 (a number)",
            "connections: ≥ 60 (a number)",
            "* Parcel Search p95: target < 800 (a time)",
            "* Label Print (cached) p95: target < 150 (a time)",
        ],
        // A sentence, two words in place of numbers, and a definition.
        &[16, 26, 27, 37],
    );
}

#[test]
fn tables_of_tiers_are_tiers() {
    holds(
        "plan.md",
        &[
            "response_time_p50: target < 80 (a time), < 160 (a time), critical ≤ 400 (a time)",
            "response_time_p95: target < 250 (a time), < 600 (a time), critical ≤ 1200 (a time)",
            "throughput: target > 120 (a rate), > 60 (a rate), critical ≥ 25 (a rate)",
            "error_rate: target < 0.002 (a percentage), < 0.015 (a percentage), critical ≤ 0.04 (a percentage)",
            "cpu: target < 0.65 (a percentage), < 0.8 (a percentage), critical ≤ 0.92 (a percentage)",
            "memory: target < 400000000 (a size), < 900000000 (a size), critical ≤ 1500000000 (a size)",
            "memory_leak: ",
        ],
        // A sum, a range, and a duration of which nobody says whether it is a limit.
        &[3, 8, 9],
    );
}

#[test]
fn what_several_places_say_is_one_statement() {
    let made = holds(
        "assistant.md",
        &[
            "* Answer Time p95: < 4000 (a time)",
            "* Index Queries p95: < 120 (a time)",
            // The table names no statistic, the checklist does.
            "ttfb_mean: < 600 (a time)",
            "api_response_time_p50: < 150 (a time)",
            "api_response_time_p95: < 800 (a time)",
            "users: ≥ 80 (a number)",
            "lookup_reduction: ≥ 0.55 (a percentage)",
            "inter_chunk_latency_mean: < 90 (a time)",
            "error_rate: < 0.04 (a percentage)",
        ],
        &[8, 10, 17, 27, 34, 38, 39, 39, 41],
    );
    let ttfb = "- ttfb_mean: \"< 600ms\"  # assistant.md:7, 32\n";
    assert!(made.written().contains(ttfb), "{}", made.written());
}

#[test]
fn service_levels_pages_and_indicators_are_budgets() {
    holds(
        "sla.md",
        &[
            "api_response_time_p50: < 40 (a time)",
            "api_response_time_p95: < 90 (a time)",
            "api_response_time_p99: < 180 (a time)",
            "api_response_time_p99.9: < 450 (a time)",
            "fp: < 800 (a time)",
            "tti: < 2200 (a time)",
            "Handshake p95: < 300 (a time)",
            "* Ticket Update p95: < 60 (a time)",
            "response_time_p50: < 60 (a time)",
            "response_time_p95: < 120 (a time)",
            "error_rate: < 0.002 (a percentage)",
            "throughput: ≥ 800 (a rate)",
            "cpu: < 0.75 (a percentage)",
            "memory: < 0.85 (a percentage)",
            "session_store_utilization: < 0.8 (a percentage)",
            "websocket_latency_p95: < 70 (a time)",
            "* Ticket search time p95: < 45 (a time)",
            "session_store_efficiency: > 0.85 (a percentage)",
            // The page's budget has no signs; the table and the checklist give three of them theirs.
            "FCP: < 1200 (a time)",
            "LCP: < 2400 (a time)",
            "CLS: ≤ 0.12 (a number)",
            "Total: < 4000 (a time)",
        ],
        &[12, 61, 63, 67, 71],
    );
}

/// The example of docs/documents.md.
#[test]
fn the_document_that_is_shown_makes_the_policy_that_is_shown() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/documents.md");
    let page = fs::read_to_string(page).unwrap();
    let block = |language: &str| {
        let (_, rest) = page.split_once(&format!("```{language}\n")).unwrap();
        rest.split_once("```").unwrap().0
    };
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("docs")).unwrap();
    fs::write(folder.path().join("docs/perf.md"), block("md")).unwrap();
    let shown =
        perfgate(folder.path(), &["init", "--from", "docs/perf.md", "--stdout"]).expect(0).stdout;
    assert_eq!(shown.split_once("\n\n").unwrap().1, block("yaml"));
}

#[test]
fn two_places_that_contradict_each_other_are_both_listed_and_neither_counts() {
    let made = Made::of("a.md", "- API p95: < 1s\n- Error rate: < 1%\n- API p95: < 2s\n");
    assert_eq!(budgets(&made.policy()), ["error_rate: < 0.01 (a percentage)"]);
    assert_eq!(unread(&made.written()), [1, 3]);
    assert!(made.ended.stderr.contains("a.md:3 says < 2s: which one?"), "{}", made.ended.stderr);
    // Two ways to write one number are none.
    let made = Made::of("a.md", "- API p95: < 1s\n- API p95: < 1000 ms\n");
    assert_eq!(budgets(&made.policy()), ["api_response_time_p95: < 1000 (a time)"]);
}

#[test]
fn a_policy_of_several_documents_names_each() {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("docs")).unwrap();
    fs::write(folder.path().join("docs/a.md"), "- API p95: < 1s\n").unwrap();
    fs::write(folder.path().join("b.md"), "\n- API p95: < 1s\n- API p99: < 3s\n").unwrap();
    perfgate(folder.path(), &["init", "--from", "docs/a.md", "--from", "b.md"]).expect(0);
    let policy = fs::read_to_string(folder.path().join("perfgate.yaml")).unwrap();
    assert!(policy.contains("documents: [\"docs/a.md\", \"b.md\"]\n"), "{policy}");
    assert!(
        policy.contains("- api_response_time_p95: \"< 1s\"  # docs/a.md:1, b.md:2\n"),
        "{policy}"
    );
}

#[test]
fn nothing_is_overwritten_and_stdout_writes_no_file() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("a.md"), document("profiles.md")).unwrap();
    let shown = perfgate(folder.path(), &["init", "--from", "a.md", "--stdout"]).expect(0).stdout;
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    let write = |name: &str| fs::write(folder.path().join(name), "{}\n").unwrap();
    write("perfgate-baseline.json");
    let refused = perfgate(folder.path(), &["init", "--from", "a.md"]).expect(2).stderr;
    assert!(refused.contains("perfgate-baseline.json already exists"), "{refused}");
    assert!(!folder.path().join("perfgate.yaml").exists());
    fs::remove_file(folder.path().join("perfgate-baseline.json")).unwrap();
    perfgate(folder.path(), &["init", "--from", "a.md"]).expect(0);
    assert_eq!(fs::read_to_string(folder.path().join("perfgate.yaml")).unwrap(), shown);
    perfgate(folder.path(), &["init", "--from", "a.md"]).expect(2);
}

#[test]
fn a_document_that_demands_nothing_is_an_error_that_says_so() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("a.md"), "# Notes\n\nBe fast, within 5s or so.\n").unwrap();
    let said = perfgate(folder.path(), &["init", "--from", "a.md"]).expect(2).stderr;
    assert!(said.contains("nothing in it is a limit") && said.contains("a.md:3:"), "{said}");
    let said = perfgate(folder.path(), &["init", "--from", "none.md"]).expect(2).stderr;
    assert!(said.contains("none.md"), "{said}");
    fs::write(folder.path().join("large.md"), "x".repeat((1 << 20) + 1)).unwrap();
    let said = perfgate(folder.path(), &["init", "--from", "large.md"]).expect(2).stderr;
    assert!(said.contains("is larger than 1 MiB"), "{said}");
}

/// Whatever a document says, it becomes values and comments, never keys.
#[test]
fn no_text_of_a_document_becomes_a_key_of_the_policy() {
    let text = "- Login\"\\nresults: [x]: p95 < 1s\n- a\u{202e}b\u{1b}[31m time: < 5s (warm)\n\
                - Queue `x`\n  results: [y]: < 5s\n\n```yaml\nbudgets:\n  - \"evil\\nresults\": \"< 5\"\n```\n";
    let made = Made::of("a.md", text);
    let policy = made.policy();
    assert!(policy.results.is_empty());
    let written = made.written();
    assert!(written.chars().all(|c| c == '\n' || !c.is_control()) && !written.contains('\u{202e}'));
    assert!(!made.ended.stderr.contains('\u{1b}'), "{}", made.ended.stderr);
}

#[test]
fn more_statements_than_a_policy_takes_are_listed() {
    let text: String = (0..600).map(|n| format!("- Call {n} alpha: p95 < {}ms\n", n + 1)).collect();
    let made = Made::of("a.md", &text.replace(" alpha", ""));
    let count = budgets(&made.policy()).len();
    assert_eq!(count + unread(&made.written()).len(), 600);
    assert_eq!(count, 500);
}

#[test]
fn doctor_tells_where_document_and_policy_differ() {
    let made = Made::of("profiles.md", &document("profiles.md"));
    assert!(made.doctor().contains("all in perfgate.yaml"), "{}", made.doctor());
    // Another spelling of the same number is no difference.
    made.replace("profiles.md", "p99 < 900ms", "p99 < 0.9s");
    assert!(made.doctor().contains("all in perfgate.yaml"), "{}", made.doctor());

    made.replace("profiles.md", "p95 < 400ms, p99 < 0.9s", "p95 < 350ms, p99 < 0.9s");
    made.replace("profiles.md", "users: 600", "users: 650");
    made.replace("profiles.md", "p95: 18%", "p95: 15%");
    made.replace("profiles.md", "- **Cost per", "- **WebSocket p50**: < 20ms\n- **Cost per");
    let written = made.written();
    let line = |text: &str| 1 + written.lines().position(|own| own.contains(text)).unwrap();
    let (p95, users) =
        (line("api_response_time_p95: \"< 400ms\"  # profiles.md:5"), line("users: 600"));
    let threshold = line("p95: 18%");
    assert_eq!(
        made.doctor(),
        format!(
            "! documents   profiles.md:5 says api_response_time_p95: < 350ms; perfgate.yaml:{p95} says < 400ms\n\
             \x20             change the one that is out of date\n\
             ! documents   profiles.md:9 says websocket_latency_p50: < 20ms; perfgate.yaml does not\n\
             \x20             add it to `budgets`, or drop it there\n\
             ! documents   profiles.md:44 says users: 650; perfgate.yaml:{users} says 600\n\
             \x20             change the one that is out of date\n\
             ! documents   profiles.md:86 says p95: 15%; perfgate.yaml:{threshold} says 18%\n\
             \x20             change the one that is out of date\n"
        )
    );
    fs::remove_file(made.path("profiles.md")).unwrap();
    assert!(made.doctor().contains("the policy names it under `documents`"), "{}", made.doctor());
}

#[test]
fn what_a_document_says_may_stand_anywhere_in_the_policy() {
    let made = Made::of("a.md", "- API p95: < 1s\n- Error rate: < 1%\n");
    let policy =
        "documents: [a.md]\nbudgets: { api_latency_p95: \"<1000ms\", error_rate: \"< 1%\" }\n";
    fs::write(made.path("perfgate.yaml"), policy).unwrap();
    assert!(made.doctor().starts_with("✓ documents "), "{}", made.doctor());
    fs::write(made.path("perfgate.yaml"), policy.replace("1000ms", "900ms")).unwrap();
    assert!(made.doctor().contains("perfgate.yaml:2 says "), "{}", made.doctor());
}

/// The thresholds that hold by default need not be written.
#[test]
fn a_default_that_a_document_states_is_held() {
    let made = Made::of(
        "a.md",
        "- API p95: < 1s\n\n```yaml\nregression_thresholds: { throughput: 10% }\n```\n",
    );
    made.replace(
        "perfgate.yaml",
        "regression_thresholds:\n  throughput: 10%",
        "gate: { decide: evidence }\n\n",
    );
    assert!(made.doctor().starts_with("✓ documents "), "{}", made.doctor());
}
