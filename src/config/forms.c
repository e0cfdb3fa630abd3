/* Settings whose text has a grammar of its own: a reader for each type, in a table at the end.
 *
 * A reader gets the words of the line joined by single spaces. It checks all of them before it
 * stores anything, so that an error leaves the old value in force, then stores the parsed form in
 * its fields of struct settings and appends the canonical text to `canonical`. CONFIG GET and
 * CONFIG REWRITE show that text, which parses to the same value.
 *
 * Reasons are constant strings in the words of Redis, since clients compare them. */
#include "config/forms.h"

#include "base/mem.h"
#include "base/num.h"

#include <arpa/inet.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define WORDS_MOST 128

size_t forms_split(struct bytes text, struct bytes *words, size_t most)
{
    size_t n = 0;
    while (text.n) {
        const char *space = memchr(text.p, ' ', text.n);
        size_t len = space ? (size_t)(space - text.p) : text.n;
        if (n < most)
            words[n] = bytes_of(text.p, len);
        n++;
        if (!space)
            break;
        text = bytes_of(space + 1, text.n - len - 1);
        /* A trailing space is followed by an empty word. */
        if (!text.n) {
            if (n < most)
                words[n] = bytes_of("", 0);
            n++;
        }
    }
    return n;
}

static void add_word(struct buf *out, struct bytes word)
{
    if (out->n)
        buf_add_char(out, ' ');
    buf_add(out, word);
}

typedef bool form_reader(struct settings *s, const struct setting *x, struct bytes text,
                         struct buf *canonical, const char **reason);

static bool read_save_points(struct settings *s, const struct setting *x, struct bytes text,
                             struct buf *canonical, const char **reason)
{
    struct bytes words[2 * SETTINGS_SAVE_POINTS];
    long long numbers[2 * SETTINGS_SAVE_POINTS];
    (void)x;
    size_t n = forms_split(text, words, 2 * SETTINGS_SAVE_POINTS);
    *reason = "Invalid save parameters";
    if (n % 2 || n > 2 * SETTINGS_SAVE_POINTS)
        return false;
    for (size_t i = 0; i < n; i++)
        if (!num_parse_int(words[i], &numbers[i]) || numbers[i] < (i % 2 ? 0 : 1) ||
            numbers[i] > INT32_MAX)
            return false;
    for (size_t i = 0; i < n; i += 2) {
        s->save_points[i / 2].seconds = numbers[i];
        s->save_points[i / 2].changes = numbers[i + 1];
        buf_printf(canonical, "%s%lld %lld", i ? " " : "", numbers[i], numbers[i + 1]);
    }
    s->save_point_n = (int)n / 2;
    return true;
}

static int client_class(struct bytes word)
{
    return bytes_is(word, "normal")                               ? 0
           : bytes_is(word, "slave") || bytes_is(word, "replica") ? 1
           : bytes_is(word, "pubsub")                             ? 2
                                                                  : -1;
}

static bool read_output_limits(struct settings *s, const struct setting *x, struct bytes text,
                               struct buf *canonical, const char **reason)
{
    static const char *const classes[] = {"normal", "slave", "pubsub"};
    struct bytes words[WORDS_MOST];
    struct setting_limit limits[3];
    (void)x;
    size_t n = forms_split(text, words, WORDS_MOST);
    *reason = "Wrong number of arguments in buffer limit configuration.";
    if (n % 4 || n > WORDS_MOST)
        return false;
    memcpy(limits, s->output_limits, sizeof(limits));
    for (size_t i = 0; i < n; i += 4) {
        struct setting_limit l;
        int class_ = client_class(words[i]);
        if (class_ < 0) {
            *reason = "Invalid client class specified in buffer limit configuration.";
            return false;
        }
        if (!num_parse_size(words[i + 1], &l.hard) || !num_parse_size(words[i + 2], &l.soft) ||
            !num_parse_int(words[i + 3], &l.seconds) || l.hard < 0 || l.soft < 0 || l.seconds < 0 ||
            l.seconds > INT32_MAX) {
            *reason = "Error in hard, soft or soft_seconds setting in buffer limit configuration.";
            return false;
        }
        limits[class_] = l;
    }
    memcpy(s->output_limits, limits, sizeof(limits));
    for (int c = 0; c < 3; c++)
        buf_printf(canonical, "%s%s %lld %lld %lld", c ? " " : "", classes[c], limits[c].hard,
                   limits[c].soft, limits[c].seconds);
    return true;
}

