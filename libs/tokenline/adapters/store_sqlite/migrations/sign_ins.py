"""Refresh tokens by user: the list of sign-ins, and ending all of them."""

STATEMENTS = (
    "ALTER TABLE refresh_tokens ADD COLUMN user_id TEXT",
    "UPDATE refresh_tokens SET user_id = doc ->> '$.user_id'",
    "CREATE INDEX refresh_tokens_of_user ON refresh_tokens (user_id, revoked, expires_at)",
)
