//! The form of an origin's settings as a table. Names are the paths of the settings, as the admin API has them.

/// A part of the form.
pub(super) struct Group {
    pub(super) title: &'static str,
    pub(super) fields: &'static [Field],
}

/// A field.
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    pub(super) hint: &'static str,
    pub(super) input: Input,
}

/// What is typed there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Input {
    /// One of [`KINDS`].
    Kind,
    /// Text; empty is none.
    Text,
    /// Text that is not shown; empty is none.
    Secret,
    /// Text of several lines; empty is none.
    Lines,
    /// Yes or no.
    Tick,
    /// A whole number with its unit.
    Number { unit: &'static str, most: u64, may_be_empty: bool },
    /// Times of day, one a line.
    Windows,
}

/// Values and names of what origins speak.
pub(super) const KINDS: [(&str, &str); 3] = [("http", "HTTP"), ("s3", "S3"), ("oss", "OSS")];

const fn field(name: &'static str, label: &'static str, input: Input, hint: &'static str) -> Field {
    Field { name, label, hint, input }
}

const fn number(unit: &'static str) -> Input {
    Input::Number { unit, most: u64::MAX, may_be_empty: false }
}

const fn cap(unit: &'static str, most: u64) -> Input {
    Input::Number { unit, most, may_be_empty: true }
}

const NO_LIMIT: &str = "Empty sets no limit.";
const SMALL: u64 = u32::MAX as u64;

/// The form.
pub(super) const GROUPS: [Group; 5] = [
    Group {
        title: "What it speaks",
        fields: &[
            field(
                "kind",
                "Kind",
                Input::Kind,
                "Requests to S3 and OSS are signed with the credentials below; a rule's own come first.",
            ),
            field(
                "credentials.access_key_id",
                "Access key ID",
                Input::Text,
                "For S3 and OSS. Empty, with the three below: requests are not signed.",
            ),
            field(
                "credentials.access_key_secret",
                "Access key secret",
                Input::Secret,
                "Six dots stand for the secret that is stored for this access key ID: leave them to keep it. A new one is never shown again; if the form is refused, type it anew.",
            ),
            field(
                "credentials.session_token",
                "Session token",
                Input::Secret,
                "Of temporary credentials only. Six dots stand for the one that is stored.",
            ),
            field("credentials.region", "Region", Input::Text, "Of the signature, as in cn-hangzhou."),
            field(
                "bucket",
                "Bucket",
                Input::Text,
                "OSS only: the bucket of the signature, where neither the path nor the host name shows it.",
            ),
            field(
                "treat_403_as_404",
                "Take 403 for a missing object",
                Input::Tick,
                "As S3 answers where the credentials may not list.",
            ),
            field(
                "user_agent",
                "User-Agent",
                Input::Text,
                "1 to 256 bytes. Empty sends aliyun-oss-mirror, unless a rule says otherwise.",
            ),
        ],
    },
    Group {
        title: "TLS",
        fields: &[
            field(
                "ca_pem",
                "Certificate authorities",
                Input::Lines,
                "PEM, at most 256 KiB: trusted for this origin besides the others.",
            ),
            field(
                "accept_invalid_certificate",
                "Accept any certificate",
                Input::Tick,
                "For origins in networks that are trusted for other reasons: whoever is on the way can read and change what is fetched.",
            ),
            field(
                "allow_downgrade",
                "Follow redirects from https to http",
                Input::Tick,
                "What follows is fetched in the clear.",
            ),
        ],
    },
    Group {
        title: "Limits",
        fields: &[
            field(
                "limits.max_concurrent",
                "Requests at one time",
                Input::Number { unit: "requests", most: SMALL, may_be_empty: false },
                "1 to 2,048, bodies included; 512 by default.",
            ),
            field("limits.requests_per_s", "Requests per second", cap("per second", SMALL), NO_LIMIT),
            field(
                "limits.bytes_per_s",
                "Bytes per second",
                cap("bytes per second", u64::MAX),
                "Of bodies, which are read more slowly then. Empty sets no limit.",
            ),
            field(
                "limits.bytes_per_day",
                "Budget of a day",
                cap("bytes", u64::MAX),
                "Of bodies, by UTC. When it is used up, misses are refused with 503 until midnight. Empty sets no limit.",
            ),
            field(
                "limits.bytes_per_month",
                "Budget of a month",
                cap("bytes", u64::MAX),
                "The same of a calendar month. Empty sets no limit.",
            ),
            field(
                "limits.min_bytes_per_s",
                "Slowest body",
                number("bytes per second"),
                "A body slower than this over 30 s is given up; 0 waits for any. 1,024 by default.",
            ),
        ],
    },
    Group {
        title: "Time limits",
        fields: &[
            field(
                "timeouts.connect_ms",
                "Connection",
                number("ms"),
                "Name resolution included; 3,000 by default. All four: 1 to 300,000.",
            ),
            field("timeouts.tls_ms", "TLS handshake", number("ms"), "5,000 by default."),
            field(
                "timeouts.first_byte_ms",
                "First byte",
                number("ms"),
                "From the request to the whole head of the answer; 10,000 by default.",
            ),
            field("timeouts.idle_ms", "Silence", number("ms"), "Within a body; 15,000 by default."),
        ],
    },
    Group {
        title: "Jobs",
        fields: &[field(
            "job_windows",
            "Times of day for jobs",
            Input::Windows,
            "One a line, UTC, as in 22:00-06:00; at most 16. Empty allows all. Requests of clients are served at any time.",
        )],
    },
];

/// All fields, in order.
pub(super) fn all() -> impl Iterator<Item = &'static Field> {
    GROUPS.iter().flat_map(|group| group.fields)
}
