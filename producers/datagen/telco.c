#include "telco.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* One block has exactly the marginals; more rows are more blocks, the last in proportion. */
enum { BLOCK = 7043, TENURE_MAX = 72, WITHOUT_TENURE = 11, HALF_GROUP_CHURNED = 5 };

enum internet { DSL, FIBER, NO_INTERNET };
enum phone { NO_PHONE, ONE_LINE, MORE_LINES };
enum service { SECURITY, BACKUP, PROTECTION, SUPPORT, TV, MOVIES, SERVICES };

static const char *const genders[] = {"Male", "Female"};
static const char *const internets[] = {"DSL", "Fiber optic", "No"};
static const char *const lines[] = {"No phone service", "No", "Yes"};
static const char *const no_yes[] = {"No", "Yes", "No internet service"};
static const char *const contracts[] = {"Month-to-month", "One year", "Two year"};
static const char *const payments[] = {"Electronic check", "Mailed check",
                                       "Bank transfer (automatic)", "Credit card (automatic)"};

static const uint32_t gender_weights[] = {3555, 3488};
static const uint32_t senior_weights[] = {5901, 1142};
static const uint32_t partner_weights[] = {3641, 3402};
static const uint32_t dependents_weights[] = {4933, 2110};
static const uint32_t contract_weights[] = {3875, 1473, 1695};
static const uint32_t paperless_weights[] = {2872, 4171};
static const uint32_t payment_weights[] = {2365, 1612, 1544, 1522};
static const uint32_t line_weights[] = {3390, 2971};
static const uint32_t dsl_phone_weights[] = {682, 1739};
static const uint32_t churn_weights[] = {5174, 1869};

/* Internet service, OnlineSecurity and TechSupport together: one group has fewer than ten
 * customers, and one has 32, 5 of whom leave: 15.625 %, a half that must be rounded up. */
static const struct {
    enum internet internet;
    unsigned char security, support;
} groups[] = {{DSL, 0, 0},   {DSL, 0, 1},   {DSL, 1, 0},   {DSL, 1, 1},        {FIBER, 0, 0},
              {FIBER, 0, 1}, {FIBER, 1, 0}, {FIBER, 1, 1}, {NO_INTERNET, 2, 2}};
static const uint32_t group_weights[] = {1782, 600, 32, 7, 879, 237, 780, 1200, 1526};
enum { GROUPS = 9, HALF_GROUP = 2 };

/* The services that no group fixes, among customers with internet. */
static const struct {
    enum service service;
    uint32_t weights[2];
} extras[] = {
    {BACKUP, {3088, 2429}}, {PROTECTION, {3095, 2422}}, {TV, {2810, 2707}}, {MOVIES, {2785, 2732}}};

struct customer {
    unsigned char gender, senior, partner, dependents, tenure, contract, paperless, payment,
        churned;
    unsigned char group, phone, services[SERVICES];
    uint32_t monthly; /* in hundredths, as total */
    uint32_t total;
    uint32_t risk; /* of leaving */
};

struct block {
    struct random *random;
    uint32_t n;
    struct customer customers[BLOCK];
    struct customer *order[BLOCK];
    unsigned char dealt[BLOCK];
};

static void id_of(uint64_t number, char *to, size_t size)
{
    static const uint64_t ids = UINT64_C(9990) * 26 * 26 * 26 * 26 * 26;
    uint64_t x = number % ids * UINT64_C(86028121) % ids; /* a prime: no two numbers share an id */
    char letters[6] = {0};

    x = x * UINT64_C(86028121) % ids;
    for (int i = 4; i >= 0; i--, x /= 26)
        letters[i] = (char)('A' + x % 26);
    snprintf(to, size, "%04u-%s", (unsigned)x, letters);
}

static void deal_column(struct block *block, const uint32_t *weights, uint32_t kinds, size_t field)
{
    deal(block->random, block->dealt, block->n, weights, kinds);
    for (uint32_t i = 0; i < block->n; i++)
        ((unsigned char *)&block->customers[i])[field] = block->dealt[i];
}

static bool has_internet(const struct customer *one)
{
    return groups[one->group].internet != NO_INTERNET;
}

/* Deals to those customers alone that `chosen` names, in their order. */
static void deal_among(struct block *block, bool (*chosen)(const struct customer *one),
                       const uint32_t *weights,
                       void (*take)(struct customer *one, unsigned char kind))
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < block->n; i++)
        n += chosen(&block->customers[i]);
    deal(block->random, block->dealt, n, weights, 2);
    for (uint32_t i = 0, at = 0; i < block->n; i++)
        if (chosen(&block->customers[i]))
            take(&block->customers[i], block->dealt[at++]);
}

