/* A request passes through three states:
 *
 *   IN_HEAD   bytes are gathered up to the empty line, each looked at once: only CR LF ends a line,
 *             no line continues the one before, nothing else is a control character. Then all of
 *             the head is read at once by llhttp, which knows the grammar, and judged here.
 *   IN_BODY   as many bytes as Content-Length says.
 *   COMPLETE  until http_reset().
 *
 * Any failure leads to REFUSED, which is final: the start of the next request is uncertain, so the
 * connection must be closed. Whenever two HTTP parsers might disagree about the end of a request
 * (two lengths, a length and a transfer coding, bare CR or LF) it is refused; transfer codings are
 * not supported at all. llhttp is checked to end the head where we do. */
#include "proto/http.h"

#include "base/num.h"

#include <llhttp.h>
#include <stdio.h>
#include <time.h>

static const char *const methods[HTTP_METHODS] = {
    [HTTP_METHOD_GET] = "GET",         [HTTP_METHOD_HEAD] = "HEAD",
    [HTTP_METHOD_POST] = "POST",       [HTTP_METHOD_PUT] = "PUT",
    [HTTP_METHOD_PATCH] = "PATCH",     [HTTP_METHOD_DELETE] = "DELETE",
    [HTTP_METHOD_OPTIONS] = "OPTIONS",
};

static enum http_step refuse(struct http_request *q, unsigned status, const char *why)
{
    if (q->state != HTTP_REFUSED) {
        q->state = HTTP_REFUSED;
        q->status = status;
        q->why = why;
    }
    return HTTP_STEP_BAD;
}

void http_reset(struct http_request *q)
{
    buf_free(&q->head);
    buf_free(&q->body);
    *q = (struct http_request){0};
}

const char *http_method_name(enum http_method m)
{
    return methods[m];
}

/* ---- Callbacks of llhttp */

static bool follows(struct bytes x, const char *at)
{
    return x.p && x.p + x.n == at;
}

static int on_target(llhttp_t *p, const char *at, size_t n)
{
    struct http_request *q = p->data;
    q->path = follows(q->path, at) ? bytes_of(q->path.p, q->path.n + n) : bytes_of(at, n);
    return 0;
}

static int on_name(llhttp_t *p, const char *at, size_t n)
{
    struct http_request *q = p->data;
    struct http_header *last = q->header_n ? &q->headers[q->header_n - 1] : NULL;
    if (last && !last->value.p && follows(last->name, at)) {
        last->name.n += n;
        return 0;
    }
    if (q->header_n == HTTP_HEADERS_MOST) {
        refuse(q, 431, "more than 64 headers");
        return -1;
    }
    q->headers[q->header_n++] = (struct http_header){.name = {at, n}};
    return 0;
}

static int on_value(llhttp_t *p, const char *at, size_t n)
{
    struct http_request *q = p->data;
    struct http_header *last = &q->headers[q->header_n - 1];
    if (last->value.p && !follows(last->value, at))
        return -1;
    last->value = last->value.p ? bytes_of(last->value.p, last->value.n + n) : bytes_of(at, n);
    return 0;
}

/* Makes llhttp stop after the head. */
static int on_head(llhttp_t *p)
{
    (void)p;
    return HPE_PAUSED;
}

static struct bytes trim(struct bytes x)
{
    while (x.n && (*x.p == ' ' || *x.p == '\t'))
        x = bytes_of(x.p + 1, x.n - 1);
    while (x.n && (x.p[x.n - 1] == ' ' || x.p[x.n - 1] == '\t'))
        x.n--;
    return x;
}

/* ---- Checking the head */

const struct bytes *http_header(const struct http_request *q, const char *name, bool *twice)
{
    const struct bytes *found = NULL;
    if (twice)
        *twice = false;
    for (size_t i = 0; i < q->header_n; i++) {
        if (!bytes_is(q->headers[i].name, name))
            continue;
        if (found) {
            if (twice)
                *twice = true;
            return NULL;
        }
        found = &q->headers[i].value;
    }
    return found;
}

/* Whether a header of this name lists the word. */
static bool lists(const struct http_request *q, const char *name, const char *word)
{
    for (size_t i = 0; i < q->header_n; i++) {
        struct bytes rest = q->headers[i].value;
        while (rest.n && bytes_is(q->headers[i].name, name)) {
            const char *comma = memchr(rest.p, ',', rest.n);
            size_t n = comma ? (size_t)(comma - rest.p) : rest.n;
            if (bytes_is(trim(bytes_of(rest.p, n)), word))
                return true;
            n += comma != NULL;
            rest = bytes_of(rest.p + n, rest.n - n);
        }
    }
    return false;
}

