#include "admin/flow.h"

#include "admin/respond.h"
#include "base/assert.h"

#include <stdio.h>
#include <string.h>

bool flow_begin(struct exchange *x, const char *type, bool (*is_due)(struct exchange *x))
{
    const struct http_request *q = &x->request;
    x->closes = x->closes || !q->keeps_connection || q->is_old;
    respond(&x->out, &(struct respond){.status = 200,
                                       .type = type,
                                       .is_chunked = !q->is_old,
                                       .is_open_ended = true,
                                       .closes = x->closes,
                                       .is_tls = x->peer.is_tls,
                                       .at_s = x->all->engine->now_ms / 1000});
    x->all->figures.answers[200]++;
    x->body.n = 0;
    x->flow.is_due = is_due;
    x->flow.has_lines = strcmp(type, FLOW_LINES) == 0;
    bool has_body = q->method != HTTP_METHOD_HEAD;
    exchange_state_enter(x, has_body ? EXCHANGE_STREAMING : EXCHANGE_ANSWERED);
    return has_body;
}

size_t flow_room(const struct exchange *x)
{
    size_t waits = chain_pending(&x->out) + x->body.n;
    return waits < FLOW_ROOM ? FLOW_ROOM - waits : 0;
}

/* What has been made relies on what is not safe yet. */
static bool is_held(const struct exchange *x)
{
    return !x->flow.is_safe && caller_is_held(&x->caller);
}

/* False: it has to wait. */
static bool put_out(struct exchange *x)
{
    char size[24];
    bool is_chunked = !x->request.is_old;
    if (is_held(x))
        return false;
    if (x->body.n && is_chunked) {
        int n = snprintf(size, sizeof(size), "%zx\r\n", x->body.n);
        chain_add(&x->out, bytes_of(size, (size_t)n));
        buf_add_text(&x->body, "\r\n");
    }
    chain_add(&x->out, buf_bytes(&x->body));
    x->body.n = 0;
    if (x->flow.ends && is_chunked)
        chain_add(&x->out, BYTES("0\r\n\r\n"));
    if (x->flow.ends)
        exchange_state_enter(x, EXCHANGE_ANSWERED);
    return true;
}

void flow_go_on(struct exchange *x)
{
    ASSERT(x->phase == EXCHANGE_STREAMING);
    x->flow.rests = false;
    put_out(x);
}

void flow_rest(struct exchange *x)
{
    flow_go_on(x);
    x->flow.rests = true;
}

void flow_end(struct exchange *x)
{
    ASSERT(x->phase == EXCHANGE_STREAMING);
    x->flow.ends = true;
    put_out(x);
}

void flow_break(struct exchange *x, const char *code, struct bytes why)
{
    ASSERT(x->phase == EXCHANGE_STREAMING);
    if (x->flow.has_lines) {
        respond_error_body(&x->body, code, why, BYTES(""));
        buf_add_char(&x->body, '\n');
        flow_end(x);
        return;
    }
    x->closes = true;
    exchange_state_enter(x, EXCHANGE_ANSWERED);
}

bool flow_is_due(struct exchange *x)
{
    if (caller_was_killed(&x->caller))
        return true;
    if (is_held(x))
        return false;
    return x->body.n || x->flow.ends || !x->flow.rests ||
           (x->flow.is_due ? x->flow.is_due(x) : flow_room(x) > FLOW_ROOM / 2);
}

bool flow_may_step(struct exchange *x)
{
    if (caller_was_killed(&x->caller)) {
        x->body.n = 0; /* what is held may not become true */
        flow_break(x, "NOAUTH", BYTES("The session has been closed."));
        return false;
    }
    return put_out(x) && x->phase == EXCHANGE_STREAMING;
}
