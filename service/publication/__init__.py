"""Publication (发布): the public site, from decided warnings to files on disk."""
