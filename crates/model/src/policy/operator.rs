//! The operators of conditions.

/// How a key is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    StringEquals,
    StringEqualsIgnoreCase,
    StringLike,
    Numeric(Order),
    Date(Order),
    Bool,
    IpAddress,
    /// Whether the key is absent.
    Null,
}

/// A comparison of what is ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Equals,
    LessThan,
    LessThanEquals,
    GreaterThan,
    GreaterThanEquals,
}

impl Order {
    pub(super) fn holds<T: PartialOrd>(self, found: &T, wanted: &T) -> bool {
        match self {
            Self::Equals => found == wanted,
            Self::LessThan => found < wanted,
            Self::LessThanEquals => found <= wanted,
            Self::GreaterThan => found > wanted,
            Self::GreaterThanEquals => found >= wanted,
        }
    }
}

/// What stands around an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Form {
    pub(super) operator: Operator,
    /// `…Not…`: holds where the operator does not.
    pub(super) negated: bool,
    /// `…IfExists` and `ForAllValues:…`: an absent key holds.
    pub(super) absent_holds: bool,
    /// `ForAnyValue:…`: an absent key never holds.
    pub(super) must_exist: bool,
}

/// Reads the name of an operator; case counts, as it does at S3.
pub(super) fn parse(name: &str) -> Option<Form> {
    let (name, all, any) = match (name.strip_prefix("ForAllValues:"), name.strip_prefix("ForAnyValue:")) {
        (Some(name), _) => (name, true, false),
        (_, Some(name)) => (name, false, true),
        _ => (name, false, false),
    };
    let (name, if_exists) = match name.strip_suffix("IfExists") {
        Some(name) => (name, true),
        None => (name, false),
    };
    let (operator, negated) = match name {
        "StringEquals" => (Operator::StringEquals, false),
        "StringNotEquals" => (Operator::StringEquals, true),
        "StringEqualsIgnoreCase" => (Operator::StringEqualsIgnoreCase, false),
        "StringNotEqualsIgnoreCase" => (Operator::StringEqualsIgnoreCase, true),
        "StringLike" | "ArnEquals" | "ArnLike" => (Operator::StringLike, false),
        "StringNotLike" | "ArnNotEquals" | "ArnNotLike" => (Operator::StringLike, true),
        "Bool" => (Operator::Bool, false),
        "IpAddress" => (Operator::IpAddress, false),
        "NotIpAddress" | "IpAddressNotEquals" => (Operator::IpAddress, true),
        "Null" if !if_exists => (Operator::Null, false),
        _ => match (name.strip_prefix("Numeric"), name.strip_prefix("Date")) {
            (Some(rest), _) => order(rest).map(|(order, negated)| (Operator::Numeric(order), negated))?,
            (_, Some(rest)) => order(rest).map(|(order, negated)| (Operator::Date(order), negated))?,
            _ => return None,
        },
    };
    Some(Form { operator, negated, absent_holds: if_exists || all, must_exist: any })
}

fn order(name: &str) -> Option<(Order, bool)> {
    Some(match name {
        "Equals" => (Order::Equals, false),
        "NotEquals" => (Order::Equals, true),
        "LessThan" => (Order::LessThan, false),
        "LessThanEquals" => (Order::LessThanEquals, false),
        "GreaterThan" => (Order::GreaterThan, false),
        "GreaterThanEquals" => (Order::GreaterThanEquals, false),
        _ => return None,
    })
}
