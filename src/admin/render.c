/* What the walker of replies (proto/answer) tells is written at once; nothing is kept but the front
 * of a string whose pieces have not all come, at most `max` bytes and a character of it.
 *
 * Each shape says three things of a place, which is the depth and how many values came there
 * before: what opens, what precedes a value, and what closes. In a map every other one is a name.
 *
 *   SURVEY    depth 0 is an object here, whose members are named by their places; a row is a map
 *             at depth 2.
 *   ENTRIES   depth 1 is an entry, an object here: its first value is the ID, its second, at
 *             depth 2, the array of fields, in which every other value begins a pair.
 *   TUPLES    depth 1 is an object here: each value is preceded by its name.
 *   KEEP      nothing is written; values go into `kept`, with their depth.
 *
 * What can fail: the writer's limit. Of entries and of the survey's rows the last one that did not
 * fit is taken back, and `full` tells that there are more; the first entry keeps the fields that
 * fit and tells by `fieldsLeft` how many do not, so that nobody waits at it for ever. Of everything
 * else the writer says that it is not whole. */
#include "admin/render.h"

#include "admin/param.h"
#include "admin/texts.h"
#include "base/assert.h"
#include "base/mem.h"
#include "base/num.h"

#include <math.h>

#define FRONT_ENDS 64 /* bytes of what ends an entry of which only the front is written */

static void write_name(struct render *r, struct bytes name, bool camel)
{
    if (r->shape == RENDER_TYPED)
        texts_write_exact_name(r->w, name);
    else if (camel)
        texts_write_name(r->w, name);
    else
        json_write_name(r->w, name);
}

static bool is(uint64_t bits, unsigned depth)
{
    return bits >> depth & 1;
}

/* ---- Values that are kept */

void render_kept_free(struct render_kept *k)
{
    for (size_t i = 0; i < k->n; i++)
        mem_free((void *)(uintptr_t)k->values[i].text.p);
    mem_free(k->values);
    *k = (struct render_kept){0};
}

static void keep(struct render *r, const struct answer_item *item, struct bytes text, uint64_t all)
{
    struct render_kept *k = r->kept;
    if (k->most && k->n == k->most) {
        k->more++;
        return;
    }
    if (k->n == k->cap) {
        k->cap = k->cap ? 2 * k->cap : 16;
        k->values = mem_realloc(k->values, k->cap * sizeof(*k->values));
    }
    bool is_number = item->kind == ANSWER_INT;
    k->values[k->n++] =
        (struct render_value){.kind = item->kind,
                              .depth = item->depth,
                              .number = is_number ? item->number : 0,
                              .text = bytes_of(mem_copy_text(text.p ? text.p : "", text.n), text.n),
                              .all = all};
}

/* Of RENDER_KEEP: true, whatever it is, but for an error. */
static bool is_kept(struct render *r, const struct answer_item *item)
{
    if (r->shape != RENDER_KEEP || (item->kind == ANSWER_ERROR && item->depth == 0))
        return false;
    if (item->kind == ANSWER_STRING)
        r->text_n = item->n;
    if (item->kind == ANSWER_STRING || item->kind == ANSWER_PIECE) {
        size_t left = (r->keeps_fronts ? r->max + 4 : SIZE_MAX) - r->text.n;
        buf_add(&r->text, bytes_of(item->text.p, item->text.n < left ? item->text.n : left));
        if (answer_string_left(&r->answer) == 0) {
            keep(r, item, buf_bytes(&r->text), r->text_n);
            r->text.n = 0;
        }
    } else if (item->kind < ANSWER_ARRAY) {
        keep(r, item, item->kind == ANSWER_INT ? BYTES("") : item->text, item->text.n);
    }
    return true;
}

/* ---- Places */

/* An array whose own brackets are not written. */
static bool is_bare(const struct render *r, unsigned depth)
{
    return depth == 0 && (r->shape == RENDER_ONE || r->shape == RENDER_DONE);
}

/* The n-th of words with blanks between them; empty: there are fewer. */
static struct bytes nth_word(const char *words, uint32_t n)
{
    const char *p = words;
    for (; n && p; n--) {
        p = strchr(p, ' ');
        p = p ? p + 1 : NULL;
    }
    return bytes_of(p ? p : "", p ? strcspn(p, " ") : 0);
}