static bool has(const struct http_request *q, const char *name)
{
    bool twice;
    return http_header(q, name, &twice) || twice;
}

static bool read_method(struct http_request *q)
{
    struct bytes head = buf_bytes(&q->head);
    for (size_t m = 0; m < HTTP_METHODS; m++) {
        size_t n = strlen(methods[m]);
        if (bytes_has_prefix(head, methods[m]) && head.p[n] == ' ') {
            q->method = (enum http_method)m;
            return true;
        }
    }
    return false;
}

/* Accepts only the origin form: a path and a query. */
static enum http_step judge_target(struct http_request *q)
{
    struct bytes target = q->path;
    if (target.n > HTTP_TARGET_MOST)
        return refuse(q, 414, "the target is longer than 4 KiB");
    if (target.n == 0 || *target.p != '/')
        return refuse(q, 400, "the target is no path");
    for (size_t i = 0; i < target.n; i++)
        if (target.p[i] <= ' ' || target.p[i] >= 0x7f || target.p[i] == '#')
            return refuse(q, 400, "the target holds a character that has to be encoded");
    const char *mark = memchr(target.p, '?', target.n);
    if (mark) {
        q->path.n = (size_t)(mark - target.p);
        q->query = bytes_of(mark + 1, target.n - q->path.n - 1);
    }
    return HTTP_STEP_MORE;
}

/* Content-Length: digits only, and not repeated, even with the same value. */
static enum http_step judge_length(struct http_request *q)
{
    bool twice;
    uint64_t n = 0;
    const struct bytes *length = http_header(q, "content-length", &twice);
    if (twice || (length && !num_parse_uint(*length, &n)))
        return refuse(q, 400, "Content-Length is not one number");
    if (n > HTTP_BODY_MOST)
        return refuse(q, 413, "the body is longer than 1 MiB");
    q->body_n = (size_t)n;
    return HTTP_STEP_MORE;
}

static enum http_step judge_headers(struct http_request *q)
{
    bool twice;
    const struct bytes *host = http_header(q, "host", &twice);
    if (twice || (!host && !q->is_old))
        return refuse(q, 400, "Host has to be there once");
    if (has(q, "transfer-encoding") && has(q, "content-length"))
        return refuse(q, 400, "Transfer-Encoding and Content-Length");
    if (has(q, "transfer-encoding"))
        return refuse(q, 501, "Transfer-Encoding is not taken: send Content-Length");
    if (has(q, "upgrade"))
        return refuse(q, 501, "no protocol but HTTP/1.1 is spoken here");
    if (has(q, "expect"))
        return refuse(q, 417, "Expect is not taken: send the body at once");
    return judge_length(q);
}

/* Method, target and version separated by single blanks: llhttp accepts more, and other protocols.
 * To be called before the target is split. */
static bool is_plain_line(const struct http_request *q)
{
    const char *target =
        q->head.p + strlen(methods[q->method]) + 1; /* read_method() saw the blank */
    size_t left = (size_t)(q->head.p + q->head.n - target);
    return q->path.p == target && q->path.n + sizeof(" HTTP/1.1\r\n") - 1 < left &&
           memcmp(target + q->path.n, " HTTP/", 6) == 0 &&
           memcmp(target + q->path.n + 9, "\r\n", 2) == 0;
}

static enum http_step judge(struct http_request *q, llhttp_t *p)
{
    if (!is_plain_line(q))
        return refuse(q, 400, "no HTTP request");
    if (p->http_major != 1 || p->http_minor > 1)
        return refuse(q, 505, "only HTTP/1.1 and 1.0");
    q->is_old = p->http_minor == 0;
    for (size_t i = 0; i < q->header_n; i++) {
        if (q->headers[i].name.n == 0)
            return refuse(q, 400, "a header without a name");
        q->headers[i].value = trim(q->headers[i].value);
    }
    q->keeps_connection = !q->is_old && !lists(q, "connection", "close");
    enum http_step step = judge_target(q);
    return step == HTTP_STEP_BAD ? step : judge_headers(q);
}

