/* The lines that make frames of journal bytes, in the append-only file: the one place that knows
 * how they look. The writer prints them, the reader accepts exactly what the writer would have
 * printed.
 *
 *   header      #MILLRACE:2:<salt>:<offset>:<replication id>:<crc32c>    first line of the file
 *   generation  #GENERATION:<number>:<crc32c>       second line of a base of commands
 *   timestamp   #TS:<seconds since 1970>            in front of a frame, when it is wanted
 *   note        #SKIP:<n>  #ONLY:<n>  #ID:<id>      in a frame: where file and stream differ
 *   trailer     #CRC:<bytes>:<crc32c>:<synced>      behind each frame
 *
 * A frame is: the timestamp or nothing; its body, which is one turn's effects in RESP with notes
 * among them; the trailer. Version 1 has no notes. The random salt of the header seeds all
 * checksums behind it, so that frames of other files, or bytes that a client wrote to look like a
 * frame, are never accepted. docs/formats/aof.md describes the format.
 * Pure: no file is touched and nothing is allocated. */
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

/* What a trailer says. */
struct aof_frame_trailer {
    uint64_t bytes;  /* of the body, without timestamp and trailer */
    uint64_t synced; /* journal offset known to be on disk when the frame was written */
};

/* What a note says (persist/journal.h). */
struct aof_frame_note {
    enum journal_note_kind kind;
    uint64_t n; /* SKIP, ONLY: bytes */
    char id[HISTORY_ID_LENGTH + 1];
};

/* All of these print into a buffer of the size above and return the length; no zero follows. */
size_t aof_frame_print_header(const struct aof_frame_header *h, char *to);
size_t aof_frame_print_generation(uint32_t salt, uint64_t generation, char *to);
size_t aof_frame_print_timestamp(int64_t seconds, char *to);
size_t aof_frame_print_note(const struct aof_frame_note *note, char *to);
/* timestamp: the line in front of the body, or nothing; the checksum covers both. Reads all of the
 * body once for it. */
size_t aof_frame_print_trailer(uint32_t salt, struct bytes timestamp, struct bytes body,
                               uint64_t synced, char *to);

/* The header at the start of data; *n is its length. False: there is none, or it is damaged. */
bool aof_frame_parse_header(struct bytes data, struct aof_frame_header *out, size_t *n);
/* The generation at the start of data: its length and its number; 0: there is none. */
size_t aof_frame_parse_generation(uint32_t salt, struct bytes data, uint64_t *generation);
/* The time of a timestamp line, given without its line end. False: it is none. */
bool aof_frame_parse_timestamp(struct bytes line, long long *seconds);
/* The same of a note: to the byte what would be printed. */
bool aof_frame_parse_note(struct bytes line, struct aof_frame_note *out);

/* Whether the trailer line that begins at data[at], given without its line end, belongs to a frame
 * that ends there, with each bit as it was written. Reads the frame once for its checksum. */
bool aof_frame_is_sound(uint32_t salt, struct bytes data, size_t at, struct bytes line,
                        struct aof_frame_trailer *out);

#endif
