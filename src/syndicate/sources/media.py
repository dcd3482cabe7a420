"""Pictures that lie beside the articles: proved to be pictures, measured, and given an address."""

import hashlib
import struct
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from syndicate.model import MediaFile, Problem
from syndicate.sources.clean import tree
from syndicate.sources.clean.tree import Element

MAX_BYTES = 5_000_000
_STATIC = ("", "static", "assets", "public", "content")


@dataclass(frozen=True, slots=True)
class Picture:
    """``kind`` is jpg, png, gif or webp, by the bytes and not by the name; sizes in pixels."""

    kind: str
    width: int
    height: int


@dataclass(slots=True)
class Gallery:
    """The local pictures of one file: where to look, what was found, what is missing.

    ``root`` is the folder that no picture may lie outside of; ``folder`` is the one the file is in.
    """

    root: Path
    folder: Path
    media_url: str
    place: str
    files: dict[str, MediaFile] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def hang(self, root: Element) -> None:
        """Give the local pictures of a tree their address and size; drop those that are missing."""
        for node in tree.elements(root, "img"):
            source = node.get("src", "")
            if not is_local(source):
                continue
            node.attrib.pop("srcset", "")
            if found := self.locate(source):
                url, picture = found
                node.set("src", url)
                node.set("width", str(picture.width))
                node.set("height", str(picture.height))
            elif not source.startswith("/"):
                tree.remove(node)

    def locate(self, reference: str) -> tuple[str, Picture] | None:
        """(address, picture) of a local reference. A path from the site's root may be served elsewhere."""
        path = self._path(reference)
        if path is None:
            if not reference.startswith("/"):
                self._warn(f"the picture {reference[:100]} is not there", "put the file beside the article")
            return None
        if path.stat().st_size > MAX_BYTES:
            size = MAX_BYTES // 1_000_000
            self._warn(f"the picture {reference[:100]} is over {size} MB", "make it smaller")
            return None
        data = path.read_bytes()
        picture = measure(data)
        if picture is None:
            self._warn(f"{reference[:100]} is no JPEG, PNG, GIF or WebP picture", "save it as one of these")
            return None
        name = f"{hashlib.sha256(data).hexdigest()[:16]}.{picture.kind}"
        self.files[name] = MediaFile(name, path)
        return f"{self.media_url.rstrip('/')}/{name}", picture

    def _warn(self, reason: str, advice: str) -> None:
        self.problems.append(Problem(self.place, f"{reason}; it was left out", advice, fatal=False))

    def _path(self, reference: str) -> Path | None:
        relative = unquote(urlsplit(reference).path)
        if "\0" in relative or len(relative) > 1000:
            return None
        folders = (
            [self.root / name for name in _STATIC] if relative.startswith("/") else [self.folder, self.root]
        )
        candidates = (folder / relative.lstrip("/") for folder in folders)
        return next((p for c in candidates if (p := self._inside(c))), None)

    def _inside(self, path: Path) -> Path | None:
        """The path when it is a file under the root, also after links are followed."""
        try:
            real = path.resolve()
            return real if real.is_file() and real.is_relative_to(self.root.resolve()) else None
        except (OSError, RuntimeError):
            return None


def is_local(reference: str) -> bool:
    """Whether a picture's address names no other host: a path, without scheme."""
    try:
        parts = urlsplit(reference.strip())
    except ValueError:
        return False
    return bool(parts.path) and not parts.scheme and not parts.netloc


def measure(data: bytes) -> Picture | None:
    """Kind and size of a picture from its first bytes, or None when they are not those of one we serve."""
    try:
        return _png(data) or _gif(data) or _jpeg(data) or _webp(data)
    except (struct.error, IndexError):
        return None


def _png(data: bytes) -> Picture | None:
    if data[:8] != b"\x89PNG\r\n\x1a\n" or data[12:16] != b"IHDR":
        return None
    return Picture("png", *struct.unpack(">II", data[16:24]))


def _gif(data: bytes) -> Picture | None:
    return Picture("gif", *struct.unpack("<HH", data[6:10])) if data[:6] in (b"GIF87a", b"GIF89a") else None


def _jpeg(data: bytes) -> Picture | None:
    """Walk the segments to the frame header (ITU T.81, annex B): SOF0 to SOF15 but DHT, JPG and DAC."""
    if data[:3] != b"\xff\xd8\xff":
        return None
    at = 2
    while at + 9 < len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return Picture("jpg", width, height)
        # a fill byte stands alone; any other segment says its length
        at += 1 if marker == 0xFF else 2 + struct.unpack(">H", data[at + 2 : at + 4])[0]
    return None


def _webp(data: bytes) -> Picture | None:
    """The three forms of WebP (RFC 9649, section 2): lossy, lossless, extended."""
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        return None
    form = data[12:16]
    if form == b"VP8 ":
        width, height = struct.unpack("<HH", data[26:30])
        return Picture("webp", width & 0x3FFF, height & 0x3FFF)
    if form == b"VP8L":
        (bits,) = struct.unpack("<I", data[21:25])
        return Picture("webp", (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    if form == b"VP8X":
        return Picture(
            "webp", int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1
        )
    return None
