"""What all requests and answers of the API are made of. Requests are taken strictly: what is unknown is refused."""

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from syndicate.subscribers import canonical
from syndicate.web.api.problems import wrong

_LONGEST_NUMBER = 10**18 - 1

LINE = r"^[^\x00-\x1f\x7f]*$"
TEXT = r"^[^\x00]*$"

Line = Annotated[str, StringConstraints(max_length=500, pattern=LINE)]
"""One line of text."""

Text = Annotated[str, StringConstraints(max_length=20_000, pattern=TEXT)]


def _mailable(email: str) -> str:
    canonical(email)
    return email


Email = Annotated[
    str, StringConstraints(min_length=3, max_length=320, pattern=LINE), AfterValidator(_mailable)
]
"""An address that can be mailed."""

Number = Annotated[int, Field(ge=1, le=_LONGEST_NUMBER)]
"""What something is known by."""

Count = Annotated[int, Field(ge=0, le=_LONGEST_NUMBER)]

Cursor = Annotated[
    str,
    StringConstraints(max_length=400, pattern=LINE),
    Field(description="`next` of the page before; the first page without it."),
]


_FIRST, _LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


def _in_reach(moment: datetime) -> datetime:
    if not _FIRST <= moment <= _LAST:
        raise ValueError("is not between 2000 and 2100")
    return moment.astimezone(UTC)


Moment = Annotated[AwareDatetime, AfterValidator(_in_reach)]
"""With its offset from UTC (RFC 3339)."""

Seen = Annotated[
    str,
    StringConstraints(max_length=60, pattern=LINE),
    Field(
        description="`mark` of what you looked at. When somebody did something else since, nothing is done (409, "
        "outdated). Without it you act on what is."
    ),
]


class Given(BaseModel):
    """The body of a POST, or the query of a GET."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def example(body: dict[str, Any]) -> ConfigDict:
    """What a model is configured with that shows one in its description."""
    return ConfigDict(extra="forbid", frozen=True, json_schema_extra={"examples": [body]})


class Nothing(Given):
    """No fields."""


class Told(BaseModel):
    """A part of an answer. Times are UTC; what is not known is null."""

    model_config = ConfigDict(from_attributes=True, frozen=True, extra="ignore")


def cursor(moment: datetime, last: object) -> str:
    """Where a page ended that is in order of time."""
    return f"{moment.isoformat()} {last}"


def place(given: str) -> tuple[datetime, str]:
    """Where to go on; raises a problem for what no page gave."""
    moment, _, last = given.partition(" ")
    try:
        return _in_reach(datetime.fromisoformat(moment)), last
    except (ValueError, TypeError) as error:
        raise wrong("cursor", "is not the `next` of a page") from error
