"""What Stripe publishes about its test cards, declines, currencies and limits.

Both gateways stand on these tables: the Stripe adapter because it talks to Stripe, the fake because
it behaves like Stripe. Sources: Stripe's documentation pages "Testing", "Declines" and "Supported
currencies". Amounts are in ISO 4217 minor units, as in the domain, unless a name says `wire`.
"""

from enum import StrEnum

from attrs import frozen

from application.ports.gateway import ChargeLimit
from domain.errors import InvalidField
from domain.money import EXPONENTS, half_up

# --- Test cards ---------------------------------------------------------------------------------


class CardBehaviour(StrEnum):
    """What a published test method does."""

    SUCCEEDS = "succeeds"
    DECLINES = "declines"
    """Refuses to be attached (402), and declines when it is confirmed with directly."""
    DECLINES_LATER = "declines_later"
    """Attaches; then every charge declines."""
    NEEDS_ACTION = "needs_action"
    """Attaches; asks for 3-D Secure, and off session fails with `authentication_required`."""
    NEEDS_ACTION_THEN_DECLINES = "needs_action_then_declines"
    """Attaches and asks for 3-D Secure; the charge declines though it was passed."""
    DISPUTED = "disputed"
    """Succeeds, then is disputed."""
    REFUND_PENDS = "refund_pends"
    """Succeeds; a refund is pending at first and succeeds later."""
    REFUND_FAILS = "refund_fails"
    """Succeeds; a refund succeeds at first and fails later."""
    PROCESSES = "processes"
    """A delayed method: processing at first, succeeds later."""
    PROCESSES_THEN_FAILS = "processes_then_fails"
    """A delayed method: processing at first, fails later."""

    @property
    def attaches(self) -> bool:
        """Tell whether it can be attached to a customer."""
        return self is not CardBehaviour.DECLINES

    @property
    def asks_for_action(self) -> bool:
        """Tell whether a payer who is present has to pass 3-D Secure."""
        return self in (CardBehaviour.NEEDS_ACTION, CardBehaviour.NEEDS_ACTION_THEN_DECLINES)

    @property
    def is_delayed(self) -> bool:
        """Tell whether success or failure comes only later."""
        return self in (CardBehaviour.PROCESSES, CardBehaviour.PROCESSES_THEN_FAILS)


@frozen(kw_only=True)
class PublishedCard:
    """A test payment method that Stripe publishes.

    `code` and `decline_code` are what a declining one declines with.
    """

    token: str
    number: str | None
    """None for a method that is no card, or that has only a token."""
    brand: str
    behaviour: CardBehaviour = CardBehaviour.SUCCEEDS
    code: str | None = None
    decline_code: str | None = None
    country: str = "US"
    method_type: str = "card"
    spellings: tuple[str, ...] = ()
    """Other tokens for the same; the newer ones name the brand."""

    @property
    def last4(self) -> str:
        """Return the last four digits."""
        return self.number[-4:] if self.number else "6789"

    @property
    def cvc_length(self) -> int:
        """Return how many digits its security code has."""
        return 4 if self.brand == "amex" else 3


def _good(token: str, number: str, brand: str, country: str = "US") -> PublishedCard:
    return PublishedCard(token=token, number=number, brand=brand, country=country)


def _visa(
    name: str,
    number: str | None,
    behaviour: CardBehaviour,
    *,
    code: str | None = None,
    decline_code: str | None = None,
    country: str = "US",
) -> PublishedCard:
    return PublishedCard(
        token=f"pm_card_{name}",
        spellings=(f"pm_card_visa_{name}",) if name.startswith("charge") else (),
        number=number,
        brand="visa",
        behaviour=behaviour,
        code=code,
        decline_code=decline_code,
        country=country,
    )


def _declines(
    name: str, number: str | None, decline_code: str | None, code: str = "card_declined"
) -> PublishedCard:
    return _visa(
        f"chargeDeclined{name}",
        number,
        CardBehaviour.DECLINES,
        code=code,
        decline_code=decline_code,
    )


def _bank_account(name: str, behaviour: CardBehaviour) -> PublishedCard:
    fails = behaviour is CardBehaviour.PROCESSES_THEN_FAILS
    return PublishedCard(
        token=f"pm_usBankAccount_{name}",
        number=None,
        brand="us_bank_account",
        behaviour=behaviour,
        code="payment_intent_payment_attempt_failed" if fails else None,
        decline_code="insufficient_funds" if fails else None,
        method_type="us_bank_account",
    )


_LATER, _ACTION = CardBehaviour.DECLINES_LATER, CardBehaviour.NEEDS_ACTION
_ACTION_DECLINES = CardBehaviour.NEEDS_ACTION_THEN_DECLINES

