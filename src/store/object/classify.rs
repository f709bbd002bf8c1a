//! What an error of a service means to people. Services answer with a code in XML, each with words of its own.

use crate::model::Secrets;
use crate::model::brief;
use crate::store::error::StoreError;
use crate::store::object_error::{ObjectError, ObjectProblem};
use object_store::Error;
use object_store::client::{HttpError, HttpErrorKind};
use std::path::PathBuf;

/// Codes that services answer with, and what they mean.
const CODES: [(&str, ObjectProblem); 20] = [
    ("InvalidAccessKeyId", ObjectProblem::WrongCredentials),
    ("SignatureDoesNotMatch", ObjectProblem::WrongCredentials),
    ("ExpiredToken", ObjectProblem::WrongCredentials),
    ("ExpiredTokenException", ObjectProblem::WrongCredentials),
    ("InvalidIdentityToken", ObjectProblem::WrongCredentials),
    ("InvalidToken", ObjectProblem::WrongCredentials),
    ("AuthFailure", ObjectProblem::WrongCredentials),
    ("AuthenticationFailed", ObjectProblem::WrongCredentials),
    ("AuthenticationRequired", ObjectProblem::WrongCredentials),
    ("InvalidAuthenticationInfo", ObjectProblem::WrongCredentials),
    ("NoAuthenticationInformation", ObjectProblem::WrongCredentials),
    ("AccessDenied", ObjectProblem::Denied),
    ("AllAccessDisabled", ObjectProblem::Denied),
    ("AuthorizationFailure", ObjectProblem::Denied),
    ("AuthorizationPermissionMismatch", ObjectProblem::Denied),
    ("NoSuchBucket", ObjectProblem::NoBucket),
    ("ContainerNotFound", ObjectProblem::NoBucket),
    ("AuthorizationHeaderMalformed", ObjectProblem::WrongRegion),
    ("PermanentRedirect", ObjectProblem::WrongRegion),
    ("IllegalLocationConstraintException", ObjectProblem::WrongRegion),
];

/// Whether an object is not there, in a bucket that is.
pub(super) fn is_missing(error: &Error) -> bool {
    matches!(error, Error::NotFound { .. }) && problem(error) != ObjectProblem::NoBucket
}

/// Whether an object that was to be made is there already. Two that are made at once may refuse each other.
pub(super) fn is_there(error: &Error) -> bool {
    matches!(error, Error::AlreadyExists { .. }) && !is_conflict(error)
}

/// Whether the same is worth another try: an answer was cut, or two met in the same object. What a service says itself was
/// tried again already.
pub(super) fn may_be_repeated(error: &Error) -> bool {
    is_conflict(error) || problem(error) == ObjectProblem::Cut
}

fn is_conflict(error: &Error) -> bool {
    matches!(error, Error::AlreadyExists { .. })
        && tag(&texts(error), "Code").is_some_and(|code| code == "ConditionalRequestConflict")
}

/// The error of a store about an error of its service.
pub(super) fn store_error(url: &str, error: &Error, secrets: &Secrets) -> StoreError {
    if let (Some(path), Some(source)) =
        (url.strip_prefix("file://"), cause::<std::io::Error>(error))
    {
        let source = std::io::Error::new(source.kind(), source.to_string());
        return StoreError::Io { path: PathBuf::from(path), source };
    }
    let mut named = other(url, error);
    named.said = named.said.map(|said| secrets.hide(&said).into_owned());
    StoreError::Object(named)
}

/// The same for one that cannot hold a secret.
pub(super) fn other(url: &str, error: &Error) -> ObjectError {
    ObjectError { store: url.to_owned(), problem: problem(error), said: said(error) }
}

fn problem(error: &Error) -> ObjectProblem {
    let text = texts(error);
    let code = tag(&text, "Code");
    if let Some((_, problem)) = code.and_then(|code| CODES.iter().find(|(own, _)| *own == code)) {
        return *problem;
    }
    if let Some(error) = cause::<HttpError>(error) {
        return match error.kind() {
            HttpErrorKind::Timeout => ObjectProblem::Silent,
            HttpErrorKind::Connect => ObjectProblem::Unreachable,
            HttpErrorKind::Request | HttpErrorKind::Interrupted | HttpErrorKind::Decode => {
                ObjectProblem::Cut
            }
            _ => ObjectProblem::Other,
        };
    }
    match (error, status(&text)) {
        (Error::Unauthenticated { .. }, _) => ObjectProblem::WrongCredentials,
        (Error::PermissionDenied { .. }, _) => ObjectProblem::Denied,
        (_, Some(429 | 500..)) => ObjectProblem::Busy,
        // A bucket elsewhere is told by a redirect that leads nowhere.
        _ if text.contains("redirect without LOCATION") => ObjectProblem::WrongRegion,
        (_, Some(301 | 307)) => ObjectProblem::WrongRegion,
        _ => ObjectProblem::Other,
    }
}

/// What there is to say beyond the kind of error: the service's own words, or the last cause.
fn said(error: &Error) -> Option<String> {
    let text = texts(error);
    let own = match (tag(&text, "Code"), tag(&text, "Message"), status(&text)) {
        (Some(code), Some(message), _) => format!("{code}: {message}"),
        (Some(code), None, _) => code.to_owned(),
        (None, _, Some(status)) => format!("HTTP {status}"),
        (None, _, None) => chain(error).last().map(ToString::to_string).unwrap_or_default(),
    };
    let own = own.split_whitespace().collect::<Vec<_>>().join(" ");
    Some(brief(&own).into_owned())
}

/// An error and what caused it, outermost first.
fn chain(error: &Error) -> impl Iterator<Item = &(dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error as &(dyn std::error::Error + 'static)), |error| error.source())
}

/// What all of them say.
fn texts(error: &Error) -> String {
    chain(error).map(|error| format!("{error}\n")).collect()
}

/// A cause of this type.
fn cause<T: std::error::Error + 'static>(error: &Error) -> Option<&T> {
    chain(error).find_map(|error| error.downcast_ref::<T>())
}

/// The status of an answer, as an error tells it.
fn status(text: &str) -> Option<u16> {
    let (_, rest) = text.split_once("status code: ")?;
    rest.get(..3)?.parse().ok()
}

/// The text of an element of XML.
fn tag<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(&format!("<{name}>"))?;
    let (inside, _) = rest.split_once('<')?;
    Some(inside.trim()).filter(|inside| !inside.is_empty())
}
