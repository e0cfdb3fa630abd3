/* One walk over the table of settings, rendered as Markdown and as mdoc. A setting's text comes
 * from its line in config/settings.def:
 *
 *   its kind     accepted values: from type, bounds, words and flags
 *   its default  as in a configuration file, sizes with their unit
 *   notes        when it can be set, what the shipped configuration sets instead
 *
 * Settings without a summary have no effect here; they are listed together, for those who bring a
 * configuration of Redis. */
#include "server/reference_settings.h"

#include "base/mem.h"
#include "config/config_file.h"
#include "config/settings.h"
#include "server/reference_text.h"

#include <stdlib.h>

struct dress {
    struct buf *out;
    void (*add)(struct buf *out, struct bytes text);
};

static void say(const struct dress *d, const char *text)
{
    d->add(d->out, bytes_text(text));
}

/* ---- Common to both */

static void add_size(struct buf *out, long long v)
{
    static const char *const units[] = {"", "kb", "mb", "gb"};
    int u = 0;
    for (; v && v % 1024 == 0 && u < 3; u++)
        v /= 1024;
    buf_printf(out, "%lld%s", v, units[u]);
}

static void add_bounds(struct buf *out, const struct setting *x)
{
    void (*number)(struct buf *, long long) = x->type == SETTING_SIZE ? add_size : buf_add_int;
    if (x->least == INT32_MIN && x->most == INT32_MAX)
        return;
    buf_add_text(out, ", ");
    number(out, x->least);
    if (x->most == INT64_MAX || x->most == INT32_MAX || x->most == UINT32_MAX) {
        buf_add_text(out, " or more");
    } else {
        buf_add_text(out, " to ");
        number(out, x->most);
    }
}

/* "always:2|no:0" as "always, no". */
static void add_words(struct buf *out, const char *words)
{
    for (const char *p = words; p && *p;) {
        size_t n = strcspn(p, ":|");
        buf_printf(out, "%s%.*s", p == words ? "" : ", ", (int)n, p);
        p += strcspn(p, "|");
        p += *p == '|';
    }
}

static void add_kind(struct buf *out, const struct setting *x)
{
    static const char *const kinds[] = {
        [SETTING_BOOL] = "yes or no",
        [SETTING_INT] = "A number",
        [SETTING_SIZE] = "A size in bytes, or with kb, mb, gb",
        [SETTING_ENUM] = "One of ",
        [SETTING_OCTAL] = "An octal number",
        [SETTING_BYTES] = "Text",
        [SETTING_TEXT] = "Text",
        [SETTING_SAVE_POINTS] = "Pairs of seconds and changes, or nothing",
        [SETTING_OUTPUT_LIMITS] = "Class, hard limit, soft limit, seconds; once or more",
        [SETTING_EVENTS] = "Letters",
        [SETTING_SHUTDOWN] = "default, or words of save, nosave, now, force",
        [SETTING_PERCENTILES] = "Numbers from 0 to 100",
        [SETTING_SCORES] = "Three numbers from -2000 to 2000",
        [SETTING_TITLE] = "Text with words in braces",
        [SETTING_LOCALE] = "The name of a locale",
        [SETTING_ADDRESSES] = "Addresses",
        [SETTING_IPS] = "IP addresses",
        [SETTING_PROTOCOLS] = "Names of protocols",
        [SETTING_HOSTNAME] = "A host name",
        [SETTING_MASTER] = "Host and port, or nothing",
    };
    buf_add_text(out, kinds[x->type]);
    if (x->type == SETTING_ENUM)
        add_words(out, x->words);
    if (x->type == SETTING_INT || x->type == SETTING_SIZE)
        add_bounds(out, x);
    if (x->flags & SETTING_PERCENT)
        buf_add_text(out, ", or N%");
    if (x->flags & SETTING_FILENAME)
        buf_add_text(out, " without a slash");
    buf_add_text(out, ". ");
}

static void add_default(struct buf *out, const struct setting *x)
{
    long long v = 0;
    const char *shipped = config_file_shipped(x->name);
    if (!*x->fallback) {
        buf_add_text(out, "Default: empty");
    } else if (x->type == SETTING_SIZE && (v = strtoll(x->fallback, NULL, 10)) > 0) {
        buf_add_text(out, "Default: ");
        add_size(out, v);
    } else {
        buf_printf(out, "Default: %s", x->fallback);
    }
    if (shipped)
        buf_printf(out, "; the shipped configuration has %s", shipped);
    buf_add_text(out, ".");
}

static void add_notes(struct buf *out, const struct setting *x)
{
    if (x->alias)
        buf_printf(out, " Alias: %s.", x->alias);
    if (x->flags & SETTING_IMMUTABLE)
        buf_add_text(out, " Only at startup.");
    if (x->flags & SETTING_STEADY)
        buf_add_text(out, " Not while data is being loaded.");
    if (x->flags & SETTING_PROTECTED)
        buf_add_text(out, " At run time only with enable-protected-configs.");
    if (x->flags & SETTING_SECRET)
        buf_add_text(out, " Secret, never logged.");
}

