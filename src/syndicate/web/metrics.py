"""What /metrics tells: requests counted here, and what the store holds, read when somebody asks.

Of one process: several behind one address are scraped one by one, each at an address of its own.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from syndicate.flows.gauges import Reading, read
from syndicate.flows.house import House
from syndicate.model import StoreError

BOUNDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of the histogram's buckets, in seconds."""

METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE", "PATCH"})

FEEDS, TREE = "/feeds/{path}", "/{path}"
"""The routes under which files of the public tree are counted: documents that programs poll, and all others."""


class Counters:
    """How often each route was answered how, and how long that took. For the event loop's thread only: no locks."""

    def __init__(self) -> None:
        self._buckets: dict[tuple[str, str], list[int]] = {}
        self._seconds: dict[tuple[str, str], float] = {}
        self._answers: dict[tuple[str, str, int], int] = {}

    def count(self, route: str, method: str, status: int, seconds: float) -> None:
        """``route`` is a template (``/u/{token}``), never a path; a method that nobody uses counts as ``OTHER``."""
        if method not in METHODS:
            method = "OTHER"
        answer, timed = (route, method, status), (route, method)
        self._answers[answer] = self._answers.get(answer, 0) + 1
        buckets = self._buckets.get(timed)
        if buckets is None:
            buckets = self._buckets[timed] = [0] * (len(BOUNDS) + 1)
            self._seconds[timed] = 0.0
        buckets[bisect_left(BOUNDS, seconds)] += 1
        self._seconds[timed] += seconds

    def families(self) -> Iterator[Metric]:
        """As Prometheus wants them."""
        requests = CounterMetricFamily(
            "syndicate_requests", "Requests answered.", labels=("route", "method", "status")
        )
        for (route, method, status), number in self._answers.items():
            requests.add_metric((route, method, str(status)), number)
        yield requests
        feeds = CounterMetricFamily(
            "syndicate_feed_answers",
            "Answers to who polls feeds: whole, unchanged, only what is new.",
            labels=("status",),
        )
        for status in (200, 304, 226):
            feeds.add_metric((str(status),), self._feeds(status))
        yield feeds
        times = HistogramMetricFamily(
            "syndicate_request_seconds", "How long answers took.", labels=("route", "method")
        )
        for (route, method), buckets in self._buckets.items():
            times.add_metric((route, method), _cumulated(buckets), self._seconds[route, method])
        yield times

    def _feeds(self, status: int) -> int:
        return sum(self._answers.get((FEEDS, method, status), 0) for method in ("GET", "HEAD"))


class Metrics:
    """The document at /metrics, and who may read it. ``counters`` is what the server counts into."""

    def __init__(self, house: House, clock: Callable[[], datetime]) -> None:
        self.counters = Counters()
        self._networks = tuple(map(ip_network, house.metrics_for))
        self._registry = CollectorRegistry()
        self._registry.register(_Told(self.counters.families))
        self._registry.register(_Told(lambda: _held(house, clock())))
        ProcessCollector(registry=self._registry)

    def is_for(self, address: str) -> bool:
        """Whether a client at this address may read it."""
        try:
            ip: IPv4Address | IPv6Address = ip_address(address)
        except ValueError:
            return False
        mapped = ip.ipv4_mapped if isinstance(ip, IPv6Address) else None
        return any((mapped or ip) in network for network in self._networks)

    def text(self) -> bytes:
        """Text format 0.0.4."""
        return generate_latest(self._registry)


class _Told(Collector):
    """What a function tells. Registering asks nothing: the names are our own, and the database may be away."""

    def __init__(self, families: Callable[[], Iterable[Metric]]) -> None:
        self._families = families

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterable[Metric]:
        return self._families()


def _cumulated(buckets: list[int]) -> list[tuple[str, float]]:
    total, found = 0, []
    for bound, number in zip([*map(str, BOUNDS), "+Inf"], buckets, strict=True):
        total += number
        found.append((bound, float(total)))
    return found


def _held(house: House, now: datetime) -> Iterator[Metric]:
    """Gauges of what the store holds; while it is away, only that it is."""
    try:
        readings = read(house, now)
    except StoreError:
        yield GaugeMetricFamily("syndicate_database_up", "Whether the database answers.", value=0)
        return
    yield GaugeMetricFamily("syndicate_database_up", "Whether the database answers.", value=1)
    yield from map(_gauge, readings)


def _gauge(reading: Reading) -> Metric:
    family = GaugeMetricFamily(
        f"syndicate_{reading.name}", reading.what, labels=[reading.label] if reading.label else ()
    )
    for label, value in reading.values.items():
        family.add_metric([label] if reading.label else [], value)
    return family
