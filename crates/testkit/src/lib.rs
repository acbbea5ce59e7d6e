//! Test-only: origins that misbehave on request, conformance suites, the reference model.
