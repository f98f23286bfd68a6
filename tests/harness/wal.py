"""An independent reader of the source's WAL: a slot of its own, read through SQL, decoded here.

What it answers is what bronze must hold: every row change once, by the final LSN of its transaction and its number there.
"""

import struct
from collections import Counter
from typing import NamedTuple


class Change(NamedTuple):
    lsn: int
    ordinal: int
    table: str
    op: str  # c, u, d, t; a changed key is "k"


class WalReader:
    """Make it before the capture starts. `publication` publishes the tables; the slot is dropped with its database."""

    def __init__(self, pg, database, slot, tables):
        self.pg, self.database, self.slot = pg, database, slot
        self.publication = f"{slot}_p"
        listed = ", ".join(f"operations.{table}" for table in tables)
        pg.execute(database, f'CREATE PUBLICATION "{self.publication}" FOR TABLE {listed}')
        pg.execute(database, "SELECT pg_create_logical_replication_slot(%s, 'pgoutput')", (slot,))

    def read(self):
        """All changes so far, in commit order."""
        rows = self.pg.execute(
            self.database, "SELECT data FROM pg_logical_slot_peek_binary_changes(%s, NULL, NULL, "
            "'proto_version', '1', 'publication_names', %s)", (self.slot, self.publication))
        return list(decode(bytes(row[0]) for row in rows))


def decode(messages):
    """pgoutput version 1, as much of it as counting needs."""
    tables, lsn, ordinal = {}, 0, 0
    for message in messages:
        kind = message[:1]
        if kind == b"B":
            lsn, ordinal = struct.unpack_from(">Q", message, 1)[0], 0
        elif kind == b"R":
            relation = struct.unpack_from(">I", message, 1)[0]
            _namespace, table, _rest = message[5:].split(b"\0", 2)
            tables[relation] = (table.decode(), key_columns(message))
        elif kind in b"IUD":
            ordinal += 1
            table, keys = tables[struct.unpack_from(">I", message, 1)[0]]
            yield Change(lsn, ordinal, table, operation(kind, message, keys))
        elif kind == b"T":
            count = struct.unpack_from(">I", message, 1)[0]
            for i in range(count):
                ordinal += 1
                yield Change(lsn, ordinal, tables[struct.unpack_from(">I", message, 6 + 4 * i)[0]][0], "t")


def key_columns(message):
    """Relation message: the first column; the tables here are keyed by it."""
    return (0,)


def operation(kind, message, keys):
    if kind == b"I":
        return "c"
    if kind == b"D":
        return "d"
    if message[5:6] not in (b"K", b"O"):
        return "u"
    old, at = tuple_of(message, 6)
    new, _at = tuple_of(message, at + 1)
    return "k" if [old[i] for i in keys] != [new[i] for i in keys] else "u"


def tuple_of(message, at):
    """The values of a tuple whose column count stands at `at`, and where it ends."""
    count = struct.unpack_from(">H", message, at)[0]
    at += 2
    values = []
    for _ in range(count):
        kind = message[at:at + 1]
        at += 1
        if kind == b"t":
            length = struct.unpack_from(">I", message, at)[0]
            values.append(message[at + 4:at + 4 + length])
            at += 4 + length
        else:
            values.append(None)
    return values, at


def check_bronze(acme, reader):
    """Bronze holds each streamed change once. Returns how many there were."""
    held, snapshot_lsn = Counter(), 0
    for topic in acme.bronze_topics():
        table = topic.rpartition(".")[2]
        for record in acme.kafka.read(topic):
            if record.value is None:
                continue
            lsn, ordinal = (int(part) for part in record.header("sluice.position").split("/"))
            op = record.json()["op"]
            if ordinal == 0:
                snapshot_lsn = max(snapshot_lsn, lsn)
                continue
            truncated = record.partition if op == "t" else None
            held[lsn, ordinal, table, op, truncated] += 1
    expected = Counter()
    for change in reader.read():
        if change.lsn <= snapshot_lsn:
            continue  # the snapshot holds it
        for op in ("d", "c") if change.op == "k" else (change.op,):
            partitions = range(acme.kafka.topics()[f"{acme.name}.operations.{change.table}"]) if op == "t" else (None,)
            for partition in partitions:
                expected[change.lsn, change.ordinal, change.table, op, partition] += 1
    doubled = [position for position, n in held.items() if n > 1]
    missing, surplus = expected - held, held - expected
    print(f"bronze: {sum(held.values())} streamed events, the WAL has {sum(expected.values())}")
    assert expected, "the WAL reader saw nothing: this compares nothing"
    assert not doubled and not missing and not surplus, (
        f"bronze: {len(doubled)} doubled {doubled[:3]}, {len(missing)} missing {list(missing)[:3]}, "
        f"{len(surplus)} surplus {list(surplus)[:3]}")
    return sum(expected.values())
