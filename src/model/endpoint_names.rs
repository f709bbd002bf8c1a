//! Which endpoint a file or a person means by a name.

use super::endpoint::{EndpointKey, Kind};
use super::untrusted::{Raw, Untrusted};
use std::collections::{BTreeMap, BTreeSet};

/// The endpoints of one or more runs, by what they are called. Where several are called the same, the first of them is meant.
#[derive(Debug, Default)]
pub struct EndpointNames<'a> {
    keys: BTreeSet<&'a EndpointKey>,
    by_text: BTreeMap<Untrusted, &'a EndpointKey>,
    by_name: BTreeMap<&'a str, &'a EndpointKey>,
}

impl<'a> FromIterator<&'a EndpointKey> for EndpointNames<'a> {
    fn from_iter<I: IntoIterator<Item = &'a EndpointKey>>(keys: I) -> Self {
        let mut names = Self::default();
        for key in keys {
            if let EndpointKey::Named { name, .. } = key
                && names.keys.insert(key)
            {
                names.by_text.entry(key.text()).or_insert(key);
                names.by_name.entry(name.raw()).or_insert(key);
            }
        }
        names
    }
}

impl<'a> EndpointNames<'a> {
    fn find(&self, text: &str) -> Option<&'a EndpointKey> {
        self.by_text.get(text).or_else(|| self.by_name.get(text)).copied()
    }

    /// The endpoint that is called so: by its whole text (`GET /cart`), else by its name without the method (`/cart`), else
    /// the whole run (`total`). A name that no endpoint has is a task of that name.
    pub fn named(&self, text: &str) -> EndpointKey {
        match self.find(text) {
            Some(key) => key.clone(),
            None if EndpointKey::Total.is_called(text) => EndpointKey::Total,
            None => EndpointKey::named(Kind::Task, None, text),
        }
    }

    /// The same endpoint as these runs know it: another run may know no more of it than its name.
    pub fn known(&self, key: &EndpointKey) -> EndpointKey {
        if *key == EndpointKey::Total || self.contains(key) {
            return key.clone();
        }
        self.find(key.text().raw()).unwrap_or(key).clone()
    }

    /// Whether it is one of these endpoints.
    pub fn contains(&self, key: &EndpointKey) -> bool {
        self.keys.contains(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_text_means_more_than_a_name_and_the_first_of_a_name_is_meant() {
        let get = EndpointKey::named(Kind::Http, Some("GET"), "/cart");
        let post = EndpointKey::named(Kind::Http, Some("POST"), "/cart");
        let bare = EndpointKey::named(Kind::Http, None, "/cart");
        let names: EndpointNames<'_> = [&get, &post].into_iter().collect();
        assert_eq!([names.named("POST /cart"), names.named("/cart")], [post.clone(), get.clone()]);
        let names: EndpointNames<'_> = [&get, &post, &bare].into_iter().collect();
        assert_eq!(names.named("/cart"), bare);
    }

    #[test]
    fn what_no_endpoint_is_called_is_the_whole_run_or_a_task() {
        let names = EndpointNames::default();
        assert_eq!(names.named("total"), EndpointKey::Total);
        assert_eq!(names.named("scenario:a"), EndpointKey::named(Kind::Task, None, "scenario:a"));
        let total = EndpointKey::named(Kind::Task, None, "total");
        let names: EndpointNames<'_> = [&total].into_iter().collect();
        assert_eq!(names.named("total"), total);
    }

    #[test]
    fn an_endpoint_of_another_run_is_known_by_its_name() {
        let get = EndpointKey::named(Kind::Http, Some("GET"), "/cart");
        let names: EndpointNames<'_> = [&get].into_iter().collect();
        let by_name = |text| names.known(&EndpointKey::named(Kind::Task, None, text));
        assert_eq!([by_name("GET /cart"), by_name("/cart")], [get.clone(), get.clone()]);
        let other = EndpointKey::named(Kind::Task, None, "/other");
        assert_eq!((names.known(&other), names.known(&get)), (other.clone(), get.clone()));
    }
}
