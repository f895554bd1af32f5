//! The home page, with a button for each kind of failure.

use crate::failing_work::KINDS;

const HEAD: &str = "<!doctype html><html lang=en><meta charset=utf-8><title>Shop</title>\
<meta name=viewport content='width=device-width'>\
<style>body{font:16px/1.5 system-ui;max-width:40rem;margin:2rem auto;padding:0 1rem}form{margin:.5rem 0}</style>\
<h1>Shop</h1><p>Log in as <code>staff</code> with the password <code>kettle</code> to see what failed:</p>\
<form method=post action=/login><label>User <input name=user value=staff></label> \
<label>Password <input name=password type=password></label> <button>Log in</button></form><h2>Failures</h2>";

pub(crate) fn page() -> String {
    let mut page = HEAD.to_owned();
    for (kind, what) in KINDS {
        page.push_str(&format!(
            "<form action=/fail/{kind}><input type=hidden name=marker value=kettle>\
             <button>{kind}</button> {what}</form>"
        ));
    }
    page
}
