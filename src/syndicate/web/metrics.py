"""What /metrics tells: requests counted here, and what the store holds, read when somebody asks.

Of one process: several behind one address are scraped one by one, each at an address of its own.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
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


_Cells = Mapping[tuple[str, str, int], tuple[list[int], list[float]]]


class Counters:
    """How often each route was answered how, and how long that took. For the event loop's thread only: no locks."""

    def __init__(self) -> None:
        # A cell: how many in each bucket, and the seconds of all. One look-up a request.
        self._cells: dict[tuple[str, str, int], tuple[list[int], list[float]]] = {}

    def count(self, route: str, method: str, status: int, seconds: float) -> None:
        """``route`` is a template (``/u/{token}``), never a path; a method that nobody uses counts as ``OTHER``."""
        cell = self._cells.get((route, method, status)) or self._new(route, method, status)
        cell[0][bisect_left(BOUNDS, seconds)] += 1
        cell[1][0] += seconds

    def _new(self, route: str, method: str, status: int) -> tuple[list[int], list[float]]:
        key = (route, method if method in METHODS else "OTHER", status)
        return self._cells.setdefault(key, ([0] * (len(BOUNDS) + 1), [0.0]))

    def families(self) -> Iterator[Metric]:
        """As Prometheus wants them. May be asked in another thread: what is there now is copied first."""
        cells = dict(self._cells)
        yield _requests(cells)
        yield _feeds(cells)
        yield _times(cells)


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


def _requests(cells: _Cells) -> Metric:
    family = CounterMetricFamily(
        "syndicate_requests", "Requests answered.", labels=("route", "method", "status")
    )
    for (route, method, status), (buckets, _) in cells.items():
        family.add_metric((route, method, str(status)), sum(buckets))
    return family


def _feeds(cells: _Cells) -> Metric:
    what = "Answers to who polls feeds: whole, unchanged, only what is new."
    family = CounterMetricFamily("syndicate_feed_answers", what, labels=("status",))
    for status in (200, 304, 226):
        found = (cells.get((FEEDS, method, status)) for method in ("GET", "HEAD"))
        family.add_metric((str(status),), sum(sum(cell[0]) for cell in found if cell))
    return family


def _times(cells: _Cells) -> Metric:
    buckets: dict[tuple[str, str], list[int]] = {}
    seconds: dict[tuple[str, str], float] = {}
    for (route, method, _), cell in cells.items():
        before = buckets.get((route, method), [0] * len(cell[0]))
        buckets[route, method] = [one + more for one, more in zip(before, cell[0], strict=True)]
        seconds[route, method] = seconds.get((route, method), 0.0) + cell[1][0]
    family = HistogramMetricFamily(
        "syndicate_request_seconds", "How long answers took.", labels=("route", "method")
    )
    for key, of in buckets.items():
        family.add_metric(key, _cumulated(of), seconds[key])
    return family


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
