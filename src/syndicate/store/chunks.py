"""Long lists of values as statements take them, and long answers as the driver itself gives them."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any, TypeVar

import orjson
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    any_,
    bindparam,
    func,
    literal,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY

T = TypeVar("T")

SIZE = 500


def chunks(values: Sequence[T], size: int = SIZE) -> Iterator[Sequence[T]]:
    """Pieces of at most ``size``; none of an empty list."""
    for start in range(0, len(values), size):
        yield values[start : start + size]


def among(connection: Connection, what: ColumnElement[Any], ids: Iterable[int]) -> ColumnElement[bool]:
    """``what`` is one of ``ids``, however many: one parameter, and one statement for every length."""
    if connection.dialect.name == "postgresql":
        return what == any_(bindparam(None, list(ids), ARRAY(BigInteger), unique=True))
    values = func.json_each(literal(orjson.dumps(list(ids)).decode())).table_valued("value")
    return what.in_(select(values.c.value))


def plain(connection: Connection, sql: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    """The rows that the driver itself answers with, where there are thousands of them: a third of the time."""
    cursor: Any = connection.exec_driver_sql(sql, values).cursor
    rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def array(ids: Iterable[int]) -> str:
    """Numbers as PostgreSQL reads an array (``%s::bigint[]``)."""
    return f"{{{','.join(map(str, ids))}}}"


def ranges(ids: Sequence[int]) -> list[tuple[int, int]]:
    """Ascending numbers as [first, last] pairs: of what was written together there is nearly always one."""
    breaks = [n for n, (one, two) in enumerate(pairwise(ids), 1) if two != one + 1]
    edges = [0, *breaks, len(ids)]
    return [(ids[start], ids[end - 1]) for start, end in pairwise(edges)]


def numbers(pairs: Iterable[Sequence[int]]) -> list[int]:
    """What :func:`ranges` was given."""
    return [number for first, last in pairs for number in range(first, last + 1)]
