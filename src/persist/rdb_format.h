/* The RDB format: opcodes, value types and encodings of all servers that write it.
 *
 * A file: magic and version (9 bytes), records, RDB_EOF, CRC-64 (from version 5 on). A record is an
 * opcode with its operands, or a key: type, key, value. Opcodes about a key precede its type.
 *
 * Some codes differ by server: enum rdb_dialect. A file's dialect follows from its magic and
 * fields, that of a DUMP payload from the version in its footer.
 *
 * Sources: https://rdb.fnordig.de/file_format.html for versions up to 7, and bytes that Redis up to
 * 8.10 and Valkey up to 9.1 wrote. */
#ifndef PERSIST_RDB_FORMAT_H
#define PERSIST_RDB_FORMAT_H

#include <stdbool.h>

enum rdb_dialect {
    RDB_REDIS,
    RDB_VALKEY,    /* magic VALKEY, versions from 80 on (9.0) */
    RDB_DRAGONFLY, /* magic REDIS, but a field df-ver */
};

/* Versions that are fully known. Others are read as far as their content is known. */
#define RDB_REDIS_VERSION_MOST  15
#define RDB_REDIS_RESERVED_MOST 79 /* magic REDIS has no higher ones */
#define RDB_VALKEY_VERSION      80

#define RDB_MAGIC_BYTES 9 /* the name of the format and its version */
#define RDB_SUM_BYTES   8 /* the checksum after RDB_EOF, from version 5 on; 0: not computed */

enum rdb_opcode {
    RDB_ENTERPRISE_LEAST = 100, /* codes below are types */
    RDB_ENTERPRISE_MOST = 121,
    RDB_DRAGONFLY_LEAST = 200,
    RDB_DRAGONFLY_KEY_FLAGS = 220,
    RDB_REDIS_HASH_TEMPLATE = 242, /* field names shared by hashes (8.10) */
    RDB_REDIS_KEY_META = 243,      /* module metadata of a key (8.6) */
    RDB_VALKEY_SLOT_IMPORT = 243,  /* cluster slots being imported (9.0) */
    RDB_SLOT_INFO = 244,           /* the size of a cluster's slot */
    RDB_FUNCTION = 245,
    RDB_FUNCTION_CANDIDATE = 246, /* only release candidates of Redis 7.0 wrote it */
    RDB_MODULE_AUX = 247,
    RDB_IDLE = 248,
    RDB_FREQUENCY = 249,
    RDB_AUX = 250,
    RDB_RESIZE = 251,
    RDB_EXPIRE_MS = 252,
    RDB_EXPIRE_S = 253,
    RDB_SELECT = 254,
    RDB_EOF = 255,
};

/* Value types. First those that this server writes: always the lowest version that holds the value.
 */
