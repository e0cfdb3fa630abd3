/* The settings: a table (settings.def) and the fields that it describes in struct settings.
 *
 * A setting's field has the type given in the table: a number, a string, or bytes. All external
 * input is text and goes through settings_parse(), which checks and stores it, or returns the
 * reason of a failure and leaves the field unchanged. Settings whose text has a grammar of its own
 * are stored twice: as canonical text here, and parsed by config/forms.c.
 *
 * Defaults are parsed in the same way at creation, so a default outside its limits fails an
 * assertion at the start.
 *
 * A reason may point to static memory: it is valid until the next call. Changes are applied by the
 * callback `changed`. */
#include "config/settings.h"

#include "base/assert.h"
#include "base/mem.h"
#include "base/num.h"
#include "config/forms.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

static const struct setting table[] = {
#define S(type, name, alias, field, fallback, least, most, flags, words, summary)                  \
    {SETTING_##type, name,  alias,  offsetof(struct settings, field), fallback, least, most,       \
     flags,          words, summary},
#include "config/settings.def"
#undef S
};

#define COUNT (sizeof(table) / sizeof(table[0]))

static long long *number_of(struct settings *s, const struct setting *x)
{
    return (long long *)(void *)((char *)s + x->at);
}

static char **text_of(struct settings *s, const struct setting *x)
{
    return (char **)(void *)((char *)s + x->at);
}

static struct bytes *bytes_field(struct settings *s, const struct setting *x)
{
    return (struct bytes *)(void *)((char *)s + x->at);
}

const struct setting *settings_table(size_t *count)
{
    *count = COUNT;
    return table;
}

size_t settings_place(const struct setting *setting)
{
    return (size_t)(setting - table);
}

const struct setting *settings_find(struct bytes name)
{
    for (size_t i = 0; i < COUNT; i++)
        if (bytes_is(name, table[i].name) || (table[i].alias && bytes_is(name, table[i].alias)))
            return &table[i];
    return NULL;
}

struct settings *settings_new(void)
{
    struct settings *s = mem_zalloc(sizeof(*s));
    for (size_t i = 0; i < COUNT; i++) {
        const char *reason;
        bool fits = settings_parse(s, &table[i], bytes_text(table[i].fallback), &reason);
        ASSERT(fits);
    }
    return s;
}

void settings_free(struct settings *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < COUNT; i++)
        if (settings_is_text(&table[i]))
            mem_free(*text_of(s, &table[i]));
        else if (table[i].type == SETTING_BYTES)
            mem_free((char *)(uintptr_t)bytes_field(s, &table[i])->p);
    mem_free(s->file);
    mem_free(s->percentiles);
    buf_free(&s->users);
    buf_free(&s->renames);
    buf_free(&s->obsolete);
    mem_free(s->started_in);
    mem_free(s);
}

/* Walks "word:number|word:number"; false at the end. */
static bool next_word(const char **at, struct bytes *word, long long *number)
{
    if (!**at)
        return false;
    const char *colon = strchr(*at, ':');
    *word = bytes_of(*at, (size_t)(colon - *at));
    char *end;
    *number = strtoll(colon + 1, &end, 10);
    *at = *end ? end + 1 : end;
    return true;
}

void settings_print(const struct settings *s, const struct setting *x, struct buf *out)
{
    const char *field = (const char *)s + x->at;
    long long v = 0;
    if (settings_is_text(x)) {
        char *text;
        memcpy(&text, field, sizeof(text));
        buf_add_text(out, text);
        return;
    }
    if (x->type == SETTING_BYTES) {
        struct bytes all;
        memcpy(&all, field, sizeof(all));
        buf_add(out, all);
        return;
    }
    memcpy(&v, field, sizeof(v));
    if (x->type == SETTING_BOOL) {
        buf_add_text(out, v ? "yes" : "no");
    } else if (x->type == SETTING_ENUM) {
        struct bytes word;
        long long number;
        for (const char *at = x->words; next_word(&at, &word, &number);)
            if (number == v) {
                buf_add(out, word);
                return;
            }
    } else if (x->type == SETTING_OCTAL) {
        buf_printf(out, "%llo", (unsigned long long)v);
    } else if ((x->flags & SETTING_PERCENT) && v < 0) {
        buf_printf(out, "%lld%%", -v);
    } else {
        buf_add_int(out, v);
    }
}

/* Clamps a value, as Redis does. */
static long long clamped(const struct setting *x, long long v)
{
    static const struct {
        size_t at;
        long long least, most;
    } clamps[] = {
        {offsetof(struct settings, hz), 1, 500},
        {offsetof(struct settings, repl_backlog_size), 16384, INT64_MAX},
        {offsetof(struct settings, watchdog_period), 200, INT64_MAX},
    };
    for (size_t i = 0; i < sizeof(clamps) / sizeof(clamps[0]); i++) {
        if (clamps[i].at != x->at ||
            (v == 0 && x->at == offsetof(struct settings, watchdog_period)))
            continue;
        return v < clamps[i].least ? clamps[i].least : v > clamps[i].most ? clamps[i].most : v;
    }
    return v;
}

