"""Reading what a unit sent: bytes in, exact cells out."""