enum rdb_type {
    RDB_STRING = 0,
    RDB_SET = 2,
    RDB_HASH = 4,
    RDB_ZSET = 5, /* scores as doubles (4.0) */
    RDB_INTSET = 11,
    RDB_HASH_PACK = 16,
    RDB_ZSET_PACK = 17,
    RDB_LIST = 18, /* nodes: enum rdb_list_node */
    RDB_STREAM = 19,
    RDB_STREAM_ACTIVE = 21,    /* with the consumers' active times: version 11 (7.2) */
    RDB_TIMED_HASH = 24,       /* with deadlines of fields: version 12 (7.4) */
    RDB_MILLRACE_STREAM = 224, /* in DUMP only (persist/dump_stream.h): Redis has no such types */
    RDB_MILLRACE_QUEUE = 225,
    /* Read but not written. */
    RDB_OLD_LIST = 1,           /* before 3.2 */
    RDB_OLD_ZSET = 3,           /* before 4.0: scores as text */
    RDB_OLD_HASH_ZIPMAP = 9,    /* before 2.6 */
    RDB_OLD_LIST_ZIPLIST = 10,  /* before 3.2 */
    RDB_OLD_ZSET_ZIPLIST = 12,  /* before 7.0 */
    RDB_OLD_HASH_ZIPLIST = 13,  /* before 7.0 */
    RDB_OLD_LIST_ZIPLISTS = 14, /* before 7.0 */
    RDB_OLD_STREAM = 15,        /* before 7.0 */
    RDB_MODULE_OLD = 6,
    RDB_MODULE = 7,
    RDB_SET_PACK = 20,              /* 7.2 */
    RDB_CANDIDATE_HASH = 22,        /* only release candidates of Redis 7.4 wrote these two: */
    RDB_CANDIDATE_HASH_PACK = 23,   /* as 24 and 25 without the earliest deadline */
    RDB_VALKEY_HASH = 22,           /* 9.0: fields with deadlines */
    RDB_TIMED_HASH_PACK = 25,       /* 7.4: the earliest deadline, a pack of triples */
    RDB_STREAM_DEDUP = 26,          /* 8.6: with producers' message ids */
    RDB_STREAM_RELEASED = 27,       /* 8.8: and released entries */
    RDB_ARRAY = 28,                 /* 8.8 */
    RDB_TEMPLATE_HASH_PACK = 29,    /* 8.10, in DUMP: the names, then a pack of values */
    RDB_TEMPLATE_HASH_PACK_ID = 30, /* in files: names by the number of a template */
    RDB_TEMPLATE_HASH = 31,         /* the same two with separate values */
    RDB_TEMPLATE_HASH_ID = 32,
    RDB_GCRA = 33,
    RDB_DRAGONFLY_JSON = 30,
    RDB_DRAGONFLY_HASH = 31, /* fields with deadlines, as text */
    RDB_DRAGONFLY_SET = 32,  /* members with deadlines */
    RDB_DRAGONFLY_LAST = 37,
    RDB_KEYDB_CRON = 64,
};

/* The first byte of a length: its two highest bits say how the rest is read. */
enum rdb_length {
    RDB_LENGTH_6 = 0x00,  /* the six other bits */
    RDB_LENGTH_14 = 0x40, /* the six other bits and the next byte */
    RDB_LENGTH_32 = 0x80, /* the next four bytes, big endian */
    RDB_LENGTH_64 = 0x81, /* the next eight */
    RDB_ENCODED = 0xc0,   /* no length: a string encoded as the six other bits say */
    RDB_LENGTH_KIND = 0xc0,
};

/* Encoding of a string whose length begins with RDB_ENCODED. Integers are little endian. */
enum rdb_string_encoding {
    RDB_INT8 = 0,
    RDB_INT16 = 1,
    RDB_INT32 = 2,
    RDB_LZF = 3, /* packed size | expanded size | bytes */
};

/* Kinds of nodes of RDB_LIST. */
enum rdb_list_node {
    RDB_NODE_PLAIN = 1, /* one long element as it is */
    RDB_NODE_PACK = 2,  /* a listpack of elements */
};

/* Flags of an entry in a stream's listpack. */
enum rdb_stream_flag {
    RDB_ENTRY_DELETED = 1,
    RDB_ENTRY_SAME_FIELDS = 2, /* its field names are the master entry's and are not repeated */
};

/* Special "lengths" of the textual scores of RDB_OLD_ZSET. */
enum rdb_old_score {
    RDB_SCORE_NAN = 253,
    RDB_SCORE_INFINITY = 254,
    RDB_SCORE_MINUS_INFINITY = 255,
};

/* Kinds of the parts of a module's value. */
enum rdb_module_part {
    RDB_PART_END = 0,
    RDB_PART_SIGNED = 1,
    RDB_PART_UNSIGNED = 2,
    RDB_PART_FLOAT = 3,  /* 4 bytes */
    RDB_PART_DOUBLE = 4, /* 8 bytes */
    RDB_PART_STRING = 5,
};

/* The name of an unsupported type of value ("a Redis array"), which can only be refused or skipped;
 * NULL: the type is supported, or unknown. */
const char *rdb_format_foreign(enum rdb_dialect dialect, unsigned type);
/* The same for an opcode that cannot be skipped. */
const char *rdb_format_foreign_opcode(enum rdb_dialect dialect, unsigned opcode);

/* Decodes names packed in 64 or 32 bits: characters of 6 bits, the first one in the highest bits.
 */
void rdb_format_module_name(unsigned long long id, char out[10]);
void rdb_format_meta_name(unsigned spec, char out[5]);

#endif