#define EVENTS_ALL 0x17fcu

static bool parse_events(struct bytes text, unsigned *flags)
{
    static const char letters[] = "KEg$lshzxetmdnocSTIV";
    unsigned v = 0;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == 'A') {
            v |= EVENTS_ALL;
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

static void add_events(unsigned flags, const char *letters, struct buf *out)
{
    for (; *letters; letters++) {
        unsigned one = 0;
        parse_events(bytes_of(letters, 1), &one);
        if (flags & one)
            buf_add_char(out, *letters);
    }
}

static bool read_events(struct settings *s, const struct setting *x, struct bytes text,
                        struct buf *canonical, const char **reason)
{
    unsigned flags;
    (void)x;
    if (!parse_events(text, &flags)) {
        *reason = "Invalid event class character. Use 'Ag$lshzxeKEtmdnocSTIV'.";
        return false;
    }
    s->notify_flags = flags;
    if ((flags & EVENTS_ALL) == EVENTS_ALL)
        buf_add_char(canonical, 'A');
    else
        add_events(flags, "g$lshzxetd", canonical);
    add_events(flags, "nKEmocSTIV", canonical);
    return true;
}

static bool read_shutdown(struct settings *s, const struct setting *x, struct bytes text,
                          struct buf *canonical, const char **reason)
{
    static const struct {
        const char *name;
        unsigned flag;
    } names[] = {{"default", 0},
                 {"save", SETTINGS_SHUTDOWN_SAVE},
                 {"nosave", SETTINGS_SHUTDOWN_NOSAVE},
                 {"now", SETTINGS_SHUTDOWN_NOW},
                 {"force", SETTINGS_SHUTDOWN_FORCE}};
    struct bytes words[WORDS_MOST];
    size_t n = forms_split(text, words, WORDS_MOST);
    unsigned flags = 0;
    for (size_t i = 0; i < n || n == 0; i++) {
        size_t k = 0;
        while (k < 5 && (n == 0 || i >= WORDS_MOST || !bytes_is(words[i], names[k].name)))
            k++;
        if (k == 5) {
            *reason = "argument(s) must be one of the following: default, save, nosave, now, force";
            return false;
        }
        flags |= names[k].flag;
    }
    if ((flags & SETTINGS_SHUTDOWN_SAVE) && (flags & SETTINGS_SHUTDOWN_NOSAVE)) {
        *reason = "shutdown options SAVE and NOSAVE can't be used simultaneously";
        return false;
    }
    if (!flags)
        buf_add_text(canonical, "default");
    for (size_t k = 1; k < 5; k++)
        if (flags & names[k].flag)
            add_word(canonical, bytes_text(names[k].name));
    if (x->at == offsetof(struct settings, shutdown_on_sigint))
        s->sigint_flags = flags;
    else
        s->sigterm_flags = flags;
    return true;
}

static bool read_percentiles(struct settings *s, const struct setting *x, struct bytes text,
                             struct buf *canonical, const char **reason)
{
    struct bytes words[WORDS_MOST];
    double values[WORDS_MOST];
    (void)x;
    size_t n = forms_split(text, words, WORDS_MOST);
    *reason = "Invalid latency-tracking-info-percentiles parameters";
    if (n > WORDS_MOST)
        return false;
    for (size_t i = 0; i < n; i++) {
        char *end, *copy = mem_copy_text(words[i].p, words[i].n);
        values[i] = strtod(copy, &end);
        bool whole = words[i].n && end == copy + words[i].n && *copy != ' ' && *copy != '\t' &&
                     !isnan(values[i]);
        mem_free(copy);
        if (!whole)
            return false;
        if (values[i] < 0 || values[i] > 100) {
            *reason = "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]";
            return false;
        }
    }
    for (size_t i = 0; i < n; i++) {
        char number[32];
        int len = snprintf(number, sizeof(number), "%.6f", values[i]);
        while (number[len - 1] == '0')
            len--;
        if (number[len - 1] == '.')
            len--;
        add_word(canonical, bytes_of(number, (size_t)len));
    }
    mem_free(s->percentiles);
    s->percentiles = mem_alloc((n + 1) * sizeof(double));
    memcpy(s->percentiles, values, n * sizeof(double));
    s->percentile_n = n;
    return true;
}

static bool read_scores(struct settings *s, const struct setting *x, struct bytes text,
                        struct buf *canonical, const char **reason)
{
    struct bytes words[3];
    long long values[3];
    (void)x;
    if (forms_split(text, words, 3) != 3) {
        *reason = "wrong number of arguments";
        return false;
    }
    for (int i = 0; i < 3; i++)
        if (!num_parse_int(words[i], &values[i]) || values[i] < -2000 || values[i] > 2000) {
            *reason = "Invalid oom-score-adj-values, elements must be between -2000 and 2000.";
            return false;
        }
    for (int i = 0; i < 3; i++)
        s->oom_scores[i] = (int)values[i];
    buf_printf(canonical, "%lld %lld %lld", values[0], values[1], values[2]);
    return true;
}

static void add_variable(const struct settings *s, struct bytes name, const char *title,
                         struct buf *out, bool *known)
{
    const char *first = *s->bind ? s->bind : "*";
    if (bytes_equal(name, BYTES("title"))) {
        buf_add_text(out, title);
    } else if (bytes_equal(name, BYTES("listen-addr"))) {
        if (s->port || s->tls_port)
            buf_printf(out, "%.*s:%lld", (int)strcspn(first, " "), first,
                       s->port ? s->port : s->tls_port);
        else
            buf_add_text(out, s->unixsocket);
    } else if (bytes_equal(name, BYTES("port"))) {
        buf_add_int(out, s->port);
    } else if (bytes_equal(name, BYTES("tls-port"))) {
        buf_add_int(out, s->tls_port);
    } else if (bytes_equal(name, BYTES("unixsocket"))) {
        buf_add_text(out, s->unixsocket);
    } else if (bytes_equal(name, BYTES("config-file"))) {
        buf_add_text(out, s->file ? s->file : "");
    } else if (!bytes_equal(name, BYTES("server-mode"))) {
        *known = false; /* {server-mode} is known but empty: no cluster, no sentinel */
    }
}

bool forms_title(const struct settings *s, struct bytes form, const char *title, struct buf *out)
{
    bool known = true;
    while (form.n) {
        const char *open = memchr(form.p, '{', form.n);
        size_t plain = open ? (size_t)(open - form.p) : form.n;
        buf_add(out, bytes_of(form.p, plain));
        form = bytes_of(form.p + plain, form.n - plain);
        if (!form.n)
            break;
        form = bytes_of(form.p + 1, form.n - 1);
        if (form.n && *form.p == '{') {
            buf_add_char(out, '{');
            form = bytes_of(form.p + 1, form.n - 1);
            continue;
        }
        const char *close = form.n ? memchr(form.p, '}', form.n) : NULL;
        if (!close)
            return false;
        size_t n = (size_t)(close - form.p);
        add_variable(s, bytes_of(form.p, n), title, out, &known);
        form = bytes_of(close + 1, form.n - n - 1);
    }
    return known && out->n > 0;
}

static bool read_title(struct settings *s, const struct setting *x, struct bytes text,
                       struct buf *canonical, const char **reason)
{
    struct buf shown = {0};
    (void)x;
    bool sound = forms_title(s, text, "", &shown);
    buf_free(&shown);
    if (!sound) {
        *reason = "template format is invalid or contains unknown variables";
        return false;
    }
    buf_add(canonical, text);
    return true;
}

static bool read_locale(struct settings *s, const struct setting *x, struct bytes text,
                        struct buf *canonical, const char **reason)
{
    (void)s;
    (void)x;
    if (text.n == 0) /* from the environment */
        return true;
    char *name = mem_copy_text(text.p, text.n);
    locale_t locale = newlocale(LC_COLLATE_MASK, name, (locale_t)0);
    mem_free(name);
    if (!locale) {
        *reason = "Invalid locale name";
        return false;
    }
    freelocale(locale);
    buf_add(canonical, text);
    return true;
}

static bool read_addresses(struct settings *s, const struct setting *x, struct bytes text,
                           struct buf *canonical, const char **reason)
{
    struct bytes words[SETTINGS_ADDRESSES];
    (void)s;
    (void)x;
    size_t n = forms_split(text, words, SETTINGS_ADDRESSES);
    if (n > SETTINGS_ADDRESSES) {
        *reason = "Too many bind addresses specified.";
        return false;
    }
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < words[i].n || k == 0; k++)
            if (words[i].n == 0 || (unsigned char)words[i].p[k] <= ' ') {
                *reason = "Failed to bind to specified addresses.";
                return false;
            }
    for (size_t i = 0; i < n; i++)
        add_word(canonical, words[i]);
    return true;
}

