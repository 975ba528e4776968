"""The published warning records of the past beside what the rules say on the air that was observed."""
