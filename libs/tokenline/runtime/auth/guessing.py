"""Judges passwords, ever more slowly for those who guess: after ten failures in five minutes, of an account or from
an address, neither gets a judgement for a while."""

from tokenline.contracts.accounts import User
from tokenline.contracts.errors import RateLimited
from tokenline.core.clock import Clock
from tokenline.runtime.auth.identity import MAX_PASSWORD_CHARS, normal_password
from tokenline.runtime.auth.passwords import Passwords
from tokenline.runtime.auth.throttle import Throttle, network_of


class PasswordCheck:
    def __init__(self, clock: Clock, passwords: Passwords) -> None:
        self._clock = clock
        self._passwords = passwords
        self._throttle = Throttle()

    async def right(self, password: str, user: User | None, email: str, address: str) -> bool:
        """Whether it is the password of ``user``, who may sign in. ``email``: who is guessed at, account or not.

        Raises `RateLimited`.
        """
        account_key, address_key = f"account:{email}", f"address:{network_of(address)}"

        def may_try() -> None:
            now = self._clock.monotonic()
            wait_s = max(self._throttle.wait_s(key, now) for key in (account_key, address_key))
            if wait_s > 0:
                raise RateLimited("Too many failed sign-ins. Please wait.", retry_after_s=wait_s)

        may_try()
        right = await self._passwords.verify(
            normal_password(password[:MAX_PASSWORD_CHARS]),
            None if user is None else user.password_hash,
            before=may_try,
        )
        if user is None or not right or user.disabled:
            for key in (account_key, address_key):
                self._throttle.failed(key, self._clock.monotonic())
            return False
        # The address stays watched: an account of one's own is no licence to guess at others.
        self._throttle.succeeded(account_key)
        return True
