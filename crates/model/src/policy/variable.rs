//! Policy variables: `${aws:username}` and its like, within resources and values of conditions.

use crate::access::Question;

use super::condition::Key;
use super::pattern::Unit;

/// The pattern with its variables replaced; `None` if one has no value. `${*}`, `${?}` and `${$}` are the characters
/// themselves; a default stands behind a comma: `${aws:username, 'nobody'}`.
pub(super) fn expand(text: &str, question: &Question<'_>) -> Option<Vec<Unit>> {
    let mut units = Vec::with_capacity(text.len() + 32);
    let mut rest = text;
    while let Some((before, variable)) = rest.split_once("${") {
        units.extend(before.bytes().map(Unit::of));
        let Some((name, after)) = variable.split_once('}') else {
            units.extend("${".bytes().chain(variable.bytes()).map(Unit::of));
            return Some(units);
        };
        rest = after;
        if let "*" | "?" | "$" = name {
            units.extend(name.bytes().map(Unit::Byte));
            continue;
        }
        let (name, default) = match name.split_once(',') {
            Some((name, default)) => (name.trim(), Some(default.trim().trim_matches('\''))),
            None => (name.trim(), None),
        };
        let key = Key::parse(name);
        let value = key.value(question);
        match (value, default) {
            (Some(value), _) => units.extend(value.text().bytes().map(Unit::Byte)),
            (None, Some(default)) => units.extend(default.bytes().map(Unit::Byte)),
            (None, None) => return None,
        }
    }
    units.extend(rest.bytes().map(Unit::of));
    Some(units)
}
