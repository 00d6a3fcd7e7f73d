"""Settings of whatever people can sign in to."""

from pydantic import SecretStr

from tokenline.runtime.settings import ServiceSettings


class OidcSettings(ServiceSettings):
    public_url: str | None = None
    """Where browsers find this service (``https://chat.example.org``); unset: as their requests say."""
    oidc_issuer: str | None = None
    """OpenID Connect provider to sign in at; unset: none."""
    oidc_client_id: str = ""
    """What the provider calls us; redirect address: ``/api/v1/auth/oidc/callback``."""
    oidc_client_secret: SecretStr | None = None
    """Unset: a public client, by PKCE alone."""
    oidc_scopes: str = "openid email profile"
    """What is asked for, with spaces between."""
    oidc_label: str = "single sign-on"
    """What the button says after “Continue with”."""
    oidc_domains: tuple[str, ...] = ()
    """Domains of e-mail addresses that may sign in (``["example.org"]``); empty: any."""
    oidc_registration_open: bool | None = None
    """Whether who signs in for the first time gets an account; unset: as ``TOKENLINE_REGISTRATION_OPEN``."""
    oidc_admin_claim: str = ""
    """Claim that makes administrators (``groups``, ``realm_access.roles``); empty: none does."""
    oidc_admin_value: str = ""
    """What it must be, or contain. Whoever lacks it is an ordinary user again at the next sign-in."""
