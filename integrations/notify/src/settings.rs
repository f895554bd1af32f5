//! Settings as data.

use std::ffi::OsString;

use error_tracker::event::Level;
use serde::Deserialize;

use crate::{
    ConfigError, DigestPeriod, EventFilter, MessageFormat, Notify, NotifyChannel, NotifyRules,
};

const PREFIX: &str = "ERROR_TRACKER_NOTIFY_";

/// Settings from environment variables, or from the program's own configuration file by serde.
///
/// Each setting has an environment variable: its name in capitals with the prefix
/// `ERROR_TRACKER_NOTIFY_`, such as `ERROR_TRACKER_NOTIFY_MAIL`. In variables, lists are separated
/// by commas. A channel is set up if its address is set. Its name in the store is the name of that
/// setting.
///
/// ```
/// use error_tracker_notify::NotifySettings;
///
/// let mut settings = NotifySettings::default();
/// settings.mail = Some("smtp://mail.shop.example".into());
/// settings.sender = Some("errors@shop.example".into());
/// let error = settings.build().unwrap_err();
/// assert!(error.to_string().contains("ERROR_TRACKER_NOTIFY_RECIPIENTS"));
/// ```
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct NotifySettings {
    /// Whether anybody is told; `true` by default.
    pub enabled: Option<bool>,
    /// What subjects begin with, in brackets.
    pub prefix: Option<String>,
    /// The public address of the pages, for links.
    pub page: Option<String>,
    /// Whether traces have variables; `false` by default.
    pub variables: Option<bool>,
    /// When people are told: `signals`, `every` or `once`; `signals` by default.
    pub when: Option<NotifyWhen>,
    /// Whether it is told that a person has resolved, muted or reopened an issue; `true` by
    /// default, `false` with `once`.
    pub changes: Option<bool>,
    /// The lowest level that is told.
    pub min_level: Option<Level>,
    /// The environments of which people are told; all by default.
    pub environments: Vec<String>,
    /// The most messages about one issue in an hour, for each channel; 6 by default.
    pub per_issue: Option<u64>,
    /// The most messages in an hour, for each channel; 60 by default.
    pub per_hour: Option<u64>,
    /// Whether a digest is sent in place of single messages: `daily` or `weekly`.
    pub digest: Option<DigestPeriod>,
    /// The mail server: `smtp://USER:PASSWORD@HOST`, `smtps://..`, `sendmail:///usr/sbin/sendmail`
    /// or `file:///FOLDER`.
    pub mail: Option<String>,
    /// The address from which e-mail is sent.
    pub sender: Option<String>,
    /// The addresses to which e-mail is sent.
    pub recipients: Vec<String>,
    /// The address of an incoming webhook of Slack.
    pub slack: Option<String>,
    /// The address of a webhook of Discord.
    pub discord: Option<String>,
    /// The address of a workflow of Microsoft Teams.
    pub teams: Option<String>,
    /// The address of an incoming webhook of Mattermost.
    pub mattermost: Option<String>,
    /// The address of a webhook of Google Chat.
    pub google_chat: Option<String>,
    /// The token of a bot of Telegram.
    pub telegram: Option<String>,
    /// The chat to which the bot writes.
    pub telegram_chat: Option<String>,
    /// A topic of ntfy with its server: `https://ntfy.sh/TOPIC`.
    pub ntfy: Option<String>,
    /// The access token for that server.
    pub ntfy_token: Option<String>,
    /// The address of a webhook.
    pub webhook: Option<String>,
    /// The secret by which requests to the webhook are signed.
    pub webhook_secret: Option<String>,
}

/// When people are told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum NotifyWhen {
    /// By [`NotifyRules::default`].
    #[default]
    Signals,
    /// By [`NotifyRules::every`].
    Every,
    /// By [`NotifyRules::once`].
    Once,
}

