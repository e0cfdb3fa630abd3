/* The configuration file and the command line: redis.conf syntax with quoting and includes. */
#ifndef CONFIG_CONFIG_FILE_H
#define CONFIG_CONFIG_FILE_H

#include "config/settings.h"

/* Reads a file into the settings. False: *report, owned by the caller, has a report in the format
 * of Redis. Relative paths refer to the working directory. */
bool config_file_load(struct settings *s, const char *path, struct buf *report);
/* Reads options after the file name: "--port" "7000", "loglevel" "verbose", "--maxmemory 700mb". */
bool config_file_options(struct settings *s, int argc, char **argv, struct buf *report);
/* Reads directives from text (standard input). */
bool config_file_text(struct settings *s, struct bytes text, struct buf *report);
/* Writes the settings back to the file (all: including those with default values): keeps comments
 * and order, updates lines, appends new ones. 0 or -errno. */
int config_file_rewrite(const struct settings *s, bool all);
/* The value of a setting in the sample configuration if it is not the default, else NULL. */
const char *config_file_shipped(const char *name);
/* Appends the documented sample configuration, generated from the table of settings. */
void config_file_sample(const struct settings *s, struct buf *out);

#endif
