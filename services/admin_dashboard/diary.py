"""Writes every action down: what is meant before it is done, how it ended afterwards."""

from collections.abc import Awaitable, Callable
from typing import Any

import structlog

from tokenline.contracts.admin import ActionAnswer, AuditAction, AuditEntry
from tokenline.contracts.errors import StoreUnavailable, TokenlineError
from tokenline.core.clock import Clock, new_id
from tokenline.core.ports.store import AuditStore
from tokenline.runtime.auth.principal import Principal

Effect = Callable[[], Awaitable[ActionAnswer]]

log = structlog.get_logger()


class Diary:
    def __init__(self, store: AuditStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def record(
        self, actor: Principal, action: AuditAction, target: str, effect: Effect, **detail: Any
    ) -> ActionAnswer:
        """Carry out ``effect``, which is not begun unless the intent is stored. Raises what it raises.

        ``detail`` leaves out what is `None`.
        """
        now = self._clock.now()
        entry = AuditEntry(
            id=new_id(now),
            at=now,
            actor_id=actor.user_id,
            actor=actor.email,
            action=action,
            target=target,
            detail={name: value for name, value in detail.items() if value is not None},
        )
        await self._store.add_audit(entry)
        try:
            answer = await effect()
        except TokenlineError as error:
            await self._close(entry, error.code)
            raise
        await self._close(entry, answer.outcome)
        return answer

    async def _close(self, entry: AuditEntry, outcome: str) -> None:
        """The answer does not depend on it: the effect is there, and the entry says who wanted it."""
        log.info("admin.acted", action=entry.action, target=entry.target, actor_id=entry.actor_id, outcome=outcome)
        try:
            await self._store.close_audit(entry.id, outcome)
        except StoreUnavailable:
            log.warning("audit.left_open", entry=entry.id, outcome=outcome)
