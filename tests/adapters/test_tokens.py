"""Access tokens: what ours say, and that nothing else is taken for one."""

import base64
import hashlib
import hmac
import json
from datetime import timedelta
from typing import Any

import jwt
import pytest

from adapters.clock import ManualClock
from adapters.ids import SeededRandomness
from adapters.tokens import JwtTokens, key_of
from domain.errors import NotAuthenticated, TokenExpired
from domain.people import Role
from tests.builders import NOW, STUDENT, after

KEY = b"k" * 16 + bytes(range(16, 48))
SECONDS = int(NOW.timestamp())
CLAIMS: dict[str, Any] = {
    "iss": "tuition",
    "aud": "tuition-api",
    "sub": STUDENT,
    "role": "student",
    "jti": "once",
    "iat": SECONDS,
    "nbf": SECONDS,
    "exp": SECONDS + 900,
}


def tokens(clock: ManualClock | None = None) -> JwtTokens:
    return JwtTokens(key=KEY, wall=clock or ManualClock(NOW), randomness=SeededRandomness())


def encoded(part: object) -> str:
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def signed(
    header: object, claims: object, key: bytes = KEY, digest: str = "sha256", sign: bool = True
) -> str:
    """Sign by hand whatever a library would refuse to sign."""
    body = f"{encoded(header)}.{encoded(claims)}"
    tag = hmac.new(key, body.encode(), getattr(hashlib, digest)).digest() if sign else b""
    return f"{body}.{encoded(tag)}"


HEADER = {"alg": "HS256", "typ": "JWT"}
GOOD = signed(HEADER, CLAIMS)


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in CLAIMS.items() if key != name}


def flipped(text: str, at: int) -> str:
    return text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]


def test_what_is_issued_can_be_read() -> None:
    issued = tokens().issue(STUDENT, Role.TEACHER)

    read = tokens().read(issued.text)

    assert (read.user_id, read.role) == (STUDENT, Role.TEACHER)
    assert read.expires_at == NOW + timedelta(seconds=issued.expires_in_seconds)


def test_a_token_lasts_a_quarter_of_an_hour() -> None:
    assert tokens().issue(STUDENT, Role.STUDENT).expires_in_seconds == 900


def test_two_tokens_of_one_second_differ() -> None:
    issuer = tokens()

    assert issuer.issue(STUDENT, Role.STUDENT).text != issuer.issue(STUDENT, Role.STUDENT).text


def test_a_token_signed_by_hand_with_our_key_is_good() -> None:
    assert tokens().read(GOOD).user_id == STUDENT


def test_neither_key_nor_token_shows_in_a_repr() -> None:
    issued = tokens().issue(STUDENT, Role.STUDENT)

    assert issued.text not in repr(issued)
    assert repr(KEY) not in repr(tokens())


def test_a_token_is_good_until_it_expires() -> None:
    clock = ManualClock(NOW)
    clock.advance(timedelta(seconds=899))

    assert tokens(clock).read(GOOD).user_id == STUDENT


@pytest.mark.parametrize("late_seconds", [905, 906, 86_400])
def test_an_expired_token_says_so(late_seconds: int) -> None:
    clock = ManualClock(after(seconds=late_seconds))

    with pytest.raises(TokenExpired):
        tokens(clock).read(GOOD)


def test_an_expired_token_with_a_wrong_signature_does_not_say_that_it_was_good_once() -> None:
    clock = ManualClock(after(days=1))

    with pytest.raises(NotAuthenticated) as caught:
        tokens(clock).read(signed(HEADER, CLAIMS, key=b"x" * 32))

    assert caught.value.code == "not_authenticated"


def test_a_process_whose_clock_is_behind_accepts_a_fresh_token() -> None:
    assert tokens(ManualClock(after(seconds=-4))).read(GOOD).user_id == STUDENT


@pytest.mark.parametrize(
    "secret", ["short", "exactly-thirty-one-bytes-long!!"], ids=["short", "one too few"]
)
def test_a_short_secret_is_stretched_to_the_length_of_the_hash(secret: str) -> None:
    assert len(key_of(secret)) == 32


def test_a_long_secret_is_the_key_itself() -> None:
    assert key_of("s" * 40) == b"s" * 40


