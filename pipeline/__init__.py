"""Checks the digital learning resources that institutions send in (教职成函〔2024〕192号)."""

__version__ = "1.0.0"
