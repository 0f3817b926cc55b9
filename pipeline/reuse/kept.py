"""Results as bytes and back, and how they are known again.

Typed MessagePack: nothing in it can act, and it is faster than pickle.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from functools import cached_property, partial
from typing import Any, Generic, TypeVar, cast

from isal import isal_zlib
from msgspec import DecodeError, Struct, msgpack

T = TypeVar("T")
R = TypeVar("R")

UNREADABLE = (DecodeError, cast("type[Exception]", isal_zlib.error), IndexError, ValueError)
"""What `decode` raises for bytes that are not its own."""
_ENCODER = msgpack.Encoder()


def encoded(value: Any) -> bytes:
    """A value of plain data and structs as bytes; equal values have equal bytes.

    Raises UnicodeEncodeError for a text that is none (a file name of stray bytes), and OverflowError or
    TypeError for what MessagePack has no form for.
    """
    return _ENCODER.encode(value)


# Without a checksum (RFC 1951): the store seals what it keeps.
_deflated = partial(isal_zlib.compress, level=1, wbits=-isal_zlib.MAX_WBITS)
_inflated = partial(isal_zlib.decompress, wbits=-isal_zlib.MAX_WBITS)


class Codec(Generic[R]):
    """For results of one of some types, which the first byte tells apart; others are not kept."""

    def __init__(self, *types: type[Any], packed: bool = False) -> None:
        """types: structs, dict or str; of each value the first that it is an instance of counts.

        packed: values are long and say much again; to pack them takes less time than to handle them whole.
        """
        self._types, self._packed = types, packed

    @cached_property
    def _decoders(self) -> list[msgpack.Decoder[Any]]:
        return [msgpack.Decoder(each) for each in self._types]

    def __reduce__(self) -> tuple[Callable[..., Codec[R]], tuple[type[Any], ...]]:
        """Without its decoders: what encodes elsewhere has no use for them."""
        return partial(type(self), packed=self._packed), self._types

    def encode(self, value: R) -> bytes | None:
        """Raises as `encoded`. None for a value of another type."""
        for number, each in enumerate(self._types):
            if isinstance(value, each):
                data = encoded(value)
                return bytes((number,)) + (_deflated(data) if self._packed else data)
        return None

    def decode(self, data: bytes) -> R:
        """The value; raises one of UNREADABLE."""
        rest = memoryview(data)[1:]
        result: R = self._decoders[data[0]].decode(_inflated(rest) if self._packed else rest)
        return result


class Kept(Struct, Generic[T, R], frozen=True):
    """How the results of a function are known again in later runs.

    codec: for the results. identity: plain data on which the result of a task depends, beside the program.
    lasting: whether a result would be the same another time (a file that was locked may open then).
    """

    codec: Codec[R]
    identity: Callable[[T], Any]
    lasting: Callable[[R], bool] = lambda _: True


class Encoding(Struct, Generic[T, R], frozen=True):
    """A function whose results come as bytes where the codec has a form for them.

    They are to be kept as bytes anyway, and travel faster so.
    """

    function: Callable[[T], R]
    codec: Codec[R]

    def __call__(self, task: T) -> bytes | R:
        """Bytes, else the result itself: a text of stray bytes, a number beyond 64 bits."""
        result = self.function(task)
        with contextlib.suppress(UnicodeEncodeError, OverflowError):
            return self.codec.encode(result) or result
        return result
