/* A request passes these in order; the first that does not hold refuses it:
 *
 *   Host       there once, and ours (421): a page under another name gets nothing.
 *   the way    encrypted, or from this machine, or from a listed proxy that has it from its client
 *              encrypted (403): no password travels in the clear. Whatever a proxy has touched
 *              (Forwarded, Via, X-Forwarded-*) is not from this machine, listed or not.
 *   a change   (any method but GET and HEAD) is JSON (415), and from our own page, when a browser
 *              says where it comes from (403). A foreign page can send neither header as it likes.
 *
 * What can fail is only the request. Rates are buckets that fill with time; one that is full again
 * is forgotten, so the table holds those who asked within the last seconds. */
#include "admin/guard.h"

#include "base/mem.h"
#include "base/num.h"
#include "ds/dict.h"

#include <arpa/inet.h>
#include <stdio.h>

#define ADDRESSES_MOST 4096 /* with a bucket of their own */

static struct guard_verdict refuse(unsigned status, const char *code, const char *text)
{
    return (struct guard_verdict){status, code, text};
}

static bool is_listed(struct bytes name, const char *list)
{
    while (*list) {
        size_t n = strcspn(list, " ");
        if (bytes_equal_nocase(bytes_of(list, n), name))
            return true;
        list += n + (list[n] != 0);
    }
    return false;
}

static bool is_address(struct bytes text, int family)
{
    char copy[64];
    unsigned char to[16];
    if (text.n == 0 || text.n >= sizeof(copy))
        return false;
    memcpy(copy, text.p, text.n);
    copy[text.n] = 0;
    return strlen(copy) == text.n && inet_pton(family, copy, to) == 1;
}

static bool is_port(struct bytes text)
{
    uint64_t port;
    return num_parse_uint(text, &port) && port > 0 && port < 65536;
}

bool guard_host_is_ours(struct bytes host, const char *hosts)
{
    const char *end = host.n && *host.p == '[' ? memchr(host.p, ']', host.n) : NULL;
    struct bytes name = host;
    if (end) {
        name.n = (size_t)(end + 1 - host.p);
    } else {
        const char *colon = host.n ? memchr(host.p, ':', host.n) : NULL;
        name.n = colon ? (size_t)(colon - host.p) : host.n;
    }
    struct bytes behind = bytes_of(host.p + name.n, host.n - name.n);
    if (behind.n && (*behind.p != ':' || !is_port(bytes_of(behind.p + 1, behind.n - 1))))
        return false;
    if (end)
        return is_address(bytes_of(name.p + 1, name.n - 2), AF_INET6);
    return name.n &&
           (bytes_is(name, "localhost") || is_address(name, AF_INET) || is_listed(name, hosts));
}

/* ---- The way */

static bool begins_with(struct bytes name, const char *prefix)
{
    size_t n = strlen(prefix);
    return name.n >= n && bytes_is(bytes_of(name.p, n), prefix);
}

static bool is_forwarded(const struct http_request *q)
{
    for (size_t i = 0; i < q->header_n; i++) {
        struct bytes name = q->headers[i].name;
        if (begins_with(name, "x-forwarded-") || bytes_is(name, "forwarded") ||
            bytes_is(name, "x-real-ip") || bytes_is(name, "via"))
            return true;
    }
    return false;
}

/* The last of the list: the one that our proxy has seen; those before it anybody can write. */
static bool take_forwarded_for(const struct http_request *q, struct guard_origin *from)
{
    const struct bytes *list = http_header(q, "x-forwarded-for", NULL);
    if (!list)
        return false;
    const char *comma = list->n ? memrchr(list->p, ',', list->n) : NULL;
    struct bytes last = *list;
    if (comma)
        last = bytes_of(comma + 1, list->n - (size_t)(comma + 1 - list->p));
    while (last.n && (*last.p == ' ' || *last.p == '\t'))
        last = bytes_of(last.p + 1, last.n - 1);
    if (!is_address(last, AF_INET) && !is_address(last, AF_INET6))
        return false;
    snprintf(from->address, sizeof(from->address), "%.*s", (int)last.n, last.p);
    return true;
}

static struct guard_verdict judge_way(const struct settings *c, const struct guard_peer *peer,
                                      const struct http_request *q, struct guard_origin *from)
{
    bool forwarded = is_forwarded(q);
    *from = (struct guard_origin){.is_here = peer->is_loopback && !forwarded,
                                  .is_encrypted = peer->is_tls};
    snprintf(from->address, sizeof(from->address), "%s", peer->address);
    if (is_listed(bytes_text(peer->address), c->console_proxies)) {
        const struct bytes *proto = http_header(q, "x-forwarded-proto", NULL);
        if (!forwarded)
            return (struct guard_verdict){0};
        from->is_encrypted = proto && bytes_is(*proto, "https") && take_forwarded_for(q, from);
    }
    if (from->is_here || from->is_encrypted)
        return (struct guard_verdict){0};
    return refuse(
        403, "CLEARTEXT",
        "Passwords and data do not travel in the clear here. Use TLS (console-tls yes), or "
        "a reverse proxy that is listed in console-proxies and tells X-Forwarded-For and "
        "X-Forwarded-Proto: https.");
}

/* ---- Changes */

