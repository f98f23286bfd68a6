"""Templates from `sluice-views --functions`: every function, operator, cast and aggregate of the tables as it is written in SQL.

What is listed here by hand: those whose arguments must be chosen (a format, a pattern, a range), and those that are not
written by their name. For all others the signature says enough.
"""

import random
import re
import subprocess

from engine import BUILD

# the type as --functions names it: the hole of vocabulary.py that gives it
HOLES = {
    "smallint": "int2", "integer": "int4", "bigint": "int8", "real": "float4", "double precision": "float8", "numeric": "numeric",
    "boolean": "bool", "text": "text", "character varying": "varchar", "character": "char", "bytea": "bytea", "date": "date",
    "time without time zone": "time", "time with time zone": "timetz", "timestamp without time zone": "timestamp",
    "timestamp with time zone": "timestamptz", "interval": "interval", "uuid": "uuid", "json": "json", "jsonb": "jsonb",
    "anyenum": "mood", "anyarray": "int_array", "anycompatiblearray": "int_array", "anyelement": "int4", "anycompatible": "int4",
    "anynonarray": "int4", '"any"': "int4", "integer[]": "int_array", "text[]": "text_array"}

S = "case when {bool} then 'abc' else {text} end"  # a text, with letters more often than not
N = "abs({int4}) % 3 + 1"
P = "(({int2} % 50::smallint)::float8 / 50)"  # between -1 and 1
OBJECT = "case when {bool} then '{{\"a\": 1, \"b\": [2, null]}}' else '{{}}' end"
ARRAY = "case when {bool} then '[1, \"x\", null, {{\"a\": 2}}]' else '[]' end"
# PostgreSQL 15 writes over a constant NULL of jsonb_set_lax and reads it in the next row, freed; what hangs on TimeZone is no constant
NOT_FOLDED = "case when (timestamptz '2024-01-01 00:00+00')::text > '' then {jsonb} end"
PAIRS = "case when {bool} then '{{a,1,b,2}}' else '{{}}' end"

