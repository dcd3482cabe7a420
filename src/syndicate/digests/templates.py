"""Templates that a newsroom may edit: sandboxed, strict, escaped, and with errors that name file and line."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from traceback import walk_tb
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateNotFound, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from syndicate.digests import lines, tongues
from syndicate.digests.tongues import is_borrowed, marked, spoken
from syndicate.languages import catalogue, direction, endonym, format_date
from syndicate.model import TemplateError


def render(folders: Sequence[Path], names: Sequence[str], language: str, values: Mapping[str, Any]) -> str:
    """The first of ``names`` found in ``folders`` (a newsroom's own first), filled, in the words of ``language``.

    Names ending in ``.txt.j2`` make plain text, all others are autoescaped. Raises TemplateError, naming
    file and line, for whatever is wrong in a template.
    """
    is_text = names[0].endswith(".txt.j2")
    environment = _environment(tuple(folders), is_text=is_text)
    given = {**_words(language, is_text=is_text), **values, "language": language}
    with mistakes_placed(environment):
        return environment.select_template(list(names)).render(given)


@contextmanager
def mistakes_placed(environment: Environment) -> Iterator[None]:
    """Whatever goes wrong inside, in a template of ``environment``, becomes a TemplateError with its place."""
    try:
        yield
    except TemplateSyntaxError as error:
        raise TemplateError(f"{error.filename or error.name}:{error.lineno}: {error.message}") from error
    except TemplateNotFound as error:
        where = ", ".join(_folders(environment))
        missing = ", ".join(map(str, getattr(error, "templates", [error.name])))
        place = _place(error, environment)
        wanted = f"{place}: " if place else ""
        raise TemplateError(f"{wanted}template {missing} is in none of: {where}") from error
    except Exception as error:  # whatever a newsroom's template does wrong is the template's
        place = _place(error, environment)
        if place is None:
            raise
        raise TemplateError(f"{place}: {error}") from error


def _words(language: str, *, is_text: bool) -> dict[str, Callable[..., str]]:
    """What templates call; in markup all but ``gettext`` says which language its words are, where they are borrowed."""
    words = catalogue(language).callables()
    if is_text or not is_borrowed(language):
        return words
    return {name: say if name == "gettext" else _saying(say, language) for name, say in words.items()}


def _saying(say: Callable[..., str], language: str) -> Callable[..., str]:
    return lambda *asked, **values: marked(say(*asked, **values), language)


@lru_cache(maxsize=8)
def _environment(folders: tuple[Path, ...], *, is_text: bool) -> Environment:
    environment = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(folders),
        autoescape=not is_text,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.do"],
    )
    shape = lines.PLAIN if is_text else lines.MARKUP
    environment.filters |= {
        "byline": shape.byline,
        "series": shape.series,
        "correction": shape.correction,
        "only_in": shape.only_in,
        "in_language": shape.in_language,
        "apart": shape.shield,
        "within": tongues.within_plain if is_text else tongues.within,
        "spoken": spoken,
        "as_text": lines.as_text,
        "fill": lines.fill,
        "underlined": lines.underlined,
        "endonym": endonym,
        "direction": direction,
        "long_date": format_date,
    }
    return environment


def _folders(environment: Environment) -> tuple[str, ...]:
    return tuple(str(f) for f in environment.loader.searchpath)  # type: ignore[union-attr]


def _place(error: Exception, environment: Environment) -> str | None:
    """``file:line`` of the innermost template that the error went through (Jinja2 rewrites tracebacks so)."""
    folders = _folders(environment)
    frames = [(frame.f_code.co_filename, line) for frame, line in walk_tb(error.__traceback__)]
    inside = [f"{name}:{line}" for name, line in frames if name.startswith(folders)]
    return inside[-1] if inside else None
