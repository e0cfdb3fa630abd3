/* Privileges that the process drops permanently before it serves clients, to limit the damage of a
 * vulnerability: by seccomp(2) the system calls that it never makes, by Landlock (landlock(7))
 * writing outside its own directories and running programs. Children and threads started later are
 * confined too. */
#ifndef IO_CONFINE_H
#define IO_CONFINE_H

/* Makes running programs, tracing, mounting, loading kernel modules and the like fail with EPERM.
 * 0, or -errno: the system does not support it. */
int confine_calls(void);
/* Restricts creating, changing and removing files to these directories (NULL-terminated); reading
 * is unaffected. To be called before any thread is started. 0, or -errno: the system does not
 * support it, or a directory does not exist. */
int confine_writing(const char *const *directories);

#endif