PUBLISHED_CARDS: tuple[PublishedCard, ...] = (
    _good("pm_card_visa", "4242424242424242", "visa"),
    _good("pm_card_visa_debit", "4000056655665556", "visa"),
    _good("pm_card_mastercard", "5555555555554444", "mastercard"),
    _good("pm_card_mastercard_debit", "5200828282828210", "mastercard"),
    _good("pm_card_mastercard_prepaid", "5105105105105100", "mastercard"),
    _good("pm_card_amex", "378282246310005", "amex"),
    _good("pm_card_discover", "6011111111111117", "discover"),
    _good("pm_card_diners", "3056930009020004", "diners"),
    _good("pm_card_jcb", "3566002020360505", "jcb", "JP"),
    _good("pm_card_unionpay", "6200000000000005", "unionpay", "CN"),
    _good("pm_card_gb", "4000008260000000", "visa", "GB"),
    _good("pm_card_de", "4000002760000016", "visa", "DE"),
    _good("pm_card_fr", "4000002500000003", "visa", "FR"),
    _declines("", "4000000000000002", "generic_decline"),
    _declines("InsufficientFunds", "4000000000009995", "insufficient_funds"),
    _declines("LostCard", "4000000000009987", "lost_card"),
    _declines("StolenCard", "4000000000009979", "stolen_card"),
    _declines("ExpiredCard", "4000000000000069", None, "expired_card"),
    _declines("IncorrectCvc", "4000000000000127", None, "incorrect_cvc"),
    _declines("ProcessingError", "4000000000000119", None, "processing_error"),
    _declines("VelocityLimitExceeded", "4000000000006975", "card_velocity_exceeded"),
    _declines("Fraudulent", None, "fraudulent"),
    _visa(
        "radarBlock",
        "4100000000000019",
        _LATER,
        code="card_declined",
        decline_code="fraudulent",
    ),
    _visa(
        "chargeCustomerFail",
        "4000000000000341",
        _LATER,
        code="card_declined",
        decline_code="generic_decline",
    ),
    _visa("authenticationRequiredOnSetup", "4000002500003155", _ACTION, country="FR"),
    _visa("authenticationRequired", "4000002760003184", _ACTION, country="DE"),
    _visa("threeDSecure2Required", "4000000000003220", _ACTION),
    _visa(
        "threeDSecureRequiredChargeDeclined",
        "4000008400001629",
        _ACTION_DECLINES,
        code="card_declined",
        decline_code="generic_decline",
    ),
    _visa(
        "authenticationRequiredChargeDeclinedInsufficientFunds",
        "4000008260003178",
        _ACTION_DECLINES,
        code="card_declined",
        decline_code="insufficient_funds",
        country="GB",
    ),
    _visa("createDispute", "4000000000000259", CardBehaviour.DISPUTED),
    _visa("pendingRefund", "4000000000007726", CardBehaviour.REFUND_PENDS),
    _visa("refundFail", "4000000000005126", CardBehaviour.REFUND_FAILS),
    _visa("bypassPending", "4000000000000077", CardBehaviour.SUCCEEDS),
    _bank_account("success", CardBehaviour.PROCESSES),
    _bank_account("insufficientFunds", CardBehaviour.PROCESSES_THEN_FAILS),
)

CARDS_BY_TOKEN: dict[str, PublishedCard] = {
    token: card for card in PUBLISHED_CARDS for token in (card.token, *card.spellings)
}
"""Every spelling of every test token."""

CARDS_BY_NUMBER: dict[str, PublishedCard] = {
    card.number: card for card in PUBLISHED_CARDS if card.number is not None
}
"""The test numbers, without spaces."""

# --- Declines -----------------------------------------------------------------------------------

_ADVICE_BY_CODE: dict[str, str | None] = {
    "authentication_required": None,  # Nothing is wrong with the card: its owner must be asked.
    "generic_decline": "try_again_later",
    "insufficient_funds": "try_again_later",
    "processing_error": "try_again_later",
    "try_again_later": "try_again_later",
    "issuer_not_available": "try_again_later",
    "reenter_transaction": "try_again_later",
    "incorrect_cvc": "confirm_card_data",
    "invalid_cvc": "confirm_card_data",
    "incorrect_number": "confirm_card_data",
    "invalid_number": "confirm_card_data",
    "incorrect_zip": "confirm_card_data",
    "invalid_expiry_month": "confirm_card_data",
    "invalid_expiry_year": "confirm_card_data",
    "lost_card": "do_not_try_again",
    "stolen_card": "do_not_try_again",
    "pickup_card": "do_not_try_again",
    "fraudulent": "do_not_try_again",
    "merchant_blacklist": "do_not_try_again",
    "stop_payment_order": "do_not_try_again",
}


def advice_for(code: str, decline_code: str | None) -> str | None:
    """Say what a payer should do about a decline, where Stripe itself gave no advice."""
    return _ADVICE_BY_CODE.get(decline_code or code, "use_another_card")


