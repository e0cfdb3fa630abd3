#include "persist/manifest.h"

#include "base/crc.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/words.h"
#include "io/file.h"

#include <limits.h>
#include <stdio.h>

#define WORDS 16 /* more than a line has */

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

uint64_t manifest_last_in_use(const struct manifest *m, const char *directory)
{
    uint64_t last = 0, first = 0;
    for (size_t i = 0; i < m->n; i++) {
        char path[PATH_MAX];
        const struct manifest_file *f = &m->files[i];
        if (f->type != MANIFEST_INCREMENT)
            continue;
        snprintf(path, sizeof(path), "%s/%s", directory, f->name);
        if (f->seq > last && file_size_of(path) != 0)
            last = f->seq;
        if (!first || f->seq < first)
            first = f->seq;
    }
    return last ? last : first;
}

void manifest_print(const struct manifest *m, struct buf *out)
{
    size_t before = out->n;
    for (size_t i = 0; i < m->n; i++) {
        buf_add_text(out, "file ");
        words_quote(out, bytes_text(m->files[i].name));
        buf_printf(out, " seq %llu type %c\n", (unsigned long long)m->files[i].seq,
                   m->files[i].type);
    }
    size_t n = out->n - before;
    buf_printf(out, "#CRC:%zu:%08x\n", n, crc_32c(0, out->p + before, n));
}

/* "file NAME seq N type T", in any order; NULL: good, else what is wrong. */
static const char *parse_file(struct manifest *m, const struct bytes *words, int n)
{
    struct bytes name = {0}, seq = {0}, type = {0};
    uint64_t number;
    for (int i = 0; i + 1 < n; i += 2) {
        if (bytes_is(words[i], "file"))
            name = words[i + 1];
        else if (bytes_is(words[i], "seq"))
            seq = words[i + 1];
        else if (bytes_is(words[i], "type"))
            type = words[i + 1];
    }
    if (n % 2 || name.n == 0 || memchr(name.p, '/', name.n) || memchr(name.p, 0, name.n) ||
        !num_parse_uint(seq, &number) || type.n != 1 || !type.p[0] || !strchr("bih", type.p[0]))
        return "damaged";
    if (type.p[0] == MANIFEST_BASE && manifest_base(m))
        return "wrong: it names two bases";
    if (type.p[0] == MANIFEST_INCREMENT && number <= manifest_last_seq(m, MANIFEST_INCREMENT))
        return "wrong: increments that are not in order";
    manifest_add(m, name.p, number, (enum manifest_type)type.p[0]);
    return NULL;
}

/* Whether the line is the checksum of what stands before it. */
static bool is_checksum(struct bytes text, struct bytes line)
{
    char expected[64];
    size_t n = (size_t)(line.p - text.p);
    int len = snprintf(expected, sizeof(expected), "#CRC:%zu:%08x", n, crc_32c(0, text.p, n));
    return bytes_equal(line, bytes_of(expected, (size_t)len));
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
        const char *wrong = NULL;
        if (bytes_has_prefix(line, "#CRC:")) {
            wrong = is_checksum(text, line) ? NULL : "damaged (checksum)";
        } else if (line.n && line.p[0] == '#') {
            /* A comment has a space there: else a checksum that was hit would be taken for one. */
            wrong = line.n > 1 && line.p[1] != ' ' ? "damaged (checksum)" : NULL;
        } else if (line.n) {
            struct bytes words[WORDS];
            char *copy;
            int n = words_split(line, words, WORDS, &copy);
            wrong = n < 0 ? "damaged" : parse_file(m, words, n);
            mem_free(copy);
        }
        if (wrong) {
            snprintf(error, 160, "the manifest is %s, line %d", wrong, number);
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
