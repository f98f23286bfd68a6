"""PostgreSQL: as a source with changes, as a target, and as the oracle of what a view must hold."""

import os
import subprocess
from pathlib import Path

import psycopg2


class Postgres:
    def __init__(self, env):
        self.env = dict(env)
        self.host, self.port, self.user = env["PGHOST"], env["PGPORT"], env["PGUSER"]
        self.password_file = env["SLUICE_POSTGRES_PASSWORD_FILE"]

    def connect(self, database="postgres", user=None, password=None, autocommit=True):
        """A psycopg2 connection; without a user it is the superuser's."""
        secret = password if password is not None else Path(self.password_file).read_text().strip()
        connection = psycopg2.connect(
            host=self.host, port=self.port, user=user or self.user, password=secret, dbname=database, connect_timeout=10
        )
        connection.autocommit = autocommit
        return connection

    def execute(self, database, sql, parameters=None):
        """Runs one statement by itself, outside a transaction block; returns its rows, if it has any."""
        connection = self.connect(database)
        try:
            with connection.cursor() as cursor:
                cursor.execute(sql, parameters)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    def value(self, database, sql, parameters=None):
        """The single value of a query of one row and one column."""
        ((value,),) = self.execute(database, sql, parameters)
        return value

    def create_database(self, name):
        """An empty database; one of this name is dropped first, its replication slots with it."""
        self.drop_database(name)
        self.execute("postgres", f'CREATE DATABASE "{name}" TEMPLATE template0')

    def drop_database(self, name):
        self.execute("postgres", "SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots"
                     " WHERE database = %s AND active", (name,))
        for (slot,) in self.execute("postgres", "SELECT slot_name FROM pg_replication_slots WHERE database = %s", (name,)):
            self._drop_slot(slot)
        self.execute("postgres", f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def _drop_slot(self, slot):
        # the walsender that was just ended may hold it a moment longer
        from .wait import until
        until(lambda: self.execute("postgres", "SELECT pg_drop_replication_slot(%s)", (slot,)),
              f"the slot {slot} to be free", 10, ignore=(psycopg2.errors.ObjectInUse,))

    def psql(self, database, *arguments, stdin=None):
        """psql as a person runs it, stopping at the first error; returns what it prints."""
        done = subprocess.run(
            ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", database, *arguments],
            env={**os.environ, **self.env, "PGTZ": "UTC"}, input=stdin, capture_output=True, text=True, timeout=600,
        )
        if done.returncode != 0:
            raise RuntimeError(f"psql {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout

    def run_file(self, database, path):
        """Runs an SQL file."""
        self.psql(database, "-f", str(path))

    def csv(self, database, query):
        """The answer as `psql --csv` prints it: a header and one line a row."""
        return self.psql(database, "--csv", "-c", query)
