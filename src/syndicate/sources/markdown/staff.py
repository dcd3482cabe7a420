"""The authors' folder and the tags' file: what changed in them, and what articles need of them.

Every run looks at sizes and times only. Bios are read where their file changed; names and labels where anything
changed, or where an article has to be written.
"""

from collections.abc import Iterator, Mapping
from functools import cached_property

from syndicate.model import Author, Found, Problem, SourceError, SourceItem, Touched
from syndicate.sources.front_matter import FrontMatterError
from syndicate.sources.markdown import files, people
from syndicate.sources.markdown.files import Entry, digest
from syndicate.sources.markdown.settings import MarkdownSettings

SHARED = "shared:"
_AUTHOR = "authors:"
_SUFFIXES = (".yaml", ".yml")


class Staff:
    """``known`` is that of the source. Raises SourceError where there is no such folder of authors.

    The fingerprint under ``SHARED`` has two halves, ``looks:meaning``: sizes and times of all these files, and
    what they mean to articles. Of a file that cannot be read there are no looks, so that it is told again.
    """

    def __init__(self, settings: MarkdownSettings, known: Mapping[str, str]) -> None:
        self._settings, self._known = settings, known
        self._read: dict[str, Author] = {}
        self.problems: list[Problem] = []
        """What could not be read, so far; each once."""
        self._entries: list[Entry] = []
        for entry in _entries(settings):
            if files.is_named(entry):
                self._entries.append(entry)
            else:
                self.problems.append(files.misnamed(entry))

    @property
    def keys(self) -> set[str]:
        """The keys under which authors' files are known."""
        return {entry.key for entry in self._entries}

    def changes(self) -> Iterator[SourceItem]:
        """The authors' files that are new, changed or merely touched."""
        for entry in self._entries:
            known = self._known.get(entry.key, "")
            if not entry.is_as(known) and (item := self._changed(entry, known)):
                yield item

    @cached_property
    def shared(self) -> str:
        """The fingerprint of what all articles depend on."""
        looks = self._looks()
        before, _, meaning = self._known.get(SHARED, "").partition(":")
        if looks and looks == before:
            return f"{looks}:{meaning}"
        meaning = self._meaning()
        return f"{'' if self.problems else looks}:{meaning}"

    @property
    def is_as_known(self) -> bool:
        """Whether articles that did not change may be left alone."""
        return self.shared.partition(":")[2] == self._known.get(SHARED, "").partition(":")[2]

    @cached_property
    def people(self) -> dict[str, Author]:
        """Authors by the name of their file, by name and by key; those not opened before are without bios."""
        found: dict[str, Author] = {}
        for entry in self._entries:
            author = self._read.get(entry.key) or self._named(entry)
            if author:
                found |= {entry.path.stem: author, author.name: author, author.key: author}
        return found

    @cached_property
    def labels(self) -> dict[str, dict[str, str]]:
        """``{slug: {language: label}}`` of the tags' file."""
        path = self._settings.tags
        if path is None:
            return {}
        try:
            return people.read_tags(path.read_text("utf-8-sig"))
        except (OSError, UnicodeDecodeError, FrontMatterError) as error:
            self._tell(path.name, error)
            return {}

    def _changed(self, entry: Entry, known: str) -> SourceItem | None:
        try:
            data = entry.path.read_bytes()
            person = people.read_author(
                data.decode("utf-8-sig"), entry.path.stem, entry.path, self._settings.media_url, _place(entry)
            )
        except (OSError, UnicodeDecodeError, FrontMatterError) as error:
            self._tell(_place(entry), error)
            return None
        self._read[entry.key] = person.author
        found = digest(data + "\0".join(file.name for file in person.media).encode())
        fingerprint = entry.fingerprint(found)
        if known.split(":")[2:3] == [found]:
            return Touched(entry.key, fingerprint)
        return Found(
            entry.key, fingerprint, authors=(person.author,), problems=person.problems, media=person.media
        )

    def _named(self, entry: Entry) -> Author | None:
        try:
            return people.read_name(entry.path.read_bytes().decode("utf-8-sig"), entry.path.stem)
        except (OSError, UnicodeDecodeError, FrontMatterError) as error:
            self._tell(_place(entry), error)
            return None

    def _tell(self, place: str, error: Exception) -> None:
        if (problem := _unreadable(place, error)) not in self.problems:
            self.problems.append(problem)

    def _depends(self) -> tuple[object, ...]:
        """The settings that articles depend on."""
        of = self._settings
        return (of.name, of.languages, of.default_language, of.url, of.media_url, of.timezone)

    def _looks(self) -> str:
        """A digest of sizes and times; empty where the tags' file cannot be looked at."""
        stamps = [(entry.key, entry.stamp) for entry in self._entries]
        try:
            tags = files.single(self._settings.tags, "").stamp if self._settings.tags else ""
        except OSError:
            return ""
        return digest(repr((self._depends(), stamps, tags)).encode())

    def _meaning(self) -> str:
        """A digest of names and labels."""
        names = sorted((key, author.key, author.name, author.names) for key, author in self.people.items())
        return digest(repr((self._depends(), sorted(self.labels.items()), names)).encode())


def _entries(settings: MarkdownSettings) -> Iterator[Entry]:
    folder = settings.authors
    if folder is None:
        return
    if not folder.is_dir():
        raise SourceError(f"{folder} is no folder; say where the authors' files are in `authors`")
    portraits = files.pictures_below(folder)
    for path in sorted(p for p in folder.iterdir() if p.suffix in _SUFFIXES):
        yield files.single(path, _AUTHOR + path.name, portraits)


def _place(entry: Entry) -> str:
    return f"{entry.path.parent.name}/{entry.path.name}"


def _unreadable(place: str, error: Exception) -> Problem:
    line = getattr(error, "line", 0)
    reason = "the file is not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
    return Problem(f"{place}:{line}" if line else place, reason, "mend the file")
