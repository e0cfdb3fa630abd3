/* The configuration file: reading it, options of the command line, and CONFIG REWRITE.
 *
 *   file, include --> line --> words --> a special line, or settings_parse()
 *   argv --> the same lines as text -----^
 *
 * Options are first converted to lines of text, so that both follow one grammar. Special lines
 * (include, user, rename-command) are not settings: users and renames are kept as text for the
 * modules that own them, an include is read in place, at most 16 levels deep. Lines take effect in
 * order, the last one wins; only lines of "save" accumulate.
 *
 * The first error ends the reading. The report begins with the lines that Redis prints, which tools
 * look for, then gives advice: the nearest name for an unknown directive, or the default of one
 * with a wrong value. The settings must not be used after an error.
 *
 * A rewrite keeps comments, order and unknown lines. The first line of a setting is replaced; later
 * lines of it are removed. The result is then read as at a start, and every setting that would
 * differ is appended. A result that cannot be read back is not used. The new file replaces the old
 * one by a rename: a failure, returned as -errno, leaves the old one intact. */
#include "config/config_file.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/words.h"
#include "config/forms.h"
#include "config/nearest.h"
#include "io/file.h"

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define WORDS   256
#define VERSION "7.2.4"

/* The four lines that Redis prints, which tools look for. advise() appends what to do. */
static bool fail(struct buf *report, int number, struct bytes line, const char *why)
{
    buf_printf(report, "\n*** FATAL CONFIG FILE ERROR (Redis " VERSION ") ***\n");
    buf_printf(report, "Reading the configuration file, at line %d\n", number);
    buf_printf(report, ">>> '%.*s'\n%s\n", (int)line.n, line.p, why);
    return false;
}

static bool advise(struct buf *report, const char *what)
{
    buf_printf(report, "%s\n", what);
    return false;
}

static bool fail_unknown(struct buf *report, int number, struct bytes line, struct bytes name)
{
    const char *near = nearest_directive(name);
    fail(report, number, line, "Bad directive or wrong number of arguments");
    if (near)
        buf_printf(report, "Did you mean '%s'? ", near);
    return advise(report, near ? "Correct the name or remove the directive, and start again."
                               : "No directive has a similar name: --print-sample-config lists "
                                 "all. Remove the directive, and start again.");
}

/* The directive exists but its value is refused. The default is shown as an example of a valid one.
 */
static bool fail_value(struct buf *report, int number, struct bytes line, const char *why,
                       const struct setting *x)
{
    fail(report, number, line, why);
    buf_printf(report, "The default is: %s ", x->name);
    if (x->flags & SETTING_WORDS && *x->fallback)
        buf_add_text(report, x->fallback);
    else
        words_quote(report, bytes_text(x->fallback));
    buf_add_text(report, "\n");
    return advise(report, "Correct the value or remove the directive, and start again.");
}

#define DEPTH_MOST 16 /* of nested includes */

/* The path of a file named in a line: relative to where the server was started. */
static char *path_of(const struct settings *s, struct bytes path)
{
    struct buf b = {0};
    if (s->started_in && path.n && path.p[0] != '/')
        buf_printf(&b, "%s/", s->started_in);
    buf_add(&b, path);
    buf_add_char(&b, 0);
    return b.p;
}

/* Calls each(context, path) for the files of an include line. A name without wildcards is one file,
 * which need not exist. */
static bool each_included(const struct settings *s, struct bytes name,
                          bool (*each)(void *context, const char *path), void *context)
{
    glob_t found;
    char *path = path_of(s, name);
    bool good = true;
    if (!strpbrk(path, "*?[")) {
        good = each(context, path);
    } else if (glob(path, 0, NULL, &found) == 0) {
        for (size_t i = 0; i < found.gl_pathc && good; i++)
            good = each(context, found.gl_pathv[i]);
        globfree(&found);
    }
    mem_free(path);
    return good;
}

