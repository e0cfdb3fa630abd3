/* The definition of a setting, and the fields of all settings: a line each in settings.def. */
#ifndef CONFIG_SETTING_H
#define CONFIG_SETTING_H

#include "base/buf.h"

#include <stdint.h>

enum setting_type {
    SETTING_BOOL,
    SETTING_INT,
    SETTING_SIZE,
    SETTING_ENUM,
    SETTING_OCTAL,
    SETTING_BYTES, /* any bytes; owned */
    SETTING_TEXT,
    /* Texts with a grammar (config/forms.h), kept in canonical form. */
    SETTING_SAVE_POINTS,
    SETTING_OUTPUT_LIMITS,
    SETTING_EVENTS,
    SETTING_SHUTDOWN,
    SETTING_PERCENTILES,
    SETTING_SCORES,
    SETTING_TITLE,
    SETTING_LOCALE,
    SETTING_ADDRESSES,
    SETTING_IPS, /* neither names nor networks */
    SETTING_PROTOCOLS,
    SETTING_HOSTNAME,
    SETTING_MASTER
};

enum setting_flag {
    SETTING_IMMUTABLE = 1 << 0, /* only at startup */
    SETTING_INERT = 1 << 1,     /* accepted without effect */
    SETTING_REFUSED = 1 << 2,   /* not implemented, and relevant to security or topology: default
                                 * only */
    SETTING_LATER = 1 << 3,     /* accepted, but its feature is not implemented yet */
    SETTING_PROTECTED = 1 << 4, /* changeable at run time only with enable-protected-configs */
    SETTING_SECRET = 1 << 5,
    SETTING_WORDS = 1 << 6,    /* takes several arguments on a line */
    SETTING_FILENAME = 1 << 7, /* no '/' inside */
    SETTING_PERCENT = 1 << 8,  /* SIZE: may be "N%", stored as -N */
    SETTING_HIDDEN = 1 << 9,   /* CONFIG GET shows it only by its exact name */
    SETTING_OWN = 1 << 10,     /* not in Redis: if immutable, may still be set to its present value
                                */
    SETTING_STEADY = 1 << 12,  /* not changeable while data is loaded, since the load uses it */
    SETTING_REREAD = 1 << 11,  /* acts even if set to the same text, since it names a file */
};

/* Flags of shutdown-on-sigint and shutdown-on-sigterm. */
enum {
    SETTINGS_SHUTDOWN_SAVE = 1,
    SETTINGS_SHUTDOWN_NOSAVE = 2,
    SETTINGS_SHUTDOWN_NOW = 4,
    SETTINGS_SHUTDOWN_FORCE = 8
};

#define SETTINGS_SAVE_POINTS 32
#define SETTINGS_ADDRESSES   16

#define SETTING_FIELD_BOOL          long long
#define SETTING_FIELD_INT           long long
#define SETTING_FIELD_SIZE          long long
#define SETTING_FIELD_ENUM          long long
#define SETTING_FIELD_OCTAL         long long
#define SETTING_FIELD_BYTES         struct bytes
#define SETTING_FIELD_TEXT          char *
#define SETTING_FIELD_SAVE_POINTS   char *
#define SETTING_FIELD_OUTPUT_LIMITS char *
#define SETTING_FIELD_EVENTS        char *
#define SETTING_FIELD_SHUTDOWN      char *
#define SETTING_FIELD_PERCENTILES   char *
#define SETTING_FIELD_SCORES        char *
#define SETTING_FIELD_TITLE         char *
#define SETTING_FIELD_LOCALE        char *
#define SETTING_FIELD_ADDRESSES     char *
#define SETTING_FIELD_IPS           char *
#define SETTING_FIELD_PROTOCOLS     char *
#define SETTING_FIELD_HOSTNAME      char *
#define SETTING_FIELD_MASTER        char *

struct setting;

struct setting_limit {
    long long hard, soft, seconds;
};

struct settings {
#define S(type, name, alias, field, ...) SETTING_FIELD_##type field;
#include "config/settings.def"
#undef S
    struct buf users; /* "user" lines: the line number, then the words after "user" */
    /* Prints "user" lines for CONFIG REWRITE; NULL: users are in an ACL file. */
    void (*print_users)(void *context, struct buf *out);
    struct buf obsolete; /* names of obsolete directives that were read, one a line */
    /* Renames a command; returns NULL, or why it cannot. May be NULL itself. */
    const char *(*rename)(void *context, struct bytes from, struct bytes to);
    void *rename_context;
    bool *given; /* set for each setting in the file, by its index in the table; borrowed; NULL: not
                  * wanted */
    char *started_in; /* the working directory when the configuration was read */
    char *file;       /* absolute path of the configuration file, or NULL */
    /* The parsed forms of texts. */
    struct setting_limit output_limits[3]; /* normal, replica, pubsub */
    struct {
        long long seconds, changes;
    } save_points[SETTINGS_SAVE_POINTS];
    int save_point_n;
    unsigned notify_flags;
    unsigned sigint_flags, sigterm_flags; /* SETTINGS_SHUTDOWN_ bits */
    double *percentiles;                  /* of latency-tracking-info-percentiles */
    size_t percentile_n;
    int oom_scores[3]; /* server, replica, child */
    /* "rename-command" lines: "from to" each, quoted; to is "" for a removed command. */
    struct buf renames;
    bool save_given; /* a "save" was read: the next one is added */
    /* Called after changes at run time, with all settings that a request changed; false refuses,
     * with a reason and the setting at fault, and all are reverted. */
    bool (*changed)(void *context, const struct setting *const *changed, int n, int *failed,
                    const char **reason);
    void *context;
};

struct setting {
    enum setting_type type;
    const char *name, *alias;
    size_t at; /* offset of the field in struct settings */
    const char *fallback;
    long long least, most;
    unsigned flags;
    const char *words; /* "always:2|no:0" */
    const char *summary;
};

#endif