FORGERIES: dict[str, str] = {
    "no algorithm": signed({"alg": "none"}, CLAIMS, sign=False),
    "no algorithm, another case": signed({"alg": "NONE"}, CLAIMS, sign=False),
    "no algorithm, mixed case": signed({"alg": "nOnE"}, CLAIMS, sign=False),
    "no algorithm, our signature": signed({"alg": "none"}, CLAIMS),
    "no algorithm, two parts": f"{encoded({'alg': 'none'})}.{encoded(CLAIMS)}",
    "algorithm left out": signed({"typ": "JWT"}, CLAIMS),
    "algorithm null": signed({"alg": None}, CLAIMS),
    "algorithm a list": signed({"alg": ["HS256"]}, CLAIMS),
    "algorithm in lower case": signed({"alg": "hs256"}, CLAIMS),
    "algorithm unknown": signed({"alg": "HS257"}, CLAIMS),
    "HS384 with our key": signed({"alg": "HS384"}, CLAIMS, digest="sha384"),
    "HS512 with our key": signed({"alg": "HS512"}, CLAIMS, digest="sha512"),
    "RS256 in the header": signed({"alg": "RS256"}, CLAIMS),
    "ES256 with an empty signature": signed({"alg": "ES256"}, CLAIMS, sign=False),
    "another key": signed(HEADER, CLAIMS, key=b"x" * 32),
    "an empty key": signed(HEADER, CLAIMS, key=b""),
    "our key cut short": signed(HEADER, CLAIMS, key=KEY[:-1]),
    "no signature": signed(HEADER, CLAIMS, sign=False),
    "signature cut short": GOOD[:-4],
    "signature of other claims": ".".join(
        [*GOOD.split(".")[:2], signed(HEADER, {**CLAIMS, "role": "admin"}).split(".")[2]]
    ),
    "first letter of the signature altered": flipped(GOOD, GOOD.rindex(".") + 1),
    "another spelling of the same signature": GOOD[:-1]
    + chr(ord(GOOD[-1]) + (1 if GOOD[-1] in "AEIMQUYcgkosw048" else -1)),
    "claims altered": ".".join(
        [GOOD.split(".")[0], encoded({**CLAIMS, "role": "admin"}), GOOD.split(".")[2]]
    ),
    "header altered": ".".join([encoded({**HEADER, "kid": "1"}), *GOOD.split(".")[1:]]),
    "another audience": signed(HEADER, {**CLAIMS, "aud": "another-api"}),
    "an audience among others": signed(HEADER, {**CLAIMS, "aud": ["tuition-api", "x"]}),
    "audience null": signed(HEADER, {**CLAIMS, "aud": None}),
    "another issuer": signed(HEADER, {**CLAIMS, "iss": "somebody"}),
    "issuer a list": signed(HEADER, {**CLAIMS, "iss": ["tuition"]}),
    "not valid yet": signed(HEADER, {**CLAIMS, "nbf": SECONDS + 60}),
    "issued in the future": signed(HEADER, {**CLAIMS, "iat": SECONDS + 60}),
    **{f"{name} left out": signed(HEADER, without(name)) for name in CLAIMS},
    "expiry null": signed(HEADER, {**CLAIMS, "exp": None}),
    "expiry as text": signed(HEADER, {**CLAIMS, "exp": str(SECONDS + 900)}),
    "expiry with a fraction": signed(HEADER, {**CLAIMS, "exp": SECONDS + 900.5}),
    "expiry true": signed(HEADER, {**CLAIMS, "exp": True}),
    "expiry at the end of time": signed(HEADER, {**CLAIMS, "exp": 10**30}),
    "expiry infinite": signed(HEADER, {**CLAIMS, "exp": float("inf")}),
    "expiry before 1970": signed(HEADER, {**CLAIMS, "exp": -1}),
    "a role that is none": signed(HEADER, {**CLAIMS, "role": "root"}),
    "a list of roles": signed(HEADER, {**CLAIMS, "role": ["admin"]}),
    "an empty subject": signed(HEADER, {**CLAIMS, "sub": ""}),
    "a number as subject": signed(HEADER, {**CLAIMS, "sub": 1}),
    "a number as id": signed(HEADER, {**CLAIMS, "jti": 7}),
    "claims that are a list": signed(HEADER, [CLAIMS]),
    "claims that are no JSON": signed(HEADER, b"{"),
    "claims that are no UTF-8": signed(HEADER, b"\xff\xfe"),
    "header that is no JSON": signed(b"{", CLAIMS),
    "header that is a list": signed([HEADER], CLAIMS),
    "header without end": signed(b"[" * 1_000, {}),
    "a key id that is no text": signed({**HEADER, "kid": 1}, CLAIMS),
    "a key id that is a path": signed({**HEADER, "kid": "../../dev/null"}, CLAIMS, key=b""),
    "a key in the header": signed(
        {**HEADER, "jwk": {"kty": "oct", "k": encoded(b"x" * 32)}}, CLAIMS, key=b"x" * 32
    ),
    "a key elsewhere": signed({**HEADER, "jku": "https://example.com/keys"}, CLAIMS, key=b"x" * 32),
    "a critical extension": signed({**HEADER, "crit": ["exp"], "exp": 1}, CLAIMS),
    "a detached payload": signed({**HEADER, "b64": False, "crit": ["b64"]}, CLAIMS),
    "encrypted, five parts": f"{GOOD}.a.b",
    "huge": signed(HEADER, {**CLAIMS, "padding": "x" * 10_000}),
    "empty": "",
    "one part": "token",
    "points only": "..",
    "a point too many": f"{GOOD}.",
    "padding": f"{GOOD}=",
    "a space before": f" {GOOD}",
    "a newline after": f"{GOOD}\n",
    "the other base 64": GOOD.replace("_", "/").replace("-", "+") + "+",
    "no ASCII": f"{GOOD}ü",
    "a lone surrogate": f"{GOOD}\ud800",
    "NUL": f"{GOOD}\x00",
    "the scheme again": f"Bearer {GOOD}",
}


@pytest.mark.parametrize("forgery", FORGERIES.values(), ids=FORGERIES.keys())
def test_a_forgery_is_refused(forgery: str) -> None:
    with pytest.raises(NotAuthenticated) as caught:
        tokens().read(forgery)

    assert caught.value.code == "not_authenticated"


def test_every_spelling_of_the_last_letter_but_our_own_is_refused() -> None:
    for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_":
        if letter != GOOD[-1]:
            with pytest.raises(NotAuthenticated):
                tokens().read(GOOD[:-1] + letter)


def test_a_token_of_another_installation_is_refused() -> None:
    elsewhere = JwtTokens(key=b"y" * 32, wall=ManualClock(NOW), randomness=SeededRandomness())

    with pytest.raises(NotAuthenticated):
        tokens().read(elsewhere.issue(STUDENT, Role.ADMIN).text)


def test_the_library_agrees_with_what_is_signed_by_hand() -> None:
    assert jwt.encode(CLAIMS, KEY, algorithm="HS256").count(".") == 2
    assert (
        jwt.decode(
            GOOD,
            KEY,
            algorithms=["HS256"],
            audience="tuition-api",
            options={"verify_exp": False, "verify_iat": False, "verify_nbf": False},
        )
        == CLAIMS
    )
