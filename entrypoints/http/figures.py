"""Figures for Prometheus: of requests, counted here, and of the business, read when asked for."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from attrs import field, frozen
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from application.ports.storage import Health

_ROUTE = ("method", "route")


def _requests(figures: "Figures") -> Counter:
    return Counter(
        "tuition_http_requests",
        "Requests answered.",
        (*_ROUTE, "status"),
        registry=figures.registry,
    )


def _seconds(figures: "Figures") -> Histogram:
    return Histogram(
        "tuition_http_request_seconds", "Time to answer.", _ROUTE, registry=figures.registry
    )


@frozen
class Figures:
    """Counts and latencies of requests, by route and never by path."""

    registry: CollectorRegistry = field(factory=CollectorRegistry)
    requests: Counter = field(init=False)
    seconds: Histogram = field(init=False)

    @requests.default
    def _count_requests(self) -> Counter:
        return _requests(self)

    @seconds.default
    def _time_requests(self) -> Histogram:
        return _seconds(self)

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request that was answered."""
        self.requests.labels(method, route, str(status)).inc()
        self.seconds.labels(method, route).observe(seconds)


@frozen(eq=False)
class _Business(Collector):
    health: Health
    now: datetime

    def collect(self) -> Iterable[Metric]:
        """Return the business's figures."""
        health = self.health
        yield _by("tuition_payments", "Payments.", "status", health.payments_by_status.items())
        yield _by(
            "tuition_suspense_minor_units",
            "Money that belongs to nobody yet, in minor units.",
            "currency",
            # To the ledger it is a debt, and so negative.
            ((code, -owed) for code, owed in health.suspense_by_currency.items()),
        )
        for name, help_text, value in self._gauges():
            yield GaugeMetricFamily(name, help_text, value=value)

    def _gauges(self) -> Iterator[tuple[str, str, float]]:
        health = self.health
        yield "tuition_open_operations", "Gateway calls not finished.", health.open_operations
        yield (
            "tuition_oldest_open_operation_seconds",
            "Age of the oldest unfinished gateway call.",
            self._age(health.oldest_open_operation_at),
        )
        yield "tuition_waiting_webhooks", "Webhooks not applied.", health.waiting_deliveries
        yield (
            "tuition_webhook_lag_seconds",
            "Age of the oldest webhook not applied.",
            self._age(health.oldest_waiting_delivery_at),
        )
        yield "tuition_waiting_events", "Events not handed over.", health.waiting_messages
        yield "tuition_unsealed_entries", "Ledger entries not sealed.", health.unsealed_entries

    def _age(self, since: datetime | None) -> float:
        return 0.0 if since is None else max(0.0, (self.now - since).total_seconds())


def _by(
    name: str, help_text: str, label: str, values: Iterable[tuple[str, int]]
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, help_text, labels=[label])
    for key, value in values:
        family.add_metric([key], value)
    return family


def exposition(
    registries: Iterable[CollectorRegistry], health: Health | None, now: datetime
) -> bytes:
    """Return all figures as Prometheus reads them; those of the business only if they are known."""
    text = b"".join(generate_latest(registry) for registry in registries)
    if health is None:
        return text
    business = CollectorRegistry(auto_describe=False)
    business.register(_Business(health, now))
    return text + generate_latest(business)
