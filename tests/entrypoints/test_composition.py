from typing import Protocol

import pytest
from attrs import frozen

from adapters.clock import ManualClock
from adapters.ids import SeededIds
from adapters.memory import memory_storage
from application.bus import HANDLERS
from application.commands import Actor, Command
from application.payments import CreatePaymentIntent
from application.people import GetMe, LogIn
from domain.errors import DomainError, NotAuthenticated
from domain.ids import UserId
from domain.people import Role
from entrypoints.composition import Overrides, compose
from entrypoints.composition.assembly import MissingPiece, assemble
from entrypoints.composition.offset import NAME, KeptOffset
from entrypoints.settings import Settings, load_settings
from tests.builders import NOW, after
from tests.town import PASSWORD, a_town

SOMEBODY = UserId("usr_1")


def settings(**environ: str) -> Settings:
    return load_settings({"TUITION_DATABASE_URL": "memory://", **environ}, None)


def test_every_command_has_its_handler_at_start() -> None:
    with compose(settings()) as installation:
        assert set(installation.bus.handlers) == set(HANDLERS)
        assert len(HANDLERS) > 40


class Unheard(Protocol):
    def hear(self) -> None: ...


class Whisper(Command[None]):
    pass


@frozen
class WhisperHandler:
    ear: Unheard

    def __call__(self, command: Whisper, actor: Actor) -> None:
        self.ear.hear()


def test_a_missing_piece_fails_at_start_with_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(HANDLERS, Whisper, WhisperHandler)
    with pytest.raises(MissingPiece, match="Unheard, which WhisperHandler asks for"):
        compose(settings())


def test_handlers_share_what_they_have_in_common() -> None:
    with compose(settings()) as installation:
        first, second = assemble(installation.pieces), assemble(installation.pieces)
        assert first.keys() == second.keys()
        process = next(each for each in first if each.__name__ == "ProcessPayment")
        create = next(each for each in first if each.__name__ == "CreatePaymentIntent")
        assert first[process].charging is first[create].charging  # type: ignore[attr-defined]


def test_the_secret_of_tokens_is_made_once_for_a_database() -> None:
    storage = memory_storage(SeededIds(ManualClock(NOW)))
    one = compose(settings(), Overrides(storage=storage))
    token = one.pieces.tokens.issue(SOMEBODY, Role.STUDENT)
    other = compose(settings(), Overrides(storage=storage))
    assert other.pieces.tokens.read(token.text).user_id == SOMEBODY
    with compose(settings()) as stranger, pytest.raises(NotAuthenticated):
        stranger.pieces.tokens.read(token.text)


def test_a_given_secret_is_not_kept() -> None:
    with compose(settings(TUITION_JWT_SECRET="x" * 40)) as installation:
        kept = installation.pieces.storage.work(lambda unit: unit.settings.get("jwt_secret"))
    assert kept is None


def test_with_stripe_there_is_no_test_mode() -> None:
    with compose(settings(STRIPE_SECRET_KEY="sk_test_abc123")) as installation:
        assert installation.pieces.gateway.profile.name == "stripe"
        assert installation.test_clock is None
        assert installation.services().test_mode is None
        assert not any(task.name.startswith("gateway") for task in installation.worker.tasks)


def test_the_http_layer_gets_what_it_needs() -> None:
    with compose(settings(TUITION_RATE_LIMITS="off")) as installation:
        services = installation.services()
        services.ready_checks["database"]()
        assert services.test_mode is not None
        assert not services.settings.rate_limits
        assert services.settings.return_urls == ("http://127.0.0.1:8000",)


def test_time_that_was_moved_is_moved_for_other_processes_too() -> None:
    storage = memory_storage(SeededIds(ManualClock(NOW)))
    wall = ManualClock(NOW)
    with (
        compose(settings(), Overrides(storage=storage, wall=wall)) as one,
        compose(settings(), Overrides(storage=storage, wall=wall)) as other,
    ):
        assert one.test_clock is not None
        assert other.pieces.clock.now() == NOW
        assert one.test_clock.advance(3600) == after(hours=1)
        assert other.pieces.clock.now() == NOW, "it looked a moment ago"
        wall.sleep(1)
        assert other.pieces.clock.now() == after(hours=1, seconds=1)


def test_time_stands_still_inside_a_unit_of_work() -> None:
    storage = memory_storage(SeededIds(ManualClock(NOW)))
    wall = ManualClock(NOW)
    offset = KeptOffset(storage.work, wall, after() - NOW)
    offset.read()
    storage.work(lambda unit: unit.settings.put(NAME, "60000000"))
    wall.sleep(5)
    inside = storage.work(lambda _: offset.read())
    assert inside.total_seconds() == 0
    assert offset.read().total_seconds() == 60


def test_time_never_goes_back() -> None:
    storage = memory_storage(SeededIds(ManualClock(NOW)))
    offset = KeptOffset(storage.work, ManualClock(NOW), after(seconds=1) - NOW)
    offset.keep(after(hours=2) - NOW)
    offset.keep(after(hours=1) - NOW)
    assert offset.read() == after(hours=2) - NOW


def test_commands_are_counted_by_what_became_of_them() -> None:
    with a_town() as town:
        bus, figures = town.installation.bus, town.installation.figures
        bus.handle(LogIn(email="student@example.com", password=PASSWORD), Actor())
        with pytest.raises(DomainError):
            bus.handle(LogIn(email="student@example.com", password="wrong password"), Actor())
        with pytest.raises(NotAuthenticated):
            bus.handle(GetMe(), Actor())

        def counted(command: str, outcome: str) -> float | None:
            labels = {"command": command, "outcome": outcome}
            return figures.registry.get_sample_value("tuition_commands_total", labels)

        assert counted("LogIn", "done") == 1
        assert counted("LogIn", "not_authenticated") == 1
        assert counted("GetMe", "not_authenticated") == 1


def test_a_delivery_that_is_refused_comes_again() -> None:
    with a_town() as town:
        controls = town.installation.pieces.controls
        assert controls is not None
        booking = town.book()
        opened = town.installation.bus.handle(CreatePaymentIntent(booking_id=booking), town.student)
        gateway_id = town.payment(opened.payment_id).gateway_id
        assert gateway_id is not None
        controls.browser.confirm(gateway_id, "pm_card_visa")
        wall = town.clock
        (delivery,) = controls.deliveries.pending_deliveries()
        controls.deliveries.undelivered(delivery.id)
        assert controls.deliveries.pending_deliveries() == []
        wall.sleep(10)
        town.settle()
        assert town.payment(opened.payment_id).status.has_succeeded
