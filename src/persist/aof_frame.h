/* The lines that frame journal bytes in the append-only file: the only place that knows their
 * format. The reader accepts exactly what the writer would have printed.
 *
 *   header      #MILLRACE:2:<salt>:<offset>:<replication id>:<crc32c>    first line of the file
 *   generation  #GENERATION:<number>:<crc32c>       second line of a base of commands
 *   timestamp   #TS:<seconds since 1970>            before a frame, if wanted
 *   note        #SKIP:<n>  #ONLY:<n>  #ID:<id>      in a frame: where file and stream differ
 *   trailer     #CRC:<bytes>:<crc32c>:<synced>      after each frame
 *
 * A frame is: an optional timestamp; the body, which is one turn's effects in RESP with notes among
 * them; the trailer. Version 1 has no notes. The random salt of the header seeds all checksums
 * after it, so that frames of other files, or client data that look like a frame, are never
 * accepted. docs/formats/aof.md describes the format. Pure: no file access, no allocation. */
#ifndef PERSIST_AOF_FRAME_H
#define PERSIST_AOF_FRAME_H

#include "base/bytes.h"
#include "persist/journal.h"

#include <stdint.h>

#define AOF_FRAME_HEADER_MAX 160 /* bytes of a header */
#define AOF_FRAME_LINE_MAX   96  /* bytes of any other line */
#define AOF_FRAME_VERSION    2   /* what is written; 1 is read */

struct aof_frame_header {
    unsigned version;
    uint32_t salt;           /* seeds the checksums of the file's lines */
    uint64_t offset;         /* of the journal, where the first frame begins */
    char replication_id[41]; /* the history that the offset belongs to */
};

/* The content of a trailer. */
struct aof_frame_trailer {
    uint64_t bytes;  /* of the body, without timestamp and trailer */
    uint64_t synced; /* journal offset known to be on disk when the frame was written */
};

/* The content of a note (persist/journal.h). */
struct aof_frame_note {
    enum journal_note_kind kind;
    uint64_t n; /* SKIP, ONLY: bytes */
    char id[HISTORY_ID_LENGTH + 1];
};

/* These print into a buffer of the size above and return the length, without a NUL. */
size_t aof_frame_print_header(const struct aof_frame_header *h, char *to);
size_t aof_frame_print_generation(uint32_t salt, uint64_t generation, char *to);
size_t aof_frame_print_timestamp(int64_t seconds, char *to);
size_t aof_frame_print_note(const struct aof_frame_note *note, char *to);
/* timestamp: the line before the body, or empty; the checksum covers both. Reads the whole body
 * once. */
size_t aof_frame_print_trailer(uint32_t salt, struct bytes timestamp, struct bytes body,
                               uint64_t synced, char *to);

/* The header at the start of data; *n is its length. False: it is missing or damaged. */
bool aof_frame_parse_header(struct bytes data, struct aof_frame_header *out, size_t *n);
/* The generation line at the start of data; returns its length, 0: there is none. */
size_t aof_frame_parse_generation(uint32_t salt, struct bytes data, uint64_t *generation);
/* The time of a timestamp line, passed without its line end. False: it is not one. */
bool aof_frame_parse_timestamp(struct bytes line, long long *seconds);
/* The same for a note; accepts exactly what would be printed. */
bool aof_frame_parse_note(struct bytes line, struct aof_frame_note *out);

/* Whether the trailer line at data[at], passed without its line end, ends an intact frame. Reads
 * the frame once for its checksum. */
bool aof_frame_is_sound(uint32_t salt, struct bytes data, size_t at, struct bytes line,
                        struct aof_frame_trailer *out);

#endif
