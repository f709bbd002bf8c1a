//! From an address and the environment to a service. Credentials come from the environment alone, and stay there.

use super::classify::other;
use crate::model::Secrets;
use crate::store::object_error::{ObjectError, ObjectProblem};
use crate::store::patience::Patience;
use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{BackoffConfig, ObjectStore, RetryConfig};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

/// How long making a connection may take.
const CONNECTING: Duration = Duration::from_secs(10);

/// Variables of which one says where S3's credentials come from.
const S3: [&str; 5] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_SKIP_SIGNATURE",
];
/// The same for Google's.
const GOOGLE: [&str; 8] = [
    "GOOGLE_APPLICATION_CREDENTIALS",
    "GOOGLE_OAUTH_ACCESS_TOKEN",
    "GOOGLE_BEARER_TOKEN",
    "GOOGLE_SERVICE_ACCOUNT",
    "GOOGLE_SERVICE_ACCOUNT_PATH",
    "GOOGLE_SERVICE_ACCOUNT_KEY",
    "SERVICE_ACCOUNT",
    "GOOGLE_SKIP_SIGNATURE",
];
/// The same for Azure's.
const AZURE: [&str; 9] = [
    "AZURE_STORAGE_KEY",
    "AZURE_STORAGE_ACCOUNT_KEY",
    "AZURE_STORAGE_SAS_KEY",
    "AZURE_STORAGE_SAS_TOKEN",
    "AZURE_STORAGE_TOKEN",
    "AZURE_CLIENT_SECRET",
    "AZURE_FEDERATED_TOKEN_FILE",
    "AZURE_STORAGE_USE_EMULATOR",
    "AZURE_SKIP_SIGNATURE",
];
/// Settings that other tools know by these names.
const ALSO_CALLED: [(&str, &str); 3] = [
    ("AZURE_STORAGE_ACCOUNT", "account_name"),
    ("AZURE_STORAGE_KEY", "account_key"),
    ("GOOGLE_OAUTH_ACCESS_TOKEN", "bearer_token"),
];
/// Words in the names of variables whose values nobody may see.
const SECRET: [&str; 4] = ["SECRET", "TOKEN", "KEY", "SERVICE_ACCOUNT"];

/// A service, and where in it the store is.
pub(super) struct Connected {
    pub(super) store: Arc<dyn ObjectStore>,
    pub(super) root: Path,
}

/// The service at an address. Nothing is sent yet.
pub(super) fn connect(url: &str, patience: Patience) -> Result<Connected, ObjectError> {
    // Another part of the process may have chosen one already; any will do.
    drop(rustls::crypto::ring::default_provider().install_default());
    let failed = |error: object_store::Error| other(url, &error);
    let (scheme, rest) = url.split_once("://").unwrap_or((url, ""));
    let path =
        if scheme == "file" { rest } else { rest.split_once('/').map_or("", |(_, path)| path) };
    let root = Path::from_url_path(path).map_err(|error| failed(error.into()))?;
    let retry = retry(patience);
    let store: Arc<dyn ObjectStore> = match scheme {
        "s3" => {
            needs(url, &S3)?;
            let builder = AmazonS3Builder::from_env().with_url(url).with_retry(retry);
            let builder = configured(
                builder,
                AmazonS3Builder::with_config,
                &settings("AWS_ENDPOINT", patience),
            );
            Arc::new(builder.build().map_err(failed)?)
        }
        "gs" => {
            needs(url, &GOOGLE)?;
            let builder = GoogleCloudStorageBuilder::from_env().with_url(url).with_retry(retry);
            let settings = settings("GOOGLE_BASE_URL", patience);
            let builder = configured(builder, GoogleCloudStorageBuilder::with_config, &settings);
            Arc::new(builder.build().map_err(failed)?)
        }
        "az" => {
            needs(url, &AZURE)?;
            let builder = MicrosoftAzureBuilder::from_env().with_url(url).with_retry(retry);
            let settings = settings("AZURE_STORAGE_ENDPOINT", patience);
            let builder = configured(builder, MicrosoftAzureBuilder::with_config, &settings);
            Arc::new(builder.build().map_err(failed)?)
        }
        _ => Arc::new(LocalFileSystem::new().with_fsync(true)),
    };
    Ok(Connected { store, root })
}

/// What is secret in the environment.
pub(super) fn secrets() -> Secrets {
    let mut secrets = Secrets::default();
    let vendors = ["AWS_", "AZURE_", "GOOGLE_", "SERVICE_ACCOUNT"];
    for (name, value) in std::env::vars_os() {
        let (Some(name), Some(value)) = (name.to_str(), value.to_str()) else { continue };
        let is_one = vendors.iter().any(|vendor| name.starts_with(vendor))
            && SECRET.iter().any(|word| name.contains(word))
            && !name.ends_with("_FILE")
            && name != "AWS_ACCESS_KEY_ID";
        if is_one {
            secrets.add(value);
        }
    }
    secrets
}

/// Refuses to look for credentials anywhere else: on a machine that has none, that takes minutes and names something
/// that nobody asked for.
fn needs(url: &str, variables: &[&str]) -> Result<(), ObjectError> {
    if variables.iter().any(|name| variable(name).is_some()) {
        return Ok(());
    }
    Err(ObjectError { store: url.to_owned(), problem: ObjectProblem::NoCredentials, said: None })
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// How often something is tried again, and for how long.
fn retry(patience: Patience) -> RetryConfig {
    let backoff = BackoffConfig::default();
    RetryConfig { backoff, max_retries: 10, retry_timeout: patience.silence() }
}

/// What is set for every service, by the names that its builder knows.
fn settings(endpoint: &str, patience: Patience) -> Vec<(String, String)> {
    let seconds = |time: Duration| format!("{}ms", time.as_millis());
    let mut settings = vec![
        ("timeout".to_owned(), seconds(patience.silence())),
        ("connect_timeout".to_owned(), seconds(patience.silence().min(CONNECTING))),
        ("user_agent".to_owned(), concat!("perfgate/", env!("CARGO_PKG_VERSION")).to_owned()),
    ];
    // Whoever names an address without encryption wants none: a service on the same machine or network.
    let plain =
        |name: &std::ffi::OsStr| name.to_str().is_some_and(|name| name.starts_with(endpoint));
    if std::env::vars_os()
        .any(|(name, value)| plain(&name) && value.to_string_lossy().starts_with("http://"))
    {
        settings.push(("allow_http".to_owned(), "true".to_owned()));
    }
    for (name, setting) in ALSO_CALLED {
        settings.extend(variable(name).map(|value| (setting.to_owned(), value)));
    }
    settings
}

/// A builder with these settings, as far as it knows them.
fn configured<B, K: FromStr>(
    builder: B,
    with: fn(B, K, String) -> B,
    settings: &[(String, String)],
) -> B {
    settings.iter().fold(builder, |builder, (name, value)| match name.parse() {
        Ok(key) => with(builder, key, value.clone()),
        Err(_) => builder,
    })
}
