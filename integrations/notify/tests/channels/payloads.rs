//! What services get, as far as their limits and their markup go.

use std::collections::HashMap;

use base64::Engine as _;
use error_tracker_notify::{Notifier, WebhookNotifier};
use serde_json::Value;

use crate::http_server::{Arrived, answering};
use crate::{SECRET, channels, hostile, messages};

/// Sends a message by every channel. Returns what arrived, by the channel's name.
fn sent(notification: &error_tracker_notify::Notification) -> HashMap<&'static str, Arrived> {
    let (server, requests) = answering("200 OK", "{}");
    let send = |(name, channel): crate::Channel| {
        channel.notify(notification).unwrap();
        (name, requests.recv().unwrap())
    };
    channels(&server).into_iter().map(send).collect()
}

fn characters(text: &Value) -> usize {
    text.as_str().unwrap().encode_utf16().count()
}

#[test]
fn every_message_is_within_the_limits_of_its_service() {
    for message in messages() {
        let all = sent(&message);
        let slack = &all["Slack"].body;
        assert!(slack["blocks"].as_array().unwrap().len() <= 50);
        assert!(characters(&slack["blocks"][0]["text"]["text"]) <= 150);
        for block in slack["blocks"].as_array().unwrap() {
            assert!(block.to_string().encode_utf16().count() <= 8_000);
            assert!(block["fields"].as_array().is_none_or(|fields| fields.len() <= 10));
        }
        let embed = &all["Discord"].body["embeds"][0];
        assert!(characters(&embed["title"]) <= 256 && characters(&embed["description"]) <= 4_096);
        let fields = embed["fields"].as_array().unwrap();
        assert!(
            fields.len() <= 25 && fields.iter().all(|field| characters(&field["value"]) <= 1_024)
        );
        let texts: usize = fields
            .iter()
            .map(|field| characters(&field["value"]) + characters(&field["name"]))
            .sum();
        assert!(texts + characters(&embed["title"]) + characters(&embed["description"]) <= 6_000);
        assert!(all["Teams"].text.len() <= 28_000, "{}", all["Teams"].text.len());
        assert!(characters(&all["Mattermost"].body["text"]) <= 16_383);
        assert!(all["Google Chat"].text.len() <= 32_000, "{}", all["Google Chat"].text.len());
        assert!(
            characters(&all["Telegram"].body["text"]) <= 4_096 + 4_096,
            "markup is not counted"
        );
        assert!(all["ntfy"].body["message"].as_str().unwrap().len() <= 4_096);
    }
}

#[test]
fn texts_of_events_are_no_markup_and_mention_nobody() {
    let all = sent(&hostile(1));
    let slack = &all["Slack"].body;
    assert!(!slack["text"].as_str().unwrap().contains("<!channel>"));
    for block in slack["blocks"].as_array().unwrap() {
        assert!(!block.to_string().contains("mrkdwn"));
    }
    let discord = &all["Discord"].body;
    assert_eq!(discord["allowed_mentions"]["parse"], serde_json::json!([]));
    let description = discord["embeds"][0]["description"].as_str().unwrap();
    assert_eq!(description.matches("```").count(), 2, "{description}");
    let mattermost = all["Mattermost"].body["text"].as_str().unwrap();
    assert_eq!(mattermost.matches("```").count(), 2, "{mattermost}");
    assert!(!mattermost.lines().next().unwrap().contains("@everyone"), "{mattermost}");
    assert!(!all["Teams"].text.contains("\"TextBlock\""));
    // The title of a card is plain text.
    let google = all["Google Chat"].body["cardsV2"][0]["card"]["sections"].to_string();
    for text in [&google, &all["Telegram"].text] {
        assert!(!text.contains("<users/all>") && !text.contains("<b>bold"), "{text}");
    }
}

#[test]
fn each_service_gets_the_error_its_trace_and_a_link() {
    let message = hostile(1);
    let link = message.link.clone().unwrap();
    for (name, arrived) in sent(&message) {
        assert!(arrived.text.contains("OrderError"), "{name}");
        assert!(
            arrived.text.contains("function\\\\_0") || arrived.text.contains("function_0"),
            "{name}"
        );
        assert!(arrived.text.contains("312 more since the last message"), "{name}");
        assert!(arrived.text.contains(&link), "{name}");
        assert!(arrived.header("content-type").unwrap().starts_with("application/json"));
        let target = match name {
            "ntfy" => "/",
            "Telegram" => "/botT0SECRETSECRET/sendMessage",
            "Google Chat" => {
                "/v1/spaces/A/messages?key=k&token=T0SECRETSECRET&messageReplyOption=REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD"
            }
            _ => "/hooks/T0SECRETSECRET",
        };
        assert_eq!(arrived.target, target, "{name}");
    }
    let all = sent(&message);
    assert_eq!(all["ntfy"].header("authorization"), Some("Bearer T0SECRETSECRET"));
    assert_eq!(all["Google Chat"].body["thread"]["threadKey"], "ab".repeat(32).as_str());
}

#[test]
fn a_webhook_is_signed_over_its_id_its_time_and_its_body() {
    let (server, requests) = answering("200 OK", "");
    let key = b"a key of 24 bytes or so.";
    let encoded = base64::engine::general_purpose::STANDARD.encode(key);
    let webhook = WebhookNotifier::new(&server).unwrap();
    for secret in [format!("whsec_{encoded}"), String::from_utf8_lossy(key).into_owned()] {
        webhook.clone().secret(secret).notify(&hostile(0)).unwrap();
        let arrived = requests.recv().unwrap();
        let header = |name| arrived.header(name).unwrap();
        let (id, time) = (header("webhook-id"), header("webhook-timestamp"));
        let mac = hmac_sha256::HMAC::mac(format!("{id}.{time}.{}", arrived.text), key);
        let expected = format!("v1,{}", base64::engine::general_purpose::STANDARD.encode(mac));
        assert_eq!(header("webhook-signature"), expected);
        assert_eq!(header("idempotency-key"), hostile(0).id, "the same when it is sent again");
        assert_eq!(id, hostile(0).id);
        assert_eq!(arrived.body["type"], "error.new");
        assert_eq!(arrived.body["data"]["issue"]["hash"], "ab".repeat(32).as_str());
        assert!(!arrived.text.contains(SECRET));
    }
    let error = webhook.secret("whsec_%%%%").notify(&hostile(0)).unwrap_err();
    assert!(!error.is_transient() && !error.to_string().contains("%%%%"), "{error}");
}
