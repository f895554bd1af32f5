//! Tests of what people change of issues on the pages.

use super::{body, get, over, post, viewer};
use crate::event::{Event, Issue, Status};
use crate::store::{MemoryStore, Sighting, Store};
use crate::viewer::{Viewer, ViewerRequest, ViewerResponse, sample};
use std::sync::Arc;

fn act(viewer: &Viewer, name: &str, form: &str) -> ViewerResponse {
    let form = format!("csrf=TOKEN&from=issue&hash={}&{form}", sample::hash(name));
    post(viewer, "/action", &[], &form)
}

/// Returns the page of an issue.
fn page(viewer: &Viewer, name: &str) -> String {
    body(&get(viewer, &format!("/{}", sample::hash(name)))).to_owned()
}

fn issue(store: &MemoryStore, name: &str) -> Issue {
    store.issue(&sample::hash(name)).unwrap().unwrap()
}

#[test]
fn an_issue_is_muted_until_a_time_or_a_count_and_the_pages_say_so() {
    let (viewer, store) = viewer();
    let back = format!("{}?done=mute&n=1", sample::hash("parse"));
    for (form, until, count, said) in [
        ("until=1h", Some("2026-11-24T09:14:12Z"), None, "until 2026-11-24 09:14:12 UTC"),
        ("do=&until=7d", Some("2026-12-01T08:14:12Z"), None, "until 2026-12-01 08:14:12 UTC"),
        ("until=2026-12-24", Some("2026-12-24T00:00:00Z"), None, "until 2026-12-24 00:00:00 UTC"),
        ("occurrences=1", None, Some(1285), "for 1 more occurrence<"),
        ("do=mute&occurrences=+10+", None, Some(1294), "for 10 more occurrences<"),
    ] {
        let answer = act(&viewer, "parse", form);
        assert_eq!(answer.header("location"), Some(&*back), "{form}: {}", body(&answer));
        let muted = issue(&store, "parse");
        let until = until.map(|until| until.parse().unwrap());
        assert_eq!(
            (muted.status, muted.muted_until, muted.muted_until_count),
            (Status::Muted, until, count),
            "{form}"
        );
        assert!(page(&viewer, "parse").contains(said), "{form}");
        let list = body(&get(&viewer, "/?status=muted")).to_owned();
        assert!(list.contains(&format!("title=\"{}", said.trim_end_matches('<'))), "{form}");
    }
    for wrong in [
        "do=mute&until=",
        "do=mute&until=2026-11-24",
        "do=mute&until=soon",
        "do=mute&occurrences=",
        "do=mute&occurrences=0",
        "do=mute&occurrences=5&until=1h",
    ] {
        assert_eq!(act(&viewer, "parse", wrong).status(), 400, "{wrong}");
    }
    assert_eq!(issue(&store, "parse").muted_until_count, Some(1294), "nothing was changed");
    assert_eq!(act(&viewer, "parse", "do=mute").status(), 303);
    let muted = issue(&store, "parse");
    assert_eq!((muted.status, muted.muted_until_count), (Status::Muted, None), "for good");
}

#[test]
fn an_issue_is_resolved_in_the_next_release_only_if_its_latest_event_has_one() {
    let (viewer, store) = viewer();
    let next = "do=resolve_in_next_release";
    assert_eq!(act(&viewer, "parse", next).status(), 303);
    let resolved = issue(&store, "parse");
    assert_eq!(
        (resolved.status, resolved.resolved_in.as_deref()),
        (Status::Resolved, Some("orders@1.4.2"))
    );
    assert!(page(&viewer, "parse").contains("until a newer release than orders@1.4.2"));

    let mut event = Event { at: sample::now(), ..Event::default() };
    event.grouping.hash = sample::hash("unnamed");
    store.record(&[Sighting::new(event)]).unwrap();
    let html = page(&viewer, "unnamed");
    assert!(
        !html.contains("value=\"resolve_in_next_release\"")
            && html.contains("builder().release(..)")
    );
    let refused = act(&viewer, "unnamed", next);
    assert_eq!(refused.status(), 409);
    assert!(body(&refused).contains("has no release") && body(&refused).contains("release(..)"));
    assert_eq!(issue(&store, "unnamed").status, Status::Unresolved);
}