/* Parses the complete head. */
static enum http_step read_head(struct http_request *q)
{
    llhttp_settings_t settings;
    llhttp_t parser;
    llhttp_settings_init(&settings);
    settings.on_url = on_target;
    settings.on_header_field = on_name;
    settings.on_header_value = on_value;
    settings.on_headers_complete = on_head;
    llhttp_init(&parser, HTTP_REQUEST, &settings);
    parser.data = q;
    if (bytes_has_prefix(buf_bytes(&q->head), "PRI * HTTP/2"))
        return refuse(q, 505, "only HTTP/1.1 and 1.0");
    if (!read_method(q))
        return refuse(q, 501, "no such method");
    llhttp_errno_t e = llhttp_execute(&parser, q->head.p, q->head.n);
    if (q->state == HTTP_REFUSED)
        return HTTP_STEP_BAD;
    /* It may stop before or after the last LF. */
    const char *end = q->head.p + q->head.n, *at = llhttp_get_error_pos(&parser);
    if (e != HPE_PAUSED || !at || end - at > 1)
        return refuse(q, 400, "no HTTP request");
    if (judge(q, &parser) == HTTP_STEP_BAD)
        return HTTP_STEP_BAD;
    q->state = HTTP_IN_BODY;
    return HTTP_STEP_HEAD;
}

/* ---- Collecting */

/* Whether the head's byte i may follow those before it. */
static bool may_follow(const char *head, size_t i)
{
    unsigned char c = (unsigned char)head[i];
    if (i == 0)
        return c >= 'A' && c <= 'Z'; /* of a method; TLS and RESP begin differently */
    if ((head[i - 1] == '\r') != (c == '\n'))
        return false;
    if (head[i - 1] == '\n' && (c == ' ' || c == '\t'))
        return false;
    return c == '\r' || c == '\n' || c == '\t' || (c >= ' ' && c != 0x7f);
}

/* Whether the head's byte i, which may follow, is the LF of an empty line. */
static bool ends_head(const char *head, size_t i)
{
    return head[i] == '\n' && i >= 3 && head[i - 2] == '\n';
}

/* The head is too long: chooses the status. */
static enum http_step refuse_long_head(struct http_request *q)
{
    bool in_target = !memchr(q->head.p, '\n', q->head.n);
    return in_target ? refuse(q, 414, "the target is longer than 4 KiB")
                     : refuse(q, 431, "the head is longer than 8 KiB");
}

static enum http_step gather_head(struct http_request *q, struct bytes *in)
{
    size_t i = q->head.n, from = i, room = HTTP_HEAD_MOST - i;
    buf_add(&q->head, bytes_of(in->p, in->n < room ? in->n : room));
    bool is_whole = false;
    for (; i < q->head.n && !is_whole; i++) {
        if (!may_follow(q->head.p, i))
            return refuse(q, 400, "a byte that no head may have");
        is_whole = ends_head(q->head.p, i);
    }
    q->head.n = i; /* what is behind belongs to the body */
    if (!is_whole && in->n > room)
        return refuse_long_head(q);
    *in = bytes_of(in->p + (i - from), in->n - (i - from));
    return is_whole ? read_head(q) : HTTP_STEP_MORE;
}

static enum http_step gather_body(struct http_request *q, struct bytes *in)
{
    size_t n = q->body_n - q->body.n;
    n = n < in->n ? n : in->n;
    buf_add(&q->body, bytes_of(in->p, n));
    *in = bytes_of(in->p + n, in->n - n);
    if (q->body.n < q->body_n)
        return HTTP_STEP_MORE;
    q->state = HTTP_COMPLETE;
    return HTTP_STEP_WHOLE;
}

enum http_step http_take(struct http_request *q, struct bytes *in)
{
    switch (q->state) {
    case HTTP_IN_HEAD:
        return gather_head(q, in);
    case HTTP_IN_BODY:
        return gather_body(q, in);
    case HTTP_COMPLETE:
        return HTTP_STEP_WHOLE;
    default:
        return HTTP_STEP_BAD;
    }
}

/* ---- Targets */

size_t http_path_parts(struct bytes path, struct bytes parts[HTTP_PARTS_MOST])
{
    size_t n = 0;
    while (path.n) {
        if (n == HTTP_PARTS_MOST)
            return 0;
        path = bytes_of(path.p + 1, path.n - 1); /* the leading slash */
        const char *slash = path.n ? memchr(path.p, '/', path.n) : NULL;
        parts[n] = bytes_of(path.p, slash ? (size_t)(slash - path.p) : path.n);
        path = bytes_of(path.p + parts[n].n, path.n - parts[n].n);
        n++;
    }
    return n;
}

