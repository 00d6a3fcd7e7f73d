"""Until when a temporary conversation stays; NULL: nobody has said."""

STATEMENTS = ("ALTER TABLE conversations ADD COLUMN expires_at REAL",)
