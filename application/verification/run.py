"""Put the checks in their order."""

from attrs import frozen

from application.ports.clock import WallClock
from application.ports.gateway import Gateway
from application.ports.storage import Reader, Views
from application.verification import books, cash, work
from application.verification.lessons import Lessons
from application.verification.report import Look, Progress, Report, no_progress
from application.verification.teachers import Teachers


@frozen(kw_only=True)
class Verification:
    """Check every invariant that holds at rest, in memory that grows with what is open only.

    `each_at_gateway` also reads every captured payment and every transfer at the gateway: right for
    a gateway that is ours to ask, too much for one that counts calls.
    """

    read: Reader
    gateway: Gateway
    wall: WallClock
    each_at_gateway: bool = False

    def run(self, progress: Progress = no_progress) -> Report:
        """Look at everything once and, if something seems wrong, once more.

        On a live database the first look may see half of something; what is wrong indeed is wrong
        in the second one too.
        """
        first = self._look(progress)
        if first.is_clean:
            return first
        self.wall.sleep(0.2)
        return self._look(progress)

    def _look(self, progress: Progress) -> Report:
        return self.read(lambda views: self._checked(views, progress))

    def _checked(self, views: Views, progress: Progress) -> Report:
        look = Look(
            views=views,
            gateway=self.gateway,
            progress=progress,
            each_at_gateway=self.each_at_gateway,
        )
        lessons, teachers = Lessons(look), Teachers(look)
        books.check_entries(look)
        books.check_signs(look)
        teachers.gather_pending()
        lessons.check_refunds()
        lessons.check_payments()
        lessons.check_bookings()
        lessons.check_owed()
        lessons.check_suspense()
        teachers.check_payouts()
        teachers.check_balances()
        under_way = work.check_operations(look, self.wall.now())
        work.check_queues(look, self.wall.now())
        books.check_leftovers(look)
        cash.check_cash(look, lessons, teachers, under_way)
        return look.report()
