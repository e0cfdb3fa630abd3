#include "config/config_file.h"

#include "base/mem.h"
#include "base/words.h"
#include "io/file.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

#define WORDS   256
#define VERSION "7.2.4"

static bool fail(struct buf *report, int number, struct bytes line, const char *why)
{
    buf_printf(report, "\n*** FATAL CONFIG FILE ERROR (Redis " VERSION ") ***\n");
    buf_printf(report, "Reading the configuration file, at line %d\n", number);
    buf_printf(report, ">>> '%.*s'\n%s\n", (int)line.n, line.p, why);
    return false;
}

static bool include(struct settings *s, const char *path, struct buf *report)
{
    glob_t found;
    if (!strpbrk(path, "*?["))
        return config_file_load(s, path, report);
    bool good = true;
    if (glob(path, 0, NULL, &found) == 0) {
        for (size_t i = 0; i < found.gl_pathc && good; i++)
            good = config_file_load(s, found.gl_pathv[i], report);
        globfree(&found);
    }
    return good;
}

static bool apply(struct settings *s, struct bytes *words, int n, struct bytes line, int number,
                  struct buf *report)
{
    if (bytes_is(words[0], "include") && n == 2)
        return include(s, words[1].p, report);
    if (bytes_is(words[0], "rename-command") || bytes_is(words[0], "loadmodule") ||
        bytes_is(words[0], "sentinel"))
        return fail(report, number, line, "This directive is not supported by this version");
    if (bytes_is(words[0], "user")) {
        for (int i = 0; i < n; i++) {
            words_quote(&s->users, words[i]);
            buf_add_char(&s->users, i + 1 < n ? ' ' : '\n');
        }
        return true;
    }
    const struct setting *x = settings_find(words[0]);
    if (!x)
        return fail(report, number, line, "Bad directive or wrong number of arguments");
    bool list = x->flags & SETTING_WORDS;
    if (n < 2 || (n > 2 && !list)) {
        /* A bare "save" or "--save" empties it. */
        if (!(n == 1 && list))
            return fail(report, number, line,
                        n > 2 ? "wrong number of arguments"
                              : "Bad directive or wrong number of arguments");
    }
    struct buf value = {0};
    for (int i = 1; i < n; i++) {
        if (i > 1)
            buf_add_char(&value, ' ');
        buf_add(&value, words[i]);
    }
    const char *why;
    bool good = settings_parse(s, x, buf_bytes(&value), &why);
    buf_free(&value);
    if (!good)
        return fail(report, number, line, why);
    if ((x->flags & SETTING_REFUSED) && !settings_is_default(s, x))
        return fail(report, number, line, "This setting is not supported by this version");
    return true;
}

bool config_file_text(struct settings *s, struct bytes text, struct buf *report)
{
    int number = 0;
    bool good = true;
    struct buf saves = {0};
    while (text.n && good) {
        const char *newline = memchr(text.p, '\n', text.n);
        size_t len = newline ? (size_t)(newline - text.p) : text.n;
        struct bytes line = {text.p, len};
        text.p += newline ? len + 1 : len;
        text.n -= newline ? len + 1 : len;
        number++;
        while (line.n && words_is_blank(line.p[0]))
            line.p++, line.n--;
        while (line.n && words_is_blank(line.p[line.n - 1]))
            line.n--;
        if (line.n == 0 || line.p[0] == '#')
            continue;
        struct bytes words[WORDS];
        char *copy;
        int n = words_split(line, words, WORDS, &copy);
        if (n < 0) {
            good = fail(report, number, line, "Unbalanced quotes in configuration line");
        } else if (n > 0 && bytes_is(words[0], "save")) {
            /* Lines of save add up; an empty one starts over. */
            bool empty = n == 1 || (n == 2 && words[1].n == 0);
            if (empty)
                saves.n = 0;
            for (int i = 1; i < n && !empty; i++) {
                if (saves.n)
                    buf_add_char(&saves, ' ');
                buf_add(&saves, words[i]);
            }
            struct bytes joined[2] = {words[0], buf_bytes(&saves)};
            good = apply(s, joined, 2, line, number, report);
        } else if (n > 0) {
            good = apply(s, words, n, line, number, report);
        }
        mem_free(copy);
    }
    buf_free(&saves);
    return good;
}

bool config_file_load(struct settings *s, const char *path, struct buf *report)
{
    struct buf text = {0};
    int error = file_read(path, &text);
    if (error) {
        buf_printf(report, "Fatal error, can't open config file '%s': %s\n", path,
                   strerror(-error));
        buf_free(&text);
        return false;
    }
    bool good = config_file_text(s, buf_bytes(&text), report);
    buf_free(&text);
    return good;
}

/* An argument begins an option when it starts with "--", or when it stands where a name is
 * expected. */
