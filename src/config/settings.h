/* All settings: one line each in settings.def, typed fields here, made once by the server. Reads
 * and writes their text forms; what a change does is the business of `changed`. */
#ifndef CONFIG_SETTINGS_H
#define CONFIG_SETTINGS_H

#include "base/buf.h"

#include <stdint.h>

enum setting_type {
    SETTING_BOOL,
    SETTING_INT,
    SETTING_SIZE,
    SETTING_ENUM,
    SETTING_OCTAL,
    SETTING_TEXT
};

enum setting_flag {
    SETTING_IMMUTABLE = 1 << 0, /* only at the start */
    SETTING_INERT = 1 << 1,     /* accepted; means nothing here */
    SETTING_REFUSED = 1 << 2,   /* not built yet and bears on security or topology: default only */
    SETTING_LATER = 1 << 3,     /* accepted; what it governs is not built yet */
    SETTING_PROTECTED = 1 << 4, /* at run time only with enable-protected-configs */
    SETTING_SECRET = 1 << 5,
    SETTING_WORDS = 1 << 6,    /* takes several arguments on a line */
    SETTING_FILENAME = 1 << 7, /* no '/' inside */
    SETTING_PERCENT = 1 << 8,  /* of a SIZE: may be "N%", which is -N in its field */
};

#define SETTING_FIELD_BOOL  long long
#define SETTING_FIELD_INT   long long
#define SETTING_FIELD_SIZE  long long
#define SETTING_FIELD_ENUM  long long
#define SETTING_FIELD_OCTAL long long
#define SETTING_FIELD_TEXT  char *

struct setting;

struct settings {
#define S(type, name, alias, field, ...) SETTING_FIELD_##type field;
#include "config/settings.def"
#undef S
    struct buf users; /* "user ..." lines of the configuration file */
    /* Prints such lines for CONFIG REWRITE; NULL: the users are in a file of their own. */
    void (*print_users)(void *context, struct buf *out);
    char *file;          /* absolute path of the configuration file, or NULL */
    char disk_error[64]; /* why writing the journal failed */
    struct {
        long long hard, soft, seconds;
    } output_limits[3]; /* normal, replica, pubsub: from client_output_buffer_limit */
    struct {
        long long seconds, changes;
    } save_points[32];
    int save_point_n;
    unsigned notify_flags; /* from notify_keyspace_events */
    /* Called after a change at run time; false and a reason refuse it (it is then undone). */
    bool (*changed)(void *context, const struct setting *s, const char **reason);
    void *context;
};

struct setting {
    enum setting_type type;
    const char *name, *alias;
    size_t at; /* of the field in struct settings */
    const char *fallback;
    long long least, most;
    unsigned flags;
    const char *words; /* "always:2|no:0" */
    const char *summary;
};

/* All with their defaults. */
struct settings *settings_new(void);
void settings_free(struct settings *s);
/* NULL-terminated by count. */
const struct setting *settings_table(size_t *count);
/* By name or alias, case ignored; NULL: unknown. */
const struct setting *settings_find(struct bytes name);
/* Text form of the value behind out. */
void settings_print(const struct settings *s, const struct setting *setting, struct buf *out);
/* From its text form; several words are joined by spaces first. False and a reason. */
bool settings_parse(struct settings *s, const struct setting *setting, struct bytes text,
                    const char **reason);
/* True when it has its default. */
bool settings_is_default(const struct settings *s, const struct setting *setting);
/* Flags of notify-keyspace-events from text; false: a character is unknown. */
bool settings_parse_notify(struct bytes text, unsigned *flags);

#endif
