#include "config/settings.h"

#include "base/assert.h"
#include "base/mem.h"
#include "base/num.h"

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

const struct setting *settings_table(size_t *count)
{
    *count = COUNT;
    return table;
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
        if (table[i].type == SETTING_TEXT)
            mem_free(*text_of(s, &table[i]));
    mem_free(s->file);
    buf_free(&s->users);
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
    if (x->type == SETTING_TEXT) {
        char *text;
        memcpy(&text, field, sizeof(text));
        buf_add_text(out, text);
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

bool settings_parse_notify(struct bytes text, unsigned *flags)
{
    static const char letters[] = "KEg$lshzxetmdn";
    unsigned v = 0;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == 'A') {
            v |= 0x17fc;
            continue;
        }
        const char *at = text.p[i] ? strchr(letters, text.p[i]) : NULL;
        if (!at)
            return false;
        v |= 1u << (at - letters);
    }
    *flags = v;
    return true;
}

/* Splits into at most max words; -1: too many. */
static int split(struct bytes text, struct bytes *words, int max)
{
    int n = 0;
    size_t i = 0;
    while (i < text.n) {
        while (i < text.n && (text.p[i] == ' ' || text.p[i] == '\t'))
            i++;
        size_t start = i;
        while (i < text.n && text.p[i] != ' ' && text.p[i] != '\t')
            i++;
        if (i == start)
            break;
        if (n == max)
            return -1;
        words[n++] = bytes_of(text.p + start, i - start);
    }
    return n;
}

static bool parse_save(struct settings *s, struct bytes text, const char **reason)
{
    struct bytes words[64];
    int n = split(text, words, 64);
    *reason = "Invalid save parameters";
    if (n < 0 || n % 2)
        return false;
    for (int i = 0; i < n; i += 2) {
        long long seconds, changes;
        if (!num_parse_int(words[i], &seconds) || !num_parse_int(words[i + 1], &changes) ||
            seconds < 1 || changes < 0)
            return false;
        s->save_points[i / 2].seconds = seconds;
        s->save_points[i / 2].changes = changes;
    }
    s->save_point_n = n / 2;
    return true;
}

static bool parse_output_limits(struct settings *s, struct bytes text, struct buf *canonical,
                                const char **reason)
{
    static const char *const classes[] = {"normal", "slave", "pubsub"};
    struct bytes words[24];
    int n = split(text, words, 24);
    *reason = "Wrong number of arguments in buffer limit configuration.";
    if (n <= 0 || n % 4)
        return false;
    for (int i = 0; i < n; i += 4) {
        int class_ = bytes_is(words[i], "normal")                                   ? 0
                     : bytes_is(words[i], "slave") || bytes_is(words[i], "replica") ? 1
                     : bytes_is(words[i], "pubsub")                                 ? 2
                                                                                    : -1;
        long long hard, soft, seconds;
        if (class_ < 0) {
            *reason = "Invalid client class specified in buffer limit configuration.";
            return false;
        }
        if (!num_parse_size(words[i + 1], &hard) || !num_parse_size(words[i + 2], &soft) ||
            !num_parse_int(words[i + 3], &seconds) || hard < 0 || soft < 0 || seconds < 0) {
            *reason = "Error in hard, soft or soft_seconds setting in buffer limit configuration.";
            return false;
        }
        s->output_limits[class_].hard = hard;
        s->output_limits[class_].soft = soft;
        s->output_limits[class_].seconds = seconds;
    }
    for (int c = 0; c < 3; c++)
        buf_printf(canonical, "%s%s %lld %lld %lld", c ? " " : "", classes[c],
                   s->output_limits[c].hard, s->output_limits[c].soft, s->output_limits[c].seconds);
    return true;
}

