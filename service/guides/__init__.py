"""Guides (技术指南) as people and programs read them: what is known, what is not, and where each part comes from."""
