"""Draw mutants of alerts/ at random, and score those that ran, from what mutmut leaves under mutants/.

python scripts/mutation.py draw 1200 7 "alerts.cap*"   names of 1,200 mutants of these, drawn with seed 7 (0: all)
python scripts/mutation.py score FILE                  score of the mutants that FILE names per module, and survivors
"""

from __future__ import annotations

import fnmatch
import json
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from math import sqrt
from pathlib import Path

MUTANTS = Path("mutants/alerts")
STATUS = {1: "killed", 3: "killed", 0: "survived", 5: "no test", 33: "no test"} | dict.fromkeys(
    (24, -24, 36, 152, 255), "timeout"
)
"""What mutmut's exit codes mean; any other is shown as odd and counts as not killed."""


def results() -> dict[str, int | None]:
    """Exit code by the mutant's name; None: not run."""
    found: dict[str, int | None] = {}
    for path in MUTANTS.rglob("*.meta"):
        found |= json.loads(path.read_text("utf-8"))["exit_code_by_key"]
    return dict(sorted(found.items()))


def draw(count: int, seed: int, pattern: str) -> list[str]:
    """So many names at random, the same for the same tree and seed."""
    names = fnmatch.filter(results(), pattern)
    return sorted(random.Random(seed).sample(names, min(count, len(names)))) if count else names


def interval(killed: int, total: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share."""
    z, share = 1.96, killed / total
    centre = share + z * z / (2 * total)
    spread = z * sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    return (centre - spread) / (1 + z * z / total), (centre + spread) / (1 + z * z / total)


def score(names: Sequence[str]) -> list[str]:
    """One line per survivor, one per module, and the sum."""
    every = results()
    ran = {name: STATUS.get(code, f"odd ({code})") for name in names if (code := every[name]) is not None}
    modules: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for name, status in ran.items():
        modules[name.split(".")[1]][status] += 1
    lines = [f"{status}: {name}" for name, status in ran.items() if status not in ("killed", "timeout")]
    lines += [_line(name, counts) for name, counts in sorted(modules.items())]
    total = sum(modules.values(), Counter())
    killed = total["killed"] + total["timeout"]
    low, high = interval(killed, total.total())
    drawn = f"{len(ran)} of {len(every)} mutants"
    if len(ran) < len(every):
        drawn += f", 95 % interval {low:.1%} to {high:.1%}"
    return [*lines, _line("alerts", total), f"{drawn}; {', '.join(f'{of} {what}' for what, of in total.most_common())}"]


def _line(name: str, counts: Counter[str]) -> str:
    killed = counts["killed"] + counts["timeout"]
    return f"{name:24} {killed:5} of {counts.total():5}  {killed / counts.total():6.1%}"


def main(arguments: Sequence[str]) -> str:
    match arguments:
        case ["draw", count, seed, pattern]:
            return "\n".join(draw(int(count), int(seed), pattern))
        case ["score", file]:
            return "\n".join(score(Path(file).read_text("utf-8").split()))
        case _:
            return __doc__ or ""


if __name__ == "__main__":
    sys.stdout.write(main(sys.argv[1:]) + "\n")
