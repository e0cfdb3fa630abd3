#include "admin/directives.h"

#include "base/mem.h"
#include "config/config_file.h"

#include <string.h>

/* What a start would read; *given: which settings lines name. NULL: there is no file, or it cannot
 * be read. */
static struct settings *read_file(const struct settings *s, bool *given)
{
    struct settings *f;
    struct buf report = {0};
    if (!s->file)
        return NULL;
    f = settings_new();
    f->given = given;
    f->started_in = s->started_in ? mem_copy_text(s->started_in, strlen(s->started_in)) : NULL;
    if (!config_file_load(f, s->file, &report)) {
        settings_free(f);
        f = NULL;
    }
    buf_free(&report);
    return f;
}

static void write_value(struct json_write *w, const char *name, const struct settings *s,
                        const struct setting *x)
{
    struct buf text = {0};
    json_write_name(w, bytes_text(name));
    if (!s || (x->flags & SETTING_SECRET)) {
        json_write_null(w);
        return;
    }
    settings_print(s, x, &text);
    json_write_bytes(w, text.n ? buf_bytes(&text) : bytes_of("", 0));
    buf_free(&text);
}

static void write_mark(struct json_write *w, const char *name, bool holds)
{
    if (!holds)
        return;
    json_write_name(w, bytes_text(name));
    json_write_bool(w, true);
}

/* "always:2|no:0" as an array of its words. */
static void write_words(struct json_write *w, const char *words)
{
    json_write_name(w, BYTES("words"));
    json_write_array(w);
    while (*words) {
        size_t n = strcspn(words, ":");
        json_write_bytes(w, bytes_of(words, n));
        words += n + strcspn(words + n, "|");
        words += *words == '|';
    }
    json_write_array_end(w);
}

void directives_write(const struct settings *s, struct json_write *w)
{
    size_t count;
    const struct setting *all = settings_table(&count);
    bool *given = mem_zalloc(count * sizeof(*given));
    struct settings *by_default = settings_new(), *file = read_file(s, given);
    json_write_array(w);
    for (size_t i = 0; i < count; i++) {
        const struct setting *x = &all[i];
        if (x->flags & SETTING_HIDDEN)
            continue;
        json_write_object(w);
        json_write_name(w, BYTES("name"));
        json_write_text(w, x->name);
        write_value(w, "value", s, x);
        write_value(w, "default", by_default, x);
        write_value(w, "file", given[i] ? file : NULL, x);
        json_write_name(w, BYTES("summary"));
        json_write_text(w, x->summary ? x->summary : "");
        write_mark(w, "fixed", x->flags & SETTING_IMMUTABLE);
        write_mark(w, "inert", x->flags & (SETTING_INERT | SETTING_LATER));
        write_mark(w, "secret", x->flags & SETTING_SECRET);
        if (x->type == SETTING_ENUM && x->words)
            write_words(w, x->words);
        json_write_object_end(w);
    }
    json_write_array_end(w);
    settings_free(by_default);
    settings_free(file);
    mem_free(given);
}
