//! Mutes until a time or a count, resolves in the next release, assigns, and writes notes.

use super::*;

fn issue(files: &Files, hash: &str) -> Value {
    files.json(&["show", hash, "FILE", "--json"])
}

#[test]
fn issues_are_muted_until_a_time_or_a_count() {
    let files = Files::with_three_issues();
    assert!(files.ok(&["mute", NEGATIVE, "FILE", "--times", "10"]).starts_with("muted aaaaaa11"));
    assert_eq!(issue(&files, NEGATIVE)["muted_until_count"], 12);
    assert!(files.ok(&["show", NEGATIVE, "FILE"]).contains("muted until more than 12 times"));
    files.ok(&["mute", NEGATIVE, PARSE, "FILE", "--until", "9999-12-24T09:00:00+01:00"]);
    for hash in [NEGATIVE, PARSE] {
        assert_eq!(issue(&files, hash)["muted_until"], "9999-12-24T08:00:00.000000Z");
    }
    assert!(files.ok(&["show", PARSE, "FILE"]).contains("muted until 9999-12-24T08:00:00"));
    files.ok(&["mute", PANIC, "FILE", "--until", "7d"]);
    assert!(issue(&files, PANIC)["muted_until"].as_str().unwrap() > "2026");
    files.ok(&["mute", PANIC, "FILE"]);
    assert_eq!(issue(&files, PANIC).get("muted_until"), None, "for good");
    for wrong in [
        &["--until", "2020-01-01"][..],
        &["--until", "soon"],
        &["--times", "0"],
        &["--times", "1", "--until", "1h"],
    ] {
        let output = files.run(&[&["mute", PANIC, "FILE"], wrong].concat());
        assert_eq!(code(&output), 2, "{wrong:?}");
    }
}

#[test]
fn an_issue_is_resolved_in_the_next_release_if_it_has_one() {
    let files = Files::with_three_issues();
    let refused = files.run(&["resolve", NEGATIVE, "FILE", "--in-next-release"]);
    assert_eq!(code(&refused), 2);
    assert!(stderr(&refused).contains("aaaaaa11 has no release"), "{}", stderr(&refused));
    assert!(stderr(&refused).contains("ERROR_TRACKER_RELEASE"));
    let mut named = event(NEGATIVE, 9, "shop::OrderError", "quantity is -9");
    named.origin.release = "shop@1.4.2".into();
    SqliteStore::open(&files.db).unwrap().record(&[Sighting::new(named)]).unwrap();
    files.ok(&["resolve", NEGATIVE, "FILE", "--in-next-release"]);
    assert_eq!(issue(&files, NEGATIVE)["resolved_in"], "shop@1.4.2");
    let shown = files.ok(&["show", NEGATIVE, "FILE"]);
    assert!(shown.contains("resolved until a newer release than shop@1.4.2"), "{shown}");
}

#[test]
fn issues_are_assigned_and_listed_by_their_assignee() {
    let files = Files::with_three_issues();
    let listed = |name: &str| {
        let issues = files.json(&["list", "FILE", "--json", "--assignee", name]);
        issues.as_array().unwrap().len()
    };
    let assigned = files.ok(&["assign", NEGATIVE, PARSE, "FILE", "--to", "Ada L."]);
    assert_eq!(assigned.matches("assigned aaaaaa").count(), 2, "{assigned}");
    assert_eq!((listed("ada l."), listed("Ada"), listed("")), (2, 0, 3));
    assert!(files.ok(&["show", PARSE, "FILE"]).contains("assignee Ada L.\n"));
    assert!(files.ok(&["assign", PARSE, "FILE", "--nobody"]).starts_with("unassigned"));
    assert_eq!(listed("Ada L."), 1);
    assert_eq!(code(&files.run(&["assign", PARSE, "FILE"])), 2);
    assert_eq!(code(&files.run(&["assign", PARSE, "FILE", "--to", &"x".repeat(101)])), 2);
}

#[test]
fn notes_are_added_masked_shown_exported_and_deleted() {
    let files = Files::with_three_issues();
    let added =
        files.ok(&["note", NEGATIVE, "FILE", "--add", "password: hunter22", "--author", "Ada"]);
    assert!(added.starts_with("added a note to aaaaaa11"), "{added}");
    files.ok(&["note", NEGATIVE, "FILE", "--add", "second\x1b[31m"]);
    let shown = files.ok(&["show", NEGATIVE, "FILE"]);
    assert!(shown.contains(" Ada (") && shown.contains("password: ****"), "{shown}");
    assert!(shown.contains("second\\u{1b}[31m") && !shown.contains("hunter22"), "{shown}");
    let notes = issue(&files, NEGATIVE)["notes"].clone();
    let id = notes[0]["id"].as_str().unwrap();
    assert_eq!((&notes[0]["author"], &notes[1]["author"]), (&"Ada".into(), &"".into()));
    assert!(files.ok(&["export", "FILE"]).contains(id));
    files.ok(&["note", NEGATIVE, "FILE", "--delete", id]);
    assert_eq!(issue(&files, NEGATIVE)["notes"].as_array().unwrap().len(), 1);
    assert_eq!(code(&files.run(&["note", NEGATIVE, "FILE", "--delete", id])), 1);
    assert_eq!(code(&files.run(&["note", NEGATIVE, "FILE", "--add", " "])), 2);
    assert_eq!(code(&files.run(&["note", NEGATIVE, "FILE"])), 2);
}
