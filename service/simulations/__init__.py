"""Simulations (推演): what would be, without touching what is."""
