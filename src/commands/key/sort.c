/* SORT: the sorted elements of a list, set or sorted set, or values that other keys hold for them.
 *
 *   parse()    parses the options. The same next_option() finds the keys for rights and COMMAND
 *              GETKEYS, so that both agree. BY and GET patterns make key names from data, which
 *              needs the right to read every key (rights_read_all()). A BY pattern without '*'
 *              ("nosort") keeps the order.
 *   collect()  copies the elements as counted strings, since looking up other keys may expire
 *              something, and STORE may replace the sorted key.
 *   weigh()    sets each element's sort key: its own text or the BY pattern's value, as a number or
 *              (ALPHA) as bytes. A text that is not a number fails the request.
 *   qsort()    orders equal weights by text, so that the order is the same on every server.
 *   clip()     applies LIMIT.
 *   answer()   replies with the elements, or for each with the values of the GET patterns, or
 *              (STORE) stores them as a list. An empty result deletes the destination.
 *
 * A set has no order: before it is stored, or returned to a script, it is sorted (run()). */
#include "commands/index.h"

#include "base/assert.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "command/keys.h"
#include "engine/rights.h"
#include "type/hash.h"
#include "type/list.h"
#include "type/set.h"
#include "type/string.h"
#include "type/zset.h"

#include <stdlib.h>

struct sort {
    struct bytes by;
    bool has_by, keep_order; /* BY a pattern without '*' */
    bool descending, by_text;
    long long offset, count;
    bool limited;
    struct bytes *gets; /* patterns, pointing into the request */
    int get_n;
    struct bytes store;
    bool stores;
    bool reads_all; /* the user may read every key */
};

struct element {
    struct str *text;
    struct str *weight; /* by_text with BY; NULL: absent */
    double score;
    const struct sort *sort;
};

enum option { ASC, DESC, ALPHA, LIMIT, STORE, BY, GET, UNKNOWN };

/* Parses the option at argument *i, which moves to its last argument. Used by the command and to
 * find its keys. */
static enum option next_option(const struct bytes *argv, int argc, bool only_reads, int *i)
{
    static const struct {
        const char *word;
        int arguments;
    } options[] = {
        [ASC] = {"asc", 0}, [DESC] = {"desc", 0}, [ALPHA] = {"alpha", 0}, [LIMIT] = {"limit", 2},
        [BY] = {"by", 1},   [GET] = {"get", 1},   [STORE] = {"store", 1}};
    for (int o = ASC; o < UNKNOWN; o++)
        if (bytes_is(argv[*i], options[o].word) && argc - *i - 1 >= options[o].arguments &&
            !(o == STORE && only_reads)) {
            *i += options[o].arguments;
            return (enum option)o;
        }
    return UNKNOWN;
}

static bool has_star(struct bytes pattern)
{
    return pattern.n && memchr(pattern.p, '*', pattern.n);
}

#define BY_TEXT  "BY option of SORT"
#define GET_TEXT "GET option of SORT"

static bool may_use(struct call *call, const struct sort *s, const char *what)
{
    if (s->reads_all)
        return true;
    reply_errorf(call->reply, "ERR %s denied due to insufficient ACL permissions.", what);
    return false;
}

static bool parse(struct call *call, bool only_reads, struct sort *s)
{
    for (int i = 2; i < call->argc; i++) {
        switch (next_option(call->argv, call->argc, only_reads, &i)) {
        case ASC:
            s->descending = false;
            break;
        case DESC:
            s->descending = true;
            break;
        case ALPHA:
            s->by_text = true;
            break;
        case LIMIT:
            if (!call_int(call, i - 1, &s->offset) || !call_int(call, i, &s->count))
                return false;
            s->limited = true;
            break;
        case STORE:
            s->stores = true;
            s->store = call->argv[i];
            break;
        case BY:
            s->by = call->argv[i];
            s->has_by = true;
            if (!has_star(s->by))
                s->keep_order = true;
            else if (!may_use(call, s, BY_TEXT))
                return false;
            break;
        case GET:
            if (!may_use(call, s, GET_TEXT))
                return false;
            s->gets[s->get_n++] = call->argv[i];
            break;
        default:
            call_error(call, ERR_SYNTAX);
            return false;
        }
    }
    return true;
}

static void find_keys(struct keys *to, const struct bytes *argv, int argc, bool only_reads)
{
    int store = 0;
    keys_add(to, 1, KEY_RO | KEY_ACCESS);
    for (int i = 2; i < argc; i++) {
        enum option o = next_option(argv, argc, only_reads, &i);
        if (o == STORE)
            store = i; /* the last one counts */
        else if (!to->pattern && (o == GET || (o == BY && has_star(argv[i]))))
            to->pattern = o == GET ? GET_TEXT : BY_TEXT;
    }
    if (store)
        keys_add(to, store, KEY_OW | KEY_UPDATE);
}

static void find_sort_keys(struct keys *to, const struct bytes *argv, int argc)
{
    find_keys(to, argv, argc, false);
}