impl NotifySettings {
    /// Reads the variables whose names start with `ERROR_TRACKER_NOTIFY_`.
    ///
    /// # Errors
    /// If one of them is not a setting, or its value is invalid.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::from_variables(std::env::vars_os())
    }

    fn from_variables(
        variables: impl Iterator<Item = (OsString, OsString)>,
    ) -> Result<Self, ConfigError> {
        let mut settings = Self::default();
        for (name, value) in variables {
            let name = name.to_string_lossy();
            let Some(setting) = name.strip_prefix(PREFIX) else { continue };
            let value = value
                .into_string()
                .map_err(|_| ConfigError::new(format!("{name} is not UTF-8: write it in UTF-8")))?;
            settings
                .set(setting, value)
                .map_err(|why| ConfigError::new(format!("{name}: {why}")))?;
        }
        Ok(settings)
    }

    fn set(&mut self, setting: &str, value: String) -> Result<(), String> {
        let text = Some(value.clone());
        match setting {
            "ENABLED" => self.enabled = Some(boolean(&value)?),
            "PREFIX" => self.prefix = text,
            "PAGE" => self.page = text,
            "VARIABLES" => self.variables = Some(boolean(&value)?),
            "CHANGES" => self.changes = Some(boolean(&value)?),
            "WHEN" => {
                self.when = Some(match value.trim() {
                    "signals" => NotifyWhen::Signals,
                    "every" => NotifyWhen::Every,
                    "once" => NotifyWhen::Once,
                    _ => return Err("write `signals`, `every` or `once`".to_owned()),
                });
            }
            "MIN_LEVEL" => {
                self.min_level = Some(value.trim().parse().map_err(|error| format!("{error}"))?);
            }
            "ENVIRONMENTS" => self.environments = list(&value),
            "PER_ISSUE" => self.per_issue = Some(number(&value)?),
            "PER_HOUR" => self.per_hour = Some(number(&value)?),
            "DIGEST" => {
                self.digest = Some(match value.trim() {
                    "daily" => DigestPeriod::Daily,
                    "weekly" => DigestPeriod::Weekly,
                    _ => return Err("write `daily` or `weekly`".to_owned()),
                });
            }
            "MAIL" => self.mail = text,
            "SENDER" => self.sender = text,
            "RECIPIENTS" => self.recipients = list(&value),
            "SLACK" => self.slack = text,
            "DISCORD" => self.discord = text,
            "TEAMS" => self.teams = text,
            "MATTERMOST" => self.mattermost = text,
            "GOOGLE_CHAT" => self.google_chat = text,
            "TELEGRAM" => self.telegram = text,
            "TELEGRAM_CHAT" => self.telegram_chat = text,
            "NTFY" => self.ntfy = text,
            "NTFY_TOKEN" => self.ntfy_token = text,
            "WEBHOOK" => self.webhook = text,
            "WEBHOOK_SECRET" => self.webhook_secret = text,
            _ => return Err("there is no such setting".to_owned()),
        }
        Ok(())
    }

    /// Sets up the channels whose address is set.
    ///
    /// # Errors
    /// If a setting is missing or cannot work, or a channel is set whose feature is not enabled.
    pub fn build(&self) -> Result<Notify, ConfigError> {
        let format = MessageFormat::new()
            .prefix(self.prefix.as_deref().unwrap_or_default())
            .page_address(self.page.as_deref().unwrap_or_default())
            .variables(self.variables.unwrap_or(false));
        let mut notify = Notify::new().format(format);
        if self.enabled == Some(false) {
            return Ok(notify);
        }
        for channel in crate::configured_channels::channels(self)? {
            notify = notify.channel(self.limited(channel))?;
        }
        Ok(notify)
    }

    fn limited(&self, channel: NotifyChannel) -> NotifyChannel {
        let rules = match self.when.unwrap_or_default() {
            NotifyWhen::Signals => NotifyRules::default(),
            NotifyWhen::Every => NotifyRules::every(),
            NotifyWhen::Once => NotifyRules::once(),
        };
        let rules = NotifyRules { changes: self.changes.unwrap_or(rules.changes), ..rules };
        let mut filter = EventFilter::new();
        if let Some(level) = self.min_level {
            filter = filter.min_level(level);
        }
        for environment in &self.environments {
            filter = filter.environment(environment);
        }
        let mut channel = channel.rules(rules).filter(filter);
        if let Some(messages) = self.per_issue {
            channel = channel.per_issue(messages);
        }
        if let Some(messages) = self.per_hour {
            channel = channel.per_hour(messages);
        }
        if let Some(period) = self.digest {
            channel = channel.digest(period);
        }
        channel
    }
}

