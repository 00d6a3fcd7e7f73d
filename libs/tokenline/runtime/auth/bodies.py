"""Bodies of the account routes: limits and nothing unknown, so that a field the server owns cannot be slipped in."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from tokenline.contracts.accounts import Scope
from tokenline.contracts.limits import Limit, Limits
from tokenline.runtime.json_types import WHOLE, Number
from tokenline.runtime.limits import MAX_SPAN_S

Token = Annotated[str, Field(min_length=1, max_length=2048)]
Password = Annotated[str, Field(max_length=4096)]


class Body(BaseModel):
    """Base of all request bodies."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class CredentialsBody(Body):
    """Whether address and password will do is for `Accounts` to say, with codes of their own."""

    email: Annotated[str, Field(max_length=1024)]
    password: Password


class RefreshBody(Body):
    refresh_token: Token


class LogoutBody(Body):
    refresh_token: Token | None = None


class PasswordBody(Body):
    """``password``: the present one; left out where an account has none."""

    password: Password | None = None
    new_password: Password


class LimitBody(Body):
    """0: without limit of its own."""

    max: Annotated[int, Field(ge=0, le=10**12), WHOLE]
    per_s: Annotated[Number, Field(gt=0, le=MAX_SPAN_S)]

    def shape(self) -> Limit:
        return Limit(max=self.max, per_s=self.per_s)


class LimitsBody(Body):
    messages: LimitBody | None = None
    tokens: LimitBody | None = None
    uploads: LimitBody | None = None
    conversations: LimitBody | None = None
    searches: LimitBody | None = None

    def shape(self) -> Limits:
        return Limits(**{name: limit.shape() for name, limit in self if limit is not None})


class DeletionBody(Body):
    """``password`` is left out where an account has none."""

    password: Password | None = None


class ApiKeyBody(Body):
    name: Annotated[str, Field(min_length=1, max_length=100)]
    scopes: Annotated[tuple[Scope, ...], Field(min_length=1, max_length=100)] = (Scope.CHAT, Scope.ADMIN)
    expires_in_days: Annotated[int, Field(ge=1, le=3650), WHOLE] | None = None
    limits: LimitsBody = LimitsBody()
