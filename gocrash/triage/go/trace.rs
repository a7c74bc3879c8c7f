//! The stacks that Go's runtime prints when it ends a program.

use crate::triage::failure::Place;
use crate::triage::text::Line;

/// More goroutines and frames than these tell nothing more.
const STACKS_MAX: usize = 2000;
const FRAMES_MAX: usize = 100;

/// One goroutine, or what else has a stack.
#[derive(Debug)]
pub(super) struct Stack<'a> {
    /// What is between the brackets: `running`, `chan receive, 9 minutes`.
    state: &'a str,
    pub(super) frames: Vec<Frame<'a>>,
    creator: &'a str,
    /// Its lines, among those that were read.
    pub(super) begin: usize,
    pub(super) end: usize,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Frame<'a> {
    pub(super) function: &'a str,
    pub(super) place: Option<Place<'a>>,
}

/// Reads stacks from here on; gives where what follows begins.
pub(super) fn read<'a>(
    lines: &'a [Line<'_>],
    begin: usize,
) -> (Vec<Stack<'a>>, usize) {
    let mut stacks = Vec::new();
    let mut at = begin;
    while at < lines.len() {
        if let Some(state) = header(&lines[at].text) {
            let (stack, end) = stack(lines, at, state);
            at = end;
            if stacks.len() < STACKS_MAX {
                stacks.push(stack);
            }
        } else if lines[at].is_blank() || is_trailer(&lines[at].text) {
            at += 1;
        } else {
            break;
        }
    }
    (stacks, at)
}

/// What `goroutine 7 [running]:` says; or of `runtime stack:`, that.
fn header(line: &str) -> Option<&str> {
    if line == "runtime stack:" {
        return Some("runtime");
    }
    let rest = line.strip_prefix("goroutine ")?;
    let (_, state) = rest.split_once(" [")?;
    Some(state.split_once(']')?.0)
}

/// Whether a line begins stacks.
pub(super) fn is_header(line: &str) -> bool {
    header(line).is_some()
}

/// What stands between stacks, and registers at the end.
fn is_trailer(line: &str) -> bool {
    let mut words = line.split_whitespace();
    let register = matches!(
        (words.next(), words.next(), words.next()),
        (Some(name), Some(value), None)
            if name.len() <= 6 && value.starts_with("0x")
    );
    register || line.starts_with("...") && line.ends_with("elided...")
}

fn stack<'a>(
    lines: &'a [Line<'_>],
    begin: usize,
    state: &'a str,
) -> (Stack<'a>, usize) {
    let mut stack =
        Stack { state, frames: Vec::new(), creator: "", begin, end: begin };
    let mut at = begin + 1;
    while at < lines.len() {
        let text: &str = &lines[at].text;
        if let Some(creator) = text.strip_prefix("created by ") {
            stack.creator =
                creator.split(" in goroutine ").next().unwrap_or("");
        } else if let Some(place) = text.strip_prefix('\t') {
            let place = Place::read(place, ".go")
                .or_else(|| Place::read(place, ".s"))
                .map(|(place, _)| place);
            if let Some(last) = stack.frames.last_mut() {
                last.place = last.place.or(place);
            }
        } else if text.starts_with("...") {
            // Frames that are left out.
        } else if let Some(function) = function(text) {
            if stack.frames.len() < FRAMES_MAX {
                stack.frames.push(Frame { function, place: None });
            }
        } else {
            break;
        }
        at += 1;
    }
    stack.end = at;
    (stack, at)
}

/// The function of `path/pkg.(*T).F(0xc000, ...)`.
fn function(line: &str) -> Option<&str> {
    let open = line.strip_suffix(')')?.rfind('(')?;
    let name = &line[..open];
    let is_one = !name.is_empty() && !name.contains([' ', '\t', ':']);
    is_one.then_some(name)
}

impl<'a> Stack<'a> {
    fn is_of_the_runtime(&self) -> bool {
        self.state == "runtime"
    }

