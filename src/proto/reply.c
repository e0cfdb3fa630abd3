#include "proto/reply.h"

#include "base/assert.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

void reply_raw(struct reply *r, struct bytes x)
{
    chain_add(r->out, x);
}

static void put(struct reply *r, const char *p, size_t n)
{
    memcpy(chain_reserve(r->out, n), p, n);
    chain_commit(r->out, n);
}

#define PUT(r, literal) put(r, literal, sizeof(literal) - 1)

void reply_ok(struct reply *r)
{
    PUT(r, "+OK\r\n");
}

void reply_simple(struct reply *r, const char *text)
{
    size_t n = strlen(text);
    char *at = chain_reserve(r->out, n + 3);
    at[0] = '+';
    memcpy(at + 1, text, n);
    memcpy(at + 1 + n, "\r\n", 2);
    chain_commit(r->out, n + 3);
}

void reply_error_bytes(struct reply *r, struct bytes text)
{
    char *at = chain_reserve(r->out, text.n + 3);
    at[0] = '-';
    for (size_t i = 0; i < text.n; i++)
        at[1 + i] = text.p[i] == '\r' || text.p[i] == '\n' ? ' ' : text.p[i];
    memcpy(at + 1 + text.n, "\r\n", 2);
    chain_commit(r->out, text.n + 3);
    r->errors++;
    size_t n = 0;
    while (n < text.n && n < sizeof(r->error_code) - 1 && text.p[n] != ' ')
        n++;
    memcpy(r->error_code, text.p, n);
    r->error_code[n] = 0;
    if (__builtin_expect(r->error_text != NULL, 0)) {
        r->error_text->n = 0;
        buf_add(r->error_text, text);
    }
}

void reply_error(struct reply *r, enum err e)
{
    reply_error_bytes(r, err_text(e));
}

void reply_errorf(struct reply *r, const char *format, ...)
{
    char text[1024];
    va_list ap;
    va_start(ap, format);
    int n = vsnprintf(text, sizeof(text), format, ap);
    va_end(ap);
    ASSERT(n >= 0);
    reply_error_bytes(r, bytes_of(text, (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1));
}

void reply_int(struct reply *r, long long v)
{
    char *at = chain_reserve(r->out, NUM_INT_MAX + 3);
    at[0] = ':';
    size_t n = 1 + num_print_int(at + 1, v);
    at[n] = '\r';
    at[n + 1] = '\n';
    chain_commit(r->out, n + 2);
}

static void header(struct reply *r, char kind, uint64_t n)
{
    char *at = chain_reserve(r->out, 24);
    chain_commit(r->out, reply_header(at, kind, n));
}

void reply_bulk(struct reply *r, struct bytes x)
{
    if (x.n < CHAIN_BY_REFERENCE / 2) {
        char *at = chain_reserve(r->out, x.n + 26);
        size_t n = reply_header(at, '$', x.n);
        if (x.n)
            memcpy(at + n, x.p, x.n);
        memcpy(at + n + x.n, "\r\n", 2);
        chain_commit(r->out, n + x.n + 2);
        return;
    }
    header(r, '$', x.n);
    chain_add(r->out, x);
    PUT(r, "\r\n");
}

void reply_bulk_text(struct reply *r, const char *text)
{
    reply_bulk(r, bytes_text(text));
}

void reply_bulk_int(struct reply *r, long long v)
{
    char text[NUM_INT_MAX];
    reply_bulk(r, bytes_of(text, num_print_int(text, v)));
}

void reply_bulk_str(struct reply *r, struct str *s)
{
    if (s->n < CHAIN_BY_REFERENCE) {
        reply_bulk(r, str_bytes(s));
        return;
    }
    header(r, '$', s->n);
    chain_add_str(r->out, s);
    PUT(r, "\r\n");
}

void reply_null(struct reply *r)
{
    if (r->resp == 3)
        PUT(r, "_\r\n");
    else
        PUT(r, "$-1\r\n");
}

void reply_null_array(struct reply *r)
{
    if (r->resp == 3)
        PUT(r, "_\r\n");
    else
        PUT(r, "*-1\r\n");
}

void reply_array(struct reply *r, size_t n)
{
    header(r, '*', n);
}

void reply_map(struct reply *r, size_t n)
{
    if (r->resp == 3)
        header(r, '%', n);
    else
        header(r, '*', n * 2);
}

void reply_set(struct reply *r, size_t n)
{
    header(r, r->resp == 3 ? '~' : '*', n);
}

void reply_push(struct reply *r, size_t n)
{
    header(r, r->resp == 3 ? '>' : '*', n);
}

void reply_attribute(struct reply *r, size_t n)
{
    if (r->resp == 3)
        header(r, '|', n);
}

void reply_double_text(struct reply *r, struct bytes text)
{
    if (r->resp == 2) {
        reply_bulk(r, text);
        return;
    }
    char *at = chain_reserve(r->out, text.n + 3);
    at[0] = ',';
    memcpy(at + 1, text.p, text.n);
    memcpy(at + 1 + text.n, "\r\n", 2);
    chain_commit(r->out, text.n + 3);
}

void reply_double(struct reply *r, double v)
{
    char text[NUM_DOUBLE_MAX];
    reply_double_text(r, bytes_of(text, num_print_double(text, v)));
}

void reply_bool(struct reply *r, bool v)
{
    if (r->resp == 3) {
        if (v)
            PUT(r, "#t\r\n");
        else
            PUT(r, "#f\r\n");
    } else {
        reply_int(r, v);
    }
}

void reply_bignum(struct reply *r, struct bytes digits)
{
    if (r->resp == 2) {
        reply_bulk(r, digits);
        return;
    }
    PUT(r, "(");
    chain_add(r->out, digits);
    PUT(r, "\r\n");
}

void reply_verbatim(struct reply *r, const char *kind, struct bytes text)
{
    if (r->resp == 2) {
        reply_bulk(r, text);
        return;
    }
    header(r, '=', text.n + 4);
    put(r, kind, 3);
    PUT(r, ":");
    chain_add(r->out, text);
    PUT(r, "\r\n");
}

void reply_later_begin(struct reply *r, struct chain *aside)
{
    ASSERT(r->held == NULL);
    *aside = chain_beside(r->out);
    r->held = r->out;
    r->out = aside;
}

void reply_later_end(struct reply *r, char kind, size_t n)
{
    struct chain *aside = r->out;
    r->out = r->held;
    r->held = NULL;
    if (kind == '%')
        reply_map(r, n);
    else if (kind == '~')
        reply_set(r, n);
    else
        reply_array(r, n);
    chain_move(r->out, aside);
}