static void describe(const struct dress *d, const struct setting *x)
{
    struct buf text = {0};
    say(d, x->summary);
    buf_add_char(d->out, '\n');
    add_kind(&text, x);
    add_default(&text, x);
    add_notes(&text, x);
    d->add(d->out, buf_bytes(&text));
    buf_add_char(d->out, '\n');
    buf_free(&text);
}

static bool means_something(const struct setting *x)
{
    return x->summary && !(x->flags & (SETTING_INERT | SETTING_LATER | SETTING_REFUSED));
}

/* The names of settings without effect, or of those that accept only their default. */
static void add_others(const struct dress *d, bool refused)
{
    size_t count, n = 0;
    const struct setting *all = settings_table(&count);
    for (size_t i = 0; i < count; i++) {
        if (means_something(&all[i]) || refused != ((all[i].flags & SETTING_REFUSED) != 0))
            continue;
        say(d, n++ ? ",\n" : "");
        say(d, all[i].name);
        if (all[i].alias) {
            say(d, ",\n");
            say(d, all[i].alias);
        }
    }
    buf_add_text(d->out, n ? ".\n" : "none.\n");
}

static const char inert_text[] =
    "Settings of Redis that are accepted for compatibility but have no effect:";
static const char refused_text[] = "Settings of Redis for which only the default is accepted:";

/* ---- Markdown */

static void add_markdown(struct buf *out, struct bytes text)
{
    if (bytes_equal(text, BYTES(",\n")))
        buf_add_text(out, ",\n");
    else
        reference_text_add(out, text);
}

void reference_settings(struct buf *out)
{
    size_t count;
    const struct setting *all = settings_table(&count);
    const struct dress d = {out, add_markdown};
    reference_text_title(out, "Settings", "All settings with their values and defaults.");
    buf_add_text(out,
                 "\nA setting can be a line of the configuration file, an option of the command "
                 "line (`--port 7000`) or, unless noted otherwise, be changed at run time with "
                 "`CONFIG SET`. `CONFIG REWRITE` writes changes to the configuration file.\n");
    for (size_t i = 0; i < count; i++) {
        if (!means_something(&all[i]))
            continue;
        buf_printf(out, "\n## %s\n\n", all[i].name);
        describe(&d, &all[i]);
    }
    buf_printf(out, "\n## Without effect\n\n%s\n", inert_text);
    add_others(&d, false);
    buf_printf(out, "\n## Not supported\n\n%s\n", refused_text);
    add_others(&d, true);
}

/* ---- mdoc */

/* Each sentence ends its line, and no line may look like an mdoc request. */
static void add_mdoc(struct buf *out, struct bytes text)
{
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        bool first = out->n == 0 || out->p[out->n - 1] == '\n';
        if (first && c == ' ')
            continue;
        if (first && (c == '.' || c == '\''))
            buf_add_text(out, "\\&");
        if (c == '\\')
            buf_add_text(out, "\\e");
        else if (c == '-')
            buf_add_text(out, "\\-");
        else
            buf_add_char(out, c);
        if (strchr(".:;", c) && i + 2 < text.n && text.p[i + 1] == ' ' && c == '.')
            buf_add_char(out, '\n');
    }
}

static const char manual_head[] =
    ".\\\" Generated by millrace-server --print-conf-manual; `make reference` updates it.\n"
    ".Dd November 30, 2026\n"
    ".Dt MILLRACE.CONF 5\n"
    ".Os\n"
    ".Sh NAME\n"
    ".Nm millrace.conf\n"
    ".Nd configuration file of millrace-server\n"
    ".Sh DESCRIPTION\n"
    ".Xr millrace-server 8\n"
    "reads the configuration file given on its command line.\n"
    "Each line has the name of a setting and its value.\n"
    "Values with spaces must be quoted, unless the setting takes several words.\n"
    "Lines that begin with\n"
    ".Sq #\n"
    "are comments, and a line\n"
    ".Ic include Ar file\n"
    "includes another file.\n"
    "Sizes take kb, mb and gb for powers of 1024, k, m and g for powers of 1000.\n"
    ".Pp\n"
    "Unless noted otherwise, a setting can be changed at run time with\n"
    ".Ic CONFIG SET ;\n"
    ".Ic CONFIG REWRITE\n"
    "writes changes to the file.\n"
    ".Sh SETTINGS\n"
    ".Bl -tag -width Ds\n";

void reference_settings_manual(struct buf *out)
{
    size_t count;
    const struct setting *all = settings_table(&count);
    const struct dress d = {out, add_mdoc};
    buf_add_text(out, manual_head);
    for (size_t i = 0; i < count; i++) {
        if (!means_something(&all[i]))
            continue;
        buf_printf(out, ".It Cm %s\n", all[i].name);
        describe(&d, &all[i]);
    }
    buf_printf(out, ".El\n.Sh SETTINGS WITHOUT EFFECT\n%s\n", inert_text);
    add_others(&d, false);
    buf_printf(out, ".Pp\n%s\n", refused_text);
    add_others(&d, true);
    buf_add_text(
        out, ".Sh FILES\n.Bl -tag -width Ds\n.It Pa /etc/millrace/millrace.conf\nConfiguration "
             "file of the Debian package.\n.It Pa /usr/share/millrace/millrace.conf\nSample "
             "configuration file with all settings.\n.El\n.Sh SEE ALSO\n.Xr millrace-server 8\n");
}
