/* The log: one line per call, in the format of Redis, which tools parse: "pid:role dd Mon yyyy
 * hh:mm:ss.mmm level text". Unbuffered. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/bytes.h"

enum log_level { LOG_DEBUG, LOG_VERBOSE, LOG_NOTICE, LOG_WARNING };

/* path "" or NULL: standard output. Copies the path. */
void log_open(const char *path);
/* Sends lines to syslog too from now on. facility: 1 (user) or 16 to 23 (local). */
void log_to_syslog(const char *ident, int facility);
void log_set_level(int level);
int log_level(void);
/* 'M' for the server, 'C' for its children. */
void log_set_role(char role);
void log_line(int level, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Without the prefix, for the start logo and the crash report. */
void log_raw(struct bytes text);
/* A descriptor for raw writes in a signal handler; log_raw_close() when done. */
int log_raw_fd(void);

#define log_debug(...)                                                                             \
    do {                                                                                           \
        if (log_level() <= LOG_DEBUG)                                                              \
            log_line(LOG_DEBUG, __VA_ARGS__);                                                      \
    } while (0)

#endif
