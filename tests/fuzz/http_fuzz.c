/* libFuzzer: what strangers send to the console's port. The first byte chooses: requests, in two
 * pieces, and what their targets mean; JSON, which when it is read can be written and read again;
 * RESP3, in two pieces; bodies of the API, which become words; what strangers have stored, in
 * replies that become JSON. Seeds: http_seeds.py. */
#include "admin/param.h"
#include "admin/render.h"
#include "admin/template.h"
#include "base/hash.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "base/mem.h"
#include "proto/answer.h"
#include "proto/http.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void hold(bool condition)
{
    if (!condition)
        abort();
}

/* ---- Requests */

static void look_at_target(const struct http_request *q)
{
    struct bytes parts[HTTP_PARTS_MOST], query = q->query, name, value;
    char *to = mem_alloc(HTTP_TARGET_MOST);
    size_t n, count = http_path_parts(q->path, parts);
    for (size_t i = 0; i < count; i++)
        hold(!http_decode(parts[i], false, to, &n) || n <= parts[i].n);
    while (http_query_next(&query, &name, &value))
        hold(!http_decode(value, true, to, &n) || n <= value.n);
    mem_free(to);
}

/* Takes a copy that ends where the piece ends. False: refused. */
static bool take(struct http_request *q, struct bytes piece)
{
    char *copy = mem_copy_text(piece.p, piece.n);
    struct bytes in = bytes_of(copy, piece.n);
    enum http_step step;
    while ((step = http_take(q, &in)) == HTTP_STEP_HEAD || step == HTTP_STEP_WHOLE) {
        hold(q->head.n <= HTTP_HEAD_MOST && q->header_n <= HTTP_HEADERS_MOST);
        hold(q->body.n <= q->body_n && q->body_n <= HTTP_BODY_MOST);
        if (step == HTTP_STEP_HEAD)
            look_at_target(q);
        else
            http_reset(q);
    }
    hold(step == HTTP_STEP_BAD ? q->status >= 400 && q->why : in.n == 0);
    mem_free(copy);
    return step != HTTP_STEP_BAD;
}

static void try_requests(struct bytes x)
{
    struct http_request q = {0};
    size_t cut = x.n / 2;
    if (take(&q, bytes_of(x.p, cut)))
        take(&q, bytes_of(x.p + cut, x.n - cut));
    http_reset(&q);
}

/* ---- JSON */

static void print(const struct json_read *r, const struct json_read_value *v, struct json_write *w)
{
    bool is_object = v->kind == JSON_READ_OBJECT;
    switch (v->kind) {
    case JSON_READ_NULL:
        json_write_null(w);
        break;
    case JSON_READ_FALSE:
    case JSON_READ_TRUE:
        json_write_bool(w, v->kind == JSON_READ_TRUE);
        break;
    case JSON_READ_NUMBER:
        json_write_raw(w, v->text);
        break;
    case JSON_READ_STRING:
        json_write_bytes(w, v->text);
        break;
    default:
        is_object ? json_write_object(w) : json_write_array(w);
        for (const struct json_read_value *m = json_read_first(v); m; m = json_read_next(r, v, m)) {
            if (is_object)
                json_write_name(w, m->name);
            print(r, m, w);
        }
        is_object ? json_write_object_end(w) : json_write_array_end(w);
    }
}

static void try_json(struct bytes x)
{
    struct json_read r, again;
    struct buf b = {0}, b_again = {0};
    if (json_read(&r, x)) {
        struct json_write w = json_write_begin(&b, 8 * x.n + 16);
        print(&r, r.values, &w);
        hold(json_write_is_whole(&w) && json_read(&again, buf_bytes(&b)) && again.n == r.n);
        w = json_write_begin(&b_again, b.n);
        print(&again, again.values, &w);
        hold(json_write_is_whole(&w) && bytes_equal(buf_bytes(&b), buf_bytes(&b_again)));
        json_read_free(&again);
    } else {
        hold(*r.why != 0);
    }
    json_read_free(&r);
    buf_free(&b);
    buf_free(&b_again);
}

/* ---- RESP3 */

static void try_answer(struct bytes x)
{
    struct answer a = {0};
    struct answer_item item;
    enum answer_step step = ANSWER_MORE;
    uint64_t told = 0;
    for (int half = 0; half < 2 && step != ANSWER_BAD; half++) {
        size_t from = half ? x.n / 2 : 0, n = half ? x.n - x.n / 2 : x.n / 2;
        char *copy = mem_copy_text(x.p + from, n);
        struct bytes in = bytes_of(copy, n);
        while ((step = answer_next(&a, &in, &item)) == ANSWER_ITEM || step == ANSWER_WHOLE) {
            if (step == ANSWER_WHOLE) {
                answer_reset(&a);
                continue;
            }
            told += item.text.n;
            hold(item.depth < ANSWER_DEPTH);
        }
        hold(step == ANSWER_BAD || in.n == 0);
        mem_free(copy);
    }
    hold(told <= x.n);
    answer_reset(&a);
}

/* ---- Bodies of the API */

