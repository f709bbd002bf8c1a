//! A notice for Slack and for Microsoft Teams.

use super::wire::to_wire;
use super::{Event, Notice};
use crate::model::harmless;
use crate::schema::NoticeV1;
use serde_json::{Value, json};

fn sign(event: Event) -> &'static str {
    if event.is_good() { "✓" } else { "✗" }
}

/// Who made the change: `5f425dd “Fix typo” by Ann`.
fn origin(wire: &NoticeV1, show: &dyn Fn(&str) -> String) -> Option<String> {
    let (subject, author) = (wire.subject.as_ref()?, wire.author.as_ref()?);
    let commit: String = wire.commit.as_ref()?.chars().take(7).collect();
    Some(format!("{commit} “{}” by {}", show(subject), show(author)))
}

/// The notice as a message to an incoming webhook of Slack.
pub fn slack(notice: &Notice<'_>, issue: Option<&str>) -> Value {
    let wire = to_wire(notice, issue);
    let mut lines =
        vec![format!("{} {}: {}", sign(notice.event), mrkdwn(&wire.test), mrkdwn(&wire.text))];
    lines.extend(origin(&wire, &mrkdwn));
    // An address comes from the forge: nothing in it ends the link.
    lines.extend(
        issue.map(|url| format!("<{}|Open the issue>", mrkdwn(&url.replace(['|', ' '], "")))),
    );
    json!({ "text": lines.join("\n") })
}

/// Text in Slack: these three characters alone begin links, mentions and commands; a word joiner keeps the rest from being
/// formatted.
fn mrkdwn(text: &str) -> String {
    let text = harmless(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    ['*', '_', '~', '`', '@', '#']
        .iter()
        .fold(text, |text, c| text.replace(*c, &format!("{c}\u{2060}")))
}

/// The notice as an Adaptive Card, as a workflow of Teams takes it.
pub fn teams(notice: &Notice<'_>, issue: Option<&str>) -> Value {
    let wire = to_wire(notice, issue);
    let block = |text: String, weight: &str| json!({ "type": "TextBlock", "text": text, "weight": weight, "wrap": true });
    let title = format!("{} {}: {}", sign(notice.event), card(&wire.test), card(&wire.text));
    let mut body = vec![block(title, "bolder")];
    body.extend(origin(&wire, &card).map(|text| block(text, "default")));
    let open =
        issue.map(|url| json!({ "type": "Action.OpenUrl", "title": "Open the issue", "url": url }));
    let content = json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": body,
        "actions": open.into_iter().collect::<Vec<Value>>(),
    });
    let attachment = json!({
        "contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": null, "content": content,
    });
    json!({ "type": "message", "attachments": [attachment] })
}

/// Text in a card, which knows links, lists and emphasis of Markdown.
fn card(text: &str) -> String {
    let markup = ['\\', '*', '_', '[', ']', '`', '#', '!', '<', '>'];
    harmless(text).chars().fold(String::new(), |mut shown, c| {
        if markup.contains(&c) {
            shown.push('\\');
        }
        shown.push(c);
        shown
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_mentions_nobody_and_links_nowhere() {
        let slack = mrkdwn("GET /<!channel>&*x* @here <http://x|y>\n`");
        assert!(!slack.contains(['<', '>', '\n']) && !slack.contains("*x"), "{slack}");
        assert!(!slack.contains("@h") && slack.contains("&amp;"), "{slack}");
        assert_eq!(card("[a](http://x) *b*"), "\\[a\\](http://x) \\*b\\*");
    }
}