    /// The test function that it runs, if it is in one.
    pub(super) fn test(&self) -> Option<&'a str> {
        let runner =
            self.frames.iter().position(|f| f.function == "testing.tRunner")?;
        let frame = self.frames.get(runner.checked_sub(1)?)?;
        is_test(frame.function).then_some(frame.function)
    }

    /// Whether it only waits for a part of a test.
    fn waits_for_a_subtest(&self) -> bool {
        self.frames.iter().any(|frame| frame.function == "testing.(*T).Run")
    }

    /// Where it waits: the first function that is not there for waiting.
    fn waits_in(&self) -> Option<Frame<'a>> {
        let known = |frame: &&Frame<'_>| {
            !WAITING.iter().any(|room| frame.function.starts_with(room))
        };
        self.frames.iter().find(known).or(self.frames.first()).copied()
    }

    /// Where it went wrong: what is below all that reports it. Functions of
    /// the runtime count: they may be the bug.
    fn broke_in(&self) -> Option<Frame<'a>> {
        let is_panic = |frame: &Frame<'_>| PANICS.contains(&frame.function);
        let below = self.frames.iter().rposition(is_panic).map_or(0, |i| i + 1);
        let reports = |frame: &&Frame<'_>| {
            REPORTING.iter().any(|name| frame.function.starts_with(name))
        };
        self.frames[below..]
            .iter()
            .find(|frame| !reports(frame))
            .or(self.frames.first())
            .copied()
    }
}

/// Where functions are that only wait.
const WAITING: [&str; 7] =
    ["runtime.", "sync.", "internal/", "syscall.", "time.", "testing.", "os."];
const PANICS: [&str; 2] = ["panic", "runtime.gopanic"];
const REPORTING: [&str; 9] = [
    "runtime.throw",
    "runtime.fatal",
    "runtime.panic",
    "runtime.goPanic",
    "runtime.sigpanic",
    "runtime.dopanic",
    "runtime.systemstack",
    "runtime.gopanic",
    "testing.tRunner.func1",
];

/// The stack to show, the frame to name, and the test that ran.
#[derive(Debug)]
pub(super) struct Cause<'s, 'a> {
    pub(super) stack: Option<&'s Stack<'a>>,
    pub(super) frame: Option<Frame<'a>>,
    pub(super) test: Option<&'a str>,
}

/// Of a program that was ended because nothing went on.
pub(super) fn of_hang<'s, 'a>(stacks: &'s [Stack<'a>]) -> Cause<'s, 'a> {
    let tests = || {
        stacks.iter().filter(|stack| {
            stack.test().is_some() && !stack.waits_for_a_subtest()
        })
    };
    let idle = |stack: &&Stack<'_>| {
        stack.state.contains("idle")
            || stack.state.contains("GC ")
            || stack.state.contains("finalizer")
            || stack.creator.starts_with("time.goFunc")
            || stack.is_of_the_runtime()
    };
    let stack = tests()
        .next()
        .or_else(|| stacks.iter().find(|stack| !idle(stack)))
        .or(stacks.first());
    Cause {
        stack,
        frame: stack.and_then(Stack::waits_in),
        test: stack.and_then(Stack::test),
    }
}

/// Of a program that broke. One that ran out of stack did so where the
/// goroutine is, not where the runtime noticed.
pub(super) fn of_crash<'s, 'a>(
    stacks: &'s [Stack<'a>],
    is_overflow: bool,
) -> Cause<'s, 'a> {
    let stack = stacks
        .iter()
        .filter(|stack| !stack.frames.is_empty())
        .find(|stack| !(is_overflow && stack.is_of_the_runtime()))
        .or(stacks.first());
    let created_by =
        stack.map(|stack| stack.creator).filter(|creator| is_test(creator));
    // Without a word about it, the test that runs alone.
    let mut tests = stacks.iter().filter_map(Stack::test);
    let only = match (tests.next(), tests.next()) {
        (Some(test), None) => Some(test),
        _ => None,
    };
    Cause {
        stack,
        frame: stack.and_then(Stack::broke_in),
        test: stack.and_then(Stack::test).or(created_by).or(only),
    }
}

fn is_test(function: &str) -> bool {
    let (_, name) = split(function);
    ["Test", "Fuzz", "Benchmark", "Example"]
        .iter()
        .any(|kind| name.starts_with(kind))
}

/// The package and the name of a function: `a.b/pkg` and `TestX.func1`.
pub(super) fn split(function: &str) -> (&str, &str) {
    let name_begin = function.rfind('/').map_or(0, |slash| slash + 1);
    match function[name_begin..].find('.') {
        Some(dot) => {
            let dot = name_begin + dot;
            (&function[..dot], &function[dot + 1..])
        }
        None => ("", function),
    }
}