/// Writes which channels are set, without their addresses.
impl std::fmt::Debug for NotifySettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let set = [
            ("mail", &self.mail),
            ("slack", &self.slack),
            ("discord", &self.discord),
            ("teams", &self.teams),
            ("mattermost", &self.mattermost),
            ("google_chat", &self.google_chat),
            ("telegram", &self.telegram),
            ("ntfy", &self.ntfy),
            ("webhook", &self.webhook),
        ];
        let set = set.iter().filter(|(_, value)| value.is_some()).map(|(name, _)| name);
        f.debug_struct("NotifySettings")
            .field("channels", &set.collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

fn boolean(value: &str) -> Result<bool, String> {
    match value.trim().to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Ok(true),
        "false" | "0" | "no" | "off" => Ok(false),
        _ => Err(format!("{value:?} is not a boolean: write `true` or `false`")),
    }
}

fn number(value: &str) -> Result<u64, String> {
    value.trim().parse().map_err(|_| format!("{value:?} is not a whole number, such as `60`"))
}

fn list(value: &str) -> Vec<String> {
    value.split(',').map(str::trim).filter(|entry| !entry.is_empty()).map(Into::into).collect()
}

#[cfg(test)]
mod tests {
    use super::NotifySettings;

    fn read(variables: &[(&str, &str)]) -> Result<NotifySettings, crate::ConfigError> {
        let variables = variables
            .iter()
            .map(|(name, value)| (format!("ERROR_TRACKER_NOTIFY_{name}").into(), (*value).into()));
        NotifySettings::from_variables(variables)
    }

    #[test]
    fn environment_variables_set_the_same_settings_as_serde() {
        let by_serde: NotifySettings = error_tracker::json::from_str(
            r#"{ "prefix": "shop", "when": "once", "changes": true, "min_level": "error", "environments": ["a", "b"],
                 "per_hour": 5, "digest": "weekly", "variables": true, "slack": "https://hooks.slack.com/x" }"#,
        )
        .unwrap();
        let by_variables = read(&[
            ("PREFIX", "shop"),
            ("WHEN", "once"),
            ("CHANGES", "true"),
            ("MIN_LEVEL", "error"),
            ("ENVIRONMENTS", "a, b"),
            ("PER_HOUR", "5"),
            ("DIGEST", "weekly"),
            ("VARIABLES", "yes"),
            ("SLACK", "https://hooks.slack.com/x"),
        ]);
        assert_eq!(by_variables.unwrap(), by_serde);
        assert!(error_tracker::json::from_str::<NotifySettings>(r#"{ "slakc": "" }"#).is_err());
        assert!(!format!("{by_serde:?}").contains("hooks"), "{by_serde:?}");
    }

    #[test]
    fn what_is_wrong_or_missing_is_named_with_its_setting() {
        for (name, value, fix) in [
            ("WHEN", "always", "write `signals`, `every` or `once`"),
            ("MIN_LEVEL", "loud", "is not a level: debug, info"),
            ("PER_HOUR", "many", "whole number"),
            ("DIGEST", "hourly", "write `daily` or `weekly`"),
            ("ENABLED", "perhaps", "write `true` or `false`"),
            ("SLAKC", "", "there is no such setting"),
        ] {
            let error = read(&[(name, value)]).unwrap_err().to_string();
            assert!(error.contains(&format!("ERROR_TRACKER_NOTIFY_{name}: ")), "{error}");
            assert!(error.contains(fix), "{error}");
        }
        let mail = ("MAIL", "smtp://u:hunter2pass@mail.example");
        let (sender, recipients) = (("SENDER", "a@shop.example"), ("RECIPIENTS", "b@shop.example"));
        for (variables, missing) in [
            (vec![mail, recipients], "ERROR_TRACKER_NOTIFY_SENDER"),
            (vec![mail, sender], "ERROR_TRACKER_NOTIFY_RECIPIENTS"),
            (vec![mail, sender, ("RECIPIENTS", "team")], "is not an e-mail address"),
            (vec![sender, recipients], "ERROR_TRACKER_NOTIFY_MAIL"),
            (vec![("SLACK", "hooks")], "the address of the Slack webhook"),
            (vec![("TELEGRAM", "1:a")], "chat is missing"),
            (vec![("NTFY", "https://ntfy.sh")], "topic"),
            (vec![("WEBHOOK_SECRET", "a")], "ERROR_TRACKER_NOTIFY_WEBHOOK"),
        ] {
            let error = read(&variables).unwrap().build().unwrap_err().to_string();
            assert!(error.contains(missing), "{variables:?}: {error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
        for valid in [&[mail, sender, recipients][..], &[("ENABLED", "no"), ("SLACK", "hooks")]] {
            assert!(read(valid).unwrap().build().is_ok());
        }
    }
}
