"""Tests of the sandbox: PyJWT and requests on one side, the sandbox as a process on the other."""