# name, or a whole signature: how it is called; None: it can't be written, or another row's template writes it
CALLS = {
    "acos": f"acos({P})", "acosd": f"acosd({P})", "asin": f"asin({P})", "asind": f"asind({P})", "atanh": f"atanh({P})",
    "acosh": "acosh(1 + abs({int2})::float8)", "cosh": "cosh({int2}::float8)", "sinh": "sinh({int2}::float8)",
    "cos": "cos({int4}::float8)", "cosd": "cosd({int4}::float8)", "sin": "sin({int4}::float8)", "sind": "sind({int4}::float8)",
    "tan": "tan({int4}::float8)", "tand": "tand({int4}::float8)", "cot": "cot({int4}::float8)", "cotd": "cotd(({int4} * 90 + 45)::float8)",
    "exp(double precision)": "exp(least({int2}, 5)::float8)", "exp(numeric)": "exp(least({int2}, 5)::numeric)",
    "ln(double precision)": "ln(abs({int4}) + 1::float8)", "ln(numeric)": "ln(abs({numeric2}) + 1)", "log(numeric, numeric)": "log(2.0, abs({numeric2}) + 1)",
    "log(double precision)": "log(abs({int4}) + 1::float8)", "log(numeric)": "log(abs({numeric2}) + 1)",
    "log10(double precision)": "log10(abs({int4}) + 1::float8)", "log10(numeric)": "log10(abs({numeric2}) + 1)",
    "sqrt(double precision)": "sqrt(abs({float8}))", "sqrt(numeric)": "sqrt(abs({numeric2}))", "|/ double precision": "|/ abs({float8})",
    "pow(double precision, double precision)": "pow({int2}::float8, 2::float8)", "pow(numeric, numeric)": "pow(abs({numeric2}) + 1, 2.0)",
    "power(double precision, double precision)": "power({int2}::float8, 3::float8)", "power(numeric, numeric)": "power(abs({numeric2}) + 1, 1.5)",
    "factorial": "factorial((abs({int4}) % 9)::bigint)", "div": "div({numeric2}, nullif({int4}, 0)::numeric)",
    "gcd(numeric, numeric)": "gcd({numeric2}, {int4}::numeric)", "lcm(numeric, numeric)": "lcm({numeric2}, {int4}::numeric)",
    "mod(numeric, numeric)": "mod({numeric2}, 3.5)", "scale": "scale({numeric2})", "min_scale": "min_scale({numeric2})",
    "width_bucket(double precision, double precision, double precision, integer)": "width_bucket({int4}::float8, 0::float8, 50::float8, 7)",
    "width_bucket(numeric, numeric, numeric, integer)": "width_bucket({numeric2}, 0, 100, 5)",
    "width_bucket(anycompatible, anycompatiblearray)": "width_bucket({int4}, array[0, 3, 10])",
    "array": "array[{int4}, {int4}]", "array_fill(anyelement, integer[])": "array_fill({int4}, array[2])",
    "array_fill(anyelement, integer[], integer[])": "array_fill({int4}, array[2], array[5])", "array_slice": "{int_array}[1:2]",
    "array_subscript": "{int_array}[{int4}]", "array_position(anycompatiblearray, anycompatible, integer)": "array_position({int_array}, {int4}, 2)",
    "array_to_json(anyarray)": "array_to_json({int_array})", "array_to_json(anyarray, boolean)": "array_to_json({int_array}, {bool})",
    "trim_array": "trim_array({int_array} || 1, 1)",
    "bit_count": "bit_count({bytea})", "chr": "chr(65 + abs({int4}) % 30)", "convert_from": "convert_from(convert_to({text}, 'UTF8'), 'UTF8')",
    "convert_to": "convert_to({text}, 'UTF8')", "decode": "decode(encode({bytea}, 'base64'), 'base64')", "encode": "encode({bytea}, 'escape')",
    "get_bit": "get_bit({bytea} || '\\x01'::bytea, 3)", "get_byte": "get_byte({bytea} || '\\x01'::bytea, 0)",
    "set_bit": "set_bit({bytea} || '\\x01'::bytea, 3, 1)", "set_byte": "set_byte({bytea} || '\\x01'::bytea, 0, 7)",
    "overlay(bytea, bytea, integer)": "overlay({bytea} placing {bytea} from 2)", "overlay(bytea, bytea, integer, integer)": "overlay({bytea} placing {bytea} from 1 for 2)",
    "overlay(text, text, integer)": f"overlay({{text}} placing {{text}} from {N})", "overlay(text, text, integer, integer)": f"overlay({{text}} placing {{text}} from {N} for 2)",
    "position(bytea, bytea)": "position({bytea} in {bytea})", "position(text, text)": "position('b' in {text})",
    "substring(bytea, integer)": "substring({bytea} from 2)", "substring(bytea, integer, integer)": "substring({bytea} from 1 for 2)",
    "substring(text, text)": "substring({text} from '[a-c]+')", "substring(text, text, text)": "substring({text} from '%[a-c]%' for '#')",
    "substring(text, integer, integer)": f"substring({{text}} from 2 for {N})", "substr(text, integer, integer)": f"substr({{text}}, 2, {N})",
    "substr(bytea, integer, integer)": f"substr({{bytea}}, 1, {N})", "lpad(text, integer)": f"lpad({{text}}, {N} * 2)",
    "lpad(text, integer, text)": f"lpad({{text}}, {N} * 3, {{text}})", "rpad(text, integer)": f"rpad({{text}}, {N} * 2)",
    "rpad(text, integer, text)": f"rpad({{text}}, {N} * 3, {{text}})", "repeat": f"repeat({{text}}, {N})", "split_part": f"split_part({{text}}, ',', {N})",
    "domain_check": "{int4}::small", "enum_first": "enum_first({mood})", "enum_last": "enum_last({mood})",
    "extract(text, date)": "extract(doy from {date})", "extract(text, time without time zone)": "extract(second from {time})",
    "extract(text, time with time zone)": "extract(hour from {timetz})", "extract(text, timestamp without time zone)": "extract(week from {timestamp})",
    "extract(text, timestamp with time zone)": "extract(epoch from {timestamptz})", "extract(text, interval)": "extract(epoch from {interval})",
    "format(text, VARIADIC \"any\")": "format('%s <%L>', {text}, {int4})", "format(text)": "format('100%%')",
    "json_build_object(VARIADIC \"any\")": "json_build_object('a', {int4}, 'b', {text})", "jsonb_build_object(VARIADIC \"any\")": "jsonb_build_object('a', {jsonb}, 'b', {float8})",
    "json_object(text[])": f"json_object(({PAIRS})::text[])", "json_object(text[], text[])": "json_object('{{a,b}}'::text[], array[{text}, {text}])",
    "jsonb_object(text[])": f"jsonb_object(({PAIRS})::text[])", "jsonb_object(text[], text[])": "jsonb_object('{{a,b}}'::text[], array[{text}, {text}])",
    "json_array_length": f"json_array_length(({ARRAY})::json)", "jsonb_array_length": f"jsonb_array_length(({ARRAY})::jsonb)",
    "json_extract_path": "json_extract_path({json}, 'a', 'k')", "json_extract_path_text": "json_extract_path_text({json}, 'b', '1')",
    "jsonb_extract_path": "jsonb_extract_path({jsonb}, 'b', '1')", "jsonb_extract_path_text": "jsonb_extract_path_text({jsonb}, 'a', 'k')",
    "jsonb_insert(jsonb, text[], jsonb)": f"jsonb_insert(({OBJECT})::jsonb, '{{{{z}}}}', {{jsonb}})",
    "jsonb_insert(jsonb, text[], jsonb, boolean)": f"jsonb_insert(({ARRAY})::jsonb, '{{{{1}}}}', {{jsonb}}, {{bool}})",
    "jsonb_set(jsonb, text[], jsonb)": f"jsonb_set(({OBJECT})::jsonb, '{{{{a}}}}', {{jsonb}})",
    "jsonb_set(jsonb, text[], jsonb, boolean)": f"jsonb_set(({OBJECT})::jsonb, '{{{{q}}}}', {{jsonb}}, {{bool}})",
    "jsonb_set_lax(jsonb, text[], jsonb, boolean)": f"jsonb_set_lax(({OBJECT})::jsonb, '{{{{q}}}}', {NOT_FOLDED}, {{bool}})",
    "jsonb_set_lax(jsonb, text[], jsonb, boolean, text)": f"jsonb_set_lax(({OBJECT})::jsonb, '{{{{a}}}}', {NOT_FOLDED}, {{bool}}, 'delete_key')",
    "jsonb_set_lax(jsonb, text[], jsonb)": f"jsonb_set_lax(({OBJECT})::jsonb, '{{{{a}}}}', {NOT_FOLDED})",
    "jsonb - text": f"({OBJECT})::jsonb - {{text}}", "jsonb - text[]": f"({OBJECT})::jsonb - '{{{{a,x}}}}'::text[]", "jsonb - integer": f"({ARRAY})::jsonb - {{int4}}",
    "jsonb #- text[]": f"({OBJECT})::jsonb #- '{{{{b,0}}}}'", "json #> text[]": "{json} #> '{{b,1}}'", "json #>> text[]": "{json} #>> '{{a,k}}'",
    "jsonb #> text[]": "{jsonb} #> '{{b,1}}'", "jsonb #>> text[]": "{jsonb} #>> '{{a,k}}'", "json_typeof": "json_typeof({json})",
    "make_date": "make_date(2000 + abs({int4}) % 50, 1 + abs({int4}) % 12, 1 + abs({int4}) % 28)", "make_time": "make_time(abs({int4}) % 24, 5, 6.25)",
    "make_timestamp": "make_timestamp(2024, 1 + abs({int4}) % 12, 3, 4, 5, 6.5)",
    "make_timestamptz(integer, integer, integer, integer, integer, double precision)": "make_timestamptz(2024, 1 + abs({int4}) % 12, 3, 4, 5, 6.5)",
    "make_timestamptz(integer, integer, integer, integer, integer, double precision, text)": "make_timestamptz(2024, 1 + abs({int4}) % 12, 3, 4, 5, 6.5, 'Asia/Tokyo')",
    "make_interval(integer, integer, integer, integer, integer, integer, double precision)": "make_interval(0, {int4}, 0, {int4}, 1, 2, 3.5)",
    "like_escape": "{text} like 'a#%%' escape '#'", "similar_to_escape(text)": "{text} similar to '(a|b)%'", "similar_to_escape(text, text)": "{text} similar to 'a#%%' escape '#'",
    "regexp_count(text, text)": "regexp_count({text}, '[a-c]')", "regexp_count(text, text, integer)": f"regexp_count({{text}}, 'b', {N})",
    "regexp_count(text, text, integer, text)": f"regexp_count({{text}}, 'B', {N}, 'i')",
    "regexp_matches(text, text)": "regexp_matches({text}, '(a)(.)')", "regexp_matches(text, text, text)": "regexp_matches({text}, '([A-C])', 'gi')",
    "regexp_match(text, text)": "regexp_match({text}, '(a)(.)')", "regexp_match(text, text, text)": "regexp_match({text}, '(A)(.)', 'i')",
    "regexp_replace(text, text, text)": "regexp_replace({text}, '[aeiou]', '<\\&>')", "regexp_replace(text, text, text, text)": "regexp_replace({text}, 'B', 'x', 'gi')",
    "regexp_replace(text, text, text, integer)": f"regexp_replace({{text}}, '[a-c]', '-', {N})",
    "regexp_replace(text, text, text, integer, integer)": f"regexp_replace({{text}}, '[a-c]', '-', 1, {N})",
    "regexp_replace(text, text, text, integer, integer, text)": f"regexp_replace({{text}}, '[A-C]', '-', 1, {N}, 'i')",
    "regexp_split_to_array(text, text, text)": "regexp_split_to_array({text}, 'B', 'i')", "regexp_split_to_array(text, text)": "regexp_split_to_array({text}, '[ ,]+')",
    "to_char(integer, text)": "to_char({int4}, 'S9990')", "to_char(bigint, text)": "to_char({int8}, 'FM999,999,999,990')", "to_char(real, text)": "to_char({float4}, '99990.99')",
    "to_char(double precision, text)": "to_char({int4}::float8 / 4, 'FM990.009')", "to_char(numeric, text)": "to_char({numeric2}, 'S99G990D00')",
    "to_char(timestamp without time zone, text)": "to_char({timestamp}, 'YYYY-MM-DD HH12:MI:SS.US AM Dy Q')",
    "to_char(timestamp with time zone, text)": "to_char({timestamptz}, 'IYYY-IW-ID TZ DDD')", "to_char(interval, text)": "to_char({interval}, 'HH24:MI:SS')",
    "to_date": "to_date('2024-03-0' || abs({int4}) % 9 + 1, 'YYYY-MM-DD')", "to_timestamp(text, text)": "to_timestamp('2024-03-0' || abs({int4}) % 9 + 1, 'YYYY-MM-DD')",
    "timestamp(date, time without time zone)": '"timestamp"({date}, {time})',
    "to_timestamp(double precision)": "to_timestamp({int4} * 1000.5)", "to_number": "to_number({int4}::text, 'S99999')", "unistr": "unistr('\\0041')",
    "translate": "translate({text}, 'abc', {text})", "concat_ws": "concat_ws('-', {text}, {int4})", "normalize(text)": "normalize({text})", "normalize(text, text)": "normalize({text}, nfkd)",
    "is_normalized(text)": "{text} is normalized", "is_normalized(text, text)": "{text} is nfd normalized",
    "date_part(text, date)": "date_part('isodow', {date})", "single row": None, "parse_ident(text)": "parse_ident('a.b')", "parse_ident(text, boolean)": "parse_ident('a.b', {bool})",
    "array_agg": "array_agg({text} order by {key})",
    "string_agg(bytea, bytea)": "string_agg({bytea}, '\\x00' order by {key})", "string_agg(text, text)": "string_agg({text}, ',' order by {key})",
    "json_object_agg": "json_object_agg(coalesce({text}, ''), {int4} order by {key})", "jsonb_object_agg": "jsonb_object_agg(coalesce({text}, ''), {jsonb} order by {key})",
    "interval / double precision": "{interval} / (1 + abs({int2}))::float8", "interval * double precision": "{interval} * {int2}::float8",
    "double precision * interval": "{int2}::float8 * {interval}",
    "generate_series(numeric, numeric)": "generate_series(0.5, abs({int4}) % 4)", "generate_series(numeric, numeric, numeric)": "generate_series(abs({int4}) % 3, 3, 0.75)",
    "generate_series(timestamp without time zone, timestamp without time zone, interval)": "generate_series(timestamp '2024-01-01', timestamp '2024-01-04', '1 day')",
    "generate_series(timestamp with time zone, timestamp with time zone, interval)": "generate_series(timestamptz '2024-01-01', timestamptz '2024-01-02', '12 hours')",
    "generate_series(integer, integer)": "generate_series(1, abs({int4}) % 4)", "generate_series(integer, integer, integer)": "generate_series(9, {int4}, -4)",
    "generate_series(bigint, bigint)": "generate_series(1::bigint, abs({int4}) % 4)", "generate_series(bigint, bigint, bigint)": "generate_series(9::bigint, abs({int2}), -4)",
    "generate_subscripts(anyarray, integer)": "generate_subscripts({int_array}, 1)", "generate_subscripts(anyarray, integer, boolean)": "generate_subscripts({text_array}, 1, {bool})",
    "json_array_elements": f"json_array_elements(({ARRAY})::json)", "json_array_elements_text": f"json_array_elements_text(({ARRAY})::json)",
    "jsonb_array_elements": f"jsonb_array_elements(({ARRAY})::jsonb)", "jsonb_array_elements_text": f"jsonb_array_elements_text(({ARRAY})::jsonb)",
    # no expression: generator.Query.records writes them
    **{f"{kind}_{name}": f"records {kind}_{name}" for kind in ("json", "jsonb")
       for name in ("to_record", "to_recordset", "populate_record", "populate_recordset")},
    "json_each": f"json_each(({OBJECT})::json)", "json_each_text": f"json_each_text(({OBJECT})::json)", "json_object_keys": f"json_object_keys(({OBJECT})::json)",
    "jsonb_each": f"jsonb_each(({OBJECT})::jsonb)", "jsonb_each_text": f"jsonb_each_text(({OBJECT})::jsonb)", "jsonb_object_keys": f"jsonb_object_keys(({OBJECT})::jsonb)",
    "regexp_split_to_table(text, text)": "regexp_split_to_table({text}, '[ ,]')", "regexp_split_to_table(text, text, text)": "regexp_split_to_table({text}, 'B', 'i')",
    "string_to_table(text, text)": "string_to_table({text}, ',')", "string_to_table(text, text, text)": "string_to_table({text}, ',', '2')", "unnest": "unnest({text_array})",
    "percentile_cont(double precision[]) WITHIN GROUP (ORDER BY double precision)": "percentile_cont(array[0.1, 0.9]) within group (order by {float8})",
    "percentile_cont(double precision[]) WITHIN GROUP (ORDER BY interval)": "percentile_cont(array[0.1, 0.9]) within group (order by {interval})",
    "percentile_cont(double precision) WITHIN GROUP (ORDER BY interval)": "percentile_cont(0.4) within group (order by {interval})",
    "percentile_cont(double precision) WITHIN GROUP (ORDER BY double precision)": "percentile_cont(0.4) within group (order by {float8})",
    "percentile_disc(double precision[]) WITHIN GROUP (ORDER BY anyelement)": "percentile_disc(array[0.1, 0.9]) within group (order by {int4})",
    "percentile_disc(double precision) WITHIN GROUP (ORDER BY anyelement)": "percentile_disc(0.7) within group (order by {text})",
    "mode() WITHIN GROUP (ORDER BY anyelement)": "mode() within group (order by {int4})",
    **{f'{name}(VARIADIC "any") WITHIN GROUP (ORDER BY VARIADIC "any")': f"{name}(2, 'b') within group (order by {{int4}}, {{text}})"
       for name in ("rank", "dense_rank", "percent_rank", "cume_dist")},
    "jsonb @? jsonpath": "{jsonb} @? 'lax $.b[*] ? (@ > 1)'", "jsonb @@ jsonpath": "{jsonb} @@ '$.a == 1'",
}
# texts that a cast from text understands
TEXTS = {
    "smallint": "abs({int2})::text", "integer": "{int4}::text", "bigint": "{int8}::text", "real": "{int4}::text", "double precision": "({int4} / 4.0)::text",
    "numeric": "{numeric}::text", "boolean": "{bool}::text", "bytea": "{bytea}::text", "date": "{date}::text", "time without time zone": "{time}::text",
    "time with time zone": "{timetz}::text", "timestamp without time zone": "{timestamp}::text", "timestamp with time zone": "{timestamptz}::text",
    "interval": "{interval}::text", "uuid": "{uuid}::text", "json": "{json}::text", "jsonb": "{jsonb}::text", "anyarray": "{int_array}::text", "anyenum": "{mood}::text",
    "jsonpath": "case when {bool} then '$.a' else 'lax $[*] ? (@ > 1)' end"}
