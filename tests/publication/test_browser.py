"""The public pages in a real browser: readable, no axe finding, nothing wider than a phone."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, sync_playwright

from alerts.cap import Status
from service.publication.render import render_site

from .samples import DRILL_NOTE, episode, state

CHROMIUM = Path("/usr/bin/chromium")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.enable_socket,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Debian's chromium: apt-get install chromium"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("site")
    sites = {
        "live": episode(),
        "drill": episode(Status.TEST, clock_note=DRILL_NOTE),
        "empty": state(),
    }
    for name, shown in sites.items():
        for path, content in render_site(shown).items():
            (root / name / path).parent.mkdir(parents=True, exist_ok=True)
            (root / name / path).write_bytes(content)
    return root


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize(
    "path",
    [
        "drill/index.html",
        "live/en/index.html",
        "live/place/130100.html",
        "live/en/place/370100.html",
        "live/place/370200.html",
        "empty/index.html",
    ],
)
def test_accessible_and_within_its_width(
    browser: Browser, folder: Path, path: str, width: int, scheme: str
) -> None:
    page = browser.new_page(
        viewport={"width": width, "height": 844},
        color_scheme="dark" if scheme == "dark" else "light",
        java_script_enabled=True,
    )
    try:
        page.goto((folder / path).as_uri())
        violations = Axe().run(page).response["violations"]
        assert not [(one["id"], [node["html"] for node in one["nodes"]]) for one in violations]
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    finally:
        page.close()
