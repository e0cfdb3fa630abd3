#include "admin/tell.h"

#include "admin/flow.h"
#include "base/assert.h"
#include "base/err.h"

#include <stdio.h>

void tell(struct exchange *x, struct respond r)
{
    const struct http_request *q = &x->request;
    /* What is left of a body that was not read would be taken for the next request. */
    bool unread = q->state == HTTP_REFUSED || q->body.n < q->body_n || q->state == HTTP_IN_HEAD;
    x->closes = x->closes || unread || !q->keeps_connection;
    r.closes = x->closes;
    r.omits_body = q->method == HTTP_METHOD_HEAD;
    r.is_tls = x->peer.is_tls;
    r.at_s = x->all->engine->now_ms / 1000;
    ASSERT(r.status < HTTP_METRICS_CODES);
    x->all->figures.answers[r.status]++;
    respond(&x->out, &r);
    exchange_state_enter(x, EXCHANGE_ANSWERED);
}

static void tell_error(struct exchange *x, struct respond r, const char *code, struct bytes why,
                       struct bytes command)
{
    struct buf body = {0};
    if (x->phase == EXCHANGE_STREAMING) {
        flow_break(x, code, why);
        return;
    }
    respond_error_body(&body, code, why, command);
    r.type = TELL_JSON;
    r.body = buf_bytes(&body);
    tell(x, r);
    buf_free(&body);
}

void tell_refusal(struct exchange *x, unsigned status, const char *code, const char *why)
{
    tell_error(x, (struct respond){.status = status}, code, bytes_text(why), BYTES(""));
}

void tell_later(struct exchange *x, unsigned status, const char *code, const char *why)
{
    tell_error(x, (struct respond){.status = status, .retry_after_s = 1}, code, bytes_text(why),
               BYTES(""));
}

void tell_method(struct exchange *x, unsigned allowed)
{
    struct buf list = {0};
    if (allowed & 1u << HTTP_METHOD_GET)
        allowed |= 1u << HTTP_METHOD_HEAD;
    for (unsigned m = 0; m < HTTP_METHODS; m++)
        if (allowed >> m & 1)
            buf_printf(&list, "%s%s", list.n ? ", " : "", http_method_name((enum http_method)m));
    buf_add_char(&list, 0);
    tell_error(x, (struct respond){.status = 405, .allow = list.p}, "ERR",
               BYTES("Method not allowed for this path."), BYTES(""));
    buf_free(&list);
}

void tell_command_error(struct exchange *x, struct bytes error, struct bytes command)
{
    static const struct {
        const char *code;
        unsigned status;
    } table[] = {{"NOGROUP", 404}, {"NOPERM", 403},     {"WRONGTYPE", 409},  {"BUSYGROUP", 409},
                 {"BUSYKEY", 409}, {"EXECABORT", 409},  {"LOADING", 503},    {"BUSY", 503},
                 {"MISCONF", 503}, {"READONLY", 503},   {"MASTERDOWN", 503}, {"NOREPLICAS", 503},
                 {"OOM", 507},     {"STREAMFULL", 507}, {"TOOLARGE", 507},   {"NOAUTH", 401}};
    char code[24];
    const char *blank = error.n ? memchr(error.p, ' ', error.n) : NULL;
    size_t n = blank ? (size_t)(blank - error.p) : error.n;
    snprintf(code, sizeof(code), "%.*s", (int)(n < sizeof(code) ? n : sizeof(code) - 1), error.p);
    struct respond r = {.status = 400};
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
        if (strcmp(table[i].code, code) == 0)
            r.status = table[i].status;
    if (bytes_equal(error, err_text(ERR_NO_KEY)))
        r.status = 404;
    r.retry_after_s = r.status == 503;
    tell_error(x, r, code, error, command);
}
