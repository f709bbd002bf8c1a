//! What can go wrong with object storage, whichever it is: credentials, rights, a bucket, its region, the way to it.

/// Why object storage did not do what was asked of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{}", problem.text(store), said.as_ref().map(|said| format!(": {said}")).unwrap_or_default())]
pub struct ObjectError {
    /// The address of the store.
    pub store: String,
    /// What is wrong.
    pub problem: ObjectProblem,
    /// What the service or the system said, without secrets.
    pub said: Option<String>,
}

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObjectProblem {
    /// This perfgate was built without it.
    NotBuilt,
    /// The environment has no credentials.
    NoCredentials,
    /// The service does not know the credentials, or not any more.
    WrongCredentials,
    /// The credentials are good, and may not do this.
    Denied,
    /// There is no such bucket or container.
    NoBucket,
    /// The bucket is in another region.
    WrongRegion,
    /// The service has no time, or a fault of its own.
    Busy,
    /// Nothing came for as long as it may take.
    Silent,
    /// Nobody answers at the address.
    Unreachable,
    /// An answer ended in the middle.
    Cut,
    /// Anything else.
    Other,
}

impl ObjectProblem {
    fn text(self, store: &str) -> String {
        match self {
            Self::NotBuilt => {
                format!("this perfgate was built without object storage, which {store} needs")
            }
            Self::NoCredentials => format!("the environment has no credentials for {store}"),
            Self::WrongCredentials => format!("{store} refuses the credentials"),
            Self::Denied => format!("the credentials have no right to do this in {store}"),
            Self::NoBucket => format!("there is no bucket for {store}"),
            Self::WrongRegion => format!("the bucket of {store} is in another region"),
            Self::Busy => format!("{store} cannot answer now"),
            Self::Silent => format!("{store} does not answer in time"),
            Self::Unreachable => format!("{store} cannot be reached"),
            Self::Cut => format!("answers of {store} end in the middle"),
            Self::Other => format!("{store} does not do what it was asked for"),
        }
    }
}

impl ObjectError {
    /// What to do about it.
    pub(super) fn help(&self) -> &'static str {
        let scheme = self.store.split(':').next().unwrap_or_default();
        match (self.problem, scheme) {
            (ObjectProblem::NotBuilt, _) => {
                "install a release, or build it with that: cargo install perfgate --features object-store"
            }
            (ObjectProblem::NoCredentials, "s3") => {
                "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (with AWS_SESSION_TOKEN if there is one), or AWS_ROLE_ARN and \
                 AWS_WEB_IDENTITY_TOKEN_FILE; those of a profile or a machine: eval \"$(aws configure export-credentials --format env)\""
            }
            (ObjectProblem::NoCredentials, "gs") => {
                "set GOOGLE_APPLICATION_CREDENTIALS to the key file of a service account, or GOOGLE_OAUTH_ACCESS_TOKEN"
            }
            (ObjectProblem::NoCredentials, _) => {
                "set AZURE_STORAGE_ACCOUNT with AZURE_STORAGE_KEY or AZURE_STORAGE_SAS_TOKEN, or AZURE_TENANT_ID and AZURE_CLIENT_ID \
                 with AZURE_CLIENT_SECRET or AZURE_FEDERATED_TOKEN_FILE"
            }
            (ObjectProblem::WrongCredentials, _) => {
                "renew the credentials in the environment: they are wrong, of another account, or expired"
            }
            (ObjectProblem::Denied, _) => {
                "reading needs the rights to list and get objects, recording the right to put them, pruning the right to delete them"
            }
            (ObjectProblem::NoBucket, _) => {
                "check store.url in perfgate.yaml, or make the bucket: perfgate makes none"
            }
            (ObjectProblem::WrongRegion, _) => "set AWS_REGION to the region of the bucket",
            (ObjectProblem::Busy | ObjectProblem::Silent | ObjectProblem::Cut, _) => {
                "what was written so far is whole; run the same again, which adds what is missing (store.timeout in perfgate.yaml: how long \
                 to go on trying)"
            }
            (ObjectProblem::Unreachable, _) => {
                "check the address, the network and the proxy (HTTPS_PROXY); an endpoint of your own: AWS_ENDPOINT_URL"
            }
            (ObjectProblem::Other, _) => {
                "nothing half-written is ever read; docs/store.md says what the service must be able to do"
            }
        }
    }
}
