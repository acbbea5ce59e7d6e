//! Everything that leaves the machine: address guard, pooled client, redirects.