NUMBERS = {"smallint", "integer", "bigint", "real", "double precision", "numeric"}
WRITTEN = {"anyarray": "int[]", "anyenum": "mood", "character varying": "varchar(20)", "character": "char(5)"}
# casts from a type to itself apply a length or a precision
LENGTHS = {
    "character varying": "{varchar}::varchar(2)", "character": "{char}::char(3)", "numeric": "{numeric2}::numeric(8,1)",
    "time without time zone": "{time}::time(0)", "time with time zone": "{timetz}::timetz(1)", "timestamp without time zone": "{timestamp}::timestamp(2)",
    "timestamp with time zone": "{timestamptz}::timestamptz(0)", "interval": "{interval}::interval(1)", "anyarray": "{int_array}::bigint[]"}
# what the template gives, where that is not the function's own result
RESULTS = {"like_escape": "bool", "similar_to_escape": "bool", "unnest": "text"}
FLOATING = re.compile(r"(stddev|variance|var_|covar_|corr\b|regr_)")
WINDOWS = {"row_number", "rank", "dense_rank", "percent_rank", "cume_dist", "ntile", "lag", "lead", "first_value", "last_value", "nth_value"}


class Signature:
    """A row of --functions: what it is called, `kind` (expression, rows, aggregate), the template that calls it, its type's hole."""

    def __init__(self, name, kind, template, result):
        self.name, self.kind, self.template, self.result = name, kind, template, result