struct reading {
    struct settings *settings;
    struct buf *report;
    int depth;
    int number; /* of the line */
};

static bool read_text(struct reading *r, struct bytes text);

static bool read_file(void *context, const char *path)
{
    struct reading *r = context;
    struct buf text = {0};
    int error = r->depth == DEPTH_MOST ? -ELOOP : file_read(path, &text);
    bool good = error == 0;
    r->depth++;
    if (error)
        buf_printf(r->report,
                   "Fatal error, can't open config file '%s': %s\n"
                   "Name a file that the server may read, and start again.\n",
                   path, strerror(-error));
    else
        good = read_text(r, buf_bytes(&text));
    r->depth--;
    buf_free(&text);
    return good;
}

static void add_line(struct buf *out, const struct bytes *words, int n)
{
    for (int i = 0; i < n; i++) {
        words_quote(out, words[i]);
        buf_add_char(out, i + 1 < n ? ' ' : '\n');
    }
}

/* Directives of older versions that have no effect any more. */
static bool is_obsolete(struct bytes name)
{
    static const char *const names[] = {"list-max-ziplist-entries", "list-max-ziplist-value",
                                        "lua-replicate-commands", "gopher-enabled"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (bytes_is(name, names[i]))
            return true;
    return false;
}

/* Applies a line that is not a setting. Returns whether it is one; *why is its error. */
static bool apply_special(struct reading *r, const struct bytes *words, int n, bool *good,
                          const char **why)
{
    struct settings *s = r->settings;
    *why = NULL;
    if (bytes_is(words[0], "include") && n == 2) {
        *good = each_included(s, words[1], read_file, r);
    } else if (bytes_is(words[0], "loadmodule")) {
        *why = "This directive is not supported by this version";
    } else if (bytes_is(words[0], "rename-command") && n == 3) {
        if (s->rename)
            *why = s->rename(s->rename_context, words[1], words[2]);
        add_line(&s->renames, words + 1, 2);
    } else if (bytes_is(words[0], "user") && n > 1) {
        buf_printf(&s->users, "%d ", r->number);
        add_line(&s->users, words + 1, n - 1);
    } else if (is_obsolete(words[0]) && n == 2) {
        add_line(&s->obsolete, words, 1);
    } else {
        return false;
    }
    return true;
}

/* The value of a line: its words joined. Lines of save accumulate; an empty one starts over. */
static void join(const struct settings *s, const struct setting *x, const struct bytes *words,
                 int n, struct buf *value)
{
    bool empty = n == 1 || (n == 2 && words[1].n == 0);
    if (x->type == SETTING_SAVE_POINTS && s->save_given && !empty)
        buf_add_text(value, s->save);
    for (int i = 1; i < n && !(x->type == SETTING_SAVE_POINTS && empty); i++) {
        if (value->n || i > 1)
            buf_add_char(value, ' ');
        buf_add(value, words[i]);
    }
}

static bool apply(struct reading *r, struct bytes *words, int n, struct bytes line, int number)
{
    struct settings *s = r->settings;
    const char *why;
    bool good = true;
    if (apply_special(r, words, n, &good, &why))
        return why ? fail(r->report, number, line, why) ||
                         advise(r->report, "Correct or remove the directive, and start again.")
                   : good;
    const struct setting *x = settings_find(words[0]);
    if (!x)
        return fail_unknown(r->report, number, line, words[0]);
    bool list = x->flags & SETTING_WORDS;
    /* A bare "save" or "bind" empties it. */
    if ((n > 2 && !list) || (n == 1 && (!list || x->type == SETTING_MASTER)))
        return fail_value(r->report, number, line, "wrong number of arguments", x);
    struct buf value = {0};
    join(s, x, words, n, &value);
    good = settings_parse(s, x, value.n ? buf_bytes(&value) : bytes_of("", 0), &why);
    buf_free(&value);
    if (!good)
        return fail_value(r->report, number, line, why, x);
    if (s->given)
        s->given[settings_place(x)] = true;
    if (x->type == SETTING_SAVE_POINTS)
        s->save_given = true;
    if ((x->flags & SETTING_REFUSED) && !settings_is_default(s, x))
        return fail_value(r->report, number, line, "This setting is not supported by this version",
                          x);
    return true;
}

/* Consumes the next line of text. */
static struct bytes take_line(struct bytes *text)
{
    const char *newline = memchr(text->p, '\n', text->n);
    size_t n = newline ? (size_t)(newline - text->p) : text->n;
    struct bytes line = bytes_of(text->p, n);
    size_t whole = newline ? n + 1 : n;
    *text = bytes_of(text->p + whole, text->n - whole);
    return line;
}

static struct bytes trimmed(struct bytes line)
{
    while (line.n && words_is_blank(line.p[0]))
        line.p++, line.n--;
    while (line.n && words_is_blank(line.p[line.n - 1]))
        line.n--;
    return line;
}

/* Splits a line into any number of words; 0 for comments and empty lines, -1 for unbalanced quotes.
 * The caller frees both. */
static int line_words(struct bytes line, struct bytes **words, char **copy)
{
    line = trimmed(line);
    *words = NULL;
    *copy = NULL;
    if (line.n == 0 || line.p[0] == '#')
        return 0;
    int most = (int)(line.n / 2 + 1);
    *words = mem_alloc((size_t)most * sizeof(**words));
    return words_split(line, *words, most, copy);
}

static bool read_text(struct reading *r, struct bytes text)
{
    int number = 0;
    bool good = true;
    while (text.n && good) {
        struct bytes line = trimmed(take_line(&text));
        number++;
        if (line.n == 0 || line.p[0] == '#')
            continue;
        struct bytes *words;
        char *copy;
        int n = line_words(line, &words, &copy);
        r->number = number;
        if (n < 0)
            good = fail(r->report, number, line, "Unbalanced quotes in configuration line") ||
                   advise(r->report, "Close the quote or remove it, and start again.");
        else if (n > 0)
            good = apply(r, words, n, line, number);
        mem_free(words);
        mem_free(copy);
    }
    return good;
}

/* Remembers the working directory, which names in include lines are relative to, before the change
 * to `dir`. */
static void note_place(struct settings *s)
{
    char here[PATH_MAX];
    if (!s->started_in && getcwd(here, sizeof(here)))
        s->started_in = mem_copy_text(here, strlen(here));
}

bool config_file_text(struct settings *s, struct bytes text, struct buf *report)
{
    struct reading r = {.settings = s, .report = report};
    note_place(s);
    return read_text(&r, text);
}

bool config_file_load(struct settings *s, const char *path, struct buf *report)
{
    struct reading r = {.settings = s, .report = report};
    note_place(s);
    return read_file(&r, path);
}

static void quote_always(struct buf *out, struct bytes word)
{
    size_t before = out->n;
    words_quote(out, word);
    if (word.n && out->p[before] == '"')
        return;
    if (out->n - before == word.n) { /* an unquoted word */
        out->n = before;
        buf_add_char(out, '"');
        buf_add(out, word);
        buf_add_char(out, '"');
    }
}

static bool takes_many(const struct setting *x, struct bytes name)
{
    return x ? (x->flags & SETTING_WORDS) != 0
             : bytes_is(name, "rename-command") || bytes_is(name, "user");
}

/* An argument begins an option if it starts with "--", or if a name is expected there. */
bool config_file_options(struct settings *s, int argc, char **argv, struct buf *report)
{
    struct buf text = {0};
    buf_add_char(&text, '\n');
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
            quote_always(&text, words[k]);
        }
        const struct setting *x = n > 0 ? settings_find(words[0]) : NULL;
        bool first = true, list = n > 0 && takes_many(x, words[0]);
        mem_free(copy);
        i++;
        /* The first value may itself begin with "--", unless the option's value is optional. */
        while (i < argc && n == 1) {
            bool dashes = argv[i][0] == '-' && argv[i][1] == '-';
            if (dashes && (!first || list))
                break;
            if (!first && !list && !x)
                break;
            if (!first && !dashes && !list && settings_find(bytes_text(argv[i])))
                break;
            buf_add_char(&text, ' ');
            quote_always(&text, bytes_text(argv[i]));
            first = false;
            i++;
        }
        buf_add_char(&text, '\n');
    }
    bool good = config_file_text(s, buf_bytes(&text), report);
    buf_free(&text);
    return good;
}

