"""Tests of the package: `python -m unittest` in the folder above, with the package installed."""
