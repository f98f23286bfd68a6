"""PostgreSQL's side: a script run in a database of its own, its changes as logical decoding gives them, its answers."""

import io
import itertools
import os
import shutil
import struct
import sys
import tempfile
import threading
from pathlib import Path

import psycopg2

from script import Check

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from harness.postgres import Postgres  # noqa: E402
from harness.servers import Stack  # noqa: E402
from harness.wait import until  # noqa: E402

HERE = Path(__file__).resolve().parent
TEMPLATE = "equality_template"
SETTINGS = ("SET TimeZone = 'UTC'; SET DateStyle = 'ISO'; SET IntervalStyle = 'postgres'; SET extra_float_digits = 1;"
            "SET search_path = public, pg_catalog; SET synchronous_commit = off; SET client_min_messages = warning;"
            "SET jit = off; SET statement_timeout = '60s'; SET cursor_tuple_fraction = 1")
ROWS_MOST = 300_000  # of an answer
# interval and time with time zone: Debezium's own forms lose months or the zone; PostgreSQL's text keeps them
AS_TEXT = {1186: 0, 1266: 0}
numbers = itertools.count(1)


class Server:
    """A PostgreSQL of deploy/servers: SLUICE_TEST_STATE's, or one that ends with the run."""

    def __init__(self, trusted=False):
        given = os.environ.get("SLUICE_TEST_STATE")
        self.trusted = trusted
        self.folder = given or tempfile.mkdtemp(prefix="sluice-equality-")
        self.given = bool(given)
        self.stack = Stack(self.folder)
        self.stack.need("postgres")
        self.postgres = Postgres(self.stack.env("postgres"))
        self.lock = threading.Lock()
        self._make_template()

    def _make_template(self):
        text = (HERE / "exact.sql").read_text()
        connection = self.postgres.connect()
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(7431)")
            cursor.execute("SELECT description FROM pg_shdescription JOIN pg_database d ON d.oid = objoid WHERE datname = %s",
                           (TEMPLATE,))
            if cursor.fetchall() != [(text,)]:
                cursor.execute(f"DROP DATABASE IF EXISTS {TEMPLATE} WITH (FORCE)")
                cursor.execute(f"CREATE DATABASE {TEMPLATE} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'")
                self.postgres.psql(TEMPLATE, stdin=text)
                cursor.execute(f"COMMENT ON DATABASE {TEMPLATE} IS %s", (text,))
        connection.close()

    def database(self):
        """A new database's name."""
        name = f"equality_{os.getpid()}_{next(numbers)}"
        self._wait_up()
        with self.lock:
            self.postgres.execute("postgres", f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY wal_log")
        return name

    def _wait_up(self):
        """A query may have ended it: it is back when it has recovered."""
        until(lambda: self.postgres.value("postgres", "SELECT true"), "PostgreSQL to take connections",
              ignore=(psycopg2.OperationalError,))

    def drop(self, name):
        self._wait_up()
        self.postgres.execute("postgres", f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def close(self):
        if not self.given:
            self.stack.wipe()
            shutil.rmtree(self.folder)


class Table:
    """A captured table as the engine's source."""

    def __init__(self, number, name, columns, keys):
        self.number, self.name, self.columns, self.keys = number, name, columns, keys


class Event:
    """A change; `key` (texts) says its place among partitions, `line` is the driver's, `old` the row before an update."""

    __slots__ = ("table", "op", "key", "line", "fields")

    def __init__(self, table, op, position, fields, old=()):
        self.table, self.op, self.fields = table, op, fields
        self.key = tuple(fields[i] for i in table.keys) if fields else ()
        self.line = "\t".join([op, str(table.number), str(position[0]), str(position[1]), *map(escape, [*fields, *old])])


def escape(text):
    if text is None:
        return r"\N"
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


class Reader:
    """Reads fields of a pgoutput message."""

    def __init__(self, data):
        self.data, self.at = bytes(data), 0

    def take(self, form):
        values = struct.unpack_from("!" + form, self.data, self.at)
        self.at += struct.calcsize("!" + form)
        return values if len(values) > 1 else values[0]

    def text(self):
        end = self.data.index(b"\0", self.at)
        text = self.data[self.at:end].decode()
        self.at = end + 1
        return text

    def row(self):
        """Texts, None for NULL, False for a TOASTed value that did not change."""
        values = []
        for _ in range(self.take("H")):
            kind = self.take("c")
            if kind == b"t":
                n = self.take("I")
                values.append(self.data[self.at:self.at + n].decode())
                self.at += n
            else:
                values.append(None if kind == b"n" else False)
        return values


class Decoder:
    """pgoutput, version 1, all tables with REPLICA IDENTITY FULL. For sources that trust their before images an update tells the
    row before it, and a truncate is the deletion of each row."""

    def __init__(self, tables, trusted):
        self.tables, self.relations, self.trusted = tables, {}, trusted
        self.rows = {}  # by table and key, of trusted ones
        self.lsn = self.ordinal = 0

    def take(self, data):
        """The events of one message."""
        reader = Reader(data)
        kind = reader.take("c")
        if kind == b"B":
            self.lsn, self.ordinal = reader.take("Q"), 0
        elif kind == b"R":
            oid = reader.take("I")
            self.relations[oid] = f"{reader.text()}.{reader.text()}"
        elif kind in b"IUDT":
            self.ordinal += 1
            events = list(self.change(kind, reader))
            return self._whole(events) if self.trusted else events
        return []

    def _whole(self, events):
        out = []
        for event in events:
            held = self.rows.setdefault(event.table.name, {})
            position = (self.lsn, self.ordinal)
            if event.op == "t":
                out += [Event(event.table, "d", position, row) for row in held.values()]
                held.clear()
                continue
            old = held.pop(event.key, ())
            if event.op != "d":
                held[event.key] = event.fields
            out.append(Event(event.table, event.op, position, event.fields, old if event.op == "u" else ()))
        return out

    def change(self, kind, reader):
        position = (self.lsn, self.ordinal)
        if kind == b"T":
            n, _ = reader.take("IB")
            for _ in range(n):
                table = self.tables.get(self.relations[reader.take("I")])
                if table:
                    yield Event(table, "t", position, [])
            return
        table = self.tables.get(self.relations[reader.take("I")])
        if table is None:
            return
        mark = reader.take("c")
        old = new = None
        if mark in b"KO":
            old = reader.row()
            mark = reader.take("c") if kind == b"U" else None
        if mark == b"N":
            new = reader.row()
        if new and old:
            new = [before if after is False else after for before, after in zip(old, new)]
        if kind == b"I":
            yield Event(table, "c", position, new)
        elif kind == b"D":
            yield Event(table, "d", position, old)
        elif any(old[i] != new[i] for i in table.keys):
            yield Event(table, "d", position, old)
            yield Event(table, "c", position, new)
        else:
            yield Event(table, "u", position, new)


CATALOG = """
SELECT n.nspname, c.relname, a.attname,
       format_type(a.atttypid, a.atttypmod) || coalesce(' COLLATE ' || quote_ident(l.collname), ''), a.attnotnull, a.atttypid,
       a.atttypmod, coalesce(a.attnum = ANY (i.indkey), false)
  FROM pg_attribute a LEFT JOIN pg_collation l ON l.oid = a.attcollation AND l.collname <> 'default'
  JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
 WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind = 'r' AND c.relname <> 'exact_power'
   AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
 ORDER BY c.oid, a.attnum"""
VIEW_TYPES = """
SELECT n.nspname || '.' || c.relname, a.attname, format_type(a.atttypid, NULL)
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE a.attnum > 0 AND c.relkind = 'v' AND n.nspname NOT IN ('pg_catalog', 'information_schema') ORDER BY c.oid, a.attnum"""


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


class Answer:
    """A view's rows (row_to_json texts), or the error that its query raised."""

    __slots__ = ("rows", "error")

    def __init__(self, rows=None, error=None):
        self.rows, self.error = rows, error

    @property
    def is_given_up(self):
        """There is no answer: its statement_timeout ran out, its rows were too many or resources too few, or its own code failed."""
        return self.error is not None and (self.error[0] == "57014" or self.error[0].startswith(("53", "XX")))


class Oracle:
    """A script that has been run: `tables`, `segments` (events up to each check), `answers` (by view at each check)."""

    def __init__(self, server, script, upto=None, shuffles=0):
        self.server, self.script, self.shuffles = server, script, shuffles
        self.tables, self.segments, self.answers, self.failed = {}, [], [], {}
        self.types, self.foreign, self.shuffled = {}, [], []
        self.database = server.database()
        try:
            self.cursor = self._session()
            self.decoding = self._session()  # of its own: an error ends a session's temporary slots
            self._run(upto)
        finally:
            self._close()

    def _close(self):
        try:
            self.decoding.execute("SELECT pg_drop_replication_slot(%s)", (self.database,))
            self.decoding.connection.close()
            self.cursor.connection.close()
        finally:
            self.server.drop(self.database)

    def _session(self):
        cursor = self.server.postgres.connect(self.database).cursor()
        cursor.execute(SETTINGS)
        return cursor

    def _run(self, upto):
        self.slot = self.database
        self.decoding.execute("SELECT pg_create_logical_replication_slot(%s, 'pgoutput', true)", (self.slot,))
        views = []
        for item in self.script.items:
            if isinstance(item, Check):
                self._check(views, last=upto is not None and len(self.segments) == upto)
                if upto is not None and len(self.segments) > upto:
                    return
                continue
            if item.data is not None:
                self.cursor.copy_expert(item.for_postgres(), io.StringIO(item.data))
                continue
            try:
                self.cursor.execute(item.for_postgres(self.script.as_of))
            except psycopg2.Error as error:
                if item.kind not in ("view", "name"):
                    raise RuntimeError(f"{self.script.path}:{item.line}: {error}") from None
                self.failed[item.name] = f"PostgreSQL: {str(error).splitlines()[0]}"
                continue
            if item.kind in ("table", "source"):
                self.cursor.execute(f"ALTER TABLE {item.name} REPLICA IDENTITY FULL")
            if item.kind == "view":
                views.append(item.name)
        self.cursor.execute(VIEW_TYPES)
        for view, column, kind in self.cursor.fetchall():
            self.types.setdefault(view, []).append((column, kind))

    def _learn_tables(self):
        self.cursor.execute("SELECT oid, typbasetype, typtypmod FROM pg_type WHERE typtype = 'd'")
        domains = {oid: (base, typmod) for oid, base, typmod in self.cursor.fetchall()}
        self.cursor.execute(CATALOG)
        found = {}
        for schema, table, *column in self.cursor.fetchall():
            found.setdefault((schema, table), []).append(column)
        declared = {item.name for item in self.script.statements if item.kind == "source"}
        self.tables, self.foreign = {}, []
        for number, ((schema, name), columns) in enumerate(found.items()):
            self._learn_table(number, schema, name, columns, domains, declared)

    def _learn_table(self, number, schema, name, columns, domains, declared):
        parts, captured, keys = [], [], []
        for i, (column, kind, not_null, oid, typmod, key) in enumerate(columns):
            parts.append(f"{quoted(column)} {kind}{' NOT NULL' if not_null else ''}")
            while oid in domains:
                oid, typmod = domains[oid]
            captured += [column, str(AS_TEXT.get(oid, oid)), str(typmod), "1" if key else "0"]
            if key:
                keys.append(i)
        full = f"{schema}.{name}"
        self.tables[full] = Table(number, full, captured, keys)
        if keys:
            parts.append(f"PRIMARY KEY ({', '.join(quoted(columns[i][0]) for i in keys)})")
        trust = ", before 'trusted'" if self.server.trusted else ""
        if full not in declared:
            self.foreign.append(f"CREATE FOREIGN TABLE {quoted(schema)}.{quoted(name)} ({', '.join(parts)}) SERVER kafka"
                                f" OPTIONS (topic '{full}', format 'debezium'{trust})")

    def _check(self, views, last=False):
        if not self.segments:
            self._learn_tables()
            self.decoder = Decoder(self.tables, self.server.trusted)
        # a synchronous commit flushes the asynchronous ones before it: decoding stops at what is flushed
        self.cursor.execute("SET synchronous_commit = on; SELECT pg_logical_emit_message(true, 'equality', '');")
        self.cursor.execute("SET synchronous_commit = off")
        self.decoding.execute("SELECT data FROM pg_logical_slot_get_binary_changes(%s, NULL, NULL, 'proto_version', '1',"
                            " 'publication_names', 'equality')", (self.slot,))
        self.segments.append([event for (data,) in self.decoding.fetchall() for event in self.decoder.take(data)])
        self.answers.append({view: self._answer(view) for view in views})
        if last:
            for seed in range(self.shuffles):
                self._shuffle(views, seed)

    def _answer(self, view):
        answer = self._query(f"SELECT row_to_json(whole)::text FROM {view} AS whole")
        if view in self.script.oracles and answer.error:
            named = self._query(f"SELECT row_to_json(whole)::text FROM ({self.script.oracles[view]}) AS whole")
            answer.rows = named.rows
        return answer

    def _query(self, text):
        """The query's answer, through a cursor: an answer without end must not be held."""
        try:
            self.cursor.execute(f"DECLARE answer CURSOR FOR {text}; FETCH {ROWS_MOST + 1} FROM answer")
            rows = [row for (row,) in self.cursor.fetchall()]
            return Answer(rows=rows) if len(rows) <= ROWS_MOST else Answer(error=("53400", f"more than {ROWS_MOST} rows"))
        except psycopg2.Error as error:
            if error.pgcode is None:
                raise
            return Answer(error=(error.pgcode, error.diag.message_primary))

    def _shuffle(self, views, seed):
        """The answers over the same rows in another order on disk, by other plans: what differs then PostgreSQL leaves undefined."""
        self.cursor.execute("BEGIN")
        for bit, setting in enumerate(("hashagg", "mergejoin", "hashjoin", "nestloop", "sort")):
            self.cursor.execute(f"SET LOCAL enable_{setting} = {'on' if seed >> bit & 1 else 'off'}")
        for table in self.tables:
            self.cursor.execute(f"CREATE TEMP TABLE shuffled ON COMMIT DROP AS SELECT * FROM {table} ORDER BY random();"
                                f"TRUNCATE {table} CASCADE; INSERT INTO {table} SELECT * FROM shuffled; DROP TABLE shuffled")
        found = {}
        for view in views:
            self.cursor.execute("SAVEPOINT s")
            found[view] = self._answer(view)
            self.cursor.execute("ROLLBACK TO s")
        self.shuffled.append(found)
        self.cursor.execute("ROLLBACK")
