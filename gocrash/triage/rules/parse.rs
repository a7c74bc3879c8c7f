//! Words become rules: `||` joins what `&&` joins what `!` turns round.

use regex::RegexBuilder;

use super::expression::Expression;
use super::fault::Fault;
use super::token::{Placed, Token, Wrong, tokens};
use super::{Action, Field, Rule, Rules};
use crate::near::{LIKENESS_MIN, nearest};
use crate::triage::class::Class;

const RULES_MAX: usize = 10_000;
/// More are not looked for: who has as many begins anew.
pub(crate) const FAULTS_MAX: usize = 10;
/// Parentheses in parentheses.
const DEPTH_MAX: usize = 100;
/// What one compiled pattern may take.
const REGEX_BYTES_MAX: usize = 1 << 20;

pub(super) fn parse(text: &str) -> Result<Rules, Vec<Fault>> {
    let mut parser =
        Parser { text, tokens: tokens(text), next: 0, patterns: 0, depth: 0 };
    let mut rules = Vec::new();
    let mut faults = Vec::new();
    loop {
        match parser.peek() {
            Token::Newline => parser.skip(),
            Token::End => break,
            _ if faults.len() == FAULTS_MAX => break,
            _ if rules.len() == RULES_MAX => {
                faults.push(parser.fault(
                    format!("there are more than {RULES_MAX} rules"),
                    "join patterns by `||`",
                ));
                break;
            }
            _ => {
                let begin = parser.next;
                match parser.rule() {
                    Ok(rule) => rules.push(rule),
                    Err(fault) => {
                        faults.push(fault);
                        parser.go_to_next_rule(begin);
                    }
                }
            }
        }
    }
    match faults.is_empty() {
        true => Ok(Rules { rules }),
        false => Err(faults),
    }
}

struct Parser<'a> {
    text: &'a str,
    /// The last is the end, and is never taken.
    tokens: Vec<Placed>,
    next: usize,
    /// How many patterns there have been: each has a number.
    patterns: usize,
    depth: usize,
}

