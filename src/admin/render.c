/* What the walker of replies (proto/answer) tells is written at once; nothing is kept but the front
 * of a string whose pieces have not all come, at most `max` bytes and a character of it.
 *
 * Each shape says three things of a place, which is the depth and how many values came there
 * before: what opens, what a value is preceded by, and what closes. In a map every other value is a
 * name.
 *
 *   ENTRIES   depth 1 is an entry, an object here: its first value is the ID, its second, at depth
 * 2, the array of fields, in which every other value begins a pair. TUPLES    depth 1 is an object
 * here: each value is preceded by its name.
 *
 * What can fail: the writer's limit. Of entries the last one that did not fit is taken back, and
 * `full` tells that there are more; of everything else the writer says that it is not whole. */
#include "admin/render.h"

#include "base/assert.h"
#include "base/num.h"
#include "config/settings.h"

#include <ctype.h>

size_t render_camel(char *name, size_t n)
{
    size_t to = 0;
    bool up = false;
    for (size_t i = 0; i < n; i++) {
        if (name[i] == '-' || name[i] == '_' || name[i] == ' ')
            up = to > 0;
        else if (up && islower((unsigned char)name[i]))
            name[to++] = (char)toupper((unsigned char)name[i]), up = false;
        else
            name[to++] = name[i], up = false;
    }
    return to;
}

static void write_name(struct render *r, struct bytes name, bool camel)
{
    char copy[64];
    if (camel && name.n <= sizeof(copy) && name.n) {
        memcpy(copy, name.p, name.n);
        name = bytes_of(copy, render_camel(copy, name.n));
    }
    json_write_name(r->w, name);
}

static bool is(uint64_t bits, unsigned depth)
{
    return bits >> depth & 1;
}

/* ---- Places */

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

/* Something begins at this depth. False: it is a name, and is written as such. */
static bool begin_value(struct render *r, unsigned depth)
{
    uint32_t index = depth ? r->index[depth]++ : 0;
    if (depth && is(r->is_map, depth))
        return index % 2;
    if (r->shape == RENDER_TUPLES && depth == 2) {
        struct bytes name = nth_word(r->names, index);
        json_write_name(r->w, name.n ? name : BYTES("more"));
    } else if (r->shape == RENDER_ENTRIES && depth == 2) {
        json_write_name(r->w, index == 0   ? BYTES("id")
                              : index == 1 ? BYTES("fields")
                                           : BYTES("more"));
    } else if (r->shape == RENDER_ENTRIES && depth == 3 && index % 2 == 0) {
        json_write_array(r->w);
    }
    return true;
}

/* A value has ended at this depth. */
static void end_value(struct render *r, unsigned depth)
{
    if (r->shape == RENDER_ENTRIES && depth == 3 && r->index[3] % 2 == 0)
        json_write_array_end(r->w);
}

/* Of what holds values at this depth + 1. */
static void open(struct render *r, const struct answer_item *item)
{
    bool map = item->kind == ANSWER_MAP || item->kind == ANSWER_ATTRIBUTE;
    bool object =
        map || (item->depth == 1 && (r->shape == RENDER_TUPLES || r->shape == RENDER_ENTRIES));
    unsigned inner = item->depth + 1;
    if (r->shape == RENDER_ENTRIES && item->depth == 1) {
        r->row = *r->w;
        r->row_n = r->w->out->n;
    }
    if (!begin_value(r, item->depth))
        r->w->failed = true; /* no name is made of that */
    r->is_map = map ? r->is_map | 1ULL << inner : r->is_map & ~(1ULL << inner);
    r->is_object = object ? r->is_object | 1ULL << inner : r->is_object & ~(1ULL << inner);
    r->index[inner] = 0;
    if (object)
        json_write_object(r->w);
    else
        json_write_array(r->w);
}

static void close(struct render *r, const struct answer_item *item)
{
    if (is(r->is_object, item->depth + 1))
        json_write_object_end(r->w);
    else
        json_write_array_end(r->w);
    end_value(r, item->depth);
    if (r->shape != RENDER_ENTRIES || item->depth != 1 || r->full)
        return;
    if (!r->w->failed) {
        r->rows++;
        memcpy(r->last, r->id, sizeof(r->last));
        return;
    }
    *r->w = r->row;
    r->w->out->n = r->row_n;
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

/* Of CLIENT LIST: what clients choose is text, also where it looks like a number. */
static bool is_chosen(struct bytes name)
{
    return bytes_is(name, "name") || bytes_is(name, "user") || bytes_is(name, "lib-name") ||
           bytes_is(name, "lib-ver");
}

static void write_lines(struct render *r, struct bytes text)
{
    json_write_array(r->w);
    while (text.n) {
        const char *end = memchr(text.p, '\n', text.n);
        size_t n = end ? (size_t)(end - text.p) : text.n;
        struct bytes line = bytes_of(text.p, n);
        json_write_object(r->w);
        while (line.n) {
            const char *blank = memchr(line.p, ' ', line.n);
            size_t word = blank ? (size_t)(blank - line.p) : line.n;
            const char *equals = memchr(line.p, '=', word);
            size_t name = equals ? (size_t)(equals - line.p) : word;
            struct bytes value =
                bytes_of(line.p + name + (equals != NULL), word - name - (equals != NULL));
            long long v;
            write_name(r, bytes_of(line.p, name), true);
            if (!is_chosen(bytes_of(line.p, name)) && num_parse_int(value, &v))
                json_write_int(r->w, v);
            else
                json_write_cut(r->w, value, r->max);
            word += blank != NULL;
            line = bytes_of(line.p + word, line.n - word);
        }
        json_write_object_end(r->w);
        n += end != NULL;
        text = bytes_of(text.p + n, text.n - n);
    }
    json_write_array_end(r->w);
}

static bool is_secret(struct bytes name)
{
    const struct setting *s = settings_find(name);
    return !s || (s->flags & SETTING_SECRET) || bytes_is(name, "requirepass") ||
           bytes_is(name, "masterauth");
}

/* front: all of it, or what is shown and a character. */
static void write_string(struct render *r, unsigned depth, struct bytes front, uint64_t n)
{
    if (r->shape == RENDER_ENTRIES && depth == 2 && r->index[2] == 0 && front.n == n) {
        r->index[2]++;
        write_entry_id(r, front);
        return;
    }
    if (!begin_value(r, depth)) {
        write_name(r, front, r->shape != RENDER_CONFIG);
        r->secret = r->shape == RENDER_CONFIG && is_secret(front);
        return;
    }
    if (r->shape == RENDER_LINES && depth == 0)
        write_lines(r, front);
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
    if (item->kind == ANSWER_INT)
        json_write_int(r->w, item->number);
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
    return r->shape == RENDER_LINES ? SIZE_MAX : r->max + 4;
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

static void take_item(struct render *r, const struct answer_item *item)
{
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
        else if (item.kind == ANSWER_CLOSE && item.depth == 0)
            close(r, &item);
    return step != ANSWER_BAD;
}

void render_end(struct render *r)
{
    answer_reset(&r->answer);
    buf_free(&r->text);
    buf_free(&r->error);
}
