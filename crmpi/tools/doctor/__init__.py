"""What ``crmpi doctor`` checks besides packages: MPI and its launcher, HDF5 of many ranks, cores
and memory of the ranks."""