/* Appends the line of a setting. Words are quoted if necessary, so that no value can inject another
 * line. */
static void add_setting(const struct settings *s, const struct setting *x, struct buf *out)
{
    struct buf value = {0};
    struct bytes words[WORDS];
    settings_print(s, x, &value);
    struct bytes v = value.n ? buf_bytes(&value) : bytes_of("", 0);
    size_t n = x->flags & SETTING_WORDS && v.n ? forms_split(v, words, WORDS) : 0;
    buf_add_text(out, x->name);
    for (size_t i = 0; i < n && n <= WORDS; i++) {
        buf_add_char(out, ' ');
        words_quote(out, words[i]);
    }
    if (n == 0 || n > WORDS) {
        buf_add_char(out, ' ');
        words_quote(out, v);
    }
    buf_add_char(out, '\n');
    buf_free(&value);
}

#define MARK "# Generated by CONFIG REWRITE"

struct rewriting {
    const struct settings *settings;
    bool *done; /* settings whose line has been written */
    bool generated;
    struct buf out;
    bool has_users; /* the result of has_users() */
    int depth;
};

/* Sets has_users if a file, or one that it includes, has "user" lines. */
static bool has_users(void *context, const char *path)
{
    struct rewriting *w = context;
    struct buf content = {0};
    if (w->depth++ < DEPTH_MOST && file_read(path, &content) == 0)
        for (struct bytes text = buf_bytes(&content); text.n && !w->has_users;) {
            struct bytes *words;
            char *copy;
            int n = line_words(take_line(&text), &words, &copy);
            if (n > 1 && bytes_is(words[0], "user"))
                w->has_users = true;
            else if (n == 2 && bytes_is(words[0], "include"))
                each_included(w->settings, words[1], has_users, w);
            mem_free(words);
            mem_free(copy);
        }
    w->depth--;
    buf_free(&content);
    return true;
}

