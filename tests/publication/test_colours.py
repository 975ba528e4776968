"""The colours of the public pages: readable, and air never mixed with warnings."""

import re

from service.publication.render import render_site

from .samples import (
    state,
)


class TestContrast:
    """Text on each colour is readable: at least 4.5:1 (WCAG 2.2 AA)."""

    CSS = render_site(state())["site.css"].decode()

    @staticmethod
    def luminance(colour: str) -> float:
        full = colour if len(colour) == 6 else "".join(c * 2 for c in colour)
        parts = [int(full[i : i + 2], 16) / 255 for i in (0, 2, 4)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    def ratio(self, one: str, other: str) -> float:
        high, low = sorted((self.luminance(one), self.luminance(other)), reverse=True)
        return (high + 0.05) / (low + 0.05)

    def test_fills(self) -> None:
        variables = dict(re.findall(r"--(\w+):#(\w+)", self.CSS.split("@media")[0]))
        warnings = re.findall(r"\.w\.(\w+)\{background:var\(--\w+\);color:#(\w+)\}", self.CSS)
        airs = re.findall(r"\.(a\d)\{background:#(\w+);color:#(\w+)\}", self.CSS)
        assert len(warnings) == 4
        assert len(airs) == 6
        assert all(self.ratio(variables[name], ink) >= 4.5 for name, ink in warnings)
        assert all(self.ratio(fill, ink) >= 4.5 for _, fill, ink in airs)
        assert dict(warnings)["yellow"] == "000"

    def test_inks_in_light_and_dark(self) -> None:
        schemes = re.findall(r":root\{([^}]*--bg[^}]*)\}", self.CSS)
        assert len(schemes) == 3
        for scheme in schemes:
            colours = dict(re.findall(r"--(\w+):#(\w+)", scheme))
            for ink in ("ink", "soft", "link"):
                assert self.ratio(colours[ink], colours["bg"]) >= 4.5
                assert self.ratio(colours[ink], colours["card"]) >= 4.5

    def test_air_colours_are_those_of_the_standard(self) -> None:
        fills = re.findall(r"\.a(\d)\{background:#(\w+);", self.CSS)
        full = {int(n): c if len(c) == 6 else "".join(x * 2 for x in c) for n, c in fills}
        rgb = {n: tuple(int(c[i : i + 2], 16) for i in (0, 2, 4)) for n, c in full.items()}
        assert rgb == {
            1: (0, 228, 0), 2: (255, 255, 0), 3: (255, 126, 0), 4: (255, 0, 0),
            5: (153, 0, 76), 6: (126, 0, 35),
        }  # fmt: skip
