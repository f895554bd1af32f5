//! Messages fit the types that services publish: TypeScript compiles them as such.

use std::path::PathBuf;
use std::process::Command;

use error_tracker_notify::{Notifier, WebhookNotifier};
use error_tracker_tests::process::BoundedCommand as _;

use crate::http_server::answering;
use crate::{channels, messages};

const WEBHOOK_SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

#[test]
#[ignore = "needs types from npm: ./run-tests"]
fn messages_fit_the_published_types() {
    let files = std::env::var_os("NOTIFY_TEST_FILES");
    let files = PathBuf::from(files.expect("NOTIFY_TEST_FILES is set: ./run-tests"));
    let (server, requests) = answering("200 OK", "{}");
    let mut source = String::from(
        "import type { IncomingWebhookSendArguments } from '@slack/webhook';\n\
         import type { RESTPostAPIWebhookWithTokenJSONBody } from 'discord-api-types/v10';\n\
         import type { ApiMethods } from '@grammyjs/types';\n\
         import type { chat_v1 } from '@googleapis/chat';\n",
    );
    let mut cards = Vec::new();
    let mut signed = Vec::new();
    for message in messages() {
        for (name, channel) in channels(&server) {
            channel.notify(&message).unwrap();
            let body = requests.recv().unwrap().body;
            let published = match name {
                "Slack" => "IncomingWebhookSendArguments",
                "Discord" => "RESTPostAPIWebhookWithTokenJSONBody",
                "Telegram" => "Parameters<ApiMethods<unknown>['sendMessage']>[0]",
                "Google Chat" => "chat_v1.Schema$Message",
                _ => "",
            };
            if !published.is_empty() {
                source.push_str(&format!("({body}) satisfies {published};\n"));
            }
            if name == "Teams" {
                let attachment = &body["attachments"][0];
                assert_eq!(attachment["contentType"], "application/vnd.microsoft.card.adaptive");
                cards.push(attachment["content"].clone());
            }
        }
        let webhook = WebhookNotifier::new(&server).unwrap().secret(WEBHOOK_SECRET);
        webhook.notify(&message).unwrap();
        let arrived = requests.recv().unwrap();
        let headers: serde_json::Map<_, _> = arrived
            .headers
            .iter()
            .map(|(name, value)| (name.to_lowercase(), value.clone().into()))
            .collect();
        signed.push(serde_json::json!({ "headers": headers, "body": arrived.text }));
    }
    let folder = files.join(format!("checked-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("messages.ts"), source).unwrap();
    let compiled = Command::new("node")
        .arg(files.join("node_modules/typescript/bin/tsc"))
        .args([
            "--noEmit",
            "--strict",
            "--skipLibCheck",
            "--module",
            "nodenext",
            "--target",
            "es2022",
        ])
        .arg(folder.join("messages.ts"))
        .run();
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stdout));

    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/channels/check.cjs");
    let input = serde_json::json!({ "cards": cards, "signed": signed, "secret": WEBHOOK_SECRET });
    std::fs::write(folder.join("input.json"), input.to_string()).unwrap();
    let checked = Command::new("node").arg(script).arg(&files).arg(folder.join("input.json")).run();
    let said = String::from_utf8_lossy(&checked.stdout);
    assert!(checked.status.success(), "{said}{}", String::from_utf8_lossy(&checked.stderr));
    assert_eq!(said.trim(), format!("{} cards, {} signatures", cards.len(), signed.len()));
    std::fs::remove_dir_all(folder).unwrap();
}
