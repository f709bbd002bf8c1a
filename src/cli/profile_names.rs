//! Names of profiles: what is said of one that the policy does not have.

use super::error::CliError;
use super::labels::TestNames;
use super::policy::LoadedPolicy;
use strsim::damerau_levenshtein;

/// A profile without a place in the policy may be named all the same: it has baselines of its own. One that is nearly called like
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
    let Some(meant) = profiles.keys().find(|known| is_slip(whole, known)) else { return Ok(()) };
    let problem = format!("perfgate.yaml has no profile {name}: did you mean {meant}?");
    let help = format!("if not, write it beside the others: profiles: {{ {whole}: {{}} }}");
    Err(CliError::usage(problem, help))
}

/// Whether a name is another one with a slip of the finger. Names that differ in digits alone (`spike1`, `spike2`) are two.
fn is_slip(name: &str, known: &str) -> bool {
    let letters = |text: &str| text.chars().filter(|c| !c.is_ascii_digit()).collect::<String>();
    let most = if known.chars().count() < 8 { 1 } else { 2 };
    letters(name) != letters(known)
        && damerau_levenshtein(&name.to_lowercase(), &known.to_lowercase()) <= most
}

/// The error for a profile that the policy does not have, or that limits nothing.
pub(super) fn unknown_profile(profile: &str, names: &[&str]) -> CliError {
    if names.contains(&profile) {
        let problem = format!("the profile {profile} has no targets");
        return CliError::usage(problem, "write some: targets: [{ error_rate: \"< 0.1%\" }]");
    }
    let near = names.iter().min_by_key(|name| damerau_levenshtein(name, profile));
    let meant = near.filter(|name| damerau_levenshtein(name, profile) <= 3);
    let help = match (meant, names) {
        (Some(name), _) => format!("did you mean {name}? known: {}", names.join(", ")),
        (None, []) => "write `profiles:` into perfgate.yaml".to_owned(),
        (None, _) => format!("known: {}", names.join(", ")),
    };
    CliError::usage(format!("perfgate.yaml has no profile {profile}"), help)
}

#[cfg(test)]
mod tests {
    use super::is_slip;

    #[test]
    fn a_slip_is_near_and_another_name_is_not() {
        for name in ["strss", "sterss", "Stress", "stresss"] {
            assert!(is_slip(name, "stress"), "{name}");
        }
        for (name, known) in
            [("spike2", "spike1"), ("soak", "peak"), ("nightly", "weekly"), ("dev", "ci")]
        {
            assert!(!is_slip(name, known), "{name}");
        }
    }
}