static void rewrite_lines(struct rewriting *w, struct bytes text);

static bool rewrite_included(void *context, const char *path)
{
    struct rewriting *w = context;
    struct buf content = {0};
    buf_printf(&w->out, "# Taken over from %s by CONFIG REWRITE: it names users\n", path);
    if (w->depth++ < DEPTH_MOST && file_read(path, &content) == 0)
        rewrite_lines(w, buf_bytes(&content));
    w->depth--;
    buf_free(&content);
    return true;
}

/* Keeps an include line, unless the file has users: the current users are written at the end and
 * may differ. Then the file's other lines replace the include. */
static void rewrite_include(struct rewriting *w, struct bytes line, struct bytes name)
{
    w->has_users = false;
    if (w->settings->print_users)
        each_included(w->settings, name, has_users, w);
    if (w->has_users) {
        each_included(w->settings, name, rewrite_included, w);
        return;
    }
    buf_add(&w->out, line);
    buf_add_char(&w->out, '\n');
}

static void rewrite_lines(struct rewriting *w, struct bytes text)
{
    const struct settings *s = w->settings;
    size_t count;
    const struct setting *all = settings_table(&count);
    while (text.n) {
        struct bytes line = take_line(&text), *words;
        char *copy;
        if (bytes_has_prefix(line, MARK))
            w->generated = true;
        int n = line_words(line, &words, &copy);
        const struct setting *x = n > 0 ? settings_find(words[0]) : NULL;
        if (x && !w->done[x - all]) {
            w->done[x - all] = true;
            add_setting(s, x, &w->out);
        } else if (n == 2 && bytes_is(words[0], "include")) {
            rewrite_include(w, line, words[1]);
        } else if (!x && !(n > 0 && bytes_is(words[0], "user") && s->print_users)) {
            buf_add(&w->out, line);
            buf_add_char(&w->out, '\n');
        }
        mem_free(words);
        mem_free(copy);
    }
}

