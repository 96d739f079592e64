"""What we ask of the gateway: nothing but primitives, to be stored and sent again."""

from collections.abc import Mapping

from attrs import frozen


@frozen(kw_only=True)
class NewPayment:
    """Ask for a payment. With `payment_method` it is confirmed at once, from the server.

    `on_session` tells whether the payer is there to pass 3-D Secure. `save_card` keeps the method
    attached to the customer for later payments.
    """

    operation: str
    amount: int
    currency: str
    customer: str
    description: str
    transfer_group: str
    metadata: Mapping[str, str]
    payment_method: str | None = None
    on_session: bool = True
    save_card: bool = False


@frozen(kw_only=True)
class Confirmation:
    """Try an existing payment again with a saved or fresh payment method."""

    operation: str
    payment: str
    payment_method: str
    on_session: bool = True
    save_card: bool = False


@frozen(kw_only=True)
class NewRefund:
    """Ask to give back some of a payment."""

    operation: str
    payment: str
    amount: int
    currency: str
    metadata: Mapping[str, str]


@frozen(kw_only=True)
class NewTransfer:
    """Ask to send money to a connected account.

    `source_charge` ties it to the funds of one charge, so that it needs no settled balance.
    """

    operation: str
    account: str
    amount: int
    currency: str
    transfer_group: str
    metadata: Mapping[str, str]
    source_charge: str | None = None


@frozen(kw_only=True)
class NewCustomer:
    """Ask for a customer for one of our users."""

    operation: str
    user: str
    email: str
    name: str


@frozen(kw_only=True)
class NewAccount:
    """Ask for a connected account for a teacher."""

    operation: str
    teacher: str
    email: str
