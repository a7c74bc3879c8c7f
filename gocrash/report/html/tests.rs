//! Tests: the page is whole, whatever a hunt says.

use quick_xml::Reader;
use quick_xml::events::Event;

use crate::record::read::{History, Session};
use crate::report::digest::Digest;
use crate::report::logs::Logs;

/// What may come from outside.
const HOSTILE: &str = r#"</pre><script>alert("1")</script>&amp;'{{ x }}"#;

/// A hunt on two threads, in which this is the name of what was kept.
fn log(kept: &str) -> String {
    let kept = serde_json::to_string(kept).unwrap();
    let started = r#""started":"2024-05-01T10:00:00Z","directory":"/tank""#;
    let opened = r#""event":"opened","v":1,"session":"gocrash-7""#;
    let mut log =
        format!("{{\"t_ns\":1,{opened},{started},\"name\":{kept}}}\n");
    for run in 0..50_u64 {
        let (thread, attempt) = (run % 2, run / 2);
        let go = 1 + attempt * 2_000_000_000;
        let exit = go + 1_900_000_000 - run * 1000;
        let of = format!(r#""thread":{thread},"attempt":{attempt}"#);
        log += &format!("{{\"t_ns\":{go},\"event\":\"go\",{of}}}\n");
        let outcome = match run {
            20 => r#""outcome":"failed","exit_status":3"#,
            30 => r#""outcome":"interrupted""#,
            40 => r#""outcome":"signaled","signal":11"#,
            49 => continue,
            _ => r#""outcome":"passed","exit_status":0"#,
        };
        let took = exit - go;
        let took = format!(r#""duration_ns":{took},"kept":true"#);
        log += &format!(
            "{{\"t_ns\":{exit},\"event\":\"exit\",{of},{outcome},{took}}}\n"
        );
        if run == 20 {
            log += &format!(
                r#"{{"t_ns":{exit},"event":"kept",{of},"name":{kept}}}
"#
            );
        }
    }
    let why = serde_json::to_string(HOSTILE).unwrap();
    log + &format!(r#"{{"t_ns":52000000000,"event":"trouble","why":{why}}}"#)
}

fn page(log: &str) -> String {
    let history = History::read(log.as_bytes()).unwrap();
    let session = Session { manifest: Err(String::new()), history };
    let mut page = Vec::new();
    super::write(&Digest::new(&session, &Logs::default()), &mut page).unwrap();
    String::from_utf8(page).unwrap()
}

/// The names of all elements, and all text. Fails where one is not closed.
fn parse(page: &str) -> (Vec<String>, String) {
    let (mut names, mut text) = (Vec::new(), String::new());
    let mut open = Vec::new();
    let mut reader = Reader::from_str(page);
    loop {
        let name = |name: &[u8]| String::from_utf8(name.to_vec()).unwrap();
        match reader.read_event().unwrap() {
            Event::Start(start) => {
                open.push(name(start.name().as_ref()));
                names.extend(open.last().cloned());
            }
            Event::Empty(empty) => names.push(name(empty.name().as_ref())),
            Event::End(end) => {
                let end = name(end.name().as_ref());
                assert_eq!(open.pop(), Some(end));
            }
            Event::Text(piece) => text += &piece.decode().unwrap(),
            Event::GeneralRef(reference) => {
                text.push('&');
                text += &reference.decode().unwrap();
                text.push(';');
            }
            Event::Eof => break,
            _ => {}
        }
    }
    assert_eq!(open, [""; 0]);
    (names, text)
}

#[test]
fn the_page_is_well_formed_and_tells_all() {
    let (names, text) = parse(&page(&log("/tank/a b/upper")));
    // What comes after the failure that ended the hunt is no sample.
    for part in ["exited with code 3", "terminated by signal 11", "1 of 21"] {
        assert!(text.contains(part), "`{part}` is not in {text}");
    }
    assert_eq!(names.iter().filter(|name| *name == "article").count(), 2);
    // Of runs that can be told apart, each has its mark.
    assert!(names.iter().filter(|name| *name == "rect").count() >= 50);
}

#[test]
fn nothing_from_outside_becomes_markup() {
    let plain = parse(&page(&log("/tank/plain"))).0;
    let (names, text) = parse(&page(&log(&format!("/tank/{HOSTILE}"))));
    assert_eq!(names, plain);
    assert!(!names.iter().any(|name| name == "script"));
    assert!(text.contains("{{ x }}"), "{text}");
}

#[test]
fn the_page_needs_no_network() {
    let page = page(&log("/tank/a"));
    for word in ["http:", "https:", "url(", "@import", "src="] {
        assert!(!page.contains(word), "{word}");
    }
}

#[test]
fn a_hunt_of_which_nothing_is_known_has_a_page() {
    parse(&page(""));
    // One that broke off at once.
    parse(&page(log("/a").lines().next().unwrap()));
}
