"""Templates of the pages about feeds; a newsroom may edit them, so mistakes in one name its file and line."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from traceback import walk_tb

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateNotFound, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from syndicate.model import TemplateError


def render(folders: Sequence[Path], name: str, values: Mapping[str, object]) -> str:
    """``name`` from the first of ``folders`` that has it, filled. Raises TemplateError."""
    try:
        return _environment(tuple(folders)).get_template(name).render(values)
    except TemplateSyntaxError as error:
        raise TemplateError(f"{error.filename or error.name}:{error.lineno}: {error.message}") from error
    except TemplateNotFound as error:
        where = ", ".join(map(str, folders))
        raise TemplateError(f"template {error.message or error.name} is in none of: {where}") from error
    except Exception as error:  # whatever a newsroom's template does wrong is the template's
        place = _place(error, folders)
        if not place:
            raise
        raise TemplateError(f"{place}: {error}") from error


def _place(error: Exception, folders: Sequence[Path]) -> str:
    """``file:line`` in a template, where the error came from one (Jinja rewrites its traceback)."""
    frames = [(frame.f_code.co_filename, line) for frame, line in walk_tb(error.__traceback__)]
    inside = [
        (f, n) for f, n in frames if f.endswith(".j2") and any(Path(f).is_relative_to(x) for x in folders)
    ]
    return f"{inside[-1][0]}:{inside[-1][1]}" if inside else ""


@lru_cache(maxsize=8)
def _environment(folders: tuple[Path, ...]) -> Environment:
    """Sandboxed, because a newsroom's staff may edit its templates."""
    return ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(folders),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
