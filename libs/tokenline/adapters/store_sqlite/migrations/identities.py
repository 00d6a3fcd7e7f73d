"""Who users are at OpenID Connect providers."""

STATEMENTS = (
    """CREATE TABLE identities (
        issuer TEXT NOT NULL, subject TEXT NOT NULL, user_id TEXT NOT NULL, doc TEXT NOT NULL,
        PRIMARY KEY (issuer, subject)
    ) WITHOUT ROWID""",
    "CREATE INDEX identities_of_user ON identities (user_id)",
)
