"""What is counted for limits: a row for each counter, gone when everything has come back."""

STATEMENTS = (
    "CREATE TABLE used (key TEXT PRIMARY KEY, over_at REAL NOT NULL, entries TEXT NOT NULL) WITHOUT ROWID",
    "CREATE INDEX used_over ON used (over_at)",
)
