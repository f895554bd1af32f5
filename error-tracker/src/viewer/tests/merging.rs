//! The pages and the API of merged issues.

use super::{body, get, post, viewer};
use crate::event::Status;
use crate::store::{IssueChange, Store};
use crate::viewer::sample;

#[test]
fn selected_issues_are_merged_into_the_most_frequent_one_and_separated_again() {
    let (viewer, store) = viewer();
    let (parse, panic, payment) =
        (sample::hash("parse"), sample::hash("panic"), sample::hash("payment"));
    let count = |hash: &str| store.issue(hash).unwrap().unwrap().count;
    let alone = count(&panic);
    let form = format!("csrf=TOKEN&do=merge&hash={panic}&hash={parse}&hash={payment}");
    let answer = post(&viewer, "/action?sort=count", &[], &form);
    let to = answer.header("location").unwrap();
    assert_eq!(to, "./?sort=count&done=merge&n=2");
    assert!(body(&get(&viewer, &to[1..])).contains("2 issues merged into the one with the most"));
    let total = count(&parse);
    assert_eq!(store.parts(&parse).unwrap().len(), 2);

    let list = body(&get(&viewer, "/")).to_owned();
    assert!(list.contains(&format!("href=\"{parse}\"")) && !list.contains(&panic), "{list}");
    assert!(list.contains(">2 merged</span>"), "{list}");
    let page = body(&get(&viewer, &format!("/{parse}"))).to_owned();
    for part in [&panic, &payment] {
        assert!(page.contains(&format!("name=\"one\" value=\"unmerge {part}\"")), "{page}");
    }
    for (path, location) in [
        (format!("/{panic}"), parse.clone()),
        (format!("/{panic}?trace=outer"), format!("{parse}?trace=outer")),
        (format!("/{panic}.prompt.md"), format!("{parse}.prompt.md")),
        (format!("/{panic}.json?event=latest"), format!("{parse}.json?event=latest")),
    ] {
        let answer = get(&viewer, &path);
        assert_eq!((answer.status(), answer.header("location")), (303, Some(location.as_str())));
    }

    let form = format!("csrf=TOKEN&from=issue&whole={parse}&one=unmerge+{panic}");
    let answer = post(&viewer, "/action", &[], &form);
    assert_eq!(answer.header("location").unwrap(), format!("{parse}?done=unmerge&n=1#merged"));
    assert_eq!((count(&panic), count(&parse)), (alone, total - alone));
    // A form that was made up leads to the list.
    let form = format!("csrf=TOKEN&from=issue&whole=//evil.example&one=unmerge+{payment}");
    let answer = post(&viewer, "/action", &[], &form);
    assert_eq!(answer.header("location").unwrap(), "./?done=unmerge&n=1");
    assert!(!body(&get(&viewer, &format!("/{parse}"))).contains("id=\"merged\""));
}

#[test]
fn one_selected_issue_is_merged_with_nothing_and_the_page_says_so() {
    let (viewer, store) = viewer();
    let parse = sample::hash("parse");
    for form in [format!("csrf=TOKEN&do=merge&hash={parse}"), "csrf=TOKEN&do=merge".to_owned()] {
        let answer = post(&viewer, "/action", &[], &form);
        let to = answer.header("location").unwrap();
        assert_eq!(to, "./?done=merge&n=0");
        assert!(body(&get(&viewer, &to[1..])).contains("Nothing was merged"));
    }
    assert_eq!(post(&viewer, "/action", &[], "do=merge").status(), 403);
    assert_eq!(store.parts(&parse).unwrap(), []);
}

#[test]
fn programs_merge_issues_into_one_that_they_name() {
    let (viewer, store) = viewer();
    let (parse, panic) = (sample::hash("parse"), sample::hash("panic"));
    let json = [("content-type", "application/json")];
    let act = |asked: &str| {
        let answer = post(&viewer, "/api/actions", &json, asked);
        (answer.status(), body(&answer).to_owned())
    };
    let asked = format!(r#"{{"action":"merge","issues":["{parse}"],"into":"{panic}"}}"#);
    assert_eq!(act(&asked), (200, r#"{"changed":1}"#.to_owned()));
    let of_part = body(&get(&viewer, &format!("/api/issues/{parse}"))).to_owned();
    assert_eq!(of_part, body(&get(&viewer, &format!("/api/issues/{panic}"))));
    let parts = body(&get(&viewer, &format!("/api/issues/{panic}/parts"))).to_owned();
    assert!(parts.starts_with("{\"issues\":[{\"hash\":\"") && parts.contains(&parse), "{parts}");
    assert_eq!(act(&asked.replace("merge", "resolve")).0, 400, "`into` is for merges");
    assert_eq!(act(&asked.replace(&panic, "x")).0, 400);
    store.change(&[&parse], &IssueChange::SetStatus(Status::Muted)).unwrap();
    assert_eq!(store.issue(&panic).unwrap().unwrap().status, Status::Muted);
    let undo = format!(r#"{{"action":"unmerge","issues":["{parse}"]}}"#);
    assert_eq!(act(&undo), (200, r#"{"changed":1}"#.to_owned()));
    assert_eq!(act(&undo), (200, r#"{"changed":0}"#.to_owned()));
}