/* What a row's place is made of, in the order of AFTER. */
static int part_of(const struct render *r, struct bytes name)
{
    static const char *const parts[] = {"db", "key", "group", "name"};
    if (bytes_equal_nocase(name, r->by.n ? r->by : BYTES("key")))
        return 0;
    for (int i = 0; i < 4; i++)
        if (bytes_is(name, parts[i]))
            return i < 3 ? i + 1 : 3;
    return -1;
}

/* A value of a row: as the next page asks behind it. */
static void keep_place(struct render *r, unsigned depth, struct bytes text, bool whole)
{
    if (r->shape != RENDER_SURVEY || depth != 3 || r->part < 0)
        return;
    struct render_place *p = &r->place;
    p->words[r->part].n = 0;
    buf_add(&p->words[r->part], text);
    p->is_cut = p->is_cut || !whole;
    p->has_group = p->has_group || r->part == 3;
    /* What rows are ordered by may be one of the others. */
    int other = bytes_is(r->by, "db") ? 1 : r->by.n == 0 || bytes_is(r->by, "key") ? 2 : 3;
    if (r->part == 0 && (other < 3 || bytes_is(r->by, "name"))) {
        p->has_group = p->has_group || other == 3;
        p->words[other].n = 0;
        buf_add(&p->words[other], text);
    }
    r->part = -1;
}

/* The row under way is the last one that was written. */
static void keep_last_place(struct render *r)
{
    struct render_place was = r->last_place;
    r->last_place = r->place;
    r->place = was;
}

#define PLACE_MOST  3000 /* bytes of a place in a target */
#define PLACE_FRONT 200  /* bytes of a name, where all of it has no room */

/* Makes a long name the least one after all names with its front or, in descending order, that
 * front, which comes after them then. False: the front is all 0xff, so no name comes after them. */
static bool skip_front(struct buf *room, struct bytes *name, bool is_descending)
{
    if (name->n <= PLACE_FRONT)
        return true;
    buf_add(room, bytes_of(name->p, PLACE_FRONT));
    while (!is_descending && room->n > 0 && (unsigned char)room->p[room->n - 1] == 0xff)
        room->n--;
    if (room->n == 0)
        return false;
    if (!is_descending)
        room->p[room->n - 1]++;
    *name = buf_bytes(room);
    return true;
}

/* Shortens the names of a place: value, database, key and, if n is 4, group. Only the value's order
 * may be descending. False: nothing comes after it. */
static bool shorten_place(struct bytes *words, size_t n, struct buf *room, bool by_name,
                          bool is_descending)
{
    long long db;
    if (by_name && words[0].n > PLACE_FRONT) {
        if (!skip_front(&room[0], &words[0], is_descending))
            return false;
        words[1] = BYTES("-1"); /* before all rows that have this value itself */
        words[2] = words[3] = BYTES("");
    } else if (words[2].n > PLACE_FRONT) {
        words[3] = BYTES("");
        if (!skip_front(&room[2], &words[2], false) && num_parse_int(words[1], &db)) {
            words[2] = BYTES("");
            buf_printf(&room[1], "%lld", db + 1);
            words[1] = buf_bytes(&room[1]);
        }
    } else if (n == 4 && !skip_front(&room[3], &words[3], false)) {
        words[3] = BYTES("");
        buf_add(&room[2], words[2]);
        buf_add_char(&room[2], '\0');
        words[2] = buf_bytes(&room[2]);
    }
    return true;
}

void render_write_place(const struct render *r)
{
    struct bytes words[4];
    struct buf text = {0}, room[4] = {{0}};
    const struct render_place *p = &r->last_place;
    bool by_name = r->by.n == 0 || bytes_is(r->by, "key") || bytes_is(r->by, "name");
    bool is_last = false;
    size_t n = p->has_group ? 4 : 3;
    for (size_t i = 0; i < n; i++)
        words[i] = p->words[i].n ? buf_bytes(&p->words[i]) : BYTES("");
    if (!p->is_cut)
        param_print_place(&text, words, n);
    if (p->is_cut || text.n > PLACE_MOST) {
        text.n = 0;
        is_last = !shorten_place(words, n, room, by_name, r->is_descending);
        param_print_place(&text, words, n);
    }
    if (is_last)
        json_write_null(r->w);
    else
        json_write_bytes(r->w, buf_bytes(&text));
    buf_free(&text);
    for (size_t i = 0; i < 4; i++)
        buf_free(&room[i]);
}

/* If the name is that of an age, prints its JSON name, which has the unit: "oldestReadyMs". Returns
 * the length; 0: it is no age. */
