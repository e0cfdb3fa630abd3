#include "admin/entries.h"

#include "base/assert.h"
#include "base/num.h"

#include <string.h>

const struct entries_field *entries_fields(const struct entries *e)
{
    return (const void *)e->fields.p;
}

struct bytes entries_name(const struct entries *e, size_t i)
{
    const struct entries_field *f = &entries_fields(e)[i];
    return bytes_of(e->text.p + f->at, f->name_n);
}

struct bytes entries_value(const struct entries *e, size_t i)
{
    const struct entries_field *f = &entries_fields(e)[i];
    return bytes_of(e->text.p + f->at + f->name_n, f->value_n);
}

/* ---- Reading */

static bool value_fits(const struct entries_filter *f, struct bytes value)
{
    switch (f->how) {
    case ENTRIES_CONTAINS:
        return !f->text.n ||
               (value.n >= f->text.n && memmem(value.p, value.n, f->text.p, f->text.n));
    case ENTRIES_EQUALS:
        return bytes_equal(value, f->text);
    default:
        return true;
    }
}

static struct bytes front(const struct entries *e, struct bytes x)
{
    return bytes_of(x.p, x.n < e->keep ? x.n : e->keep);
}

static void take_name(struct entries *e, struct bytes name)
{
    const struct entries_filter *f = &e->filter;
    struct bytes kept = front(e, name);
    struct entries_field field = {.at = e->text.n, .name_n = kept.n, .name_all = name.n};
    buf_add(&e->text, kept);
    buf_add(&e->fields, bytes_of(&field, sizeof(field)));
    e->n++;
    e->name_fits = f->any_field || bytes_equal(name, f->field);
}

static void take_value(struct entries *e, struct bytes value)
{
    struct entries_field *field = (struct entries_field *)(void *)e->fields.p + e->n - 1;
    size_t skip = e->skip < value.n ? e->skip : value.n;
    struct bytes rest = bytes_of(value.p + skip, value.n - skip), kept = front(e, rest);
    buf_add(&e->text, kept);
    field->value_n = kept.n;
    field->value_all = rest.n;
    e->fits = e->fits || (e->name_fits && value_fits(&e->filter, value));
}

void entries_item(struct entries *e, const struct answer_item *item)
{
    bool opens = item->kind == ANSWER_ARRAY && item->depth == e->depth;
    if (opens) {
        e->n = e->fields.n = e->text.n = 0;
        e->index = 0;
        e->id[0] = 0;
        e->fits = e->filter.how == ENTRIES_ALL;
    } else if (item->kind == ANSWER_CLOSE && item->depth == e->depth) {
        e->each(e->to, e);
    } else if (item->kind == ANSWER_STRING && item->depth == e->depth + 1 &&
               item->text.n < ENTRIES_ID && !e->id[0]) {
        memcpy(e->id, item->text.p, item->text.n);
        e->id[item->text.n] = 0;
    } else if (item->kind == ANSWER_STRING && item->depth == e->depth + 2) {
        if (e->index++ % 2)
            take_value(e, item->text);
        else
            take_name(e, item->text);
    }
}

void entries_end(struct entries *e)
{
    buf_free(&e->fields);
    buf_free(&e->text);
}

bool entries_is_id(struct bytes id)
{
    return id.n < ENTRIES_ID && id.n && memchr(id.p, '-', id.n);
}

/* ---- Writing */

void entries_write_id(struct json_write *w, struct bytes id)
{
    uint64_t ms;
    const char *dash = id.n ? memchr(id.p, '-', id.n) : NULL;
    json_write_name(w, BYTES("id"));
    json_write_bytes(w, id);
    if (!dash || !num_parse_uint(bytes_of(id.p, (size_t)(dash - id.p)), &ms))
        return;
    json_write_name(w, BYTES("ms"));
    json_write_uint(w, ms);
}

static bool is_asked(const struct entries *e, size_t i)
{
    return !e->only || i + 1 == e->only;
}

static void write_field(const struct entries *e, size_t i, struct json_write *w, size_t max)
{
    const struct entries_field *f = &entries_fields(e)[i];
    json_write_array(w);
    json_write_cut_front(w, entries_name(e, i), f->name_all, max);
    json_write_cut_front(w, entries_value(e, i), f->value_all, max);
    json_write_array_end(w);
}

void entries_write_fields(const struct entries *e, struct json_write *w, size_t max)
{
    json_write_array(w);
    for (size_t i = 0; i < e->n; i++)
        if (is_asked(e, i))
            write_field(e, i, w, max);
    json_write_array_end(w);
}

void entries_write_fields_front(const struct entries *e, struct json_write *w, size_t max)
{
    size_t left = 0;
    ASSERT(w->most - w->out->n >= ENTRIES_FRONT);
    w->most -= ENTRIES_FRONT;
    json_write_array(w);
    for (size_t i = 0; i < e->n; i++) {
        struct json_write_mark before = json_write_mark(w);
        if (!is_asked(e, i))
            continue;
        if (!left)
            write_field(e, i, w, max);
        if (!left && !w->failed)
            continue;
        left++;
        json_write_rewind(w, &before);
    }
    w->most += ENTRIES_FRONT;
    json_write_array_end(w);
    json_write_name(w, BYTES("fieldsLeft"));
    json_write_uint(w, left);
}

bool entries_write(const struct entries *e, struct json_write *w, size_t max)
{
    struct json_write_mark before = json_write_mark(w);
    json_write_object(w);
    entries_write_id(w, bytes_text(e->id));
    json_write_name(w, BYTES("fields"));
    entries_write_fields(e, w, max);
    json_write_object_end(w);
    if (!w->failed)
        return true;
    json_write_rewind(w, &before);
    return false;
}

void entries_write_front(const struct entries *e, struct json_write *w, size_t max)
{
    json_write_object(w);
    entries_write_id(w, bytes_text(e->id));
    json_write_name(w, BYTES("fields"));
    entries_write_fields_front(e, w, max);
    json_write_object_end(w);
}