def hole(kind, operator=None):
    """The hole for an argument; numbers that many operators raise for are left out."""
    if operator in ("/", "%", "mod"):
        return None
    return "{" + HOLES[kind] + "}" if kind in HOLES else None


def cast_call(source, target):
    texts = source in ("text", "character varying", "character")
    if source == target:
        return LENGTHS.get(target)
    written = WRITTEN.get(target, target)
    if texts and target in TEXTS:
        return f"({TEXTS[target]})::{ {'text': 'text', 'character varying': 'varchar(60)', 'character': 'char(60)'}[source]}::{written}"
    if source in ("float8", "real", "double precision", "numeric", "bigint") and target in NUMBERS:
        # within every type's range
        return f"({{int2}}::{source})::{written}"
    if '"any"' in (source, target) or target == "anyenum" and not texts:
        return None
    if source == "jsonb" and target in NUMBERS:
        return f"to_jsonb({{int2}})::{written}"
    if source == "jsonb" and target == "boolean":
        return "to_jsonb({bool})::boolean"
    if target == "smallint":
        return f"({{int2}}::{source})::smallint"
    given = hole(source)
    return given and f"{given}::{written}"


def operator_call(name):
    """The template of `left op right` or `op right`."""
    kinds = sorted(HOLES, key=len, reverse=True)
    left = next((kind for kind in kinds if name.startswith(kind + " ")), None)
    rest = name[len(left) + 1:] if left else name
    match = re.match(r"(\S+(?: AT TIME ZONE)?) (.+)$", rest)
    if match is None or match[2] not in HOLES:
        return None
    operator, right = match[1], match[2]
    if left is None:
        return f"{operator} {hole(right)}"
    if operator in ("/", "%") and right in NUMBERS:
        return f"{hole(left)} {operator} nullif({hole(right)}, 0)"
    if operator in ("~", "~*", "!~", "!~*"):
        return f"{hole(left)} {operator} '[ab]c?'"
    if operator in ("~~", "!~~", "~~*", "!~~*"):
        return f"{hole(left)} {operator} '%b%'"
    if operator in ("<<", ">>"):
        return f"{hole(left)} {operator} (abs({hole(right)}) % 5)"
    if operator == "^":
        return f"(abs({hole(left)}) % 9 + 1) ^ 2" if left == "numeric" else f"({{int2}}::float8) ^ 2::float8"
    if operator == "*" and {left, right} <= {"smallint", "integer", "bigint"}:
        return f"({hole(left)} / 2) {operator} {hole(right)}" if "smallint" not in (left, right) else f"({hole(left)} % 100::{left}) {operator} ({hole(right)} % 100::{right})"
    return f"{hole(left)} {operator} {hole(right)}"


