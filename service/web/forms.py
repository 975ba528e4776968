"""Forms of pages: small, urlencoded, from our own pages only."""

from __future__ import annotations

import re
from urllib.parse import parse_qs

from fastapi import Request

from service.kit.auth import same_origin
from service.kit.body import read_body
from service.kit.problems import Forbidden, Invalid

MAX_FORM_BYTES = 20_000
NEVER_IN_A_PATH = re.compile(r"[\x00-\x20\x7f\\]")
"""Browsers drop tabs and line ends, and read a backslash as a slash: `/<tab>/elsewhere` leads to another site."""


async def read_form(request: Request, limit: int = MAX_FORM_BYTES) -> dict[str, str]:
    """The fields of an urlencoded form. Raises Forbidden when another site's page sent it, Invalid when it is no form."""
    if not same_origin(request):
        raise Forbidden(
            "This form was sent from another site's page; open the page here and send it again.",
            detail_zh="此表单来自其他网站的页面；请在本站打开页面重新提交。",
        )
    try:
        fields = parse_qs((await read_body(request, limit)).decode(), keep_blank_values=True)
    except ValueError as error:
        raise Invalid(
            "The form could not be read; open the page again and send it once more.",
            detail_zh="表单无法读取，请重新打开页面再次提交。",
        ) from error
    return {name: values[-1].strip() for name, values in fields.items()}


def local_path(given: str | None) -> str:
    """A path of our own to go on to; anything else becomes the front page."""
    if not given or not given.startswith("/") or given.startswith("//") or NEVER_IN_A_PATH.search(given):
        return "/"
    return given
