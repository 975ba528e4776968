"""The demonstration: real episodes of the past, played as a feed would have told them."""