static bool parse_text(struct settings *s, const struct setting *x, struct bytes text,
                       const char **reason)
{
    struct buf canonical = {0};
    if ((x->flags & SETTING_FILENAME) && memchr(text.p, '/', text.n)) {
        *reason = "it can't be a path, just a filename";
        return false;
    }
    if (x->at == offsetof(struct settings, save) && !parse_save(s, text, reason))
        return false;
    if (x->at == offsetof(struct settings, client_output_buffer_limit)) {
        if (!parse_output_limits(s, text, &canonical, reason)) {
            buf_free(&canonical);
            return false;
        }
        text = buf_bytes(&canonical);
    }
    if (x->at == offsetof(struct settings, notify_keyspace_events)) {
        unsigned flags;
        if (!settings_parse_notify(text, &flags)) {
            *reason = "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.";
            return false;
        }
        s->notify_flags = flags;
        static const char letters[] = "g$lshzxetd";
        if ((flags & 0x17fc) == 0x17fc)
            buf_add_char(&canonical, 'A');
        else
            for (const char *l = letters; *l; l++) {
                unsigned one = 0;
                settings_parse_notify(bytes_of(l, 1), &one);
                if (flags & one)
                    buf_add_char(&canonical, *l);
            }
        for (const char *l = "nKEm"; *l; l++) {
            unsigned one = 0;
            settings_parse_notify(bytes_of(l, 1), &one);
            if (flags & one)
                buf_add_char(&canonical, *l);
        }
        text = buf_bytes(&canonical);
    }
    char **field = text_of(s, x), *old = *field;
    *field = mem_copy_text(text.p, text.n);
    mem_free(old);
    buf_free(&canonical);
    *reason = NULL;
    return true;
}

bool settings_parse(struct settings *s, const struct setting *x, struct bytes text,
                    const char **reason)
{
    static char why[256];
    long long v = 0;
    *reason = NULL;
    switch (x->type) {
    case SETTING_TEXT:
        return parse_text(s, x, text, reason);
    case SETTING_BOOL:
        if (!bytes_is(text, "yes") && !bytes_is(text, "no")) {
            *reason = "argument must be 'yes' or 'no'";
            return false;
        }
        *number_of(s, x) = bytes_is(text, "yes");
        return true;
    case SETTING_ENUM: {
        struct bytes word;
        struct buf all = {0};
        for (const char *at = x->words; next_word(&at, &word, &v);) {
            if (bytes_equal_nocase(word, text)) {
                *number_of(s, x) = v;
                buf_free(&all);
                return true;
            }
            buf_printf(&all, "%s%.*s", all.n ? ", " : "", (int)word.n, word.p);
        }
        snprintf(why, sizeof(why), "argument(s) must be one of the following: %.*s", (int)all.n,
                 all.p);
        buf_free(&all);
        *reason = why;
        return false;
    }
    case SETTING_SIZE:
        if ((x->flags & SETTING_PERCENT) && text.n && text.p[text.n - 1] == '%' &&
            num_parse_int(bytes_of(text.p, text.n - 1), &v) && v >= 0) {
            if (v > 100) {
                *reason = "percentage argument must be less or equal to 100";
                return false;
            }
            v = -v;
            break;
        }
        if (!num_parse_size(text, &v) ||
            (v < 0 && (x->least >= 0 || (x->flags & SETTING_PERCENT)))) {
            *reason = x->flags & SETTING_PERCENT ? "argument must be a memory or percent value"
                                                 : "argument must be a memory value";
            return false;
        }
        break;
    case SETTING_OCTAL: {
        char digits[16], *end;
        snprintf(digits, sizeof(digits), "%.*s", (int)text.n, text.p);
        v = strtoll(digits, &end, 8);
        if (end == digits || *end) {
            *reason = "argument couldn't be parsed as an octal number";
            return false;
        }
        break;
    }
    case SETTING_INT:
        if (!num_parse_int(text, &v)) {
            *reason = "argument couldn't be parsed into an integer";
            return false;
        }
        break;
    }
    if (v < x->least || v > x->most) {
        snprintf(why, sizeof(why), "argument must be between %lld and %lld inclusive", x->least,
                 x->most);
        *reason = why;
        return false;
    }
    *number_of(s, x) = v;
    return true;
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
