from scenarios.conftest import make_acme, shared_data  # noqa: F401  (fixtures)
