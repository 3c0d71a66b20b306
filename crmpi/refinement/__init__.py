"""Where the mesh is refined: regions fixed in space, and criteria that follow the solution."""
