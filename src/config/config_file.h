/* The configuration file and the command line: redis.conf syntax with quoting and includes. */
#ifndef CONFIG_CONFIG_FILE_H
#define CONFIG_CONFIG_FILE_H

#include "config/settings.h"

/* Reads a file into the settings. False: a report (as Redis users know it) is in *report, owned by
 * the caller. Relative paths are the caller's working directory's. */
bool config_file_load(struct settings *s, const char *path, struct buf *report);
/* Options after the file name: "--port" "7000", "loglevel" "verbose", "--maxmemory 700mb". */
bool config_file_options(struct settings *s, int argc, char **argv, struct buf *report);
/* Reads directives from text (standard input). */
bool config_file_text(struct settings *s, struct bytes text, struct buf *report);
/* Writes the settings back (all: also those that have their defaults): keeps comments and order,
 * updates lines, appends what is new. 0 or -errno.
 */
int config_file_rewrite(const struct settings *s, bool all);
/* The value that the sample sets a setting to, apart from its default; NULL: it has the default. */
const char *config_file_shipped(const char *name);
/* The documented sample configuration, from the table of settings. */
void config_file_sample(const struct settings *s, struct buf *out);

#endif
