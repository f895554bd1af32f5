//! The context of a failure: the scopes, the web request, the program.

use serde::{Deserialize, Serialize};

use super::{Level, Timestamp};
use crate::json::{Map, Value};

/// The data of the scopes when an event was captured.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Context {
    /// Extra data by name.
    pub extras: Map,
    /// Short searchable values by name.
    pub tags: std::collections::BTreeMap<String, String>,
    /// The user at the time of the failure, by field (`id`, `email`, ..).
    pub user: std::collections::BTreeMap<String, String>,
    /// Steps before the failure, oldest first.
    pub breadcrumbs: Vec<Breadcrumb>,
    /// The web request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<Request>,
}

impl Context {
    /// Adds the entries of `other` that this one does not have.
    pub(crate) fn add(&mut self, other: Self) {
        for (name, value) in other.extras {
            if !self.extras.contains_key(&name) {
                self.extras.insert(name, value);
            }
        }
        for (from, to) in [(other.tags, &mut self.tags), (other.user, &mut self.user)] {
            for (name, value) in from {
                to.entry(name).or_insert(value);
            }
        }
        if self.breadcrumbs.is_empty() {
            self.breadcrumbs = other.breadcrumbs;
        }
        self.request = self.request.take().or(other.request);
    }
}

/// One step before a failure.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Breadcrumb {
    /// When.
    pub at: Timestamp,
    /// What kind of step, such as `http` or `query`.
    pub category: String,
    /// What happened.
    pub message: String,
    /// The level.
    pub level: Level,
    /// Data by name.
    pub data: Map,
}

/// The web request during which an event was captured.
///
/// ```
/// use error_tracker::event::Request;
///
/// let request = Request::default()
///     .method("POST")
///     .host("shop.example:8080")
///     .path("/cart")
///     .query("page", "2")
///     .header("Content-Type", "application/json");
/// error_tracker::configure_scope(|scope| scope.set_request(request));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Request {
    /// `GET`, `POST`, ..
    pub method: String,
    /// `http` or `https`; empty if it is not known.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub scheme: String,
    /// Requested host name and port.
    pub host: String,
    /// The pattern of the route that answers, such as `/orders/{id}`; empty if none matches or is
    /// known.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub route: String,
    /// Path.
    pub path: String,
    /// Full URL.
    pub url: String,
    /// Query parameters, in order.
    pub query: Vec<(String, String)>,
    /// Headers, in order; names in lower case.
    pub headers: Vec<(String, String)>,
    /// Cookies, in order.
    pub cookies: Vec<(String, String)>,
    /// Form fields, in order.
    pub form: Vec<(String, String)>,
    /// JSON body.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub json: Value,
    /// Address of the client.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub client: String,
    /// The id by which logs and other services know the request.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// The id of the distributed trace that it is part of: 32 hexadecimal digits.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub trace_id: String,
}

impl Request {
    /// Sets the method: `GET`, `POST`, ..
    #[must_use]
    pub fn method(mut self, method: impl Into<String>) -> Self {
        self.method = method.into();
        self
    }

    /// Sets the scheme: `http` or `https`.
    #[must_use]
    pub fn scheme(mut self, scheme: impl Into<String>) -> Self {
        self.scheme = scheme.into();
        self
    }

    /// Sets the requested host name and port.
    #[must_use]
    pub fn host(mut self, host: impl Into<String>) -> Self {
        self.host = host.into();
        self
    }

    /// Sets the pattern of the route that answers. Failures that have no other place are grouped by
    /// it.
    #[must_use]
    pub fn route(mut self, route: impl Into<String>) -> Self {
        self.route = route.into();
        self
    }

    /// Sets the path.
    #[must_use]
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    /// Sets the full URL.
    #[must_use]
    pub fn url(mut self, url: impl Into<String>) -> Self {
        self.url = url.into();
        self
    }

    /// Adds a query parameter.
    #[must_use]
    pub fn query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.query.push((name.into(), value.into()));
        self
    }

    /// Adds a header; its name is converted to lower case.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into().to_ascii_lowercase(), value.into()));
        self
    }

    /// Adds a cookie.
    #[must_use]
    pub fn cookie(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.cookies.push((name.into(), value.into()));
        self
    }

    /// Adds a form field.
    #[must_use]
    pub fn form(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.form.push((name.into(), value.into()));
        self
    }

    /// Sets the JSON body.
    #[must_use]
    pub fn json(mut self, json: impl Into<Value>) -> Self {
        self.json = json.into();
        self
    }

    /// Sets the address of the client.
    #[must_use]
    pub fn client(mut self, client: impl Into<String>) -> Self {
        self.client = client.into();
        self
    }

    /// Sets the id by which logs and other services know the request.
    #[must_use]
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = id.into();
        self
    }

    /// Sets the id of the distributed trace that it is part of.
    #[must_use]
    pub fn trace_id(mut self, trace_id: impl Into<String>) -> Self {
        self.trace_id = trace_id.into();
        self
    }

    /// Returns the route's pattern; the path where there is none.
    #[must_use]
    pub(crate) fn route_or_path(&self) -> &str {
        if self.route.is_empty() { &self.path } else { &self.route }
    }
}

/// The program and the machine that an event comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Origin {
    /// Machine's name.
    pub host: String,
    /// The program's release, such as `shop@1.4.2`; empty for none.
    pub release: String,
    /// The environment, such as `production` or `staging`; empty for none.
    pub environment: String,
    /// Process id.
    pub process: u32,
    /// Name of the program's file.
    pub program: String,
    /// The program's arguments without its name, secrets masked: at most 64, of 512 bytes each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub arguments: Vec<String>,
}

impl Origin {
    /// Returns the program with its arguments on one line; those with blanks or quotes are quoted.
    #[must_use]
    pub fn command_line(&self) -> String {
        let mut line = self.program.clone();
        for argument in &self.arguments {
            let plain = !argument.is_empty()
                && !argument.contains(|c: char| {
                    c.is_whitespace() || c.is_control() || matches!(c, '"' | '\'')
                });
            line.push(' ');
            if plain { line.push_str(argument) } else { line.push_str(&format!("{argument:?}")) }
        }
        line
    }
}
