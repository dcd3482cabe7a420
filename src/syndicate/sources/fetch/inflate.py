"""Undoing Content-Encoding with a hand on the tap: a bomb is noticed while it grows, not after."""

import zlib
from collections.abc import Iterable, Iterator
from typing import Protocol

from syndicate.sources.fetch.pinned import Refused

_STEP = 1 << 16
# what may be inflated before the ratio counts: short texts of spaces are no attack
_RATIO_FLOOR = 1 << 20
ACCEPTED = "gzip, br"


class _Decoder(Protocol):
    def feed(self, data: bytes) -> Iterator[bytes]: ...


class _Plain:
    def feed(self, data: bytes) -> Iterator[bytes]:
        yield data


class _Zlib:
    """gzip, and deflate with or without the zlib header (RFC 9110, section 8.4.1.2, note)."""

    def __init__(self, wbits: int) -> None:
        self._inner = zlib.decompressobj(wbits)

    def feed(self, data: bytes) -> Iterator[bytes]:
        while data and not self._inner.eof:
            yield self._inner.decompress(data, _STEP)
            data = self._inner.unconsumed_tail


class _Deflate:
    def __init__(self) -> None:
        self._inner: _Zlib | None = None

    def feed(self, data: bytes) -> Iterator[bytes]:
        if self._inner is None and data:
            # the first byte of a zlib stream is its method, 8 in the low half (RFC 1950, section 2.2)
            self._inner = _Zlib(zlib.MAX_WBITS if data[0] & 0x0F == 8 else -zlib.MAX_WBITS)
        yield from self._inner.feed(data) if self._inner else ()


class _Brotli:
    def __init__(self) -> None:
        import brotli

        self._inner = brotli.Decompressor()
        self._error = brotli.error

    def feed(self, data: bytes) -> Iterator[bytes]:
        try:
            yield self._inner.process(data, output_buffer_limit=_STEP)
            while not self._inner.can_accept_more_data():
                yield self._inner.process(b"", output_buffer_limit=_STEP)
        except self._error as error:
            raise zlib.error(str(error)) from None


def _decoder(encoding: str) -> _Decoder:
    match encoding.strip().lower():
        case "" | "identity":
            return _Plain()
        case "gzip" | "x-gzip":
            return _Zlib(16 + zlib.MAX_WBITS)
        case "deflate":
            return _Deflate()
        case "br":
            return _Brotli()
        case other:
            raise Refused(f"the answer is packed in a way that is not known here ({other[:40]!r})")


def inflated(chunks: Iterable[bytes], encoding: str, wire: int, body: int, ratio: int) -> bytes:
    """The whole body, decoded.

    ``wire`` and ``body`` are the most bytes taken before and after decoding, ``ratio`` the most between them
    once more than 1 MiB came out. Raises Refused over a limit or for broken data.
    """
    decoder = _decoder(encoding)
    taken, out = 0, bytearray()
    try:
        for chunk in chunks:
            taken += len(chunk)
            if taken > wire:
                raise Refused(f"the answer is longer than {wire:,} bytes")
            for piece in decoder.feed(chunk):
                out += piece
                if len(out) > body:
                    raise Refused(f"the answer is longer than {body:,} bytes when unpacked")
                if len(out) > _RATIO_FLOOR and len(out) > ratio * taken:
                    raise Refused(f"the answer unpacks to more than {ratio} times its size")
    except zlib.error:
        raise Refused("the answer is packed wrongly (Content-Encoding)") from None
    return bytes(out)