bool http_query_next(struct bytes *query, struct bytes *name, struct bytes *value)
{
    while (query->n && *query->p == '&')
        *query = bytes_of(query->p + 1, query->n - 1);
    if (query->n == 0)
        return false;
    const char *end = memchr(query->p, '&', query->n);
    size_t n = end ? (size_t)(end - query->p) : query->n;
    const char *equals = memchr(query->p, '=', n);
    size_t name_n = equals ? (size_t)(equals - query->p) : n;
    *name = bytes_of(query->p, name_n);
    *value = equals ? bytes_of(equals + 1, n - name_n - 1) : bytes_of(query->p + n, 0);
    *query = bytes_of(query->p + n, query->n - n);
    return true;
}

static int hex_value(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

bool http_decode(struct bytes from, bool is_query, char *to, size_t *n)
{
    char *at = to;
    for (size_t i = 0; i < from.n; i++) {
        char c = from.p[i];
        if (c == '%') {
            int high = i + 2 < from.n ? hex_value(from.p[i + 1]) : -1;
            int low = i + 2 < from.n ? hex_value(from.p[i + 2]) : -1;
            if (high < 0 || low < 0)
                return false;
            c = (char)(high << 4 | low);
            i += 2;
        } else if (c == '+' && is_query) {
            c = ' ';
        }
        *at++ = c;
    }
    *n = (size_t)(at - to);
    return true;
}

/* ---- Responses */

const char *http_status_text(unsigned status)
{
    static const struct {
        unsigned status;
        const char *text;
    } texts[] = {{200, "OK"},
                 {201, "Created"},
                 {204, "No Content"},
                 {304, "Not Modified"},
                 {400, "Bad Request"},
                 {401, "Unauthorized"},
                 {403, "Forbidden"},
                 {404, "Not Found"},
                 {405, "Method Not Allowed"},
                 {406, "Not Acceptable"},
                 {408, "Request Timeout"},
                 {409, "Conflict"},
                 {413, "Content Too Large"},
                 {414, "URI Too Long"},
                 {415, "Unsupported Media Type"},
                 {417, "Expectation Failed"},
                 {421, "Misdirected Request"},
                 {429, "Too Many Requests"},
                 {431, "Request Header Fields Too Large"},
                 {500, "Internal Server Error"},
                 {501, "Not Implemented"},
                 {503, "Service Unavailable"},
                 {505, "HTTP Version Not Supported"},
                 {507, "Insufficient Storage"}};
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
        if (texts[i].status == status)
            return texts[i].text;
    return "";
}

static char *print_two(char *to, int v)
{
    to[0] = (char)('0' + v / 10 % 10);
    to[1] = (char)('0' + v % 10);
    return to + 2;
}

static char *put(char *to, const char *text, size_t n)
{
    memcpy(to, text, n);
    return to + n;
}

/* Thu, 01 Jan 1970 00:00:00 GMT, in English in any locale. */
static void write_date(struct buf *out, int64_t at_s)
{
    static const char days[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    time_t at = (time_t)at_s;
    struct tm t;
    gmtime_r(&at, &t);
    char text[64], *p = put(text, days + 3 * t.tm_wday, 3);
    p = print_two(put(p, ", ", 2), t.tm_mday);
    p = put(put(p, " ", 1), months + 3 * t.tm_mon, 3);
    p = put(p, " ", 1);
    p += num_print_int(p, t.tm_year + 1900);
    p = print_two(put(p, " ", 1), t.tm_hour);
    p = print_two(put(p, ":", 1), t.tm_min);
    p = print_two(put(p, ":", 1), t.tm_sec);
    p = put(p, " GMT", 4);
    buf_add(out, bytes_of(text, (size_t)(p - text)));
}

void http_write_head(struct buf *out, const struct http_response *r)
{
    buf_add(out, BYTES("HTTP/1.1 "));
    buf_add_int(out, r->status);
    buf_add_char(out, ' ');
    buf_add_text(out, http_status_text(r->status));
    buf_add(out, BYTES("\r\nDate: "));
    write_date(out, r->at_s);
    if (r->type) {
        buf_add(out, BYTES("\r\nContent-Type: "));
        buf_add_text(out, r->type);
    }
    if (r->has_length) {
        buf_add(out, BYTES("\r\nContent-Length: "));
        buf_add_int(out, (long long)r->length);
    }
    if (r->closes)
        buf_add(out, BYTES("\r\nConnection: close"));
    buf_add(out, BYTES("\r\n"));
    if (r->more)
        buf_add_text(out, r->more);
    buf_add(out, BYTES("\r\n"));
}
