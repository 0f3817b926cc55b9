"""Everything that is written: values in, bytes out."""
