"""Passwords that are hashed at little cost, for tests of other things: argon2id takes 22 ms of a core as promised.

Every sign-in and every start of a gateway pays for one or two. Fixture `costly_hashes` is for tests of passwords.
"""

from pwdlib.hashers.argon2 import Argon2Hasher

from tokenline.runtime.auth import passwords

PROMISED = passwords._hasher
CHEAP = Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1)


def hash_with(hasher: Argon2Hasher) -> None:
    """In this process, from here on. Hashes made before are still verified."""
    passwords._hasher = hasher
    passwords._nobodys_hash.cache_clear()
