"""Kafka as another client sees it: bytes in, bytes out, positions and headers included."""

import json
import re
import subprocess
import time
from decimal import Decimal
from typing import NamedTuple, Optional

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

DEADLINE_S = 30


class Record(NamedTuple):
    topic: str
    partition: int
    offset: int
    key: Optional[bytes]
    value: Optional[bytes]  # None: a tombstone
    headers: list  # of (name, bytes or None), in order
    timestamp_ms: int

    def header(self, name):
        """The value of the last header of this name as text, or None."""
        values = [value for key, value in self.headers if key == name]
        return values[-1].decode() if values and values[-1] is not None else None

    def json(self):
        """The value read as JSON, None for a tombstone; a fraction becomes a Decimal, so no digit is lost."""
        return None if self.value is None else json.loads(self.value, parse_float=Decimal)

    def json_key(self):
        return None if self.key is None else json.loads(self.key, parse_float=Decimal)


def watermarks(consumer, topic, partition):
    """(its first offset, the one behind its last); a topic made just now may be without a leader for a moment."""
    deadline = time.monotonic() + DEADLINE_S
    while True:
        try:
            return consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=DEADLINE_S)
        except KafkaException as error:
            no_leader = error.args[0].code() in (KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.LEADER_NOT_AVAILABLE)
            if not no_leader or time.monotonic() > deadline:
                raise
            consumer.list_topics(topic, timeout=DEADLINE_S)


