#include "persist/manifest.h"

#include "base/assert.h"
#include "base/crc.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/words.h"
#include "io/file.h"

#include <limits.h>
#include <stdio.h>

#define WORDS     16   /* more than any valid line has */
#define LINE_MOST 1023 /* bytes; Redis refuses longer ones */
#define HIT_MOST  4    /* flipped bits in the word of a checksum line */

void manifest_free(struct manifest *m)
{
    for (size_t i = 0; i < m->n; i++)
        mem_free(m->files[i].name);
    mem_free(m->files);
    *m = (struct manifest){0};
}

void manifest_add(struct manifest *m, const char *name, uint64_t seq, enum manifest_type type)
{
    ASSERT(seq > 0);
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
    to->checked = from->checked;
}

bool manifest_is_sound(const struct manifest *m)
{
    uint64_t last = 0;
    unsigned bases = 0;
    for (size_t i = 0; i < m->n; i++) {
        const struct manifest_file *f = &m->files[i];
        if (f->seq == 0 || (f->type == MANIFEST_INCREMENT && f->seq <= last))
            return false;
        bases += f->type == MANIFEST_BASE;
        if (f->type == MANIFEST_INCREMENT)
            last = f->seq;
    }
    return bases <= 1;
}

bool manifest_names(const struct manifest *m, const char *name)
{
    for (size_t i = 0; i < m->n; i++)
        if (strcmp(m->files[i].name, name) == 0)
            return true;
    return false;
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

/* Names with blanks and the like are quoted, since the stem is a setting. */
static void print_file(const struct manifest_file *f, struct buf *out)
{
    buf_add_text(out, "file ");
    words_quote(out, bytes_text(f->name));
    buf_printf(out, " seq %llu type %c\n", (unsigned long long)f->seq, f->type);
}

void manifest_print(const struct manifest *m, struct buf *out)
{
    static const char order[] = {MANIFEST_BASE, MANIFEST_HISTORY, MANIFEST_INCREMENT};
    struct buf files = {0};
    ASSERT(manifest_is_sound(m)); /* else the next start would refuse it */
    for (size_t k = 0; k < sizeof(order); k++)
        for (size_t i = 0; i < m->n; i++)
            if (m->files[i].type == (enum manifest_type)order[k])
                print_file(&m->files[i], &files);
    buf_printf(out, "#CRC:%zu:%08x\n", files.n, crc_32c(0, files.p, files.n));
    buf_add(out, buf_bytes(&files));
    buf_free(&files);
}

/* Also the fallback for errors without a message of their own. */
#define BAD_FORMAT "Invalid AOF manifest file format"

/* "file NAME seq N type T", perhaps followed by unknown words; NULL: valid, else the error. */
static const char *parse_file(struct manifest *m, const struct bytes *words, int n)
{
    struct bytes name = {0}, seq = {0}, type = {0};
    long long number;
    for (int i = 0; i + 1 < n; i += 2) {
        if (bytes_is(words[i], "file"))
            name = words[i + 1];
        else if (bytes_is(words[i], "seq"))
            seq = words[i + 1];
        else if (bytes_is(words[i], "type"))
            type = words[i + 1];
    }
    if (n % 2 || !bytes_is(words[0], "file") || name.n == 0 || memchr(name.p, 0, name.n) ||
        !num_parse_int(seq, &number) || number == 0 || type.n == 0)
        return BAD_FORMAT;
    if (memchr(name.p, '/', name.n))
        return "File can't be a path, just a filename";
    if (type.n != 1 || !type.p[0] || !strchr("bih", type.p[0]))
        return "Unknown AOF file type";
    if (type.p[0] == MANIFEST_BASE && manifest_base(m))
        return "Found duplicate base file information";
    if (number < 0 || (type.p[0] == MANIFEST_INCREMENT &&
                       (uint64_t)number <= manifest_last_seq(m, MANIFEST_INCREMENT)))
        return "Found a non-monotonic sequence number";
    manifest_add(m, name.p, (uint64_t)number, (enum manifest_type)type.p[0]);
    return NULL;
}

/* Whether the line is the checksum that manifest_print() puts before the text. */
static bool is_checksum_of(struct bytes line, struct bytes text)
{
    char expected[64];
    int len =
        snprintf(expected, sizeof(expected), "#CRC:%zu:%08x", text.n, crc_32c(0, text.p, text.n));
    return bytes_equal(line, bytes_of(expected, (size_t)len));
}

/* Whether a line is a checksum, perhaps with a few flipped bits in its word: it must not be taken
 * for a comment then. */
static bool is_damaged_checksum(struct bytes line)
{
    static const char name[] = "#CRC:";
    size_t n = sizeof(name) - 1;
    int changed = 0;
    if (line.n < n || line.p[0] != name[0])
        return false;
    for (size_t i = 1; i < n; i++)
        changed += __builtin_popcount((unsigned char)(line.p[i] ^ name[i]));
    return changed <= HIT_MOST;
}

/* NULL: valid, else the error. `line` is within `text`. */
static const char *parse_line(struct manifest *m, struct bytes text, struct bytes line)
{
    struct bytes words[WORDS];
    char *copy;
    if (is_damaged_checksum(line)) {
        const char *behind = line.p + line.n + 1, *end = text.p + text.n;
        bool good =
            is_checksum_of(line, bytes_of(behind, (size_t)(end - behind))) ||
            is_checksum_of(line, bytes_of(text.p, (size_t)(line.p - text.p))); /* Millrace up to
                                                                                * 0.1.0 */
        m->checked = good;
        return good ? NULL
                    : "The AOF manifest is damaged: its checksum differs (whoever changes "
                      "it by hand removes the line #CRC)";
    }
    if (line.n && line.p[0] == '#')
        return NULL; /* a comment */
    int n = words_split(line, words, WORDS, &copy);
    const char *wrong = n <= 0 ? BAD_FORMAT : parse_file(m, words, n);
    mem_free(copy);
    return wrong;
}

bool manifest_parse(struct manifest *m, struct bytes text, char error[MANIFEST_ERROR])
{
    struct bytes rest = text;
    int number = 0;
    *m = (struct manifest){0};
    while (rest.n) {
        const char *newline = memchr(rest.p, '\n', rest.n);
        struct bytes line = {rest.p, newline ? (size_t)(newline - rest.p) : rest.n};
        number++;
        const char *wrong = newline && line.n <= LINE_MOST
                                ? parse_line(m, text, line)
                                : "The AOF manifest file contains too long line";
        if (wrong) {
            snprintf(error, MANIFEST_ERROR, "%s, at line %d: '%.*s'", wrong, number,
                     line.n > 100 ? 100 : (int)line.n, line.p);
            manifest_free(m);
            return false;
        }
        rest.p += line.n + 1;
        rest.n -= line.n + 1;
    }
    ASSERT(manifest_is_sound(m)); /* parse_file() refuses anything else */
    if (m->n == 0) {
        snprintf(error, MANIFEST_ERROR, "Found an empty AOF manifest: it names no file");
        return false;
    }
    return true;
}
