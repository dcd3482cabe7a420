"""Deliveries in doubt, by an index that holds nothing else. ``deliveries.settle_unsure`` ends them."""

from sqlalchemy import Connection, func, select

from syndicate.store.deliveries import Line, line_of, of_lines
from syndicate.store.tables import delivery, is_unsure


def page(connection: Connection, number: int, after: int, most: int) -> list[Line]:
    """Those of an issue that are in doubt, numbered above ``after``, in order; by an index that holds nothing else."""
    where = (delivery.c.issue == number, is_unsure, delivery.c.id > after)
    rows = connection.execute(of_lines().where(*where).order_by(delivery.c.id).limit(most))
    return [line_of(row) for row in rows]


def count(connection: Connection, number: int) -> int:
    """How many of an issue are in doubt, by the same index."""
    query = select(func.count(delivery.c.id)).where(delivery.c.issue == number, is_unsure)
    return connection.execute(query).scalar_one()
