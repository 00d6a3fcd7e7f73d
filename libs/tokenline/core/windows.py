"""Sliding windows: how much was used in the last ``per_s`` seconds, remembered in a few numbers.

A log of what was used, thinned out: what falls into the same twentieth of the window is kept as one entry, under the
time of its latest part. So at no moment is more than ``max`` within any ``per_s`` seconds, and what was used comes back
late by at most a twentieth of ``per_s``, never early. (The log and the counter between which this lies: "How we built
rate limiting capable of scaling to millions of domains", Cloudflare 2017; the counter there may let nearly twice
``max`` through at the border of two windows.)
"""

from collections.abc import Sequence
from typing import TypeAlias

from tokenline.contracts.limits import Charge, Limit, Used, Whose

STEPS = 20

Entries: TypeAlias = tuple[tuple[float, int], ...]
"""Time of the latest part and amount, oldest first. At most `STEPS` + 1 of them, if clocks agree."""


def live(entries: Entries, limit: Limit, now: float) -> Entries:
    """Without what has come back."""
    return tuple(entry for entry in entries if entry[0] + limit.per_s > now)


def used(entries: Entries) -> int:
    return sum(amount for _, amount in entries)


def free_at(entries: Entries, charge: Charge) -> float | None:
    """When there is room for it, among entries that are live; ``None``: at once. More than ``max`` waits for all."""
    over = used(entries) + max(charge.amount, 1) - charge.limit.max
    if over <= 0 or not entries:
        return None
    for at, amount in entries:
        over -= amount
        if over <= 0:
            return at + charge.limit.per_s
    return entries[-1][0] + charge.limit.per_s


def add(entries: Entries, limit: Limit, amount: int, now: float) -> Entries:
    """``amount`` more, whatever the limit says. Its place is by ``now``, should another's clock be ahead."""
    if amount <= 0:
        return entries
    step_s = limit.per_s / STEPS
    for index, (at, before) in enumerate(entries):
        if at // step_s == now // step_s:
            return (*entries[:index], (max(at, now), before + amount), *entries[index + 1 :])
        if at > now:
            return (*entries[:index], (now, amount), *entries[index:])
    return (*entries, (now, amount))


def take_back(entries: Entries, amount: int) -> Entries:
    """``amount`` less, the latest first."""
    kept = list(entries)
    while kept and amount > 0:
        at, last = kept.pop()
        if last > amount:
            kept.append((at, last - amount))
        amount -= last
    return tuple(kept)


def state(entries: Entries, charge: Charge, now: float) -> Used:
    """What is told of it."""
    entries = live(entries, charge.limit, now)
    amount = used(entries)
    return Used(
        name=charge.name,
        of=Whose(charge.subject.partition(":")[0]),
        max=charge.limit.max,
        per_s=charge.limit.per_s,
        used=amount,
        remaining=max(0, charge.limit.max - amount),
        reset_at=entries[-1][0] + charge.limit.per_s if entries else None,
        next_at=free_at(entries, Charge(name=charge.name, subject=charge.subject, limit=charge.limit)),
    )


def first_to_name(states: Sequence[Used]) -> Used:
    """Of several limits that are used up the one that lasts longest."""
    return max(states, key=lambda one: one.next_at or 0.0)