static void add_generated(struct rewriting *w, const struct setting *x)
{
    if (!w->generated)
        buf_printf(&w->out, "%s\n", MARK);
    w->generated = true;
    if (x->type == SETTING_SAVE_POINTS)
        buf_printf(&w->out, "%s \"\"\n", x->name);
    add_setting(w->settings, x, &w->out);
}

/* Reads the new text as at a start, and appends the settings that included files would override. 0
 * or -EINVAL. */
static int read_back(struct rewriting *w)
{
    const struct settings *s = w->settings;
    struct settings *again = settings_new();
    struct buf report = {0};
    size_t count;
    const struct setting *all = settings_table(&count);
    again->started_in = s->started_in ? mem_copy_text(s->started_in, strlen(s->started_in)) : NULL;
    bool good = config_file_text(again, buf_bytes(&w->out), &report);
    if (!good)
        log_line(LOG_WARNING, "The rewritten configuration could not be read back: %.*s",
                 (int)report.n, report.p);
    for (size_t i = 0; i < count && good; i++) {
        struct buf ours = {0}, theirs = {0};
        settings_print(s, &all[i], &ours);
        settings_print(again, &all[i], &theirs);
        if (!bytes_equal(buf_bytes(&ours), buf_bytes(&theirs)))
            add_generated(w, &all[i]);
        buf_free(&ours);
        buf_free(&theirs);
    }
    settings_free(again);
    buf_free(&report);
    return good ? 0 : -EINVAL;
}

int config_file_rewrite(const struct settings *s, bool all)
{
    struct buf old = {0};
    int error = file_read(s->file, &old);
    if (error && error != -ENOENT) {
        buf_free(&old);
        return error;
    }
    size_t count;
    const struct setting *table = settings_table(&count);
    struct rewriting w = {.settings = s, .done = mem_zalloc(count * sizeof(bool))};
    rewrite_lines(&w, old.n ? buf_bytes(&old) : bytes_of("", 0));
    for (size_t i = 0; all && i < count; i++)
        if (!w.done[i])
            add_generated(&w, &table[i]);
    error = read_back(&w);
    if (!error && s->print_users)
        s->print_users(s->context, &w.out);
    if (!error)
        error = file_replace(s->file, w.out.n ? buf_bytes(&w.out) : bytes_of("", 0));
    mem_free(w.done);
    buf_free(&old);
    buf_free(&w.out);
    return error;
}

const char *config_file_shipped(const char *name)
{
    static const struct {
        const char *name, *value;
    } ours[] = {{"bind", "127.0.0.1 -::1"},
                {"appendonly", "yes"},
                {"appendfsync", "everysec"},
                {"console-port", "8379"},
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
        if (!all[i].summary || (all[i].flags & SETTING_HIDDEN))
            continue;
        const char *value = config_file_shipped(all[i].name);
        buf_printf(out, "\n# %s\n", all[i].summary);
        if (value) {
            buf_printf(out, "%s %s\n", all[i].name, value);
        } else {
            buf_add_char(out, '#');
            add_setting(s, &all[i], out);
        }
    }
    buf_add_text(out,
                 "\n# Settings of Redis that are accepted but have no effect in this version:\n");
    for (size_t i = 0; i < count; i++)
        if (all[i].flags & (SETTING_INERT | SETTING_LATER))
            buf_printf(out, "#   %s\n", all[i].name);
}
