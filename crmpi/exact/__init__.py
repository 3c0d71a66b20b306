"""Exact solutions that problems and tests compare with: plain numpy functions of position and time,
no mesh, no units."""
