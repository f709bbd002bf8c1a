//! Names of profiles: what is said of one that the policy does not have.

use super::codes;
use super::error::CliError;
use super::labels::TestNames;
use super::policy::LoadedPolicy;
use crate::config::suggest;

/// A profile that the policy does not have may be named: it has baselines of its own. One that is nearly called like
/// a profile of the policy is a slip, and would have neither that one's baselines nor its budgets.
pub(super) fn refuse_misspelt_profile(
    test: &TestNames,
    loaded: &LoadedPolicy,
) -> Result<(), CliError> {
    let profiles = &loaded.policy.rules.profiles;
    let Some(name) = &test.profile else { return Ok(()) };
    // `spike:recovery` is a part of `spike`.
    let whole = name.split(':').next().unwrap_or_default();
    if profiles.contains_key(name) || profiles.contains_key(whole) {
        return Ok(());
    }
    let Some(meant) = slip_of(whole, profiles.keys().map(String::as_str)) else { return Ok(()) };
    let problem = format!("perfgate.yaml has no profile {name}: did you mean {meant}?");
    let help = format!("if not, write it beside the others: profiles: {{ {whole}: {{}} }}");
    Err(CliError::coded(&codes::UNKNOWN_PROFILE, problem, help))
}

/// The name that another one is a slip of. Names that differ in digits alone (`spike1`, `spike2`) are two.
fn slip_of<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let letters = |name: &str| name.chars().filter(|c| !c.is_ascii_digit()).collect::<String>();
    suggest(name, known.filter(|known| letters(known) != letters(name)))
}

/// The error for a profile that the policy does not have, or that limits nothing.
pub(super) fn unknown_profile(profile: &str, names: &[&str]) -> CliError {
    if names.contains(&profile) {
        let problem = format!("the profile {profile} has no targets");
        return CliError::coded(
            &codes::UNKNOWN_PROFILE,
            problem,
            "write some: targets: [{ error_rate: \"< 0.1%\" }]",
        );
    }
    let help = match (suggest(profile, names.iter().copied()), names) {
        (Some(name), _) => format!("did you mean {name}? known: {}", names.join(", ")),
        (None, []) => "write `profiles:` into perfgate.yaml".to_owned(),
        (None, _) => format!("known: {}", names.join(", ")),
    };
    CliError::coded(
        &codes::UNKNOWN_PROFILE,
        format!("perfgate.yaml has no profile {profile}"),
        help,
    )
}

#[cfg(test)]
mod tests {
    use super::slip_of;

    #[test]
    fn a_slip_is_near_and_another_name_is_not() {
        for name in ["strss", "sterss", "Stress", "stresss"] {
            assert_eq!(slip_of(name, ["stress"].into_iter()), Some("stress"), "{name}");
        }
        for (name, known) in
            [("spike2", "spike1"), ("soak", "peak"), ("nightly", "weekly"), ("dev", "ci")]
        {
            assert_eq!(slip_of(name, [known].into_iter()), None, "{name}");
        }
    }
}
