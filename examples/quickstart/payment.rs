//! The payment step. It holds secrets, and they stay secret.

use anyhow::{Context, bail, ensure};
use error_tracker::auto_track_exception;

use crate::order::Order;

#[derive(Debug)]
pub struct Gateway {
    endpoint: String,
    user: String,
    password: String,
    api_token: String,
}

impl Gateway {
    pub fn new(endpoint: &str, api_token: &str, password: &str) -> Self {
        let user = "importer".into();
        Self {
            endpoint: endpoint.into(),
            user,
            password: password.into(),
            api_token: api_token.into(),
        }
    }

    /// Charges the customer; answers the receipt's number.
    #[auto_track_exception]
    pub fn charge(&self, order: &Order) -> anyhow::Result<String> {
        let cents = u64::from(order.quantity) * u64::from(order.unit_cents);
        ensure!(cents > 0, "order {} is worth nothing", order.id);
        let account =
            self.sign_in(&order.currency).context("the payment service does not know us")?;
        if cents > 30_000 {
            bail!("{} cents are beyond the limit of {account}", cents);
        }
        Ok(format!("receipt {}-{}-{cents}", order.id, order.sku))
    }

    #[auto_track_exception]
    fn sign_in(&self, currency: &str) -> anyhow::Result<String> {
        let (user, password) = (&self.user, &self.password);
        let account = match currency {
            "EUR" | "USD" | "GBP" | "DKK" | "SEK" | "JPY" => {
                format!("{user}@{}/{currency}", self.endpoint)
            }
            _ => bail!("no account for currency {currency:?}"),
        };
        ensure!(!password.is_empty() && !self.api_token.is_empty(), "no credentials for {account}");
        Ok(account)
    }
}