impl Parser<'_> {
    fn rule(&mut self) -> Result<Rule, Fault> {
        let begin = self.place();
        let action = self.action()?;
        self.expect(
            "<-",
            "a rule is written `action <- pattern`, as in `ignore <- pkg == \
             \"net\"`",
        )?;
        let pattern = self.any()?;
        match self.peek() {
            Token::Newline | Token::End => {}
            _ => {
                return Err(self.fault(
                    "the rule has an end here",
                    "join patterns by `&&` or `||`, and begin each rule on a \
                     line of its own",
                ));
            }
        }
        let source = &self.text[begin..self.place()];
        let lines = source.lines().map(str::trim);
        Ok(Rule {
            action,
            pattern,
            text: lines.collect::<Vec<_>>().join(" ").trim().to_owned(),
        })
    }

    fn action(&mut self) -> Result<Action, Fault> {
        let words = Action::ALL.map(Action::word);
        let help = format!("actions are {}", listed(&words));
        let Token::Name(name) = self.peek().clone() else {
            return Err(self.fault("a rule begins with an action", help));
        };
        let known = Action::ALL.into_iter().find(|a| a.word() == name);
        let known = known.ok_or_else(|| {
            let help = near(&name, &words).unwrap_or(help);
            self.fault(format!("there is no action `{name}`"), help)
        })?;
        self.skip();
        Ok(known)
    }

    fn any(&mut self) -> Result<Expression, Fault> {
        let mut patterns = vec![self.all()?];
        while self.takes("||") {
            patterns.push(self.all()?);
        }
        Ok(joined(patterns, Expression::Any))
    }

    fn all(&mut self) -> Result<Expression, Fault> {
        let mut patterns = vec![self.one()?];
        while self.takes("&&") {
            patterns.push(self.one()?);
        }
        Ok(joined(patterns, Expression::All))
    }

    fn one(&mut self) -> Result<Expression, Fault> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(self.fault(
                format!("this is more than {DEPTH_MAX} deep"),
                "write several rules instead",
            ));
        }
        let pattern = match self.peek().clone() {
            Token::Sign("!") => {
                self.skip();
                Expression::Not(Box::new(self.one()?))
            }
            Token::Sign("(") => {
                self.skip();
                let pattern = self.any()?;
                // The end of a line in parentheses is none.
                while *self.peek() == Token::Newline {
                    self.skip();
                }
                self.expect(")", "close it by `)`")?;
                pattern
            }
            // Of the next rule, where this one was to go on.
            Token::Name(_) if self.is_before("<-") => {
                return Err(self.pattern_is_missing());
            }
            Token::Name(name) => self.comparison(&name)?,
            // Alone, it is for what the failure printed.
            Token::Text(text) => self.regex(Field::Output, &text)?,
            _ => return Err(self.pattern_is_missing()),
        };
        self.depth -= 1;
        Ok(pattern)
    }

    fn pattern_is_missing(&self) -> Fault {
        self.missing(
            "a pattern is missing here",
            "compare a field, as in `pkg == \"net\"`, or write a regular \
             expression for what the failure printed in `backquotes`",
        )
    }

    fn comparison(&mut self, name: &str) -> Result<Expression, Fault> {
        let names = Field::ALL.map(|(name, _)| name);
        let field = Field::named(name).ok_or_else(|| {
            let help = format!("fields are {}", listed(&names));
            let help = near(name, &names).unwrap_or(help);
            self.fault(format!("there is no field `{name}`"), help)
        })?;
        self.skip();
        let operators = ["==", "!=", "~", "!~"];
        let sign = match *self.peek() {
            Token::Sign(sign) if operators.contains(&sign) => sign,
            _ => {
                return Err(self.fault(
                    format!("`{name}` is to be compared with something"),
                    "`==` and `!=` compare with a text, `~` and `!~` with a \
                     regular expression",
                ));
            }
        };
        self.skip();
        let Token::Text(text) = self.peek().clone() else {
            return Err(self.fault(
                format!("`{sign}` is for a text"),
                "write it in \"quotes\" or in `backquotes`",
            ));
        };
        let pattern = match sign {
            "==" | "!=" => self.is(field, text)?,
            _ => self.regex(field, &text)?,
        };
        Ok(match sign.starts_with('!') {
            true => Expression::Not(Box::new(pattern)),
            false => pattern,
        })
    }

    fn is(&mut self, field: Field, text: String) -> Result<Expression, Fault> {
        let words = Class::ALL.map(Class::word);
        if field == Field::Class && !words.contains(&&*text) {
            let help = format!("classes are {}", listed(&words));
            let help = near(&text, &words).unwrap_or(help);
            return Err(self.fault(format!("there is no class `{text}`"), help));
        }
        self.skip();
        let number = self.number();
        Ok(Expression::Is { field, text, number })
    }

    fn regex(&mut self, field: Field, text: &str) -> Result<Expression, Fault> {
        let regex = RegexBuilder::new(text)
            .multi_line(true)
            .size_limit(REGEX_BYTES_MAX)
            .build();
        let regex = regex.map_err(|error| {
            // It draws a picture; its last line says what is wrong.
            let error = error.to_string();
            let why = error.lines().last().unwrap_or("");
            let why = why.trim_start_matches("error: ").to_owned();
            self.fault(
                format!("this is no regular expression: {why}"),
                "what has a meaning there is taken literally after a `\\`",
            )
        })?;
        self.skip();
        let number = self.number();
        Ok(Expression::Matches { field, regex, number })
    }

    fn number(&mut self) -> usize {
        self.patterns += 1;
        self.patterns
    }

    fn peek(&self) -> &Token {
        &self.tokens[self.next].token
    }

    fn place(&self) -> usize {
        self.tokens[self.next].at
    }

    fn skip(&mut self) {
        self.next = (self.next + 1).min(self.tokens.len() - 1);
    }

    fn takes(&mut self, sign: &str) -> bool {
        let is_next = matches!(self.peek(), Token::Sign(next) if *next == sign);
        if is_next {
            self.skip();
        }
        is_next
    }

    fn expect(&mut self, sign: &str, help: &str) -> Result<(), Fault> {
        match self.takes(sign) {
            true => Ok(()),
            false => {
                Err(self.missing(format!("`{sign}` is missing here"), help))
            }
        }
    }

    fn is_before(&self, sign: &str) -> bool {
        let next = self.tokens.get(self.next + 1);
        next.is_some_and(
            |next| matches!(next.token, Token::Sign(found) if found == sign),
        )
    }

    /// After a fault in the rule that began there. A line that begins further
    /// in belongs to it.
    fn go_to_next_rule(&mut self, begin: usize) {
        self.depth = 0;
        self.next = self.next.max(begin + 1).min(self.tokens.len() - 1);
        while *self.peek() != Token::End && !self.begins_rule() {
            self.skip();
        }
    }

    fn begins_rule(&self) -> bool {
        // A newline where a rule ends is a word of its own, and begins none.
        let before = match self.next.checked_sub(1) {
            Some(before) if self.tokens[before].token == Token::Newline => {
                self.tokens[before].at
            }
            Some(before) => self.tokens[before].end,
            None => 0,
        };
        let between = &self.text[before..self.place()];
        *self.peek() != Token::Newline
            && between.contains('\n')
            && (between.ends_with('\n') || self.is_before("<-"))
    }

    /// What is wrong with the next word.
    fn fault(&self, what: impl Into<String>, help: impl Into<String>) -> Fault {
        match self.peek() {
            Token::Wrong(wrong) => self.told(wrong),
            // The line that ends here, and not one below.
            Token::Newline | Token::End => self.missing(what, help),
            _ => Fault::new(self.text, self.place(), what, help),
        }
    }

    fn told(&self, Wrong { at, what, help }: &Wrong) -> Fault {
        Fault::new(self.text, *at, what, help)
    }

    /// What should stand before the next word: on the line that it belongs to.
    fn missing(
        &self,
        what: impl Into<String>,
        help: impl Into<String>,
    ) -> Fault {
        if let Token::Wrong(wrong) = self.peek() {
            return self.told(wrong);
        }
        let mut before = self.tokens[..self.next].iter().rev();
        let last = before.find(|placed| placed.token != Token::Newline);
        let (end, place) = (last.map_or(0, |last| last.end), self.place());
        let is_over = matches!(self.peek(), Token::Newline | Token::End);
        let at = match is_over || self.text[end..place].contains('\n') {
            true => end,
            false => place,
        };
        Fault::new(self.text, at, what, help)
    }
}

fn joined(
    mut patterns: Vec<Expression>,
    join: fn(Vec<Expression>) -> Expression,
) -> Expression {
    match patterns.len() {
        1 => patterns.remove(0),
        _ => join(patterns),
    }
}

/// `a, b and c`
fn listed(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// The word that was meant, if one looks much like it.
fn near(word: &str, known: &[&str]) -> Option<String> {
    let nearest = nearest(word, known.iter().copied(), LIKENESS_MIN)?;
    Some(format!("did you mean `{nearest}`?"))
}
