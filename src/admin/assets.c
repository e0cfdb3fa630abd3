#include "admin/assets.h"

#include "base/assert.h"

#include <stddef.h>

/* Made by utils/assets.py, which knows the layout of both structs. */
extern const struct asset assets_data[];
extern const size_t assets_data_n;
_Static_assert(sizeof(struct asset) == 32 && offsetof(struct asset, body) == 24, "utils/assets.py");
_Static_assert(offsetof(struct str, n) == 8 && offsetof(struct str, p) == 16, "utils/assets.py");

static const char no_gzip[] = "The console's files are compressed with gzip, which this request "
                              "does not accept: use curl --compressed\n";

const struct asset *assets_find(struct bytes path)
{
    for (size_t i = 0; i < assets_data_n; i++)
        if (bytes_equal(path, bytes_text(assets_data[i].path)))
            return &assets_data[i];
    return NULL;
}

/* Cuts the next item off a comma-separated header value, and trims the whitespace that HTTP allows
 * around it. */
static struct bytes next_item(struct bytes *list)
{
    const char *comma = list->n ? memchr(list->p, ',', list->n) : NULL;
    size_t n = comma ? (size_t)(comma - list->p) : list->n;
    struct bytes item = bytes_of(list->p, n);
    n += comma != NULL;
    *list = bytes_of(list->p + n, list->n - n);
    while (item.n && (*item.p == ' ' || *item.p == '\t'))
        item = bytes_of(item.p + 1, item.n - 1);
    while (item.n && (item.p[item.n - 1] == ' ' || item.p[item.n - 1] == '\t'))
        item.n--;
    return item;
}

/* "q=0" and "q=0.000" refuse; everything else that begins with q= does not. */
static bool is_refused(struct bytes weight)
{
    const char *equal = weight.n ? memchr(weight.p, '=', weight.n) : NULL;
    if (!equal)
        return false;
    for (const char *p = equal + 1; p < weight.p + weight.n; p++)
        if (*p != '0' && *p != '.' && *p != ' ')
            return false;
    return true;
}

static bool accepts_gzip(const struct http_request *q)
{
    const struct bytes *h = http_header(q, "accept-encoding", NULL);
    struct bytes list = h ? *h : bytes_of("", 0);
    bool any = false;
    while (list.n) {
        struct bytes item = next_item(&list), weight = bytes_of("", 0);
        const char *semicolon = item.n ? memchr(item.p, ';', item.n) : NULL;
        if (semicolon) {
            size_t n = (size_t)(semicolon - item.p);
            weight = bytes_of(semicolon, item.n - n);
            for (item.n = n; item.n && item.p[item.n - 1] == ' ';)
                item.n--;
        }
        if (bytes_is(item, "gzip") || bytes_is(item, "x-gzip"))
            return !is_refused(weight);
        any = any || (bytes_equal(item, BYTES("*")) && !is_refused(weight));
    }
    return any;
}

/* Whether one of the tags in If-None-Match is this one; weak tags are equal to their strong ones.
 */
static bool has_it(const struct http_request *q, const char *tag)
{
    const struct bytes *h = http_header(q, "if-none-match", NULL);
    struct bytes list = h ? *h : bytes_of("", 0), own = bytes_text(tag);
    while (list.n) {
        struct bytes item = next_item(&list);
        if (bytes_equal(item, BYTES("*")))
            return true;
        if (item.n > 2 && memcmp(item.p, "W/", 2) == 0)
            item = bytes_of(item.p + 2, item.n - 2);
        if (item.n == own.n + 2 && memcmp(item.p + 1, own.p, own.n) == 0)
            return true;
    }
    return false;
}

void assets_answer(const struct asset *a, const struct http_request *q, struct respond *r)
{
    ASSERT(a->body->refs > 0);
    if (!accepts_gzip(q)) {
        *r = (struct respond){
            .status = 406, .type = "text/plain; charset=utf-8", .body = bytes_text(no_gzip)};
        return;
    }
    *r = (struct respond){.status = 200, .file_tag = a->tag};
    if (has_it(q, a->tag)) {
        r->status = 304;
    } else {
        r->type = a->type;
        r->file = a->body;
    }
}
