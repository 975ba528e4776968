"""The further sheets of a list: dust sites, mobile sources, bulk transport, whitelist, guarantees, summary."""
