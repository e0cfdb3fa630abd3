/* The manifest of the append-only file: the list of its files, in order. First
 * "#CRC:<bytes>:<crc32c>" of the rest, then a line for each file, "file NAME seq N type b|i|h",
 * with the last increment at the end. Lines that begin with # are comments, to Redis also the
 * checksum; a manifest without a checksum, as Redis writes it, is valid. */
#ifndef PERSIST_MANIFEST_H
#define PERSIST_MANIFEST_H

#include "base/buf.h"

#include <stdint.h>

enum manifest_type { MANIFEST_BASE = 'b', MANIFEST_INCREMENT = 'i', MANIFEST_HISTORY = 'h' };

struct manifest_file {
    char *name;
    uint64_t seq;
    enum manifest_type type;
};

/* Zero-initialised: empty. */
struct manifest {
    struct manifest_file *files; /* increments in strictly ascending order */
    size_t n, cap;
    bool checked; /* it was read and had a checksum: not written by Redis */
};

/* It is empty afterwards. */
void manifest_free(struct manifest *m);
/* Copies the name. An increment's number must be above those of all increments before. */
void manifest_add(struct manifest *m, const char *name, uint64_t seq, enum manifest_type type);
/* Does not free the previous content of `to`. */
void manifest_copy(struct manifest *to, const struct manifest *from);
/* At most one base; increments in the order of their numbers; no number is 0. */
bool manifest_is_sound(const struct manifest *m);
/* NULL when there is none. */
const struct manifest_file *manifest_base(const struct manifest *m);
bool manifest_names(const struct manifest *m, const char *name);
/* The highest number of a type; 0: none. */
uint64_t manifest_last_seq(const struct manifest *m, enum manifest_type type);
/* The last increment in that directory that is not empty; 0: none. It may end torn: the next one is
 * listed before this one has had its last fsync, but not written to until then. */
uint64_t manifest_last_in_use(const struct manifest *m, const char *directory);
/* Appends it to out, in the order of Redis: base, history, increments. */
void manifest_print(const struct manifest *m, struct buf *out);
#define MANIFEST_ERROR 320
/* False: *error has the reason, in Redis' words where it has some. */
bool manifest_parse(struct manifest *m, struct bytes text, char error[MANIFEST_ERROR]);

#endif
