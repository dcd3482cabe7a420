"""Templates that a newsroom may edit: sandboxed, strict, escaped, and with errors that name file and line."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from traceback import walk_tb
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateNotFound, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from syndicate.digests import lines
from syndicate.languages import catalogue, direction, endonym, format_date
from syndicate.model import TemplateError


def render(folders: Sequence[Path], names: Sequence[str], language: str, values: Mapping[str, Any]) -> str:
    """The first of ``names`` found in ``folders`` (a newsroom's own first), filled, in the words of ``language``.

    Names ending in ``.txt.j2`` make plain text, all others are autoescaped. Raises TemplateError, naming
    file and line, for whatever is wrong in a template.
    """
    environment = _environment(tuple(folders), is_text=names[0].endswith(".txt.j2"))
    words = catalogue(language).callables()
    try:
        return environment.select_template(list(names)).render({**words, **values, "language": language})
    except TemplateSyntaxError as error:
        raise TemplateError(f"{error.filename or error.name}:{error.lineno}: {error.message}") from error
    except TemplateNotFound as error:
        where = ", ".join(map(str, folders))
        raise TemplateError(f"template {error.message or error.name} is in none of: {where}") from error
    except Exception as error:  # whatever a newsroom's template does wrong is the template's
        place = _place(error, environment)
        if place is None:
            raise
        raise TemplateError(f"{place}: {error}") from error


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
        "as_text": lines.as_text,
        "fill": lines.fill,
        "underlined": lines.underlined,
        "endonym": endonym,
        "direction": direction,
        "long_date": format_date,
    }
    return environment


def _place(error: Exception, environment: Environment) -> str | None:
    """``file:line`` of the innermost template that the error went through (Jinja2 rewrites tracebacks so)."""
    folders = tuple(str(f) for f in environment.loader.searchpath)  # type: ignore[union-attr]
    frames = [(frame.f_code.co_filename, line) for frame, line in walk_tb(error.__traceback__)]
    inside = [f"{name}:{line}" for name, line in frames if name.startswith(folders)]
    return inside[-1] if inside else None
