"""What a credential may do: the one place that decides it, for routes and sockets alike."""

from tokenline.contracts.accounts import Role, Scope
from tokenline.contracts.errors import NotAllowed
from tokenline.runtime.auth.principal import Principal

_LOOKING = frozenset({"GET", "HEAD", "OPTIONS"})
_IMPLIED_BY = {Scope.READ: Scope.CHAT}


def scope_of(method: str) -> Scope:
    """What a route needs that says nothing else: looking is for everybody, the rest is taking part."""
    return Scope.READ if method in _LOOKING else Scope.CHAT


def demand(principal: Principal, needed: Scope) -> None:
    """Raises `NotAllowed`, naming the ``scope`` that is missing."""
    if needed not in principal.scopes and _IMPLIED_BY.get(needed) not in principal.scopes:
        raise NotAllowed(f"This API key may not do this: it lacks the scope “{needed.value}”.", scope=needed.value)


def demand_administrator(principal: Principal) -> None:
    """Raises `NotAllowed` for other accounts, and for an administrator's key without the scope."""
    if principal.role is not Role.ADMIN:
        raise NotAllowed
    demand(principal, Scope.ADMIN)
