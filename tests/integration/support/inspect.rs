//! Whether an output holds what the report means and nothing that a name in it could have made.

use std::collections::BTreeSet;

/// Nothing that a terminal or a CI runner acts on: no control character but the line end, nothing unseen, nothing that turns
/// the reading direction, no command. Written apart from the escapes, as ranges.
pub(crate) fn assert_plain(what: &str, text: &str) {
    const HARMFUL: [(u32, u32); 21] = [
        (0x00, 0x09),
        (0x0b, 0x1f),
        (0x7f, 0x9f),
        (0xad, 0xad),
        (0x34f, 0x34f),
        (0x61c, 0x61c),
        (0x115f, 0x1160),
        (0x17b4, 0x17b5),
        (0x180b, 0x180f),
        (0x200b, 0x200f),
        (0x2028, 0x202e),
        (0x2061, 0x206f),
        (0x3164, 0x3164),
        (0xfdd0, 0xfdef),
        (0xfeff, 0xfeff),
        (0xffa0, 0xffa0),
        (0xfff0, 0xffff),
        (0x1bca0, 0x1bca3),
        (0x1d173, 0x1d17a),
        (0xe0000, 0xeffff),
        (0x10fffe, 0x10ffff),
    ];
    // The joiner that breaks references in Markdown is our own.
    let own = |c: char| c == '\u{2060}' && what.contains("markdown");
    for c in text.chars().filter(|c| !own(*c)) {
        let code = u32::from(c);
        let harmful = HARMFUL.iter().any(|(from, to)| (*from..=*to).contains(&code));
        assert!(!harmful && (c != '\u{2060}'), "{what}: U+{code:04X} in {}", around(text, c));
    }
    assert!(!text.contains("##["), "{what}: {}", around(text, '['));
    let command = text.lines().find(|line| line.trim_start().starts_with("::"));
    assert!(what.contains("annotations") || command.is_none(), "{what}: {command:?}");
}

fn around(text: &str, c: char) -> String {
    let line = text.lines().find(|line| line.contains(c)).unwrap_or_default();
    line.chars().take(300).collect::<String>().escape_default().to_string()
}

/// The tags of a document in HTML or XML, each with the names of its attributes. Text in quotes is no tag.
pub(crate) fn tags(document: &str) -> Vec<(String, Vec<String>)> {
    let mut found = Vec::new();
    let mut rest = document;
    while let Some(start) = rest.find('<') {
        rest = &rest[start..];
        // What a browser takes for text is none: scripts and styles are our own, and counted by their tags.
        let Some(end) = tag_end(rest) else { break };
        let inside = &rest[1..end];
        rest = &rest[end + 1..];
        let name: String = inside
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '!' | '?' | '-'))
            .collect();
        let opens = |name: &str, tag: &str| name.eq_ignore_ascii_case(tag);
        for own in ["script", "style"] {
            if opens(&name, own)
                && let Some(close) = rest.find(&format!("</{own}"))
            {
                rest = &rest[close..];
            }
        }
        let attributes = attribute_names(&inside[name.len()..]);
        found.push((name, attributes));
    }
    found
}

fn tag_end(text: &str) -> Option<usize> {
    let mut quote = None;
    for (i, c) in text.char_indices() {
        match (quote, c) {
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if c == open => quote = None,
            (None, '>') => return Some(i),
            _ => {}
        }
    }
    None
}

fn attribute_names(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut word = String::new();
    let mut quote = None;
    for c in text.chars() {
        match (quote, c) {
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '=') => names.push(std::mem::take(&mut word)),
            (None, c) if c.is_whitespace() => word.clear(),
            (None, c) => word.push(c),
        }
    }
    names
}

/// The document in HTML has no tag and no attribute that the same document of plain names has not.
pub(crate) fn assert_same_markup(what: &str, document: &str, plain: &str) {
    let kinds = |document: &str| -> BTreeSet<String> {
        let each = |(name, attributes): (String, Vec<String>)| {
            attributes.into_iter().map(move |own| format!("{name} {own}")).collect::<Vec<_>>()
        };
        let all = tags(document);
        let names = all.iter().map(|(name, _)| name.clone()).collect::<BTreeSet<_>>();
        names.into_iter().chain(all.into_iter().flat_map(each)).collect()
    };
    let more: Vec<String> = kinds(document).difference(&kinds(plain)).cloned().collect();
    assert!(more.is_empty(), "{what}: {more:?} in\n{document}");
    let script = |document: &str| document.to_lowercase().matches("<script").count();
    assert_eq!(script(document), script(plain), "{what}");
}