static void find_sort_ro_keys(struct keys *to, const struct bytes *argv, int argc)
{
    find_keys(to, argv, argc, true);
}

/* The value of a pattern for an element: the string under the key made by replacing '*' with the
 * element, or with "->field" a field of the hash there. NULL: none. */
static struct str *look_up(struct call *call, struct bytes pattern, struct bytes element)
{
    const char *star = pattern.n ? memchr(pattern.p, '*', pattern.n) : NULL;
    char scratch[NUM_INT_MAX];
    struct hash_field f;
    if (pattern.n == 1 && pattern.p[0] == '#')
        return str_new(element);
    if (!star)
        return NULL;
    struct bytes behind = {star + 1, pattern.n - (size_t)(star + 1 - pattern.p)}, field = {NULL, 0};
    const char *arrow = behind.n > 2 ? memmem(behind.p, behind.n, "->", 2) : NULL;
    if (arrow && arrow + 2 < behind.p + behind.n) {
        field = bytes_of(arrow + 2, (size_t)(behind.p + behind.n - arrow - 2));
        behind.n = (size_t)(arrow - behind.p);
    }
    struct buf key = {0};
    buf_add(&key, bytes_of(pattern.p, (size_t)(star - pattern.p)));
    buf_add(&key, element);
    buf_add(&key, behind);
    struct entry *e = db_read(call->db, buf_bytes(&key));
    buf_free(&key);
    if (!e)
        return NULL;
    if (field.n)
        return value_type(e) == TYPE_HASH &&
                       hash_find(value_object(e), field, db_field_now(call->store), &f)
                   ? str_new(f.value)
                   : NULL;
    return value_type(e) == TYPE_STRING ? str_new(string_view(e, scratch)) : NULL;
}

static size_t size_of(const struct entry *e)
{
    if (!e)
        return 0;
    switch (value_type(e)) {
    case TYPE_LIST:
        return ((const struct list *)value_object(e))->count;
    case TYPE_SET:
        return set_count(value_object(e));
    default:
        return zset_count(value_object(e));
    }
}

/* All elements in stored order, or backwards; sets have no order. */
static void collect(const struct entry *e, struct element *to, bool backwards)
{
    struct list_cursor c;
    struct set_walk sw;
    struct zset_walk zw;
    struct zset_item x;
    struct bytes member;
    size_t n = size_of(e);
    if (n == 0)
        return;
    switch (value_type(e)) {
    case TYPE_LIST:
        to += backwards ? n - 1 : 0;
        for (bool any = list_seek(value_object(e), 0, &c); any; any = list_next(&c)) {
            to->text = str_new(list_get(&c));
            to += backwards ? -1 : 1;
        }
        list_end(&c);
        break;
    case TYPE_SET:
        set_walk_start(&sw, value_object(e));
        while (set_walk_next(&sw, &member))
            (to++)->text = str_new(member);
        break;
    default:
        zset_walk_start(&zw, value_object(e), backwards ? n - 1 : 0, n, backwards);
        while (zset_walk_next(&zw, &x))
            (to++)->text = str_new(x.member);
    }
}

/* Sets every element's weight. */
static bool weigh(struct call *call, const struct sort *s, struct element *all, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct element *x = &all[i];
        x->sort = s;
        struct str *by = s->has_by ? look_up(call, s->by, str_bytes(x->text)) : str_ref(x->text);
        if (s->by_text) {
            x->weight = by;
            continue;
        }
        bool in_range = true;
        bool good = !by || num_read_double(str_bytes(by), &in_range, &x->score);
        str_unref(by);
        if (!good || !in_range) {
            reply_errorf(call->reply, "ERR One or more scores can't be converted into double");
            return false;
        }
    }
    return true;
}

static int compare(const void *a, const void *b)
{
    const struct element *x = a, *y = b;
    const struct sort *s = x->sort;
    int order;
    if (!s->by_text)
        order = (x->score > y->score) - (x->score < y->score);
    else if (x->weight && y->weight)
        order = bytes_compare(str_bytes(x->weight), str_bytes(y->weight));
    else
        order = (x->weight != NULL) - (y->weight != NULL);
    if (order == 0)
        order = bytes_compare(str_bytes(x->text), str_bytes(y->text));
    return s->descending ? -order : order;
}

/* The range selected by LIMIT: [*from, *to). */
static void clip(const struct sort *s, size_t n, size_t *from, size_t *to)
{
    *from = 0;
    *to = n;
    if (!s->limited)
        return;
    *from = s->offset < 0 ? 0 : (unsigned long long)s->offset < n ? (size_t)s->offset : n;
    if (s->count >= 0 && (unsigned long long)s->count < n - *from)
        *to = *from + (size_t)s->count;
}

typedef void emit(void *context, struct str *x);

/* Sorted elements, of which [from, to) are selected. */
struct rows {
    struct element *all;
    size_t n, from, to;
};