/* Stored as inet_ntop() prints addresses, since they are compared as text with those of peers. */
static bool read_ips(struct settings *s, const struct setting *x, struct bytes text,
                     struct buf *canonical, const char **reason)
{
    struct bytes words[WORDS_MOST];
    (void)s;
    (void)x;
    size_t n = forms_split(text, words, WORDS_MOST);
    for (size_t i = 0; i < n && n <= WORDS_MOST; i++) {
        unsigned char address[16];
        char *word = mem_copy_text(words[i].p, words[i].n), print[INET6_ADDRSTRLEN];
        int family = memchr(words[i].p, ':', words[i].n) ? AF_INET6 : AF_INET;
        bool good = strlen(word) == words[i].n && inet_pton(family, word, address) == 1;
        mem_free(word);
        if (!good) {
            *reason = "addresses in numbers are expected, not names or networks";
            return false;
        }
        inet_ntop(family, address, print, sizeof(print));
        add_word(canonical, bytes_text(print));
    }
    if (n > WORDS_MOST)
        *reason = "too many addresses";
    return n <= WORDS_MOST;
}

static bool read_protocols(struct settings *s, const struct setting *x, struct bytes text,
                           struct buf *canonical, const char **reason)
{
    static const char *const names[] = {"TLSv1.2", "TLSv1.3"};
    struct bytes words[WORDS_MOST];
    bool given[2] = {false, false};
    (void)s;
    (void)x;
    size_t n = forms_split(text, words, WORDS_MOST);
    for (size_t i = 0; i < n; i++) {
        if (i < WORDS_MOST && words[i].n == 0)
            continue;
        int k = i >= WORDS_MOST                ? -1
                : bytes_is(words[i], names[0]) ? 0
                : bytes_is(words[i], names[1]) ? 1
                                               : -1;
        if (k < 0) {
            *reason = "only TLSv1.2 and TLSv1.3 are supported";
            return false;
        }
        given[k] = true;
    }
    for (int k = 0; k < 2; k++)
        if (given[k])
            add_word(canonical, bytes_text(names[k]));
    return true;
}

