#include "http/s3_answer.h"

#include <assert.h>
#include <expat.h>
#include <limits.h>

enum { TEXT_BYTES_MAX = 16 * 1024 };

/* A walk over a document: `leaf` gets each element's name, parent and own text. */
struct walk {
    char names[3][64]; /* root, child, grandchild: deeper levels are not asked for */
    int depth;
    struct buf text;
    void (*leaf)(struct walk *walk, const char *parent, const char *name, struct str text);
    void *arg;
    struct buf key, tag; /* of the listing's present entry */
    int64_t size;
};

static void XMLCALL on_start(void *data, const XML_Char *name, const XML_Char **attributes)
{
    struct walk *walk = data;

    (void)attributes;
    buf_clear(&walk->text);
    if (walk->depth < 3)
        snprintf(walk->names[walk->depth], sizeof(walk->names[0]), "%s", name);
    walk->depth++;
}

static void XMLCALL on_text(void *data, const XML_Char *text, int length)
{
    struct walk *walk = data;

    buf_append(&walk->text, text, (size_t)length);
}

static void XMLCALL on_end(void *data, const XML_Char *name)
{
    struct walk *walk = data;

    walk->depth--;
    if (walk->depth < 3)
        walk->leaf(walk, walk->depth == 0 ? "" : walk->names[walk->depth - 1], name,
                   buf_str(&walk->text));
    buf_clear(&walk->text);
}

static bool run(struct walk *walk, struct str body, const char **ret_why)
{
    XML_Parser parser = XML_ParserCreate(NULL);

    if (parser == NULL)
        err_no_memory(0);
    walk->text.limit = TEXT_BYTES_MAX;
    XML_SetUserData(parser, walk);
    XML_SetElementHandler(parser, on_start, on_end);
    XML_SetCharacterDataHandler(parser, on_text);
    bool well = body.len < INT_MAX && XML_Parse(parser, body.at, (int)body.len, 1) == XML_STATUS_OK;
    *ret_why = XML_ErrorString(XML_GetErrorCode(parser));
    XML_ParserFree(parser);
    buf_done(&walk->text);
    return well;
}

static void one_line(char *into, size_t size, struct str text)
{
    size_t length = text.len < size - 1 ? text.len : size - 1;

    for (size_t i = 0; i < length; i++)
        into[i] = (unsigned char)text.at[i] < ' ' ? ' ' : text.at[i];
    into[length] = '\0';
}

static void error_leaf(struct walk *walk, const char *parent, const char *name, struct str text)
{
    struct s3_error *error = walk->arg;

    if (strcmp(parent, "Error") != 0)
        return;
    if (strcmp(name, "Code") == 0)
        one_line(error->code, sizeof(error->code), text);
    else if (strcmp(name, "Message") == 0)
        one_line(error->message, sizeof(error->message), text);
}

void s3_answer_error(struct str body, struct s3_error *ret)
{
    struct walk walk = {.leaf = error_leaf, .arg = ret};
    const char *why = NULL;

    *ret = (struct s3_error){0};
    if (body.len > 0 && !run(&walk, body, &why))
        *ret = (struct s3_error){0};
}

struct wanted {
    const char *root, *name;
    struct buf *into;
    bool found;
};

static void text_leaf(struct walk *walk, const char *parent, const char *name, struct str text)
{
    struct wanted *wanted = walk->arg;

    if (wanted->found || strcmp(parent, wanted->root) != 0 || strcmp(name, wanted->name) != 0)
        return;
    buf_put(wanted->into, text);
    wanted->found = true;
}

bool s3_answer_text(struct str body, const char *root, const char *name, struct buf *into)
{
    struct wanted wanted = {root, name, into, false};
    struct walk walk = {.leaf = text_leaf, .arg = &wanted};
    const char *why = NULL;

    return body.len > 0 && run(&walk, body, &why) && wanted.found;
}

static int64_t number_of(struct str text)
{
    int64_t number = 0;

    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] < '0' || text.at[i] > '9' || __builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, text.at[i] - '0', &number))
            return 0;
    return number;
}

static void page_leaf(struct walk *walk, const char *parent, const char *name, struct str text)
{
    struct s3_page *page = walk->arg;
    bool in_entry = strcmp(parent, "Contents") == 0;

    if (in_entry && strcmp(name, "Key") == 0) {
        buf_clear(&walk->key);
        buf_put(&walk->key, text);
    } else if (in_entry && strcmp(name, "Size") == 0) {
        walk->size = number_of(text);
    } else if (in_entry && strcmp(name, "ETag") == 0) {
        buf_clear(&walk->tag);
        buf_put(&walk->tag, text);
    } else if (strcmp(name, "Contents") == 0) {
        const struct s3_listed object = {buf_str(&walk->key), walk->size, buf_str(&walk->tag)};

        page->nameless = page->nameless || object.key.len == 0;
        page->stopped = page->stopped || page->nameless || !page->each(&object, page->arg);
        buf_clear(&walk->key);
        buf_clear(&walk->tag);
        walk->size = 0;
    } else if (strcmp(name, "IsTruncated") == 0) {
        page->truncated = str_eq_c(text, "true");
    } else if (strcmp(name, "NextContinuationToken") == 0) {
        buf_put(&page->token, text);
    }
}

bool s3_answer_page(struct str body, struct s3_page *page, struct err *reterr)
{
    struct walk walk = {.leaf = page_leaf, .arg = page};
    const char *why = "empty";

    buf_clear(&page->token);
    page->truncated = page->nameless = false;
    bool well =
        body.len > 0 && run(&walk, body, &why) && strcmp(walk.names[0], "ListBucketResult") == 0;
    buf_done(&walk.key);
    buf_done(&walk.tag);
    if (!well)
        return err_set(reterr, ERR_RETRY, "the store's answer is not a listing: %s",
                       why == NULL ? "another document" : why);
    if (page->nameless)
        return err_set(reterr, ERR_RETRY, "the store's listing has an object without a key");
    if (page->truncated && page->token.len == 0)
        return err_set(reterr, ERR_RETRY, "the store's listing is cut without a token to go on");
    return true;
}

struct uploads {
    const char *key;
    struct buf *into;
};

static void upload_leaf(struct walk *walk, const char *parent, const char *name, struct str text)
{
    const struct uploads *uploads = walk->arg;
    bool in_upload = strcmp(parent, "Upload") == 0;

    if (in_upload && (strcmp(name, "Key") == 0 || strcmp(name, "UploadId") == 0)) {
        struct buf *kept = strcmp(name, "Key") == 0 ? &walk->key : &walk->tag;

        buf_clear(kept);
        buf_put(kept, text);
    } else if (strcmp(name, "Upload") == 0) {
        if (str_eq_c(buf_str(&walk->key), uploads->key) && walk->tag.len > 0)
            buf_printf(uploads->into, "%s\n", buf_cstr(&walk->tag));
        buf_clear(&walk->key);
        buf_clear(&walk->tag);
    }
}

bool s3_answer_uploads(struct str body, const char *key, struct buf *into, struct err *reterr)
{
    struct uploads uploads = {key, into};
    struct walk walk = {.leaf = upload_leaf, .arg = &uploads};
    const char *why = "empty";
    bool well = body.len > 0 && run(&walk, body, &why) &&
                strcmp(walk.names[0], "ListMultipartUploadsResult") == 0;

    buf_done(&walk.key);
    buf_done(&walk.tag);
    return well || err_set(reterr, ERR_RETRY, "the store's answer is no list of uploads: %s",
                           why == NULL ? "another document" : why);
}