static bool is_dsl(const struct customer *one)
{
    return groups[one->group].internet == DSL;
}

static bool has_phone(const struct customer *one)
{
    return one->phone != NO_PHONE;
}

static void take_phone(struct customer *one, unsigned char kind)
{
    one->phone = kind == 0 ? NO_PHONE : ONE_LINE;
}

static void take_lines(struct customer *one, unsigned char kind)
{
    one->phone = kind == 0 ? ONE_LINE : MORE_LINES;
}

static void deal_services(struct block *block)
{
    deal_column(block, group_weights, GROUPS, offsetof(struct customer, group));
    for (uint32_t i = 0; i < block->n; i++) {
        struct customer *one = &block->customers[i];

        memset(one->services, 2, sizeof(one->services));
        one->services[SECURITY] = groups[one->group].security;
        one->services[SUPPORT] = groups[one->group].support;
        one->phone = ONE_LINE;
    }
    deal_among(block, is_dsl, dsl_phone_weights, take_phone);
    deal_among(block, has_phone, line_weights, take_lines);
    for (size_t e = 0; e < sizeof(extras) / sizeof(extras[0]); e++) {
        uint32_t n = 0, at = 0;

        for (uint32_t i = 0; i < block->n; i++)
            n += has_internet(&block->customers[i]);
        deal(block->random, block->dealt, n, extras[e].weights, 2);
        for (uint32_t i = 0; i < block->n; i++)
            if (has_internet(&block->customers[i]))
                block->customers[i].services[extras[e].service] = block->dealt[at++];
    }
}

/* Eleven have none yet; many are new, many have been there from the start, the others are spread
 * evenly. */
static void deal_tenure(struct block *block)
{
    uint32_t weights[TENURE_MAX + 1] = {WITHOUT_TENURE, 613};

    for (int months = 2; months < TENURE_MAX; months++)
        weights[months] = months < 39 ? 87 : 86;
    weights[TENURE_MAX] = 362;
    deal_column(block, weights, TENURE_MAX + 1, offsetof(struct customer, tenure));
}

/* Prices in steps of five hundredths; one customer in forty has an average that ends in exactly
 * half a hundredth. */
static void price(struct block *block, struct customer *one)
{
    static const uint32_t bases[] = {2350, 4900, 0};
    uint32_t each = 500, monthly = bases[groups[one->group].internet];

    for (int service = 0; service < SERVICES; service++)
        if (one->services[service] == 1)
            monthly += service == TV || service == MOVIES ? 2 * each : each;
    monthly += one->phone == NO_PHONE ? 0 : 1900 + (one->phone == MORE_LINES ? each : 0);
    one->monthly = monthly + 5 * random_below(block->random, 40);
    one->total = one->monthly * one->tenure;
    if (one->tenure == 8 && random_below(block->random, 2) == 0)
        one->total = 4 * (2 * (one->monthly / 5) * 5 + 1); /* 8 * (x + 0.5) hundredths */
    else if (one->tenure > 1)
        one->total =
            (one->total * 20 + 5 * one->tenure * random_below(block->random, 200)) / 100 * 5;
}

static uint32_t risk_of(struct block *block, const struct customer *one)
{
    uint32_t risk = random_below(block->random, 600);

    risk += one->contract == 0 ? 250 : one->contract == 1 ? 60 : 0;
    risk += groups[one->group].internet == FIBER ? 150 : 0;
    risk += one->payment == 0 ? 80 : 0;
    risk += (uint32_t)(TENURE_MAX - one->tenure) * 3;
    return risk;
}

static int by_risk(const void *a, const void *b)
{
    const struct customer *left = *(struct customer *const *)a,
                          *right = *(struct customer *const *)b;

    if (left->risk != right->risk)
        return left->risk < right->risk ? 1 : -1;
    return (left > right) - (left < right);
}

/* Those with the highest risk leave, as many as the marginal says; of the group of 32 five do. */
static void deal_churn(struct block *block)
{
    uint32_t leaving = 0, half_group = 0;

    for (uint32_t i = 0; i < block->n; i++) {
        struct customer *one = &block->customers[i];

        one->risk = risk_of(block, one);
        if (one->group == HALF_GROUP)
            one->risk = half_group++ < HALF_GROUP_CHURNED ? UINT32_MAX : 0;
        block->order[i] = one;
    }
    deal(block->random, block->dealt, block->n, churn_weights, 2);
    for (uint32_t i = 0; i < block->n; i++)
        leaving += block->dealt[i];
    qsort((void *)block->order, block->n, sizeof(struct customer *), by_risk);
    for (uint32_t i = 0; i < block->n; i++)
        block->order[i]->churned = i < leaving;
}

