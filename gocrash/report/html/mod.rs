//! One HTML file that tells of a hunt, and needs nothing else.

mod charts;
mod page;

use std::io::{self, Write};

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};

use super::digest::Digest;
use page::Page;

const NAME: &str = "report.html";
const TEMPLATE: &str = include_str!("report.html");

/// Writes the whole of it. Whatever comes from outside is escaped by the
/// template.
pub(super) fn write(
    digest: &Digest<'_>,
    mut out: impl Write,
) -> io::Result<()> {
    let render = || {
        let mut syntax = SyntaxConfig::builder();
        let syntax = syntax.trim_blocks(true).lstrip_blocks(true).build()?;
        let mut environment = Environment::new();
        environment.set_syntax(syntax);
        environment.set_auto_escape_callback(|_| AutoEscape::Html);
        // What the page does not have, the template can't ask for.
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.add_template(NAME, TEMPLATE)?;
        environment.get_template(NAME)?.render(Serde(Page::new(digest)))
    };
    let text = render().map_err(io::Error::other)?;
    out.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests;