def path_call(base, arguments_n):
    """A call of jsonb_path_...; what is left is the variables and `silent`."""
    paths = ["'$.a == 1'", "'exists($.b[*] ? (@ == $x))'"] if "_match" in base else ["'lax $.b[*] ? (@ > 1)'", "'lax $.* ? (@ <> $x)'"]
    more = ["{jsonb}", paths[arguments_n > 2], "jsonb_build_object('x', {int4})", "{bool}"]
    return f"{base}({', '.join(more[:arguments_n])})"


def call_of(name, result):
    base = name.split("(")[0]
    if name in CALLS or base in CALLS:
        return CALLS.get(name, CALLS.get(base))
    if base == "cast":
        source, target = re.match(r"cast\((.*) as (.*)\)", name).groups()
        return cast_call(source, target)
    match = re.match(r"(\S+) (any|all)\(anyelement, anyarray\)$", name)
    if match:
        return f"{{int4}} {match[1]} {match[2]} ({{int_array}})"
    if base.startswith("jsonb_path_"):
        return path_call(base, name.count(",") + 1)
    match = re.match(r"(\w+)\((.*)\)$", name)
    if match is None:
        return operator_call(name)
    listed = [part.removeprefix("VARIADIC ") for part in match[2].split(", ")] if match[2] else []
    arguments = ["{int4}" if part == "*" else hole(part) for part in listed]
    if None in arguments:
        return None
    if base.startswith("regexp_"):
        arguments[1:] = ["'[a-c]'", "1", "1", "0", "'i'", "0"][:len(arguments) - 1]
        if base == "regexp_like" and len(arguments) == 3:
            arguments[2] = "'i'"
        if base == "regexp_substr" and len(arguments) > 4:
            arguments[4:] = ["'i'", "0"][:len(arguments) - 4]
    if base == "date_trunc":
        arguments[0] = "'month'"
        arguments[2:] = ["'Asia/Tokyo'"] * (len(arguments) - 2)
    elif base == "date_part":
        arguments[0] = "'hour'" if listed[1].startswith("time ") else "'day'"
    elif base == "date_bin":
        arguments[0], arguments[2] = "'15 minutes'", {"timestamp without time zone": "timestamp '2000-01-01'"}.get(listed[2], "timestamptz '2000-01-01'")
    elif base == "timezone":
        return f"{arguments[1]} at time zone {'interval ' if listed[0] == 'interval' else ''}'{'02:00' if listed[0] == 'interval' else 'UTC' if listed[1].startswith('time with') else 'Europe/Berlin'}'"
    elif base == "mod":
        arguments[1] = f"nullif({arguments[1]}, 0)"
    elif listed == ["*"]:
        arguments = ["*"]
    return f"{base}({', '.join(arguments)})"


