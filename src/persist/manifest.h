/* The manifest of the append-only file: which files make it up, in order. In front
 * "#CRC:<bytes>:<crc32c>" over what stands behind it, then a line for each file,
 * "file NAME seq N type b|i|h", the last increment at the end. A line that begins with # is a
 * comment, for Redis the checksum too; a manifest without a checksum, as Redis writes it, is good.
 */
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

/* Zero-initialised: names no file. */
struct manifest {
    struct manifest_file *files; /* increments in the order of their numbers, which differ */
    size_t n, cap;
    bool checked; /* it was read, with a checksum: no Redis has written it */
};

/* It names no file afterwards. */
void manifest_free(struct manifest *m);
/* The name is copied. An increment's number is above those of all increments before. */
void manifest_add(struct manifest *m, const char *name, uint64_t seq, enum manifest_type type);
/* What `to` held before is not freed. */
void manifest_copy(struct manifest *to, const struct manifest *from);
/* At most one base; increments in the order of their numbers; no number is 0. */
bool manifest_is_sound(const struct manifest *m);
/* NULL when there is none. */
const struct manifest_file *manifest_base(const struct manifest *m);
bool manifest_names(const struct manifest *m, const char *name);
/* The highest number of a type; 0: none. */
uint64_t manifest_last_seq(const struct manifest *m, enum manifest_type type);
/* The last increment that anything was written to, in that directory. A new one is named before the
 * one in front of it has been synced to its end, but nothing goes into it earlier: one behind which
 * there are only empty ones may end torn. 0: no increment. */
uint64_t manifest_last_in_use(const struct manifest *m, const char *directory);
/* Behind out, in the order that Redis wants: base, history, increments. */
void manifest_print(const struct manifest *m, struct buf *out);
#define MANIFEST_ERROR 320
/* False: *error says why, in words of Redis where it has some. */
bool manifest_parse(struct manifest *m, struct bytes text, char error[MANIFEST_ERROR]);

#endif