static void make_block(struct block *block)
{
    deal_column(block, gender_weights, 2, offsetof(struct customer, gender));
    deal_column(block, senior_weights, 2, offsetof(struct customer, senior));
    deal_column(block, partner_weights, 2, offsetof(struct customer, partner));
    deal_column(block, dependents_weights, 2, offsetof(struct customer, dependents));
    deal_column(block, contract_weights, 3, offsetof(struct customer, contract));
    deal_column(block, paperless_weights, 2, offsetof(struct customer, paperless));
    deal_column(block, payment_weights, 4, offsetof(struct customer, payment));
    deal_services(block);
    deal_tenure(block);
    for (uint32_t i = 0; i < block->n; i++)
        price(block, &block->customers[i]);
    deal_churn(block);
}

static const char header[] = "customerID,gender,SeniorCitizen,Partner,Dependents,tenure,"
                             "PhoneService,MultipleLines,InternetService,OnlineSecurity,"
                             "OnlineBackup,DeviceProtection,TechSupport,StreamingTV,"
                             "StreamingMovies,Contract,PaperlessBilling,PaymentMethod,"
                             "MonthlyCharges,TotalCharges,Churn";

/* Rows that a pipeline must not trip over, a bad case each; their ids begin with 9999-D. */
static const char *const dirty_rows[] = {
    "9999-DSHRT,Male,0,Yes,No,1,Yes,No,DSL,No,No,No,No,No,No,Month-to-month,Yes,Mailed "
    "check,45.3,45.3",
    "9999-DLONG,Male,0,Yes,No,1,Yes,No,DSL,No,No,No,No,No,No,Month-to-month,Yes,Mailed "
    "check,45.3,45.3,No,more",
    ",Female,0,Yes,No,3,Yes,No,DSL,No,No,No,No,No,No,Month-to-month,Yes,Mailed check,45.3,135.9,No",
    "9999-DTWIC,Female,0,Yes,No,3,Yes,No,DSL,No,No,No,No,No,No,Month-to-month,Yes,Mailed "
    "check,45.3,135.9,No",
    "9999-DTWIC,Male,1,No,Yes,40,Yes,Yes,DSL,No,No,No,No,No,No,Two year,No,Mailed "
    "check,99.9,3996,Yes",
    "9999-DTENT,Female,0,Yes,No,many,Yes,No,DSL,No,No,No,No,No,No,Month-to-month,Yes,Mailed "
    "check,45.3,135.9,No",
    "9999-DTENB,Female,0,Yes,No,,Yes,No,DSL,No,No,No,No,No,No,Month-to-month,Yes,Mailed "
    "check,45.3,135.9,No",
    "9999-DTENN,Female,0,Yes,No,-5,Yes,No,DSL,No,No,No,No,No,No,Month-to-month,Yes,Mailed "
    "check,45.3,135.9,No",
    "9999-DTENL,Female,0,Yes,No,101,Yes,No,DSL,No,No,No,No,No,No,Month-to-month,Yes,Mailed "
    "check,45.3,4575.3,No",
    "9999-DTENF,Female,0,Yes,No,12.7,Yes,No,DSL,No,No,No,No,No,No,Month-to-month,Yes,Mailed "
    "check,45.3,543.6,No",
    "9999-DTENE,Female,0,Yes,No,1e1,Yes,No,DSL,No,No,No,No,No,No,Month-to-month,Yes,Mailed "
    "check,45.3,453,No",
    "9999-DTENS,Female,0,Yes,No, 13 ,Yes,No,DSL,No,No,No,No,No,No,Month-to-month,Yes,Mailed "
    "check,45.3,588.9,No",
    "9999-DMONT,Female,0,Yes,No,3,Yes,No,DSL,No,No,No,No,No,No,Month-to-month,Yes,Mailed "
    "check,n/a,135.9,No",
    "9999-DMONN,Female,0,Yes,No,0,Yes,No,DSL,No,No,No,No,No,No,Month-to-month,Yes,Mailed "
    "check,-20.5,0,No",
    "9999-DTOTB,Female,0,Yes,No,0,Yes,No,DSL,No,No,No,No,No,No,Month-to-month,Yes,Mailed "
    "check,45.3,,No",
    "9999-DTOTT,Female,0,Yes,No,3,Yes,No,DSL,No,No,No,No,No,No,Month-to-month,Yes,Mailed "
    "check,45.3,lots,No",
    "9999-DTOTN,Female,0,Yes,No,3,Yes,No,DSL,No,No,No,No,No,No,Month-to-month,Yes,Mailed "
    "check,45.3,-135.9,No",
    "9999-DGENC,MALE,0,Yes,No,3,Yes,No,DSL,No,No,No,No,No,No,Month-to-month,Yes,Mailed "
    "check,45.3,135.9,No",
    "9999-DGENU,unknown,0,Yes,No,3,Yes,No,DSL,No,No,No,No,No,No,Month-to-month,Yes,Mailed "
    "check,45.3,135.9,No",
    "9999-DSENI,Female,2,Yes,No,3,Yes,No,DSL,No,No,No,No,No,No,Month-to-month,Yes,Mailed "
    "check,45.3,135.9,No",
    "9999-DPART,Female,0,yes,maybe,3,Yes,No,DSL,No,No,No,No,No,No,Month-to-month,Yes,Mailed "
    "check,45.3,135.9,No",
    "9999-DPHON,Female,0,Yes,No,3,No,Yes,DSL,No,No,No,No,No,No,Month-to-month,Yes,Mailed "
    "check,45.3,135.9,No",
    "9999-DINTE,Female,0,Yes,No,3,Yes,No,Satellite,No,No,No,No,No,No,Month-to-month,Yes,Mailed "
    "check,45.3,135.9,No",
    "9999-DSERV,Female,0,Yes,No,3,Yes,No,DSL,Perhaps,No,No,No,No,No,Month-to-month,Yes,Mailed "
    "check,45.3,135.9,No",
    "9999-DCONT,Female,0,Yes,No,3,Yes,No,DSL,No,No,No,No,No,No,Weekly,Yes,Mailed "
    "check,45.3,135.9,No",
    "9999-DPAYM,Female,0,Yes,No,3,Yes,No,DSL,No,No,No,No,No,No,Month-to-month,Yes,\"Cash, \"\"in "
    "hand\"\"\",45.3,135.9,No",
    "9999-DCHUR,Female,0,Yes,No,3,Yes,No,DSL,No,No,No,No,No,No,Month-to-month,Yes,Mailed "
    "check,45.3,135.9,Maybe",
    "9999-DUTF8,Fem\xC3(le,0,Yes,No,3,Yes,No,DSL,No,No,No,No,No,No,Month-to-month,Yes,Mailed "
    "check,45.3,135.9,No"};

