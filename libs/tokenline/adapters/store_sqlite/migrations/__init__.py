"""What each version of the schema adds to the one before, in order: one file per change, only ever appended to."""

from tokenline.adapters.store_sqlite.migrations import (
    contents,
    erasures,
    feedback,
    fetches,
    first,
    identities,
    indexes,
    limits,
    line,
    revocations,
    search,
    shares,
    sign_ins,
    temporary,
    tree,
    unsent,
    uploads,
    webhooks,
)

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    first.STATEMENTS,
    line.STATEMENTS,
    webhooks.STATEMENTS,
    revocations.STATEMENTS,
    sign_ins.STATEMENTS,
    tree.STATEMENTS,
    limits.STATEMENTS,
    feedback.STATEMENTS,
    search.STATEMENTS,
    erasures.STATEMENTS,
    temporary.STATEMENTS,
    identities.STATEMENTS,
    shares.STATEMENTS,
    uploads.STATEMENTS,
    fetches.STATEMENTS,
    indexes.STATEMENTS,
    contents.STATEMENTS,
    unsent.STATEMENTS,
)
"""``user_version`` counts those applied."""
