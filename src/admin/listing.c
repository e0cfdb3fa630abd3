/* Clients are listed in the order of their IDs, behind the one that `after` names: the IDs of the
 * next few come from the engine, all else of them from CLIENT LIST ID, as the user; who does not
 * fit the filters is left out. Keys come by SCAN, whose cursor also tells how much of the keyspace
 * lies behind it; the type of each is asked for afterwards.
 *
 * A page ends when it is full, by rows or by bytes, when the budget of what is looked at is used
 * up, or at the end. Names are chosen by others, who must not be able to make a page fail by long
 * ones: a row of clients that does not fit is the next page's, and a key is cut where the page is
 * to hold many (work_write_name()). What can fail are the commands. */
#include "admin/listing.h"

#include "admin/perform.h"
#include "admin/tell.h"
#include "admin/texts.h"
#include "admin/work.h"
#include "base/clock.h"
#include "base/glob.h"
#include "base/mem.h"
#include "base/num.h"

#include <stdio.h>
#include <string.h>

#define CLIENTS_FIRST 8
#define CLIENTS_STEP  64 /* of one CLIENT LIST */
#define CLIENTS_MOST  2000
#define SCAN_FIRST    10
#define SCAN_MOST     500
#define SCAN_LOOKS    10000
#define TYPES_STEP    20  /* commands */
#define BEHIND        256 /* bytes of an answer for what stands behind the rows */

/* ---- Clients */

struct clients {
    bool begun;
    uint64_t after; /* the last one that was looked at */
    long long step, looked, found;
    bool is_full;
    struct exchange *exchange;
};

static bool is_listed(const struct client *c)
{
    return !(c->flags & CLIENT_CLOSING) &&
           (c->flags & (CLIENT_REPLAY | CLIENT_PRIMARY)) != CLIENT_REPLAY;
}

/* The value of name= in a line of CLIENT LIST. */
static struct bytes word_of(struct bytes line, const char *name)
{
    size_t n = strlen(name);
    while (line.n) {
        const char *blank = memchr(line.p, ' ', line.n);
        size_t word = blank ? (size_t)(blank - line.p) : line.n;
        if (word > n && memcmp(line.p, name, n) == 0 && line.p[n] == '=')
            return bytes_of(line.p + n + 1, word - n - 1);
        word += blank != NULL;
        line = bytes_of(line.p + word, line.n - word);
    }
    return bytes_of("", 0);
}

static bool fits_glob(const struct param_set *p, const char *param, struct bytes value)
{
    const struct param *asked = param_find(p, bytes_text(param));
    return !asked || glob_match(asked->text, value);
}

static bool line_fits(const struct param_set *p, struct bytes line)
{
    long long idle_s = 0;
    struct bytes flags = param_text(p, "flags"), has = word_of(line, "flags");
    num_parse_int(word_of(line, "idle"), &idle_s);
    for (size_t i = 0; i < flags.n; i++)
        if (!memchr(has.p, flags.p[i], has.n))
            return false;
    return idle_s * 1000 >= param_number(p, "idleMs", 0) &&
           fits_glob(p, "user", word_of(line, "user")) &&
           fits_glob(p, "name", word_of(line, "name")) &&
           fits_glob(p, "address", word_of(line, "addr")) &&
           fits_glob(p, "lib", word_of(line, "lib-name"));
}

/* False: it does not fit, and is the first of the next page. */
static bool write_client(struct exchange *x, struct clients *s, struct bytes line)
{
    struct json_write_mark before = json_write_mark(&x->json);
    texts_write_line(&x->json, line, x->asked.max);
    s->is_full = x->json.failed && s->found;
    s->found++;
    if (!s->is_full)
        return true;
    json_write_rewind(&x->json, &before);
    return false;
}

static void take_lines(void *to, const struct answer_item *item)
{
    struct clients *s = to;
    struct exchange *x = s->exchange;
    struct bytes text = item->text;
    if (item->kind != ANSWER_STRING)
        return;
    while (text.n && !s->is_full) {
        const char *end = memchr(text.p, '\n', text.n);
        size_t n = end ? (size_t)(end - text.p) : text.n;
        struct bytes line = bytes_of(text.p, n);
        long long id = 0;
        num_parse_int(word_of(line, "id"), &id);
        if (line_fits(&x->asked.params, line) && !write_client(x, s, line))
            return;
        s->after = (uint64_t)id;
        s->is_full = s->found >= x->asked.count;
        n += end != NULL;
        text = bytes_of(text.p + n, text.n - n);
    }
}

