//! Routing rules: which misses of a bucket go where.

use serde::{Deserialize, Serialize};

/// `RoutingRule` (placeholder shape: filled by the rule module).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RoutingRule {
    /// `RuleNumber`.
    pub number: u32,
}
