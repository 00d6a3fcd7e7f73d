"""Bodies of the account routes: limits and nothing unknown, so that a field the server owns cannot be slipped in."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from tokenline.contracts.accounts import Role

Token = Annotated[str, Field(min_length=1, max_length=2048)]


class Body(BaseModel):
    """Base of all request bodies."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Answer(BaseModel):
    """Base of all answers; made from shapes of the contracts."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


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


class TokensAnswer(Answer):
    access_token: str
    refresh_token: str
    token_type: str
    expires_in: int


class SocketTicketAnswer(Answer):
    ticket: str
    expires_in: int


class MeAnswer(Answer):
    id: str
    email: str
    role: Role
    tier: int
    via: Literal["password", "api_key"]


class ApiKeyAnswer(Answer):
    id: str
    name: str
    created_at: float


class NewApiKeyAnswer(ApiKeyAnswer):
    key: str


class ApiKeysAnswer(Answer):
    items: list[ApiKeyAnswer]
    next: None = None
