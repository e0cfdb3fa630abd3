/* HTTP over an engine with a survey, without sockets: whole requests and answers, and a clock that
 * the test sets on.
 *
 *   struct talk t;
 *   talk_begin(&t);
 *   SAYS(t.c, "XADD q 1-1 f v", "1-1");
 *   CHECK(talk_gets(&t, "/api/v1/streams/0/q/entries", 200));
 *   CHECK(talk_says(&t, "\"looked\":1"));
 *   talk_end(&t);
 */
#ifndef SUPPORT_EXCHANGE_H
#define SUPPORT_EXCHANGE_H

#include "admin/exchange.h"
#include "survey.h"

#define TALK_TEXT (LOGIN_TOKEN + 1) /* bytes of a value that talk_text() gives, with its end */

struct talk {
    struct bench *bench;
    struct engine *engine;
    struct client *c; /* looks at what is really there */
    struct exchange_all all;
    struct exchange x;
    char token[LOGIN_TOKEN + 1]; /* sent with each request; empty: none */
    struct buf answer;           /* the last one, with a NUL behind */
    const char *body;            /* of it */
    unsigned status;
};

static inline void talk_begin(struct talk *t)
{
    static const struct guard_peer here = {.address = "127.0.0.1", .is_loopback = true};
    *t = (struct talk){0};
    t->bench = survey_bench(&t->c);
    t->engine = &t->bench->engine;
    t->all = (struct exchange_all){.engine = t->engine,
                                   .rates = guard_rates_new(),
                                   .logins = login_table_new(),
                                   .version = "0",
                                   .loading_percent = -1};
    exchange_begin(&t->x, &t->all, &here);
}

static inline void talk_end(struct talk *t)
{
    exchange_end(&t->x);
    guard_rates_free(t->all.rates);
    login_table_free(t->all.logins);
    callable_free(&t->all.callable);
    survey_bench_end(t->bench);
    buf_free(&t->answer);
}

/* Another connection, from there. */
static inline void talk_from(struct talk *t, const struct guard_peer *peer)
{
    exchange_end(&t->x);
    t->x = (struct exchange){0};
    exchange_begin(&t->x, &t->all, peer);
}

/* What has been made of the answer so far. */
static inline void talk_hears(struct talk *t)
{
    struct iovec piece;
    t->answer.n = 0;
    while (chain_pieces(&t->x.out, &piece, 1, chain_end(&t->x.out))) {
        buf_add(&t->answer, bytes_of(piece.iov_base, piece.iov_len));
        chain_take(&t->x.out, piece.iov_len);
    }
    buf_add_char(&t->answer, '\0');
    const char *body = strstr(t->answer.p, "\r\n\r\n");
    t->body = body ? body + 4 : t->answer.p;
    if (strncmp(t->answer.p, "HTTP/1.1 ", 9) == 0)
        t->status = (unsigned)atoi(t->answer.p + 9);
}

/* Goes on as long as there is something to be done; time passes while it waits. False: it waits for
 * more than that. */
static inline bool talk_works(struct talk *t)
{
    for (int i = 0; i < 100000; i++) {
        if (t->x.phase == EXCHANGE_ANSWERED)
            return true;
        if (t->x.phase == EXCHANGE_WORKING ||
            (t->x.phase == EXCHANGE_STREAMING && exchange_is_due(&t->x)))
            exchange_step(&t->x);
        else if (t->x.phase != EXCHANGE_WAITING)
            return false;
        else if (!exchange_is_due(&t->x))
            survey_bench_turn(t->bench, 100);
    }
    return false;
}

/* A request begins; its answer may wait or stream. headers: lines with their ends, or "". */
static inline void talk_asks(struct talk *t, const char *method, const char *target,
                             const char *headers, const char *body)
{
    struct buf request = {0};
    buf_printf(&request, "%s %s HTTP/1.1\r\nHost: localhost\r\n%s", method, target, headers);
    if (strcmp(method, "GET") != 0)
        buf_printf(&request, "Content-Type: application/json\r\nContent-Length: %zu\r\n",
                   strlen(body));
    if (*t->token)
        buf_printf(&request, "Authorization: Bearer %s\r\n", t->token);
    buf_printf(&request, "\r\n%s", body);
    struct bytes in = buf_bytes(&request);
    exchange_take(&t->x, &in);
    buf_free(&request);
}

/* The whole answer. False: it has another status, or does not come. */
static inline bool talk_asks_for(struct talk *t, const char *method, const char *target,
                                 const char *headers, const char *body, unsigned status)
{
    survey_bench_turn(t->bench, 250); /* so many a second may be asked by who has not logged in */
    talk_asks(t, method, target, headers, body);
    bool comes = talk_works(t);
    talk_hears(t);
    bool closes = t->x.closes;
    if (comes)
        exchange_sent(&t->x);
    if (closes) { /* a new connection */
        struct guard_peer peer = t->x.peer;
        talk_from(t, &peer);
    }
    if (!comes || t->status != status)
        printf("# %s %s: %.600s\n", method, target, t->answer.p);
    return comes && t->status == status;
}

static inline bool talk_gets(struct talk *t, const char *target, unsigned status)
{
    return talk_asks_for(t, "GET", target, "", "", status);
}

static inline bool talk_posts(struct talk *t, const char *target, const char *body, unsigned status)
{
    return talk_asks_for(t, "POST", target, "", body, status);
}

/* Whether the last answer has this part. */
static inline bool talk_says(const struct talk *t, const char *part)
{
    bool has = strstr(t->answer.p, part) != NULL;
    if (!has)
        printf("# no <%s> in <%.1500s>\n", part, t->answer.p);
    return has;
}

static inline bool talk_never_says(const struct talk *t, const char *part)
{
    return !strstr(t->answer.p, part);
}

/* The value of a string member of the last answer, up to its end; to be used at once. */
static inline const char *talk_text(const struct talk *t, const char *name)
{
    static char value[TALK_TEXT];
    char before[64];
    snprintf(before, sizeof(before), "\"%s\":\"", name);
    const char *at = strstr(t->body, before);
    *value = 0;
    if (at)
        snprintf(value, sizeof(value), "%.*s", (int)strcspn(at + strlen(before), "\""),
                 at + strlen(before));
    return value;
}

/* By this body; the session's token is sent from now on. */
static inline bool talk_logs_in(struct talk *t, const char *body)
{
    *t->token = 0;
    if (!talk_posts(t, "/api/v1/session", body, 201))
        return false;
    snprintf(t->token, sizeof(t->token), "%s", talk_text(t, "token"));
    return strlen(t->token) == LOGIN_TOKEN;
}

#endif
