//! The hidden first line by which perfgate knows its own comment again.

/// How a forge hides a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// An HTML comment.
    Html,
    /// A link definition that nothing refers to: Bitbucket shows HTML as text.
    Definition,
}

/// What the first line of a comment says: whose it is, of which run, and how that ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marker {
    /// One comment for each key: the suite.
    pub key: String,
    /// Number of the CI run, and its attempt: a newer run is never overwritten by an older one.
    pub run: (u64, u64),
    /// The commit that was judged.
    pub sha: String,
    /// How bad the verdict is: a comment that gets worse is made anew, so that people are told.
    pub rank: u8,
}

impl Marker {
    /// The line.
    pub fn line(&self, style: Style) -> String {
        let Self { key, run, sha, rank } = self;
        let (key, sha) = (encoded(key), encoded(sha));
        let text = format!("perfgate key={key} run={}.{} sha={sha} rank={rank}", run.0, run.1);
        match style {
            Style::Html => format!("<!-- {text} -->"),
            Style::Definition => format!("[//]: # ({text})"),
        }
    }

    /// The marker of a comment, if its first line is one. Anywhere else it is a quotation.
    pub fn of(body: &str) -> Option<Self> {
        let line = body.lines().next()?.trim();
        let inside = |open: &str, close: &str| line.strip_prefix(open)?.strip_suffix(close);
        let text =
            inside("<!-- perfgate ", " -->").or_else(|| inside("[//]: # (perfgate ", ")"))?;
        let mut fields = text.split(' ').map(|field| field.split_once('='));
        let mut field = |name: &str| {
            let (found, value) = fields.next()??;
            (found == name).then_some(value)
        };
        let key = decoded(field("key")?)?;
        let (run, attempt) = field("run")?.split_once('.')?;
        let run = (run.parse().ok()?, attempt.parse().ok()?);
        let sha = decoded(field("sha")?)?;
        Some(Self { key, run, sha, rank: field("rank")?.parse().ok()? })
    }
}

/// Text in which nothing ends the line or the comment that it stands in.
pub(super) fn encoded(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.');
    text.bytes()
        .map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02x}") })
        .collect()
}

pub(super) fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digits = [rest.next()?, rest.next()?];
        bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_reads_back_from_the_first_line_and_from_nowhere_else() {
        let key = "web --> <b>\n)ü".to_owned();
        let marker = Marker { key, run: (17, 2), sha: "abc".to_owned(), rank: 4 };
        for style in [Style::Html, Style::Definition] {
            let line = marker.line(style);
            assert!(!line.contains('\n') && line.matches("-->").count() <= 1, "{line}");
            assert_eq!(Marker::of(&format!("{line}\nbody")), Some(marker.clone()));
            assert_eq!(Marker::of(&format!("> quoted\n{line}\n")), None);
            assert_eq!(Marker::of(&format!("> {line}\n")), None);
        }
        assert_eq!(Marker::of("<!-- perfgate key=%zz run=1.1 sha=a rank=1 -->"), None);
    }
}
