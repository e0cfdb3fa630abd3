#include "admin/exchange.h"

#include "admin/health.h"
#include "admin/respond.h"

#include <stdio.h>

/* A body of somebody who has not logged in; the longest is that of a login. */
#define ANONYMOUS_BODY 4096

static const char json[] = "application/json", text[] = "text/plain; charset=utf-8";

static void enter(struct exchange *x, enum exchange_phase phase)
{
    x->phase = phase;
    x->since_ms = x->all->engine->steady_ms;
}

void exchange_begin(struct exchange *x, struct exchange_all *all, const struct guard_peer *peer)
{
    x->all = all;
    x->peer = *peer;
    enter(x, EXCHANGE_IDLE);
}

void exchange_end(struct exchange *x)
{
    http_reset(&x->request);
    chain_free(&x->out);
}

/* ---- Answers */

static void answer(struct exchange *x, struct respond r)
{
    const struct http_request *q = &x->request;
    /* What is left of a body that was not read would be taken for the next request. */
    bool unread = q->state == HTTP_REFUSED || q->body.n < q->body_n || q->state == HTTP_IN_HEAD;
    x->closes = unread || !q->keeps_connection;
    r.closes = x->closes;
    r.omits_body = q->method == HTTP_METHOD_HEAD;
    r.is_tls = x->peer.is_tls;
    r.at_s = x->all->engine->now_ms / 1000;
    respond(&x->out, &r);
    enter(x, EXCHANGE_ANSWERED);
}

static void answer_error(struct exchange *x, struct respond r, const char *code, const char *why)
{
    struct buf body = {0};
    respond_error_body(&body, code, bytes_text(why));
    r.type = json;
    r.body = buf_bytes(&body);
    answer(x, r);
    buf_free(&body);
}

static void refuse(struct exchange *x, unsigned status, const char *code, const char *why)
{
    answer_error(x, (struct respond){.status = status}, code, why);
}

/* ---- Health */

static bool is_health(const struct http_request *q)
{
    return bytes_equal(q->path, BYTES("/healthz")) || bytes_equal(q->path, BYTES("/readyz"));
}

static void answer_health(struct exchange *x)
{
    const struct http_request *q = &x->request;
    struct buf body = {0};
    unsigned status = 200;
    if (q->method != HTTP_METHOD_GET && q->method != HTTP_METHOD_HEAD) {
        answer_error(x, (struct respond){.status = 405, .allow = "GET, HEAD"}, "ERR",
                     "There is no such method here.");
        return;
    }
    if (bytes_equal(q->path, BYTES("/healthz")))
        buf_add_text(&body, "ok\n");
    else
        status = health_ready(x->all->engine, x->all->loading_percent, q->query, &body);
    answer(x, (struct respond){.status = status, .type = text, .body = buf_bytes(&body)});
    buf_free(&body);
}

/* ---- Requests */

/* Behind the head: whether the rest is wanted. */
static void judge_head(struct exchange *x)
{
    const struct http_request *q = &x->request;
    const struct engine *e = x->all->engine;
    if (is_health(q)) {
        if (q->body_n)
            refuse(x, 400, "ERR", "Health takes no body.");
        return;
    }
    struct guard_verdict v = guard_judge(e->settings, &x->peer, q, &x->from);
    if (q->method == HTTP_METHOD_OPTIONS) /* which would ask what another site may do */
        answer_error(
            x, (struct respond){.status = 405, .allow = "GET, HEAD, POST, PUT, PATCH, DELETE"},
            "ERR", "There is no such method here.");
    else if (v.status)
        refuse(x, v.status, v.code, v.text);
    else if (!guard_rates_take(x->all->rates, bytes_text(x->from.address), e->steady_ms))
        answer_error(x, (struct respond){.status = 429, .retry_after_s = 1}, "RATE",
                     "Too many requests from this address.");
    else if (q->body_n > ANONYMOUS_BODY)
        refuse(x, 413, "ERR", "Without a login a body has at most 4096 bytes.");
}

void exchange_take(struct exchange *x, struct bytes *in)
{
    while (x->phase < EXCHANGE_WORKING && in->n) {
        if (x->phase == EXCHANGE_IDLE)
            enter(x, EXCHANGE_HEAD);
        enum http_step step = http_take(&x->request, in);
        if (step == HTTP_STEP_HEAD) {
            enter(x, EXCHANGE_BODY);
            judge_head(x);
            if (x->phase == EXCHANGE_BODY && x->request.body_n == 0)
                step = http_take(&x->request, in);
        }
        if (step == HTTP_STEP_WHOLE && x->phase == EXCHANGE_BODY)
            enter(x, EXCHANGE_WORKING);
        else if (step == HTTP_STEP_BAD)
            refuse(x, x->request.status, "ERR", x->request.why);
    }
}

void exchange_step(struct exchange *x)
{
    if (is_health(&x->request))
        answer_health(x);
    else
        refuse(x, 404, "NOTFOUND", "There is nothing here.");
}

void exchange_sent(struct exchange *x)
{
    ASSERT(x->phase == EXCHANGE_ANSWERED);
    http_reset(&x->request);
    enter(x, EXCHANGE_IDLE);
}

void exchange_too_late(struct exchange *x)
{
    if (x->phase == EXCHANGE_IDLE)
        x->closes = true;
    else
        refuse(x, 408, "ERR", "The request did not come in time.");
}
