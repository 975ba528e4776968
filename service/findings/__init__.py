"""Findings (问题) and their due process: found, notified, answered, confirmed or withdrawn."""