bool config_file_options(struct settings *s, int argc, char **argv, struct buf *report)
{
    struct buf text = {0};
    for (int i = 0; i < argc;) {
        const char *name = argv[i];
        struct bytes words[WORDS];
        char *copy;
        if (name[0] == '-' && name[1] == '-')
            name += 2;
        int n = words_split(bytes_text(name), words, WORDS, &copy);
        if (n > 0)
            buf_add(&text, words[0]);
        for (int k = 1; k < n; k++) {
            buf_add_char(&text, ' ');
            words_quote(&text, words[k]);
        }
        const struct setting *x = n > 0 ? settings_find(words[0]) : NULL;
        bool first = true, list = x && (x->flags & SETTING_WORDS);
        mem_free(copy);
        i++;
        /* The first value may itself begin with "--" unless the option can do without one. */
        while (i < argc && n == 1) {
            bool dashes = argv[i][0] == '-' && argv[i][1] == '-';
            if (dashes && (!first || list))
                break;
            if (!first && !list && !x)
                break;
            if (!first && !dashes && !list && settings_find(bytes_text(argv[i])))
                break;
            buf_add_char(&text, ' ');
            words_quote(&text, bytes_text(argv[i]));
            first = false;
            i++;
        }
        buf_add_char(&text, '\n');
    }
    bool good = config_file_text(s, buf_bytes(&text), report);
    buf_free(&text);
    return good;
}

static void add_setting(const struct settings *s, const struct setting *x, struct buf *out)
{
    struct buf value = {0};
    settings_print(s, x, &value);
    struct bytes v = buf_bytes(&value);
    if ((x->flags & SETTING_WORDS) && v.n) {
        buf_printf(out, "%s %.*s\n", x->name, (int)v.n, v.p);
    } else {
        buf_printf(out, "%s ", x->name);
        words_quote(out, v);
        buf_add_char(out, '\n');
    }
    buf_free(&value);
}

int config_file_rewrite(const struct settings *s)
{
    struct buf old = {0}, fresh = {0};
    int error = file_read(s->file, &old);
    if (error && error != -ENOENT) {
        buf_free(&old);
        return error;
    }
    size_t count;
    const struct setting *all = settings_table(&count);
    bool *done = mem_zalloc(count * sizeof(*done));
    struct bytes text = buf_bytes(&old);
    bool generated = false;
    static const char mark[] = "# Generated by CONFIG REWRITE";
    while (text.n) {
        const char *newline = memchr(text.p, '\n', text.n);
        size_t len = newline ? (size_t)(newline - text.p) : text.n;
        struct bytes line = {text.p, len}, words[WORDS];
        text.p += newline ? len + 1 : len;
        text.n -= newline ? len + 1 : len;
        char *copy;
        if (bytes_has_prefix(line, mark))
            generated = true;
        int n = line.n && line.p[0] != '#' ? words_split(line, words, WORDS, &copy) : 0;
        const struct setting *x = n > 0 ? settings_find(words[0]) : NULL;
        if (x && !done[x - all]) {
            done[x - all] = true;
            add_setting(s, x, &fresh);
        } else if (!x && !(n > 0 && bytes_is(words[0], "user") && s->print_users)) {
            buf_add(&fresh, line);
            buf_add_char(&fresh, '\n');
        }
        if (line.n && line.p[0] != '#')
            mem_free(copy);
    }
    for (size_t i = 0; i < count; i++) {
        if (done[i] || settings_is_default(s, &all[i]))
            continue;
        if (!generated)
            buf_printf(&fresh, "%s\n", mark);
        generated = true;
        add_setting(s, &all[i], &fresh);
    }
    if (s->print_users)
        s->print_users(s->context, &fresh);
    error = file_replace(s->file, buf_bytes(&fresh));
    mem_free(done);
    buf_free(&old);
    buf_free(&fresh);
    return error;
}

/* Values that the shipped configuration sets apart from the built-in defaults. */
static const char *shipped(const char *name)
{
    static const struct {
        const char *name, *value;
    } ours[] = {{"bind", "127.0.0.1 -::1"},
                {"appendonly", "yes"},
                {"appendfsync", "everysec"},
                {"maxmemory-clients", "50%"}};
    for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
        if (strcmp(ours[i].name, name) == 0)
            return ours[i].value;
    return NULL;
}

void config_file_sample(const struct settings *s, struct buf *out)
{
    size_t count;
    const struct setting *all = settings_table(&count);
    buf_add_text(out, "# Millrace configuration. Made by millrace-server --print-sample-config.\n"
                      "#\n# One setting a line: name, then value; quote values with spaces. Sizes "
                      "take kb, mb, gb (1024)\n# and k, m, g (1000). \"include FILE\" reads "
                      "another file here. Settings that are commented out\n# show their "
                      "defaults.\n");
    for (size_t i = 0; i < count; i++) {
        if (!all[i].summary)
            continue;
        const char *value = shipped(all[i].name);
        buf_printf(out, "\n# %s\n", all[i].summary);
        if (value) {
            buf_printf(out, "%s %s\n", all[i].name, value);
        } else {
            buf_add_char(out, '#');
            add_setting(s, &all[i], out);
        }
    }
    buf_add_text(out, "\n# Known to Redis, accepted here, and without effect in this version:\n");
    for (size_t i = 0; i < count; i++)
        if (all[i].flags & (SETTING_INERT | SETTING_LATER))
            buf_printf(out, "#   %s\n", all[i].name);
}
