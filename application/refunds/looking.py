"""Looking refunds up."""

from attrs import frozen

from application.bookings import own_only
from application.bus import handles
from application.commands import Actor, Command
from application.payments import may_see
from application.ports.storage import Page, PageRequest, Reader, RefundFilter
from domain.errors import NotFound
from domain.ids import RefundId
from domain.refunds import Refund


@frozen(kw_only=True)
class GetRefund(Command[Refund]):
    """Look one refund up."""

    refund_id: RefundId


@handles(GetRefund)
@frozen
class GetRefundHandler:
    read: Reader

    def __call__(self, command: GetRefund, actor: Actor) -> Refund:
        actor.must_be_known()
        refund = self.read(lambda views: views.refunds.find(command.refund_id))
        if refund is not None:
            payment = self.read(lambda views: views.payments.find(refund.payment_id))
            if payment is not None and may_see(actor, payment):
                return refund
        raise NotFound("This refund")


@frozen(kw_only=True)
class ListRefunds(Command[Page[Refund]]):
    """Look through refunds: of one's own payments, or all for staff."""

    where: RefundFilter
    page: PageRequest


@handles(ListRefunds)
@frozen
class ListRefundsHandler:
    read: Reader

    def __call__(self, command: ListRefunds, actor: Actor) -> Page[Refund]:
        where = own_only(command.where, actor)
        return self.read(lambda views: views.refunds.list(where, command.page))
