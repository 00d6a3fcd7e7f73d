"""Bodies of the account routes: limits and nothing unknown, so that a field the server owns cannot be slipped in."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Token = Annotated[str, Field(min_length=1, max_length=2048)]


class Body(BaseModel):
    """Base of all request bodies."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class CredentialsBody(Body):
    """Whether address and password will do is for `Accounts` to say, with codes of their own."""

    email: Annotated[str, Field(max_length=1024)]
    password: Annotated[str, Field(max_length=4096)]


class RefreshBody(Body):
    refresh_token: Token


class LogoutBody(Body):
    refresh_token: Token | None = None


class ApiKeyBody(Body):
    name: Annotated[str, Field(min_length=1, max_length=100)]