static size_t print_age(char *copy, struct bytes name)
{
    static const char *const ages[] = {"oldest-ready", "oldest-leased", "oldest", "newest", "next"};
    for (size_t i = 0; i < sizeof(ages) / sizeof(*ages); i++) {
        if (!bytes_is(name, ages[i]))
            continue;
        memcpy(copy, name.p, name.n);
        size_t n = texts_camel(copy, name.n);
        memcpy(copy + n, "Ms", 2);
        return n + 2;
    }
    return 0;
}

/* In camel case. */
static void write_member(struct render *r, unsigned depth, struct bytes name)
{
    char copy[64];
    size_t n = r->shape == RENDER_SURVEY ? print_age(copy, name) : 0;
    if (r->shape == RENDER_SURVEY && depth == 3)
        r->part = part_of(r, name);
    if (n)
        json_write_name(r->w, bytes_of(copy, n));
    else
        write_name(r, name, true);
}

/* Writes a member name of a row. All rows have the same members, so the result computed for this
 * position in an earlier row is reused. */
static void write_row_member(struct render *r, struct bytes name)
{
    uint32_t place = r->index[3] / 2; /* of the row's members */
    struct render_member *m = place < RENDER_MEMBERS ? &r->members[place] : NULL;
    if (m && m->name_n && bytes_equal(name, bytes_of(m->name, m->name_n))) {
        r->part = m->part;
        json_write_name(r->w, bytes_of(m->shown, m->shown_n));
        return;
    }
    write_member(r, 3, name);
    if (!m || !name.n || name.n + 2 > sizeof(m->name))
        return;
    memcpy(m->name, name.p, name.n);
    memcpy(m->shown, name.p, name.n);
    m->name_n = (unsigned char)name.n;
    size_t n = print_age(m->shown, name);
    m->shown_n = (unsigned char)(n ? n : texts_camel(m->shown, name.n));
    m->part = (signed char)r->part;
}

/* Something begins at this depth. False: it is a name, and is written as such. */
static bool begin_value(struct render *r, unsigned depth)
{
    uint32_t index = depth ? r->index[depth]++ : 0;
    if (depth && is(r->is_map, depth))
        return index % 2;
    if (r->shape == RENDER_TUPLES && depth == 2) {
        struct bytes name = nth_word(r->names, index);
        json_write_name(r->w, name.n ? name : BYTES("more"));
    } else if (r->shape == RENDER_SURVEY && depth == 1) {
        json_write_name(r->w, nth_word("survey total rows", index));
    } else if (r->shape == RENDER_PAIRS && depth == 1 && index % 2 == 0) {
        json_write_array(r->w);
    } else if (r->shape == RENDER_ENTRIES && depth == 2) {
        json_write_name(r->w, index == 0   ? BYTES("id")
                              : index == 1 ? BYTES("fields")
                                           : BYTES("more"));
    } else if (r->shape == RENDER_ENTRIES && depth == 3 && index % 2 == 0) {
        json_write_array(r->w);
    }
    return true;
}

/* Behind a whole number of an entry's fields. */
static void note_front(struct render *r)
{
    if (r->shape != RENDER_ENTRIES || r->rows || r->w->failed ||
        r->w->most - r->w->out->n < FRONT_ENDS)
        return;
    r->front = json_write_mark(r->w);
    r->has_front = true;
    r->front_fields = r->index[3] / 2;
}

/* A value has ended at this depth. */
static void end_value(struct render *r, unsigned depth)
{
    bool pairs =
        (r->shape == RENDER_ENTRIES && depth == 3) || (r->shape == RENDER_PAIRS && depth == 1);
    if (!pairs || r->index[depth] % 2)
        return;
    json_write_array_end(r->w);
    if (depth == 3)
        note_front(r);
}

/* What is taken back when it does not fit. */
static bool is_row(const struct render *r, unsigned depth)
{
    return (r->shape == RENDER_ENTRIES && depth == 1) || (r->shape == RENDER_SURVEY && depth == 2);
}

