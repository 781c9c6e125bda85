"""A strict stand-in for an OCI identity domain and a Fusion pod. See README.md."""