#[test]
fn notes_are_written_masked_shown_in_order_and_deleted() {
    let (viewer, store) = viewer();
    let notes = || store.notes(&sample::hash("parse")).unwrap();
    let first =
        "do=add_note&author=+Ada%0AL.+&text=%3Cb%3E+since+the+new+router%0D%0Apassword%3Dhunter22";
    assert_eq!(act(&viewer, "parse", first).status(), 303);
    assert_eq!(act(&viewer, "parse", "do=add_note&text=second&author=").status(), 303);
    let kept = notes();
    assert_eq!((kept.len(), &*kept[0].author, &*kept[1].author), (2, "Ada L.", ""));
    assert!(kept[0].text.starts_with("<b> since the new router\npassword=***"), "{}", kept[0].text);
    let html = page(&viewer, "parse");
    let places = ["<strong>Ada L.</strong>", "&lt;b&gt; since", ">second<"]
        .map(|part| html.find(part).unwrap());
    assert!(places.is_sorted());
    let json = get(&viewer, &format!("/{}.json", sample::hash("parse")));
    assert!(body(&json).contains("\"text\": \"second\""));

    let delete = format!("do=delete_note&note={}", kept[0].id);
    let answer = act(&viewer, "parse", &delete);
    assert!(answer.header("location").unwrap().ends_with("?done=delete_note&n=1"));
    assert_eq!(notes(), kept[1..]);
    assert_eq!(act(&viewer, "parse", "do=add_note&text=+%0A").status(), 409);
    assert_eq!(act(&viewer, "parse", "do=add_note").status(), 400);
    let long = format!("do=add_note&text={}", "x".repeat(4_001));
    assert_eq!(act(&viewer, "parse", &long).status(), 409);
    assert_eq!(notes().len(), 1);
}

#[test]
fn a_user_whom_the_program_knows_is_the_author_of_their_notes() {
    let (viewer, store) = viewer();
    let hash = sample::hash("parse");
    let token = viewer.form_token();
    let form =
        format!("csrf={}&from=issue&hash={hash}&do=add_note&text=x&author=Eve", token.as_str());
    let request = ViewerRequest::new("POST", "/action").with_user(" Ada\n<L>").with_body(form);
    assert_eq!(viewer.handle(&request).status(), 303);
    assert_eq!(store.notes(&hash).unwrap()[0].author, "Ada <L>");
    let asked = ViewerRequest::new("GET", &format!("/{hash}"));
    let known = viewer.handle(&asked.clone().with_user("Ada <L>"));
    assert!(!body(&known).contains("name=\"author\"") && body(&known).contains("Assign to me"));
    let unknown = viewer.handle(&asked);
    assert!(body(&unknown).contains("name=\"author\"") && !body(&unknown).contains("Assign to me"));
}

#[test]
fn issues_are_assigned_one_by_one_and_together_and_listed_by_assignee() {
    let (viewer, store) = viewer();
    assert_eq!(act(&viewer, "parse", "do=assign&assignee=+Ada++L.+").status(), 303);
    assert_eq!(issue(&store, "parse").assignee, "Ada L.");
    let link = "href=\"./?assignee=Ada+L.\"";
    assert!(page(&viewer, "parse").contains(link));
    let both = format!(
        "csrf=TOKEN&hash={}&hash={}&assignee=ada+l.&do=assign",
        sample::hash("panic"),
        sample::hash("csv")
    );
    let answer = post(&viewer, "/action?sort=count", &[], &both);
    assert_eq!(answer.header("location"), Some("./?sort=count&done=assign&n=2"));
    let list = |path: &str| body(&get(&viewer, path)).to_owned();
    let html = list("/?assignee=ADA+L.");
    assert_eq!(html.matches("class=\"open\"").count(), 3);
    assert!(html.contains(link) && html.contains("name=\"assignee\" value=\"ADA L.\""));
    assert_eq!(list("/?assignee=Ada").matches("class=\"open\"").count(), 0);

    let answer = act(&viewer, "parse", "do=assign&assignee=");
    assert!(answer.header("location").unwrap().ends_with("?done=unassign&n=1"));
    assert_eq!(list("/?assignee=ada+l.").matches("class=\"open\"").count(), 2);
    // What the other buttons of the list send with the field of the name assigns nothing.
    let resolve = both.replace("do=assign", "do=resolve").replace("ada+l.", "Eve");
    assert_eq!(post(&viewer, "/action", &[], &resolve).status(), 303);
    assert_eq!(issue(&store, "panic").assignee, "ada l.");
    let long = format!("do=assign&assignee={}", "x".repeat(101));
    assert_eq!(act(&viewer, "parse", &long).status(), 409);
}

#[test]
fn notes_and_names_are_no_markup() {
    let (viewer, store) = viewer();
    let _ = act(&viewer, "parse", "do=assign&assignee=%22%3E%3Cscript%3E");
    let _ = act(&viewer, "parse", "do=add_note&author=%3Ci%3E&text=%3C/p%3E%3Cscript%3E");
    let html = page(&viewer, "parse") + body(&get(&over(Arc::clone(&store)), "/"));
    assert!(!html.contains("<script>") && !html.contains("<i>") && html.contains("&lt;script&gt;"));
}
