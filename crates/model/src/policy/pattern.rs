//! Texts with wildcards: `*` is any number of bytes, `?` is one.

use crate::access::Question;

use super::variable;

/// A wildcard pattern, which may hold policy variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pattern {
    text: Box<str>,
    has_variables: bool,
}

impl Pattern {
    pub(crate) fn new(text: &str) -> Self {
        Self { has_variables: text.contains("${"), text: text.into() }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether `text` is of this form; a variable without a value makes it match nothing.
    pub(crate) fn matches(&self, text: &[u8], question: &Question<'_>) -> bool {
        if !self.has_variables {
            return like(self.text.as_bytes(), text);
        }
        variable::expand(&self.text, question).is_some_and(|expanded| like_units(&expanded, text))
    }

    /// Whether `text` is this text, wildcards meaning themselves.
    pub(crate) fn equals(&self, text: &str, question: &Question<'_>, fold_case: bool) -> bool {
        let same = |mine: &str| if fold_case { mine.eq_ignore_ascii_case(text) } else { mine == text };
        if !self.has_variables {
            return same(&self.text);
        }
        variable::expand(&self.text, question).is_some_and(|units| {
            let mine: Vec<u8> = units.iter().map(|unit| unit.byte()).collect();
            std::str::from_utf8(&mine).is_ok_and(same)
        })
    }
}

/// One unit of an expanded pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// This byte; what a variable stands for is never a wildcard.
    Byte(u8),
    /// `*`.
    Any,
    /// `?`.
    One,
}

impl Unit {
    pub(crate) fn of(byte: u8) -> Self {
        match byte {
            b'*' => Self::Any,
            b'?' => Self::One,
            byte => Self::Byte(byte),
        }
    }

    fn byte(self) -> u8 {
        match self {
            Self::Byte(byte) => byte,
            Self::Any => b'*',
            Self::One => b'?',
        }
    }
}

/// Whether `text` is of the form `pattern`.
pub(crate) fn like(pattern: &[u8], text: &[u8]) -> bool {
    search(pattern.len(), |at| Unit::of(pattern[at]), text)
}

fn like_units(pattern: &[Unit], text: &[u8]) -> bool {
    search(pattern.len(), |at| pattern[at], text)
}

/// Greedy with one point to return to: the last `*` takes one byte more each time. At most length times length steps.
fn search(length: usize, unit: impl Fn(usize) -> Unit, text: &[u8]) -> bool {
    let (mut at, mut read) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    while read < text.len() {
        let matched = at < length
            && match unit(at) {
                Unit::Any => {
                    back = Some((at + 1, read));
                    at += 1;
                    continue;
                }
                Unit::One => true,
                Unit::Byte(byte) => byte == text[read],
            };
        if matched {
            at += 1;
            read += 1;
        } else if let Some((after, from)) = back {
            at = after;
            read = from + 1;
            back = Some((after, from + 1));
        } else {
            return false;
        }
    }
    (at..length).all(|at| unit(at) == Unit::Any)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_match_what_they_say() {
        for (pattern, text) in
            [("*", ""), ("*", "a/b"), ("a*c", "abbc"), ("a?c", "abc"), ("*a*b*", "xxaxxbxx"), ("", ""), ("a**", "a")]
        {
            assert!(like(pattern.as_bytes(), text.as_bytes()), "{pattern} {text}");
        }
        for (pattern, text) in [("", "a"), ("a", ""), ("a?c", "ac"), ("a*c", "abcd"), ("?", ""), ("*ab", "aab\u{0}")] {
            assert!(!like(pattern.as_bytes(), text.as_bytes()), "{pattern} {text}");
        }
        let hard = "a*".repeat(200);
        assert!(!like(format!("{hard}b").as_bytes(), "a".repeat(1000).as_bytes()), "and it ends");
    }
}
