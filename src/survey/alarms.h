/* Alarms: what the numbers show to be wrong with the server or with a queue. Server alarms are
 * evaluated once a second from facts (struct alarms_facts); key alarms are collected by a pass (the
 * worst few of each name) and published when it ends. Each has the time since when it has been
 * raised.
 *
 * Cost: a comparison for each alarm a second, and a few for each group of a pass. */
#ifndef SURVEY_ALARMS_H
#define SURVEY_ALARMS_H

#include "base/buf.h"
#include "base/str.h"

#include <stdbool.h>

struct survey;

enum alarms_severity { ALARMS_CRITICAL, ALARMS_WARNING, ALARMS_INFO };

enum alarms_name {
    ALARM_DISK_FAILED,
    ALARM_SAVE_FAILED,
    ALARM_REWRITE_FAILED,
    ALARM_SYNC_STALLED,
    ALARM_MEMORY,
    ALARM_EVICTING,
    ALARM_CLIENTS,
    ALARM_BROKER_LATE,
    ALARM_TURNS,
    ALARM_OPEN,
    ALARM_CERTIFICATE,
    ALARM_REPLICA_LINK,
    ALARM_REPLICA_LAG,
    ALARM_LEFT_OUT,
    ALARM_BACKUP_OLD,
    ALARMS_OF_SERVER,
    /* Key alarms. */
    ALARM_DEAD_LETTERS = ALARMS_OF_SERVER,
    ALARM_DEAD_BLOCKED,
    ALARM_OLD_MESSAGES,
    ALARM_NOBODY_READS,
    ALARMS
};

#define ALARMS_KEYS_MOST 16     /* of each name: the worst */
#define ALARMS_OLD_MS    600000 /* a message ready for longer than this is old */
#define ALARMS_QUIET_MS                                                                            \
    300000 /* without deliveries for this long a group counts as having no                         \
              readers */
#define ALARMS_LETTER_MS 3600000
#define ALARMS_TEXT      120

/* The input of server alarms. Unknown or inapplicable: -1. */
struct alarms_facts {
    bool disk_failed, save_failed, rewrite_failed, open;
    int disk_error; /* -errno */
    int64_t unsynced, sync_age_ms;
    double memory, limit; /* memory counted against the limit; 0: there is no limit */
    int64_t evicted_ago_ms;
    int64_t clients, maxclients;
    int64_t broker_late_ms;
    double turn_p999_us;
    int64_t certificate_left_s; /* INT64_MIN: no certificate */
    int64_t link_down_s;        /* -1: the link is up, or there is no primary */
    int64_t lag_s;              /* of the replica that lags most */
    int64_t left_out;
    int64_t backup_age_s;
};

/* A key alarm. */
struct alarms_key {
    enum alarms_name name;
    int db;
    struct str *key, *group; /* owned; group NULL: the stream's */
    double value;            /* severity measure: a number or milliseconds, depending on the name */
    int64_t since_ms;        /* by the wall clock */
};

/* A finding of a pass: numbers of records. */
struct alarms_found {
    uint32_t stream, group;
    double value;
};

/* Zeroed: none raised. */
struct alarms {
    int64_t since_ms[ALARMS_OF_SERVER]; /* 0: not raised */
    char text[ALARMS_OF_SERVER][ALARMS_TEXT];
    struct alarms_key *keys; /* of the last complete pass, by name, worst first */
    size_t n;
    struct alarms_found found[ALARMS - ALARMS_OF_SERVER][ALARMS_KEYS_MOST];
    unsigned found_n[ALARMS - ALARMS_OF_SERVER];
};

const char *alarms_text_of_name(enum alarms_name name);
enum alarms_severity alarms_severity_of(enum alarms_name name);
const char *alarms_text_of_severity(enum alarms_severity severity);
/* The address (after '#') of the console view with details; key alarms: key is not NULL. */
void alarms_link(enum alarms_name name, const struct alarms_key *key, struct buf *out);
/* The text of a key alarm. */
void alarms_key_text(const struct alarms_key *key, struct buf *out);

void alarms_judge(struct alarms *a, const struct alarms_facts *f, int64_t now_ms);
/* A pass begins; finds one (group 0: the stream's); ends, while all records that it found still
 * exist. */
void alarms_begin_keys(struct alarms *a);
void alarms_find(struct alarms *a, enum alarms_name name, uint32_t stream, uint32_t group,
                 double value);
void alarms_end_keys(struct alarms *a, const struct survey *sv, int64_t now_ms);
/* Resets to the zeroed state. */
void alarms_forget(struct alarms *a);
/* Whether any alarm of that name is raised. */
bool alarms_holds(const struct alarms *a, enum alarms_name name);

#endif