/* IDs behind `after`, in digits. */
static size_t next_ids(const struct engine *e, uint64_t after, char (*digits)[24], size_t most)
{
    size_t n = 0;
    for (const struct dlist_node *x = e->clients.all.next; x != &e->clients.all && n < most;
         x = x->next) {
        const struct client *c = dlist_item(x, struct client, all);
        if (c->id > after && is_listed(c))
            snprintf(digits[n++], sizeof(digits[0]), "%llu", (unsigned long long)c->id);
    }
    return n;
}

static long long count_clients(const struct engine *e)
{
    long long n = 0;
    for (const struct dlist_node *x = e->clients.all.next; x != &e->clients.all; x = x->next)
        n += is_listed(dlist_item(x, struct client, all));
    return n;
}

static void end_clients(struct exchange *x, const struct clients *s, bool is_through)
{
    x->json.most += BEHIND;
    json_write_array_end(&x->json);
    json_write_name(&x->json, BYTES("total"));
    json_write_int(&x->json, count_clients(x->all->engine));
    json_write_name(&x->json, BYTES("after"));
    if (is_through)
        json_write_null(&x->json);
    else
        json_write_uint(&x->json, s->after);
    perform_end(x);
}

void listing_clients_step(struct exchange *x)
{
    struct clients *s = work_state(x, sizeof(*s), NULL);
    char digits[CLIENTS_STEP][24];
    struct bytes words[CLIENTS_STEP + 3] = {BYTES("CLIENT"), BYTES("LIST"), BYTES("ID")};
    if (!s->begun) {
        s->begun = true;
        s->exchange = x;
        s->after = (uint64_t)param_number(&x->asked.params, "after", 0);
        s->step = CLIENTS_FIRST;
        if (perform_begin(x)) {
            x->json.most -= BEHIND;
            json_write_name(&x->json, BYTES("rows"));
            json_write_array(&x->json);
        }
        return;
    }
    uint64_t began = clock_ticks();
    size_t n = next_ids(x->all->engine, s->after, digits, (size_t)s->step);
    for (size_t i = 0; i < n; i++)
        words[3 + i] = bytes_text(digits[i]);
    if (n && !work_look(x, words, n + 3, take_lines, s))
        return;
    s->looked += (long long)n;
    bool is_through = n < (size_t)s->step && !s->is_full;
    if (is_through || s->is_full || s->looked >= CLIENTS_MOST)
        end_clients(x, s, is_through);
    else
        s->step = work_pace(began, s->step, CLIENTS_STEP);
}

/* ---- Keys */

struct keys_page {
    bool begun, has_cursor;
    struct buf names;  /* of the page, one behind the other */
    struct buf places; /* size_t: where each ends */
    size_t typed;      /* how many have been written */
    char cursor[24];
    long long step, looked;
    struct bytes type; /* of the key that is asked about */
    struct buf type_text;
};

static void drop_keys(void *state)
{
    struct keys_page *s = state;
    buf_free(&s->names);
    buf_free(&s->places);
    buf_free(&s->type_text);
    mem_free(s);
}

static size_t key_count(const struct keys_page *s)
{
    return s->places.n / sizeof(size_t);
}

static void take_key(void *to, const struct answer_item *item)
{
    struct keys_page *s = to;
    if (item->kind == ANSWER_STRING && item->depth == 1 && item->text.n < sizeof(s->cursor)) {
        memset(s->cursor, 0, sizeof(s->cursor));
        memcpy(s->cursor, item->text.p, item->text.n);
    } else if (item->kind == ANSWER_STRING && item->depth == 2) {
        buf_add(&s->names, item->text);
        buf_add(&s->places, bytes_of(&s->names.n, sizeof(size_t)));
    }
}

static void take_type(void *to, const struct answer_item *item)
{
    struct keys_page *s = to;
    s->type_text.n = 0;
    buf_add(&s->type_text, item->text);
}

