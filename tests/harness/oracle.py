"""The record room's answers beside PostgreSQL's, character by character: fixtures for tests that ask thousands of questions.

Each question goes to tests/unit/oracle_driver.c and to a PL/pgSQL function; an error counts by its SQLSTATE.
SLUICE_ORACLE_SEED repeats a run, SLUICE_ORACLE_N sets how many questions of each kind are asked.
"""

import os
import random
import subprocess

import psycopg2.extras
import pytest

from harness.services import BUILD

SEED = int(os.environ.get("SLUICE_ORACLE_SEED", "20260101"))
N = int(os.environ.get("SLUICE_ORACLE_N", "2000"))

ASK = """
CREATE FUNCTION ask(op text, a text, b text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  answer text;
  l text := split_part(a, '|', 1);
  r text := split_part(a, '|', 2);
BEGIN
  EXECUTE 'SELECT ' || CASE op
    WHEN 'add' THEN format('%L::numeric + %L::numeric', a, b)
    WHEN 'sub' THEN format('%L::numeric - %L::numeric', a, b)
    WHEN 'mul' THEN format('%L::numeric * %L::numeric', a, b)
    WHEN 'div' THEN format('%L::numeric / %L::numeric', a, b)
    WHEN 'mod' THEN format('%L::numeric %% %L::numeric', a, b)
    WHEN 'round' THEN format('round(%L::numeric, %L::int)', a, b)
    WHEN 'trunc' THEN format('trunc(%L::numeric, %L::int)', a, b)
    WHEN 'negate' THEN format('- %L::numeric', a)
    WHEN 'scale' THEN format('coalesce(scale(%L::numeric), 0)', a)
    WHEN 'cmp' THEN format('numeric_cmp(%L::numeric, %L::numeric)', a, b)
    WHEN 'to_i64' THEN format('%L::numeric::bigint', a)
    WHEN 'to_f64' THEN format('%L::numeric::float8', a)
    WHEN 'from_f64' THEN format('%L::float8::numeric', a)
    WHEN 'from_f32' THEN format('%L::float4::numeric', a)
    WHEN 'cast' THEN format('format(''%%s'', %L::%s::%s)', a, split_part(b, '(', 1), b)
    WHEN 'order' THEN format('CASE WHEN %1$L::%3$s < %2$L::%3$s THEN -1 WHEN %1$L::%3$s > %2$L::%3$s THEN 1 ELSE 0 END',
                             l, r, b)
  END INTO answer;
  RETURN answer;
EXCEPTION WHEN OTHERS THEN
  RETURN '!' || SQLSTATE;
END $$;

CREATE FUNCTION ask_input(a text, type text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  answer text;
BEGIN
  -- a declared variable takes the type's input path, where a cast would truncate
  EXECUTE format('CREATE TEMP TABLE IF NOT EXISTS %I (v %s)', 'input ' || type, type);
  EXECUTE format('INSERT INTO %I VALUES (%L) RETURNING format(''%%s'', v)', 'input ' || type, a) INTO answer;
  RETURN answer;
EXCEPTION WHEN OTHERS THEN
  RETURN '!' || SQLSTATE;
END $$;
"""


@pytest.fixture
def random_source():
    return random.Random(SEED)


@pytest.fixture
def compare(pg, database):
    connection = pg.connect(database)
    cursor = connection.cursor()
    cursor.execute("SET TimeZone TO 'UTC'; SET DateStyle TO ISO; SET extra_float_digits TO 1")
    cursor.execute(ASK)

    def run(questions):
        questions = list(dict.fromkeys(questions))
        lines = "".join("\t".join(q) + "\n" for q in questions)
        driver = subprocess.run([BUILD / "tests" / "oracle_driver"], input=lines.encode(), capture_output=True, timeout=300)
        assert driver.returncode == 0, driver.stderr.decode()
        ours = driver.stdout.decode().split("\n")[:-1]
        theirs = ask_postgres(cursor, questions)
        assert len(ours) == len(theirs) == len(questions)
        wrong = [(q, mine, real) for q, mine, real in zip(questions, ours, theirs) if mine != real]
        shown = "\n".join(f"{q}: {mine[:300]} instead of {real[:300]}" for q, mine, real in wrong[:40])
        assert not wrong, f"{len(wrong)} of {len(questions)} answers differ\n{shown}"

    yield run
    connection.close()


def ask_postgres(cursor, questions):
    cursor.execute("CREATE TEMP TABLE questions (i int, op text, a text, b text)")
    psycopg2.extras.execute_values(cursor, "INSERT INTO questions VALUES %s",
                                   [(i, *q) for i, q in enumerate(questions)], page_size=1000)
    cursor.execute("SELECT CASE op WHEN 'parse' THEN ask_input(a, b) ELSE ask(op, a, b) END FROM questions ORDER BY i")
    answers = [answer for (answer,) in cursor.fetchall()]
    cursor.execute("DROP TABLE questions")
    return answers
