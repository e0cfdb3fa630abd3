/* What the system shows and thinks of the process: its title, its score with the out-of-memory
 * killer, and how many descriptors it may have. */
#ifndef SERVER_PROCESS_H
#define SERVER_PROCESS_H

#include "config/settings.h"

enum process_role { PROCESS_SERVER, PROCESS_REPLICA, PROCESS_CHILD };

/* Remembers where arguments and environment lie: the title is written over them. Once, before
 * anything else keeps a pointer into the environment. */
void process_begin(char **argv, char **environment);
/* The title by the settings; nothing without set-proc-title. */
void process_show_title(const struct settings *s);
/* In a child that writes a snapshot or the like: its title, and its score. */
void process_is_child(const struct settings *s, const char *title);
/* By oom-score-adj. False: the system refuses, a line in the log says why. */
bool process_adjust_oom_score(const struct settings *s, enum process_role role);
/* Makes room for the descriptors of so many clients. Returns for how many there is. */
long long process_raise_file_limit(long long clients);

#endif
