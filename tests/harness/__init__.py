"""What the tests against real servers share: the servers, the services under test, clients, waiting, comparing.

Runs with Debian's /usr/bin/python3 and the packages of the section [test] in deploy/packages. A client here
is never the code under test: Kafka is read through confluent_kafka or kcat, PostgreSQL through psycopg2 or
psql, the S3 store through a signer of the harness's own.
"""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
