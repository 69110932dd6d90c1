"""Exports of the record that anyone can verify offline, without us."""