static void write_customer(FILE *file, const struct customer *one, const char *id, const char *end)
{
    char monthly[24], total[24];

    fprintf(file, "%s,%s,%d,%s,%s,%d,%s,%s,%s", id, genders[one->gender], one->senior,
            no_yes[one->partner], no_yes[one->dependents], one->tenure,
            one->phone == NO_PHONE ? "No" : "Yes", lines[one->phone],
            internets[groups[one->group].internet]);
    for (int service = 0; service < SERVICES; service++)
        fprintf(file, ",%s", no_yes[one->services[service]]);
    fprintf(file, ",%s,%s,%s,%s,%s,%s%s", contracts[one->contract], no_yes[one->paperless],
            payments[one->payment], out_hundredths(one->monthly, monthly, sizeof(monthly)),
            one->tenure == 0 ? " " : out_hundredths(one->total, total, sizeof(total)),
            no_yes[one->churned], end);
}

static void write_all(FILE *file, const struct files_config *config)
{
    struct random random = {config->seed};
    struct block *block = err_calloc(1, sizeof(*block));
    const char *end = config->crlf ? "\r\n" : "\n";
    int64_t rows = config->rows > 0 ? config->rows : BLOCK;
    char id[24];

    block->random = &random;
    fprintf(file, "%s%s", header, end);
    for (int64_t done = 0; done < rows; done += block->n) {
        block->n = rows - done < BLOCK ? (uint32_t)(rows - done) : BLOCK;
        make_block(block);
        for (uint32_t i = 0; i < block->n; i++) {
            id_of(config->seed * UINT64_C(1000003) + (uint64_t)done + i, id, sizeof(id));
            write_customer(file, &block->customers[i], id, end);
        }
    }
    for (size_t i = 0; config->dirty && i < sizeof(dirty_rows) / sizeof(dirty_rows[0]); i++)
        fprintf(file, "%s%s", dirty_rows[i], end);
    free(block);
}

bool telco_files(const struct files_config *config, struct err *reterr)
{
    static const char name[] = "telco_customer_churn.csv";
    FILE *file = NULL;

    if (!out_open(config, name, &file, reterr))
        return false;
    write_all(file, config);
    return out_close(file, config, name, reterr);
}
