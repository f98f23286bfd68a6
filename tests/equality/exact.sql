-- Sums of floats as they are defined: exact, rounded once. PostgreSQL's own depend on the order of rows. They stand in
-- public, which the sessions put before pg_catalog, so a view's sum(float8) means these.
CREATE TABLE exact_power (e int PRIMARY KEY, v numeric NOT NULL);
DO $$
DECLARE up numeric := 1; down numeric := 1;
BEGIN
  FOR i IN 0 .. 1080 LOOP
    INSERT INTO exact_power VALUES (i, up), (-i, down) ON CONFLICT DO NOTHING;
    up := up * 2;
    down := down * 0.5;
  END LOOP;
END $$;

CREATE FUNCTION exact_numeric(x float8) RETURNS numeric LANGUAGE plpgsql IMMUTABLE STRICT AS $$
DECLARE
  bits bigint := ('x' || encode(float8send(x), 'hex'))::bit(64)::bigint;
  exponent int := (bits >> 52) & 2047;
  mantissa bigint := bits & 4503599627370495;
  value numeric;
BEGIN
  IF x = 'NaN' OR x = 'Infinity' OR x = '-Infinity' THEN RETURN x::text::numeric; END IF;
  IF exponent = 0 THEN exponent := 1; ELSE mantissa := mantissa + 4503599627370496; END IF;
  IF mantissa = 0 THEN RETURN 0; END IF;
  SELECT mantissa * v INTO value FROM public.exact_power WHERE e = greatest(exponent - 1075, -1080);
  RETURN CASE WHEN bits < 0 THEN -value ELSE value END;
END $$;

-- state: how many, the sum, how many that are not -0 (a sum of nothing but -0 is -0)
CREATE FUNCTION exact_add(state numeric[], x float8) RETURNS numeric[] LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  IF x IS NULL THEN RETURN state; END IF;
  RETURN ARRAY[state[1] + 1, state[2] + public.exact_numeric(x),
               state[3] + CASE WHEN x = 0 AND x::text = '-0' THEN 0 ELSE 1 END];
END $$;

CREATE FUNCTION exact_round(x numeric, negative_zero boolean) RETURNS float8 LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  IF negative_zero THEN RETURN '-0'::float8; END IF;
  RETURN x::float8;
EXCEPTION WHEN numeric_value_out_of_range THEN
  RAISE EXCEPTION USING ERRCODE = '22003', MESSAGE = 'value out of range: overflow';
END $$;

CREATE FUNCTION exact_round4(x numeric, negative_zero boolean) RETURNS float4 LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  IF negative_zero THEN RETURN '-0'::float4; END IF;
  RETURN x::float4;
EXCEPTION WHEN numeric_value_out_of_range THEN
  RAISE EXCEPTION USING ERRCODE = '22003', MESSAGE = 'value out of range: overflow';
END $$;

CREATE FUNCTION exact_sum8(state numeric[]) RETURNS float8 LANGUAGE sql IMMUTABLE AS
$$ SELECT CASE WHEN state[1] > 0 THEN public.exact_round(state[2], state[3] = 0) END $$;
CREATE FUNCTION exact_sum4(state numeric[]) RETURNS float4 LANGUAGE sql IMMUTABLE AS
$$ SELECT CASE WHEN state[1] > 0 THEN public.exact_round4(state[2], state[3] = 0) END $$;
CREATE FUNCTION exact_avg8(state numeric[]) RETURNS float8 LANGUAGE sql IMMUTABLE AS
$$ SELECT CASE WHEN state[1] > 0 THEN public.exact_round(state[2], false) / state[1]::float8 END $$;
CREATE FUNCTION exact_add4(state numeric[], x float4) RETURNS numeric[] LANGUAGE sql IMMUTABLE AS
$$ SELECT public.exact_add(state, x::float8) $$;

CREATE AGGREGATE sum(float8) (SFUNC = exact_add, STYPE = numeric[], INITCOND = '{0,0,0}', FINALFUNC = exact_sum8);
CREATE AGGREGATE avg(float8) (SFUNC = exact_add, STYPE = numeric[], INITCOND = '{0,0,0}', FINALFUNC = exact_avg8);
CREATE AGGREGATE sum(float4) (SFUNC = exact_add4, STYPE = numeric[], INITCOND = '{0,0,0}', FINALFUNC = exact_sum4);
CREATE AGGREGATE avg(float4) (SFUNC = exact_add4, STYPE = numeric[], INITCOND = '{0,0,0}', FINALFUNC = exact_avg8);

CREATE PUBLICATION equality FOR ALL TABLES;
