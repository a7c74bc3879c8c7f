//! The words of the rules' language, each with its place.

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    Name(String),
    /// In quotes, with escapes; or in backquotes, as it is.
    Text(String),
    Sign(&'static str),
    /// None: the rest of its line is left out.
    Wrong(Wrong),
    /// The end of a line, where that ends a rule.
    Newline,
    End,
}

/// What is wrong with something that is no word. Its line is looked for when it
/// is told: there may be as many as there are lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) at: usize,
    pub(super) what: String,
    pub(super) help: String,
}

#[derive(Debug, Clone)]
pub(super) struct Placed {
    pub(super) token: Token,
    /// Its first byte.
    pub(super) at: usize,
    /// The byte after its last.
    pub(super) end: usize,
}

/// The longer ones first.
const SIGNS: [&str; 10] =
    ["<-", "==", "!=", "!~", "&&", "||", "~", "!", "(", ")"];
/// After these a line goes on in the next.
const GO_ON: [&str; 9] = ["<-", "==", "!=", "!~", "&&", "||", "~", "!", "("];

/// Cuts a text into words.
pub(super) fn tokens(text: &str) -> Vec<Placed> {
    let mut tokens: Vec<Placed> = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        let word = match first {
            '\n' => {
                let goes_on = matches!(
                    tokens.last(),
                    Some(Placed { token: Token::Sign(sign), .. })
                        if GO_ON.contains(sign)
                );
                if goes_on {
                    at += 1;
                    continue;
                }
                Ok((Token::Newline, 1))
            }
            c if c.is_whitespace() => {
                at += c.len_utf8();
                continue;
            }
            '#' => {
                at += rest.find('\n').unwrap_or(rest.len());
                continue;
            }
            '`' => backquoted(text, at),
            '"' => quoted(text, at),
            c if c.is_ascii_alphabetic() || c == '_' => {
                let is_end = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
                let end = rest.find(is_end).unwrap_or(rest.len());
                Ok((Token::Name(rest[..end].to_owned()), end))
            }
            other => sign(text, at, other),
        };
        let (token, length) = word.unwrap_or_else(|wrong| {
            (Token::Wrong(wrong), rest.find('\n').unwrap_or(rest.len()))
        });
        let end = at + length;
        tokens.push(Placed { token, at, end });
        at = end;
    }
    let at = text.len();
    tokens.push(Placed { token: Token::End, at, end: at });
    tokens
}

fn sign(text: &str, at: usize, found: char) -> Result<(Token, usize), Wrong> {
    let rest = &text[at..];
    if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
        return Ok((Token::Sign(sign), sign.len()));
    }
    let help = match found {
        '=' => "`==` compares",
        '&' => "`&&` joins two patterns that both have to match",
        '|' => "`||` joins two patterns of which one has to match",
        '\'' => "write texts in \"quotes\" or `backquotes`",
        _ => "a rule is written `action <- pattern`",
    };
    let what = format!("`{found}` means nothing here");
    Err(Wrong { at, what, help: help.to_owned() })
}

fn backquoted(text: &str, at: usize) -> Result<(Token, usize), Wrong> {
    let rest = &text[at + 1..];
    match rest.find(['`', '\n']) {
        Some(end) if rest[end..].starts_with('`') => {
            Ok((Token::Text(rest[..end].to_owned()), end + 2))
        }
        _ => Err(unclosed(at, '`')),
    }
}

fn quoted(text: &str, at: usize) -> Result<(Token, usize), Wrong> {
    let mut value = String::new();
    let mut chars = text[at + 1..].char_indices();
    while let Some((i, char)) = chars.next() {
        match char {
            '"' => return Ok((Token::Text(value), i + 2)),
            '\n' => break,
            '\\' => match chars.next() {
                Some((_, 'n')) => value.push('\n'),
                Some((_, 't')) => value.push('\t'),
                Some((_, same @ ('"' | '\\'))) => value.push(same),
                _ => {
                    return Err(Wrong {
                        at: at + 1 + i,
                        what: "this is no escape".to_owned(),
                        help: "there are \\\", \\\\, \\n and \\t; in \
                               `backquotes` nothing is escaped"
                            .to_owned(),
                    });
                }
            },
            other => value.push(other),
        }
    }
    Err(unclosed(at, '"'))
}

fn unclosed(at: usize, quote: char) -> Wrong {
    let help = match quote {
        '`' => "close it by another backquote".to_owned(),
        quote => format!("close it by `{quote}`"),
    };
    Wrong { at, what: "this text has no end on its line".to_owned(), help }
}
