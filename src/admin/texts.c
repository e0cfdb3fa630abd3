#include "admin/texts.h"

#include "base/num.h"
#include "base/utf8.h"

#include <ctype.h>
#include <string.h>

size_t texts_camel(char *name, size_t n)
{
    size_t to = 0;
    while (to < n && name[to] != '-' && name[to] != '_' && name[to] != ' ')
        to++; /* no separator so far: unchanged */
    bool up = false;
    for (size_t i = to; i < n; i++) {
        if (name[i] == '-' || name[i] == '_' || name[i] == ' ')
            up = to > 0;
        else if (up && islower((unsigned char)name[i]))
            name[to++] = (char)toupper((unsigned char)name[i]), up = false;
        else
            name[to++] = name[i], up = false;
    }
    return to;
}

void texts_write_name(struct json_write *w, struct bytes name)
{
    char copy[64];
    if (name.n <= sizeof(copy) && name.n) {
        memcpy(copy, name.p, name.n);
        name = bytes_of(copy, texts_camel(copy, name.n));
    }
    json_write_name(w, name);
}

void texts_write_exact_name(struct json_write *w, struct bytes name)
{
    struct buf mended = {0};
    while (name.n) {
        size_t n = utf8_length(name);
        if (n)
            buf_add(&mended, bytes_of(name.p, n));
        else
            buf_printf(&mended, "\\x%02x", (unsigned char)*name.p);
        n += n == 0;
        name = bytes_of(name.p + n, name.n - n);
    }
    json_write_name(w, mended.n ? buf_bytes(&mended) : BYTES(""));
    buf_free(&mended);
}

/* Fields of CLIENT LIST whose value a client chose: they stay strings even if they look like a
 * number, or a client named "12" would change the type of the member. */
static bool is_chosen(struct bytes name)
{
    return bytes_is(name, "name") || bytes_is(name, "user") || bytes_is(name, "lib-name") ||
           bytes_is(name, "lib-ver");
}

void texts_write_line(struct json_write *w, struct bytes line, size_t max)
{
    json_write_object(w);
    while (line.n) {
        const char *blank = memchr(line.p, ' ', line.n);
        size_t word = blank ? (size_t)(blank - line.p) : line.n;
        const char *equals = memchr(line.p, '=', word);
        size_t name = equals ? (size_t)(equals - line.p) : word;
        struct bytes value =
            bytes_of(line.p + name + (equals != NULL), word - name - (equals != NULL));
        long long v;
        texts_write_name(w, bytes_of(line.p, name));
        if (!is_chosen(bytes_of(line.p, name)) && num_parse_int(value, &v))
            json_write_int(w, v);
        else
            json_write_cut(w, value, max);
        word += blank != NULL;
        line = bytes_of(line.p + word, line.n - word);
    }
    json_write_object_end(w);
}

void texts_write_lines(struct json_write *w, struct bytes text, size_t max)
{
    json_write_array(w);
    while (text.n) {
        const char *end = memchr(text.p, '\n', text.n);
        size_t n = end ? (size_t)(end - text.p) : text.n;
        struct bytes line = bytes_of(text.p, n);
        texts_write_line(w, line, max);
        n += end != NULL;
        text = bytes_of(text.p + n, text.n - n);
    }
    json_write_array_end(w);
}

/* ---- INFO */

static struct bytes next_of(struct bytes *text, char end)
{
    const char *at = text->n ? memchr(text->p, end, text->n) : NULL;
    size_t n = at ? (size_t)(at - text->p) : text->n;
    struct bytes part = bytes_of(text->p, n);
    n += at != NULL;
    *text = bytes_of(text->p + n, text->n - n);
    return part;
}

/* Values that stay strings although they look like numbers: IDs of 40 characters, which may all be
 * digits, and digits with a leading zero. */
static bool is_id(struct bytes value)
{
    return value.n == 40 || (value.n > 1 && *value.p == '0' && value.p[1] != '.');
}

static void write_figure(struct json_write *w, struct bytes value, size_t max)
{
    long long i;
    double d;
    if (is_id(value))
        json_write_cut(w, value, max);
    else if (num_parse_int(value, &i))
        json_write_int(w, i);
    else if (value.n && memchr("0123456789-", *value.p, 11) && num_parse_double(value, &d))
        json_write_double(w, d);
    else
        json_write_cut(w, value, max);
}

/* Members of "a=1,b=2". */
static void write_figures(struct json_write *w, struct bytes text, size_t max)
{
    while (text.n) {
        struct bytes value = next_of(&text, ',');
        struct bytes name = next_of(&value, '=');
        texts_write_name(w, name);
        write_figure(w, value, max);
    }
}

static void write_info_line(struct json_write *w, struct bytes name, struct bytes value, size_t max)
{
    texts_write_name(w, name);
    if (value.n && memchr(value.p, '=', value.n)) {
        json_write_object(w);
        write_figures(w, value, max);
        json_write_object_end(w);
    } else {
        write_figure(w, value, max);
    }
}

static void write_stats_line(struct json_write *w, struct bytes name, struct bytes value,
                             size_t max)
{
    static const char *const fronts[] = {"cmdstat_", "latency_percentiles_usec_", "errorstat_"};
    for (size_t i = 0; i < sizeof(fronts) / sizeof(*fronts); i++)
        if (bytes_has_prefix(name, fronts[i]))
            name = bytes_of(name.p + strlen(fronts[i]), name.n - strlen(fronts[i]));
    json_write_object(w);
    json_write_name(w, BYTES("name"));
    json_write_bytes(w, name);
    write_figures(w, value, max);
    json_write_object_end(w);
}

/* Lines of "name:value", and of "# Section". */
void texts_write_info(struct json_write *w, struct bytes text, size_t max, bool rows, bool is_open)
{
    if (rows)
        json_write_array(w);
    else if (!is_open)
        json_write_object(w);
    while (text.n) {
        struct bytes value = next_of(&text, '\n');
        value.n -= value.n && value.p[value.n - 1] == '\r';
        if (value.n == 0 || *value.p == '#')
            continue;
        struct bytes name = next_of(&value, ':');
        if (rows)
            write_stats_line(w, name, value, max);
        else
            write_info_line(w, name, value, max);
    }
    if (rows)
        json_write_array_end(w);
    else if (!is_open)
        json_write_object_end(w);
}
