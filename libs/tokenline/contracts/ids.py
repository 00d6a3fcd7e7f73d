"""Names for identifiers. All are UUIDv7 in lower-case hyphenated form unless said otherwise."""

from typing import TypeAlias

TicketId: TypeAlias = str
ConversationId: TypeAlias = str
MessageId: TypeAlias = str
BranchId: TypeAlias = str
"""The conversation's id, or that of the message which began the branch."""

AttachmentId: TypeAlias = str
UserId: TypeAlias = str
ApiKeyId: TypeAlias = str
WebhookId: TypeAlias = str
ShareId: TypeAlias = str

AgentId: TypeAlias = str
"""A short name chosen in the agents file, such as ``assistant``."""

Pool: TypeAlias = str
"""Name of a queue of tickets that one kind of worker serves: ``[a-z0-9-]{1,40}``."""

GatewayId: TypeAlias = str
ReplyKey: TypeAlias = str
"""The routing key of what is said to one gateway: `topology.reply_key`."""

WorkerId: TypeAlias = str
"""Chosen by the operator or derived from host and port; stable over restarts."""

Incarnation: TypeAlias = str
"""New at every start of a process, so that a restarted worker is not mistaken for its former self."""
