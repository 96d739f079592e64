"""Looking payments up."""

from attrs import frozen

from application.bookings import own_only
from application.bus import handles
from application.commands import Actor, Command
from application.ports.storage import Page, PageRequest, PaymentFilter, Reader
from domain.errors import NotFound
from domain.ids import PaymentId
from domain.payments import Payment


def may_see(actor: Actor, payment: Payment) -> bool:
    """Tell whether a payment exists for the actor: payer, receiving teacher, or staff."""
    return (
        actor.sees_everything
        or payment.student_id == actor.user_id
        or payment.is_received_by(actor.user_id)
    )


@frozen(kw_only=True)
class GetPayment(Command[Payment]):
    """Look one payment up."""

    payment_id: PaymentId


@handles(GetPayment)
@frozen
class GetPaymentHandler:
    read: Reader

    def __call__(self, command: GetPayment, actor: Actor) -> Payment:
        actor.must_be_known()
        payment = self.read(lambda views: views.payments.find(command.payment_id))
        if payment is None or not may_see(actor, payment):
            raise NotFound("This payment")
        return payment


@frozen(kw_only=True)
class ListPayments(Command[Page[Payment]]):
    """Look through payments: those one made or received, or all for staff."""

    where: PaymentFilter
    page: PageRequest


@handles(ListPayments)
@frozen
class ListPaymentsHandler:
    read: Reader

    def __call__(self, command: ListPayments, actor: Actor) -> Page[Payment]:
        where = own_only(command.where, actor)
        return self.read(lambda views: views.payments.list(where, command.page))
