/* The process as the system sees it: its title, its OOM score, its limit of file descriptors. */
#ifndef SERVER_PROCESS_H
#define SERVER_PROCESS_H

#include "config/settings.h"

enum process_role { PROCESS_SERVER, PROCESS_REPLICA, PROCESS_CHILD };

/* The process title is written over the memory that holds argv and the environment. This finds how
 * much there is and moves the environment elsewhere. Call once, before anything keeps a pointer
 * into either. */
void process_begin(char **argv, char **environment);
/* Sets the title by proc-title-template, if set-proc-title. */
void process_show_title(const struct settings *s);
/* In a forked child: sets its title and OOM score. */
void process_is_child(const struct settings *s, const char *title);
/* Sets the OOM score by oom-score-adj. Returns false when the system refuses (logged). */
bool process_adjust_oom_score(const struct settings *s, enum process_role role);
/* Raises the limit of file descriptors for so many clients. Returns how many clients fit. */
long long process_raise_file_limit(long long clients);

#endif
