"""Password hashes: Argon2id, with the parameters that OWASP recommends as the least."""

import os
import secrets
import unicodedata
from base64 import b64encode
from threading import BoundedSemaphore

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

MEMORY_KIB = 19 * 1024
ROUNDS = 2
LANES = 1

_SALT_BYTES = 16
_HASH_BYTES = 32


class Argon2Passwords:
    """Hash and check passwords; a hash tells its own parameters, so they can be raised later.

    No more hashes are computed at once than the machine has processors: each takes `memory_kib`,
    and a flood of log-ins shall wait rather than exhaust the memory. Tests ask for little memory.
    """

    def __init__(self, *, memory_kib: int = MEMORY_KIB, rounds: int = ROUNDS) -> None:
        self._hasher = PasswordHasher(
            time_cost=rounds,
            memory_cost=memory_kib,
            parallelism=LANES,
            hash_len=_HASH_BYTES,
            salt_len=_SALT_BYTES,
            type=Type.ID,
        )
        self._turns = BoundedSemaphore(os.cpu_count() or 1)
        # Nobody's password: random bytes in the place of a hash, so that checking costs the same.
        self._nobodys_hash = (
            f"$argon2id$v=19$m={memory_kib},t={rounds},p={LANES}"
            f"${_unpadded(secrets.token_bytes(_SALT_BYTES))}"
            f"${_unpadded(secrets.token_bytes(_HASH_BYTES))}"
        )

    def hash(self, password: str) -> str:
        """Return a salted hash."""
        with self._turns:
            return self._hasher.hash(_bytes_of(password))

    def verify(self, password_hash: str | None, password: str) -> bool:
        """Tell whether the password is the hashed one; for nobody's (None) it takes as long."""
        known = self._nobodys_hash if password_hash is None else password_hash
        with self._turns:
            try:
                return self._hasher.verify(known, _bytes_of(password))
            except (VerificationError, InvalidHashError):
                return False

    def is_outdated(self, password_hash: str) -> bool:
        """Tell whether the hash was made with other parameters than today's."""
        try:
            return self._hasher.check_needs_rehash(password_hash)
        except InvalidHashError:
            return True


def _bytes_of(password: str) -> bytes:
    # Keyboards spell the same letter in different ways; a lone surrogate is odd, but no crash.
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")


def _unpadded(raw: bytes) -> str:
    return b64encode(raw).rstrip(b"=").decode()
