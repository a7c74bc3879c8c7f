//! What is known of failures already: rules of the form `action <- pattern`, in
//! the language of Go's watchflakes.

mod expression;
mod fault;
mod parse;
mod token;

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;

use crate::triage::signature::Signature;
use expression::Expression;
pub(crate) use fault::Fault;
pub(crate) use parse::FAULTS_MAX;

/// What a rule says to do about an attempt that failed so. In the order in
/// which they win, where an attempt failed in several ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Action {
    /// It says nothing about the suite; go on.
    Ignore,
    /// The host was in trouble.
    Infra,
    /// It is a failure; go on.
    Count,
    /// It is a failure, and it is what was hunted.
    Stop,
}

impl Action {
    const ALL: [Action; 4] =
        [Action::Stop, Action::Count, Action::Ignore, Action::Infra];

    pub(crate) fn word(self) -> &'static str {
        match self {
            Action::Ignore => "ignore",
            Action::Infra => "infra",
            Action::Count => "count",
            Action::Stop => "stop",
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Rules, in their order: the first that matches a failure counts.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    rules: Vec<Rule>,
}

/// One of them.
#[derive(Debug)]
pub(crate) struct Rule {
    action: Action,
    pattern: Expression,
    /// As it is in its file, on one line.
    pub(crate) text: String,
}

/// What is to be done about an attempt, and the rule that says so.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Decision<'a> {
    pub(crate) action: Action,
    pub(crate) rule: Option<&'a Rule>,
}

impl Rules {
    /// Reads rules.
    ///
    /// # Errors
    /// What is wrong, each with its place and a remedy: one of each rule, and
    /// [`FAULTS_MAX`] at most.
    pub(crate) fn parse(text: &str) -> Result<Rules, Vec<Fault>> {
        parse::parse(text)
    }

    /// The same, of a file.
    pub(crate) fn read(bytes: &[u8]) -> Result<Rules, Vec<Fault>> {
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let (what, help) = ("that is not UTF-8", "save the file as UTF-8");
            // The same up to there.
            let shown = String::from_utf8_lossy(bytes);
            vec![Fault::new(&shown, error.valid_up_to(), what, help)]
        })?;
        Rules::parse(text)
    }

    /// Decides on an attempt that failed so. Every failure counts: one that is
    /// known excuses none that is not.
    pub(crate) fn decide(
        &self,
        signatures: &[Signature],
        outputs: &[&[u8]],
    ) -> Decision<'_> {
        let log = Log::new(outputs);
        let failed = signatures.iter().filter(|s| !s.failure.is_flaky);
        failed
            .map(|signature| self.decide_one(signature, &log))
            .max_by_key(|decision| decision.action)
            .unwrap_or(Decision { action: Action::Stop, rule: None })
    }

    fn decide_one(&self, signature: &Signature, log: &Log<'_>) -> Decision<'_> {
        let facts = Facts { signature, log };
        let rule = self.rules.iter().find(|rule| rule.pattern.matches(&facts));
        Decision { action: rule.map_or(Action::Stop, |r| r.action), rule }
    }
}

/// What a pattern can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Package,
    Test,
    Class,
    Function,
    File,
    /// The message, which is one line.
    Line,
    /// The lines of this failure.
    Output,
    /// All that the attempt printed.
    Log,
}

impl Field {
    const ALL: [(&'static str, Field); 10] = [
        ("pkg", Field::Package),
        ("test", Field::Test),
        ("class", Field::Class),
        ("mode", Field::Class),
        ("func", Field::Function),
        ("file", Field::File),
        ("line", Field::Line),
        ("message", Field::Line),
        ("output", Field::Output),
        ("log", Field::Log),
    ];

    fn named(name: &str) -> Option<Field> {
        let mut all = Field::ALL.into_iter();
        all.find(|(known, _)| *known == name).map(|(_, field)| field)
    }
}

/// One failure, as patterns see it.
struct Facts<'a> {
    signature: &'a Signature,
    log: &'a Log<'a>,
}

impl<'a> Facts<'a> {
    fn text(&self, field: Field) -> Cow<'a, str> {
        let failure = &self.signature.failure;
        Cow::Borrowed(match field {
            Field::Package => &failure.package,
            Field::Test => &failure.test,
            Field::Class => failure.class.word(),
            Field::Function => &failure.function,
            Field::File => &failure.file,
            Field::Line => &failure.message,
            Field::Output => return Cow::Owned(self.output()),
            Field::Log => return self.log.text(),
        })
    }

    /// The message may come from a line that is not among those shown.
    fn output(&self) -> String {
        let failure = &self.signature.failure;
        format!("{}\n{}", failure.message, failure.essence.join("\n"))
    }
}

/// What an attempt printed, for patterns that want all of it: each looks
/// through it once, however many failures there are.
struct Log<'a> {
    outputs: &'a [&'a [u8]],
    answers: RefCell<HashMap<usize, bool>>,
}

impl<'a> Log<'a> {
    fn new(outputs: &'a [&'a [u8]]) -> Log<'a> {
        Log { outputs, answers: RefCell::default() }
    }

    fn text(&self) -> Cow<'a, str> {
        match self.outputs {
            [only] => String::from_utf8_lossy(only),
            outputs => {
                let all = outputs.iter().map(|o| String::from_utf8_lossy(o));
                Cow::Owned(all.collect::<Vec<_>>().join("\n"))
            }
        }
    }

    /// The answer to this question, which is asked once.
    fn answer(&self, question: usize, ask: impl FnOnce(&str) -> bool) -> bool {
        if let Some(answer) = self.answers.borrow().get(&question) {
            return *answer;
        }
        let answer = ask(&self.text());
        self.answers.borrow_mut().insert(question, answer);
        answer
    }
}

#[cfg(test)]
mod tests;