static bool scan(struct exchange *x, struct keys_page *s)
{
    const struct param *match = param_find(&x->asked.params, BYTES("match")),
                       *type = param_find(&x->asked.params, BYTES("type"));
    struct bytes words[8] = {BYTES("SCAN"), bytes_text(s->cursor), BYTES("COUNT")};
    struct buf digits = {0};
    size_t n = 4;
    /* No more than the page still takes; where little matches COUNT bounds only the walk. */
    long long left = x->asked.count - (long long)key_count(s);
    s->step = s->step < left ? s->step : left;
    buf_add_int(&digits, s->step);
    words[3] = buf_bytes(&digits);
    if (match) {
        words[n++] = BYTES("MATCH");
        words[n++] = match->text;
    }
    if (type) {
        words[n++] = BYTES("TYPE");
        words[n++] = type->text;
    }
    uint64_t began = clock_ticks();
    bool good = work_look(x, words, n, take_key, s);
    s->looked += s->step;
    s->step = work_pace(began, s->step, SCAN_MOST);
    buf_free(&digits);
    return good;
}

static struct bytes key_at(const struct keys_page *s, size_t i)
{
    const size_t *ends = (const void *)s->places.p;
    size_t from = i ? ends[i - 1] : 0;
    return bytes_of(s->names.p + from, ends[i] - from);
}

/* Writes the next few keys with their types. */
static bool write_keys(struct exchange *x, struct keys_page *s)
{
    for (int i = 0; i < TYPES_STEP && s->typed < key_count(s); i++) {
        struct bytes key = key_at(s, s->typed++);
        const struct bytes words[] = {BYTES("TYPE"), key};
        bool may; /* SCAN names every key; its type is only for who may read it */
        s->type_text.n = 0;
        if (!work_asks(x, words, 2, &may) || (may && !work_look(x, words, 2, take_type, s)))
            return false;
        if (bytes_is(buf_bytes(&s->type_text), "none")) /* it has gone meanwhile */
            continue;
        json_write_object(&x->json);
        json_write_name(&x->json, BYTES("key"));
        work_write_name(&x->json, key, key_count(s) - s->typed);
        json_write_name(&x->json, BYTES("type"));
        if (may)
            json_write_bytes(&x->json, buf_bytes(&s->type_text));
        else
            json_write_null(&x->json);
        json_write_object_end(&x->json);
    }
    return true;
}

/* What part of the keyspace lies behind a cursor: its bits are counted up from the highest on
 * (ds/table.h). */
static double progress(const char *cursor)
{
    uint64_t bits;
    double part = 0, bit = 0.5;
    if (!num_parse_uint(bytes_text(cursor), &bits) || !bits)
        return 1;
    for (; bits; bits >>= 1, bit /= 2)
        part += bits & 1 ? bit : 0;
    return part;
}

static void end_keys(struct exchange *x, const struct keys_page *s)
{
    struct json_write *w = &x->json;
    bool is_through = strcmp(s->cursor, "0") == 0;
    json_write_array_end(w);
    json_write_name(w, BYTES("cursor"));
    if (is_through)
        json_write_null(w);
    else
        json_write_text(w, s->cursor);
    json_write_name(w, BYTES("progress"));
    json_write_double(w, progress(s->cursor));
    perform_end(x);
}

void listing_keys_step(struct exchange *x)
{
    struct keys_page *s = work_state(x, sizeof(*s), drop_keys);
    if (!s->begun) {
        struct bytes cursor = param_text(&x->asked.params, "cursor");
        s->begun = true;
        s->step = SCAN_FIRST;
        if (cursor.n >= sizeof(s->cursor)) {
            tell_refusal(x, 400, "ERR", "cursor: there is no such one");
            return;
        }
        snprintf(s->cursor, sizeof(s->cursor), "%.*s", cursor.n ? (int)cursor.n : 1,
                 cursor.n ? cursor.p : "0");
        if (perform_begin(x)) {
            json_write_name(&x->json, BYTES("rows"));
            json_write_array(&x->json);
        }
        return;
    }
    bool scans = !s->has_cursor || (strcmp(s->cursor, "0") != 0 && s->looked < SCAN_LOOKS &&
                                    (long long)key_count(s) < x->asked.count);
    if (scans) {
        s->has_cursor = true;
        scan(x, s);
    } else if (s->typed < key_count(s)) {
        write_keys(x, s);
    } else {
        end_keys(x, s);
    }
}
