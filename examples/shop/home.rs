//! The home page, with a button for each kind of failure.

use crate::failing_work::KINDS;

/// The page without the buttons.
const PAGE: &str = include_str!("home.html");

pub(crate) fn page() -> String {
    let button = |(kind, what)| {
        format!(
            "<li><form action=/fail/{kind}><input type=hidden name=marker value=kettle>\
             <button>{kind}</button> {what}</form></li>\n"
        )
    };
    PAGE.replace("<!-- failures -->", &KINDS.map(button).concat())
}