/* "application/json", with or without parameters. */
static bool is_json(const struct http_request *q)
{
    const struct bytes *type = http_header(q, "content-type", NULL);
    if (!type)
        return false;
    const char *end = type->n ? memchr(type->p, ';', type->n) : NULL;
    struct bytes name = bytes_of(type->p, end ? (size_t)(end - type->p) : type->n);
    while (name.n && name.p[name.n - 1] == ' ')
        name.n--;
    return bytes_is(name, "application/json");
}

/* scheme://host[:port] as the browser sees this server. */
static bool is_our_origin(struct bytes origin, const struct http_request *q, bool encrypted)
{
    const struct bytes *host = http_header(q, "x-forwarded-host", NULL);
    if (!host || !encrypted)
        host = http_header(q, "host", NULL);
    struct bytes scheme = encrypted ? BYTES("https://") : BYTES("http://");
    return host && origin.n == scheme.n + host->n &&
           bytes_equal(bytes_of(origin.p, scheme.n), scheme) &&
           bytes_equal_nocase(bytes_of(origin.p + scheme.n, host->n), *host);
}

static struct guard_verdict judge_change(const struct http_request *q, bool encrypted)
{
    bool twice, twice_origin;
    const struct bytes *site = http_header(q, "sec-fetch-site", &twice);
    const struct bytes *origin = http_header(q, "origin", &twice_origin);
    if (twice || twice_origin || (site && !bytes_is(*site, "same-origin")) ||
        (origin && !is_our_origin(*origin, q, encrypted)))
        return refuse(403, "ORIGIN", "Cross-origin request.");
    if (!is_json(q))
        return refuse(415, "ERR", "Content-Type has to be application/json.");
    return (struct guard_verdict){0};
}

struct guard_verdict guard_judge(const struct settings *c, const struct guard_peer *peer,
                                 const struct http_request *q, struct guard_origin *from)
{
    struct guard_verdict v = judge_way(c, peer, q, from);
    const struct bytes *host = http_header(q, "host", NULL);
    if (!host)
        return refuse(400, "ERR", "Missing Host header.");
    if (!guard_host_is_ours(*host, c->console_hosts))
        return refuse(421, "HOST", "This host name is not listed in console-hosts.");
    if (v.status || q->method == HTTP_METHOD_GET || q->method == HTTP_METHOD_HEAD)
        return v;
    return judge_change(q, from->is_encrypted);
}

/* ---- Rates */

static const struct {
    double per_second, at_once;
} rates[] = {[GUARD_STRANGER] = {5, 20}, [GUARD_SESSION] = {50, 100}};

static double left_now(const struct guard_bucket *b, enum guard_rate rate, int64_t ms)
{
    double left = b->left + (double)(ms - b->at_ms) * rates[rate].per_second / 1000;
    return left < rates[rate].at_once ? left : rates[rate].at_once;
}

void guard_bucket_fill(struct guard_bucket *b, enum guard_rate rate, int64_t steady_ms)
{
    *b = (struct guard_bucket){.at_ms = steady_ms, .left = rates[rate].at_once};
}

bool guard_bucket_take(struct guard_bucket *b, enum guard_rate rate, int64_t steady_ms)
{
    double left = left_now(b, rate, steady_ms);
    bool may = left >= 1;
    *b = (struct guard_bucket){.at_ms = steady_ms, .left = may ? left - 1 : left};
    return may;
}

static bool is_full(const struct guard_bucket *b, int64_t ms)
{
    return left_now(b, GUARD_STRANGER, ms) > rates[GUARD_STRANGER].at_once - 1;
}

struct guard_rates {
    struct dict by_address;
    struct guard_bucket shared; /* of those that found no place */
};

struct guard_rates *guard_rates_new(void)
{
    struct guard_rates *r = mem_zalloc(sizeof(*r));
    guard_bucket_fill(&r->shared, GUARD_STRANGER, 0);
    return r;
}

/* Forgets those that are full again; ms INT64_MAX: all. */
static void forget_full(struct guard_rates *r, int64_t ms)
{
    struct dict_walk w = {0};
    struct dict_node *n;
    while ((n = dict_next(&r->by_address, &w))) {
        struct guard_bucket *b = n->value;
        if (ms == INT64_MAX || is_full(b, ms)) {
            mem_free(b);
            dict_remove(&r->by_address, dict_key(n));
        }
    }
}

void guard_rates_free(struct guard_rates *r)
{
    forget_full(r, INT64_MAX);
    mem_free(r);
}

static struct guard_bucket *bucket_of(struct guard_rates *r, struct bytes address, int64_t ms)
{
    struct guard_bucket *b = dict_get(&r->by_address, address);
    if (b)
        return b;
    /* Sweeping pays when it can make room: that has been tried, where the shared one was used. */
    if (r->by_address.used == ADDRESSES_MOST && is_full(&r->shared, ms))
        forget_full(r, ms);
    if (r->by_address.used == ADDRESSES_MOST)
        return &r->shared;
    b = mem_alloc(sizeof(*b));
    guard_bucket_fill(b, GUARD_STRANGER, ms);
    dict_ensure(&r->by_address, address)->value = b;
    return b;
}

bool guard_rates_take(struct guard_rates *r, struct bytes address, int64_t steady_ms)
{
    return guard_bucket_take(bucket_of(r, address, steady_ms), GUARD_STRANGER, steady_ms);
}
