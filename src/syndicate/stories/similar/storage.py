"""The index on disk: one file of arrays a rebuild, one small patch a save, one manifest that names them.

    manifest.json     {"version", "generation", "patches"}: replaced by rename, last of all
    g3.json           facts of rebuild 3, and where each array lies in
    g3.arrays         its arrays, one after another, memory-mapped
    g3.p1.npz ...     what came and left since

One process writes. Another may open at any time: it sees the last whole save, and the files it has named stay
until the rebuild after the next.
"""

import io
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from syndicate.stories.similar.snapshot import Arrays
from syndicate.stories.similar.tokens import Array

VERSION = 2
_ALIGN = 64
_GENERATION = re.compile(r"g(\d+)\.(json|arrays|p\d+\.npz)(\.new)?")


class Damaged(Exception):
    """The files are missing, of another version, cut short or not what they should be."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """The rebuild in force (0: none yet) and the numbers of its patches."""

    generation: int = 0
    patches: tuple[int, ...] = ()


def manifest(folder: Path) -> Manifest | None:
    """The manifest; None where there is no index yet. Raises Damaged."""
    try:
        found = json.loads((folder / "manifest.json").read_text("utf-8"))
        if found["version"] != VERSION:
            raise Damaged(f"version {found['version']}, not {VERSION}")
        return Manifest(int(found["generation"]), tuple(map(int, found["patches"])))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise Damaged(f"manifest.json: {error}") from error


def load(folder: Path, generation: int) -> tuple[Arrays, Mapping[str, Any]]:
    """The arrays (mapped, not read) and facts of a rebuild. Raises Damaged."""
    try:
        facts = json.loads((folder / f"g{generation}.json").read_text("utf-8"))
        path = folder / f"g{generation}.arrays"
        if path.stat().st_size != facts["size"]:
            raise Damaged(f"{path.name} has not {facts['size']} bytes")
        whole = np.memmap(path, np.uint8, "r")
        arrays = {name: _view(whole, *place) for name, place in facts["arrays"].items()}
        return arrays, facts["info"]
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise Damaged(f"g{generation}: {error}") from error


def _view(whole: Array, dtype: str, shape: list[int], at: int) -> Array:
    size = int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
    return whole[at : at + size].view(dtype).reshape(shape).view(np.ndarray)


def load_patch(folder: Path, generation: int, patch: int) -> dict[str, Array]:
    """One patch. Raises Damaged."""
    import zipfile

    try:
        with np.load(folder / f"g{generation}.p{patch}.npz", allow_pickle=False) as found:
            return dict(found)
    except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise Damaged(f"g{generation}.p{patch}: {error}") from error


def write(folder: Path, arrays: Arrays, info: Mapping[str, Any]) -> Manifest:
    """Write a rebuild and put it in force; the files of the one before the last go."""
    folder.mkdir(parents=True, exist_ok=True)
    generation = 1 + max((_number(path) for path in folder.iterdir()), default=0)
    places: dict[str, tuple[str, list[int], int]] = {}
    with (folder / f"g{generation}.arrays").open("wb") as out:
        for name, array in arrays.items():
            out.write(b"\0" * (-out.tell() % _ALIGN))
            places[name] = (array.dtype.str, list(array.shape), out.tell())
            out.write(np.ascontiguousarray(array).tobytes())
        size = out.tell()
        out.flush()
        os.fsync(out.fileno())
    facts = {"info": info, "size": size, "arrays": places}
    _put(folder / f"g{generation}.json", json.dumps(facts).encode())
    current = Manifest(generation)
    put_manifest(folder, current)
    for path in folder.iterdir():
        if 0 < _number(path) < generation - 1:
            path.unlink(missing_ok=True)
    return current


def write_patch(folder: Path, current: Manifest, arrays: Arrays, replace: bool) -> Manifest:
    """Write a patch after the others, or in place of them all."""
    number = max(current.patches, default=0) + 1
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    _put(folder / f"g{current.generation}.p{number}.npz", buffer.getvalue())
    after = Manifest(current.generation, (number,) if replace else (*current.patches, number))
    put_manifest(folder, after)
    return after


def put_manifest(folder: Path, current: Manifest) -> None:
    """Put a manifest in force."""
    facts = {"version": VERSION, "generation": current.generation, "patches": current.patches}
    _put(folder / "manifest.json", json.dumps(facts).encode())


def _put(path: Path, content: bytes) -> None:
    new = path.with_name(path.name + ".new")
    with new.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    new.replace(path)


def _number(path: Path) -> int:
    found = _GENERATION.fullmatch(path.name)
    return int(found[1]) if found else 0
