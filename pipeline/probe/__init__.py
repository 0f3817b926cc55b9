"""Measuring media and covers."""
