"""What random queries are made of: types with their values, and expressions by the type they give.

An expression is a template; `{int4}` stands for any expression of that type, `'{literal text}'`-like places stay as they are.
Templates avoid what raises errors (a division has nullif, a length has abs), so that most answers are rows.
"""

import re

# name in templates: (SQL type, values that stand in rows; None is added)
TYPES = {
    "int4": ("int", ["0", "1", "2", "3", "5", "7", "-3", "42", "100"]),
    "text": ("text", ["a", "b", "abc", "Abc", "", " x ", "a%b_c", "é€", "foo bar", "1,2,,3", "zz\\q", "don't"]),
    "numeric": ("numeric", ["0", "1", "1.0", "1.00", "2.5", "-2.50", "10.125", "0.0001", "123456789.123456789", "NaN"]),
    "int8": ("bigint", ["0", "1", "2", "-5", "4000000000", "17"]),
    "bool": ("boolean", ["true", "false"]),
    "date": ("date", ["2024-01-01", "2024-02-29", "1999-12-31", "2024-01-15", "0044-03-15 BC"]),
    "timestamp": ("timestamp", ["2024-01-01 00:00:00", "2024-01-01 10:20:30.123456", "1999-12-31 23:59:59.999999",
                                "2024-06-15 12:00:00"]),
    "numeric2": ("numeric(12,2)", ["0.00", "1.50", "-3.25", "99.99", "1000.10", "1.5"]),
    "float8": ("double precision", ["0", "-0", "1.5", "0.1", "-2.25", "1e10", "0.30000000000000004", "3", "NaN", "-Infinity"]),
    "int2": ("smallint", ["0", "1", "2", "-4", "30"]),
    "varchar": ("varchar(20)", ["x", "y", "foo", "Foo", "", "bar baz", "x"]),
    "char": ("char(5)", ["ab", "ab  ", "", "abcde", "q"]),
    "timestamptz": ("timestamptz", ["2024-01-01 00:00:00+00", "2024-07-01 12:34:56.789+02", "2023-03-26 01:30:00+00"]),
    "interval": ("interval", ["1 day", "24:00:00", "30 days", "1 mon", "-1 days +02:03:04", "1 year 2 mons 3 days", "00:00:00"]),
    "time": ("time", ["00:00:00", "10:20:30.5", "23:59:59.999999"]),
    "float4": ("real", ["0", "1.5", "0.1", "16777216", "-2.25", "1"]),
    "uuid": ("uuid", ["a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "00000000-0000-0000-0000-000000000000"]),
    "bytea": ("bytea", ["\\x", "\\x00ff", "\\x616263"]),
    "jsonb": ("jsonb", ['{"a": 1, "b": [1, 2, "x"]}', "[1, 2.50, null]", '{"a": {"k": 1.0}}', '"str"', "1", "1.00", "null", "[]"]),
    "int_array": ("int[]", ["{1,2,3}", "{}", "{NULL,5}", "{2}", "{3,3,1}"]),
    "text_array": ("text[]", ["{a,b}", "{}", '{NULL,"x y",""}', "{abc}"]),
    "mood": ("mood", ["sad", "ok", "happy"]),
    "json": ("json", ['{"b": 1, "a": [1, 2]}', "[1, 2.50, null]", '{"a": {"k":  1.0}}', '"str"', "[]"]),
    "timetz": ("timetz", ["10:20:30+00", "10:20:30+02", "23:59:59.5-08", "00:00:00+00"]),
    "small": ("small", ["1", "2", "-3", "999"]),
}
ORDERED = ["int4", "text", "numeric", "int8", "date", "timestamp", "numeric2", "float8", "int2", "varchar", "char", "timestamptz",
           "interval", "time", "float4", "uuid", "bytea", "mood", "int_array", "text_array", "bool", "timetz", "small"]
SAME = {"numeric2": "numeric", "varchar": "text", "char": "char"}  # a value of the first is an expression of the second

EXPRESSIONS = {
    "int4": """
        {int4} + {int4} | {small} + 0 | {int4} - {int4} | {int2} * {int4} | {int4} / nullif({int4}, 0) | {int4} % nullif({int4}, 0) | - {int4}
        abs({int4}) | {int4} & {int4} | {int4} \\| {int4} | {int4} # {int4} | ~ {int4} | {int4} << 2 | {int4} >> 1 | mod({int4}, 7)
        length({text}) | char_length({varchar}) | octet_length({text}) | ascii({text}) | strpos({text}, {text}) | position('b' in {text})
        {date} - {date} | bit_length({text}) | sign({int4})::int | {int2}::int | {bool}::int | gcd({int4}, {int4}) | lcm({int2}::int, {int2}::int)
        scale({numeric}) | min_scale({numeric}) | array_length({int_array}, 1) | cardinality({int_array}) | {int_array}[1] | {int_array}[{int4}]
        array_position({int_array}, {int4}) | array_upper({int_array}, 1) | extract(year from {date})::int | extract(dow from {timestamp})::int
        coalesce({int4}, 0) | nullif({int4}, {int4}) | greatest({int4}, {int4}) | least({int4}, {int4}, 3) | num_nulls({int4}, {text}, {bool})
        num_nonnulls({text}, {numeric}) | length({char}) | length({bytea}) | regexp_count({text}, 'b') | width_bucket({numeric2}, 0, 100, 5)
        case when {bool} then {int4} else {int4} end | case when {bool} then {int4} end | case {int4} when 1 then 10 when 2 then {int4} else 0 end
        ({numeric2})::int | round({numeric2})::int | (jsonb_typeof({jsonb}) = 'array')::int | get_byte('\\x0102'::bytea, abs({int4}) % 2)
        regexp_instr({text}, '[a-c]') | array_ndims({text_array}) | cardinality({text_array})""",
    "text": """
        {text} || {text} | upper({text}) | lower({text}) | initcap({text}) | trim({text}) | ltrim({text}, 'a ') | rtrim({text}) | reverse({text})
        substr({text}, 2) | substring({text} from 1 for abs({int4}) % 4) | left({text}, {int4}) | right({text}, {int4}) | replace({text}, 'a', {text})
        lpad({text}, 5, '*') | rpad({text}, abs({int4}) % 9) | split_part({text}, ',', 2) | translate({text}, 'abc', 'xy') | repeat({text}, abs({int4}) % 3)
        concat({text}, {int4}, {bool}) | concat_ws('-', {text}, {numeric2}, {date}) | coalesce({text}, 'none') | nullif({text}, {text}) | md5({text})
        {int4}::text | {numeric2}::text | {numeric}::text | {date}::text | {timestamp}::text | {bool}::text | {int8}::text | {interval}::text
        {float8}::text | {uuid}::text | {char}::text | {varchar}::text | {mood}::text | {jsonb}::text | {time}::text | {timestamptz}::text
        {text} || {int4} | {int4} || {text} | quote_ident({text}) | quote_literal({text}) | quote_nullable({text}) | format('%s|%I|%L', {text}, coalesce({text}, 'i'), {text})
        to_char({int4}, 'FM9990') | to_char({numeric2}, 'S99G990D00') | to_char({timestamp}, 'YYYY-MM-DD HH24:MI:SS.US Day') | to_char({date}, 'IYYY-IW Mon')
        to_char({interval}, 'HH24:MI:SS') | to_hex({int4}) | overlay({text} placing 'XY' from 2) | regexp_replace({text}, '[aeiou]', '<\\&>', 'g')
        substring({text} from 'b.') | regexp_substr({text}, '[a-z]+') | {jsonb} ->> 'a' | {jsonb} ->> 0 | {jsonb} #>> '{{a,k}}' | jsonb_typeof({jsonb})
        {text_array}[1] | array_to_string({int_array}, ',') | array_to_string({text_array}, '-', '~') | encode({bytea}, 'hex') | encode({bytea}, 'base64')
        case when {bool} then {text} else {text} end | case {text} when 'a' then 'A' else {text} end | greatest({text}, {text}) | least({text}, 'm')
        {text_array}::text | {int_array}::text | array_dims({int_array}) | {bytea}::text | btrim({text}, 'ac ') | sha256({bytea})::text
        jsonb_pretty({jsonb}) | unistr('\\0041') | {varchar} | {float4}::text | row({int4}, {text}, {text_array})::text | (row({text}, {int4})).f1 \\|\\| ''
        concat(row({date}, {bool})) | {text} \\|\\| row({numeric}, {jsonb})""",
    "numeric": """
        {numeric2} + {numeric2} | {numeric2} * {numeric2} | {numeric2} - {int4} | {numeric2} / nullif({int4}, 0) | {numeric} + {int4} | - {numeric}
        abs({numeric}) | round({numeric2}, 1) | round({numeric2}) | trunc({numeric2}, 1) | trunc({numeric}) | ceil({numeric2}) | floor({numeric}) | sign({numeric2})
        {numeric2} % nullif({numeric2}, 0) | {int4}::numeric | {int8}::numeric(12,1) | {numeric}::numeric | sqrt(abs({numeric2})) | ln(abs({numeric2}) + 1)
        exp(least({int2}, 5)::numeric) | power(abs({numeric2}) + 1, 2) | log(abs({numeric2}) + 1) | div({numeric2}, nullif({int4}, 0)::numeric)
        extract(epoch from {timestamp}) | extract(day from {interval}) | extract(month from {date}) | extract(epoch from {interval})
        coalesce({numeric2}, 0) | coalesce({numeric}, {int4}) | greatest({numeric2}, {int4}) | least({numeric}, {numeric2}) | trim_scale({numeric})
        case when {bool} then {numeric2} else {int4} end | {int4} * 1.5 | mod({numeric2}, 3) | {numeric2} | {numeric} * 0.5 | {int8} / 3.0
        ({float4})::numeric | nullif({numeric}, {numeric}) | gcd({int4}::numeric, 12) | factorial(abs({int4}) % 9) | extract(century from {date})""",
    "int8": """
        {int8} + {int4} | {int8} - {int8} | {int4}::bigint | abs({int8}) | {int8} % nullif({int4}, 0) | {int8} / 3 | coalesce({int8}, 0) | bit_count({bytea})
        case when {bool} then {int8} else {int4} end | greatest({int8}, {int4}) | {int8} & 255 | {int2}::bigint | mod({int8}, 5) | ({numeric2})::bigint""",
    "int2": "{int2} + {int2} | abs({int2}) | {int2} % 3::smallint | - {int2} | coalesce({int2}, 1::smallint) | {int2} & {int2} | (abs({int4}) % 99)::smallint",
    "float8": """
        {float8} + {float8} | {float8} * 2 | {float8} - {int4} | {float4} + {float8} | {int4}::float8 | {numeric2}::float8 | - {float8} | abs({float8})
        sqrt(abs({float8})) | floor({float8}) | ceil({float8}) | round({float8}) | trunc({float8}) | sign({float8}) | {float8} / nullif({int4}, 0)
        coalesce({float8}, 0) | greatest({float8}, {int4}) | case when {bool} then {float8} else {numeric2} end | sin({int4}) | cos({int4}) | atan({float8})
        ln(abs({int4}) + 1::float8) | exp(least({int2}, 5)::float8) | power({int2}, 2) | cbrt({int4}) | degrees({int4}) | radians({int4}) | pi() | atan2({int4}, {int4})
        date_part('hour', {timestamp}) | {float4}::float8 | tanh({int4}) | log10(abs({int4}) + 1::float8)""",
    "float4": "{float4} + {float4} | {float4} * 2::real | {int4}::real | abs({float4}) | coalesce({float4}, 0) | {numeric2}::real | - {float4}",
    "bool": """
        {int4} > {int4} | {int4} = {int4} | {text} < {text} | {text} = {text} | {numeric} >= {numeric2} | {date} < {date} | {timestamp} > {date} | not {bool}
        {bool} and {bool} | {bool} or {bool} | {int4} is null | {text} is not null | {int4} between {int4} and {int4} | {int4} in (1, 2, 3, 42) | {text} in ('a', 'abc', '')
        {int4} not in (1, {int4}) | {text} like 'a%' | {text} ilike '%B%' | {text} not like '_b%' | {text} ~ '^[a-z]' | {text} ~* 'AB' | {text} !~ 'x' | {text} similar to '(a\\|b)%'
        {int4} is distinct from {int4} | {text} is not distinct from {text} | {bool} is true | {bool} is not false | {bool} is unknown | {numeric} = {numeric}
        row({int4}, {text}) is null | ({int4}, {text}) is not null | ({int4}, {text}) is distinct from ({int4}, {text}) | ({int4}, {text}) in ((1, 'a'), ({int4}, 'b'))
        ({int4}, {text}) between (0, 'a') and ({int4}, {text}) | ({int4}, {numeric}) is not distinct from ({int4}, {numeric})
        ({int4}, {text}) < ({int4}, {text}) | ({int4}, {int4}) = ({int4}, {int4}) | {int4} = any ({int_array}) | {int4} > all ({int_array}) | {text} = any ({text_array})
        {int_array} @> {int_array} | {int_array} && {int_array} | {int_array} <@ {int_array} | {int_array} = {int_array} | {int_array} < {int_array} | {jsonb} ? 'a' | {jsonb} @> '{{"a": 1}}'
        {jsonb} = {jsonb} | {jsonb} <@ '[1, 2.5, null, 3]' | {interval} > {interval} | {interval} = {interval} | {mood} < {mood} | {mood} = 'ok' | {char} = {char} | {char} < 'b'
        {varchar} = {text} | {uuid} = {uuid} | {bytea} < {bytea} | {float8} > {float8} | {float8} = {float8} | {float4} = {float8} | {time} < {time} | {timestamptz} > {timestamptz}
        starts_with({text}, 'a') | {text} ^@ 'f' | ({timestamp}, {interval}) overlaps ({timestamp}, {interval}) | isfinite({date}) | coalesce({bool}, false)
        case when {bool} then {bool} else {bool} end | {int4} between symmetric {int4} and 3 | {int8} <> {int4} | regexp_like({text}, 'a.c') | {text} >= 'b' collate "C"
        {jsonb} ?\\| array['a', 'b'] | {jsonb} is null | {int4} <= {int8} | {date} between '2000-01-01' and '2024-02-01' | {timestamptz} < timestamptz '2024-01-02 00:00+00'""",
    "date": """
        {date} + {int4} | {date} - {int4} | {timestamp}::date | coalesce({date}, '2020-02-02') | greatest({date}, {date}) | {timestamptz}::date
        make_date(2000 + abs({int4}) % 50, 1 + abs({int4}) % 12, 1 + abs({int4}) % 28) | case when {bool} then {date} else {date} end | to_date('2024-03-0' \\|\\| abs({int4}) % 9 + 1, 'YYYY-MM-DD')""",
    "timestamp": """
        {date}::timestamp | {timestamp} + {interval} | {timestamp} - {interval} | date_trunc('hour', {timestamp}) | date_trunc('month', {timestamp}) | {date} + {interval}
        date_bin('15 minutes', {timestamp}, timestamp '2000-01-01') | {date} + {time} | coalesce({timestamp}, {date}) | {timestamptz} at time zone 'UTC'
        date_trunc('week', {timestamp}) | case when {bool} then {timestamp} end | {timestamptz} at time zone 'Europe/Berlin' | {timestamp}::timestamp(2)
        make_timestamp(2024, 1 + abs({int4}) % 12, 3, 4, 5, 6.5)""",
    "timestamptz": """
        {timestamp}::timestamptz | {timestamptz} + {interval} | {timestamp} at time zone 'America/New_York' | date_trunc('day', {timestamptz}) | coalesce({timestamptz}, {date})
        date_trunc('day', {timestamptz}, 'Asia/Tokyo') | to_timestamp({int4}) | greatest({timestamptz}, {timestamptz})""",
    "interval": """
        {interval} + {interval} | {interval} - {interval} | - {interval} | {interval} * 2 | {interval} / 3 | {timestamp} - {timestamp} | justify_hours({interval})
        justify_days({interval}) | justify_interval({interval}) | age({timestamp}, {timestamp}) | make_interval(days => {int4}) | coalesce({interval}, '1 hour') | {time}::interval
        date_trunc('day', {interval}) | {timestamptz} - {timestamptz} | {time} - {time} | {interval} * {int2}""",
    "time": "{timestamp}::time | {time} + {interval} | coalesce({time}, '12:00') | {interval}::time | make_time(abs({int4}) % 24, 5, 6.25) | greatest({time}, {time})",
    "bytea": "{bytea} || {bytea} | convert_to({text}, 'UTF8') | decode(md5({text}), 'hex') | substr({bytea}, 2) | coalesce({bytea}, '\\x01') | sha256({bytea})",
    "jsonb": """
        {jsonb} -> 'a' | {jsonb} -> 0 | {jsonb} #> '{{b,1}}' | jsonb_build_object('a', {int4}, 'b', {jsonb}) - 'a' | jsonb_build_object('k', {int4}, 't', {text}) | jsonb_build_array({int4}, {text}, {bool}) | to_jsonb({numeric2})
        to_jsonb({text}) | jsonb_strip_nulls({jsonb}) | coalesce({jsonb}, '{{}}') | to_jsonb({int_array}) | jsonb_set('{{"a": 1}}', '{{a}}', {jsonb}) | to_jsonb({timestamp})
        case when jsonb_typeof({jsonb}) = 'object' then {jsonb} \\|\\| '{{"z": 1}}' end | to_jsonb(row({int4}, {text}, {bool})) | jsonb_extract_path({jsonb}, 'a', 'k') | to_jsonb({float8})""",
    "int_array": """
        array[{int4}, {int4}] | {int_array} \\|\\| {int4} | {int_array} \\|\\| {int_array} | array_append({int_array}, {int4}) | array_prepend({int4}, {int_array}) | array_remove({int_array}, {int4})
        array_cat({int_array}, {int_array}) | array_replace({int_array}, 1, {int4}) | {int_array}[1:2] | coalesce({int_array}, '{{}}') | array_positions({int_array}, {int4}) | array_fill({int4}, array[2])""",
    "text_array": """
        array[{text}, {text}] | string_to_array({text}, ',') | {text_array} \\|\\| {text} | regexp_split_to_array({text}, '[ ,]+') | array_remove({text_array}, {text})
        coalesce({text_array}, '{{x}}') | regexp_match({text}, '(a)(.)') | {text_array}[2:]""",
    "varchar": "{text}::varchar(20) | {varchar} | coalesce({varchar}, 'v') | left({text}, 3)::varchar(20)",
    "char": "{char} | {text}::char(5) | coalesce({char}, 'c')",
    "numeric2": "{numeric2} | {int4}::numeric(12,2) | ({numeric2} + 1)::numeric(12,2) | round({numeric2}, 2)::numeric(12,2)",
    "mood": "{mood} | 'ok'::mood | greatest({mood}, {mood}) | case when {bool} then {mood} else 'sad' end | coalesce({mood}, 'happy')",
    "uuid": "{uuid} | coalesce({uuid}, '12345678-1234-5678-1234-567812345678')",
    "json": "to_json({jsonb}) | row_to_json(row({int4}, {text}, {timestamp})) | row_to_json(row({jsonb}, row({int_array}, {numeric})), {bool}) | json_build_array({int4}, {text}) | json_build_object('k', {text}) | {json} -> 'a' | coalesce({json}, '[]')",
    "timetz": "{timestamptz}::timetz | {timetz} + {interval} | coalesce({timetz}, '12:00+01') | {timetz} at time zone 'UTC'",
    "small": "(abs({int4}) % 900)::small | coalesce({small}, 7)",
}

# type of the result: aggregates; {key} is a total order of the input
AGGREGATES = {
    "int8": """count(*) | sum({int4}) | count({text}) | count(distinct {int4}) | count({numeric}) | sum({int2}) | count(distinct {text}) | sum(distinct {int4})
        regr_count({float8}, {float8}) | count(row({int4})) | count(distinct ({int4}, {text})) | count(distinct ({numeric}, {char})) | count(*) filter (where {bool})""",
    "numeric": """sum({numeric2}) | sum({numeric}) | avg({int4}) | avg({numeric2}) | sum({int8}) | avg({numeric}) | sum({numeric2}) filter (where {bool}) | min({numeric}) | max({numeric})
        variance({int4}) | stddev({numeric2}) | var_pop({int8}) | stddev_pop({int4}) | avg(distinct {numeric2}) | sum(distinct {numeric})""",
    "int4": "min({int4}) | max({int4}) | bit_or({int4}) | bit_and({int4}) | bit_xor({int4}) | mode() within group (order by {int4}) | percentile_disc(0.5) within group (order by {int4}) | max({int4}) filter (where {bool})",
    "text": """max({text}) | min({text}) | min({varchar}) | string_agg({text}, ',' order by {key}) | string_agg({text}, '-' order by {text}, {key}) | max({mood})::text""",
    "float8": "sum({float8}) | avg({float8}) | min({float8}) | max({float8}) | avg({float4}) | percentile_cont(0.25) within group (order by {float8})",
    "float4": "sum({float4}) | max({float4})",
    "bool": "bool_and({bool}) | bool_or({bool}) | every({bool}) | count(*) > 1 | max({int4}) > 2",
    "date": "min({date}) | max({date})",
    "timestamp": "max({timestamp}) | min({timestamp})",
    "timestamptz": "max({timestamptz})",
    "interval": "sum({interval}) | avg({interval}) | max({interval}) | min({interval})",
    "time": "max({time})",
    "int_array": "array_agg({int4} order by {key}) | max({int_array}) | array_agg({int4} order by {key}) filter (where {bool})",
    "text_array": "array_agg({text} order by {key})",
    "jsonb": "jsonb_agg({int4} order by {key}) | jsonb_agg(row({int4}, {text}) order by {key}) | jsonb_object_agg(coalesce({text}, ''), {int4} order by {key}) | jsonb_agg({jsonb} order by {key})",
    "mood": "min({mood}) | max({mood})",
    "char": "max({char})",
    "json": "json_agg({int4} order by {key}) | json_agg(row({int4}, {text}) order by {key}) | json_object_agg(coalesce({text}, ''), {numeric} order by {key})",
    "timetz": "max({timetz}) | min({timetz})",
}

# functions over a window: (type, call); those that need a total order come with {key} in their ORDER BY
WINDOWS = [
    ("int8", "row_number()", True), ("int8", "rank()", False), ("int8", "dense_rank()", False), ("float8", "percent_rank()", False),
    ("float8", "cume_dist()", False), ("int4", "ntile(3)", True), ("int4", "lag({int4})", True), ("text", "lead({text}, 2, 'none')", True),
    ("int4", "first_value({int4})", True), ("text", "last_value({text})", True), ("numeric", "nth_value({numeric2}, 2)", True),
    ("int8", "sum({int4})", False), ("int8", "count(*)", False), ("numeric", "avg({numeric2})", False), ("int4", "max({int4})", False),
    ("text", "min({text})", False), ("float8", "sum({float8})", False), ("int8", "count({text}) filter (where {bool})", False),
]
FRAMES = ["", "", "rows between 1 preceding and current row", "rows between unbounded preceding and unbounded following",
          "rows between 1 following and 2 following", "groups between 1 preceding and 1 following",
          "range between unbounded preceding and current row", "rows between 2 preceding and 1 following exclude current row",
          "groups between current row and unbounded following exclude ties"]

# over whole rows: {row} is a table's, {other} one of the same table or itself
ROWS = {
    "json": ["row_to_json({row})", "to_json({row})", "json_build_object('r', {row}, 'n', {int4})", "row_to_json(ROW({int4}, {text}))"],
    "jsonb": ["to_jsonb({row})", "jsonb_build_array({row}, {text})", "to_jsonb(ROW({row}.*, {int4}))", "to_jsonb(ROW({row}, {date}))"],
    "text": ["{row}::text", "concat({row}, {text})", "ROW({text}, {numeric}, {bool})::text", "ROW({row}.*, {text})::text", "{text} || {row}"],
    "bool": ["{row} IS NULL", "{row} IS NOT NULL", "ROW({text}, {int4}) IS NULL", "ROW({int4}, {text}) = ROW({int4}, {text})",
             "ROW({int4}, {numeric}) IS DISTINCT FROM ROW({int4}, {numeric})", "ROW({text}, {int4}) < ROW({text}, {int4})",
             "({int4}, {text}) IN (({int4}, {text}), (1, 'a'))", "{row} = {other}", "{row} IS DISTINCT FROM {other}", "{row} >= {other}"],
    "int4": ["num_nulls({row}, {text})"],
}
ROW_AGGREGATES = {
    "int8": ["count({row})", "count({row}.*)", "count(DISTINCT ROW({int4}, {text}))"], "json": ["json_agg({row} order by {key})"],
    "jsonb": ["jsonb_agg({row} order by {key})", "jsonb_agg(ROW({int4}, {text}) order by {key})"],
}
# members of documents that functions of FROM take columns from
MEMBERS = ["int4", "text", "numeric", "numeric2", "bool", "date", "timestamp", "int8", "jsonb", "uuid", "interval", "float8",
           "varchar", "char", "int_array", "text_array", "mood", "small", "json", "bytea"]
# where their expressions may be longer or larger than they are
MEMBER_FITS = {"varchar": "left({}, 20)", "char": "left({}, 5)", "small": "least({}, 999)"}


def templates(table):
    """{type: [template]} of one of the tables above: one between bars or lines; \\| is a bar of its own."""
    return {kind: [part.strip().replace("\\|", "|") for part in re.split(r"\s\|\s|\n", text) if part.strip()]
            for kind, text in table.items()}
