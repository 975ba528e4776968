"""Drills (演练): the whole service once more over a schema of its own, with injects, players and a score sheet."""