static bool read_hostname(struct settings *s, const struct setting *x, struct bytes text,
                          struct buf *canonical, const char **reason)
{
    (void)s;
    (void)x;
    if (text.n >= 256) {
        *reason = "Hostnames must be less than 256 characters";
        return false;
    }
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (!((c | 32) >= 'a' && (c | 32) <= 'z') && !(c >= '0' && c <= '9') && c != '-' &&
            c != '.') {
            *reason = "Hostnames may only contain alphanumeric characters, hyphens or dots";
            return false;
        }
    }
    buf_add(canonical, text);
    return true;
}

static bool read_master(struct settings *s, const struct setting *x, struct bytes text,
                        struct buf *canonical, const char **reason)
{
    struct bytes words[2];
    long long port;
    (void)s;
    (void)x;
    if (text.n == 0)
        return true;
    if (forms_split(text, words, 2) != 2) {
        *reason = "wrong number of arguments";
        return false;
    }
    if (bytes_is(words[0], "no") && bytes_is(words[1], "one"))
        return true;
    if (!num_parse_int(words[1], &port) || port < 0 || port > 65535) {
        *reason = "Invalid master port";
        return false;
    }
    buf_add(canonical, text);
    return true;
}

bool forms_read(struct settings *s, const struct setting *x, struct bytes text,
                struct buf *canonical, const char **reason)
{
    static form_reader *const readers[] = {
        [SETTING_SAVE_POINTS] = read_save_points,
        [SETTING_OUTPUT_LIMITS] = read_output_limits,
        [SETTING_EVENTS] = read_events,
        [SETTING_SHUTDOWN] = read_shutdown,
        [SETTING_PERCENTILES] = read_percentiles,
        [SETTING_SCORES] = read_scores,
        [SETTING_TITLE] = read_title,
        [SETTING_LOCALE] = read_locale,
        [SETTING_ADDRESSES] = read_addresses,
        [SETTING_IPS] = read_ips,
        [SETTING_PROTOCOLS] = read_protocols,
        [SETTING_HOSTNAME] = read_hostname,
        [SETTING_MASTER] = read_master,
    };
    return readers[x->type](s, x, text, canonical, reason);
}
