"""Why a ticket in the queue waits, where its position does not say it: one wording for users and administrators."""

NO_WORKER = "no worker for this agent"
PAUSED = "paused by an administrator"
BROKER_AWAY = "broker unavailable"
SAFE = f"{BROKER_AWAY}, your message is safe"
"""What its owner is told."""