/* What every kind of parameter and every form of a template makes of it. */
static void try_body(struct bytes x)
{
    static const char declared[] = "b i:int(0,9) n:int=5 f:flag w:word(one,two)=ONE v:words l:list "
                                   "p:pairs m:match after:place "
                                   "from=1 to key count:int=3 newest:flag";
    static const char form[] = "A {b} [I {i}] {n} [F ?f] [G !f] [{w}] {v} {#l} {l} {#p} {p} [{m}] "
                               "[P {after}] [x{b}] {last} {range} {to|-} [T ~to] [O ?w=ONE]";
    struct param_set set = {0};
    struct template_words words = {0};
    char why[PARAM_WHY] = "";
    struct bytes name, value, query = x;
    param_begin(&set, declared, x.n);
    if (x.n % 2) {
        bool good = true;
        while (good && http_query_next(&query, &name, &value))
            good = param_take_query(&set, name, value, why);
        hold(good || *why);
    } else {
        hold(param_take_body(&set, x, why) || *why);
    }
    template_fill(&words, bytes_text(form), &set);
    uint64_t sum = 0; /* every byte is read: what a word borrows is there */
    for (size_t i = 0; i < words.n; i++)
        sum += words.words[i].n ? hash_xxh3(words.words[i]) & 0xff : 0;
    hold(sum <= words.n * 0xff);
    template_free(&words);
    param_free(&set);
}

/* ---- Replies as JSON */

static void add_string(struct buf *to, struct bytes x)
{
    buf_printf(to, "$%zu\r\n", x.n);
    buf_add(to, x);
    buf_add_text(to, "\r\n");
}

/* Two entries, whose fields are the lines. */
static void add_entries(struct buf *to, struct bytes x)
{
    struct buf fields = {0};
    unsigned n = 0;
    while (x.n) {
        const char *end = memchr(x.p, '\n', x.n);
        size_t line = end ? (size_t)(end - x.p) : x.n;
        add_string(&fields, bytes_of(x.p, line));
        add_string(&fields, bytes_of(x.p, line / 2));
        line += end != NULL;
        x = bytes_of(x.p + line, x.n - line);
        n += 2;
    }
    buf_add_text(to, "*2\r\n");
    for (int i = 0; i < 2; i++) {
        buf_printf(to, "*2\r\n$3\r\n1-%d\r\n*%u\r\n", i, n);
        buf_add(to, buf_bytes(&fields));
    }
    buf_free(&fields);
}

static enum render_shape make_reply(unsigned kind, struct bytes x, struct buf *to)
{
    static const enum render_shape shapes[] = {RENDER_ENTRIES, RENDER_LINES, RENDER_INFO,
                                               RENDER_STATS,   RENDER_TYPED, RENDER_SURVEY,
                                               RENDER_PAIRS,   RENDER_VALUE};
    enum render_shape shape = shapes[kind % (sizeof(shapes) / sizeof(*shapes))];
    switch (shape) {
    case RENDER_ENTRIES:
        add_entries(to, x);
        break;
    case RENDER_LINES:
    case RENDER_INFO:
    case RENDER_STATS:
        add_string(to, x);
        break;
    case RENDER_SURVEY:
        buf_add_text(to, "*3\r\n:1\r\n:1\r\n*1\r\n%2\r\n$3\r\nkey\r\n");
        add_string(to, x);
        buf_add_text(to, "$5\r\ngroup\r\n");
        add_string(to, x);
        break;
    default:
        buf_add_text(to, shape == RENDER_PAIRS ? "*2\r\n" : "%1\r\n");
        add_string(to, x);
        add_string(to, x);
    }
    return shape;
}

/* What is whole is JSON, but for bounds of the reader, and for names that come twice. */
static void hold_json(struct bytes x)
{
    static const char *const bounds[] = {"a name comes twice", "too many", "nested too deeply",
                                         "not Base64", "too long"};
    struct json_read r;
    bool good = json_read(&r, x);
    for (size_t i = 0; i < sizeof(bounds) / sizeof(*bounds); i++)
        good = good || strstr(r.why, bounds[i]);
    hold(good);
    json_read_free(&r);
}

static void try_render(struct bytes x)
{
    struct buf reply = {0}, out = {0};
    unsigned char kind = x.n ? (unsigned char)x.p[0] : 0,
                  most = x.n > 1 ? (unsigned char)x.p[1] : 0;
    size_t skip = x.n < 2 ? x.n : 2;
    struct bytes text = bytes_of(x.p + skip, x.n - skip);
    struct json_write w = json_write_begin(&out, most & 1 ? 1 << 22 : 100 + 4 * (size_t)most);
    struct render r = {.w = &w, .max = most, .by = BYTES("key")};
    r.shape = make_reply(kind, text, &reply);
    size_t half = reply.n / 2;
    hold(render_feed(&r, bytes_of(reply.p, half)));
    hold(render_feed(&r, bytes_of(reply.p + half, reply.n - half)));
    if (json_write_is_whole(&w))
        hold_json(buf_bytes(&out));
    hold(out.n <= w.most);
    render_end(&r);
    buf_free(&reply);
    buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static bool begun;
    if (!begun)
        hash_init("", 0);
    begun = true;
    if (n == 0)
        return 0;
    struct bytes x = bytes_of(data + 1, n - 1);
    switch (data[0] % 5) {
    case 0:
        try_requests(x);
        break;
    case 1:
        try_json(x);
        break;
    case 3:
        try_body(x);
        break;
    case 4:
        try_render(x);
        break;
    default:
        try_answer(x);
    }
    return 0;
}