/* Fields are C strings: a NUL would silently truncate the value. */
static bool parse_text(struct settings *s, const struct setting *x, struct bytes text,
                       const char **reason)
{
    static char why[96];
    struct buf canonical = {0};
    if (text.n && memchr(text.p, 0, text.n)) {
        *reason = "argument must not contain a NUL byte";
        return false;
    }
    if ((x->flags & SETTING_FILENAME) && text.n && memchr(text.p, '/', text.n)) {
        snprintf(why, sizeof(why), "%s can't be a path, just a filename", x->name);
        *reason = why;
        return false;
    }
    if (x->type == SETTING_TEXT) {
        buf_add(&canonical, text);
    } else if (!forms_read(s, x, text, &canonical, reason)) {
        buf_free(&canonical);
        return false;
    }
    char **field = text_of(s, x), *old = *field;
    *field = mem_copy_text(canonical.n ? canonical.p : "", canonical.n);
    mem_free(old);
    buf_free(&canonical);
    *reason = NULL;
    return true;
}

static bool parse_bool(struct bytes text, long long *v, const char **reason)
{
    *v = bytes_is(text, "yes");
    if (!*v && !bytes_is(text, "no"))
        *reason = "argument must be 'yes' or 'no'";
    return !*reason;
}

static bool parse_enum(const struct setting *x, struct bytes text, long long *v,
                       const char **reason)
{
    static char why[256];
    struct bytes word;
    struct buf all = {0};
    bool found = false;
    for (const char *at = x->words; !found && next_word(&at, &word, v);) {
        found = bytes_equal_nocase(word, text);
        buf_printf(&all, "%s%.*s", all.n ? ", " : "", (int)word.n, word.p);
    }
    if (!found) {
        snprintf(why, sizeof(why), "argument(s) must be one of the following: %.*s", (int)all.n,
                 all.p);
        *reason = why;
    }
    buf_free(&all);
    return found;
}

static bool parse_size(const struct setting *x, struct bytes text, long long *v,
                       const char **reason)
{
    bool percent = x->flags & SETTING_PERCENT;
    if (percent && text.n && text.p[text.n - 1] == '%' &&
        num_parse_int(bytes_of(text.p, text.n - 1), v) && *v >= 0) {
        if (*v > 100)
            *reason = "percentage argument must be less or equal to 100";
        *v = -*v;
    } else if (!num_parse_size(text, v) || (*v < 0 && (x->least >= 0 || percent))) {
        *reason = percent ? "argument must be a memory or percent value"
                          : "argument must be a memory value";
    }
    return !*reason;
}

static bool parse_octal(struct bytes text, long long *v, const char **reason)
{
    char digits[16], *end;
    snprintf(digits, sizeof(digits), "%.*s", (int)text.n, text.p);
    *v = strtoll(digits, &end, 8);
    if (end == digits || *end)
        *reason = "argument couldn't be parsed as an octal number";
    return !*reason;
}

/* Parses a value of a numeric type, before its limits are checked. */
static bool parse_number(const struct setting *x, struct bytes text, long long *v,
                         const char **reason)
{
    switch (x->type) {
    case SETTING_BOOL:
        return parse_bool(text, v, reason);
    case SETTING_ENUM:
        return parse_enum(x, text, v, reason);
    case SETTING_SIZE:
        return parse_size(x, text, v, reason);
    case SETTING_OCTAL:
        return parse_octal(text, v, reason);
    default:
        ASSERT(x->type == SETTING_INT);
        if (!num_parse_int(text, v))
            *reason = "argument couldn't be parsed into an integer";
        return !*reason;
    }
}

static void take_bytes(struct settings *s, const struct setting *x, struct bytes text)
{
    struct bytes *field = bytes_field(s, x);
    char *copy = mem_copy_text(text.n ? text.p : "", text.n);
    mem_free((char *)(uintptr_t)field->p);
    *field = bytes_of(copy, text.n);
}

bool settings_parse(struct settings *s, const struct setting *x, struct bytes text,
                    const char **reason)
{
    static char why[256];
    long long v = 0;
    *reason = NULL;
    if (settings_is_text(x))
        return parse_text(s, x, text, reason);
    if (x->type == SETTING_BYTES) {
        take_bytes(s, x, text);
        return true;
    }
    if (!parse_number(x, text, &v, reason))
        return false;
    bool limited = x->type != SETTING_BOOL && x->type != SETTING_ENUM;
    if (limited && (v < x->least || v > x->most)) {
        snprintf(why, sizeof(why), "argument must be between %lld and %lld inclusive", x->least,
                 x->most);
        *reason = why;
        return false;
    }
    *number_of(s, x) = limited ? clamped(x, v) : v;
    return true;
}

bool settings_is_text(const struct setting *x)
{
    return x->type >= SETTING_TEXT;
}

bool settings_is_default(const struct settings *s, const struct setting *x)
{
    struct buf now = {0};
    struct settings *fresh = settings_new();
    struct buf before = {0};
    settings_print(s, x, &now);
    settings_print(fresh, x, &before);
    bool same = bytes_equal(buf_bytes(&now), buf_bytes(&before));
    settings_free(fresh);
    buf_free(&now);
    buf_free(&before);
    return same;
}
