"""Frames between the service and its process apart: one byte of kind, four of size, the content."""

from __future__ import annotations

import struct

HEAD, PIECE, END, PROGRESS, GO = range(1, 6)
"""A value; a piece of content; the end of the content; how far the work is; leave to go on."""
AHEAD = "ahead"
"""Argument of a process that loads everything, says so by an end, and waits for its task."""
_FORM = struct.Struct(">BI")
HEAD_BYTES = _FORM.size


def packed(kind: int, content: bytes) -> bytes:
    """A frame."""
    return _FORM.pack(kind, len(content)) + content


def unpacked_size(head: bytes) -> tuple[int, int]:
    """Kind and size of the content that follows."""
    kind, size = _FORM.unpack(head)
    return kind, size
