"""The rule book (规则库): rule sets, plans and AQI standards as they are read, with where each value comes from."""
