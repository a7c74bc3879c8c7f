//! The pattern of a rule.

use regex::Regex;

use super::{Facts, Field};

#[derive(Debug)]
pub(super) enum Expression {
    Is { field: Field, text: String, number: usize },
    Matches { field: Field, regex: Regex, number: usize },
    Not(Box<Expression>),
    All(Vec<Expression>),
    Any(Vec<Expression>),
}

impl Expression {
    pub(super) fn matches(&self, facts: &Facts<'_>) -> bool {
        match self {
            Expression::Is { field: Field::Log, text, number } => {
                facts.log.answer(*number, |log| log == text)
            }
            Expression::Is { field, text, .. } => facts.text(*field) == *text,
            Expression::Matches { field: Field::Log, regex, number } => {
                facts.log.answer(*number, |log| regex.is_match(log))
            }
            Expression::Matches { field, regex, .. } => {
                regex.is_match(&facts.text(*field))
            }
            Expression::Not(pattern) => !pattern.matches(facts),
            Expression::All(patterns) => {
                patterns.iter().all(|pattern| pattern.matches(facts))
            }
            Expression::Any(patterns) => {
                patterns.iter().any(|pattern| pattern.matches(facts))
            }
        }
    }
}
