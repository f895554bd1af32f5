//! The channels that settings name.

use crate::{ConfigError, Notifier, NotifyChannel, NotifySettings};

/// Creates a channel from its address.
type Create = fn(&NotifySettings, &str) -> Result<NotifyChannel, ConfigError>;

/// Returns the channels whose address is set, by the names of these settings.
pub(crate) fn channels(settings: &NotifySettings) -> Result<Vec<NotifyChannel>, ConfigError> {
    let all: [(&str, &Option<String>, Create); 9] = [
        ("mail", &settings.mail, mail),
        ("slack", &settings.slack, slack),
        ("discord", &settings.discord, discord),
        ("teams", &settings.teams, teams),
        ("mattermost", &settings.mattermost, mattermost),
        ("google-chat", &settings.google_chat, google_chat),
        ("telegram", &settings.telegram, telegram),
        ("ntfy", &settings.ntfy, ntfy),
        ("webhook", &settings.webhook, webhook),
    ];
    check_belonging(settings)?;
    let set = all.iter().filter_map(|(name, address, create)| {
        let address = address.as_deref()?.trim();
        (!address.is_empty()).then_some((*name, address, *create))
    });
    set.map(|(name, address, create)| {
        create(settings, address)
            .map_err(|error| ConfigError::new(format!("the channel {name:?}: {error}")))
    })
    .collect()
}

/// Refuses settings of a channel that is not set.
fn check_belonging(settings: &NotifySettings) -> Result<(), ConfigError> {
    let has = |value: &Option<String>| value.is_some();
    for (part, is_set, channel, is_there) in [
        ("SENDER", has(&settings.sender), "MAIL", has(&settings.mail)),
        ("RECIPIENTS", !settings.recipients.is_empty(), "MAIL", has(&settings.mail)),
        ("TELEGRAM_CHAT", has(&settings.telegram_chat), "TELEGRAM", has(&settings.telegram)),
        ("NTFY_TOKEN", has(&settings.ntfy_token), "NTFY", has(&settings.ntfy)),
        ("WEBHOOK_SECRET", has(&settings.webhook_secret), "WEBHOOK", has(&settings.webhook)),
    ] {
        if is_set && !is_there {
            return Err(ConfigError::new(format!(
                "ERROR_TRACKER_NOTIFY_{part} is set, but ERROR_TRACKER_NOTIFY_{channel} is not: set both or none"
            )));
        }
    }
    Ok(())
}

#[cfg(feature = "email")]
fn mail(settings: &NotifySettings, address: &str) -> Result<NotifyChannel, ConfigError> {
    let missing = |name: &str, example: &str| {
        ConfigError::new(format!(
            "ERROR_TRACKER_NOTIFY_{name} (`{}`) is missing: set it, such as `{example}`",
            name.to_lowercase()
        ))
    };
    let sender = settings.sender.as_deref().filter(|sender| !sender.trim().is_empty());
    let sender = sender.ok_or_else(|| missing("SENDER", "Shop <errors@shop.example>"))?;
    if settings.recipients.is_empty() {
        return Err(missing("RECIPIENTS", "team@shop.example,boss@shop.example"));
    }
    let email = crate::EmailNotifier::from_url(address)?;
    NotifyChannel::email("mail", email, sender, settings.recipients.clone())
}

/// Defines the function of a channel, which is an error without its feature.
macro_rules! by_feature {
    ($feature:literal, $name:ident, $create:expr) => {
        #[cfg(feature = $feature)]
        fn $name(settings: &NotifySettings, address: &str) -> Result<NotifyChannel, ConfigError> {
            let create: fn(&NotifySettings, &str) -> Result<_, ConfigError> = $create;
            Ok(named($feature, create(settings, address)?))
        }

        #[cfg(not(feature = $feature))]
        fn $name(_: &NotifySettings, _: &str) -> Result<NotifyChannel, ConfigError> {
            Err(no_feature($feature))
        }
    };
}

#[cfg(not(feature = "email"))]
fn mail(_: &NotifySettings, _: &str) -> Result<NotifyChannel, ConfigError> {
    Err(no_feature("email"))
}

by_feature!("slack", slack, |_, address| crate::SlackNotifier::new(address));
by_feature!("discord", discord, |_, address| crate::DiscordNotifier::new(address));
by_feature!("teams", teams, |_, address| crate::TeamsNotifier::new(address));
by_feature!("mattermost", mattermost, |_, address| crate::MattermostNotifier::new(address));
by_feature!("google-chat", google_chat, |_, address| crate::GoogleChatNotifier::new(address));
by_feature!("telegram", telegram, |settings, token| {
    crate::TelegramNotifier::new(token, settings.telegram_chat.as_deref().unwrap_or_default())
});
by_feature!("ntfy", ntfy, |settings, address| {
    let at = address.rfind('/').filter(|at| !address[..*at].ends_with('/'));
    let (server, topic) = at.map_or((address, ""), |at| (&address[..at], &address[at + 1..]));
    let ntfy = crate::NtfyNotifier::new(server, topic)?;
    Ok(match &settings.ntfy_token {
        Some(token) => ntfy.token(token),
        None => ntfy,
    })
});
by_feature!("webhook", webhook, |settings, address| {
    let webhook = crate::WebhookNotifier::new(address)?;
    Ok(match &settings.webhook_secret {
        Some(secret) => webhook.secret(secret),
        None => webhook,
    })
});

#[allow(dead_code, reason = "with no channel over HTTP nothing calls it")]
fn named(name: &str, notifier: impl Notifier) -> NotifyChannel {
    NotifyChannel::new(name, notifier)
}

#[allow(dead_code, reason = "with every channel nothing calls it")]
fn no_feature(feature: &str) -> ConfigError {
    ConfigError::new(format!("enable the feature {feature:?} of error-tracker-notify for it"))
}