class Kafka:
    def __init__(self, bootstrap):
        self.bootstrap = bootstrap
        self._client = {"bootstrap.servers": bootstrap, "log_level": 3}
        self._admin = AdminClient(self._client)

    def create_topic(self, topic, partitions=1, config=None):
        new = NewTopic(topic, num_partitions=partitions, replication_factor=1, config=config or {})
        self._admin.create_topics([new], operation_timeout=DEADLINE_S)[topic].result(DEADLINE_S)

    def delete_topic(self, topic):
        self._admin.delete_topics([topic], operation_timeout=DEADLINE_S)[topic].result(DEADLINE_S)

    def forget(self, word):
        """Deletes all topics with this word in their name: a broker starts the slower the more it holds."""
        names = [name for name in self.topics() if re.search(rf"{re.escape(word)}(?!\d)", name)]
        for done in self._admin.delete_topics(names, operation_timeout=DEADLINE_S).values() if names else ():
            try:
                done.result(DEADLINE_S)
            except KafkaException as error:  # a broker's list may name for a moment what is gone
                if error.args[0].code() != KafkaError.UNKNOWN_TOPIC_OR_PART:
                    raise

    def topics(self):
        """{name: number of partitions} of all topics but the broker's own."""
        found = self._admin.list_topics(timeout=DEADLINE_S).topics
        return {name: len(about.partitions) for name, about in found.items() if not name.startswith("__")}

    def produce(self, topic, records, **config):
        """Writes (key, value[, headers[, partition]]) tuples of bytes or None; returns when all are acknowledged."""
        failed = []
        producer = Producer({**self._client, "enable.idempotence": True, "partitioner": "murmur2_random", **config})
        producer.list_topics(topic, timeout=DEADLINE_S)
        for key, value, *more in records:
            headers = more[0] if more else None
            where = {"partition": more[1]} if len(more) > 1 else {}
            keep = lambda error, _message: failed.append(error) if error else None
            while True:
                try:
                    producer.produce(topic, value=value, key=key, headers=headers, on_delivery=keep, **where)
                    break
                except BufferError:
                    producer.poll(0.1)
            producer.poll(0)
        left = producer.flush(DEADLINE_S)
        if failed or left:
            raise RuntimeError(f"{topic}: {left} records unacknowledged, errors: {failed[:3]}")

    def read(self, topic, isolation="read_committed", start=None, deadline_s=60):
        """All records from the beginning (or from {partition: offset}) to the end as it is when it is reached."""
        consumer = Consumer({
            **self._client, "group.id": "harness", "enable.auto.commit": False, "enable.partition.eof": True,
            "isolation.level": isolation, "auto.offset.reset": "error", "fetch.wait.max.ms": 10,
        })
        try:
            # asked through this very client: one that knows the leaders does not wait half a second for them
            partitions = len(consumer.list_topics(topic, timeout=DEADLINE_S).topics[topic].partitions)
            if not partitions:
                raise KeyError(f"no topic {topic}")
            begin = start or {}
            consumer.assign([TopicPartition(topic, p, begin.get(p, OFFSET_BEGINNING)) for p in range(partitions)])
            return self._drain(consumer, topic, set(range(partitions)), deadline_s)
        finally:
            consumer.close()

    @staticmethod
    def _drain(consumer, topic, open_partitions, deadline_s):
        records = []
        while open_partitions:
            message = consumer.poll(deadline_s)
            if message is None:
                raise TimeoutError(f"{topic}: nothing came for {deadline_s} s; not at the end of {open_partitions}")
            error = message.error()
            if error is None:
                records.append(Record(
                    message.topic(), message.partition(), message.offset(), message.key(), message.value(),
                    message.headers() or [], message.timestamp()[1],
                ))
            elif error.code() == KafkaError._PARTITION_EOF:
                open_partitions.discard(message.partition())
            else:
                raise KafkaException(error)
        return records

    def fence(self, transactional_id):
        """Ends what a killed process of this id has left open, as its successor would: what it had not committed is aborted."""
        Producer({**self._client, "transactional.id": transactional_id}).init_transactions(DEADLINE_S)

    def settle(self, topic, deadline_s=30):
        """Waits until no transaction is open in the topic: a commit comes back before its marks are in every partition."""
        consumer = Consumer({
            **self._client, "group.id": "harness", "enable.auto.commit": False, "enable.partition.eof": True,
            "isolation.level": "read_committed", "auto.offset.reset": "error", "fetch.wait.max.ms": 10,
        })
        # a reader of committed records is told the end of the last ended transaction, not the end
        ends = Consumer({**self._client, "group.id": "harness", "isolation.level": "read_uncommitted"})
        try:
            open_partitions = {}
            for partition in consumer.list_topics(topic, timeout=DEADLINE_S).topics[topic].partitions:  # asked as in read
                low, high = watermarks(ends, topic, partition)
                if high > low:
                    open_partitions[partition] = high
            consumer.assign([TopicPartition(topic, p, high - 1) for p, high in open_partitions.items()])
            while open_partitions:
                message = consumer.poll(deadline_s)
                if message is None:
                    raise TimeoutError(f"{topic}: a transaction is still open in {open_partitions}")
                if message.error() and message.error().code() == KafkaError._PARTITION_EOF:
                    if message.offset() >= open_partitions.get(message.partition(), 0):
                        open_partitions.pop(message.partition(), None)
        finally:
            ends.close()
            consumer.close()

    def ends(self, topic, tail=256):
        """{partition: the offset behind its last committed record}, read from the tail; an empty partition is absent."""
        consumer = Consumer({**self._client, "group.id": "harness"})
        try:
            marks = {p: watermarks(consumer, topic, p) for p in range(self.topics()[topic])}
        finally:
            consumer.close()
        ends = {}
        start = {p: max(low, high - tail) for p, (low, high) in marks.items()}
        for record in self.read(topic, start=start):
            ends[record.partition] = max(ends.get(record.partition, 0), record.offset + 1)
        hidden = any(p not in ends and start[p] > low for p, (low, _high) in marks.items())
        # a long tail of transaction marks or of aborted records may hide the last record
        return self.ends(topic, tail * 16) if hidden else ends

    def latest(self, topic, **how):
        """What an upsert topic holds: {key bytes: its last record}; keys whose last record is a tombstone are gone."""
        rows, home = {}, {}
        for record in self.read(topic, **how):
            if home.setdefault(record.key, record.partition) != record.partition:
                raise AssertionError(f"{topic}: key {record.key!r} lies in two partitions")
            if record.value is None:
                rows.pop(record.key, None)
            else:
                rows[record.key] = record
        return rows

    def committed(self, group, topic):
        """{partition: next offset} that the group has committed; a partition without one is absent."""
        consumer = Consumer({**self._client, "group.id": group, "enable.auto.commit": False})
        try:
            asked = [TopicPartition(topic, p) for p in range(self.topics()[topic])]
            return {at.partition: at.offset for at in consumer.committed(asked, timeout=DEADLINE_S) if at.offset >= 0}
        finally:
            consumer.close()

    def kcat(self, topic, *arguments):
        """What a person sees: the JSON objects that `kcat -C -e -J` prints for the topic."""
        done = subprocess.run(
            ["kcat", "-b", self.bootstrap, "-C", "-t", topic, "-e", "-q", "-J", *arguments],
            stdin=subprocess.DEVNULL, capture_output=True, timeout=DEADLINE_S, check=True,
        )
        return [json.loads(line) for line in done.stdout.splitlines()]
