"""Our processes: each a server with its worker, mortal, with a clock that is a little off."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from attrs import define, evolve, field, frozen

from adapters.passwords import Argon2Passwords
from application.ports.gateway import OutcomeUnknown
from application.ports.test_mode import GatewayControls
from domain.errors import StorageUnavailable
from entrypoints.composition import Installation, Overrides, compose
from entrypoints.composition.pieces import FakeGateway
from entrypoints.simulation.client import Client, client_of
from entrypoints.simulation.marketplace import Marketplace
from entrypoints.simulation.ports import Change, watched_gateway, watched_storage
from entrypoints.simulation.post import UnreliablePost
from entrypoints.simulation.scheduling import Killed

CALL_TIMEOUT = timedelta(seconds=10)

CHEAP_PASSWORDS = Argon2Passwords(memory_kib=8, rounds=1)
"""Nobody attacks here, and a good hash takes a tenth of a second."""


@define
class Life:
    """One life of a process: what watches its ports from start to kill."""

    market: Marketplace
    is_over: bool = False

    def must_go_on(self) -> None:
        """Raise `Killed` in a process that is dead: it touches nothing any more."""
        if self.is_over:
            raise Killed

    def pass_by(self, point: str) -> None:
        """Come by a point at which others may go on, or all of this process end."""
        self.must_go_on()
        self.market.pass_by(point)
        self.must_go_on()

    def before_unit(self) -> None:
        """Let others go on before anything is locked."""
        self.pass_by("unit")
        self.market.troubles.before_unit()

    def before_commit(self, changes: Sequence[Change]) -> None:
        """Fail where the database is to fail; nobody else may go on now."""
        self.must_go_on()
        self.market.troubles.before_commit()

    def after_commit(self, changes: Sequence[Change]) -> None:
        """Show what was committed to the witness, then let others go on."""
        self.market.witness.committed(changes)
        self.pass_by(f"committed {', '.join(dict.fromkeys(each.repository for each in changes))}")
        self.market.troubles.after_commit()

    def before_read(self) -> None:
        """Let others go on before a query sees what they did."""
        self.pass_by("read")

    def before_call(self, method: str, *, has_effect: bool) -> None:
        """Let others go on before the gateway is called; one that then comes too late is lost.

        A call gives up after ten seconds, which the lease of its operation is sure to last. Nothing
        on our side could hold back a process that froze for a day between its check and its call.
        """
        began = self.market.clock.now()
        self.pass_by(f"call {method}")
        if self.market.clock.now() - began > CALL_TIMEOUT:
            self.market.diary.count("calls that timed out")
            raise OutcomeUnknown("The gateway did not answer in time.")

    def after_call(self, method: str, *, has_effect: bool) -> None:
        """Let others go on before the answer is read, if there is still somebody to read it."""
        self.market.witness.world_moved()
        self.pass_by(f"answer {method}")


@frozen
class SkewedClock:
    """The clock of one process, some seconds off; it serves as both clocks."""

    market: Marketplace
    life: Life
    skew: timedelta

    def now(self) -> datetime:
        """Return what this process takes for the time."""
        return self.market.clock.now() + self.skew

    def sleep(self, seconds: float) -> None:
        """Let others go on until so much time has passed."""
        self.life.must_go_on()
        self.market.sleep(seconds)
        self.life.must_go_on()

    def move_to(self, at: datetime) -> datetime:
        """Leave time alone: only the simulation moves it."""
        return self.now()


@define(eq=False)
class Process:
    """A server and its worker. To kill it loses all that it holds; to start it is to begin anew."""

    name: str
    market: Marketplace
    skew: timedelta = timedelta(0)
    life: Life = field(init=False)
    installation: Installation = field(init=False)
    client: Client = field(init=False)
    is_working: bool = False

    def __attrs_post_init__(self) -> None:
        self.start()

    @property
    def is_alive(self) -> bool:
        """Tell whether it runs."""
        return not self.life.is_over

    def start(self) -> None:
        """Compose everything anew, over the same database and the same gateway.

        While the database is away it does not start; somebody has to try again.
        """
        self.life = Life(self.market)
        self.is_working = False
        try:
            self.installation = compose(self.market.settings, self._overrides())
        except StorageUnavailable:
            self.kill()
            return
        self.client = client_of(self.installation)

    def kill(self) -> None:
        """End it at once; whatever it has under way ends where it stands."""
        self.life.is_over = True

    def work(self) -> None:
        """Let its worker do a round, unless it is at it already."""
        if self.is_working:
            return
        life, self.is_working = self.life, True
        try:
            self.installation.worker.round()
        finally:
            if self.life is life:
                self.is_working = False

    def work_until_idle(self) -> None:
        """Let its worker do all that can be done now."""
        self.installation.worker.until_idle()

    def _overrides(self) -> Overrides:
        market, life = self.market, self.life
        clock = SkewedClock(market, life, self.skew)
        return Overrides(
            storage=watched_storage(market.storage, life),
            gateway=FakeGateway(
                gateway=watched_gateway(market.world.gateway, life), controls=self._controls()
            ),
            wall=clock,
            clock=clock,
            ids=market.ids,
            randomness=market.randomness,
            passwords=CHEAP_PASSWORDS,
            alerts=market.alerts,
        )

    def _controls(self) -> GatewayControls:
        controls = self.market.world.controls
        return evolve(controls, deliveries=UnreliablePost(self.market, controls.deliveries))