static void emit_all(struct call *call, const struct sort *s, const struct rows *r, emit *out,
                     void *context)
{
    ASSERT(r->from <= r->to && r->to <= r->n);
    for (size_t i = r->from; i < r->to; i++) {
        if (s->get_n == 0)
            out(context, r->all[i].text);
        for (int g = 0; g < s->get_n; g++) {
            struct str *x = look_up(call, s->gets[g], str_bytes(r->all[i].text));
            out(context, x);
            str_unref(x);
        }
    }
}

static void emit_reply(void *context, struct str *x)
{
    if (x)
        reply_bulk(context, str_bytes(x));
    else
        reply_null(context);
}

static void emit_push(void *context, struct str *x)
{
    list_push(context, false, x ? str_bytes(x) : bytes_of("", 0));
}

static void answer(struct call *call, const struct sort *s, const struct rows *r)
{
    size_t n = (r->to - r->from) * (s->get_n ? (size_t)s->get_n : 1);
    const struct settings *c = call->engine->settings;
    if (!s->stores) {
        reply_array(call->reply, n);
        emit_all(call, s, r, emit_reply, call->reply);
        return;
    }
    struct entry *e = NULL;
    if (n) {
        struct list *l = list_new(c->list_max_listpack_size, (uint32_t)c->list_compress_depth);
        emit_all(call, s, r, emit_push, l);
        e = entry_new_word(s->store, VALUE_LIST, (uintptr_t)l);
    }
    db_count_changes(call->store, n);
    helpers_store(call, s->store, e, DB_EVENT_LIST, "sortstore");
    reply_int(call->reply, (long long)n);
}

static void run(struct call *call, struct sort *s)
{
    struct entry *e = db_read(call->db, call->argv[1]);
    if (e && value_type(e) != TYPE_LIST && value_type(e) != TYPE_SET &&
        value_type(e) != TYPE_ZSET) {
        call_error(call, ERR_WRONGTYPE);
        return;
    }
    /* A result without an order must get one before it is stored, or replicas would have another. A
     * script gets the same order on every server. */
    if (s->keep_order && e && value_type(e) == TYPE_SET &&
        (s->stores || (call->client->flags & CLIENT_SCRIPT))) {
        s->keep_order = false;
        s->has_by = false;
        s->by_text = true;
    }
    struct rows r = {.n = size_of(e)};
    r.all = mem_zalloc((r.n + 1) * sizeof(*r.all));
    collect(e, r.all, s->keep_order && s->descending);
    clip(s, r.n, &r.from, &r.to);
    bool good = s->keep_order || weigh(call, s, r.all, r.n);
    if (good && !s->keep_order && r.n)
        qsort(r.all, r.n, sizeof(*r.all), compare);
    if (good)
        answer(call, s, &r);
    for (size_t i = 0; i < r.n; i++) {
        str_unref(r.all[i].text);
        str_unref(r.all[i].weight);
    }
    mem_free(r.all);
}

static void sort(struct call *call, bool only_reads)
{
    struct sort s = {.gets = mem_alloc((size_t)call->argc * sizeof(struct bytes)),
                     .reads_all = rights_read_all(call)};
    if (parse(call, only_reads, &s))
        run(call, &s);
    mem_free(s.gets);
}

static void do_sort(struct call *call)
{
    sort(call, false);
}

static void do_sort_ro(struct call *call)
{
    sort(call, true);
}

const struct command sort_command = {
    .name = "sort",
    .usage = "key:key [BY pattern:pattern] [LIMIT offset:int count:int] [(GET pattern:pattern)...] "
             "[<ASC | DESC>] [ALPHA] [STORE destination:key]",
    .summary = "Returns or stores the sorted elements of a list, set or sorted set.",
    .since = "1.0.0",
    .complexity = "O(N+M*log(M)) with N the elements and M those answered",
    .categories = "@list @set @sortedset",
    .group = GROUP_GENERIC,
    .arity = -2,
    .flags =
        COMMAND_DENYOOM | COMMAND_MOVABLEKEYS | COMMAND_WRITE | COMMAND_WHOLE | COMMAND_DANGEROUS,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS), KEY_UNKNOWN(KEY_RO | KEY_ACCESS),
             KEY_UNKNOWN_BEHIND("store", 2, KEY_OW | KEY_UPDATE)},
    .find_keys = find_sort_keys,
    .handler = do_sort,
};
const struct command sort_ro_command = {
    .name = "sort_ro",
    .usage = "key:key [BY pattern:pattern] [LIMIT offset:int count:int] [(GET pattern:pattern)...] "
             "[<ASC | DESC>] [ALPHA]",
    .summary = "Returns the sorted elements of a list, set or sorted set.",
    .since = "7.0.0",
    .complexity = "O(N+M*log(M)) with N the elements and M those answered",
    .categories = "@list @set @sortedset",
    .group = GROUP_GENERIC,
    .arity = -2,
    .flags = COMMAND_MOVABLEKEYS | COMMAND_READONLY | COMMAND_WHOLE | COMMAND_DANGEROUS,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS), KEY_UNKNOWN(KEY_RO | KEY_ACCESS)},
    .find_keys = find_sort_ro_keys,
    .handler = do_sort_ro,
};