def signatures():
    """All that can be called, in the order of --functions; and the names of those that can't."""
    done = subprocess.run([str(BUILD / "bin" / "sluice-views"), "--functions"], capture_output=True, text=True, check=True)
    found, left = [], []
    rows = False
    for line in done.stdout.splitlines():
        name, result, volatility = split_line(line)
        if volatility == "window":
            continue
        rows = rows or name.startswith("generate_series")
        template = call_of(name, result)
        if template is None:
            left.append(name)
            continue
        kind = "aggregate" if volatility == "aggregate" else "rows" if rows else "expression"
        if FLOATING.match(name):
            # halves and quarters: whether a variance of equal values is 0 must not hang on rounding
            template = template.replace("{float8}", "({int4}::float8 / 4)").replace("{float4}", "({int4}::real / 4::real)")
        if kind == "aggregate" and line.endswith("with ORDER BY") and "order by" not in template:
            template = template[:-1] + " order by {key})"
        found.append(Signature(name, kind, template, RESULTS.get(name.split("(")[0], HOLES.get(result))))
    return found, left


def split_line(line):
    """Name, result, volatility of a line: the name stands in 64 columns or more, the result behind it."""
    match = re.match(r"(.{64,}?)\s*(immutable|stable|aggregate|window)\b", line)
    front, volatility = match[1].rstrip(), match[2]
    if line[63] == " " and line[:64].count("(") == line[:64].count(")"):
        return line[:64].rstrip(), front[64:].strip(), volatility
    at = front.rfind(") ") + 1
    return front[:at], front[at:].strip(), volatility


def rotation(all_of, number, share):
    """What the case of that number must use: over many cases each comes about as often as any other."""
    # those that give rows are asked for twice as often: not every query has a place for them
    order = [i for i, one in enumerate(all_of) for _ in range(1 + (one.kind == "rows"))]
    random.Random(len(order)).shuffle(order)
    return [all_of[order[(number * share + i) % len(order)]] for i in range(min(share, len(order)))]
