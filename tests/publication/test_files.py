"""The public site over HTTP: right types, cheap repeats, no way out of the folder."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from service.publication.files import find, matches, public_router
from service.publication.render import render_site
from service.publication.store import PublicStore

from .samples import episode


@pytest.fixture
def store(tmp_path: Path) -> PublicStore:
    return PublicStore(tmp_path / "public")


@pytest.fixture
async def client(store: PublicStore) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.include_router(public_router(lambda _: store.root))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as found:
        yield found


@pytest.fixture
def site(store: PublicStore) -> dict[str, bytes]:
    files = render_site(episode())
    store.publish(files, 1)
    (store.root / "secret.html").write_bytes(b"secret")
    (store.root.parent / "outside.html").write_bytes(b"outside")
    return files


class TestGet:
    @pytest.mark.parametrize(
        ("address", "path", "media"),
        [
            ("", "index.html", "text/html; charset=utf-8"),
            ("en/", "en/index.html", "text/html; charset=utf-8"),
            ("place/110000.html", "place/110000.html", "text/html; charset=utf-8"),
            ("site.css", "site.css", "text/css; charset=utf-8"),
            ("warnings.json", "warnings.json", "application/json"),
            ("warnings.atom", "warnings.atom", "application/atom+xml"),
        ],
    )
    async def test_bytes_and_media_type(
        self, client: httpx.AsyncClient, site: dict[str, bytes], address: str, path: str, media: str
    ) -> None:
        answer = await client.get(f"/public/{address}")
        assert answer.status_code == 200
        assert answer.content == site[path]
        assert answer.headers["content-type"] == media
        assert answer.headers["cache-control"] == "public, max-age=30"

    async def test_cap_messages_may_be_kept_for_ever(
        self, client: httpx.AsyncClient, site: dict[str, bytes]
    ) -> None:
        path = next(path for path in site if path.startswith("cap/"))
        answer = await client.get(f"/public/{path}")
        assert answer.content == site[path]
        assert answer.headers["content-type"] == "application/cap+xml"
        assert "immutable" in answer.headers["cache-control"]
        assert answer.headers["access-control-allow-origin"] == "*"

    @pytest.mark.usefixtures("site")
    async def test_security_headers(self, client: httpx.AsyncClient) -> None:
        for address in ("/public/", "/public/nothing.html", "/public"):
            headers = (await client.get(address)).headers
            policy = headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "script" not in policy
            assert "unsafe" not in policy
            assert headers["x-content-type-options"] == "nosniff"

    @pytest.mark.usefixtures("site")
    @pytest.mark.parametrize(("address", "target"), [("/public", "/public/"), ("/public/en", "/public/en/")])
    async def test_addresses_without_their_slash(
        self, client: httpx.AsyncClient, address: str, target: str
    ) -> None:
        answer = await client.get(address)
        assert (answer.status_code, answer.headers["location"]) == (308, target)

    async def test_before_the_first_release(self, client: httpx.AsyncClient) -> None:
        answer = await client.get("/public/")
        assert answer.status_code == 503
        assert answer.headers["retry-after"]
        assert "尚未发布" in answer.text

    async def test_a_new_release_is_seen_at_once(
        self, client: httpx.AsyncClient, store: PublicStore, site: dict[str, bytes]
    ) -> None:
        old = await client.get("/public/")
        store.publish({**site, "index.html": b"new"}, 2)
        new = await client.get("/public/", headers={"If-None-Match": old.headers["etag"]})
        assert (new.status_code, new.content) == (200, b"new")

    @pytest.mark.usefixtures("site")
    async def test_nothing_is_written(self, client: httpx.AsyncClient) -> None:
        for method in ("POST", "PUT", "DELETE"):
            assert (await client.request(method, "/public/")).status_code == 405


class TestConditional:
    @pytest.mark.usefixtures("site")
    async def test_not_modified_has_no_body_and_the_same_tag(self, client: httpx.AsyncClient) -> None:
        first = await client.get("/public/")
        again = await client.get("/public/", headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
        assert again.headers["cache-control"] == first.headers["cache-control"]

    async def test_an_unchanged_file_keeps_its_tag_over_releases(
        self, client: httpx.AsyncClient, store: PublicStore, site: dict[str, bytes]
    ) -> None:
        first = await client.get("/public/site.css")
        store.publish({**site, "index.html": b"new"}, 2)
        assert (await client.get("/public/site.css")).headers["etag"] == first.headers["etag"]

    @pytest.mark.parametrize(
        ("header", "hit"),
        [
            ('"a"', True),
            ('W/"a"', True),
            ('"b", "a"', True),
            ("*", True),
            ('"b"', False),
            ("a", False),
            ("", False),
        ],
    )
    def test_matching(self, header: str, hit: bool) -> None:
        assert matches(header, '"a"') is hit

    @pytest.mark.parametrize("address", ["/public/", "/public/nothing.html", "/public/warnings.atom"])
    @pytest.mark.usefixtures("site")
    async def test_head_is_get_without_body(self, client: httpx.AsyncClient, address: str) -> None:
        head, get = await client.head(address), await client.get(address)
        assert head.content == b""
        assert head.status_code == get.status_code
        assert dict(head.headers) == dict(get.headers)
        assert int(head.headers["content-length"]) == len(get.content)


class TestNoWayOut:
    @pytest.mark.usefixtures("site")
    @pytest.mark.parametrize(
        "path",
        [
            "../secret.html",
            "../../outside.html",
            "%2e%2e/secret.html",
            "..%2fsecret.html",
            "..%2f..%2foutside.html",
            "place/../../secret.html",
            "cap/../../secret.html",
            "..%5csecret.html",
            "%2fetc%2fpasswd",
            "/etc/passwd",
            ".lock",
            "index.html%00.html",
            "place",
            "place/",
            "cap/",
            "leak.html",
            "nothing.html",
            "a" * 300 + ".html",
        ],
    )
    async def test_404(self, client: httpx.AsyncClient, store: PublicStore, path: str) -> None:
        current = (store.root / "current").resolve()
        (current / "leak.html").symlink_to(store.root.parent / "outside.html")
        request = client.build_request("GET", "http://test/public/")
        request.url = request.url.copy_with(raw_path=f"/public/{path}".encode())
        answer = await client.send(request)
        assert answer.status_code == 404
        assert b"secret" not in answer.content
        assert b"outside" not in answer.content

    @pytest.mark.usefixtures("site")
    @pytest.mark.parametrize(
        "path", ["..", "../secret.html", "a/../index.html", "\0.html", "//etc/passwd", "index.html/"]
    )
    def test_find(self, store: PublicStore, path: str) -> None:
        assert find(store.root, path) is None
        assert find(store.root, "index.html") is not None
