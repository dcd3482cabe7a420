"""Authors and their bios."""

from collections.abc import Collection

from sqlalchemy import Connection, delete, select, update

from syndicate.model import Author, Bio, Link
from syndicate.store.chunks import chunks
from syndicate.store.tables import author, bio


def save(connection: Connection, value: Author) -> None:
    """Merge: bios of other languages stay; what the source does not say (photo, links) is not lost."""
    held = by_key(connection, [value.key]).get(value.key)
    merged = merge(held, value) if held else value
    row = {
        "key": merged.key,
        "name": merged.name,
        "names": [list(pair) for pair in merged.names],
        "photo": merged.photo,
        "links": [[link.label, link.url] for link in merged.links],
    }
    if held:
        connection.execute(update(author).where(author.c.key == value.key).values(row))
    else:
        connection.execute(author.insert().values(row))
    for one in value.bios:
        where = (bio.c.author == value.key, bio.c.language == one.language)
        connection.execute(delete(bio).where(*where))
        row = {"author": value.key, "language": one.language, "html": one.html, "text": one.text}
        connection.execute(bio.insert().values(row))


def merge(held: Author, new: Author) -> Author:
    """``new`` wins where it says something; bios and names are joined by language."""
    bios = {one.language: one for one in (*held.bios, *new.bios)}
    names = dict(held.names) | dict(new.names)
    return Author(
        key=held.key,
        name=new.name or held.name,
        names=tuple(sorted(names.items())),
        photo=new.photo or held.photo,
        links=new.links or held.links,
        bios=tuple(bios[language] for language in sorted(bios)),
    )


def by_key(connection: Connection, keys: Collection[str]) -> dict[str, Author]:
    found: dict[str, Author] = {}
    for some in chunks(sorted(keys)):
        bios: dict[str, list[Bio]] = {}
        query = select(bio).where(bio.c.author.in_(some)).order_by(bio.c.author, bio.c.language)
        for row in connection.execute(query):
            bios.setdefault(row.author, []).append(Bio(row.language, row.html, row.text))
        for row in connection.execute(select(author).where(author.c.key.in_(some))):
            found[row.key] = Author(
                key=row.key,
                name=row.name,
                names=tuple((language, name) for language, name in row.names),
                photo=row.photo,
                links=tuple(Link(*link) for link in row.links),
                bios=tuple(bios.get(row.key, ())),
            )
    return found


def every(connection: Connection) -> dict[str, Author]:
    keys = [row.key for row in connection.execute(select(author.c.key))]
    return by_key(connection, keys)
