"""Open pages follow by themselves: also what changes before their stream is open, and between two streams."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from .conftest import Open

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]
OPEN = 'html[data-connection="open"]'
PATIENCE = 30_000
PARTS = ("/parts/", "/web/")
BY_TIME = ("/parts/clock",)


def decide(opened: Open, city: str) -> None:
    page = opened("demo-nation", "/")
    page.locator(".todo", has_text=city).locator(".button").click()
    page.click("text=批准并发布")
    expect(page.locator(".verdict")).to_contain_text("同意")
    page.close()


class Held:
    """Streams of a page, which wait until they are let go; `instead` answers the first one."""

    def __init__(self, page: Page, instead: Callable[[Route], None] | None = None) -> None:
        self.waiting: list[Route] = []
        self.asked = 0
        self._free = False
        self._instead = instead
        page.route("**/events?*", self._take)

    def _take(self, route: Route) -> None:
        self.asked += 1
        if self._instead is not None and self.asked == 1:
            self._instead(route)
        elif self._free:
            route.continue_()
        else:
            self.waiting.append(route)

    def let_go(self) -> None:
        self._free = True
        for route in self.waiting:
            route.continue_()


def blank(opened: Open, login: str) -> Page:
    """A page signed in, from which others can be gone to."""
    return opened(login, "/static/icon.svg")


def test_what_changes_before_the_stream_opens_is_seen(opened: Open) -> None:
    wall = blank(opened, "demo-nation")
    held = Held(wall)
    wall.goto("/")
    wall.evaluate("window.notReloaded = true")
    expect(wall.locator('.map a[href="/city/130500"] .f-none')).to_have_count(1)
    decide(opened, "邢台市")
    expect(wall.locator('.map a[href="/city/130500"] .f-none')).to_have_count(1)
    held.let_go()
    expect(wall.locator('.map a[href="/city/130500"] .f-red')).to_have_count(1, timeout=PATIENCE)
    assert wall.evaluate("window.notReloaded") is True


def test_what_changes_between_two_streams_is_seen(opened: Open) -> None:
    wall = blank(opened, "demo-nation")
    seen: list[str] = []

    def ended(route: Route) -> None:
        seen.append(route.request.url.partition("since=")[2])
        body = f"retry: 50\nid: {seen[0]}\nevent: hello\ndata: hello\n\n"
        route.fulfill(status=200, content_type="text/event-stream", body=body)

    held = Held(wall, ended)
    wall.goto("/")
    wall.evaluate("window.notReloaded = true")
    decide(opened, "德州市")
    wall.wait_for_selector('html[data-connection="lost"]')
    expect(wall.locator('.map a[href="/city/371400"] .f-none')).to_have_count(1)
    held.let_go()
    expect(wall.locator('.map a[href="/city/371400"] .f-red')).to_have_count(1, timeout=PATIENCE)
    assert len(seen[0]) == 16
    assert wall.evaluate("window.notReloaded") is True


def test_where_nothing_changed_nothing_is_fetched_twice(opened: Open) -> None:
    wall = blank(opened, "demo-nation")
    fetched: list[str] = []
    wall.on("request", lambda one: fetched.append(one.url.partition("//")[2].partition("/")[2]))
    wall.goto("/")
    wall.wait_for_selector(OPEN)
    wall.evaluate("new Promise(done => setTimeout(done, 1000))")  # what is heard is told to the parts a quarter second later
    parts = [f"/{path}" for path in fetched if f"/{path}".startswith(PARTS) and not f"/{path}".startswith(BY_TIME)]
    assert len(parts) == len(set(parts))
    assert not [path for path in parts if path.startswith("/parts/")]


def test_messages_around_come_by_themselves_and_leave_what_is_being_written(opened: Open) -> None:
    decide(opened, "廊坊市")
    page = opened("demo-duty", "/region/circulars?side=received")
    page.wait_for_selector(OPEN)
    page.evaluate("window.notReloaded = true")
    note = page.locator("article", has_text="廊坊市").locator("input[name=note]").first
    note.fill("已转告")
    before = page.locator("article").count()
    decide(opened, "天津市")
    expect(page.locator("article")).to_have_count(before + 1, timeout=PATIENCE)
    expect(page.locator("article", has_text="天津市")).to_have_count(1)
    expect(note).to_have_value("已转告")
    assert page.evaluate("document.activeElement.name") == "note"
    assert page.evaluate("window.notReloaded") is True
