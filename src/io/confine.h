/* What the process gives up for good before it serves anybody, so that a hole in it opens less: by
 * seccomp(2) the system calls that it never makes, by Landlock (landlock(7)) writing outside its
 * own directories and running programs. Children and threads started later are confined too. */
#ifndef IO_CONFINE_H
#define IO_CONFINE_H

/* Running programs, tracing, mounting, loading code into the kernel and the like fail with EPERM
 * from here on. 0, or -errno: the system does not offer it. */
int confine_calls(void);
/* Files are created, changed and removed only beneath the directories (NULL-terminated); reading
 * stays as it is. Before any thread is started. 0, or -errno: the system does not offer it, or a
 * directory is not there. */
int confine_writing(const char *const *directories);

#endif
