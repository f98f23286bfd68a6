/*
 * CREATE FOREIGN TABLE: a source with its contract. Columns, types, NOT NULL, CHECK and PRIMARY KEY
 * are the contract; the names of unnamed CHECKs are those PostgreSQL would choose.
 */
#include "sql/bind_values.h"
#include "sql/collations.h"

enum { NAME_BYTES_MAX = 63, TOPIC_BYTES_MAX = 249 };

/* A column whose type is a domain. */
struct of_domain {
    const struct user_type *domain;
    uint16_t column;
};

/* The source in the making. */
struct making {
    struct binder *binder;
    const PgQuery__CreateForeignTableStmt *stmt;
    struct plan_source *source;
    struct column *columns;
    enum plan_metadata *metadata; /* by column */
    bool has_metadata;
    uint16_t columns_n;
    uint16_t *key;
    uint16_t key_n;
    bool has_key;
    struct list checks;    /* const PgQuery__Constraint *, in the order they are written */
    struct list not_nulls; /* struct plan_rule * */
    struct list rules;     /* struct plan_rule *: the CHECKs */
    struct list domains;   /* struct of_domain * */
    struct list warn;      /* const PgQuery__DefElem *: names of rules that only warn */
    struct list lenient;   /* ... unless the contract is strict */
};

static int find_column(const struct making *making, const char *name)
{
    for (uint16_t i = 0; i < making->columns_n; i++)
        if (strcmp(making->columns[i].name, name) == 0)
            return i;
    return -1;
}

/* ---- options ---- */

