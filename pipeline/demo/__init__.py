"""A realistic generated call to try everything on."""
