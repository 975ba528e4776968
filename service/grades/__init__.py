"""Performance grades (绩效分级): applications, steps, decisions in force, and their history."""
