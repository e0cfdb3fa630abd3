/* Whom an HTTP request is from, and whether it may be answered at all: before routes, rights and
 * data. Knows no socket; decides by what the connection and the request's head say. */
#ifndef ADMIN_GUARD_H
#define ADMIN_GUARD_H

#include "config/settings.h"
#include "proto/http.h"

/* The other end of a connection. */
struct guard_peer {
    char address[64]; /* without the port */
    bool is_loopback;
    bool is_tls;
    char certified[256]; /* the common name of its certificate, which was verified; or empty */
};

/* What the guard has found out. */
struct guard_origin {
    char address[64];  /* the browser's: behind a listed proxy the one that it names */
    bool is_here;      /* on this machine, and not through a proxy */
    bool is_encrypted; /* all the way, as far as can be known */
};

struct guard_verdict {
    unsigned status; /* 0: go on */
    const char *code, *text;
};

/* For everything but health. Fills *from also when it refuses. */
struct guard_verdict guard_judge(const struct settings *c, const struct guard_peer *peer,
                                 const struct http_request *q, struct guard_origin *from);
/* Whether a Host header names this server: localhost, an address, or one of `hosts`, with any port
 * (which a tunnel or a proxy may change). A page of another name that was made to lead here
 * (rebinding) has that name. */
bool guard_host_is_ours(struct bytes host, const char *hosts);

/* ---- Rates: so many requests a second, and so many at once. */

enum guard_rate {
    GUARD_STRANGER, /* an address without a login: 5 and 20 */
    GUARD_SESSION,  /* 50 and 100 */
};

struct guard_bucket {
    int64_t at_ms;
    double left; /* requests, at that moment */
};

void guard_bucket_fill(struct guard_bucket *b, enum guard_rate rate, int64_t steady_ms);
/* Counts a request; false: too many. */
bool guard_bucket_take(struct guard_bucket *b, enum guard_rate rate, int64_t steady_ms);

/* Buckets of strangers by address. */

struct guard_rates;

struct guard_rates *guard_rates_new(void);
void guard_rates_free(struct guard_rates *r);
/* Counts a request; false: too many. Where too many addresses ask, new ones share what is left. */
bool guard_rates_take(struct guard_rates *r, struct bytes address, int64_t steady_ms);

#endif
