"""The equations: fluid, gravity and the pointwise sources."""
