#include "persist/manifest.h"

#include "base/crc.h"
#include "base/mem.h"
#include "base/num.h"

#include <stdio.h>

void manifest_free(struct manifest *m)
{
    for (size_t i = 0; i < m->n; i++)
        mem_free(m->files[i].name);
    mem_free(m->files);
    *m = (struct manifest){0};
}

void manifest_add(struct manifest *m, const char *name, uint64_t seq, enum manifest_type type)
{
    if (m->n == m->cap) {
        m->cap = m->cap ? m->cap * 2 : 4;
        m->files = mem_realloc(m->files, m->cap * sizeof(*m->files));
    }
    m->files[m->n++] = (struct manifest_file){mem_copy_text(name, strlen(name)), seq, type};
}

void manifest_copy(struct manifest *to, const struct manifest *from)
{
    *to = (struct manifest){0};
    for (size_t i = 0; i < from->n; i++)
        manifest_add(to, from->files[i].name, from->files[i].seq, from->files[i].type);
}

const struct manifest_file *manifest_base(const struct manifest *m)
{
    for (size_t i = 0; i < m->n; i++)
        if (m->files[i].type == MANIFEST_BASE)
            return &m->files[i];
    return NULL;
}

uint64_t manifest_last_seq(const struct manifest *m, enum manifest_type type)
{
    uint64_t last = 0;
    for (size_t i = 0; i < m->n; i++)
        if (m->files[i].type == type && m->files[i].seq > last)
            last = m->files[i].seq;
    return last;
}

void manifest_print(const struct manifest *m, struct buf *out)
{
    size_t before = out->n;
    for (size_t i = 0; i < m->n; i++)
        buf_printf(out, "file %s seq %llu type %c\n", m->files[i].name,
                   (unsigned long long)m->files[i].seq, m->files[i].type);
    size_t n = out->n - before;
    buf_printf(out, "#CRC:%zu:%08x\n", n, crc_32c(0, out->p + before, n));
}

static bool next_word(struct bytes *line, struct bytes *word)
{
    while (line->n && line->p[0] == ' ')
        line->p++, line->n--;
    size_t n = 0;
    while (n < line->n && line->p[n] != ' ')
        n++;
    *word = bytes_of(line->p, n);
    line->p += n;
    line->n -= n;
    return n > 0;
}

static bool parse_file(struct manifest *m, struct bytes line)
{
    struct bytes key, name = {0}, seq = {0}, type = {0};
    while (next_word(&line, &key)) {
        struct bytes value;
        if (!next_word(&line, &value))
            return false;
        if (bytes_is(key, "file"))
            name = value;
        else if (bytes_is(key, "seq"))
            seq = value;
        else if (bytes_is(key, "type"))
            type = value;
    }
    uint64_t number;
    if (name.n == 0 || memchr(name.p, '/', name.n) || !num_parse_uint(seq, &number) ||
        type.n != 1 || !strchr("bih", type.p[0]))
        return false;
    char *text = mem_copy_text(name.p, name.n);
    manifest_add(m, text, number, (enum manifest_type)type.p[0]);
    mem_free(text);
    return true;
}

bool manifest_parse(struct manifest *m, struct bytes text, char error[160])
{
    struct bytes rest = text;
    int number = 0;
    *m = (struct manifest){0};
    while (rest.n) {
        const char *newline = memchr(rest.p, '\n', rest.n);
        struct bytes line = {rest.p, newline ? (size_t)(newline - rest.p) : rest.n};
        rest.n -= newline ? line.n + 1 : line.n;
        number++;
        if (bytes_has_prefix(line, "#CRC:")) {
            size_t n = (size_t)(line.p - text.p);
            char expected[64];
            int len =
                snprintf(expected, sizeof(expected), "#CRC:%zu:%08x", n, crc_32c(0, text.p, n));
            if (!bytes_equal(line, bytes_of(expected, (size_t)len))) {
                snprintf(error, 160, "the manifest is damaged (checksum), line %d", number);
                manifest_free(m);
                return false;
            }
        } else if (line.n && line.p[0] != '#' && !parse_file(m, line)) {
            snprintf(error, 160, "the manifest is damaged, line %d", number);
            manifest_free(m);
            return false;
        }
        rest.p += newline ? line.n + 1 : line.n;
    }
    if (m->n == 0) {
        snprintf(error, 160, "the manifest names no file");
        return false;
    }
    return true;
}