DECLINE_MESSAGES: dict[str, str] = {
    "generic_decline": "Your card was declined.",
    "card_declined": "Your card was declined.",
    "insufficient_funds": "Your card has insufficient funds.",
    "expired_card": "Your card has expired.",
    "incorrect_cvc": "Your card's security code is incorrect.",
    "processing_error": "An error occurred while processing your card. Try again in a little bit.",
    "card_velocity_exceeded": "Your card was declined for making repeated attempts too frequently.",
    "authentication_required": (
        "Your card was declined. This transaction requires authentication."
    ),
}


def decline_message(code: str, decline_code: str | None) -> str:
    """Return the sentence that Stripe says to the payer; it never tells of loss, theft or fraud."""
    return DECLINE_MESSAGES.get(decline_code or code, DECLINE_MESSAGES["generic_decline"])


# --- Currencies ---------------------------------------------------------------------------------


def _codes(text: str) -> frozenset[str]:
    return frozenset(text.split())


CHARGEABLE_CURRENCIES = _codes(
    "aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd bob brl bsd bwp byn"
    " bzd cad cdf chf clp cny cop crc cve czk djf dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd"
    " gnf gtq gyd hkd hnl htg huf idr ils inr isk jmd jod jpy kes kgs khr kmf krw kwd kyd kzt lak"
    " lbp lkr lrd lsl mad mdl mga mkd mmk mnt mop mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd"
    " omr pab pen pgk php pkr pln pyg qar ron rsd rub rwf sar sbd scr sek sgd shp sle sos srd szl"
    " thb tjs tnd top try ttd twd tzs uah ugx usd uyu uzs vnd vuv wst xaf xcd xof xpf yer zar zmw"
)

WIRE_ZERO_DECIMAL = _codes("bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf")
"""Sent as whole units. ISO gives mga two decimals; Stripe gives it none."""

WIRE_THREE_DECIMAL = _codes("bhd jod kwd omr tnd")
"""Sent in thousandths, whose last digit must be 0."""

WIRE_WHOLE_BY_HUNDRED: frozenset[str] = frozenset({"isk", "ugx"})
"""Without decimals in ISO, but sent as hundredths that are always 00."""

MINIMUM_CHARGES: dict[str, int] = {
    "usd": 50, "aed": 200, "aud": 50, "bgn": 100, "brl": 50, "cad": 50, "chf": 50, "czk": 1500,
    "dkk": 250, "eur": 50, "gbp": 30, "hkd": 400, "huf": 17500, "inr": 50, "jpy": 50, "mxn": 1000,
    "myr": 200, "nok": 300, "nzd": 50, "pln": 200, "ron": 200, "sek": 300, "sgd": 50, "thb": 1000,
}  # fmt: skip
"""What Stripe publishes, by settlement currency; the others have no published minimum."""

_MAXIMUM_CHARGES = {
    "idr": 999_999_999_999, "inr": 999_999_999, "lbp": 99_999_999_999_999, "cop": 9_999_999_999_999,
    "huf": 9_999_999_999_999, "jpy": 9_999_999_999,
}  # fmt: skip


def _power_of_ten(exponent: int) -> int:
    return int(10**exponent)


def wire_exponent(currency: str) -> int:
    """Return how many decimals Stripe gives a currency."""
    if currency in WIRE_ZERO_DECIMAL:
        return 0
    return 3 if currency in WIRE_THREE_DECIMAL else 2


def charge_limit(currency: str) -> ChargeLimit:
    """Return the limits of a currency in ISO minor units; a `ChargeLimits`.

    Raises `InvalidField` for a currency that Stripe cannot charge.
    """
    if currency not in CHARGEABLE_CURRENCIES:
        raise InvalidField("currency", f"Payments in {currency!r} are not possible.")
    step = 10 if currency in WIRE_THREE_DECIMAL else 1
    step *= _power_of_ten(max(0, EXPONENTS[currency] - wire_exponent(currency)))
    return ChargeLimit(minimum=MINIMUM_CHARGES.get(currency, step), step=step)


def maximum_charge(currency: str) -> int:
    """Return the largest amount of a single charge, in ISO minor units."""
    if currency in _MAXIMUM_CHARGES:
        return _MAXIMUM_CHARGES[currency]
    scale = _power_of_ten(EXPONENTS[currency])
    return 99_999_999 * scale // _power_of_ten(wire_exponent(currency))


# --- Fees ---------------------------------------------------------------------------------------

FEE_BASIS_POINTS = 290
"""Stripe's standard price for a domestic card: 2.9 % + 0.30. Only doubles compute with it: what a
charge really cost is read from its balance transaction."""


def standard_fee(amount: int, currency: str) -> int:
    """Return the fee that a double takes of a charge, in ISO minor units; never more than it."""
    fixed = 3 * _power_of_ten(EXPONENTS[currency]) // 10
    return min(amount, half_up(amount * FEE_BASIS_POINTS, 10_000) + fixed)