/// Markdown as GitHub renders it has no tag that the same report of plain names has not, as many headings, and outside of
/// code nobody who is mentioned and nothing that is referred to.
pub(crate) fn assert_markdown(what: &str, markdown: &str, plain: &str) {
    let html = super::github_html(markdown);
    assert_same_markup(what, &html, &super::github_html(plain));
    for own in ["<h1", "<h2", "<h3", "<h4", "<h5", "<h6"] {
        let count = |html: &str| html.matches(own).count();
        assert_eq!(count(&html), count(&super::github_html(plain)), "{what}: {own}\n{html}");
    }
    for foreign in ["<a ", "<img", "<!--", "<del>", "<sup"] {
        assert!(!html.contains(foreign), "{what}: {foreign}\n{html}");
    }
    let text = outside_code(&html);
    let refers = text.match_indices(['@', '#']).any(|(at, _)| {
        text[at + 1..].chars().next().is_some_and(|c| c.is_alphanumeric() || c == '/')
    });
    assert!(!refers && !text.to_lowercase().contains("gh-9"), "{what}: {text}");
    let action = html.lines().chain(markdown.lines()).find(|line| line.starts_with('/'));
    assert!(action.is_none(), "{what}: a quick action of GitLab: {action:?}");
    for table in html.split("<table>").skip(1) {
        let rows: Vec<usize> = table
            .split("</table>")
            .next()
            .unwrap()
            .split("<tr>")
            .skip(1)
            .map(|row| row.matches("<td").count() + row.matches("<th").count())
            .collect();
        assert!(rows.windows(2).all(|pair| pair[0] == pair[1]), "{what}: {rows:?}\n{html}");
    }
}

fn outside_code(html: &str) -> String {
    let mut text = String::new();
    for (i, part) in html.split("<code").enumerate() {
        text += if i == 0 { part } else { part.split_once("</code>").map_or("", |(_, rest)| rest) };
    }
    text.replace("&quot;", "\"").replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">")
}

/// Well-formed XML of characters that XML allows, as libxml2 and expat read it.
pub(crate) fn assert_xml(what: &str, xml: &str) {
    let allowed = |c: char| matches!(c, '\n' | '\t' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    assert!(xml.chars().all(allowed), "{what}");
    let mut reader = quick_xml::Reader::from_str(xml);
    loop {
        match reader.read_event().unwrap_or_else(|error| panic!("{what}: {error}\n{xml}")) {
            quick_xml::events::Event::Eof => return,
            quick_xml::events::Event::Start(tag) | quick_xml::events::Event::Empty(tag) => {
                for attribute in tag.attributes() {
                    attribute.unwrap_or_else(|error| panic!("{what}: {error}"));
                }
            }
            _ => {}
        }
    }
}

/// No cell that a spreadsheet would take for a formula.
pub(crate) fn assert_cells(what: &str, text: &str) {
    let mut rows = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    for record in rows.records() {
        for cell in &record.unwrap_or_else(|error| panic!("{what}: {error}")) {
            let formula =
                cell.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']);
            assert!(!formula || cell.parse::<f64>().is_ok(), "{what}: {cell}");
        }
    }
}

/// Each line is one whole command of the runner, and there are as many as with plain names.
pub(crate) fn assert_annotations(what: &str, text: &str, plain: &str) {
    for line in text.lines() {
        let rest = line.strip_prefix("::error title=").or(line.strip_prefix("::warning title="));
        let (title, message) =
            rest.and_then(|rest| rest.split_once("::")).unwrap_or_else(|| panic!("{what}: {line}"));
        assert!(!title.contains([':', ',']) && !message.is_empty(), "{what}: {line}");
    }
    assert_eq!(text.lines().count(), plain.lines().count(), "{what}\n{text}\n{plain}");
}

/// No message of a SARIF log has a link in it.
pub(crate) fn assert_sarif(what: &str, text: &str) {
    let log: serde_json::Value = serde_json::from_str(text).unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap();
    assert!(!results.is_empty(), "{what}: {text}");
    for result in results {
        let message = result["message"]["text"].as_str().unwrap();
        let plain = message.replace("\\\\", "").replace("\\[", "").replace("\\]", "");
        assert!(!plain.contains(['[', ']']), "{what}: {message}");
    }
}