static bool check_topic(struct making *making, const char *topic, int location)
{
    size_t len = strspn(topic, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");

    if (topic[0] == '\0' || topic[len] != '\0' || len > TOPIC_BYTES_MAX)
        return ast_refuse(&making->binder->ast, location,
                          "\"%s\" is no topic name: letters, digits, '.', '_' and '-' are allowed",
                          topic);
    for (uint32_t i = 0; i < making->binder->nodes.sources.n; i++) {
        const struct plan_source *other = making->binder->nodes.sources.at[i];

        if (strcmp(other->topic, topic) == 0)
            return ast_refuse(&making->binder->ast, location,
                              "topic %s is read by %s already; make a view over that source", topic,
                              other->name);
    }
    return true;
}

static bool set_format(struct making *making, const char *format, int location)
{
    if (strcmp(format, "debezium") == 0)
        making->source->format = PLAN_FORMAT_DEBEZIUM;
    else if (strcmp(format, "json") == 0)
        making->source->format = PLAN_FORMAT_JSON;
    else if (strcmp(format, "debezium-avro") == 0)
        making->source->format = PLAN_FORMAT_DEBEZIUM_AVRO;
    else if (strcmp(format, "avro") == 0)
        making->source->format = PLAN_FORMAT_AVRO;
    else
        return ast_refuse(&making->binder->ast, location,
                          "format \"%s\" is not supported; there are debezium, debezium-avro, "
                          "json and avro",
                          format);
    return true;
}

static bool read_option(struct making *making, const PgQuery__DefElem *option)
{
    struct ast *ast = &making->binder->ast;
    const char *value = ast_string(option->arg);

    if (value == NULL)
        return ast_refuse(ast, option->location, "option %s needs a text", option->defname);
    if (strcmp(option->defname, "topic") == 0) {
        making->source->topic = value;
        return check_topic(making, value, option->location);
    }
    if (strcmp(option->defname, "format") == 0)
        return set_format(making, value, option->location);
    if (strcmp(option->defname, "warn") == 0) {
        list_add(&making->warn, making->binder->arena, option);
        return true;
    }
    if (strcmp(option->defname, "lenient") == 0) {
        list_add(&making->lenient, making->binder->arena, option);
        return true;
    }
    if (strcmp(option->defname, "versions") == 0) {
        making->source->versions = strcmp(value, "all") == 0;
        return making->source->versions || strcmp(value, "last") == 0 ||
               ast_refuse(ast, option->location, "versions is 'last' (the default) or 'all'");
    }
    if (strcmp(option->defname, "before") == 0) {
        making->source->trusted = strcmp(value, "trusted") == 0;
        return making->source->trusted || strcmp(value, "derived") == 0 ||
               ast_refuse(ast, option->location, "before is 'derived' (the default) or 'trusted'");
    }
    return ast_refuse(ast, option->location,
                      "option \"%s\" is not known; a source has topic, format, before, versions, "
                      "warn and lenient",
                      option->defname);
}

/* Only an envelope has a `before`, which tells nothing of the record that the row came with; and the
 * records of a key must lie in one partition: 1.0 and 1.00 do not. */
static bool check_trust(struct making *making)
{
    const struct plan_source *source = making->source;
    int location = making->stmt->base_stmt->relation->location;
    bool envelopes =
        source->format == PLAN_FORMAT_DEBEZIUM || source->format == PLAN_FORMAT_DEBEZIUM_AVRO;

    if (!source->trusted)
        return true;
    if (!envelopes || source->versions || making->has_metadata)
        return ast_refuse(&making->binder->ast, location,
                          "before 'trusted' needs format debezium or debezium-avro, without "
                          "columns of metadata and without versions 'all'");
    for (uint16_t i = 0; i < making->key_n; i++) {
        const struct column *column = &making->columns[making->key[i]];

        if (!exprs_type_is_exact(column->type.id))
            return ast_refuse(&making->binder->ast, location,
                              "before 'trusted' needs keys that are equal only when they are the "
                              "same: column \"%s\" is %s",
                              column->name, type_name(column->type.id));
    }
    return true;
}

/* ---- metadata ---- */

struct metadata_kind {
    const char *name;
    enum type_id type;
};

static const struct metadata_kind metadata_kinds[METADATA_KINDS] = {
    [METADATA_OP] = {"op", TYPE_TEXT},
    [METADATA_COMMIT_TS] = {"commit_ts", TYPE_TIMESTAMPTZ},
    [METADATA_POSITION] = {"position", TYPE_TEXT},
    [METADATA_TOPIC] = {"topic", TYPE_TEXT},
    [METADATA_PARTITION] = {"partition", TYPE_INT4},
    [METADATA_OFFSET] = {"offset", TYPE_INT8},
};

static bool set_metadata(struct making *making, uint16_t column, const PgQuery__DefElem *option)
{
    struct ast *ast = &making->binder->ast;
    const char *value = ast_string(option->arg);
    enum type_id type = making->columns[column].type.id;

    for (int kind = METADATA_NONE + 1; kind < METADATA_KINDS; kind++) {
        if (value == NULL || strcmp(value, metadata_kinds[kind].name) != 0)
            continue;
        making->metadata[column] = (enum plan_metadata)kind;
        making->has_metadata = true;
        return type == metadata_kinds[kind].type ||
               ast_refuse(ast, option->location, "metadata '%s' is of type %s", value,
                          type_name(metadata_kinds[kind].type));
    }
    return ast_refuse(ast, option->location,
                      "metadata is one of op, commit_ts, position, topic, partition, offset");
}

static bool key_has(const struct making *making, enum plan_metadata kind)
{
    for (uint16_t i = 0; i < making->key_n; i++)
        if (making->metadata[making->key[i]] == kind)
            return true;
    return false;
}

/* With a row for each record the key must tell them apart; else it is the record's key. The rows of
 * a snapshot share one position. */
static bool check_metadata_key(const struct making *making, int location)
{
    bool place = key_has(making, METADATA_PARTITION) && key_has(making, METADATA_OFFSET);
    bool position = key_has(making, METADATA_POSITION) && key_has(making, METADATA_NONE);

    if (making->source->versions)
        return place || position ||
               ast_refuse(&making->binder->ast, location,
                          "with versions 'all' PRIMARY KEY must tell records apart: columns of "
                          "metadata partition and offset, or one of position beside the table's "
                          "own key");
    for (int kind = METADATA_NONE + 1; kind < METADATA_KINDS; kind++)
        if (key_has(making, (enum plan_metadata)kind))
            return ast_refuse(&making->binder->ast, location,
                              "a column of metadata can be in PRIMARY KEY only with versions "
                              "'all'");
    return true;
}

/* ---- columns ---- */

static bool add_key_column(struct making *making, int column, int location)
{
    for (uint16_t i = 0; i < making->key_n; i++)
        if (making->key[i] == column)
            return ast_refuse(&making->binder->ast, location,
                              "column \"%s\" stands twice in PRIMARY KEY",
                              making->columns[column].name);
    if (making->columns[column].type.id == TYPE_JSON ||
        making->columns[column].type.id == TYPE_JSONB)
        return ast_refuse(&making->binder->ast, location, "a key column can't be of type %s",
                          type_name(making->columns[column].type.id));
    making->columns[column].not_null = true;
    making->key[making->key_n++] = (uint16_t)column;
    return true;
}

static bool one_key(struct making *making, int location)
{
    if (making->has_key)
        return ast_refuse(&making->binder->ast, location, "PRIMARY KEY is declared twice");
    making->has_key = true;
    return true;
}

static bool refuse_constraint(struct making *making, const PgQuery__Constraint *constraint)
{
    const char *words = "this constraint is not supported in a source; leave it out";

    switch (constraint->contype) {
    case PG_QUERY__CONSTR_TYPE__CONSTR_DEFAULT:
    case PG_QUERY__CONSTR_TYPE__CONSTR_IDENTITY:
    case PG_QUERY__CONSTR_TYPE__CONSTR_GENERATED:
        words = "a default has no meaning in a source: its rows come whole; leave it out";
        break;
    case PG_QUERY__CONSTR_TYPE__CONSTR_UNIQUE:
        words = "UNIQUE can't be checked record by record; leave it out";
        break;
    case PG_QUERY__CONSTR_TYPE__CONSTR_FOREIGN:
        words = "REFERENCES can't be checked record by record; leave it out";
        break;
    default:
        break;
    }
    return ast_refuse(&making->binder->ast, constraint->location, "%s", words);
}

static bool column_constraint(struct making *making, uint16_t column,
                              const PgQuery__Constraint *constraint)
{
    switch (constraint->contype) {
    case PG_QUERY__CONSTR_TYPE__CONSTR_NOTNULL:
        making->columns[column].not_null = true;
        return true;
    case PG_QUERY__CONSTR_TYPE__CONSTR_NULL:
        return true;
    case PG_QUERY__CONSTR_TYPE__CONSTR_CHECK:
        list_add(&making->checks, making->binder->arena, constraint);
        return true;
    case PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY:
        return ast_only(&making->binder->ast, constraint, "contype conname") &&
               one_key(making, constraint->location) &&
               add_key_column(making, column, constraint->location);
    default:
        return refuse_constraint(making, constraint);
    }
}

/* Remembers the domain of the column in the making, if it has one. */
static void note_domain(struct making *making, const PgQuery__TypeName *name)
{
    struct of_domain *of = arena_zalloc(making->binder->arena, sizeof(*of));

    *of = (struct of_domain){bind_domain_of(making->binder, name), making->columns_n};
    if (of->domain == NULL)
        return;
    list_add(&making->domains, making->binder->arena, of);
    for (const struct user_type *domain = of->domain; domain != NULL; domain = domain->base)
        if (domain->not_null && !bind_is_of_elements(domain, making->columns[of->column].type))
            making->columns[of->column].not_null = true;
}

static bool add_column(struct making *making, const PgQuery__ColumnDef *def)
{
    struct ast *ast = &making->binder->ast;
    struct column *column = &making->columns[making->columns_n];

    if (!ast_only(ast, def, "colname type_name is_local coll_clause constraints fdwoptions"))
        return false;
    if (find_column(making, def->colname) >= 0)
        return ast_refuse(ast, def->location, "column \"%s\" is declared twice", def->colname);
    if (making->columns_n == COLUMNS_MAX)
        return ast_refuse(ast, def->location, "a source has at most %d columns", COLUMNS_MAX);
    column->name = def->colname;
    if (!bind_type(making->binder, def->type_name, &column->type) ||
        !bind_set_collation(making->binder, def->coll_clause, &column->type))
        return false;
    if (column->type.id == TYPE_JSONPATH)
        return ast_refuse(ast, def->location,
                          "type jsonpath is for expressions; declare the column "
                          "as text");
    note_domain(making, def->type_name);
    making->columns_n++;
    for (size_t i = 0; i < def->n_fdwoptions; i++) {
        const PgQuery__DefElem *option = def->fdwoptions[i]->def_elem;

        bool known = strcmp(option->defname, "metadata") == 0
                         ? set_metadata(making, (uint16_t)(making->columns_n - 1), option)
                     : strcmp(option->defname, "warn") == 0
                         ? read_option(making, option)
                         : ast_refuse(ast, option->location,
                                      "option \"%s\" is not known; a column has metadata and warn",
                                      option->defname);
        if (!known)
            return false;
    }
    for (size_t i = 0; i < def->n_constraints; i++)
        if (!column_constraint(making, (uint16_t)(making->columns_n - 1),
                               def->constraints[i]->constraint))
            return false;
    return true;
}

static bool table_constraint(struct making *making, const PgQuery__Constraint *constraint)
{
    struct ast *ast = &making->binder->ast;

    if (constraint->contype == PG_QUERY__CONSTR_TYPE__CONSTR_CHECK) {
        list_add(&making->checks, making->binder->arena, constraint);
        return true;
    }
    if (constraint->contype != PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY)
        return refuse_constraint(making, constraint);
    if (!ast_only(ast, constraint, "contype conname keys") ||
        !one_key(making, constraint->location))
        return false;
    for (size_t i = 0; i < constraint->n_keys; i++) {
        int column = find_column(making, ast_string(constraint->keys[i]));

        if (column < 0)
            return ast_refuse(ast, constraint->location,
                              "column \"%s\" of PRIMARY KEY is not declared",
                              ast_string(constraint->keys[i]));
        if (!add_key_column(making, column, constraint->location))
            return false;
    }
    return true;
}

/* Columns first: a table constraint may name one that is declared after it. */
static bool read_elements(struct making *making)
{
    const PgQuery__CreateStmt *base = making->stmt->base_stmt;

    for (int columns = 1; columns >= 0; columns--) {
        for (size_t i = 0; i < base->n_table_elts; i++) {
            const PgQuery__Node *node = base->table_elts[i];
            bool is_column = node->node_case == PG_QUERY__NODE__NODE_COLUMN_DEF;

            if (!is_column && node->node_case != PG_QUERY__NODE__NODE_CONSTRAINT)
                return ast_refuse(&making->binder->ast, ast_location(node),
                                  "%s is not supported in a source; name every column",
                                  ast_kind(node));
            if (is_column && columns && !add_column(making, node->column_def))
                return false;
            if (!is_column && !columns && !table_constraint(making, node->constraint))
                return false;
        }
    }
    return true;
}

/* ---- rules ---- */

/* name1_name2_label, cut to what PostgreSQL allows by shortening the longer of the two names. */
static const char *object_name(struct arena *arena, const char *name1, const char *name2,
                               const char *label)
{
    size_t len1 = strlen(name1), len2 = name2 == NULL ? 0 : strlen(name2);
    size_t overhead = strlen(label) + 1 + (name2 == NULL ? 0 : 1);

    while (len1 + len2 + overhead > NAME_BYTES_MAX) {
        if (len1 > len2)
            len1--;
        else
            len2--;
    }
    while (len1 > 0 && ((unsigned char)name1[len1] & 0xC0U) == 0x80U)
        len1--;
    while (name2 != NULL && len2 > 0 && ((unsigned char)name2[len2] & 0xC0U) == 0x80U)
        len2--;
    if (name2 == NULL)
        return arena_printf(arena, "%.*s_%s", (int)len1, name1, label);
    return arena_printf(arena, "%.*s_%.*s_%s", (int)len1, name1, (int)len2, name2, label);
}

static bool is_taken(const struct making *making, const char *name)
{
    for (uint32_t i = 0; i < making->rules.n; i++)
        if (strcmp(((const struct plan_rule *)making->rules.at[i])->name, name) == 0)
            return true;
    return false;
}

/* The name PostgreSQL gives an unnamed CHECK: with the column's name when it reads just one. */
static const char *choose_name(const struct making *making, const struct expr *expr)
{
    const char *table = making->stmt->base_stmt->relation->relname, *column = NULL, *name;
    struct column_set columns = {0};
    uint16_t n = 0;

    exprs_columns(expr, &columns);
    for (uint16_t i = 0; i < making->columns_n; i++) {
        if (!column_set_has(&columns, i))
            continue;
        column = making->columns[i].name;
        n++;
    }
    if (n != 1)
        column = NULL;
    name = object_name(making->binder->arena, table, column, "check");
    for (unsigned pass = 1; is_taken(making, name); pass++)
        name = object_name(making->binder->arena, table, column,
                           arena_printf(making->binder->arena, "check%u", pass));
    return name;
}

/* The text between the parentheses of the CHECK at the location. */
static const char *check_text(const struct making *making, int location)
{
    const struct ast *ast = &making->binder->ast;
    uint32_t i = ast_token_at(ast, location), closing;
    int from, to;

    while (i < ast->tokens->n_tokens && ast->tokens->tokens[i]->token != PG_QUERY__TOKEN__CHECK)
        i++;
    closing = ast_token_closing(ast, i + 1);
    if (closing >= ast->tokens->n_tokens)
        return "";
    from = ast->tokens->tokens[i + 1]->end;
    to = ast->tokens->tokens[closing]->start;
    return arena_copy(ast->arena, (struct str){ast->text.at + from, (size_t)(to - from)}).at;
}

/* What a CHECK sees: the source's columns. */
static void make_from(const struct making *making, struct from *from)
{
    struct arena *arena = making->binder->arena;
    struct table *table = arena_zalloc(arena, sizeof(*table));

    *from =
        (struct from){.columns = making->columns, .columns_n = making->columns_n, .block = from};
    *table =
        (struct table){.alias = making->stmt->base_stmt->relation->relname, .n = making->columns_n};
    table->names = arena_alloc(arena, (making->columns_n + 1U) * sizeof(struct name));
    for (uint16_t i = 0; i < making->columns_n; i++) {
        table->names[i] = (struct name){making->columns[i].name,
                                        exprs_column(arena, i, making->columns[i].type, -1)};
        list_add(&from->visible, arena, &table->names[i]);
    }
    list_add(&from->tables, arena, table);
}

static bool add_check(struct making *making, const struct from *from,
                      const PgQuery__Constraint *constraint)
{
    struct scope scope = {.binder = making->binder, .from = from, .clause = "CHECK"};
    struct plan_rule *rule = arena_zalloc(making->binder->arena, sizeof(*rule));

    if (!ast_only(&making->binder->ast, constraint,
                  "contype conname raw_expr initially_valid skip_validation is_no_inherit"))
        return false;
    rule->expr = bind_condition(&scope, constraint->raw_expr);
    if (rule->expr == NULL)
        return false;
    rule->name =
        constraint->conname[0] != '\0' ? constraint->conname : choose_name(making, rule->expr);
    if (is_taken(making, rule->name))
        return ast_refuse(&making->binder->ast, constraint->location,
                          "constraint \"%s\" is declared twice", rule->name);
    rule->text = check_text(making, constraint->location);
    list_add(&making->rules, making->binder->arena, rule);
    return true;
}

/* A rule of a domain, over the column or its elements: "column constraint". */
static bool add_domain_rule(struct making *making, const struct of_domain *of,
                            const struct user_type *domain, const PgQuery__Constraint *check,
                            const char *name)
{
    struct binder *binder = making->binder;
    const struct column *column = &making->columns[of->column];
    struct plan_rule *rule = arena_zalloc(binder->arena, sizeof(*rule));

    rule->expr = bind_domain_check(binder, domain, check,
                                   exprs_column(binder->arena, of->column, column->type, -1));
    if (rule->expr == NULL)
        return false;
    rule->name = arena_printf(binder->arena, "%s %s", column->name, name);
    rule->text = check != NULL ? check_text(making, check->location) : "VALUE IS NOT NULL";
    list_add(&making->rules, binder->arena, rule);
    return true;
}

/* A domain's rules bind the column as its own do. */
static bool add_domain_rules(struct making *making, const struct of_domain *of)
{
    struct type type = making->columns[of->column].type;

    for (const struct user_type *domain = of->domain; domain != NULL; domain = domain->base) {
        if (domain->not_null && bind_is_of_elements(domain, type) &&
            !add_domain_rule(making, of, domain, NULL, "elements not null"))
            return false;
        for (uint32_t i = 0; i < domain->checks.n; i++)
            if (!add_domain_rule(making, of, domain, domain->checks.at[i],
                                 bind_domain_check_name(making->binder, domain, i)))
                return false;
    }
    return true;
}

static void add_not_nulls(struct making *making)
{
    for (uint16_t i = 0; i < making->columns_n; i++) {
        struct plan_rule *rule;

        if (!making->columns[i].not_null)
            continue;
        rule = arena_zalloc(making->binder->arena, sizeof(*rule));
        rule->name = arena_printf(making->binder->arena, "%s not null", making->columns[i].name);
        rule->text = arena_printf(making->binder->arena, "%s IS NOT NULL", making->columns[i].name);
        rule->column = i;
        list_add(&making->not_nulls, making->binder->arena, rule);
    }
}

/* Declares the rule of that name a warning, or with `enforced` only looks for it; a column with a
 * mere warning may hold NULL. */
static bool warn_rule(struct making *making, struct str name, bool enforced, int location)
{
    struct ast *ast = &making->binder->ast;

    for (uint32_t i = 0; i < making->rules.n; i++) {
        struct plan_rule *rule = making->rules.at[i];

        if (str_eq_c(name, rule->name)) {
            rule->warning = !enforced;
            return true;
        }
    }
    for (uint32_t i = 0; i < making->not_nulls.n; i++) {
        struct plan_rule *rule = making->not_nulls.at[i];

        if (!str_eq_c(name, rule->name))
            continue;
        for (uint16_t j = 0; j < making->key_n; j++)
            if (making->key[j] == rule->column)
                return ast_refuse(ast, location, "a key column can't be NULL, not even by warning");
        rule->warning = !enforced;
        making->columns[rule->column].not_null = enforced;
        return true;
    }
    return ast_refuse(
        ast, location,
        "warn and lenient name rules; \"%.*s\" is none that this source has; a CHECK is "
        "named table_column_check, NOT NULL 'column not null'",
        STR_ARG(name));
}

static bool read_names(struct making *making, const struct list *options, bool enforced)
{
    static const char blanks_and_comma[] = ", \t\r\n";

    for (uint32_t i = 0; i < options->n; i++) {
        const PgQuery__DefElem *option = options->at[i];
        const char *at = ast_string(option->arg);

        while (*at != '\0') {
            size_t length = 0, end = 0;

            at += strspn(at, blanks_and_comma);
            end = length = strcspn(at, ",");
            while (length > 0 && strchr(blanks_and_comma, at[length - 1]) != NULL)
                length--;
            if (length > 0 &&
                !warn_rule(making, (struct str){at, length}, enforced, option->location))
                return false;
            at += end;
        }
    }
    return true;
}

/* A lenient rule warns unless the contract is strict. */
static bool read_warnings(struct making *making)
{
    return read_names(making, &making->warn, false) &&
           read_names(making, &making->lenient, making->binder->strict);
}

static int by_name(const void *a, const void *b)
{
    const struct plan_rule *const *left = a, *const *right = b;

    return strcmp((*left)->name, (*right)->name);
}

/* NOT NULLs in column order, then CHECKs in the order of their names, as PostgreSQL tests them. */
static bool make_rules(struct making *making)
{
    struct plan_source *source = making->source;
    struct plan_rule *rules;
    struct from from;
    uint16_t n = 0;

    make_from(making, &from);
    add_not_nulls(making);
    for (uint32_t i = 0; i < making->checks.n; i++)
        if (!add_check(making, &from, making->checks.at[i]))
            return false;
    for (uint32_t i = 0; i < making->domains.n; i++)
        if (!add_domain_rules(making, making->domains.at[i]))
            return false;
    if (!read_warnings(making))
        return false;
    if (making->rules.n > 1)
        qsort(making->rules.at, making->rules.n, sizeof(void *), by_name);
    rules = arena_alloc(making->binder->arena,
                        (making->not_nulls.n + making->rules.n + 1) * sizeof(*rules));
    for (uint32_t i = 0; i < making->not_nulls.n; i++)
        rules[n++] = *(const struct plan_rule *)making->not_nulls.at[i];
    for (uint32_t i = 0; i < making->rules.n; i++)
        rules[n++] = *(const struct plan_rule *)making->rules.at[i];
    source->rules = rules;
    source->rules_n = n;
    return true;
}

/* ---- the statement ---- */

static bool check_statement(struct making *making)
{
    const PgQuery__CreateForeignTableStmt *stmt = making->stmt;
    const PgQuery__RangeVar *name = stmt->base_stmt->relation;
    struct ast *ast = &making->binder->ast;

    if (!ast_only(ast, stmt, "base_stmt servername options") ||
        !ast_only(ast, stmt->base_stmt, "relation table_elts oncommit if_not_exists") ||
        !bind_check_name(making->binder, name))
        return false;
    if (strcmp(stmt->servername, "kafka") != 0)
        return ast_refuse(ast, name->location, "server \"%s\" is not known; write SERVER kafka",
                          stmt->servername);
    return true;
}

static bool finish(struct making *making)
{
    struct binder *binder = making->binder;
    const PgQuery__RangeVar *name = making->stmt->base_stmt->relation;
    struct relation *relation = arena_zalloc(binder->arena, sizeof(*relation));
    const char **columns = arena_alloc(binder->arena, (making->columns_n + 1U) * sizeof(*columns));
    const struct user_type **domains =
        arena_zalloc(binder->arena, (making->columns_n + 1U) * sizeof(struct user_type *));

    for (uint32_t i = 0; i < making->domains.n; i++) {
        const struct of_domain *of = making->domains.at[i];

        domains[of->column] = of->domain;
    }
    for (uint16_t i = 0; i < making->columns_n; i++)
        columns[i] = making->columns[i].name;
    making->source->schema = (struct schema){.columns = making->columns,
                                             .key = making->key,
                                             .columns_n = making->columns_n,
                                             .key_n = making->key_n};
    if (!check_trust(making) || !make_rules(making))
        return false;
    making->source->trusted = making->source->trusted && !binder->derives_before;
    list_add(&binder->nodes.sources, binder->arena, making->source);
    binder->nodes.label = making->source->name;
    *relation = (struct relation){.schema = bind_schema_of(name),
                                  .name = name->relname,
                                  .columns = columns,
                                  .columns_n = making->columns_n,
                                  .domains = domains,
                                  .source = (int32_t)binder->nodes.sources.n - 1,
                                  .view = -1};
    relation->node = nodes_source(&binder->nodes, (uint32_t)relation->source);
    list_add(&binder->relations, binder->arena, relation);
    return true;
}

bool bind_source(struct binder *binder, const PgQuery__CreateForeignTableStmt *stmt)
{
    struct making making = {.binder = binder, .stmt = stmt};
    const PgQuery__RangeVar *name = stmt->base_stmt->relation;

    making.source = arena_zalloc(binder->arena, sizeof(*making.source));
    making.columns = arena_zalloc(binder->arena, COLUMNS_MAX * sizeof(struct column));
    making.metadata = arena_zalloc(binder->arena, COLUMNS_MAX * sizeof(*making.metadata));
    making.key = arena_zalloc(binder->arena, COLUMNS_MAX * sizeof(uint16_t));
    making.source->name = arena_printf(binder->arena, "%s.%s", bind_schema_of(name), name->relname);
    making.source->node = UINT32_MAX;
    if (!check_statement(&making))
        return false;
    for (size_t i = 0; i < stmt->n_options; i++)
        if (!read_option(&making, stmt->options[i]->def_elem))
            return false;
    if (making.source->topic == NULL)
        return ast_refuse(
            &binder->ast, name->location,
            "the source has no topic; write OPTIONS (topic '...', format 'debezium')");
    if (!read_elements(&making))
        return false;
    if (!making.has_key)
        return ast_refuse(&binder->ast, name->location,
                          "a source needs a PRIMARY KEY: its rows are told apart by it");
    if (making.has_metadata)
        making.source->metadata = making.metadata;
    return check_metadata_key(&making, name->location) && finish(&making);
}
