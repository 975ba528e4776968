"""Vendored files are what `VENDOR.md` says they are."""

import hashlib
import re

import pytest

from service.web.pages import STATIC

VENDOR = STATIC / "vendor"
ROW = re.compile(r"^\| `(?P<name>[^`]+)` .* `(?P<digest>[0-9a-f]{64})` \|$", re.MULTILINE)
LISTED = {found["name"]: found["digest"] for found in ROW.finditer((VENDOR / "VENDOR.md").read_text("utf-8"))}


@pytest.mark.parametrize("name", sorted(LISTED))
def test_hash(name: str) -> None:
    assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == LISTED[name]


def test_every_file_is_listed() -> None:
    assert {path.name for path in VENDOR.iterdir()} - {"VENDOR.md"} == LISTED.keys()


def test_no_page_asks_another_site() -> None:
    sources = [*STATIC.glob("*.js"), *STATIC.glob("*.css"), *(STATIC.parent / "templates").glob("*.html")]
    assert sources
    assert not [
        path.name for path in sources if re.search(r"(?:src|href|url\(|import)\W{0,3}https?:", path.read_text("utf-8"))
    ]


def test_no_inline_script_or_style() -> None:
    for path in (STATIC.parent / "templates").glob("*.html"):
        text = path.read_text("utf-8")
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:|<script(?![^>]*\s(src=|type=.application/json))", text), path.name