/* Of what holds values at this depth + 1. */
static void open(struct render *r, const struct answer_item *item)
{
    bool map = item->kind == ANSWER_MAP || item->kind == ANSWER_ATTRIBUTE;
    bool object = map ||
                  (item->depth == 1 && (r->shape == RENDER_TUPLES || r->shape == RENDER_ENTRIES)) ||
                  (item->depth == 0 && r->shape == RENDER_SURVEY);
    unsigned inner = item->depth + 1;
    if (is_row(r, item->depth)) {
        r->row = json_write_mark(r->w);
        r->has_front = false;
        r->place.is_cut = r->place.has_group = false;
    }
    if (!begin_value(r, item->depth))
        r->w->failed = true; /* no name is made of that */
    r->is_map = map ? r->is_map | 1ULL << inner : r->is_map & ~(1ULL << inner);
    r->is_object = object ? r->is_object | 1ULL << inner : r->is_object & ~(1ULL << inner);
    r->index[inner] = 0;
    if ((object && r->is_flat && item->depth == 0) || is_bare(r, item->depth))
        return; /* it is open already */
    if (object)
        json_write_object(r->w);
    else
        json_write_array(r->w);
    if (item->depth == 2)
        note_front(r);
}

/* The first row is longer than an answer: its front. False: there is no room for that either. */
static bool write_front(struct render *r)
{
    if (r->rows || !r->has_front)
        return false;
    uint64_t all = r->index[3] / 2, fits = r->front_fields;
    json_write_rewind(r->w, &r->front);
    json_write_array_end(r->w);
    json_write_name(r->w, BYTES("fieldsLeft"));
    json_write_uint(r->w, all - fits);
    json_write_object_end(r->w);
    return true;
}

static void close(struct render *r, const struct answer_item *item)
{
    bool object = is(r->is_object, item->depth + 1);
    if (r->shape == RENDER_DONE && item->depth == 0)
        json_write_int(r->w, r->done);
    if ((object && r->is_flat && item->depth == 0) || is_bare(r, item->depth))
        return;
    if (object)
        json_write_object_end(r->w);
    else
        json_write_array_end(r->w);
    end_value(r, item->depth);
    if (!is_row(r, item->depth) || r->full)
        return;
    bool fits = !r->w->failed && r->w->out->n < r->w->most; /* and the end of the array */
    if (fits || (r->shape == RENDER_ENTRIES && write_front(r))) {
        r->rows++;
        memcpy(r->last, r->id, sizeof(r->last));
        keep_last_place(r);
        return;
    }
    json_write_rewind(r->w, &r->row);
    r->w->most += sizeof("]");
    r->full = true;
}

/* ---- Values */

static void write_entry_id(struct render *r, struct bytes id)
{
    uint64_t ms;
    const char *dash = id.n ? memchr(id.p, '-', id.n) : NULL;
    json_write_name(r->w, BYTES("id"));
    json_write_bytes(r->w, id);
    if (dash && num_parse_uint(bytes_of(id.p, (size_t)(dash - id.p)), &ms)) {
        json_write_name(r->w, BYTES("ms"));
        json_write_uint(r->w, ms);
    }
    if (id.n < sizeof(r->id)) {
        memcpy(r->id, id.p, id.n);
        r->id[id.n] = 0;
    }
}

static bool is_info(const struct render *r)
{
    return r->shape == RENDER_INFO || r->shape == RENDER_STATS;
}

/* ---- Strings and other values */

/* front: all of it, or what is shown and a character. */
static void write_string(struct render *r, unsigned depth, struct bytes front, uint64_t n)
{
    if (r->shape == RENDER_ENTRIES && depth == 2 && r->index[2] == 0 && front.n == n) {
        r->index[2]++;
        write_entry_id(r, front);
        return;
    }
    if (!begin_value(r, depth)) {
        if (r->shape == RENDER_SURVEY && depth == 3)
            write_row_member(r, front);
        else
            write_member(r, depth, front);
        r->secret = r->shape == RENDER_USER && depth == 1 && bytes_is(front, "passwords");
        return;
    }
    keep_place(r, depth, front, front.n == n);
    if (r->shape == RENDER_LINES && depth == 0)
        texts_write_lines(r->w, front, r->max);
    else if (is_info(r) && depth == 0)
        texts_write_info(r->w, front, r->max, r->shape == RENDER_STATS, r->is_flat);
    else if (r->secret)
        json_write_null(r->w);
    else
        json_write_cut_front(r->w, front, n, r->max);
    r->secret = false;
    end_value(r, depth);
}

/* What else there is; none of it is a name but in maps of maps of numbers, which nothing answers.
 */
