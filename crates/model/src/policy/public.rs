//! What S3 calls a public statement: it allows something to everybody, and no condition narrows that to known places.

use super::Statement;

pub(super) fn is_public(statement: &Statement) -> bool {
    statement.allows
        && statement.principals.as_ref().is_none_or(super::Principals::are_everybody)
        && !statement.conditions.iter().any(super::Condition::narrows)
}
