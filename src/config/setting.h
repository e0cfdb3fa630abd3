/* What a setting is, and the fields of all settings: one line each in settings.def. */
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
    SETTING_PROTOCOLS,
    SETTING_HOSTNAME,
    SETTING_MASTER
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
    SETTING_HIDDEN = 1 << 9,   /* CONFIG GET shows it only when it is named */
    SETTING_OWN = 1 << 10,     /* not of Redis: may be set to the value it has though immutable */
    SETTING_STEADY = 1 << 12,  /* not while data is loaded: the load reads what it names */
    SETTING_REREAD = 1 << 11,  /* setting it acts even when its text is the same: it names a file */
};

enum { /* of shutdown-on-sigint and shutdown-on-sigterm */
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
    struct buf users; /* lines of users: the line's number, then what stood behind "user" */
    /* Prints such lines for CONFIG REWRITE; NULL: the users are in a file of their own. */
    void (*print_users)(void *context, struct buf *out);
    struct buf obsolete; /* names of lines that were read and mean nothing, one a line */
    /* Why a command can't be renamed so; NULL: it can, and is from now on. May be NULL itself. */
    const char *(*rename)(void *context, struct bytes from, struct bytes to);
    void *rename_context;
    bool *given; /* set for each setting that the file names, by its place in the table; borrowed;
                  * NULL: not wanted */
    char *started_in; /* the working directory when the configuration was read */
    char *file;       /* absolute path of the configuration file, or NULL */
    /* What the texts above mean. */
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
    /* "rename-command" lines of the configuration: "from to" each, quoted; the new name is "" for a
     * command that is taken away. */
    struct buf renames;
    bool save_given; /* a "save" was read: the next one adds to it */
    /* Called after changes at run time, with all that a request changed; false, a reason and which
     * of them it was refuse them (all are then undone). */
    bool (*changed)(void *context, const struct setting *const *changed, int n, int *failed,
                    const char **reason);
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

#endif
