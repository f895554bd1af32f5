//! A message as HTML for mail programs: inline styles, no script, nothing that is loaded.

use crate::Notification;
use crate::length::{grouped, last_lines, one_line};
use crate::message_format::request_url;
use crate::text_body::{MAX_ENTRIES, MAX_TRACE};

const FONT: &str = "font-family:system-ui,-apple-system,'Segoe UI',Roboto,sans-serif;font-size:15px;line-height:1.45";
const TRACE: &str = "font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:13px;\
line-height:1.4;white-space:pre-wrap;overflow-wrap:anywhere;border:1px solid #8886;border-radius:6px;padding:12px;margin:16px 0";

/// Returns the whole document.
pub(crate) fn render(notification: &Notification) -> String {
    let mut html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{}</title>\n</head>\n\
         <body style=\"{FONT}\">\n",
        escaped(&notification.subject)
    );
    let url = notification.request().map(request_url).unwrap_or_default();
    if !url.is_empty() {
        html.push_str(&format!(
            "<p style=\"margin:0 0 8px;opacity:.75\">{}</p>\n",
            escaped(&one_line(&url))
        ));
    }
    html.push_str(&format!(
        "<h1 style=\"font-size:18px;margin:0 0 8px\">{}</h1>\n<p style=\"margin:0 0 12px\">{}</p>\n",
        escaped(&notification.title),
        escaped(&notification.summary)
    ));
    if let Some(link) = link(notification.link.as_deref(), "Open the page") {
        html.push_str(&format!("<p style=\"margin:0 0 12px\">{link}</p>\n"));
    }
    if !notification.facts.is_empty() {
        html.push_str("<table style=\"border-collapse:collapse\">\n");
        for (name, value) in &notification.facts {
            html.push_str(&format!(
                "<tr><th style=\"text-align:left;font-weight:normal;opacity:.75;\
                 padding:2px 16px 2px 0;vertical-align:top\">{name}</th>\
                 <td style=\"padding:2px 0\">{}</td></tr>\n",
                escaped(value)
            ));
        }
        html.push_str("</table>\n");
    }
    if !notification.trace.is_empty() {
        html.push_str(&format!(
            "<pre style=\"{TRACE}\">{}</pre>\n",
            escaped(&last_lines(&notification.trace, MAX_TRACE))
        ));
    }
    push_digest(&mut html, notification);
    html.push_str("</body>\n</html>\n");
    html
}

fn push_digest(html: &mut String, notification: &Notification) {
    if notification.digest.is_empty() {
        return;
    }
    html.push_str("<ul style=\"padding-left:20px\">\n");
    for entry in notification.digest.iter().take(MAX_ENTRIES) {
        let title = link(entry.link.as_deref(), &entry.title);
        html.push_str(&format!(
            "<li>{} (seen {} times, {} held back)</li>\n",
            title.unwrap_or_else(|| escaped(&entry.title)),
            grouped(entry.count),
            grouped(entry.held_back)
        ));
    }
    html.push_str("</ul>\n");
    if let Some(more) = notification.digest.len().checked_sub(MAX_ENTRIES).filter(|more| *more > 0)
    {
        html.push_str(&format!("<p>{} more issues</p>\n", grouped(more as u64)));
    }
}

/// Returns a link, if there is an address, and it is one of the web.
fn link(address: Option<&str>, text: &str) -> Option<String> {
    let is_web = |address: &&str| address.starts_with("https://") || address.starts_with("http://");
    let address = address.filter(is_web)?;
    Some(format!("<a href=\"{}\">{}</a>", escaped(address), escaped(text)))
}

/// Returns text that means the same in HTML, also within an attribute.
pub(crate) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}
