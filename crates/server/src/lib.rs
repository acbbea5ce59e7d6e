//! Listeners, TLS, the request loop, telemetry and drain.
