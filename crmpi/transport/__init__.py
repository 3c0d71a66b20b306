"""Transport solvers: cosmic rays along the magnetic field at frozen gas. One solver is one file."""