static void write_scalar(struct render *r, const struct answer_item *item)
{
    if (!begin_value(r, item->depth)) {
        write_name(r, item->text, false);
        return;
    }
    if (r->shape == RENDER_SURVEY && r->part >= 0) {
        char digits[NUM_INT_MAX];
        bool is_int = item->kind == ANSWER_INT;
        keep_place(r, item->depth,
                   is_int ? bytes_of(digits, num_print_int(digits, item->number)) : item->text,
                   true);
    }
    if (item->kind == ANSWER_INT)
        json_write_int(r->w, item->number);
    else if (item->kind == ANSWER_DOUBLE && !isfinite(item->real)) /* no number of JSON */
        json_write_text(r->w, isnan(item->real) ? "nan" : item->real > 0 ? "inf" : "-inf");
    else if (item->kind == ANSWER_DOUBLE)
        json_write_double(r->w, item->real);
    else if (item->kind == ANSWER_BOOL)
        json_write_bool(r->w, item->number);
    else if (item->kind == ANSWER_NULL)
        json_write_null(r->w);
    else
        json_write_cut(r->w, item->text, r->max);
    end_value(r, item->depth);
}

/* How much of a string is kept. */
static size_t room(const struct render *r)
{
    return r->shape == RENDER_LINES || is_info(r) ? SIZE_MAX : r->max + 4;
}

static void take_piece(struct render *r, const struct answer_item *item)
{
    size_t left = room(r) - r->text.n, n = item->text.n < left ? item->text.n : left;
    buf_add(&r->text, bytes_of(item->text.p, n));
    if (answer_string_left(&r->answer) == 0) {
        write_string(r, item->depth, buf_bytes(&r->text), r->text_n);
        r->text.n = 0;
    }
}

/* Of RENDER_DONE: values of an array are counted, and not written. True: that was one. */
static bool is_counted(struct render *r, const struct answer_item *item)
{
    if (r->shape != RENDER_DONE || item->depth == 0)
        return false;
    bool counts = item->depth == 1 && item->kind != ANSWER_CLOSE && item->kind != ANSWER_PIECE;
    r->done +=
        counts && item->kind != ANSWER_NULL && !(item->kind == ANSWER_INT && item->number <= 0);
    return true;
}

/* Of RENDER_USER: digests of passwords are counted. True: this is one of them, or their array. */
static bool is_hidden(struct render *r, const struct answer_item *item)
{
    if (r->skips && (item->depth > r->skips || item->kind == ANSWER_CLOSE)) {
        r->skips = item->depth > r->skips ? r->skips : 0;
        return true;
    }
    if (!r->secret || r->shape != RENDER_USER || item->kind != ANSWER_ARRAY)
        return false;
    begin_value(r, item->depth);
    json_write_uint(r->w, item->n);
    r->secret = false;
    r->skips = item->depth;
    return true;
}

static void take_item(struct render *r, const struct answer_item *item)
{
    if (is_counted(r, item) || is_kept(r, item) || is_hidden(r, item))
        return;
    if (r->shape == RENDER_ITEMS && !(item->kind == ANSWER_ERROR && item->depth == 0)) {
        r->item(r->to, item);
        return;
    }
    if (item->depth == 0)
        r->is_nothing = item->kind == ANSWER_NULL || (item->kind == ANSWER_INT && !item->number);
    switch (item->kind) {
    case ANSWER_STRING:
        r->text_n = item->n;
        if (item->text.n == item->n)
            write_string(r, item->depth, item->text, item->n);
        else
            take_piece(r, item);
        break;
    case ANSWER_PIECE:
        take_piece(r, item);
        break;
    case ANSWER_ARRAY:
    case ANSWER_SET:
    case ANSWER_PUSH:
    case ANSWER_MAP:
    case ANSWER_ATTRIBUTE:
        open(r, item);
        break;
    case ANSWER_CLOSE:
        close(r, item);
        break;
    case ANSWER_ERROR:
        if (item->depth == 0) {
            buf_add(&r->error, item->text);
            break;
        }
        write_scalar(r, item);
        break;
    default:
        write_scalar(r, item);
    }
}

bool render_feed(struct render *r, struct bytes piece)
{
    struct answer_item item;
    enum answer_step step;
    while ((step = answer_next(&r->answer, &piece, &item)) == ANSWER_ITEM)
        if (!r->full)
            take_item(r, &item);
        else if (item.kind == ANSWER_CLOSE && item.depth <= (r->shape == RENDER_SURVEY))
            close(r, &item);
    return step != ANSWER_BAD;
}

void render_end(struct render *r)
{
    answer_reset(&r->answer);
    buf_free(&r->text);
    buf_free(&r->error);
    for (size_t i = 0; i < sizeof(r->place.words) / sizeof(*r->place.words); i++) {
        buf_free(&r->place.words[i]);
        buf_free(&r->last_place.words[i]);
    }
}
