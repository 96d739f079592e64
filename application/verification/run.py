"""Put the checks in their order."""

from attrs import frozen

from application.ports.clock import WallClock
from application.ports.gateway import ChargeLimit, ChargeLimits, Gateway
from application.ports.storage import Reader, Views
from application.verification import books, calendars, words, work
from application.verification.at_gateway import check_doubtful
from application.verification.bookings import Bookings
from application.verification.cash import Cash
from application.verification.payments import Payments
from application.verification.refunds import Refunds
from application.verification.report import Look, Progress, Report, no_progress
from application.verification.teachers import Teachers
from application.verification.words import HoldsCardNumber, no_card_number


def to_the_unit(currency: str) -> ChargeLimit:  # noqa: ARG001 - the port's signature
    """Take a gateway for one that moves any amount."""
    return ChargeLimit(minimum=0)


@frozen(kw_only=True)
class Verification:
    """Check every invariant that holds at rest, in memory that grows with what is open only.

    `each_at_gateway` also reads every captured payment and every transfer at the gateway: right for
    a gateway that is ours to ask, too much for one that counts calls. `holds_card_number` finds
    card numbers in text, and `limits` tell the steps in which refunds go back.
    """

    read: Reader
    gateway: Gateway
    wall: WallClock
    each_at_gateway: bool = False
    limits: ChargeLimits = to_the_unit
    holds_card_number: HoldsCardNumber = no_card_number

    def run(self, progress: Progress = no_progress) -> Report:
        """Prove the books on one snapshot of them, and then compare them with the gateway.

        What is in one snapshot is never half of something, however long it takes to read. The
        gateway goes on meanwhile: where it says something else, both are looked at once more.
        """
        look = self.read(lambda views: self._proved(views, progress))
        if look.doubtful_payments or look.doubtful_payouts:
            self.wall.sleep(0.2)
            self.read(lambda views: check_doubtful(look, views))
        Cash(look, self.read, self.gateway, self.wall).check()
        return look.report()

    def _proved(self, views: Views, progress: Progress) -> Look:
        look = Look(
            views=views,
            gateway=self.gateway,
            progress=progress,
            each_at_gateway=self.each_at_gateway,
            sizes=views.everything.sizes(),
        )
        refunds, teachers = Refunds(look), Teachers(look)
        payments = Payments(look, refunds)
        bookings = Bookings(look, payments, self.limits)
        books.check_entries(look)
        books.check_signs(look)
        teachers.gather_pending()
        bookings.check()
        bookings.check_strays()
        refunds.check_strays()
        refunds.check_owed()
        payments.check_suspense()
        teachers.check_payouts()
        teachers.check_balances()
        calendars.check_calendars(look)
        work.check_operations(look, self.wall.now())
        work.check_queues(look, self.wall.now())
        words.check_answers(look)
        if self.holds_card_number is not no_card_number:
            words.check_texts(look, self.holds_card_number)
        books.check_facts(look)
        books.check_leftovers(look)
        return look
