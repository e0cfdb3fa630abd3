/* libFuzzer: what strangers send to the console's port. The first byte chooses: requests, in two
 * pieces, and what their targets mean; JSON, which when it is read can be written and read again;
 * RESP3, in two pieces; bodies of the API, which become words. Seeds: http_seeds.py. */
#include "admin/param.h"
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static bool begun;
    if (!begun)
        hash_init("", 0);
    begun = true;
    if (n == 0)
        return 0;
    struct bytes x = bytes_of(data + 1, n - 1);
    switch (data[0] % 4) {
    case 0:
        try_requests(x);
        break;
    case 1:
        try_json(x);
        break;
    case 3:
        try_body(x);
        break;
    default:
        try_answer(x);
    }
    return 0;
}
