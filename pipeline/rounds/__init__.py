"""From round to round: what a unit accepted, what became of its problems, what the province decided."""
