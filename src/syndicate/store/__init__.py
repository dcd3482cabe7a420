"""All SQL: tables, migrations, one module per noun; SQLite and PostgreSQL alike.

Every function takes a :class:`sqlalchemy.Connection` of :meth:`Database.begin`, so that a flow decides what is
one transaction. Values in and out are the nouns of ``syndicate.model``. ``files`` keeps the public tree.
"""

from sqlalchemy import Connection

from syndicate.store.database import Database
from syndicate.store.files import PublicTree

__all__ = ["Connection", "Database", "PublicTree"]
