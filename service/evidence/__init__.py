"""Evidence (佐证): hours of meters and monitors, gate records, inspections; what proves that a measure is carried out."""
