"""What payers do in the browser, and banks in theirs: nothing that passes through us."""

from application.ports.gateway import GatewayError, GatewayPaymentStatus
from entrypoints.simulation.marketplace import Marketplace


def confirms(market: Marketplace, intent: str, token: str) -> None:
    """Pay a payment intent with a card; whatever the bank says, the webhook tells us."""
    market.pass_by(f"confirms {intent} with {token}")
    try:
        market.world.controls.browser.confirm(intent, token)
    except GatewayError:
        market.diary.count("browser confirmations that failed")
    market.witness.world_moved()


def passes_the_challenge(market: Marketplace, intent: str) -> None:
    """Pass 3-D Secure, or fail it, where a payment waits for that."""
    made = market.truth.payment(intent)
    if made is None or made.status is not GatewayPaymentStatus.NEEDS_ACTION:
        return
    succeeds = market.happens(0.8)
    market.pass_by(f"{'passes' if succeeds else 'fails'} the challenge of {intent}")
    try:
        market.world.controls.browser.authenticate(intent, "succeed" if succeeds else "fail")
    except GatewayError:
        market.diary.count("challenges that came too late")
    market.witness.world_moved()
