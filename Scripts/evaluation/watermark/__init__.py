"""Watermarks."""
