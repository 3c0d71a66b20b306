"""Cross-sections of tubes, the values of ``mesh.geometry``; one file adds one."""
