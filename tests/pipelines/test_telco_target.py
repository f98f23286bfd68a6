"""telco's tables as a person finds them: keys, rules, indexes, comments and rights, the same after a second run."""

from harness import ROOT
from harness.compare import same_rows

FILES = [ROOT / "schemas" / "telco" / name for name in ("target.sql", "tuning.sql")]

INDEXES = [("customers_staging", "ingestion_timestamp"), ("customers_staging", "churned"), ("customers_staging", "customer_segment"), ("customers_staging", "customer_segment, churned"),
           ("customers_staging", "contract_type"), ("churn_summary", "churn_rate_percent"), ("revenue_analysis", "total_monthly_revenue"),
           ("service_churn_correlation", "churn_rate_percent")]
RULES = [("monthly_charges_not_negative",), ("tenure_not_negative",), ("total_charges_not_negative",)]


def test_the_catalog_holds_what_is_promised(pg, unique):
    pg.create_database(unique)
    try:
        for _ in range(2):
            for file in FILES:
                pg.run_file(unique, file)
            check(lambda query: pg.execute(unique, query))
    finally:
        pg.drop_database(unique)


def check(ask):
    same_rows(ask("""SELECT c.relname::text, (SELECT string_agg(a.attname, ', ' ORDER BY k.n) FROM unnest(i.indkey) WITH ORDINALITY k (at, n)
                                        JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.at)
                     FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace s ON s.oid = c.relnamespace
                     WHERE s.nspname IN ('silver', 'gold') AND NOT i.indisunique"""), INDEXES, "indexes")
    same_rows(ask("SELECT conname::text FROM pg_constraint WHERE contype = 'c' AND conrelid = 'silver.customers_staging'::regclass"), RULES, "rules")
    same_rows(ask("""SELECT a.attname::text FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
                     WHERE i.indisprimary AND i.indrelid = 'silver.customers_staging'::regclass"""), [("customer_id",)], "primary key")
    same_rows(ask("""SELECT column_name::text, data_type::text || coalesce('(' || numeric_precision || ',' || numeric_scale || ')', '')
                     FROM information_schema.columns WHERE table_name = 'customers_staging' AND data_type = 'numeric'"""),
              [("monthly_charges", "numeric(10,2)"), ("total_charges", "numeric(12,2)"), ("avg_monthly_revenue", "numeric(10,2)")], "types")
    same_rows(ask("""SELECT table_name::text, column_name::text FROM information_schema.columns
                     WHERE table_schema IN ('silver', 'gold') AND data_type = 'timestamp with time zone'"""),
              [("customers_staging", "ingestion_timestamp"), ("churn_summary", "calculated_at"), ("revenue_analysis", "calculated_at"),
               ("executive_summary", "report_timestamp")], "commit times")
    assert ask("""SELECT count(*)::int FROM pg_class c JOIN pg_namespace s ON s.oid = c.relnamespace
                  WHERE s.nspname IN ('silver', 'gold') AND c.relkind = 'r' AND obj_description(c.oid) IS NULL""") == [(0,)]
    assert ask("SELECT obj_description('silver'::regnamespace), col_description('silver.customers_staging'::regclass, 22) IS NOT NULL") == [
        ("Cleaned rows, one a customer", True)]
    same_rows(ask("""SELECT c.relname::text FROM pg_class c JOIN pg_namespace s ON s.oid = c.relnamespace
                     WHERE s.nspname IN ('silver', 'gold', 'quality') AND c.relkind = 'r' AND has_table_privilege('pg_monitor', c.oid, 'SELECT')
                       AND NOT has_table_privilege('pg_monitor', c.oid, 'INSERT')"""),
              ask("SELECT tablename::text FROM pg_tables WHERE schemaname IN ('silver', 'gold', 'quality')"), "rights")
