/* Crash reports in the log. */
#ifndef SERVER_CRASH_H
#define SERVER_CRASH_H

/* Handles SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT, and failed assertions. */
void crash_install(void);

#endif
